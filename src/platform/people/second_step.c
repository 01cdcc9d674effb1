/* SPDX-License-Identifier: EUPL-1.2 */
/* A second factor: after the password, when logging in, and again before sensitive deeds. Between the
 * password and the second step there is no session: only a sealed cookie, for ten minutes, that says
 * whose password was right. It is worth nothing after that password is changed. */
#include "base/encoding.h"
#include "platform/keys/keeper.h"
#include "platform/keys/keys.h"
#include "platform/page/page.h"
#include "platform/people/people.h"
#include "platform/record/audit.h"

#define STEP_COOKIE "__Host-fundament_step"
#define STEP_PATH   "/inloggen/code"
#define STEP_LASTS  (10 * MINUTE)
#define PRINT_BYTES 8

struct step {
    struct request *request;
    bool confirms;           /* somebody who is logged in */
    struct account account;
    struct factors factors;
    struct str back;
};

static const char *purpose_of(const struct step *step)
{
    return step->confirms ? "confirm" : "second-step";
}

/* ---- The cookie ---- */

static struct str print_of(struct arena *arena, struct str password_hash)
{
    return hex_encode(arena, str_slice(sha256_of(arena, password_hash), 0, PRINT_BYTES));
}

bool ask_second_step(struct request *request, const struct account *account, struct str back,
                     struct error *err)
{
    struct str sealed, print = print_of(request->arena, account->password_hash);
    struct str plain = str_format(request->arena, "%.*s\n%lld\n%.*s\n%.*s", FMT(account->id),
                                  (long long)(request->now + STEP_LASTS), FMT(print), FMT(back));
    if (!keeper_seal(request->app->keeper, request->arena, ACCOUNTS_KEY, STR(STEP_COOKIE), plain,
                     &sealed, err))
        return false;
    reply_cookie(request, STEP_COOKIE, base64url_encode(request->arena, sealed), -1);
    return reply_redirect(request, STR(STEP_PATH));
}

/* What the cookie says; false also for one that was not made here. */
static bool open_cookie(struct request *request, struct str *plain)
{
    struct error ignored;
    struct str sealed, cookie = request_cookie(request, STEP_COOKIE);
    return cookie.len && base64_decode(request->arena, cookie, &sealed)
           && keeper_unseal(request->app->keeper, request->arena, ACCOUNTS_KEY, STR(STEP_COOKIE),
                            sealed, plain, &ignored);
}

static bool fail_late(struct error *err)
{
    return fail(err, UNAUTHENTICATED, NULL, N_("That took too long. Log in again."));
}

static bool read_step(struct request *request, struct step *step, struct error *err)
{
    struct tx *tx;
    struct str rest;
    int64_t until;
    *step = (struct step){ .request = request };
    if (!open_cookie(request, &rest))
        return fail_late(err);
    struct str id = str_cut(&rest, '\n'), time = str_cut(&rest, '\n');
    struct str print = str_cut(&rest, '\n');
    step->back = way_back(rest);
    if (!str_to_int(time, 0, INT64_MAX, &until) || until < request->now)
        return fail_late(err);
    if (!request_tx(request, &tx, err) || !account_find_id(tx, id, &step->account, err)
        || !factors_load(tx, id, &step->factors, err))
        return false;
    if (step->account.disabled
        || !str_eq(print, print_of(request->arena, step->account.password_hash)))
        return fail_late(err);
    return true;
}

static bool read_confirm(struct request *request, struct str back, struct step *step,
                         struct error *err)
{
    struct tx *tx;
    *step = (struct step){ .request = request, .confirms = true, .back = way_back(back) };
    return request_tx(request, &tx, err)
           && account_find_id(tx, request->session->account, &step->account, err)
           && factors_load(tx, request->session->account, &step->factors, err);
}

/* ---- The page ---- */

static void put_code_field(const struct step *step, struct node *form)
{
    const struct request *request = step->request;
    struct str hint = tr(request, step->factors.app
                                      ? N_("The six digits that your app shows now. No app at hand? "
                                           "Fill in one of your recovery codes.")
                                      : N_("One of the codes that you kept when you set this up."));
    struct node *field =
        page_field(form, "code", "text",
                   tr(request, step->factors.app ? N_("Code") : N_("Recovery code")), STR(""));
    node_put_text(field, "autocomplete", STR("one-time-code"));
    node_put_text(field, "hint", hint);
    node_put_flag(field, "required", true);
}

