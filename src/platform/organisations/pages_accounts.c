/* SPDX-License-Identifier: EUPL-1.2 */
/* All accounts, for operators: who they are, what they may, and whether they may log in. */
#include "platform/organisations/pages.h"

#include "platform/organisations/letters.h"
#include "platform/organisations/roles.h"
#include "platform/people/factors.h"

static const struct column columns[] = {
    { "login", N_("Login name"), false, false },
    { "name", N_("Name"), false, false },
    { "roles", N_("Roles"), false, true },
    { "state", N_("State"), false, false },
    { .key = NULL },
};

bool show_accounts(struct request *request, struct error *err)
{
    struct table table;
    struct account_rows list;
    struct tx *tx;
    int64_t total;
    if (!table_read(request, columns, &table, err) || !request_tx(request, &tx, err)
        || !accounts_list(tx, str_lower(request->arena, table.search), table.limit, table.offset,
                          &list, &total, err))
        return false;
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < list.len; i++) {
        const struct account_row *account = &list.at[i];
        struct node *row = node_add_map(rows);
        node_put_text(row, "login", account->login);
        node_put_text(row, "href",
                      str_format(request->arena, "/accounts/%.*s", FMT(account->id)));
        node_put_text(row, "name", account->name);
        node_put_int(row, "roles", account->roles);
        node_put_text(row, "state",
                      tr(request, account->disabled ? N_("disabled") : N_("may log in")));
    }
    if (table.csv)
        return table_reply_csv(request, "accounts.csv", columns, rows);
    struct node *page = page_new(request, tr(request, N_("Accounts")));
    page_crumb(page, "/", tr(request, N_("Home")));
    page_crumb(page, "/organisaties", tr(request, N_("People and roles")));
    table_put(request, page, "accounts", columns, &table, rows, total);
    return reply_page(request, "platform/organisations/pages/accounts", page);
}

static bool put_roles(struct request *request, struct tx *tx, struct node *page, struct str id,
                      struct error *err)
{
    struct colleagues roles;
    struct str name;
    struct node *list = node_put_list(page, "roles");
    if (!roles_of_account(tx, id, &roles, err))
        return false;
    for (size_t i = 0; i < roles.len; i++) {
        struct node *node = node_add_map(list);
        if (!organisation_name(request, roles.at[i].organisation, &name, err))
            return false;
        node_put_text(node, "title",
                      str_of(role_title(roles.at[i].role, request->language)));
        node_put_text(node, "name", name);
        node_put_flag(node, "has_page", !str_starts(roles.at[i].organisation, STR("school:")));
        node_put_text(node, "path",
                      organisation_path(request->arena, roles.at[i].organisation));
    }
    return true;
}

bool show_one_account(struct request *request, struct error *err)
{
    struct account account;
    struct tx *tx;
    if (!request_tx(request, &tx, err)
        || !account_find_id(tx, request_param(request, "account"), &account, err))
        return false;
    struct node *page = page_new(request, account.name);
    page_crumb(page, "/", tr(request, N_("Home")));
    page_crumb(page, "/accounts", tr(request, N_("Accounts")));
    node_put_text(page, "account", account.id);
    node_put_text(page, "login", account.login);
    node_put_flag(page, "disabled", account.disabled);
    node_put_flag(page, "self", str_eq(account.id, request->session->account));
    struct factors factors;
    if (!factors_load(tx, account.id, &factors, err))
        return false;
    node_put_flag(page, "has_factors", factors_any(&factors));
    return put_roles(request, tx, page, account.id, err)
           && reply_page(request, "platform/organisations/pages/account", page);
}

struct change {
    struct actor actor;
    struct str account;
    bool disabled, reset; /* reset: the second factors instead */
};

static bool write_change(struct tx *tx, void *with, struct error *err)
{
    const struct change *change = with;
    if (change->reset)
        return factors_reset(tx, change->actor.now, change->actor.who, STR(""), change->account,
                             err);
    return account_set_disabled(tx, &change->actor, change->account, change->disabled, err);
}

static const char *done_text(const struct change *change)
{
    if (change->reset)
        return N_("The second factors are gone. At the next log-in a new one is made.");
    return change->disabled ? N_("The account is disabled and logged out.")
                            : N_("The account may log in again.");
}

bool change_account(struct request *request, struct error *err)
{
    struct form form;
    struct tx *tx;
    struct account account;
    struct change change = { .actor = actor_of(request) };
    if (!request_form(request, &form, err) || !request_tx(request, &tx, err)
        || !account_find_id(tx, request_param(request, "account"), &account, err))
        return false;
    struct str wish = form_text(&form, "wat");
    change.account = account.id;
    change.disabled = str_eq(wish, STR("uit"));
    change.reset = str_eq(wish, STR("tweede-stap"));
    if (!change.disabled && !change.reset && !str_eq(wish, STR("aan")))
        return fail(err, INVALID, "wat", N_("This form is incomplete. Open the page again."));
    struct str path = str_format(request->arena, "/accounts/%.*s", FMT(account.id));
    if (change.reset && proof_asked(request, path))
        return true;
    if (!request_write(request, write_change, &change, err))
        return false;
    reply_notice(request, "ok", tr(request, done_text(&change)));
    return reply_redirect(request, path);
}
