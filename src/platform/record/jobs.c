/* SPDX-License-Identifier: EUPL-1.2 */
/* A worker looks for what is due in a snapshot, claims it by an UPDATE that only one of many can
 * win, runs it, and writes how it ended, unless its lease was lost to another. */
#include "platform/record/jobs.h"

#include "base/list.h"
#include "base/log.h"
#include "base/process.h"
#include "base/random.h"
#include "base/wait.h"
#include "platform/app.h"
#include "platform/metrics.h"
#include "platform/record/clerk.h"
#include "platform/record/jobs_view.h"
#include "platform/service.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define ATTEMPTS      10
#define LEASE         MINUTE
#define FIRST_BACKOFF SECOND
#define LAST_BACKOFF  HOUR
#define POLL_SECONDS  1 /* other nodes' jobs are found by looking */
#define MEMORY_LIMIT  ((size_t)512 * 1024 * 1024)

struct jobs {
    struct app *app;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    uint64_t wakes; /* how often somebody called jobs_wake */
    bool stopping;
    struct clerk *clerk;
    int64_t workers;
    pthread_t threads[];
};

static const struct statement add_job = SQL(
    "INSERT INTO job (id, kind, payload, state, run_at, attempt, node, last_error)"
    " VALUES ($1, $2, $3, 'waiting', $4, 0, '', '')");

static const struct statement add_once = SQL(
    "INSERT INTO job (id, kind, payload, state, run_at, attempt, node, last_error)"
    " VALUES ($1, $2, $4, 'waiting', $3, 0, '', '') ON CONFLICT (id) DO NOTHING");

static const struct statement find_due = SQL(
    "SELECT id, payload, run_at, attempt"
    "  FROM job WHERE kind = $1 AND run_at <= $2 AND state <> 'failed'"
    " ORDER BY run_at LIMIT 1");

/* Only one of those who saw the same `run_at` finds it still so. */
static const struct statement claim = SQL(
    "UPDATE job SET state = 'running', attempt = attempt + 1, run_at = $3, node = $4"
    " WHERE id = $1 AND run_at = $2 AND state <> 'failed'");

static const struct statement extend = SQL(
    "UPDATE job SET run_at = $3 WHERE id = $1 AND attempt = $2 AND state = 'running'"
    " AND node = $4");

static const struct statement remove_done = SQL(
    "DELETE FROM job WHERE id = $1 AND attempt = $2 AND state = 'running' AND node = $3");

static const struct statement wait_again = SQL(
    "UPDATE job SET state = $4, run_at = $5, attempt = $6, last_error = $7"
    " WHERE id = $1 AND attempt = $2 AND state = 'running' AND node = $3");

static const struct statement running = SQL(
    "SELECT id, node FROM job WHERE state = 'running'");

static const struct statement take_back = SQL(
    "UPDATE job SET run_at = $3 WHERE id = $1 AND node = $2 AND state = 'running'");

/* ---- Small facts ---- */

static instant lease_of(const struct job_kind *kind)
{
    return kind->lease ? kind->lease : LEASE;
}

static int64_t attempts_of(const struct job_kind *kind)
{
    return kind->attempts ? kind->attempts : ATTEMPTS;
}

/* Doubles from a second to an hour; up to a quarter more, so that failures spread. */
static instant backoff(int64_t attempt)
{
    uint32_t chance;
    random_bytes(&chance, sizeof chance);
    instant pause = FIRST_BACKOFF;
    for (int64_t i = 1; i < attempt && pause < LAST_BACKOFF; i++)
        pause *= 2;
    pause = pause < LAST_BACKOFF ? pause : LAST_BACKOFF;
    return pause + pause / 4 * (instant)(chance % 1024) / 1024;
}

/* ---- Adding and extending ---- */

bool job_add(struct tx *tx, const char *kind, struct str payload, instant not_before,
             struct error *err)
{
    instant now = instant_now();
    return db_do(tx, &add_job,
                 ARGS(arg_text(random_uuid(tx_arena(tx))), arg_text(str_of(kind)),
                      arg_text(payload), arg_int(not_before > now ? not_before : now)),
                 NULL, err);
}

bool job_add_once(struct tx *tx, struct str id, const char *kind, struct str payload,
                  struct error *err)
{
    return db_do(tx, &add_once,
                 ARGS(arg_text(id), arg_text(str_of(kind)), arg_int(instant_now()),
                      arg_text(payload)),
                 NULL, err);
}

