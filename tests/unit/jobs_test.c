/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "base/log.h"
#include "platform/app.h"
#include "platform/record/jobs.h"
#include "platform/service.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the kinds below saw, in this process. */
static atomic_int runs, sum;
static atomic_llong last_attempt;

static bool run_well(struct app *app, struct arena *arena, const struct job *job,
                     struct error *err)
{
    int64_t number = 0;
    (void)app, (void)arena, (void)err;
    str_to_int(job->payload, 0, INT32_MAX, &number);
    sum += (int)number;
    runs++;
    last_attempt = job->attempt;
    return true;
}

static bool run_badly(struct app *app, struct arena *arena, const struct job *job,
                      struct error *err)
{
    (void)app, (void)arena, (void)job;
    runs++;
    return fail(err, INVALID, NULL, "It is never good.");
}

static bool run_out_of_memory(struct app *app, struct arena *arena, const struct job *job,
                              struct error *err)
{
    (void)app, (void)job, (void)err;
    runs++;
    return arena_alloc_array(arena, SIZE_MAX / 2, 4) != NULL;
}

static bool run_to_death(struct app *app, struct arena *arena, const struct job *job,
                         struct error *err)
{
    (void)app, (void)arena, (void)job, (void)err;
    kill(getpid(), SIGKILL);
    return false;
}

static const struct statement let_all_be_due = SQL("UPDATE job SET run_at = 1");

static bool do_statement(struct tx *tx, void *with, struct error *err)
{
    return db_do(tx, with, NO_ARGS, NULL, err);
}

/* Takes the lease away, as time does from a worker that is too slow. */
static bool run_too_long(struct app *app, struct arena *arena, const struct job *job,
                         struct error *err)
{
    CHECK_OK(job_extend(app, arena, job, err), *err);
    if (job->attempt == 1) {
        CHECK_OK(db_write(app->db, arena, do_statement, (void *)&let_all_be_due, err), *err);
        CHECK_OK(jobs_run_due(app, err), *err); /* another worker does the work */
        CHECK(!job_extend(app, arena, job, err));
        CHECK_INT(err->kind, CONFLICT);
        return fail(err, CONFLICT, NULL, "Lost.");
    }
    runs++;
    return true;
}

static atomic_int steps;

/* Works until it may not go on. */
static bool run_in_steps(struct app *app, struct arena *arena, const struct job *job,
                         struct error *err)
{
    if (steps >= 1000000)
        return true;
    do {
        steps++;
        usleep(1000);
    } while (job_extend(app, arena, job, err));
    return false;
}

static const struct job_kind kinds[] = {
    { "test.steps", run_in_steps, .attempts = 1 },
    { "test.well", run_well },
    { "test.badly", run_badly, .attempts = 2 },
    { "test.memory", run_out_of_memory },
    { "test.death", run_to_death, .attempts = 1 },
    { "test.long", run_too_long },
    { .name = NULL },
};
static const struct job_kind periodic_kinds[] = {
    { "test.daily", run_well, .every = DAY },
    { .name = NULL },
};
static const struct migration schema[] = { { 1, "platform/schema/001-platform.sql" }, { 0 } };
static const struct service with_jobs = {
    .name = "platform", .migrations = schema, .jobs = kinds
};
static const struct service with_periodic = { .name = "periodic", .jobs = periodic_kinds };
static const struct migration record_schema[] = {
    { 1, "platform/record/schema/001-record.sql" },
    { 2, "platform/record/schema/002-audit-guard-sqlite.sql",
      .postgres = "platform/record/schema/002-audit-guard-postgres.sql" },
    { 3, "platform/record/schema/003-filed-sqlite.sql",
      .postgres = "platform/record/schema/003-filed-postgres.sql" },
    { 0 },
};
static const struct service record_only = { .name = "record", .migrations = record_schema };
static const struct service *const services[] = { &with_jobs, &record_only, NULL };
static const struct service *const services_periodic[] = { &with_jobs, &record_only, &with_periodic,
                                                          NULL };

static struct app given_app(struct test *t)
{
    log_set_level(LOG_ERROR); /* the warnings are meant to be */
    struct app app = { .arena = t->arena, .services = services };
    struct error err;
    CHECK_OK(db_open_url(t->db_url, 16, &app.db, &err), err);
    CHECK_OK(db_migrate(app.db, t->arena, services, &err), err);
    return app;
}

