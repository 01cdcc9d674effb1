/* SPDX-License-Identifier: EUPL-1.2 */
/* Memory that ends, full disks, lost connections, writers in each other's way, a kill. */
#include "tests/unit/db_world.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static bool do_exhaust(struct tx *tx, void *with, struct error *err)
{
    struct pair pair = { "lost", arg_int(1), arg_null() };
    struct rows rows;
    (void)with;
    if (!do_add(tx, &pair, err) || !db_query(tx, &all_pairs, NO_ARGS, &rows, err))
        return false;
    while (rows_next(&rows))
        for (int i = 0; i < 1000; i++)
            arena_alloc(tx_arena(tx), 4096);
    return rows_end(&rows, err);
}

TEST_DB(memory_that_ends_inside_a_write_fails_only_that_write)
{
    struct db *db = given_pairs(t);
    struct arena small;
    struct error err;
    arena_init(&small, 256 * 1024);
    CHECK(!db_write(db, &small, do_exhaust, NULL, &err));
    CHECK_INT(err.kind, UNAVAILABLE);
    CHECK(small.rescue == NULL);
    arena_free(&small);
    CHECK_OK(add(t, db, "kept", &err), err);
    CHECK_INT(pairs_in(t, db), 1);
    db_close(db);
}

static bool do_read_exhaust(struct tx *tx, void *with, struct error *err)
{
    struct rows rows;
    (void)with;
    if (!db_query(tx, &all_pairs, NO_ARGS, &rows, err))
        return false;
    while (rows_next(&rows))
        arena_alloc(tx_arena(tx), 1024 * 1024);
    return rows_end(&rows, err);
}

TEST_DB(memory_that_ends_inside_a_read_leaves_the_database_usable)
{
    struct db *db = given_pairs(t);
    struct arena small;
    struct error err;
    CHECK_OK(add(t, db, "a", &err), err);
    arena_init(&small, 256 * 1024);
    for (int i = 0; i < 20; i++) {
        CHECK(!db_read(db, &small, do_read_exhaust, NULL, &err));
        CHECK_INT(err.kind, UNAVAILABLE);
        arena_reset(&small);
    }
    arena_free(&small);
    CHECK_INT(pairs_in(t, db), 1);
    db_close(db);
}

/* ------------------------------------------------------------------ when the disk is full */

static const struct statement fill_up = SQL(
    "INSERT INTO pair (name, bytes) VALUES ('large', $1)");
static const struct statement end_of_disk = SQL("PRAGMA max_page_count = 100");
static const struct statement new_disk = SQL("PRAGMA max_page_count = 100000");

static bool do_fill_up(struct tx *tx, void *with, struct error *err)
{
    struct str much = { arena_alloc(tx_arena(tx), 1024 * 1024), 1024 * 1024 };
    (void)with;
    return db_do(tx, &fill_up, ARGS(arg_bytes(much)), NULL, err);
}

static void *fill_often(void *with)
{
    struct writer *writer = with;
    struct arena arena = { 0 };
    struct error err;
    for (int i = 0; i < 20; i++)
        if (!db_write(writer->db, &arena, do_fill_up, NULL, &err) && err.kind == UNAVAILABLE)
            writer->failed++;
    arena_free(&arena);
    return NULL;
}

/* Also those who share a commit with the one too many are told, and lose nothing that they were
 * told was written. */
TEST(a_full_disk_is_said_and_what_was_saved_is_safe)
{
    t->db_url = str_format(t->arena, "sqlite:%s/test.db", t->folder);
    struct db *db = given_pairs(t);
    struct writer filler = { .db = db }, writer = { .t = t, .db = db, .number = 1 };
    pthread_t threads[2];
    struct error err;
    CHECK_OK(db_write(db, t->arena, do_statement, (void *)&end_of_disk, &err), err);
    CHECK(pthread_create(&threads[0], NULL, fill_often, &filler) == 0);
    CHECK(pthread_create(&threads[1], NULL, write_many, &writer) == 0);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    CHECK_INT(filler.failed, 20);
    CHECK_INT(pairs_in(t, db), writer.written);
    CHECK_OK(db_write(db, t->arena, do_statement, (void *)&new_disk, &err), err);
    CHECK_OK(db_write(db, t->arena, do_fill_up, NULL, &err), err);
    db_close(db);
}

/* ------------------------------------------------------------------ when the process is killed */

static _Noreturn void write_until_killed(struct test *t, int acks)
{
    struct db *db = given_db(t);
    struct error err;
    for (int i = 0;; i++) {
        struct str name = str_format(t->arena, "%08d", i);
        if (!add(t, db, name.at, &err) || write(acks, &i, sizeof i) != sizeof i)
            _exit(1);
    }
}

static int last_ack(int acks, int wanted, pid_t writer)
{
    int last = -1, next;
    while (read(acks, &next, sizeof next) == sizeof next) {
        last = next;
        if (last == wanted)
            kill(writer, SIGKILL);
    }
    return last;
}

