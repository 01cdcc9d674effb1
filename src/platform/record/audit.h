/* SPDX-License-Identifier: EUPL-1.2 */
/* The audit trail: who did what, when, on behalf of whom; written in the transaction of the deed.
 * Rows are chained by SHA-256 over their fields and the row before (README.md says how). Never a
 * personal value. */
#ifndef PLATFORM_AUDIT_H
#define PLATFORM_AUDIT_H

#include "base/list.h"
#include "platform/db/db.h"
#include "platform/http/http.h"

struct audit_entry {
    struct str who;        /* "account:ID", "client:OIN", "command:import" */
    struct str on_behalf;  /* an organisation, "board:41804"; may be empty */
    const char *what;      /* "nummervoorziening.school-signed-up": stands in a service's `deeds` */
    struct str subject;    /* what it was done to, "school:00AV"; no personal value */
    struct str detail;     /* a short JSON object or empty; no personal value */
};

/* While an operator acts for a board (tx_acting), the row stands in the board's name whatever
 * `on_behalf` says, and its detail names the acting: {"acting":"ID",...}.
 * Leaves a row, which is numbered and chained when the transaction has gone well. */
bool audit_add(struct tx *tx, instant now, const struct audit_entry *entry, struct error *err);

/* When set, a deed that it does not know is refused: tests find the kinds without a sentence. */
extern bool (*audit_kinds_known)(const char *what);

/* "account:ID" of a person or "client:OIN" of a machine. */
struct str audit_who(const struct request *request);

/* ---- Reading ---- */

#define AUDIT_HASH_HEX 64

struct audit_row {
    int64_t number;
    instant at;
    struct str who, on_behalf, what, subject, detail;
    struct str before, hash; /* 32 bytes each: of the row before (zero before the first) and its own */
};
struct audit_rows {
    list_of(struct audit_row);
};

struct audit_question {
    struct str organisation; /* only what stands in its record (filing.h: settle first); empty:
                              * everything */
    struct str what;         /* only deeds of this kind; empty: all */
    struct str search;       /* a part of who or subject, in lower case; empty: all */
    instant from, until;     /* from <= at < until; until 0: without an end */
};

/* Reads the first and the last day of a question (YYYY-MM-DD, UTC; the last one counts); empty: without a
 * beginning, without an end. INVALID, at the field from or to. */
bool audit_read_days(struct str from, struct str to, struct audit_question *question,
                     struct error *err);

/* The rows that answer the question, newest first, and how many there are. */
bool audit_list(struct tx *tx, const struct audit_question *question, int64_t limit, int64_t offset,
                struct audit_rows *rows, int64_t *total, struct error *err);

/* Hands each of these rows to `each`, oldest first, in constant memory; false from `each` ends it. */
bool audit_each(struct tx *tx, const struct audit_question *question,
                bool (*each)(void *with, const struct audit_row *row, struct error *err), void *with,
                struct error *err);

/* ---- Verifying ---- */

struct audit_state {
    int64_t from;               /* the first row to check; 0 or 1: from the start, otherwise the row
                                   before it is trusted */
    struct str remembered;      /* a head hash (hex) that must still be in the chain; or empty */
    int64_t checked;            /* out: rows */
    char head[AUDIT_HASH_HEX];  /* out: hash of the last row, hex; zeros when there is none */
};

/* Walks the chain. An error names the first row that does not fit. */
bool audit_check(struct tx *tx, struct audit_state *state, struct error *err);
/* The whole chain; `checked` gets the number of rows. */
bool audit_verify(struct tx *tx, int64_t *checked, struct error *err);
/* The hash of the last row and its number, to be kept elsewhere. */
bool audit_head(struct tx *tx, int64_t *number, char head[static AUDIT_HASH_HEX],
                struct error *err);

/* What the last check by the daily job found. */
struct audit_result {
    instant at;          /* 0: it has not run */
    int64_t checked;
    struct str head;     /* hex */
    struct str problem;  /* empty: the trail fits; otherwise the first row that does not */
};
bool audit_last_result(struct tx *tx, struct audit_result *result, struct error *err);

#endif