struct order {
    const char *kind, *payload;
    instant not_before;
    bool refused;
};

static bool do_order(struct tx *tx, void *with, struct error *err)
{
    const struct order *order = with;
    return job_add(tx, order->kind, str_of(order->payload), order->not_before, err)
        && (!order->refused || fail(err, INVALID, NULL, "not after all"));
}

static void given_job(struct test *t, struct app *app, const char *kind, const char *payload)
{
    struct order order = { kind, payload, 0, false };
    struct error err;
    CHECK_OK(db_write(app->db, t->arena, do_order, &order, &err), err);
}

static void run_due(struct app *app)
{
    struct error err;
    CHECK_OK(jobs_run_due(app, &err), err);
}

static void pass_time(struct test *t, struct app *app)
{
    struct error err;
    CHECK_OK(db_write(app->db, t->arena, do_statement, (void *)&let_all_be_due, &err), err);
}

static const struct statement count_state = SQL("SELECT COUNT(*) FROM job WHERE state = $1");

struct question {
    const char *state;
    int64_t count;
};

static bool do_count(struct tx *tx, void *with, struct error *err)
{
    struct question *question = with;
    return db_number(tx, &count_state, ARGS(arg_text(str_of(question->state))), -1,
                     &question->count, err);
}

static int64_t jobs_in(struct test *t, struct app *app, const char *state)
{
    struct question question = { state, 0 };
    struct error err;
    CHECK_OK(db_read(app->db, t->arena, do_count, &question, &err), err);
    return question.count;
}

static int64_t all_jobs(struct test *t, struct app *app)
{
    return jobs_in(t, app, "waiting") + jobs_in(t, app, "running") + jobs_in(t, app, "failed");
}

TEST_DB(a_job_runs_once_and_is_gone)
{
    struct app app = given_app(t);
    given_job(t, &app, "test.well", "5");
    run_due(&app);
    run_due(&app);
    CHECK_INT(runs, 1);
    CHECK_INT(sum, 5);
    CHECK_INT(all_jobs(t, &app), 0);
    db_close(app.db);
}

TEST_DB(a_job_is_not_run_before_its_time)
{
    struct app app = given_app(t);
    struct order order = { "test.well", "5", instant_now() + HOUR, false };
    struct error err;
    CHECK_OK(db_write(app.db, t->arena, do_order, &order, &err), err);
    run_due(&app);
    CHECK_INT(runs, 0);
    pass_time(t, &app);
    run_due(&app);
    CHECK_INT(runs, 1);
    db_close(app.db);
}

TEST_DB(a_job_of_a_refused_deed_does_not_exist)
{
    struct app app = given_app(t);
    struct order order = { "test.well", "5", 0, true };
    struct error err;
    CHECK(!db_write(app.db, t->arena, do_order, &order, &err));
    CHECK_INT(all_jobs(t, &app), 0);
    db_close(app.db);
}

TEST_DB(a_failing_job_is_tried_again_later_and_then_kept)
{
    struct app app = given_app(t);
    given_job(t, &app, "test.badly", "");
    run_due(&app);
    CHECK_INT(runs, 1);
    CHECK_INT(jobs_in(t, &app, "waiting"), 1);
    pass_time(t, &app);
    run_due(&app);
    CHECK_INT(runs, 2);
    CHECK_INT(jobs_in(t, &app, "failed"), 1);
    pass_time(t, &app);
    run_due(&app);
    CHECK_INT(runs, 2);
    db_close(app.db);
}

TEST_DB(memory_that_ends_in_a_job_fails_only_that_job)
{
    struct app app = given_app(t);
    given_job(t, &app, "test.memory", "");
    given_job(t, &app, "test.well", "3");
    run_due(&app);
    CHECK_INT(runs, 2);
    CHECK_INT(sum, 3);
    CHECK_INT(jobs_in(t, &app, "waiting"), 1);
    db_close(app.db);
}

