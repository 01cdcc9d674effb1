/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "base/log.h"
#include "platform/app.h"
#include "platform/record/followers.h"
#include "platform/record/inbox.h"
#include "platform/service.h"

#include <pthread.h>

static const struct migration platform_schema[] = { { 1, "platform/schema/001-platform.sql" }, { 0 } };
static const struct migration record_schema[] = {
    { 1, "platform/record/schema/001-record.sql" },
    { 2, "platform/record/schema/002-audit-guard-sqlite.sql",
      .postgres = "platform/record/schema/002-audit-guard-postgres.sql" },
    { 3, "platform/record/schema/003-filed-sqlite.sql",
      .postgres = "platform/record/schema/003-filed-postgres.sql" },
    { 0 },
};
static const struct migration test_schema[] = { { 0 } };

static const struct statement make_seen = SQL(
    "CREATE TABLE seen (place BIGINT NOT NULL PRIMARY KEY, number BIGINT NOT NULL)");
static const struct statement add_seen = SQL(
    "INSERT INTO seen (place, number) SELECT COUNT(*), $1 FROM seen");
static const struct statement count_seen = SQL("SELECT COUNT(*) FROM seen");
/* Every event once, each at its own place. */
static const struct statement out_of_place = SQL(
    "SELECT COUNT(*) FROM seen WHERE number <> place + 1");

static int64_t fails_at; /* this event, until it is 0 */

static bool see(struct app *app, struct tx *tx, const struct event *event, struct error *err)
{
    (void)app;
    if (event->number == fails_at)
        return fail(err, UNAVAILABLE, NULL, "Not this one.");
    return db_do(tx, &add_seen, ARGS(arg_int(event->number)), NULL, err);
}

static bool see_nothing(struct app *app, struct tx *tx, const struct event *event,
                        struct error *err)
{
    (void)app, (void)tx, (void)event;
    return fail(err, INTERNAL, NULL, "This kind was not asked for.");
}

static const struct follower followers[] = { { "test.see", NULL, see },
                                             { "test.other", "other. strange.", see_nothing },
                                             { .name = NULL } };
static const struct job_kind jobs[] = {
    { FOLLOWER_JOB, follower_job, .attempts = INT64_MAX },
    { .name = NULL },
};
static const struct service platform_only = { .name = "platform", .migrations = platform_schema };
static const struct service record_only = { .name = "record", .migrations = record_schema };
static const struct service test_service = {
    .name = "test", .migrations = test_schema, .followers = followers, .jobs = jobs
};
static const struct service *const services[] = { &platform_only, &record_only, &test_service,
                                                  NULL };

static bool do_statement(struct tx *tx, void *with, struct error *err)
{
    return db_do(tx, with, NO_ARGS, NULL, err);
}

static void change(struct test *t, struct app *app, const struct statement *statement)
{
    struct error err;
    CHECK_OK(db_write(app->db, t->arena, do_statement, (void *)statement, &err), err);
}

static struct app given_followers(struct test *t)
{
    log_set_level(LOG_ERROR);
    struct app app = { .arena = t->arena, .services = services };
    struct error err;
    CHECK_OK(db_open_url(t->db_url, 16, &app.db, &err), err);
    CHECK_OK(db_migrate(app.db, t->arena, services, &err), err);
    change(t, &app, &make_seen);
    return app;
}

static bool do_events(struct tx *tx, void *with, struct error *err)
{
    const int *count = with;
    for (int i = 0; i < *count; i++)
        if (!event_add(tx, 1, "test.happened", STR("school:00AV"), STR(""), err))
            return false;
    return true;
}

static void given_events(struct test *t, struct app *app, int count)
{
    struct error err;
    CHECK_OK(db_write(app->db, t->arena, do_events, &count, &err), err);
}

static void follow(struct app *app)
{
    struct error err;
    bool added;
    CHECK_OK(followers_wake(app, &added, &err), err);
    CHECK_OK(jobs_run_due(app, &err), err);
}

struct question {
    const struct statement *statement;
    int64_t answer;
};

static bool do_ask(struct tx *tx, void *with, struct error *err)
{
    struct question *question = with;
    return db_number(tx, question->statement, NO_ARGS, -1, &question->answer, err);
}

static int64_t ask(struct test *t, struct app *app, const struct statement *statement)
{
    struct question question = { statement, 0 };
    struct error err;
    CHECK_OK(db_read(app->db, t->arena, do_ask, &question, &err), err);
    return question.answer;
}

