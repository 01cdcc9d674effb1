/* SPDX-License-Identifier: EUPL-1.2 */
/* The pages on which people set up a second factor: which there are, the app that makes codes, and the
 * recovery codes. Passkeys have a file of their own. */
#include "base/encoding.h"
#include "base/random.h"
#include "platform/keys/keeper.h"
#include "platform/page/page.h"
#include "platform/people/factor_store.h"
#include "platform/people/people.h"
#include "platform/people/qr.h"
#include "platform/people/totp.h"
#include "platform/record/audit.h"

#include <endian.h>

/* ---- A change ---- */

static bool needs_factor(const struct session *session)
{
    for (size_t i = 0; i < session->membership_count; i++)
        if (role_needs_factor(session->memberships[i].role))
            return true;
    return session->factor_missing;
}

/* After a removal: is there still enough? */
static bool check_rest(struct tx *tx, const struct session *session, struct error *err)
{
    bool exempt;
    struct factors rest;
    if (!factors_load(tx, session->account, &rest, err))
        return false;
    if (factors_any(&rest))
        return true;
    if (!demo_account_known(tx, session->login, &exempt, err))
        return false;
    if (needs_factor(session) && !exempt)
        return fail(err, CONFLICT, NULL,
                    N_("Your role needs a second step when you log in. Set up another one before "
                       "you remove this one."));
    return recovery_remove(tx, session->account, err);
}

struct changing {
    struct factor_change *change;
    struct recovery_set *codes;
};

static bool write_change(struct tx *tx, void *with, struct error *err)
{
    struct changing *changing = with;
    struct factor_change *change = changing->change;
    struct request *request = change->request;
    struct str account = request->session->account;
    struct str cookie = request_cookie(request, SESSION_COOKIE);
    struct factors before;
    struct audit_entry entry = {
        .who = audit_who(request),
        .what = change->what,
        .subject = str_format(tx_arena(tx), "account:%.*s", FMT(account)),
        .detail = change->detail,
    };
    change->codes = NULL;
    if (!factors_load(tx, account, &before, err) || !change->deed(tx, change->with, err)
        || (change->removes && !check_rest(tx, request->session, err)))
        return false;
    if (change->adds && !factors_any(&before))
        change->codes = changing->codes;
    return (!change->codes || recovery_put(tx, account, change->codes, err))
           && session_end_others(tx, account, cookie, err)
           && (!change->adds || session_prove(tx, cookie, PROOF_FACTOR, request->now, err))
           && audit_add(tx, request->now, &entry, err);
}

bool factor_change(struct factor_change *change, struct error *err)
{
    struct arena *arena = change->request->arena;
    struct changing changing = { change, arena_new(arena, struct recovery_set) };
    recovery_make(arena, change->request->session->account, changing.codes);
    return request_write(change->request, write_change, &changing, err);
}

/* ---- Which there are ---- */

static struct node *factor_page(struct request *request, const char *title)
{
    struct node *page = page_new(request, tr(request, title));
    page_crumb(page, "/", tr(request, N_("Home")));
    if (!request->session->factor_missing)
        page_crumb(page, ACCOUNT_PATH, tr(request, N_("My account")));
    return page;
}

static struct node *factor_page_within(struct request *request, const char *title)
{
    struct node *page = factor_page(request, title);
    page_crumb(page, FACTOR_PATH, tr(request, N_("Second step")));
    return page;
}

bool show_factors(struct request *request, struct error *err)
{
    struct tx *tx;
    struct factors factors;
    struct relying_party party;
    if (!request_tx(request, &tx, err)
        || !factors_load(tx, request->session->account, &factors, err))
        return false;
    struct node *page = factor_page(request, N_("Second step"));
    node_put_flag(page, "missing", request->session->factor_missing);
    node_put_flag(page, "app", factors.app);
    node_put_flag(page, "has_passkeys", factors.passkeys.len > 0);
    node_put_int(page, "passkeys", (int64_t)factors.passkeys.len);
    node_put_flag(page, "possible", relying_party(request, &party));
    node_put_flag(page, "has_factor", factors_any(&factors));
    node_put_int(page, "codes_left", factors.recovery_left);
    return reply_page(request, "platform/people/pages/factors", page);
}

/* ---- The app that makes codes ---- */

