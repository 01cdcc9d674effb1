/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/commands.h"
#include "platform/record/audit.h"
#include "platform/record/followers.h"
#include "platform/record/filing.h"
#include "services/services.h"

#include <stdio.h>
#include <string.h>

struct asked {
    struct app *app;
    struct str name;
    int64_t number;
    struct follower_states states;
};

static bool do_list(struct tx *tx, void *with, struct error *err)
{
    struct asked *asked = with;
    return followers_list(asked->app, tx, &asked->states, err);
}

static bool show_followers(struct asked *asked, struct arena *arena, struct error *err)
{
    if (!db_read(asked->app->db, arena, do_list, asked, err))
        return false;
    for (size_t i = 0; i < asked->states.len; i++) {
        const struct follower_state *state = &asked->states.at[i];
        printf("%s: at event %lld, %lld behind", state->name, (long long)state->position,
               (long long)state->behind);
        if (state->attempts)
            printf(", failed %lld times: %.*s", (long long)state->attempts, FMT(state->reason));
        putchar('\n');
    }
    return true;
}

static bool do_replay(struct tx *tx, void *with, struct error *err)
{
    const struct asked *asked = with;
    const struct audit_entry entry = {
        .who = STR("command:events"),
        .what = "record.follower-replayed",
        .subject = str_format(tx_arena(tx), "follower:%.*s", FMT(asked->name)),
        .detail = str_format(tx_arena(tx), "{\"number\":%lld}", (long long)asked->number),
    };
    return follower_replay(asked->app, tx, asked->name, asked->number, err)
        && audit_add(tx, instant_now(), &entry, err);
}

static bool replay(struct asked *asked, struct arena *arena, struct error *err)
{
    if (!db_write(asked->app->db, arena, do_replay, asked, err))
        return false;
    printf("%.*s starts again behind event %lld.\n", FMT(asked->name), (long long)asked->number);
    return true;
}

static bool run(struct command_line *line, struct error *err)
{
    struct app app;
    struct asked asked = { .app = &app };
    const char *from = cli_option(line, "--after");
    bool replays = line->count == 2 && strcmp(line->words[0], "replay") == 0;
    if (!replays && !(line->count == 1 && strcmp(line->words[0], "followers") == 0))
        return cli_usage(&command_events, err);
    if (from && !str_to_int(str_of(from), 0, INT64_MAX, &asked.number))
        return fail(err, INVALID, "after", N_("--after takes the number of an event."));
    asked.name = str_of(replays ? line->words[1] : "");
    if (!app_open(line->arena, line->data, all_services, false, &app, err))
        return false;
    bool ok = record_settle(&app, err)
           && (replays ? replay(&asked, line->arena, err)
                       : show_followers(&asked, line->arena, err));
    app_close(&app);
    return ok;
}

const struct command command_events = {
    .name = "events",
    .usage = "followers | replay NAME [--after NUMBER]",
    .help = "Shows how far each follower of the events has come, or has one start again behind an "
            "event (without a number: from the first).",
    .run = run,
};
