/* SPDX-License-Identifier: EUPL-1.2 */
/* Followers of events: each gets every event of its kinds, in the order of their numbers, at least
 * once. Its position moves on in the transaction of its own effects: what it writes to the database it
 * writes exactly once per event, unless somebody has it start again (`fundament events replay`), for
 * which it must be idempotent: look whether the effect is there before you make it. What it wants to
 * happen elsewhere (a mail, a call) it leaves to a job, added in the same transaction.
 *
 * A follower that fails stays at its event, and tries again after a second, two, four, up to an hour;
 * the page of background work shows why. */
#ifndef PLATFORM_FOLLOWERS_H
#define PLATFORM_FOLLOWERS_H

#include "base/list.h"
#include "platform/record/events.h"
#include "platform/record/jobs.h"

/* Stands in a service's table `followers`. */
struct follower {
    const char *name;   /* "record.webhooks" */
    const char *kinds;  /* beginnings of kinds with blanks between, "sector. nummervoorziening."; NULL:
                           all */
    /* Does what the event asks for, in the database; runs again from scratch when the transaction
     * does. An error keeps the follower at this event. */
    bool (*handle)(struct app *app, struct tx *tx, const struct event *event, struct error *err);
    const char *title;  /* N_(), what it does */
};

/* Does one of these beginnings (with blanks between; none: all) fit this kind? */
bool kinds_have(struct str kinds, struct str kind);

/* How far a follower has come. */
struct follower_state {
    const char *name, *title;
    int64_t position;  /* number of the last event that it has done */
    int64_t behind;    /* how many are left */
    int64_t attempts;  /* that failed since; 0: all is well */
    instant next_try;
    struct str reason; /* why the last attempt failed */
};
struct follower_states {
    list_of(struct follower_state);
};
bool followers_list(struct app *app, struct tx *tx, struct follower_states *states,
                    struct error *err);

/* Has a follower start again behind event `number` (0: from the first); NOT_FOUND: no service has it. */
bool follower_replay(struct app *app, struct tx *tx, struct str name, int64_t number,
                     struct error *err);

/* Adds a job for each follower that is behind and has none; `*added` tells whether there was one. */
bool followers_wake(struct app *app, bool *added, struct error *err);
/* That job: brings the follower of this name up to date. */
bool follower_job(struct app *app, struct arena *arena, const struct job *job, struct error *err);

#define FOLLOWER_JOB "record.follower"

#endif
