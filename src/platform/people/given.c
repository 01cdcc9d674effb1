/* SPDX-License-Identifier: EUPL-1.2 */
/* What somebody gave beside a password, looked at and spent (people.h). */
#include "base/encoding.h"
#include "base/list.h"
#include "platform/keys/keeper.h"
#include "platform/people/factor_store.h"
#include "platform/people/people.h"
#include "platform/people/totp.h"

const char *given_name(const struct given *given)
{
    static const char *const names[] = { [GIVEN_APP_CODE] = "code",
                                         [GIVEN_RECOVERY_CODE] = "recovery-code",
                                         [GIVEN_PASSKEY] = "passkey" };
    return names[given->kind];
}

/* ---- Codes ---- */

/* Apps show six digits in two groups: a blank between them is no fault. */
static struct str without_blanks(struct arena *arena, struct str text)
{
    struct buf out = { .arena = arena };
    for (size_t i = 0; i < text.len; i++)
        if (!is_space(text.at[i]))
            buf_byte(&out, text.at[i]);
    return buf_str(&out);
}

static bool check_app_code(struct request *request, struct tx *tx, struct str code,
                           struct given *given, bool *right, struct error *err)
{
    struct str sealed, secret;
    if (!totp_find(tx, given->account, &sealed, err))
        return false;
    if (!sealed.len)
        return true;
    if (!keeper_unseal(request->app->keeper, request->arena, ACCOUNTS_KEY, given->account, sealed,
                       &secret, err))
        return false;
    *right = totp_check(secret, code, request->now, &given->step);
    return true;
}

bool given_code(struct request *request, struct str account, struct str typed, struct given *given,
                bool *right, struct error *err)
{
    struct tx *tx;
    struct str code = without_blanks(request->arena, typed);
    *given = (struct given){ .account = account };
    *right = false;
    if (!request_tx(request, &tx, err))
        return false;
    if (code.len == TOTP_DIGITS) {
        given->kind = GIVEN_APP_CODE;
        return check_app_code(request, tx, code, given, right, err);
    }
    given->kind = GIVEN_RECOVERY_CODE;
    return !recovery_hash(request->arena, account, code, &given->hash)
           || recovery_known(tx, account, given->hash, right, err);
}

/* ---- Passkeys ---- */

static struct str decoded(struct request *request, const struct form *form, const char *name)
{
    struct str bytes;
    return base64_decode(request->arena, form_text(form, name), &bytes) ? bytes : STR("");
}

bool form_has_passkey(const struct form *form)
{
    return form_text(form, "credential").len > 0;
}

static bool fail_not_here(struct error *err)
{
    return fail(err, INVALID, NULL,
                N_("Passkeys cannot be used at this address. Log in in another way."));
}

/* The user handle (section 7.2, step 6): who is not known by a password must be named by it. */
static bool check_holder(const struct given *given, struct str account, struct str handle,
                         struct error *err)
{
    bool same = account.len ? str_eq(given->passkey.account, account)
                            : str_eq(given->passkey.account, handle);
    bool handle_fits = !handle.len || str_eq(handle, given->passkey.account);
    return (same && handle_fits)
           || fail(err, NOT_FOUND, NULL, N_("This passkey is not known here. It may have been "
                                            "removed: log in in another way."));
}

bool given_passkey(struct request *request, const struct form *form, const char *purpose,
                   struct str account, struct given *given, struct error *err)
{
    struct tx *tx;
    uint32_t counter;
    struct relying_party party;
    struct client_data client;
    struct assertion assertion = {
        .client_data = decoded(request, form, "client_data"),
        .authenticator_data = decoded(request, form, "authenticator_data"),
        .signature = decoded(request, form, "signature"),
    };
    *given = (struct given){ .kind = GIVEN_PASSKEY };
    if (!relying_party(request, &party))
        return fail_not_here(err);
    if (!client_data_parse(request->arena, assertion.client_data, &client, err)
        || !challenge_check(request, purpose, account, client.challenge, &given->expires, err)
        || !request_tx(request, &tx, err)
        || !passkey_find(tx, decoded(request, form, "credential"), &given->passkey, err)
        || !check_holder(given, account, decoded(request, form, "user_handle"), err)
        || !passkey_verify(request->arena, &party, &assertion, given->passkey.public_key, &counter,
                           err))
        return false;
    given->account = given->passkey.account;
    given->challenge = client.challenge;
    given->counter = counter;
    return true;
}

/* ---- Spending ---- */

static bool spend_passkey(struct tx *tx, const struct given *given, instant now, bool *fresh,
                          struct error *err)
{
    return challenge_spend(tx, given->challenge, given->expires, now, fresh, err)
           && (!*fresh
               || passkey_count(tx, given->passkey.id, given->counter, now, fresh, err));
}

bool given_spend(struct tx *tx, const struct given *given, instant now, bool *fresh,
                 struct error *err)
{
    if (given->kind == GIVEN_APP_CODE)
        return totp_spend(tx, given->account, given->step, fresh, err);
    if (given->kind == GIVEN_RECOVERY_CODE)
        return recovery_spend(tx, given->account, given->hash, now, fresh, err);
    return spend_passkey(tx, given, now, fresh, err);
}
