/* SPDX-License-Identifier: EUPL-1.2 */
/* Background work that survives a restart: a row in the database, a lease while a worker runs it,
 * another try with back-off when it fails or its node dies. Handlers must be idempotent. */
#ifndef PLATFORM_JOBS_H
#define PLATFORM_JOBS_H

#include "base/error.h"
#include "base/instant.h"
#include "platform/db/db.h"

struct app;
struct job_kind;

struct job {
    struct str id;
    const struct job_kind *kind;
    struct str payload;   /* what the kind's own code put there */
    int64_t attempt;      /* from 1 */
    instant lease_until;
};

struct job_kind {
    const char *name;     /* "nummervoorziening.batch" */
    /* Does the work, in as many transactions as it likes. True: the job is done and its row goes.
     * False: tried again later, until `attempts`; then it is kept as failed, for the operator. */
    bool (*run)(struct app *app, struct arena *arena, const struct job *job, struct error *err);
    int64_t attempts;     /* 0: 10 */
    instant lease;        /* 0: one minute; job_extend asks for more */
    instant every;        /* > 0: also runs by itself, about this often, on one node at a time */
    const char *title;    /* N_(), what it does: "Sending mail" */
};

/* Adds a job in the transaction of the deed that asks for it; it may start right after commit. */
bool job_add(struct tx *tx, const char *kind, struct str payload, instant not_before,
             struct error *err);
/* ... with an id of its own: while there is a job with this id, no other is added. */
bool job_add_once(struct tx *tx, struct str id, const char *kind, struct str payload,
                  struct error *err);
/* Wakes this process's workers: call after the commit of a job_add that should start at once. */
void jobs_wake(struct app *app);
/* Keeps a long job's lease; false when it was lost to another node, or this one is stopping: stop at
 * once, with this error; then the rest of the work is handed back for another node. */
bool job_extend(struct app *app, struct arena *arena, const struct job *job, struct error *err);

/* Workers. `serve` starts them. leave: no more work is begun here, and long work ends at its next
 * job_extend; stop waits for that and ends the workers. */
bool jobs_start(struct app *app, int64_t workers, struct error *err);
void jobs_leave(struct app *app);
void jobs_stop(struct app *app);
/* Is this process on its way out? Work that waits for others looks now and then. */
bool jobs_are_leaving(const struct app *app);
/* Runs what is due until nothing is, in this thread: for tests. */
bool jobs_run_due(struct app *app, struct error *err);

#endif
