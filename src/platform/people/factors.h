/* SPDX-License-Identifier: EUPL-1.2 */
/* Second factors: what a person has beside a password. An app that makes codes, passkeys, and the
 * recovery codes for the day that neither is at hand. Who may do the most must have one
 * (role_needs_factor); others may choose it. */
#ifndef PLATFORM_FACTORS_H
#define PLATFORM_FACTORS_H

#include "platform/people/accounts.h"

#define ACCOUNTS_KEY "accounts" /* seals the secrets of apps */

/* Does this role need a second factor? */
bool role_needs_factor(enum role role);

struct passkey {
    struct str id;         /* our name for it, of random bytes */
    struct str account;
    struct str credential; /* the authenticator's */
    struct str public_key;
    struct str rp;         /* the host name for which it was made */
    struct str name;       /* the person's */
    int64_t counter;
    instant created, used; /* used 0: never */
};
struct passkeys {
    list_of(struct passkey);
};

struct factors {
    bool app;              /* one that makes codes */
    instant app_since;
    struct passkeys passkeys;
    int64_t recovery_left; /* codes that were not used */
};

/* What the account has; all zero for one that does not exist. */
bool factors_load(struct tx *tx, struct str account, struct factors *factors, struct error *err);
static inline bool factors_any(const struct factors *factors)
{
    return factors->app || factors->passkeys.len > 0;
}

/* Takes all factors and recovery codes away and ends the account's sessions: the next log-in is with
 * the password alone and, where a role needs it, leads to setting up a new factor. The deed is
 * audited as account.factors-reset, by `who` (audit_who) for `on_behalf`. The caller has checked that
 * they may. */
bool factors_reset(struct tx *tx, instant now, struct str who, struct str on_behalf,
                   struct str account, struct error *err);

/* The same by a board's administrator for a colleague: FORBIDDEN unless the session decides for
 * `organisation` and the account, which is not the session's own, acts for that organisation and for
 * nothing else (who is operator too, or decides for another board, asks the operator). NOT_FOUND when
 * the account does not act for the organisation. Ask proof_asked (below) first. */
bool factors_reset_colleague(struct tx *tx, instant now, const struct session *session,
                             struct str organisation, struct str account, struct error *err);

/* Sensitive deeds want a proof of at most PROOF_LASTS ago. True: the last one is older, and the reply
 * leads to the page that asks for a new one, and from there to `path`: return true at once. */
#define PROOF_LASTS (10 * MINUTE)
bool proof_asked(struct request *request, struct str path);

#endif
