/* SPDX-License-Identifier: EUPL-1.2 */
/* The one error type. A function that can fail returns bool and fills a struct error; a refusal is
 * one line: `return fail(err, INVALID, "brin", N_("A BRIN is two digits and two letters."));` */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/str.h"

/* Marks a text for the catalogues; the text itself is translated when a person is about to see it. */
#define N_(text) text

/* What went wrong, as the caller must treat it. HTTP statuses, SOAP fault codes and exit codes are
 * derived from the kind in one place each (platform/http/problem.c, platform/format/soap.c, cli/cli.c). */
enum error_kind {
    NO_ERROR = 0,
    INVALID,         /* the input is wrong; the message says what to change */
    UNAUTHENTICATED, /* who are you? */
    FORBIDDEN,       /* you may not */
    NOT_FOUND,
    NOT_ALLOWED,     /* this path exists, but not for this method */
    CONFLICT,        /* it was changed by somebody else, or exists already */
    GONE,            /* it was here, and is deliberately no longer */
    TOO_LARGE,
    TOO_MANY,        /* slow down; retry_after says how long */
    UNSUPPORTED,     /* a media type, a protocol version or an option that is not spoken here */
    UNAVAILABLE,     /* not now: a dependency is down; the same request may succeed soon */
    INTERNAL,        /* our fault; the detail is in the log, never in the answer */
    ERROR_KINDS
};

struct error {
    enum error_kind kind;
    const char *field;    /* the input it is about (a form field, a setting), or NULL */
    const char *message;  /* for a person; an untranslated catalogue text, with at most one %s */
    const char *code;     /* a protocol's own word for it (a faultactor), or NULL */
    int retry_after;      /* seconds, with TOO_MANY and UNAVAILABLE; 0: unknown */
    char subject[96];     /* what stands for the %s in the message; never a secret or personal */
    char detail[256];     /* for the log; never a secret or personal */
};

/* Fills the error and returns false. `message` lives as long as the program (a literal). */
bool fail(struct error *err, enum error_kind kind, const char *field, const char *message);

/* As fail, with a formatted subject for the message's %s. */
bool fail_about(struct error *err, enum error_kind kind, const char *field, const char *message,
                const char *subject, ...) __attribute__((format(printf, 5, 6)));

/* As fail, with a protocol's own code. */
bool fail_code(struct error *err, enum error_kind kind, const char *code, const char *message);

/* Our own fault, with a formatted detail for the log. */
bool fail_internal(struct error *err, const char *detail, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a detail for the log to an error that is already filled; returns false. */
bool fail_detail(struct error *err, const char *detail, ...) __attribute__((format(printf, 2, 3)));

/* The message with its subject filled in, in English; `translated` may be the message in another
 * language, or NULL. */
struct str error_text(struct arena *arena, const struct error *err, const char *translated);

#endif
