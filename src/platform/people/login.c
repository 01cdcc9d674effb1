/* SPDX-License-Identifier: EUPL-1.2 */
/* Logging in and out. Whether there is an account with the login name shows neither in the answer
 * nor in the time that it takes. */
#include "platform/page/page.h"
#include "platform/people/people.h"

#define LOG_IN "log-in" /* what a challenge is for */

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

/* The page; `why` says what was wrong, or is NULL. */
static bool reply_log_in(struct request *request, struct str login, struct str back,
                         const struct error *why, struct error *err)
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
    node_put_text(page, "passkey_action", STR("/inloggen/passkey"));
    put_demo(request, page);
    if (!put_passkey_question(request, page, LOG_IN, STR(""), NULL, NULL, err))
        return false;
    if (why) {
        page_form_error(request, page, why);
        request->reply.status = why->kind == TOO_MANY ? problem_status(TOO_MANY) : 422;
    }
    if (why && why->retry_after)
        reply_header(request, "Retry-After", str_format(request->arena, "%d", why->retry_after));
    return reply_page(request, "platform/people/pages/log_in", page);
}

bool show_log_in(struct request *request, struct error *err)
{
    struct str back = way_back(request_query(request, "naar"));
    if (request->session)
        return reply_redirect(request, back);
    return reply_log_in(request, STR(""), back, NULL, err);
}

struct attempt {
    struct request *request;
    struct str login, password, back;
    struct account account; /* id is empty when there is none */
    struct guess guess;
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

/* A refusal that the person can do something about is told on the page. */
static bool tell(struct attempt *attempt, struct error *err)
{
    struct error why = *err;
    if (why.kind != INVALID && why.kind != TOO_MANY && why.kind != NOT_FOUND)
        return false;
    return reply_log_in(attempt->request, attempt->login, attempt->back, &why, err);
}

struct checking {
    struct arena *arena;
    struct str hash, password;
    bool right;
};

static void compare(void *with)
{
    struct checking *checking = with;
    checking->right = password_check(checking->arena, checking->hash, checking->password);
}

/* The place is given back also when memory ends, which this asks the most of. */
bool check_password(struct request *request, struct str hash, struct str password, bool *right,
                    struct error *err)
{
    struct people *people = request_state(request);
    if (!checks_enter(people->checks)) {
        fail(err, UNAVAILABLE, NULL,
             N_("There is too much to do at the moment. Try again in a moment."));
        err->retry_after = 2;
        return false;
    }
    struct checking checking = { request->arena, hash, password, false };
    bool compared = memory_guard(request->arena, compare, &checking);
    checks_leave(people->checks);
    if (!compared)
        arena_exhausted(request->arena);
    *right = checking.right;
    return true;
}

static bool check_attempt(struct attempt *attempt, struct error *err)
{
    bool right;
    struct request *request = attempt->request;
    if (!guess_read(request, GUESS_PASSWORD, attempt->login, &attempt->guess, err)
        || !check_haste(request, &attempt->guess, err) || !find_account(attempt, err)
        || !check_password(request, attempt->account.password_hash, attempt->password, &right, err))
        return false;
    if (right)
        return true;
    return note_refusal(request, "account.log-in-refused", attempt->account.id, &attempt->guess,
                        err)
           && fail(err, INVALID, NULL, N_("The login name or the password is not right."));
}

/* The password was right. Who has a second factor gets no session yet. */
static bool go_on(struct attempt *attempt, struct error *err)
{
    struct tx *tx;
    struct factors factors;
    struct entry_made entry = {
        .request = attempt->request,
        .account = attempt->account.id,
        .login = attempt->login,
        .back = attempt->back,
        .by = "password",
        .proof = PROOF_PASSWORD,
        .guess = &attempt->guess,
    };
    if (!request_tx(attempt->request, &tx, err)
        || !factors_load(tx, attempt->account.id, &factors, err))
        return false;
    if (factors_any(&factors))
        return ask_second_step(attempt->request, &attempt->account, attempt->back, err);
    return enter(&entry, err);
}

bool log_in(struct request *request, struct error *err)
{
    struct attempt attempt;
    return read_attempt(request, &attempt, err)
           && ((check_attempt(&attempt, err) && go_on(&attempt, err)) || tell(&attempt, err));
}

/* ---- With a passkey alone ---- */

static bool check_account(struct request *request, struct str id, struct account *account,
                          struct error *err)
{
    struct tx *tx;
    return request_tx(request, &tx, err) && account_find_id(tx, id, account, err)
           && (!account->disabled
               || fail(err, INVALID, NULL, N_("This account is closed. Ask who runs this "
                                              "installation.")));
}

static bool enter_by_passkey(struct attempt *attempt, const struct form *form, struct error *err)
{
    struct given given;
    struct request *request = attempt->request;
    struct entry_made entry = { .request = request, .back = attempt->back, .by = "passkey",
                                .proof = PROOF_FACTOR, .given = &given };
    if (!given_passkey(request, form, LOG_IN, STR(""), &given, err)
        || !check_account(request, given.account, &attempt->account, err))
        return false;
    entry.account = attempt->account.id;
    entry.login = attempt->account.login;
    return enter(&entry, err);
}

bool log_in_with_passkey(struct request *request, struct error *err)
{
    struct form form;
    struct attempt attempt = { .request = request };
    if (!request_form(request, &form, err))
        return false;
    attempt.back = way_back(form_text(&form, "naar"));
    if (enter_by_passkey(&attempt, &form, err))
        return true;
    struct error why = *err;
    if (why.kind != INVALID && why.kind != NOT_FOUND)
        return false;
    if (!note_refusal(request, "account.passkey-refused", attempt.account.id, NULL, err))
        return false;
    return reply_log_in(request, STR(""), attempt.back, &why, err);
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
