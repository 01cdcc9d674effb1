/* SPDX-License-Identifier: EUPL-1.2 */
/* What the doctor (platform/operation/doctor.h) sees of deeds, events and webhooks. */
#include "platform/operation/doctor.h"
#include "platform/record/followers.h"
#include "platform/record/inbox.h"
#include "platform/record/record.h"
#include "platform/record/webhooks.h"

#include <unistd.h>

#define ILL_AFTER 10 /* failures one after another: more than an hour of them */

struct looking {
    struct app *app;
    struct findings *findings;
};

static bool look_in(struct app *app, struct findings *findings, db_work *work, struct error *err)
{
    struct looking looking = { app, findings };
    return db_read(app->db, findings->arena, work, &looking, err);
}

/* ---- Deeds ---- */

static bool ask_deeds(struct tx *tx, void *with, struct error *err)
{
    const struct looking *looking = with;
    instant oldest, now = instant_now();
    if (!inbox_oldest(tx, &oldest, err))
        return false;
    if (oldest && oldest < now - MINUTE)
        found(looking->findings, WORRY,
              N_("Deeds wait for %s minutes to be put into the audit trail: does a node run? See "
                 "systemctl status fundament."),
              "%lld", (long long)((now - oldest) / MINUTE));
    return true;
}

static bool look_at_deeds(struct app *app, struct findings *findings, struct error *err)
{
    return look_in(app, findings, ask_deeds, err);
}

/* ---- Followers ---- */

static bool ask_follower(struct tx *tx, struct findings *findings,
                         const struct follower_state *state, struct error *err)
{
    struct event *next;
    size_t count;
    if (state->attempts) {
        found(findings, WORRY,
              N_("The follower %s stays at an event that fails: the page of background work shows why; "
                 "mend that, and it goes on by itself."),
              "%s", state->name);
        return true;
    }
    if (!events_after(tx, state->position, 1, &next, &count, err))
        return false;
    if (count && next->at < instant_now() - HOUR)
        found(findings, WORRY,
              N_("The follower %s is more than an hour behind: does a node run? See systemctl status "
                 "fundament."),
              "%s", state->name);
    return true;
}

static bool ask_followers(struct tx *tx, void *with, struct error *err)
{
    const struct looking *looking = with;
    struct follower_states states;
    if (!followers_list(looking->app, tx, &states, err))
        return false;
    for (size_t i = 0; i < states.len; i++)
        if (!ask_follower(tx, looking->findings, &states.at[i], err))
            return false;
    return true;
}

static bool look_at_followers(struct app *app, struct findings *findings, struct error *err)
{
    return look_in(app, findings, ask_followers, err);
}

/* ---- Webhooks ---- */

static bool ask_webhooks(struct tx *tx, void *with, struct error *err)
{
    struct findings *findings = ((const struct looking *)with)->findings;
    struct webhook_rows webhooks;
    int64_t failed = 0;
    if (!webhook_list(tx, STR(""), true, &webhooks, err))
        return false;
    for (size_t i = 0; i < webhooks.len; i++) {
        const struct webhook *webhook = &webhooks.at[i];
        failed += webhook->failed;
        if (webhook->active && webhook->failures >= ILL_AFTER)
            found(findings, WORRY,
                  N_("The webhook %s had no receipt for hours: have those whose it is look at their "
                     "receiver, or turn the webhook off."),
                  "%.*s (%.*s)", FMT(webhook->id), FMT(webhook->organisation));
    }
    if (failed)
        found(findings, WORRY,
              N_("%s messages to webhooks were given up: those whose they are can send them again on the "
                 "webhook's page."),
              "%lld", (long long)failed);
    return true;
}

static void look_at_settings(const struct app *app, struct findings *findings)
{
    struct str ca = config_text(app->config, "webhooks.ca");
    const char *path = config_path(app->config, findings->arena, str_c(findings->arena, ca));
    if (ca.len && access(path, R_OK) != 0)
        found(findings, BROKEN,
              N_("The setting webhooks.ca names %s, which cannot be read: name a file with certificates "
                 "in PEM, or leave the setting empty."),
              "%s", path);
    if (config_flag(app->config, "webhooks.allow_private"))
        found(findings, WORRY,
              N_("The setting webhooks.allow_private is on: webhooks reach what is inside your network. "
                 "Turn it off unless receivers are there."),
              "%s", "");
}

static bool look_at_webhooks(struct app *app, struct findings *findings, struct error *err)
{
    look_at_settings(app, findings);
    return look_in(app, findings, ask_webhooks, err);
}

const struct check record_checks[] = {
    { "deeds", look_at_deeds },
    { "followers", look_at_followers },
    { "webhooks", look_at_webhooks },
    { .name = NULL },
};
