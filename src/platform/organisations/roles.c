/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/organisations/roles.h"

#include "platform/organisations/grants.h"
#include "platform/organisations/invitations.h"
#include "platform/record/audit.h"

static const struct statement delete_membership =
    SQL("DELETE FROM membership WHERE account = $1 AND role = $2 AND organisation = $3");
static const struct statement count_others =
    SQL("SELECT COUNT(*) FROM membership JOIN account ON account.id = membership.account"
        " WHERE membership.role = $1 AND membership.organisation = $2 AND account.id <> $3"
        "   AND account.disabled = 0");
static const struct statement has_role =
    SQL("SELECT COUNT(*) FROM membership WHERE role = $1 AND organisation = $2 AND account = $3");
static const struct statement set_disabled =
    SQL("UPDATE account SET disabled = $2 WHERE id = $1");
#define COLLEAGUE                                                                                  \
    "SELECT account.id, account.login, account.name, membership.organisation, membership.role,"    \
    "       account.disabled"                                                                      \
    "  FROM membership JOIN account ON account.id = membership.account"
static const struct statement of_organisation =
    SQL(COLLEAGUE " WHERE membership.organisation = $1"
                  " ORDER BY account.name, account.id, membership.role");
static const struct statement of_account =
    SQL(COLLEAGUE " WHERE account.id = $1 ORDER BY membership.organisation, membership.role");
#define SEARCHED " FROM account WHERE login LIKE $1 OR lower(name) LIKE $1"
static const struct statement count_accounts = SQL("SELECT COUNT(*)" SEARCHED);
static const struct statement list_accounts =
    SQL("SELECT id, login, name, created, disabled,"
        " (SELECT COUNT(*) FROM membership WHERE membership.account = account.id)" SEARCHED
        " ORDER BY login LIMIT $2 OFFSET $3");

struct actor actor_of(const struct request *request)
{
    return (struct actor){ request->app, request->session, audit_who(request), request->now };
}

static bool record(struct tx *tx, const struct actor *actor, const char *what, struct str account,
                   struct str organisation, struct str detail, struct error *err)
{
    struct audit_entry entry = {
        .who = actor->who,
        .on_behalf = organisation,
        .what = what,
        .subject = str_format(tx_arena(tx), "account:%.*s", FMT(account)),
        .detail = detail,
    };
    return audit_add(tx, actor->now, &entry, err);
}

static struct str role_detail(struct tx *tx, enum role role)
{
    return str_format(tx_arena(tx), "{\"role\":\"%s\"}", role_name(role));
}

static bool may(struct tx *tx, const struct actor *actor, enum role role, struct str organisation,
                struct error *err)
{
    return !actor->session
           || grants_require(actor->app, tx, actor->session, role, organisation, err);
}

/* An organisation must exist before a role is given; taking one away may come later. */
static bool exists(struct tx *tx, const struct actor *actor, struct str id, struct error *err)
{
    struct organisation organisation;
    bool found = !id.len;
    return (found
            || organisations_of(actor->app)->find(tx, id, &organisation, &found, err))
           && (found
               || fail(err, NOT_FOUND, "organisation",
                       N_("The register has no such active organisation. Boards are written like "
                          "board:41804, schools like school:00AV, vendors like vendor:OIN.")));
}

bool role_give(struct tx *tx, const struct actor *actor, struct str account, enum role role,
               struct str organisation, struct error *err)
{
    if (actor->session && str_eq(actor->session->account, account))
        return fail(err, FORBIDDEN, NULL, N_("Nobody gives a role to themselves. Ask a colleague."));
    return may(tx, actor, role, organisation, err) && exists(tx, actor, organisation, err)
           && account_add_role(tx, account, role, organisation, err)
           && record(tx, actor, "organisations.role-given", account, organisation,
                     role_detail(tx, role), err);
}

/* Of two who are taken away at the same moment the second waits here, and sees that the first is gone. */
#define LAST_ONES "last-administrators"

/* How many others there are who have the role and can log in; nobody takes one away meanwhile. */
static bool count_held(struct tx *tx, enum role role, struct str organisation, struct str account,
                       int64_t *others, struct error *err)
{
    struct arg name = arg_text(str_of(role_name(role)));
    return db_hold(tx, LAST_ONES, err)
           && db_number(tx, &count_others, ARGS(name, arg_text(organisation), arg_text(account)), 0,
                        others, err);
}

/* Somebody must stay who can give roles. */
static bool check_last(struct tx *tx, const struct actor *actor, struct str account,
                       enum role role, struct str organisation, struct error *err)
{
    int64_t others;
    bool over_it = !actor->session || (organisation.len && session_has(actor->session, ROLE_OPERATOR));
    if (over_it || role != grants_keeper(organisation))
        return true;
    return count_held(tx, role, organisation, account, &others, err)
           && (others > 0
               || fail(err, CONFLICT, NULL,
                       N_("This is the last administrator of the organisation. Name another one "
                          "first, or ask the operator of this installation.")));
}

