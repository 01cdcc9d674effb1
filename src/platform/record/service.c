/* SPDX-License-Identifier: EUPL-1.2 */
/* What is written down of every deed: the audit trail, events and their followers, background work.
 * See README.md in this folder. */
#include "platform/record/pages.h"
#include "platform/record/record.h"

#include "platform/isolation/sandbox.h"
#include "platform/record/followers.h"
#include "platform/record/webhooks.h"

#include <curl/curl.h>

static const struct migration migrations[] = {
    { 1, "platform/record/schema/001-record.sql" },
    { 2, "platform/record/schema/002-audit-guard-sqlite.sql",
      .postgres = "platform/record/schema/002-audit-guard-postgres.sql" },
    { 3, "platform/record/schema/003-filed-sqlite.sql",
      .postgres = "platform/record/schema/003-filed-postgres.sql" },
    { 0 },
};

static const struct setting settings[] = {
    { "webhooks.allow_private", SETTING_FLAG, "no",
      N_("Webhooks may lead to private addresses, any port and plain http: for tests and for receivers "
         "inside.") },
    { "webhooks.ca", SETTING_TEXT, "",
      N_("A file with the certificates by which receivers of webhooks are known; empty: those of the "
         "system.") },
    { .name = NULL },
};

static const struct route routes[] = {
    { GET, "/verslag", show_own_trail, .on = PEOPLE, .role = ROLE_BOARD_MEMBER },
    { GET, "/beheer/verslag", show_trail, .on = PEOPLE, .role = ROLE_OPERATOR },
    { GET, "/beheer/werk", show_work, .on = PEOPLE, .role = ROLE_OPERATOR },
    { POST, "/beheer/werk", change_work, .on = PEOPLE, .role = ROLE_OPERATOR },
    { GET, "/webhooks", show_webhooks, .on = PEOPLE, .role = ROLE_PERSON },
    { POST, "/webhooks", add_webhook, .on = PEOPLE, .role = ROLE_PERSON },
    { GET, "/webhooks/{id}", show_webhook, .on = PEOPLE, .role = ROLE_PERSON },
    { POST, "/webhooks/{id}", change_webhook, .on = PEOPLE, .role = ROLE_PERSON },
    { METHOD_NONE },
};

static const struct job_kind jobs[] = {
    { "record.audit-check", audit_check_job, .every = DAY,
      .title = N_("Checking that the audit trail fits") },
    { FOLLOWER_JOB, follower_job, .attempts = INT64_MAX,
      .title = N_("Bringing a follower of events up to date") },
    { WEBHOOKS_JOB, webhooks_job, .attempts = INT64_MAX,
      .title = N_("Sending messages to webhooks") },
    { .name = NULL },
};

static const struct entry entries[] = {
    { "/verslag", N_("Record"),
      N_("Everything that was done in the name of your school board, and by whom."),
      ROLE_BOARD_MEMBER },
    { "/beheer/verslag", N_("Audit trail"),
      N_("Every deed on this installation, and whether the trail still fits."), ROLE_OPERATOR },
    { "/beheer/werk", N_("Background work"),
      N_("What waits, runs and failed behind the pages."), ROLE_OPERATOR },
    { "/webhooks", N_("Webhooks"), N_("Have your systems told of what happens here."),
      ROLE_BOARD_ADMIN },
    { "/webhooks", N_("Webhooks"), N_("Have your systems told of what happens here."), ROLE_VENDOR },
    { "/webhooks", N_("Webhooks"), N_("Have your systems told of what happens here."),
      ROLE_OPERATOR },
    { .path = NULL },
};

static const struct deed_kind deeds[] = {
    { "record.follower-replayed", N_("A follower of events was started again") },
    { "record.job-removed", N_("Failed background work was removed") },
    { "record.job-retried", N_("Failed background work was tried again") },
    { "record.webhook-added", N_("A webhook was added") },
    { "record.webhook-changed", N_("A webhook was changed") },
    { "record.webhook-removed", N_("A webhook was removed") },
    { "record.webhook-secret-renewed", N_("The secret of a webhook was renewed") },
    { NULL },
};

static const struct follower followers[] = {
    { "record.webhooks", NULL, webhooks_follow, N_("Makes messages for webhooks") },
    { .name = NULL },
};

static const struct key_use keys[] = {
    { .name = WEBHOOK_KEY,
      .purpose = N_("Seals the secrets by which webhooks are signed."),
      .needs = webhooks_key_needs,
      .renew = webhooks_key_renew },
    { .name = NULL },
};

static bool start(struct app *app, void **state, struct error *err)
{
    (void)app;
    *state = NULL;
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
        || fail_internal(err, "libcurl does not start");
}

static void stop(struct app *app, void *state)
{
    (void)app, (void)state;
    curl_global_cleanup();
}

static void add_needs(struct app *app, struct sandbox *sandbox)
{
    struct str ca = config_text(app->config, "webhooks.ca");
    sandbox_connect(sandbox, 443);
    sandbox_connect(sandbox, 8443);
    if (config_flag(app->config, "webhooks.allow_private"))
        sandbox->connects_anywhere = true;
    sandbox_read(sandbox, "/etc/ssl/certs");
    if (ca.len)
        sandbox_read(sandbox, config_path(app->config, sandbox->arena, str_c(sandbox->arena, ca)));
}

const struct service record_service = {
    .name = "record",
    .title = N_("Record"),
    .migrations = migrations,
    .routes = routes,
    .jobs = jobs,
    .entries = entries,
    .settings = settings,
    .deeds = deeds,
    .followers = followers,
    .keys = keys,
    .exports = record_exports,
    .checks = record_checks,
    .start = start,
    .stop = stop,
    .needs = add_needs,
};