static void die_in_a_job(struct test *t)
{
    int status;
    fflush(NULL);
    pid_t node = fork();
    if (node == 0) {
        struct app app = given_app(t);
        run_due(&app);
        _exit(0);
    }
    CHECK(waitpid(node, &status, 0) == node);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void wait_for_runs(int wanted)
{
    while (runs < wanted)
        nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

static const struct statement turn_well = SQL("UPDATE job SET kind = 'test.well'");

TEST_DB(a_job_whose_node_died_is_run_by_another)
{
    struct app app = given_app(t);
    struct error err;
    given_job(t, &app, "test.death", "4");
    db_close(app.db);
    die_in_a_job(t);
    app = given_app(t);
    CHECK_OK(db_write(app.db, t->arena, do_statement, (void *)&turn_well, &err), err);
    run_due(&app);
    CHECK_INT(runs, 0); /* the lease still holds */
    pass_time(t, &app);
    run_due(&app);
    CHECK_INT(runs, 1);
    CHECK_INT(last_attempt, 2);
    CHECK_INT(all_jobs(t, &app), 0);
    db_close(app.db);
}

TEST_DB(a_node_that_starts_takes_back_what_its_dead_predecessor_left)
{
    struct app app = given_app(t);
    struct error err;
    given_job(t, &app, "test.death", "4");
    db_close(app.db);
    die_in_a_job(t);
    app = given_app(t);
    CHECK_OK(db_write(app.db, t->arena, do_statement, (void *)&turn_well, &err), err);
    CHECK_OK(jobs_start(&app, 1, &err), err); /* the lease still holds */
    wait_for_runs(1);
    jobs_stop(&app);
    CHECK_INT(last_attempt, 2);
    CHECK_INT(jobs_in(t, &app, "running"), 0);
    db_close(app.db);
}

TEST_DB(a_job_that_kills_its_node_is_given_up)
{
    struct app app = given_app(t);
    given_job(t, &app, "test.death", "");
    db_close(app.db);
    die_in_a_job(t);
    app = given_app(t);
    pass_time(t, &app);
    run_due(&app); /* kills this test if the job runs again */
    CHECK_INT(jobs_in(t, &app, "failed"), 1);
    db_close(app.db);
}

TEST_DB(a_lost_lease_cannot_be_extended_and_ends_nothing)
{
    struct app app = given_app(t);
    given_job(t, &app, "test.long", "");
    run_due(&app);
    CHECK_INT(runs, 1);
    CHECK_INT(all_jobs(t, &app), 0);
    db_close(app.db);
}

TEST_DB(many_workers_of_two_nodes_run_each_job_once)
{
    struct app one = given_app(t), other = given_app(t);
    struct error err;
    int wanted = 0;
    for (int i = 0; i < 100; i++) {
        given_job(t, &one, "test.well", str_format(t->arena, "%d", i).at);
        wanted += i;
    }
    CHECK_OK(jobs_start(&one, 3, &err), err);
    CHECK_OK(jobs_start(&other, 3, &err), err);
    wait_for_runs(100);
    jobs_stop(&one);
    jobs_stop(&other);
    CHECK_INT(runs, 100);
    CHECK_INT(sum, wanted);
    CHECK_INT(all_jobs(t, &one), 0);
    db_close(one.db);
    db_close(other.db);
}

TEST_DB(a_sleeping_worker_is_woken)
{
    struct app app = given_app(t);
    struct error err;
    CHECK_OK(jobs_start(&app, 1, &err), err);
    for (int i = 1; i <= 20; i++) {
        given_job(t, &app, "test.well", "1");
        jobs_wake(&app);
        wait_for_runs(i);
    }
    jobs_stop(&app);
    CHECK_INT(sum, 20);
    db_close(app.db);
}

TEST_DB(a_node_that_stops_hands_long_work_back_for_another)
{
    struct app app = given_app(t);
    struct error err;
    CHECK_OK(jobs_start(&app, 1, &err), err);
    given_job(t, &app, "test.steps", "");
    jobs_wake(&app);
    for (int i = 0; i < 2000 && steps < 3; i++)
        usleep(1000);
    jobs_leave(&app);
    jobs_stop(&app);
    CHECK(steps >= 3);
    CHECK_INT(jobs_in(t, &app, "waiting"), 1);
    steps = 1000000; /* the other one goes on to the end, as if for the first time */
    run_due(&app);
    CHECK_INT(all_jobs(t, &app), 0);
    db_close(app.db);
}

TEST_DB(a_periodic_job_has_one_turn_at_a_time)
{
    struct app app = given_app(t);
    app.services = services_periodic;
    run_due(&app);
    run_due(&app);
    CHECK_INT(runs, 1);
    CHECK_INT(jobs_in(t, &app, "waiting"), 1);
    pass_time(t, &app);
    run_due(&app);
    CHECK_INT(runs, 2);
    CHECK_INT(all_jobs(t, &app), 1);
    db_close(app.db);
}
