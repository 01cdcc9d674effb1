/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/organisations/grants.h"

enum reach {
    OWN,         /* the organisation for which the giver has the role */
    OWN_SCHOOLS, /* the schools of that board */
    ANY
};

static const struct grant {
    enum role giver, role;
    enum reach reach;
} grants[] = {
    { ROLE_BOARD_ADMIN, ROLE_BOARD_MEMBER, OWN },
    { ROLE_BOARD_ADMIN, ROLE_BOARD_ADMIN, OWN },
    { ROLE_BOARD_ADMIN, ROLE_SCHOOL_ICT, OWN_SCHOOLS },
    { ROLE_VENDOR, ROLE_VENDOR, OWN },
    { ROLE_OPERATOR, ROLE_BOARD_MEMBER, ANY },
    { ROLE_OPERATOR, ROLE_BOARD_ADMIN, ANY },
    { ROLE_OPERATOR, ROLE_SCHOOL_ICT, ANY },
    { ROLE_OPERATOR, ROLE_VENDOR, ANY },
    { ROLE_OPERATOR, ROLE_OPERATOR, ANY },
};

/* The kind of organisation that a role is for; empty: the installation. */
static const struct str kinds[ROLES] = {
    [ROLE_BOARD_MEMBER] = S("board"), [ROLE_BOARD_ADMIN] = S("board"),
    [ROLE_SCHOOL_ICT] = S("school"),  [ROLE_VENDOR] = S("vendor"),
};

static bool is_among(const struct organisation_list *list, struct str id)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->at[i].id, id))
            return true;
    return false;
}

/* Does this line of the table reach the organisation? */
static bool reaches(const struct app *app, struct tx *tx, const struct session *session,
                    const struct grant *grant, struct str organisation, bool *does,
                    struct error *err)
{
    struct organisation_list schools;
    *does = false;
    if (grant->reach == ANY)
        *does = session_has(session, grant->giver);
    if (grant->reach == OWN)
        *does = session_acts_for(session, grant->giver, organisation);
    if (grant->reach != OWN_SCHOOLS || !session_has(session, grant->giver))
        return true;
    if (!organisations_of(app)->schools_of(tx, session_organisation(session, grant->giver),
                                           &schools, err))
        return false;
    *does = is_among(&schools, organisation);
    return true;
}

static bool exists(const struct app *app, struct tx *tx, struct str id, bool *found,
                   struct error *err)
{
    struct organisation organisation;
    *found = true;
    return !id.len || organisations_of(app)->find(tx, id, &organisation, found, err);
}

/* A word without a colon is no organisation, and not the installation either. */
static bool is_of_kind(struct str organisation, struct str kind)
{
    return kind.len ? str_eq(organisation_kind(organisation), kind) : organisation.len == 0;
}

bool grants_allow(const struct app *app, struct tx *tx, const struct session *session,
                  enum role role, struct str organisation, bool *allowed, struct error *err)
{
    *allowed = false;
    if (!is_of_kind(organisation, kinds[role]))
        return true;
    for (size_t i = 0; i < count_of(grants) && !*allowed; i++)
        if (grants[i].role == role
            && !reaches(app, tx, session, &grants[i], organisation, allowed, err))
            return false;
    return !*allowed || exists(app, tx, organisation, allowed, err);
}

bool grants_require(const struct app *app, struct tx *tx, const struct session *session,
                    enum role role, struct str organisation, struct error *err)
{
    bool allowed;
    return grants_allow(app, tx, session, role, organisation, &allowed, err)
           && (allowed
               || fail(err, FORBIDDEN, NULL,
                       N_("You may not give or take away this role for this organisation.")));
}

static void add_choice(struct arena *arena, struct grant_choices *choices, enum role role,
                       struct str organisation, struct str name)
{
    *list_add(arena, choices) = (struct grant_choice){ role, organisation, name };
}

static bool add_schools(const struct app *app, struct tx *tx, struct str organisation,
                        struct grant_choices *choices, struct error *err)
{
    struct organisation_list schools;
    if (!organisations_of(app)->schools_of(tx, organisation, &schools, err))
        return false;
    for (size_t i = 0; i < schools.len; i++)
        add_choice(tx_arena(tx), choices, ROLE_SCHOOL_ICT, schools.at[i].id, schools.at[i].name);
    return true;
}

bool grants_choices(const struct app *app, struct tx *tx, const struct session *session,
                    struct str organisation, struct grant_choices *choices, struct error *err)
{
    bool allowed;
    *choices = (struct grant_choices){ 0 };
    for (enum role role = ROLE_BOARD_MEMBER; role < ROLES; role++) {
        if (!grants_allow(app, tx, session, role, organisation, &allowed, err))
            return false;
        if (allowed)
            add_choice(tx_arena(tx), choices, role, organisation, STR(""));
    }
    bool decides = session_has(session, ROLE_OPERATOR)
                   || session_acts_for(session, ROLE_BOARD_ADMIN, organisation);
    return !decides || add_schools(app, tx, organisation, choices, err);
}

bool grants_may_look(const struct session *session, struct str organisation)
{
    return session_has(session, ROLE_OPERATOR)
           || session_acts_for(session, ROLE_BOARD_MEMBER, organisation)
           || session_acts_for(session, ROLE_VENDOR, organisation);
}

enum role grants_keeper(struct str organisation)
{
    static const enum role keepers[] = { ROLE_BOARD_ADMIN, ROLE_VENDOR, ROLE_OPERATOR };
    for (size_t i = 0; i < count_of(keepers); i++)
        if (is_of_kind(organisation, kinds[keepers[i]]))
            return keepers[i];
    return ROLE_ANYONE;
}