static void put_password_field(const struct step *step, struct node *form)
{
    struct node *field = page_field(form, "password", "password",
                                    tr(step->request, N_("Password")), STR(""));
    node_put_text(field, "autocomplete", STR("current-password"));
    node_put_flag(field, "required", true);
}

/* `why` says what was wrong, or is NULL. */
static bool reply_step(const struct step *step, const struct error *why, struct error *err)
{
    struct request *request = step->request;
    const char *title = step->confirms ? N_("Confirm that it is you") : N_("Second step");
    struct node *page = page_new(request, tr(request, title));
    page_crumb(page, "/", tr(request, N_("Home")));
    struct str action = step->confirms ? STR(CONFIRM_PATH) : STR(STEP_PATH);
    bool code = step->factors.app || step->factors.recovery_left;
    node_put_text(page, "action", action);
    node_put_text(page, "passkey_action", action);
    node_put_flag(page, "asks", code || !factors_any(&step->factors));
    node_put_text(page, "back", step->confirms ? step->back : STR(""));
    node_put_flag(page, "confirms", step->confirms);
    if (step->factors.passkeys.len
        && !put_passkey_question(request, page, purpose_of(step), step->account.id,
                                 &step->factors.passkeys, NULL, err))
        return false;
    if (!factors_any(&step->factors))
        put_password_field(step, page);
    else if (code)
        put_code_field(step, page);
    if (why) {
        page_form_error(request, page, why);
        request->reply.status = why->kind == TOO_MANY ? problem_status(TOO_MANY) : 422;
    }
    if (why && why->retry_after)
        reply_header(request, "Retry-After", str_format(request->arena, "%d", why->retry_after));
    return reply_page(request, "platform/people/pages/second_step", page);
}

/* ---- The answer ---- */

static bool fail_wrong_code(struct error *err)
{
    return fail(err, INVALID, "code",
                N_("This code is not right, or was used before. Wait for the next one in your app, "
                   "or use a recovery code."));
}

static bool give_code(struct step *step, const struct form *form, const struct guess *guess,
                      struct given *given, struct error *err)
{
    bool right;
    if (!given_code(step->request, step->account.id, form_text(form, "code"), given, &right, err))
        return false;
    if (right)
        return true;
    return note_refusal(step->request, "account.code-refused", step->account.id, guess, err)
           && fail_wrong_code(err);
}

static bool give_passkey(struct step *step, const struct form *form, struct given *given,
                         struct error *err)
{
    struct error ignored;
    if (given_passkey(step->request, form, purpose_of(step), step->account.id, given, err))
        return true;
    if (err->kind == INVALID || err->kind == NOT_FOUND)
        note_refusal(step->request, "account.passkey-refused", step->account.id, NULL, &ignored);
    return false;
}

/* Guesses of codes are counted; a passkey's answer cannot be guessed. */
static bool take_answer(struct step *step, const struct form *form, struct guess *guess,
                        struct given *given, struct error *err)
{
    if (form_has_passkey(form))
        return give_passkey(step, form, given, err);
    return guess_read(step->request, GUESS_CODE, step->account.login, guess, err)
           && check_haste(step->request, guess, err)
           && give_code(step, form, guess, given, err);
}

static bool may_tell(const struct error *err)
{
    return err->kind == INVALID || err->kind == TOO_MANY || err->kind == NOT_FOUND;
}

/* Of a code that was used, or a passkey that was copied, the audit trail tells too. */
static bool note_used(struct step *step, const struct given *given, struct error *err)
{
    struct error why = *err;
    const char *what = given->kind == GIVEN_PASSKEY ? "account.passkey-refused"
                                                    : "account.code-refused";
    if (!note_refusal(step->request, what, step->account.id, NULL, err))
        return false;
    *err = why;
    return true;
}

static bool enter_step(struct step *step, const struct form *form, struct error *err)
{
    struct given given;
    struct guess guess = { .kind = GUESS_CODE };
    if (!take_answer(step, form, &guess, &given, err))
        return false;
    struct entry_made entry = {
        .request = step->request,
        .account = step->account.id,
        .login = step->account.login,
        .back = step->back,
        .by = given_name(&given),
        .proof = PROOF_FACTOR,
        .given = &given,
        .guess = given.kind == GIVEN_PASSKEY ? NULL : &guess,
    };
    if (!enter(&entry, err)) {
        if (entry.already_spent)
            note_used(step, &given, err);
        return false;
    }
    reply_cookie(step->request, STEP_COOKIE, STR(""), 0);
    return true;
}

