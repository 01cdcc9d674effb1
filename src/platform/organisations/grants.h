/* SPDX-License-Identifier: EUPL-1.2 */
/* Who may give which role, and take it away: one table (grants.c), asked by every page and command. */
#ifndef PLATFORM_GRANTS_H
#define PLATFORM_GRANTS_H

#include "platform/organisations/organisations.h"
#include "platform/people/accounts.h"

/* May somebody with this session give (or take away) this role for this organisation? An active
 * organisation must bear it; for ROLE_OPERATOR the organisation is empty. */
bool grants_allow(const struct app *app, struct tx *tx, const struct session *session,
                  enum role role, struct str organisation, bool *allowed, struct error *err);

/* As that, with FORBIDDEN when it is not so. */
bool grants_require(const struct app *app, struct tx *tx, const struct session *session,
                    enum role role, struct str organisation, struct error *err);

/* What may be given on an organisation's page: for a board also its schools' roles. */
struct grant_choice {
    enum role role;
    struct str organisation, name;
};
struct grant_choices {
    list_of(struct grant_choice);
};
bool grants_choices(const struct app *app, struct tx *tx, const struct session *session,
                    struct str organisation, struct grant_choices *choices, struct error *err);

/* May this session look at the people of this organisation? Whoever works for it, and operators. */
bool grants_may_look(const struct session *session, struct str organisation);

/* The role without which nobody can give roles of an organisation of this kind any more: the last who
 * has it cannot be taken away but by an operator. ROLE_ANYONE: there is none. */
enum role grants_keeper(struct str organisation);

#endif
