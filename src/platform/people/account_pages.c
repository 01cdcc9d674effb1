/* SPDX-License-Identifier: EUPL-1.2 */
/* A person's own page: who am I here, my password, where am I logged in. */
#include "base/encoding.h"
#include "platform/people/accounts.h"
#include "platform/record/audit.h"
#include "platform/page/page.h"
#include "platform/people/people.h"

static const char *const role_titles[ROLES] = {
    [ROLE_BOARD_MEMBER] = N_("Reads for a school board"),
    [ROLE_BOARD_ADMIN] = N_("Decides for a school board"),
    [ROLE_SCHOOL_ICT] = N_("Keeps the systems of a school"),
    [ROLE_VENDOR] = N_("Works for a vendor"),
    [ROLE_OPERATOR] = N_("Runs this installation"),
};

static void put_roles(struct request *request, struct node *page)
{
    struct node *roles = node_put_list(page, "roles");
    for (size_t i = 0; i < request->session->membership_count; i++) {
        const struct membership *membership = &request->session->memberships[i];
        struct str number = membership->organisation;
        struct node *role = node_add_map(roles);
        str_cut(&number, ':');
        node_put_text(role, "role", tr(request, role_titles[membership->role]));
        node_put_text(role, "number", number);
    }
}

static bool put_sessions(struct request *request, struct node *page, struct error *err)
{
    static const struct column columns[] = {
        { "place", N_("Where") },
        { "created", N_("Logged in") },
        { "last_seen", N_("Last used") },
        { .key = NULL },
    };
    struct tx *tx;
    struct session_uses uses;
    struct node *rows = node_list(request->arena);
    struct str cookie = request_cookie(request, SESSION_COOKIE);
    if (!request_tx(request, &tx, err)
        || !session_list(tx, request->session->account, cookie, request->now, &uses, err))
        return false;
    for (size_t i = 0; i < uses.len; i++) {
        struct node *row = node_add_map(rows);
        node_put_text(row, "place", tr(request, uses.at[i].here ? N_("This browser")
                                                                : N_("Another browser")));
        node_put_text(row, "created",
                      show_time(request->arena, request->language, uses.at[i].created));
        node_put_text(row, "last_seen",
                      show_time(request->arena, request->language, uses.at[i].last_seen));
    }
    table_put(request, page, "sessions", columns, NULL, rows, (int64_t)uses.len);
    node_put_flag(page, "elsewhere", uses.len > 1);
    return true;
}

static void put_password_fields(struct request *request, struct node *page)
{
    struct node *field = page_field(page, "current", "password",
                                    tr(request, N_("Present password")), STR(""));
    node_put_text(field, "autocomplete", STR("current-password"));
    field = page_field(page, "password", "password", tr(request, N_("New password")), STR(""));
    node_put_text(field, "autocomplete", STR("new-password"));
    node_put_text(field, "hint", tr(request, N_("At least 12 characters. A sentence of a few words "
                                                "is strong and easy to remember.")));
}

/* The page; `why` says what was wrong with the form, or is NULL. */
static bool reply_account(struct request *request, const struct error *why, struct error *err)
{
    struct node *page = page_new(request, tr(request, N_("My account")));
    page_crumb(page, "/", tr(request, N_("Home")));
    put_roles(request, page);
    put_password_fields(request, page);
    if (!put_sessions(request, page, err))
        return false;
    if (why)
        page_form_error(request, page, why);
    return reply_page(request, "platform/people/pages/account", page);
}

bool show_account(struct request *request, struct error *err)
{
    return reply_account(request, NULL, err);
}

struct change {
    struct request *request;
    struct str hash;
};

static bool write_password(struct tx *tx, void *with, struct error *err)
{
    const struct change *change = with;
    struct request *request = change->request;
    struct str id = request->session->account;
    struct audit_entry entry = {
        .who = audit_who(request),
        .what = "account.password-changed",
        .subject = str_format(tx_arena(tx), "account:%.*s", FMT(id)),
    };
    return account_set_password(tx, id, change->hash, err)
           && session_end_others(tx, id, request_cookie(request, SESSION_COOKIE), err)
           && audit_add(tx, request->now, &entry, err);
}

static bool check_change(struct request *request, const struct form *form, struct str password,
                         struct error *err)
{
    struct tx *tx;
    struct account account;
    if (!password_allowed(password, err) || !request_tx(request, &tx, err)
        || !account_find_id(tx, request->session->account, &account, err))
        return false;
    return password_check(request->arena, account.password_hash, password_field(form, STR("current")))
           || fail(err, INVALID, "current", N_("This is not your present password."));
}

/* Guessing the present password from an open session is slowed down as logging in is. */
static bool check_haste(struct request *request, struct error *err)
{
    struct people *people = request_state(request);
    int wait = throttle_wait(people->throttle, request->session->account, request->peer,
                             request->now);
    if (!wait)
        return true;
    fail_about(err, TOO_MANY, NULL, N_("That failed too often. Wait %s seconds and try again."),
               "%d", wait);
    err->retry_after = wait;
    return false;
}

bool change_password(struct request *request, struct error *err)
{
    struct people *people = request_state(request);
    struct form form;
    if (!check_haste(request, err) || !request_form(request, &form, err))
        return false;
    struct str password = password_field(&form, STR("password"));
    if (!check_change(request, &form, password, err)) {
        if (err->kind != INVALID)
            return false;
        throttle_failed(people->throttle, request->session->account, request->peer, request->now);
        struct error why = *err;
        return reply_account(request, &why, err);
    }
    struct change change = { request, password_hash(request->arena, password) };
    if (!request_write(request, write_password, &change, err))
        return false;
    reply_notice(request, "ok", tr(request, N_("Your password is changed. Other browsers are logged "
                                               "out.")));
    return reply_redirect(request, STR("/account"));
}

static bool end_others(struct tx *tx, void *with, struct error *err)
{
    const struct request *request = with;
    return session_end_others(tx, request->session->account,
                              request_cookie(request, SESSION_COOKIE), err);
}

bool end_other_sessions(struct request *request, struct error *err)
{
    if (!request_write(request, end_others, request, err))
        return false;
    reply_notice(request, "ok", tr(request, N_("All other browsers are logged out.")));
    return reply_redirect(request, STR("/account"));
}
