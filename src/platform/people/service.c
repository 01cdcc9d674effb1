/* SPDX-License-Identifier: EUPL-1.2 */
/* People: how they log in and what they see of their own account. */
#include "platform/people/accounts.h"
#include "platform/people/factor_store.h"
#include "platform/people/people.h"

static const struct migration migrations[] = {
    { 1, "platform/people/schema/001-signing-in.sql" },
    { 2, "platform/people/schema/002-form-key.sql" },
    { 0 },
};

static const struct key_use keys[] = {
    { .name = ACCOUNTS_KEY,
      .purpose = N_("Seals the secrets of the apps with which people log in, and the key of forms."),
      .needs = accounts_key_needs,
      .renew = accounts_key_renew },
    { ACCOUNTS_MAC_KEY, N_("Makes the marks of devices, challenges and failed log-ins."), KEY_MAC },
    { .name = NULL },
};

static const struct setting settings[] = {
    { "people.address", SETTING_TEXT, "",
      N_("How people type the address of the pages, like https://fundament.example.nl, for links in "
         "mail. Empty: people.origin; without that no mail with a link is sent, unless only this "
         "computer can reach the pages.") },
    { "people.origin", SETTING_TEXT, "",
      N_("The address of the pages as browsers know it, like https://fundament.example.nl; passkeys "
         "are bound to it. Empty: people.address, or else what each request names.") },
    { "session.hours", SETTING_INT, "12",
      N_("A person must log in again after so many hours."), 1, 168 },
    { "session.idle_minutes", SETTING_INT, "30",
      N_("A person who does nothing for so many minutes must log in again."), 1, 1440 },
    { .name = NULL },
};

/* `before_factor`: what somebody may do who still has to set up a second factor. */
static const struct route routes[] = {
    { GET, "/inloggen", show_log_in, .on = PEOPLE },
    { POST, "/inloggen", log_in, .on = PEOPLE },
    { POST, "/inloggen/passkey", log_in_with_passkey, .on = PEOPLE },
    { GET, "/inloggen/code", show_second_step, .on = PEOPLE },
    { POST, "/inloggen/code", take_second_step, .on = PEOPLE },
    { POST, "/uitloggen", log_out, .on = PEOPLE },

    { GET, ACCOUNT_PATH, show_account, .on = PEOPLE, .role = ROLE_PERSON },
    { POST, "/account/wachtwoord", change_password, .on = PEOPLE, .role = ROLE_PERSON },
    { POST, "/account/sessies", end_other_sessions, .on = PEOPLE, .role = ROLE_PERSON },
    { POST, "/account/sessies/{session}", end_session_of, .on = PEOPLE, .role = ROLE_PERSON },

    { GET, CONFIRM_PATH, show_confirm, .on = PEOPLE, .role = ROLE_PERSON, .before_factor = true },
    { POST, CONFIRM_PATH, take_confirm, .on = PEOPLE, .role = ROLE_PERSON, .before_factor = true },
    { GET, FACTOR_PATH, show_factors, .on = PEOPLE, .role = ROLE_PERSON, .before_factor = true },
    { GET, APP_PATH, show_app, .on = PEOPLE, .role = ROLE_PERSON, .before_factor = true },
    { POST, APP_PATH, set_app, .on = PEOPLE, .role = ROLE_PERSON, .before_factor = true },
    { POST, "/account/code-app/verwijderen", remove_app, .on = PEOPLE, .role = ROLE_PERSON },
    { GET, PASSKEYS_PATH, show_passkeys, .on = PEOPLE, .role = ROLE_PERSON, .before_factor = true },
    { POST, PASSKEYS_PATH, add_passkey, .on = PEOPLE, .role = ROLE_PERSON, .before_factor = true },
    { GET, "/account/passkeys/{passkey}", show_passkey, .on = PEOPLE, .role = ROLE_PERSON },
    { POST, "/account/passkeys/{passkey}", rename_passkey, .on = PEOPLE, .role = ROLE_PERSON },
    { POST, "/account/passkeys/{passkey}/verwijderen", remove_passkey, .on = PEOPLE,
      .role = ROLE_PERSON },
    { GET, CODES_PATH, show_codes, .on = PEOPLE, .role = ROLE_PERSON },
    { POST, CODES_PATH, make_codes, .on = PEOPLE, .role = ROLE_PERSON },
    { METHOD_NONE },
};

static const struct deed_kind deeds[] = {
    { "account.added", N_("An account was made") },
    { "account.log-in-refused", N_("Logging in was refused") },
    { "account.logged-in", N_("Somebody logged in") },
    { "account.password-changed", N_("A password was changed") },
    { "account.code-app-removed", N_("An app for codes was removed") },
    { "account.code-app-set", N_("An app for codes was set up") },
    { "account.code-refused", N_("A code was refused") },
    { "account.confirmed", N_("Somebody confirmed who they are") },
    { "account.factors-reset", N_("The second step of an account was reset") },
    { "account.passkey-added", N_("A passkey was added") },
    { "account.passkey-refused", N_("A passkey was refused") },
    { "account.passkey-removed", N_("A passkey was removed") },
    { "account.password-refused", N_("A password was refused") },
    { "account.recovery-codes-made", N_("Recovery codes were made") },
    { "account.session-ended", N_("A session was ended") },
    { "account.sessions-ended", N_("All other sessions were ended") },
    { NULL },
};

static bool start(struct app *app, void **state, struct error *err)
{
    struct people *people = arena_new(app->arena, struct people);
    people->checks = checks_new(app->arena);
    *state = people;
    return people_address_check(app->config, err)
           && is_demo(app->db, app->arena, &app->demo, err);
}

const struct service people_service = {
    .name = "people",
    .title = N_("People"),
    .migrations = migrations,
    .keys = keys,
    .exports = people_exports,
    .settings = settings,
    .routes = routes,
    .deeds = deeds,
    .start = start,
    .seed_demo = seed_demo_accounts,
};