/* Until the first code has shown that the app knows it, the secret is in the page alone: sealed, with
 * the time, for this account. */
#define SETUP_LASTS HOUR
#define TIME_BYTES  8

static struct str setup_about(const struct request *request)
{
    return str_format(request->arena, "code-app:%.*s", FMT(request->session->account));
}

static bool seal_setup(struct request *request, struct str secret, struct str *setup,
                       struct error *err)
{
    char plain[TIME_BYTES + TOTP_SECRET_BYTES];
    struct str sealed;
    uint64_t until = htobe64((uint64_t)(request->now + SETUP_LASTS));
    memcpy(plain, &until, TIME_BYTES);
    memcpy(plain + TIME_BYTES, secret.at, TOTP_SECRET_BYTES);
    if (!keeper_seal(request->app->keeper, request->arena, ACCOUNTS_KEY, setup_about(request),
                     (struct str){ plain, sizeof plain }, &sealed, err))
        return false;
    *setup = base64url_encode(request->arena, sealed);
    return true;
}

/* False also for what was not made here. */
static bool open_setup(struct request *request, struct str setup, struct str *secret)
{
    struct error ignored;
    struct str sealed, plain;
    uint64_t until;
    if (!setup.len || !base64_decode(request->arena, setup, &sealed)
        || !keeper_unseal(request->app->keeper, request->arena, ACCOUNTS_KEY, setup_about(request),
                          sealed, &plain, &ignored)
        || plain.len != TIME_BYTES + TOTP_SECRET_BYTES)
        return false;
    memcpy(&until, plain.at, TIME_BYTES);
    *secret = str_slice(plain, TIME_BYTES, plain.len);
    return (instant)be64toh(until) > request->now;
}

/* In groups of four, as people read it off. */
static struct str grouped(struct arena *arena, struct str text)
{
    struct buf out = { .arena = arena };
    for (size_t i = 0; i < text.len; i++) {
        if (i && i % 4 == 0)
            buf_byte(&out, ' ');
        buf_byte(&out, text.at[i]);
    }
    return buf_str(&out);
}

static bool reply_setup(struct request *request, struct str secret, const struct error *why,
                        struct error *err)
{
    struct str svg, setup;
    struct str issuer = config_text(request->app->config, "organisation");
    struct str address = totp_address(request->arena, issuer, request->session->login, secret);
    struct node *page = factor_page_within(request, N_("An app that makes codes"));
    if (!qr_svg(request->arena, address, tr(request, N_("QR code for your app")), &svg, err)
        || !seal_setup(request, secret, &setup, err))
        return false;
    node_put_markup(page, "qr", svg);
    node_put_text(page, "secret", grouped(request->arena, base32_encode(request->arena, secret)));
    node_put_text(page, "setup", setup);
    struct node *field = page_field(page, "code", "text",
                                    tr(request, N_("The code that the app shows now")), STR(""));
    node_put_text(field, "autocomplete", STR("one-time-code"));
    node_put_flag(field, "required", true);
    if (why)
        page_form_error(request, page, why);
    return reply_page(request, "platform/people/pages/app_setup", page);
}

static bool reply_new_setup(struct request *request, const struct error *why, struct error *err)
{
    char secret[TOTP_SECRET_BYTES];
    random_bytes(secret, sizeof secret);
    return reply_setup(request, (struct str){ secret, sizeof secret }, why, err);
}

bool show_app(struct request *request, struct error *err)
{
    struct tx *tx;
    struct factors factors;
    if (!request_tx(request, &tx, err)
        || !factors_load(tx, request->session->account, &factors, err))
        return false;
    if (!factors.app || request_has_query(request, "nieuw"))
        return proof_asked(request, request->target) || reply_new_setup(request, NULL, err);
    struct node *page = factor_page_within(request, N_("An app that makes codes"));
    node_put_text(page, "since",
                  show_day(request->arena, request->language, factors.app_since));
    return reply_page(request, "platform/people/pages/app", page);
}

struct new_app {
    struct str account, sealed;
    int64_t step;
    instant now;
};

static bool write_app(struct tx *tx, const void *with, struct error *err)
{
    const struct new_app *app = with;
    return totp_put(tx, app->account, app->sealed, app->step, app->now, err);
}