/* Two operators who disable each other at the same moment would leave the installation to nobody. */
static bool check_last_operator(struct tx *tx, const struct actor *actor, struct str account,
                                struct error *err)
{
    int64_t others, is_operator;
    struct arg name = arg_text(str_of(role_name(ROLE_OPERATOR)));
    if (!actor->session)
        return true;
    return count_held(tx, ROLE_OPERATOR, STR(""), account, &others, err)
           && db_number(tx, &has_role, ARGS(name, arg_text(STR("")), arg_text(account)), 0,
                        &is_operator, err)
           && (others > 0 || !is_operator
               || fail(err, CONFLICT, NULL,
                       N_("This is the last operator of the installation. Name another one first.")));
}

bool role_take(struct tx *tx, const struct actor *actor, struct str account, enum role role,
               struct str organisation, struct error *err)
{
    int64_t taken;
    if (!may(tx, actor, role, organisation, err)
        || !check_last(tx, actor, account, role, organisation, err)
        || !db_do(tx, &delete_membership,
                  ARGS(arg_text(account), arg_text(str_of(role_name(role))),
                       arg_text(organisation)),
                  &taken, err))
        return false;
    if (!taken)
        return fail(err, NOT_FOUND, NULL, N_("This person does not have this role (any more)."));
    return record(tx, actor, "organisations.role-taken", account, organisation,
                  role_detail(tx, role), err)
           && (role != grants_keeper(organisation)
               || invitations_end_of(tx, actor, account, organisation, err));
}

bool account_set_disabled(struct tx *tx, const struct actor *actor, struct str account,
                          bool disabled, struct error *err)
{
    if (actor->session && !session_has(actor->session, ROLE_OPERATOR))
        return fail(err, FORBIDDEN, NULL, N_("Only an operator may do this."));
    if (actor->session && str_eq(actor->session->account, account))
        return fail(err, FORBIDDEN, NULL, N_("You cannot disable your own account."));
    return (!disabled || check_last_operator(tx, actor, account, err))
           && db_do(tx, &set_disabled,
                    ARGS(arg_text(account), arg_int(disabled ? actor->now : 0)), NULL, err)
           && (!disabled || session_end_others(tx, account, STR(""), err))
           && (!disabled || invitations_end_of(tx, actor, account, STR(""), err))
           && record(tx, actor, disabled ? "account.disabled" : "account.enabled", account,
                     STR(""), STR(""), err);
}

/* ---- Lists ---- */

static bool read_colleagues(struct tx *tx, const struct statement *statement, struct str key,
                            struct colleagues *list, struct error *err)
{
    struct rows rows;
    if (!db_query(tx, statement, ARGS(arg_text(key)), &rows, err))
        return false;
    while (rows_next(&rows)) {
        struct colleague colleague = {
            .account = row_text(&rows, 0), .login = row_text(&rows, 1),
            .name = row_text(&rows, 2), .organisation = row_text(&rows, 3),
            .disabled = row_int(&rows, 5) != 0,
        };
        if (role_parse(row_text(&rows, 4), &colleague.role))
            *list_add(tx_arena(tx), list) = colleague;
    }
    return rows_end(&rows, err);
}

bool roles_of_organisation(const struct app *app, struct tx *tx, struct str organisation,
                           bool and_schools, struct colleagues *list, struct error *err)
{
    struct organisation_list schools = { 0 };
    *list = (struct colleagues){ 0 };
    if (!read_colleagues(tx, &of_organisation, organisation, list, err))
        return false;
    if (and_schools && !organisations_of(app)->schools_of(tx, organisation, &schools, err))
        return false;
    for (size_t i = 0; i < schools.len; i++)
        if (!read_colleagues(tx, &of_organisation, schools.at[i].id, list, err))
            return false;
    return true;
}

bool roles_of_account(struct tx *tx, struct str account, struct colleagues *list,
                      struct error *err)
{
    *list = (struct colleagues){ 0 };
    return read_colleagues(tx, &of_account, account, list, err);
}

/* A part of a text for LIKE: its wildcards stand for themselves nowhere, so they are left out. */
static struct str pattern_of(struct arena *arena, struct str search)
{
    struct buf out = { .arena = arena };
    buf_byte(&out, '%');
    for (size_t i = 0; i < search.len; i++)
        if (!str_has(STR("%_\\"), search.at[i]))
            buf_byte(&out, search.at[i]);
    buf_byte(&out, '%');
    return buf_str(&out);
}

bool accounts_list(struct tx *tx, struct str search, int64_t limit, int64_t offset,
                   struct account_rows *list, int64_t *total, struct error *err)
{
    struct rows rows;
    struct arg pattern = arg_text(pattern_of(tx_arena(tx), search));
    *list = (struct account_rows){ 0 };
    if (!db_number(tx, &count_accounts, ARGS(pattern), 0, total, err)
        || !db_query(tx, &list_accounts, ARGS(pattern, arg_int(limit), arg_int(offset)), &rows,
                     err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), list) = (struct account_row){
            .id = row_text(&rows, 0), .login = row_text(&rows, 1), .name = row_text(&rows, 2),
            .created = row_int(&rows, 3), .disabled = row_int(&rows, 4),
            .roles = row_int(&rows, 5),
        };
    return rows_end(&rows, err);
}
