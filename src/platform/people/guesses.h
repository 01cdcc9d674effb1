/* SPDX-License-Identifier: EUPL-1.2 */
/* Slows down guessing of passwords and codes, on all nodes together, so that nobody can lock somebody
 * else out. A browser in which the account logged in before has a count of its own (OWASP's device
 * cookies). Unknown browsers are counted by account and address, and all together by account: many
 * addresses that guess slow each other and other unknown browsers, never a known one.
 *
 * Rows are written for wrong guesses only; they name nobody (MACs), and go after a day. */
#ifndef PLATFORM_GUESSES_H
#define PLATFORM_GUESSES_H

#include "platform/db/db.h"
#include "platform/http/http.h"

enum guess_kind { GUESS_PASSWORD, GUESS_CODE, GUESS_KINDS };

struct guess {
    enum guess_kind kind;
    bool known;                /* the browser */
    unsigned char own[32];     /* MAC of the account and this browser or address */
    unsigned char account[32]; /* MAC of the account */
};

/* Who guesses what: by the login name, whether there is such an account or not. */
bool guess_read(struct request *request, enum guess_kind kind, struct str login,
                struct guess *guess, struct error *err);

/* How many seconds to wait before the next try; 0: none. A few failures cost nothing, each further
 * one doubles the wait, up to a minute for passwords and a quarter of an hour for codes. */
bool guess_wait(struct tx *tx, const struct guess *guess, instant now, int *seconds,
                struct error *err);
/* The same in a write transaction, which holds these counts from here to its end: of guesses at the same
 * moment each sees what the one before it counted. */
bool guess_wait_held(struct tx *tx, const struct guess *guess, instant now, int *seconds,
                     struct error *err);
bool guess_failed(struct tx *tx, const struct guess *guess, instant now, struct error *err);
/* It was right: this browser's count ends. */
bool guess_right(struct tx *tx, const struct guess *guess, struct error *err);

/* A check of a password is slow on purpose: only so many run at once in a process, so that a flood of
 * them leaves workers for everybody else. False: come back in a moment; otherwise checks_leave must
 * follow. */
#define CHECKS_AT_ONCE 8
struct checks;
struct checks *checks_new(struct arena *arena);
bool checks_enter(struct checks *checks);
void checks_leave(struct checks *checks);

#endif
