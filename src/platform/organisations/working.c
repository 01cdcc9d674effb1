/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/organisations/working.h"

#include "platform/organisations/acting.h"
#include "platform/organisations/organisations.h"

static const struct statement find_choices =
    SQL("SELECT kind, organisation FROM working_for WHERE token_hash = $1");
static const struct statement put_choice =
    SQL("INSERT INTO working_for (token_hash, kind, organisation) VALUES ($1, $2, $3)"
        " ON CONFLICT (token_hash, kind) DO UPDATE SET organisation = $3");

/* Somebody who keeps the systems of several schools does so for all of them at once. */
static const struct str chosen_kinds[] = { S("board"), S("vendor") };

bool working_may_choose(struct str organisation)
{
    for (size_t i = 0; i < count_of(chosen_kinds); i++)
        if (str_eq(chosen_kinds[i], organisation_kind(organisation)))
            return true;
    return false;
}

static bool works_for(const struct session *session, struct str organisation)
{
    for (size_t i = 0; i < session->membership_count; i++)
        if (str_eq(session->memberships[i].organisation, organisation))
            return true;
    return false;
}

/* Puts aside what is of this kind and not of this organisation. */
static void settle(struct session *session, struct membership *memberships, struct str kind,
                   struct str organisation)
{
    for (size_t i = 0; i < session->membership_count; i++)
        memberships[i].aside |= str_eq(organisation_kind(memberships[i].organisation), kind)
                                && !str_eq(memberships[i].organisation, organisation);
}

static bool has_choice(const struct session *session, struct str kind, struct str *first)
{
    *first = (struct str){ 0 };
    for (size_t i = 0; i < session->membership_count; i++) {
        struct str organisation = session->memberships[i].organisation;
        if (!str_eq(organisation_kind(organisation), kind))
            continue;
        if (first->at && !str_eq(*first, organisation))
            return true;
        *first = organisation;
    }
    return false;
}

static bool load_choices(struct tx *tx, struct str token_hash, struct session *session,
                         struct membership *memberships, struct error *err)
{
    struct str settled[count_of(chosen_kinds)] = { 0 }, first;
    struct rows rows;
    bool any = false;
    for (size_t i = 0; i < count_of(chosen_kinds); i++)
        if (has_choice(session, chosen_kinds[i], &first)) {
            settled[i] = first;
            any = true;
        }
    if (!any)
        return true;
    if (!db_query(tx, &find_choices, ARGS(arg_bytes(token_hash)), &rows, err))
        return false;
    while (rows_next(&rows))
        for (size_t i = 0; i < count_of(chosen_kinds); i++)
            if (str_eq(row_text(&rows, 0), chosen_kinds[i])
                && works_for(session, row_text(&rows, 1)))
                settled[i] = row_text(&rows, 1);
    for (size_t i = 0; i < count_of(chosen_kinds); i++)
        if (settled[i].len)
            settle(session, memberships, chosen_kinds[i], settled[i]);
    return rows_end(&rows, err);
}

/* While an operator acts, only the board's role counts: what is done meanwhile is done for it. */
static void act(struct session *session, struct membership *memberships,
                const struct acting *acting)
{
    for (size_t i = 0; i < session->membership_count; i++)
        memberships[i].aside = true;
    memberships[session->membership_count++] =
        (struct membership){ .role = ROLE_BOARD_ADMIN, .organisation = acting->organisation };
    session->acting = acting;
}

bool working_load(struct tx *tx, struct str token_hash, instant now, struct session *session,
                  struct error *err)
{
    size_t count = session->membership_count;
    const struct acting *acting = NULL;
    struct membership *memberships = arena_array(tx_arena(tx), struct membership, count + 1);
    if (count)
        memcpy(memberships, session->memberships, count * sizeof *memberships);
    session->memberships = memberships;
    if (!load_choices(tx, token_hash, session, memberships, err))
        return false;
    if (!session_has(session, ROLE_OPERATOR))
        return true;
    if (!acting_of_session(tx, token_hash, now, &acting, err))
        return false;
    if (acting)
        act(session, memberships, acting);
    return true;
}

bool working_choose(struct tx *tx, struct str token_hash, struct str organisation,
                    struct error *err)
{
    return db_do(tx, &put_choice,
                 ARGS(arg_bytes(token_hash), arg_text(organisation_kind(organisation)),
                      arg_text(organisation)),
                 NULL, err);
}