struct extension {
    const struct job *job;
    instant until;
    int64_t changed;
};

static bool do_extend(struct tx *tx, void *with, struct error *err)
{
    struct extension *extension = with;
    const struct job *job = extension->job;
    return db_do(tx, &extend,
                 ARGS(arg_text(job->id), arg_int(job->attempt), arg_int(extension->until),
                      arg_text(process_name(tx_arena(tx)))),
                 &extension->changed, err);
}

/* Is this process on its way out? Then long work ends where it is, for another node to go on. */
bool jobs_are_leaving(const struct app *app)
{
    struct jobs *jobs = app->jobs;
    if (!jobs)
        return false;
    pthread_mutex_lock(&jobs->lock);
    bool leaving = jobs->stopping;
    pthread_mutex_unlock(&jobs->lock);
    return leaving;
}

bool job_extend(struct app *app, struct arena *arena, const struct job *job, struct error *err)
{
    if (jobs_are_leaving(app))
        return fail(err, UNAVAILABLE, NULL, N_("This server is stopping."));
    struct extension extension = { .job = job, .until = instant_now() + lease_of(job->kind) };
    if (!db_write(app->db, arena, do_extend, &extension, err))
        return false;
    return extension.changed == 1
        || fail(err, CONFLICT, NULL, N_("Another node has taken this work over."));
}

/* ---- Finding and claiming ---- */

struct search {
    const struct app *app;
    instant now;
    struct job job;      /* the longest due */
    instant run_at;
    bool found;
};

static bool look_at(struct tx *tx, struct search *search, const struct job_kind *kind,
                    struct error *err)
{
    struct rows rows;
    if (!db_query(tx, &find_due, ARGS(arg_text(str_of(kind->name)), arg_int(search->now)), &rows,
                  err))
        return false;
    if (rows_next(&rows) && (!search->found || row_int(&rows, 2) < search->run_at)) {
        search->found = true;
        search->run_at = row_int(&rows, 2);
        search->job = (struct job){ .id = row_text(&rows, 0),
                                    .kind = kind,
                                    .payload = row_text(&rows, 1),
                                    .attempt = row_int(&rows, 3) + 1 };
    }
    return rows_end(&rows, err);
}

static bool do_search(struct tx *tx, void *with, struct error *err)
{
    struct search *search = with;
    for (const struct service *const *s = search->app->services; *s; s++)
        for (const struct job_kind *kind = (*s)->jobs; kind && kind->name; kind++)
            if (!look_at(tx, search, kind, err))
                return false;
    return true;
}

static bool do_claim(struct tx *tx, void *with, struct error *err)
{
    struct search *search = with;
    int64_t changed;
    if (!db_do(tx, &claim,
               ARGS(arg_text(search->job.id), arg_int(search->run_at),
                    arg_int(search->job.lease_until), arg_text(process_name(tx_arena(tx)))),
               &changed, err))
        return false;
    search->found = changed == 1;
    return true;
}

/* `search->found`: there is a job, and it is ours. `*seen`: there was one, maybe taken by now. */
static bool take_due(struct app *app, struct arena *arena, struct search *search, bool *seen,
                     struct error *err)
{
    *search = (struct search){ .app = app, .now = instant_now() };
    if (!db_read(app->db, arena, do_search, search, err))
        return false;
    *seen = search->found;
    if (!search->found)
        return true;
    search->job.lease_until = instant_now() + lease_of(search->job.kind);
    return db_write(app->db, arena, do_claim, search, err);
}

/* ---- Running ---- */

static bool run_guarded(struct app *app, struct arena *arena, const struct job *job,
                        struct error *err)
{
    jmp_buf rescue;
    if (setjmp(rescue)) {
        arena->rescue = NULL;
        memory_rescue(NULL);
        return fail(err, UNAVAILABLE, NULL,
                    N_("There is not enough memory for this. Ask for less at a time."));
    }
    arena->rescue = &rescue;
    memory_rescue(&rescue);
    bool ok = job->kind->run(app, arena, job, err);
    arena->rescue = NULL;
    memory_rescue(NULL);
    return ok;
}

struct ending {
    const struct job *job;
    bool ok;
    bool handed_back;   /* it was broken off by the end of this server: another goes on, at once */
    struct error err;
};

/* A kind that runs by itself is never given up: it has its next turn anyway. */
static bool is_used_up(const struct job *job)
{
    return !job->kind->every && job->attempt >= attempts_of(job->kind);
}