TEST_DB(what_was_acknowledged_survives_a_kill)
{
    db_close(given_pairs(t));
    int acks[2];
    CHECK(pipe(acks) == 0);
    fflush(stdout);
    pid_t writer = fork();
    if (writer == 0)
        write_until_killed(t, acks[1]);
    close(acks[1]);
    int last = last_ack(acks[0], 50, writer), status;
    CHECK(waitpid(writer, &status, 0) == writer && WIFSIGNALED(status));
    CHECK(last >= 50);
    struct db *db = given_db(t);
    int64_t rows = pairs_in(t, db);
    CHECK(rows == last + 1 || rows == last + 2); /* one may be written and not acknowledged */
    db_close(db);
}

static bool do_pass_over(struct tx *tx, void *with, struct error *err)
{
    struct pair pair = { "lost", arg_int(1), arg_null() };
    (void)with;
    db_do(tx, &broken, NO_ARGS, NULL, err);
    do_add(tx, &pair, err);
    return true;
}

TEST_DB(a_failed_statement_cannot_be_passed_over)
{
    struct db *db = given_pairs(t);
    struct error err;
    CHECK(!db_write(db, t->arena, do_pass_over, NULL, &err));
    CHECK_INT(pairs_in(t, db), 0);
    db_close(db);
}

/* Two writers that take the same two rows in opposite order. */
static const struct statement count_on = SQL("UPDATE pair SET number = number + 1 WHERE name = $1");

struct raiser {
    struct db *db;
    const char *first, *second;
    int raised;
};

static bool do_raise(struct tx *tx, void *with, struct error *err)
{
    const struct raiser *raiser = with;
    return db_do(tx, &count_on, ARGS(arg_text(str_of(raiser->first))), NULL, err)
        && db_do(tx, &count_on, ARGS(arg_text(str_of(raiser->second))), NULL, err);
}

static void *raise_often(void *with)
{
    struct raiser *raiser = with;
    struct arena arena = { 0 };
    struct error err;
    for (int i = 0; i < 50; i++)
        raiser->raised += db_write(raiser->db, &arena, do_raise, raiser, &err);
    arena_free(&arena);
    return NULL;
}

TEST_DB(writers_that_block_each_other_both_succeed)
{
    struct db *db = given_pairs(t);
    struct raiser raisers[] = { { db, "a", "b", 0 }, { db, "b", "a", 0 } };
    struct found found = { .name = "a" };
    pthread_t threads[2];
    struct error err;
    CHECK_OK(add(t, db, "a", &err) && add(t, db, "b", &err), err);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, raise_often, &raisers[i]) == 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK_OK(db_read(db, t->arena, do_find, &found, &err), err);
    CHECK_INT(raisers[0].raised + raisers[1].raised, 100);
    CHECK_INT(found.value, 101);
    db_close(db);
}

/* What PostgreSQL does to us when it is restarted between two requests. */
static const struct statement end_others = SQL(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()");

TEST_DB(a_connection_lost_between_requests_is_not_noticed)
{
    struct db *db = given_pairs(t), *other = given_db(t);
    struct error err;
    if (!db_is_postgres(db))
        test_skip("SQLite has no connections to lose");
    CHECK_OK(add(t, db, "a", &err), err);
    CHECK_OK(db_read(other, t->arena, do_statement, (void *)&end_others, &err), err);
    CHECK_INT(pairs_in(t, db), 1);
    CHECK_OK(db_read(other, t->arena, do_statement, (void *)&end_others, &err), err);
    CHECK_OK(add(t, db, "b", &err), err);
    CHECK_INT(pairs_in(t, db), 2);
    db_close(other);
    db_close(db);
}

struct cut {
    struct test *t;
    struct db *other;
    int tries;
};

static bool do_be_cut(struct tx *tx, void *with, struct error *err)
{
    struct cut *cut = with;
    struct pair one = { "one", arg_int(1), arg_null() }, two = { "two", arg_int(1), arg_null() };
    if (!do_add(tx, &one, err))
        return false;
    if (cut->tries++ == 0)
        CHECK_OK(db_read(cut->other, cut->t->arena, do_statement, (void *)&end_others, err), *err);
    return do_add(tx, &two, err);
}

TEST_DB(a_connection_lost_inside_a_write_makes_it_run_again)
{
    struct db *db = given_pairs(t);
    struct cut cut = { t, given_db(t), 0 };
    struct error err;
    if (!db_is_postgres(db))
        test_skip("SQLite has no connections to lose");
    CHECK_OK(db_write(db, t->arena, do_be_cut, &cut, &err), err);
    CHECK_INT(cut.tries, 2);
    CHECK_INT(pairs_in(t, db), 2);
    db_close(cut.other);
    db_close(db);
}

TEST(a_postgresql_that_is_not_there_is_said_to_be_unreachable)
{
    struct db *db;
    struct error err;
    CHECK(!db_open_url(str_format(t->arena, "postgres:host=%s dbname=x", t->folder), 1, &db,
                       &err));
    CHECK_INT(err.kind, UNAVAILABLE);
    CHECK_STR(str_of(err.field), STR("database"));
}