/* The reply after a change: the recovery codes of a first factor, or the page of all. */
static bool reply_changed(struct request *request, const struct factor_change *change,
                          const char *notice)
{
    if (change->codes)
        return reply_codes(request, change->codes);
    reply_notice(request, "ok", tr(request, notice));
    return reply_redirect(request, STR(FACTOR_PATH));
}

static bool put_app(struct request *request, struct str secret, int64_t step, struct error *err)
{
    struct new_app app = { .account = request->session->account, .step = step,
                           .now = request->now };
    struct factor_change change = { .request = request, .deed = write_app, .with = &app,
                                    .what = "account.code-app-set", .adds = true };
    return keeper_seal(request->app->keeper, request->arena, ACCOUNTS_KEY, app.account, secret,
                       &app.sealed, err)
           && factor_change(&change, err)
           && reply_changed(request, &change, N_("The app is set up. Other browsers are logged "
                                                 "out."));
}

bool set_app(struct request *request, struct error *err)
{
    struct form form;
    struct error why;
    struct str secret;
    int64_t step;
    if (proof_asked(request, STR(APP_PATH)))
        return true;
    if (!request_form(request, &form, err))
        return false;
    struct str code = form_text(&form, "code");
    if (!open_setup(request, form_text(&form, "setup"), &secret)) {
        fail(&why, INVALID, NULL,
             N_("This page was open for too long. Scan the new QR code."));
        return reply_new_setup(request, &why, err);
    }
    if (totp_check(secret, code, request->now, &step))
        return put_app(request, secret, step, err);
    fail(&why, INVALID, "code",
         N_("This is not the code that the app shows now. Check that the clock of your device is "
            "right, and fill in the newest code."));
    return reply_setup(request, secret, &why, err);
}

static bool delete_app(struct tx *tx, const void *with, struct error *err)
{
    const struct request *request = with;
    struct str sealed;
    if (!totp_find(tx, request->session->account, &sealed, err))
        return false;
    if (!sealed.len)
        return fail(err, CONFLICT, NULL, N_("The app was removed already."));
    return totp_remove(tx, request->session->account, err);
}

bool remove_app(struct request *request, struct error *err)
{
    struct factor_change change = { .request = request, .deed = delete_app, .with = request,
                                    .what = "account.code-app-removed", .removes = true };
    if (proof_asked(request, STR(APP_PATH)))
        return true;
    if (factor_change(&change, err))
        return reply_changed(request, &change, N_("The app is removed. Other browsers are logged "
                                                  "out."));
    if (err->kind != CONFLICT)
        return false;
    reply_notice(request, "error", tr(request, err->message));
    return reply_redirect(request, STR(APP_PATH));
}

/* ---- Recovery codes ---- */

bool reply_codes(struct request *request, const struct recovery_set *codes)
{
    struct node *page = factor_page_within(request, N_("Recovery codes"));
    struct node *list = node_put_list(page, "codes");
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        node_put_text(node_add_map(list), "code", codes->codes[i]);
    return reply_page(request, "platform/people/pages/codes", page);
}

bool show_codes(struct request *request, struct error *err)
{
    struct tx *tx;
    struct factors factors;
    if (!request_tx(request, &tx, err)
        || !factors_load(tx, request->session->account, &factors, err))
        return false;
    if (!factors_any(&factors))
        return reply_redirect(request, STR(FACTOR_PATH));
    struct node *page = factor_page_within(request, N_("Recovery codes"));
    node_put_int(page, "left", factors.recovery_left);
    return reply_page(request, "platform/people/pages/codes", page);
}

static bool write_codes(struct tx *tx, const void *with, struct error *err)
{
    const struct changing *changing = with;
    const struct request *request = changing->change->request;
    struct factors factors;
    if (!factors_load(tx, request->session->account, &factors, err))
        return false;
    if (!factors_any(&factors))
        return fail(err, CONFLICT, NULL, N_("Set up a second step first."));
    return recovery_put(tx, request->session->account, changing->codes, err);
}

bool make_codes(struct request *request, struct error *err)
{
    struct recovery_set codes;
    struct factor_change change = { .request = request, .deed = write_codes,
                                    .what = "account.recovery-codes-made" };
    struct changing making = { &change, &codes };
    if (proof_asked(request, STR(CODES_PATH)))
        return true;
    recovery_make(request->arena, request->session->account, &codes);
    change.with = &making;
    return factor_change(&change, err) && reply_codes(request, &codes);
}