static bool back_to_log_in(struct request *request, const struct error *why)
{
    reply_cookie(request, STEP_COOKIE, STR(""), 0);
    reply_notice(request, "error", tr(request, why->message));
    return reply_redirect(request, STR("/inloggen"));
}

bool show_second_step(struct request *request, struct error *err)
{
    struct step step;
    if (request->session)
        return reply_redirect(request, STR("/"));
    if (read_step(request, &step, err))
        return reply_step(&step, NULL, err);
    return err->kind == UNAUTHENTICATED && back_to_log_in(request, err);
}

bool take_second_step(struct request *request, struct error *err)
{
    struct form form;
    struct step step;
    if (!request_form(request, &form, err))
        return false;
    if (!read_step(request, &step, err))
        return err->kind == UNAUTHENTICATED && back_to_log_in(request, err);
    if (enter_step(&step, &form, err))
        return true;
    struct error why = *err;
    return may_tell(&why) && reply_step(&step, &why, err);
}

/* ---- Confirming ---- */

bool proof_asked(struct request *request, struct str path)
{
    if (request->session->proven + PROOF_LASTS > request->now)
        return false;
    struct str back = percent_encode(request->arena, path);
    return reply_redirect(request,
                          str_format(request->arena, CONFIRM_PATH "?naar=%.*s", FMT(back)));
}

struct confirmation {
    struct step *step;
    const struct given *given; /* NULL: the password */
    const struct guess *guess; /* NULL: nothing was guessed */
};

static bool write_confirmation(struct tx *tx, void *with, struct error *err)
{
    const struct confirmation *confirmation = with;
    struct request *request = confirmation->step->request;
    bool fresh = true;
    struct audit_entry entry = {
        .who = audit_who(request),
        .what = "account.confirmed",
        .subject = str_format(tx_arena(tx), "account:%.*s", FMT(request->session->account)),
        .detail = str_format(tx_arena(tx), "{\"by\":\"%s\"}",
                             confirmation->given ? given_name(confirmation->given) : "password"),
    };
    if (!audit_add(tx, request->now, &entry, err)
        || (confirmation->guess && !check_wait(tx, confirmation->guess, request->now, err))
        || (confirmation->given
            && !given_spend(tx, confirmation->given, request->now, &fresh, err)))
        return false;
    if (!fresh)
        return fail_wrong_code(err);
    return (!confirmation->guess || guess_right(tx, confirmation->guess, err))
           && session_prove(tx, request_cookie(request, SESSION_COOKIE), request->session->proof,
                            request->now, err);
}

static bool confirm_by_password(struct step *step, const struct form *form, struct error *err)
{
    bool right;
    struct guess guess;
    struct confirmation confirmation = { step, NULL, &guess };
    struct request *request = step->request;
    if (!guess_read(request, GUESS_PASSWORD, step->account.login, &guess, err)
        || !check_haste(request, &guess, err)
        || !check_password(request, step->account.password_hash,
                           password_field(form, STR("password")), &right, err))
        return false;
    if (right)
        return request_write(request, write_confirmation, &confirmation, err);
    return note_refusal(request, "account.password-refused", step->account.id, &guess, err)
           && fail(err, INVALID, "password", N_("This is not your password."));
}

static bool confirm(struct step *step, const struct form *form, struct error *err)
{
    struct given given;
    struct guess guess;
    struct confirmation confirmation = { step, &given, NULL };
    if (!factors_any(&step->factors))
        return confirm_by_password(step, form, err);
    if (!take_answer(step, form, &guess, &given, err))
        return false;
    confirmation.guess = given.kind == GIVEN_PASSKEY ? NULL : &guess;
    return request_write(step->request, write_confirmation, &confirmation, err);
}

bool show_confirm(struct request *request, struct error *err)
{
    struct step step;
    return read_confirm(request, request_query(request, "naar"), &step, err)
           && reply_step(&step, NULL, err);
}

bool take_confirm(struct request *request, struct error *err)
{
    struct form form;
    struct step step;
    if (!request_form(request, &form, err)
        || !read_confirm(request, form_text(&form, "naar"), &step, err))
        return false;
    if (confirm(&step, &form, err))
        return reply_redirect(request, step.back);
    struct error why = *err;
    return may_tell(&why) && reply_step(&step, &why, err);
}
