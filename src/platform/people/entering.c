/* SPDX-License-Identifier: EUPL-1.2 */
/* The end of every way of logging in: a session, or a refusal. */
#include "base/encoding.h"
#include "platform/page/page.h"
#include "platform/people/factor_store.h"
#include "platform/people/people.h"
#include "platform/record/audit.h"

static struct str account_subject(struct tx *tx, struct str id)
{
    return id.len ? str_format(tx_arena(tx), "account:%.*s", FMT(id)) : STR("");
}

static bool fail_haste(int wait, struct error *err)
{
    fail_about(err, TOO_MANY, NULL, N_("That failed too often. Wait %s seconds and try again."),
               "%d", wait);
    err->retry_after = wait;
    return false;
}

bool check_wait(struct tx *tx, const struct guess *guess, instant now, struct error *err)
{
    int wait = 0;
    return guess_wait_held(tx, guess, now, &wait, err) && (!wait || fail_haste(wait, err));
}

bool check_haste(struct request *request, const struct guess *guess, struct error *err)
{
    struct tx *tx;
    int wait = 0;
    return request_tx(request, &tx, err) && guess_wait(tx, guess, request->now, &wait, err)
           && (!wait || fail_haste(wait, err));
}

/* ---- A refusal ---- */

struct refusal {
    struct request *request;
    const char *what;
    struct str account;
    const struct guess *guess;
};

/* Guesses wait for each other in check_wait: of many at the same moment each sees what the one before
 * it counted. */
static bool write_refusal(struct tx *tx, void *with, struct error *err)
{
    const struct refusal *refusal = with;
    instant now = refusal->request->now;
    struct audit_entry entry = {
        .who = refusal->request->session ? account_subject(tx, refusal->account) : STR("anyone"),
        .what = refusal->what,
        .subject = account_subject(tx, refusal->account),
    };
    return audit_add(tx, now, &entry, err)
           && (!refusal->guess
               || (check_wait(tx, refusal->guess, now, err)
                   && guess_failed(tx, refusal->guess, now, err)));
}

bool note_refusal(struct request *request, const char *what, struct str account,
                  const struct guess *guess, struct error *err)
{
    struct refusal refusal = { request, what, account, guess };
    return request_write(request, write_refusal, &refusal, err);
}

/* ---- A session ---- */

static bool write_audit(struct tx *tx, const struct entry_made *entry, struct error *err)
{
    struct audit_entry row = {
        .who = account_subject(tx, entry->account),
        .what = "account.logged-in",
        .subject = account_subject(tx, entry->account),
        .detail = str_format(tx_arena(tx), "{\"by\":\"%s\"}", entry->by),
    };
    return audit_add(tx, entry->request->now, &row, err);
}

/* What the person should hear of: a recovery code that was used before now. */
static bool take_news(struct tx *tx, struct entry_made *entry, struct error *err)
{
    if (entry->given && entry->given->kind == GIVEN_RECOVERY_CODE)
        return true;
    return recovery_used(tx, entry->account, &entry->recovery_used, err)
           && (!entry->recovery_used || recovery_told(tx, entry->account, err));
}

static bool spend(struct tx *tx, struct entry_made *entry, struct error *err)
{
    bool fresh = true;
    if (entry->given && !given_spend(tx, entry->given, entry->request->now, &fresh, err))
        return false;
    entry->already_spent = !fresh;
    if (fresh)
        return true;
    if (entry->given->kind == GIVEN_PASSKEY)
        return fail(err, INVALID, NULL,
                    N_("This answer of a passkey was used before, or the passkey was copied. Try once "
                       "more; if it happens again, log in in another way and remove this passkey."));
    return fail(err, INVALID, "code",
                N_("This code is not right, or was used before. Wait for the next one in your app, "
                   "or use a recovery code."));
}

static bool start(struct tx *tx, struct entry_made *entry, struct error *err)
{
    struct request *request = entry->request;
    const struct session *session = NULL;
    struct session_limits limits = session_limits(request->app->config);
    struct str before = request_cookie(request, SESSION_COOKIE);
    struct new_session made = {
        .account = entry->account,
        .proof = entry->proof,
        .browser = browser_words(tx_arena(tx), request_header(request, "User-Agent")),
    };
    if ((before.len && !session_end(tx, before, err))
        || !session_start(tx, &made, request->now, &limits, &entry->cookie, err)
        || !session_load(tx, entry->cookie, request->now, &session, err))
        return false;
    /* A factor was set between the look at the password and now. */
    if (!session)
        return fail(err, CONFLICT, NULL, N_("Your account was changed just now. Log in again."));
    entry->factor_missing = session->factor_missing;
    return true;
}

static bool write_entry(struct tx *tx, void *with, struct error *err)
{
    struct entry_made *entry = with;
    entry->recovery_used = 0;
    return write_audit(tx, entry, err)
           && (!entry->guess || check_wait(tx, entry->guess, entry->request->now, err))
           && take_news(tx, entry, err)
           && spend(tx, entry, err)
           && (!entry->guess || guess_right(tx, entry->guess, err))
           && start(tx, entry, err);
}

static bool tell_news(struct entry_made *entry, struct error *err)
{
    struct tx *tx;
    struct factors factors;
    struct request *request = entry->request;
    if (entry->recovery_used) {
        struct str when = show_time(request->arena, request->language, entry->recovery_used);
        reply_notice(request, "warning",
                     trf(request,
                         N_("On %s somebody logged in to your account with a recovery code. Was that "
                            "not you? Change your password and make new recovery codes."),
                         str_c(request->arena, when)));
    }
    if (!entry->given || entry->given->kind != GIVEN_RECOVERY_CODE)
        return true;
    if (!request_tx(request, &tx, err) || !factors_load(tx, entry->account, &factors, err))
        return false;
    reply_notice(request, "warning",
                 trf(request, N_("You used a recovery code: it does not work again. You have %lld "
                                 "left."), (long long)(factors.recovery_left - 1)));
    return true;
}

bool enter(struct entry_made *entry, struct error *err)
{
    struct request *request = entry->request;
    if (!request_write(request, write_entry, entry, err)
        || !device_remember(request, entry->login, err) || !tell_news(entry, err))
        return false;
    reply_cookie(request, SESSION_COOKIE, entry->cookie, -1);
    if (!entry->factor_missing)
        return reply_redirect(request, entry->back);
    struct str back = percent_encode(request->arena, entry->back);
    return reply_redirect(request,
                          str_format(request->arena, FACTOR_PATH "?naar=%.*s", FMT(back)));
}
