/* SPDX-License-Identifier: EUPL-1.2 */
/* The table of mail, for the files of this folder. */
#ifndef PLATFORM_MAIL_STORE_H
#define PLATFORM_MAIL_STORE_H

#include "platform/mail/mail.h"

/* Why a message has not been sent: words that the database keeps. */
enum mail_trouble {
    NO_TROUBLE,
    SERVER_AWAY,
    SERVER_BUSY,    /* 4xx */
    REFUSED,        /* 5xx */
    UNTRUSTED,
    NO_LOGIN,
    NOT_SET,        /* mail.server was taken away */
    UNREADABLE,     /* its seal does not open */
    MAIL_TROUBLES
};

bool mail_store_add(struct tx *tx, const struct mail_ready *ready, struct str about, instant now,
                    struct error *err);
/* The sealed message; empty when it is not waiting (any more). */
bool mail_store_sealed(struct tx *tx, struct str id, struct str *sealed, struct error *err);
/* What became of an attempt; wipes the message unless it goes on waiting. */
bool mail_store_note(struct tx *tx, struct str id, enum mail_state state,
                     enum mail_trouble trouble, int64_t code, instant now, struct error *err);
/* How many were given up since `since`, and wait since before `before`. */
bool mail_store_trouble(struct tx *tx, instant since, instant before, int64_t *given_up,
                        int64_t *late, struct error *err);
/* Forgets what was settled before this moment. */
bool mail_store_forget(struct tx *tx, instant before, struct error *err);

/* For the key's entry in the descriptor (platform/keys/use.h). */
struct keeper;
bool mail_key_needs(struct tx *tx, struct keeper *keeper, int64_t version, int64_t *count,
                    struct error *err);
bool mail_key_renew(struct tx *tx, struct keeper *keeper, int64_t limit, int64_t *moved,
                    struct error *err);

#endif
