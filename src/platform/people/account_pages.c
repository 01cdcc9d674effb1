/* SPDX-License-Identifier: EUPL-1.2 */
/* A person's own page: who am I here, my password, where am I logged in. */
#include "platform/page/page.h"
#include "platform/people/people.h"
#include "platform/record/audit.h"

#define FEW_CODES 3

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
    struct tx *tx;
    struct session_uses uses;
    struct node *rows = node_put_list(page, "sessions");
    struct str cookie = request_cookie(request, SESSION_COOKIE);
    if (!request_tx(request, &tx, err)
        || !session_list(tx, request->session->account, cookie, request->now, &uses, err))
        return false;
    for (size_t i = 0; i < uses.len; i++) {
        const struct session_use *use = &uses.at[i];
        struct node *row = node_add_map(rows);
        node_put_text(row, "id", use->id);
        node_put_flag(row, "here", use->here);
        node_put_text(row, "browser", browser_shown(request, use->browser));
        node_put_text(row, "created",
                      show_time(request->arena, request->language, use->created));
        node_put_text(row, "last_seen",
                      show_time(request->arena, request->language, use->last_seen));
    }
    node_put_flag(page, "elsewhere", uses.len > 1);
    return true;
}

static bool put_factors(struct request *request, struct node *page, struct error *err)
{
    struct tx *tx;
    struct factors factors;
    if (!request_tx(request, &tx, err)
        || !factors_load(tx, request->session->account, &factors, err))
        return false;
    node_put_flag(page, "has_factor", factors_any(&factors));
    node_put_flag(page, "few_codes", factors_any(&factors) && factors.recovery_left < FEW_CODES);
    node_put_int(page, "codes_left", factors.recovery_left);
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
    if (!put_factors(request, page, err) || !put_sessions(request, page, err))
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
    struct guess guess;
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
    return audit_add(tx, request->now, &entry, err)
           && check_wait(tx, &change->guess, request->now, err)
           && account_set_password(tx, id, change->hash, err)
           && session_end_others(tx, id, request_cookie(request, SESSION_COOKIE), err)
           && session_prove(tx, request_cookie(request, SESSION_COOKIE), request->session->proof,
                            request->now, err);
}

/* Guessing the present password from an open session is counted as logging in is. */
static bool check_present(struct request *request, struct str present, struct guess *guess,
                          struct error *err)
{
    struct tx *tx;
    bool right;
    struct account account;
    if (!request_tx(request, &tx, err)
        || !account_find_id(tx, request->session->account, &account, err)
        || !guess_read(request, GUESS_PASSWORD, account.login, guess, err)
        || !check_haste(request, guess, err)
        || !check_password(request, account.password_hash, present, &right, err))
        return false;
    if (right)
        return true;
    return note_refusal(request, "account.password-refused", account.id, guess, err)
           && fail(err, INVALID, "current", N_("This is not your present password."));
}

bool change_password(struct request *request, struct error *err)
{
    struct form form;
    struct change change = { .request = request };
    if (proof_asked(request, STR(ACCOUNT_PATH)))
        return true;
    if (!request_form(request, &form, err))
        return false;
    struct str password = password_field(&form, STR("password"));
    if (!password_allowed(password, err)
        || !check_present(request, password_field(&form, STR("current")), &change.guess,
                          err)) {
        struct error why = *err;
        return why.kind == INVALID && reply_account(request, &why, err);
    }
    change.hash = password_hash(request->arena, password);
    if (!request_write(request, write_password, &change, err))
        return false;
    reply_notice(request, "ok", tr(request, N_("Your password is changed. Other browsers are logged "
                                               "out.")));
    return reply_redirect(request, STR(ACCOUNT_PATH));
}

struct ending {
    const struct request *request;
    struct str id; /* of one session; empty: all but this one */
};

/* Where all others have ended already there is nothing to do or to write down: a second click. */
static bool has_others(struct tx *tx, const struct request *request, bool *others,
                       struct error *err)
{
    struct session_uses uses;
    *others = false;
    if (!session_list(tx, request->session->account, request_cookie(request, SESSION_COOKIE),
                      request->now, &uses, err))
        return false;
    for (size_t i = 0; i < uses.len; i++)
        *others |= !uses.at[i].here;
    return true;
}

static bool write_ending(struct tx *tx, void *with, struct error *err)
{
    const struct ending *ending = with;
    const struct request *request = ending->request;
    struct str account = request->session->account;
    bool others;
    if (!has_others(tx, request, &others, err))
        return false;
    if (!others && !ending->id.len)
        return true;
    struct audit_entry entry = {
        .who = audit_who(request),
        .what = ending->id.len ? "account.session-ended" : "account.sessions-ended",
        .subject = str_format(tx_arena(tx), "account:%.*s", FMT(account)),
    };
    bool ended = ending->id.len
                     ? session_end_one(tx, account, ending->id, err)
                     : session_end_others(tx, account, request_cookie(request, SESSION_COOKIE), err);
    return ended && audit_add(tx, request->now, &entry, err);
}

bool end_other_sessions(struct request *request, struct error *err)
{
    struct ending ending = { request, STR("") };
    if (!request_write(request, write_ending, &ending, err))
        return false;
    reply_notice(request, "ok", tr(request, N_("All other browsers are logged out.")));
    return reply_redirect(request, STR(ACCOUNT_PATH));
}

bool end_session_of(struct request *request, struct error *err)
{
    struct ending ending = { request, request_param(request, "session") };
    bool ended = request_write(request, write_ending, &ending, err);
    if (!ended && err->kind != NOT_FOUND)
        return false;
    reply_notice(request, "ok", tr(request, ended ? N_("That browser is logged out.") : err->message));
    return reply_redirect(request, STR(ACCOUNT_PATH));
}
