/* SPDX-License-Identifier: EUPL-1.2 */
/* Wrong guesses (platform/people/guesses.h): counted in the database, so by all nodes together. */
#include "tests/test.h"

#include "base/list.h"
#include "platform/people/guesses.h"
#include "platform/service.h"

#include <pthread.h>
#include <unistd.h>

static const struct service *const services[] = { &platform_service, &people_service, NULL };

struct world {
    struct db *db;
    struct guess guess;
    instant now;
    int seconds;
};

/* Of a browser: 'k' known, another letter an address; all of one account. */
static struct guess guess_of(char browser, enum guess_kind kind)
{
    struct guess guess = { .kind = kind, .known = browser == 'k' };
    memset(guess.own, browser, sizeof guess.own);
    memset(guess.account, '*', sizeof guess.account);
    return guess;
}

static bool fail_once(struct tx *tx, void *with, struct error *err)
{
    const struct world *world = with;
    return guess_failed(tx, &world->guess, world->now, err);
}

static bool be_right(struct tx *tx, void *with, struct error *err)
{
    const struct world *world = with;
    return guess_right(tx, &world->guess, err);
}

static bool look(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return guess_wait(tx, &world->guess, world->now, &world->seconds, err);
}

static void must(struct test *t, struct world *world, db_work *work)
{
    struct error err = { 0 };
    CHECK_OK(db_write(world->db, t->arena, work, world, &err), err);
}

static int wait_of(struct test *t, struct world *world, char browser)
{
    world->guess = guess_of(browser, world->guess.kind);
    must(t, world, look);
    return world->seconds;
}

static void fail_often(struct test *t, struct world *world, char browser, int times)
{
    world->guess = guess_of(browser, world->guess.kind);
    for (int i = 0; i < times; i++)
        must(t, world, fail_once);
}

static struct world given_nothing(struct test *t)
{
    struct world world = { .now = 1800000000 * SECOND };
    struct error err = { 0 };
    CHECK_OK(db_open_url(t->db_url, 4, &world.db, &err), err);
    CHECK_OK(db_migrate(world.db, t->arena, services, &err), err);
    return world;
}

TEST_DB(a_few_failures_cost_nothing_and_more_cost_ever_longer)
{
    static const int waits[] = { 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60 };
    struct world world = given_nothing(t);
    for (size_t i = 0; i < count_of(waits); i++) {
        fail_often(t, &world, 'a', 1);
        CHECK_INT(wait_of(t, &world, 'a'), waits[i]);
        world.now += waits[i] * SECOND;
        CHECK_INT(wait_of(t, &world, 'a'), 0);
    }
    db_close(world.db);
}

TEST_DB(many_addresses_that_guess_never_slow_a_known_browser)
{
    struct world world = given_nothing(t);
    for (int i = 0; i < 30; i++)
        fail_often(t, &world, (char)('A' + i % 20), 1);
    CHECK(wait_of(t, &world, 'z') > 0); /* an address that did nothing: all unknown ones are slowed */
    CHECK_INT(wait_of(t, &world, 'k'), 0);
    db_close(world.db);
}

TEST_DB(a_known_browser_that_guesses_slows_itself_only)
{
    struct world world = given_nothing(t);
    fail_often(t, &world, 'k', 40);
    CHECK_INT(wait_of(t, &world, 'k'), 60);
    CHECK_INT(wait_of(t, &world, 'a'), 0);
    db_close(world.db);
}

TEST_DB(codes_are_given_fewer_tries_and_longer_waits)
{
    struct world world = given_nothing(t);
    world.guess.kind = GUESS_CODE;
    fail_often(t, &world, 'k', 20);
    CHECK_INT(wait_of(t, &world, 'k'), 15 * 60);
    world.now += 12 * HOUR; /* a day is remembered */
    fail_often(t, &world, 'k', 1);
    CHECK_INT(wait_of(t, &world, 'k'), 15 * 60);
    db_close(world.db);
}

TEST_DB(the_right_password_and_time_wipe_the_slate)
{
    struct world world = given_nothing(t);
    fail_often(t, &world, 'a', 10);
    must(t, &world, be_right);
    CHECK_INT(wait_of(t, &world, 'a'), 0);
    fail_often(t, &world, 'b', 10);
    world.now += 31 * MINUTE;
    fail_often(t, &world, 'b', 1);
    CHECK_INT(wait_of(t, &world, 'b'), 0);
    db_close(world.db);
}

static const struct statement count_rows = SQL("SELECT COUNT(*) FROM wrong_guess");

static bool count(struct tx *tx, void *with, struct error *err)
{
    int64_t rows;
    struct world *world = with;
    bool read = db_number(tx, &count_rows, NO_ARGS, 0, &rows, err);
    world->seconds = (int)rows;
    return read;
}

TEST_DB(old_guesses_are_forgotten)
{
    struct world world = given_nothing(t);
    for (char browser = 'a'; browser < 'j'; browser++)
        fail_often(t, &world, browser, 1);
    world.now += 25 * HOUR;
    fail_often(t, &world, 'k', 1);
    must(t, &world, count);
    CHECK_INT(world.seconds, 1);
    db_close(world.db);
}

struct burst {
    struct db *db;
    struct guess guess;
    _Atomic int passed;
};

/* A wrong guess as a log-in makes it: only who need not wait was looked at. */
static bool guess_wrongly(struct tx *tx, void *with, struct error *err)
{
    struct burst *burst = with;
    int seconds;
    instant now = 1800000000 * SECOND;
    if (!guess_wait_held(tx, &burst->guess, now, &seconds, err))
        return false;
    if (seconds)
        return fail(err, TOO_MANY, NULL, "wait");
    usleep(10000); /* so that others come meanwhile */
    return guess_failed(tx, &burst->guess, now, err);
}

static void *guess_at_once(void *with)
{
    struct burst *burst = with;
    struct arena arena = { 0 };
    struct error err;
    if (db_write(burst->db, &arena, guess_wrongly, burst, &err))
        burst->passed++;
    arena_free(&arena);
    return NULL;
}

TEST_DB(a_burst_of_guesses_gets_no_more_tries_than_one_after_the_other)
{
    struct world world = given_nothing(t);
    struct burst burst = { .db = world.db, .guess = guess_of('a', GUESS_PASSWORD) };
    pthread_t threads[12];
    for (size_t i = 0; i < count_of(threads); i++)
        CHECK(pthread_create(&threads[i], NULL, guess_at_once, &burst) == 0);
    for (size_t i = 0; i < count_of(threads); i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(burst.passed, 4);
    db_close(world.db);
}

TEST(only_so_many_passwords_are_checked_at_once)
{
    struct checks *checks = checks_new(t->arena);
    for (int i = 0; i < CHECKS_AT_ONCE; i++)
        CHECK(checks_enter(checks));
    CHECK(!checks_enter(checks));
    CHECK(!checks_enter(checks));
    checks_leave(checks);
    CHECK(checks_enter(checks));
}
