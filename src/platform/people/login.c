/* SPDX-License-Identifier: EUPL-1.2 */
/* Logging in and out. Whether there is an account with the login name shows neither in the answer
 * nor in the time that it takes. */
#include "base/encoding.h"
#include "platform/people/accounts.h"
#include "platform/record/audit.h"
#include "platform/page/page.h"
#include "platform/people/people.h"

static struct people *people_of(const struct request *request)
{
    return request_state(request);
}

static void put_demo(struct request *request, struct node *page)
{
    struct node *accounts = node_put_list(page, "demo_accounts");
    for (const struct demo_account *demo = demo_accounts; request->app->demo && demo->login;
         demo++) {
        struct node *account = node_add_map(accounts);
        node_put_text(account, "login", str_of(demo->login));
        node_put_text(account, "purpose", tr(request, demo->purpose));
    }
    node_put_text(page, "demo_password", STR(DEMO_PASSWORD));
}

static struct node *log_in_page(struct request *request, struct str login, struct str back)
{
    struct node *page = page_new(request, tr(request, N_("Log in")));
    page_crumb(page, "/", tr(request, N_("Home")));
    struct node *field = page_field(page, "login", "text", tr(request, N_("Login name")), login);
    node_put_text(field, "autocomplete", STR("username"));
    node_put_flag(field, "required", true);
    field = page_field(page, "password", "password", tr(request, N_("Password")), STR(""));
    node_put_text(field, "autocomplete", STR("current-password"));
    node_put_flag(field, "required", true);
    node_put_text(page, "back", back);
    put_demo(request, page);
    return page;
}

bool show_log_in(struct request *request, struct error *err)
{
    (void)err;
    struct str back = way_back(request_query(request, "naar"));
    if (request->session)
        return reply_redirect(request, back);
    return reply_page(request, "platform/people/pages/log_in", log_in_page(request, STR(""), back));
}

struct attempt {
    struct request *request;
    struct str login, password, back;
    struct account account; /* id is empty when there is none */
    struct str cookie;
};

struct str password_field(const struct form *form, struct str name)
{
    for (size_t i = 0; i < form->len; i++)
        if (str_eq(form->at[i].name, name))
            return form->at[i].value;
    return STR("");
}

static bool read_attempt(struct request *request, struct attempt *attempt, struct error *err)
{
    struct form form;
    if (!request_form(request, &form, err))
        return false;
    *attempt = (struct attempt){
        .request = request,
        .login = str_lower(request->arena, form_text(&form, "login")),
        .password = password_field(&form, STR("password")),
        .back = way_back(form_text(&form, "naar")),
    };
    return true;
}

/* The account, where there is one that may log in. */
static bool find_account(struct attempt *attempt, struct error *err)
{
    struct tx *tx;
    if (!request_tx(attempt->request, &tx, err))
        return false;
    if (!account_find(tx, attempt->login, &attempt->account, err)) {
        attempt->account = (struct account){ 0 };
        return err->kind == NOT_FOUND;
    }
    if (attempt->account.disabled)
        attempt->account.password_hash = STR("");
    return true;
}

static struct str account_subject(struct tx *tx, struct str id)
{
    return id.len ? str_format(tx_arena(tx), "account:%.*s", FMT(id)) : STR("");
}

static bool note_failure(struct tx *tx, void *with, struct error *err)
{
    const struct attempt *attempt = with;
    struct audit_entry entry = {
        .who = STR("anonymous"),
        .what = "account.log-in-refused",
        .subject = account_subject(tx, attempt->account.id),
    };
    return audit_add(tx, attempt->request->now, &entry, err);
}

static bool start_session(struct tx *tx, void *with, struct error *err)
{
    struct attempt *attempt = with;
    struct request *request = attempt->request;
    struct session_limits limits = session_limits(request->app->config);
    struct str before = request_cookie(request, SESSION_COOKIE);
    struct audit_entry entry = {
        .who = account_subject(tx, attempt->account.id),
        .what = "account.logged-in",
        .subject = account_subject(tx, attempt->account.id),
    };
    return (!before.len || session_end(tx, before, err))
           && session_start(tx, attempt->account.id, request->now, &limits, &attempt->cookie, err)
           && audit_add(tx, request->now, &entry, err);
}

static bool refuse_page(struct attempt *attempt, const struct error *why, int status)
{
    struct request *request = attempt->request;
    struct node *page = log_in_page(request, attempt->login, attempt->back);
    page_form_error(request, page, why);
    request->reply.status = status;
    if (why->retry_after)
        reply_header(request, "Retry-After", str_format(request->arena, "%d", why->retry_after));
    return reply_page(request, "platform/people/pages/log_in", page);
}

static bool refuse_haste(struct attempt *attempt, int wait)
{
    struct error why;
    fail_about(&why, TOO_MANY, NULL,
               N_("Logging in failed too often. Wait %s seconds and try again."), "%d", wait);
    why.retry_after = wait;
    return refuse_page(attempt, &why, problem_status(TOO_MANY));
}

static bool refuse_attempt(struct attempt *attempt, struct error *err)
{
    struct request *request = attempt->request;
    struct error why;
    throttle_failed(people_of(request)->throttle, attempt->login, request->peer, request->now);
    if (!request_write(request, note_failure, attempt, err))
        return false;
    fail(&why, INVALID, NULL, N_("The login name or the password is not right."));
    return refuse_page(attempt, &why, 422);
}

/* `right`: is this the account's password? */
static bool check_password(struct attempt *attempt, bool *right, struct error *err)
{
    struct throttle *throttle = people_of(attempt->request)->throttle;
    if (!throttle_enter(throttle)) {
        fail(err, UNAVAILABLE, NULL,
             N_("There is too much to do at the moment. Try again in a moment."));
        err->retry_after = 2;
        return false;
    }
    *right = password_check(attempt->request->arena, attempt->account.password_hash,
                            attempt->password);
    throttle_leave(throttle);
    return true;
}

bool log_in(struct request *request, struct error *err)
{
    bool right;
    struct attempt attempt;
    if (!read_attempt(request, &attempt, err))
        return false;
    struct throttle *throttle = people_of(request)->throttle;
    int wait = throttle_wait(throttle, attempt.login, request->peer, request->now);
    if (wait)
        return refuse_haste(&attempt, wait);
    if (!find_account(&attempt, err) || !check_password(&attempt, &right, err))
        return false;
    if (!right)
        return refuse_attempt(&attempt, err);
    throttle_forget(throttle, attempt.login, request->peer);
    if (!request_write(request, start_session, &attempt, err))
        return false;
    reply_cookie(request, SESSION_COOKIE, attempt.cookie, -1);
    return reply_redirect(request, attempt.back);
}

static bool end_session(struct tx *tx, void *with, struct error *err)
{
    const struct request *request = with;
    return session_end(tx, request_cookie(request, SESSION_COOKIE), err);
}

bool log_out(struct request *request, struct error *err)
{
    if (request->session && !request_write(request, end_session, request, err))
        return false;
    reply_cookie(request, SESSION_COOKIE, STR(""), 0);
    reply_notice(request, "ok", tr(request, N_("You are logged out.")));
    return reply_redirect(request, STR("/"));
}