struct listing {
    struct app *app;
    struct follower_states states;
};

static bool do_list(struct tx *tx, void *with, struct error *err)
{
    struct listing *listing = with;
    return followers_list(listing->app, tx, &listing->states, err);
}

static struct follower_state state_of(struct test *t, struct app *app, const char *name)
{
    struct listing listing = { .app = app };
    struct error err;
    CHECK_OK(db_read(app->db, t->arena, do_list, &listing, &err), err);
    for (size_t i = 0; i < listing.states.len; i++)
        if (strcmp(listing.states.at[i].name, name) == 0)
            return listing.states.at[i];
    test_fail(__FILE__, __LINE__, "no follower %s", name);
}

TEST_DB(a_follower_gets_every_event_in_order_and_once)
{
    struct app app = given_followers(t);
    given_events(t, &app, 250); /* more than two batches */
    follow(&app);
    given_events(t, &app, 3);
    follow(&app);
    follow(&app);
    CHECK_INT(ask(t, &app, &count_seen), 253);
    CHECK_INT(ask(t, &app, &out_of_place), 0);
    CHECK_INT(state_of(t, &app, "test.see").behind, 0);
    db_close(app.db);
}

TEST_DB(a_follower_passes_over_kinds_that_it_did_not_ask_for)
{
    struct app app = given_followers(t);
    given_events(t, &app, 5);
    follow(&app);
    CHECK_INT(state_of(t, &app, "test.other").position, 5);
    db_close(app.db);
}

static const struct statement let_all_be_due = SQL("UPDATE job SET run_at = 1");

TEST_DB(a_follower_that_fails_stays_at_its_event_and_goes_on_when_it_can)
{
    struct app app = given_followers(t);
    given_events(t, &app, 150);
    fails_at = 120;
    follow(&app);
    follow(&app); /* backs off: not tried again yet */
    struct follower_state state = state_of(t, &app, "test.see");
    CHECK_INT(state.position, 119);
    CHECK_INT(state.behind, 31);
    CHECK_INT(state.attempts, 1);
    CHECK_STR(state.reason, STR("Not this one."));
    CHECK(state.next_try > instant_now());
    change(t, &app, &let_all_be_due);
    follow(&app);
    CHECK_INT(state_of(t, &app, "test.see").attempts, 2);
    CHECK_INT(ask(t, &app, &count_seen), 119);
    fails_at = 0;
    change(t, &app, &let_all_be_due);
    follow(&app);
    CHECK_INT(ask(t, &app, &count_seen), 150);
    CHECK_INT(ask(t, &app, &out_of_place), 0);
    db_close(app.db);
}

static bool do_replay(struct tx *tx, void *with, struct error *err)
{
    return follower_replay(with, tx, STR("test.see"), 0, err);
}

static bool do_replay_nobody(struct tx *tx, void *with, struct error *err)
{
    return follower_replay(with, tx, STR("nobody"), 0, err);
}

TEST_DB(a_follower_that_is_reset_gets_everything_again)
{
    struct app app = given_followers(t);
    struct error err;
    given_events(t, &app, 7);
    follow(&app);
    CHECK_OK(db_write(app.db, t->arena, do_replay, &app, &err), err);
    CHECK_INT(state_of(t, &app, "test.see").behind, 7);
    follow(&app);
    CHECK_INT(ask(t, &app, &count_seen), 14);
    CHECK(!db_write(app.db, t->arena, do_replay_nobody, &app, &err));
    CHECK_INT(err.kind, NOT_FOUND);
    db_close(app.db);
}

/* Two at once, as when a lease was lost to another node. */
static void *follow_apart(void *with)
{
    struct arena arena = { 0 };
    struct error err;
    const struct job job = { .kind = &jobs[0], .payload = STR("test.see") };
    for (int i = 0; i < 20; i++) {
        follower_job(with, &arena, &job, &err); /* the lease is nobody's: it ends after a batch */
        arena_reset(&arena);
    }
    arena_free(&arena);
    return NULL;
}

TEST_DB(two_nodes_that_follow_at_once_handle_each_event_once)
{
    struct app app = given_followers(t);
    pthread_t threads[4];
    given_events(t, &app, 900);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, follow_apart, &app) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(ask(t, &app, &count_seen), 900);
    CHECK_INT(ask(t, &app, &out_of_place), 0);
    db_close(app.db);
}