static instant next_turn(const struct ending *ending)
{
    if (ending->handed_back)
        return instant_now();
    instant every = ending->job->kind->every, pause = backoff(ending->job->attempt);
    if (ending->ok || (every && every < pause))
        return instant_now() + every;
    return instant_now() + pause;
}

static bool do_end(struct tx *tx, void *with, struct error *err)
{
    const struct ending *ending = with;
    const struct job *job = ending->job;
    struct arena *arena = tx_arena(tx);
    struct arg id = arg_text(job->id), attempt = arg_int(job->attempt);
    struct arg node = arg_text(process_name(arena));
    if (!ending->handed_back && !job_count(tx, job->kind->name, ending->ok, instant_now(), err))
        return false;
    if (ending->ok && !job->kind->every)
        return db_do(tx, &remove_done, ARGS(id, attempt, node), NULL, err);
    bool given_up = !ending->ok && !ending->handed_back && is_used_up(job);
    bool fresh = ending->ok || ending->handed_back;
    int64_t attempts = ending->ok ? 0 : job->attempt - ending->handed_back;
    struct str why = fresh ? STR("") : error_text(arena, &ending->err, NULL);
    return db_do(tx, &wait_again,
                 ARGS(id, attempt, node, arg_text(given_up ? STR("failed") : STR("waiting")),
                      arg_int(next_turn(ending)), arg_int(attempts),
                      arg_text(why)),
                 NULL, err);
}

/* Its node ended in the middle of its last attempt, perhaps because of it. */
static bool was_abandoned(const struct job *job, struct error *err)
{
    if (job->kind->every || job->attempt <= attempts_of(job->kind))
        return false;
    fail(err, UNAVAILABLE, NULL, N_("The work was broken off by the end of its node."));
    return true;
}

static void count_ending(const struct app *app, const struct ending *ending)
{
    const char *kind = ending->job->kind->name;
    if (!app->metrics || ending->handed_back)
        return;
    if (ending->ok)
        metrics_count(app->metrics, "fundament_jobs_done_total", "Background jobs that were done.",
                      "kind", kind, 1);
    else
        metrics_count(app->metrics, "fundament_jobs_failed_total",
                      "Attempts at background jobs that failed.", "kind", kind, 1);
}

static bool run_one(struct app *app, const struct job *job, struct error *err)
{
    struct arena arena, closing = { 0 };
    struct ending ending = { .job = job };
    arena_init(&arena, MEMORY_LIMIT);
    ending.ok = !was_abandoned(job, &ending.err)
             && run_guarded(app, &arena, job, &ending.err);
    arena_free(&arena);
    ending.handed_back = !ending.ok && ending.err.kind == UNAVAILABLE && jobs_are_leaving(app);
    if (!ending.ok && !ending.handed_back)
        log_failure(is_used_up(job) ? "job-failed" : "job-postponed", &ending.err);
    count_ending(app, &ending);
    bool written = db_write(app->db, &closing, do_end, &ending, err);
    arena_free(&closing);
    return written;
}

/* Runs the job that is due longest. `*busy`: look again at once. */
static bool run_next(struct app *app, bool *busy, struct error *err)
{
    struct arena arena = { 0 };
    struct search search;
    *busy = false;
    bool ok = take_due(app, &arena, &search, busy, err)
           && (!search.found || run_one(app, &search.job, err));
    arena_free(&arena);
    return ok;
}

/* ---- Workers ---- */

static bool do_add_periodic(struct tx *tx, void *with, struct error *err)
{
    const struct app *app = with;
    for (const struct service *const *s = app->services; *s; s++)
        for (const struct job_kind *kind = (*s)->jobs; kind && kind->name; kind++) {
            if (!kind->every)
                continue;
            struct str id = str_format(tx_arena(tx), "every:%s", kind->name);
            if (!db_do(tx, &add_once,
                       ARGS(arg_text(id), arg_text(str_of(kind->name)), arg_int(instant_now()),
                            arg_text(STR(""))),
                       NULL, err))
                return false;
        }
    return true;
}

struct left_job {
    struct str id, node;
};

static bool find_left(struct tx *tx, struct left_job **left, size_t *count, struct error *err)
{
    list_of(struct left_job) list = { 0 };
    struct rows rows;
    if (!db_query(tx, &running, NO_ARGS, &rows, err))
        return false;
    while (rows_next(&rows)) {
        struct left_job job = { row_text(&rows, 0), row_text(&rows, 1) };
        if (process_has_ended(tx_arena(tx), job.node))
            *list_add(tx_arena(tx), &list) = job;
    }
    *left = list.at;
    *count = list.len;
    return rows_end(&rows, err);
}

