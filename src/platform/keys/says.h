/* SPDX-License-Identifier: EUPL-1.2 */
/* What can go wrong with a key, each with its kind and its sentence, so that it can be told by its
 * number from the keeper's process to the one that asked. */
#ifndef PLATFORM_KEY_SAYS_H
#define PLATFORM_KEY_SAYS_H

#include "base/error.h"

enum says {
    KEY_FAILED, /* INTERNAL: fail_internal's, whose detail says it */
    KEY_NOT_A_FILE,
    KEY_OF_ANOTHER_USER,
    KEY_READABLE,
    KEY_NO_FILE,
    KEY_DAMAGED,
    KEY_NAME_LONG,
    KEY_NOT_MADE,
    KEY_MISSING,
    KEY_NOT_OPENED,
    KEY_NOT_HELD,
    KEY_FOLDER_OPEN,
    KEY_NOT_FOR_US,
    TOKEN_NO_MODULE,
    TOKEN_MODULE_FAILS,
    TOKEN_AWAY,
    TOKEN_NO_PIN,
    TOKEN_WRONG_PIN,
    TOKEN_LAST_TRY,
    TOKEN_LOCKED,
    TOKEN_NO_OBJECT,
    TOKEN_TWICE,
    TOKEN_FAILS,
    TOKEN_UNABLE,
    KEEPER_GONE,
    SAYINGS
};

struct saying {
    enum error_kind kind;
    const char *message; /* N_() */
};
extern const struct saying sayings[SAYINGS];

/* Fills the error; `subject` stands for the sentence's %s. Returns false. */
bool say(struct error *err, enum says what, const char *subject, ...)
    __attribute__((format(printf, 3, 4)));

/* Which one this error is; KEY_FAILED when it is none of them. */
enum says said(const struct error *err);

#endif
