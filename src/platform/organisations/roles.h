/* SPDX-License-Identifier: EUPL-1.2 */
/* Giving roles and taking them away; accounts that may not log in any more. Each deed is recorded in
 * the transaction that it is done in, and asks grants.h itself. */
#ifndef PLATFORM_ROLES_H
#define PLATFORM_ROLES_H

#include "platform/organisations/organisations.h"
#include "platform/people/accounts.h"

/* Who does it: a person, or the one at the command line (`session` is NULL), who may do all. */
struct actor {
    const struct app *app;
    const struct session *session;
    struct str who;   /* for the audit trail */
    instant now;
};
struct actor actor_of(const struct request *request);

bool role_give(struct tx *tx, const struct actor *actor, struct str account, enum role role,
               struct str organisation, struct error *err);
/* The last who can give roles of an organisation stays, unless an operator does it; the last operator
 * stays, unless it is done at the command line. */
bool role_take(struct tx *tx, const struct actor *actor, struct str account, enum role role,
               struct str organisation, struct error *err);

/* Disables an account, which ends its sessions, or enables it again: operators, and not oneself. */
bool account_set_disabled(struct tx *tx, const struct actor *actor, struct str account,
                          bool disabled, struct error *err);

struct colleague {
    struct str account, login, name, organisation;
    enum role role;
    bool disabled;
};
struct colleagues {
    list_of(struct colleague);
};
/* Everybody with a role for the organisation itself; `and_schools`: and for its schools. By name. */
bool roles_of_organisation(const struct app *app, struct tx *tx, struct str organisation,
                           bool and_schools, struct colleagues *list, struct error *err);
/* The roles of one account. */
bool roles_of_account(struct tx *tx, struct str account, struct colleagues *list,
                      struct error *err);

struct account_row {
    struct str id, login, name;
    instant created, disabled; /* 0: not */
    int64_t roles;
};
struct account_rows {
    list_of(struct account_row);
};
/* A page of all accounts; `search` is a part of the login or the name, in lower case. */
bool accounts_list(struct tx *tx, struct str search, int64_t limit, int64_t offset,
                   struct account_rows *list, int64_t *total, struct error *err);

#endif