/* What a process of this computer left behind need not wait until its lease ends. */
static bool do_take_back(struct tx *tx, void *with, struct error *err)
{
    struct left_job *left;
    size_t count;
    (void)with;
    if (!find_left(tx, &left, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!db_do(tx, &take_back,
                   ARGS(arg_text(left[i].id), arg_text(left[i].node), arg_int(instant_now())),
                   NULL, err))
            return false;
    return true;
}

static bool prepare(struct app *app, struct error *err)
{
    struct arena arena = { 0 };
    bool ok = db_write(app->db, &arena, do_add_periodic, app, err);
    arena_free(&arena);
    return ok;
}

/* Until somebody wakes us (also since `wakes` was read), or it is time to look again. */
static void rest(struct jobs *jobs, uint64_t wakes)
{
    const struct timespec until = wait_until(POLL_SECONDS * SECOND);
    pthread_mutex_lock(&jobs->lock);
    while (!jobs->stopping && jobs->wakes == wakes
           && wait_at(&jobs->wake, &jobs->lock, &until))
        ;
    pthread_mutex_unlock(&jobs->lock);
}

static bool is_stopping(struct jobs *jobs, uint64_t *wakes)
{
    pthread_mutex_lock(&jobs->lock);
    bool stopping = jobs->stopping;
    *wakes = jobs->wakes;
    pthread_mutex_unlock(&jobs->lock);
    return stopping;
}

static void *work(void *with)
{
    struct jobs *jobs = with;
    uint64_t wakes;
    while (!is_stopping(jobs, &wakes)) {
        struct error err;
        bool busy;
        if (!run_next(jobs->app, &busy, &err)) {
            log_failure("jobs-unavailable", &err);
            busy = false;
        }
        if (!busy)
            rest(jobs, wakes);
    }
    return NULL;
}

static void make_lock(struct jobs *jobs)
{
    wait_init(&jobs->wake);
    pthread_mutex_init(&jobs->lock, NULL);
}

bool jobs_start(struct app *app, int64_t workers, struct error *err)
{
    struct arena arena = { 0 };
    bool prepared = prepare(app, err) && db_write(app->db, &arena, do_take_back, app, err);
    arena_free(&arena);
    if (!prepared)
        return false;
    struct jobs *jobs = calloc(1, sizeof *jobs + (size_t)workers * sizeof jobs->threads[0]);
    if (!jobs)
        return fail(err, UNAVAILABLE, NULL,
                    N_("There is not enough memory for this. Ask for less at a time."));
    jobs->app = app;
    make_lock(jobs);
    app->jobs = jobs;
    for (; jobs->workers < workers; jobs->workers++)
        if (pthread_create(&jobs->threads[jobs->workers], NULL, work, jobs) != 0) {
            jobs_stop(app);
            return fail_internal(err, "a worker's thread could not be started");
        }
    if (!clerk_start(app, &jobs->clerk, err)) {
        jobs_stop(app);
        return false;
    }
    return true;
}

void jobs_wake(struct app *app)
{
    struct jobs *jobs = app->jobs;
    if (!jobs)
        return;
    pthread_mutex_lock(&jobs->lock);
    jobs->wakes++;
    pthread_cond_broadcast(&jobs->wake);
    pthread_mutex_unlock(&jobs->lock);
}

void jobs_leave(struct app *app)
{
    struct jobs *jobs = app->jobs;
    if (!jobs)
        return;
    pthread_mutex_lock(&jobs->lock);
    jobs->stopping = true;
    pthread_cond_broadcast(&jobs->wake);
    pthread_mutex_unlock(&jobs->lock);
}

void jobs_stop(struct app *app)
{
    struct jobs *jobs = app->jobs;
    if (!jobs)
        return;
    jobs_leave(app);
    for (int64_t i = 0; i < jobs->workers; i++)
        pthread_join(jobs->threads[i], NULL);
    clerk_stop(app, jobs->clerk);
    app->jobs = NULL;
    pthread_cond_destroy(&jobs->wake);
    pthread_mutex_destroy(&jobs->lock);
    free(jobs);
}

bool jobs_run_due(struct app *app, struct error *err)
{
    bool busy = true, ok = prepare(app, err);
    while (ok && busy)
        ok = run_next(app, &busy, err);
    return ok;
}
