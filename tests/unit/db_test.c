/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "base/error.h"
#include "platform/db/db.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct statement make_pair = SQL(
    "CREATE TABLE pair (name TEXT NOT NULL PRIMARY KEY, number BIGINT, bytes BYTEA)");
static const struct statement add_pair = SQL(
    "INSERT INTO pair (number, bytes, name) VALUES ($2, $3, $1)");
static const struct statement add_pair_returning = SQL(
    "INSERT INTO pair (name, number) VALUES ($1, $2) RETURNING number + 1");
static const struct statement find_pair = SQL("SELECT number, bytes FROM pair WHERE name = $1");
static const struct statement all_pairs = SQL("SELECT name, number FROM pair ORDER BY name");
static const struct statement count_pairs = SQL("SELECT COUNT(*) FROM pair");
static const struct statement broken = SQL("SELECT nothing FROM nowhere");

static struct db *given_db(struct test *t)
{
    struct db *db;
    struct error err;
    CHECK_OK(db_open_url(t->db_url, 8, &db, &err), err);
    return db;
}

static bool do_statement(struct tx *tx, void *with, struct error *err)
{
    return db_do(tx, with, NO_ARGS, NULL, err);
}

static struct db *given_pairs(struct test *t)
{
    struct db *db = given_db(t);
    struct error err;
    CHECK_OK(db_write(db, t->arena, do_statement, (void *)&make_pair, &err), err);
    return db;
}

static bool do_count(struct tx *tx, void *with, struct error *err)
{
    return db_number(tx, &count_pairs, NO_ARGS, -1, with, err);
}

static int64_t pairs_in(struct test *t, struct db *db)
{
    struct error err;
    int64_t count;
    CHECK_OK(db_read(db, t->arena, do_count, &count, &err), err);
    return count;
}

struct pair {
    const char *name;
    struct arg number, bytes;
};

static bool do_add(struct tx *tx, void *with, struct error *err)
{
    const struct pair *pair = with;
    return db_do(tx, &add_pair, ARGS(arg_text(str_of(pair->name)), pair->number, pair->bytes),
                 NULL, err);
}

static bool add(struct test *t, struct db *db, const char *name, struct error *err)
{
    struct pair pair = { name, arg_int(1), arg_null() };
    return db_write(db, t->arena, do_add, &pair, err);
}

/* ------------------------------------------------------------------ the last statements */

enum { AHEAD = 40 };

struct lasts {
    bool twice;  /* the last name is that of the first */
    bool asks;   /* a question comes behind them */
    bool refuses;
    int64_t count;
};

static bool do_lasts(struct tx *tx, void *with, struct error *err)
{
    struct lasts *lasts = with;
    for (int i = 0; i < AHEAD; i++) {
        int name = lasts->twice && i == AHEAD - 1 ? 0 : i;
        if (!db_do_last(tx, &add_pair,
                        ARGS(arg_text(str_format(tx_arena(tx), "%d", name)), arg_int(i), arg_null()),
                        err))
            return false;
    }
    return (!lasts->asks || db_number(tx, &count_pairs, NO_ARGS, 0, &lasts->count, err))
        && (!lasts->refuses || fail(err, INVALID, NULL, "not after all"));
}

TEST_DB(the_last_statements_of_a_transaction_are_all_done)
{
    struct db *db = given_pairs(t);
    struct error err;
    CHECK_OK(db_write(db, t->arena, do_lasts, &(struct lasts){ 0 }, &err), err);
    CHECK_INT(pairs_in(t, db), AHEAD);
    db_close(db);
}

TEST_DB(a_question_behind_the_last_statements_sees_them)
{
    struct db *db = given_pairs(t);
    struct lasts lasts = { .asks = true };
    struct error err;
    CHECK_OK(db_write(db, t->arena, do_lasts, &lasts, &err), err);
    CHECK_INT(lasts.count, AHEAD);
    db_close(db);
}

/* ... and leaves a connection that can be used again, wherever it is told. */
TEST_DB(a_last_statement_that_fails_undoes_all)
{
    struct db *db = given_pairs(t);
    struct error err;
    for (int how = 0; how < 4; how++) {
        struct lasts lasts = { .twice = true, .asks = how & 1, .refuses = how & 2 };
        CHECK(!db_write(db, t->arena, do_lasts, &lasts, &err));
        if (!lasts.refuses)
            CHECK_INT(err.kind, CONFLICT);
        CHECK_INT(pairs_in(t, db), 0);
    }
    CHECK(!db_write(db, t->arena, do_lasts, &(struct lasts){ .refuses = true }, &err));
    CHECK_INT(err.kind, INVALID);
    CHECK_OK(db_write(db, t->arena, do_lasts, &(struct lasts){ 0 }, &err), err);
    CHECK_INT(pairs_in(t, db), AHEAD);
    db_close(db);
}

/* ------------------------------------------------------------------ values */

struct found {
    struct str number, bytes;
    int64_t value;
    bool is_null;
    const char *name;
};

static bool do_find(struct tx *tx, void *with, struct error *err)
{
    struct found *found = with;
    struct rows rows;
    if (!db_query(tx, &find_pair, ARGS(arg_text(str_of(found->name))), &rows, err))
        return false;
    if (rows_next(&rows)) {
        found->number = row_text(&rows, 0);
        found->value = row_int(&rows, 0);
        found->is_null = row_is_null(&rows, 0);
        found->bytes = row_bytes(&rows, 1);
    }
    return rows_end(&rows, err);
}

static struct found round_trip(struct test *t, struct arg number, struct arg bytes)
{
    struct db *db = given_pairs(t);
    struct error err;
    struct pair pair = { "Šime ☃ 𝄞 'x' $1", number, bytes };
    struct found found = { .name = pair.name };
    CHECK_OK(db_write(db, t->arena, do_add, &pair, &err), err);
    CHECK_OK(db_read(db, t->arena, do_find, &found, &err), err);
    db_close(db);
    return found;
}

TEST_DB(the_largest_number_comes_back)
{
    struct found found = round_trip(t, arg_int(INT64_MAX), arg_null());
    CHECK_INT(found.value, INT64_MAX);
    CHECK_STR(found.number, STR("9223372036854775807"));
}

TEST_DB(the_smallest_number_comes_back)
{
    CHECK_INT(round_trip(t, arg_int(INT64_MIN), arg_null()).value, INT64_MIN);
}

TEST_DB(nothing_comes_back_as_nothing)
{
    struct found found = round_trip(t, arg_null(), arg_null());
    CHECK(found.is_null && found.value == 0 && !found.number.at && !found.bytes.at);
}

TEST_DB(no_bytes_are_not_nothing)
{
    struct found found = round_trip(t, arg_int(0), arg_bytes((struct str){ 0 }));
    CHECK(found.bytes.at && found.bytes.len == 0 && !found.is_null);
}

TEST_DB(every_byte_comes_back)
{
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    struct found found = round_trip(t, arg_int(0), arg_bytes((struct str){ all, sizeof all }));
    CHECK_STR(found.bytes, ((struct str){ all, sizeof all }));
}

TEST_DB(an_empty_text_is_not_nothing)
{
    struct db *db = given_pairs(t);
    struct error err;
    struct found found = { .name = "" };
    CHECK_OK(add(t, db, "", &err), err);
    CHECK_OK(db_read(db, t->arena, do_find, &found, &err), err);
    CHECK_INT(found.value, 1);
    db_close(db);
}

/* ------------------------------------------------------------------ statements */

static bool do_add_returning(struct tx *tx, void *with, struct error *err)
{
    struct rows rows;
    (void)with;
    return db_query(tx, &add_pair_returning, ARGS(arg_text(STR("a")), arg_int(6)), &rows, err)
        && rows_end(&rows, err);
}

TEST_DB(an_insert_happens_though_nobody_reads_what_it_returns)
{
    struct db *db = given_pairs(t);
    struct error err;
    CHECK_OK(db_write(db, t->arena, do_add_returning, NULL, &err), err);
    CHECK_INT(pairs_in(t, db), 1);
    db_close(db);
}

static bool do_fail(struct tx *tx, void *with, struct error *err)
{
    struct pair pair = { "lost", arg_int(1), arg_null() };
    (void)with;
    return do_add(tx, &pair, err) && db_do(tx, &broken, NO_ARGS, NULL, err);
}

TEST_DB(a_statement_in_error_leaves_nothing_and_harms_nobody)
{
    struct db *db = given_pairs(t);
    struct error err;
    for (int i = 0; i < 20; i++)
        CHECK(!db_write(db, t->arena, do_fail, NULL, &err) && err.kind == INTERNAL);
    for (int i = 0; i < 20; i++)
        CHECK(!db_read(db, t->arena, do_statement, (void *)&broken, &err));
    CHECK_OK(add(t, db, "kept", &err), err);
    CHECK_INT(pairs_in(t, db), 1);
    db_close(db);
}

TEST_DB(a_second_row_of_the_same_name_is_a_conflict)
{
    struct db *db = given_pairs(t);
    struct error err;
    CHECK_OK(add(t, db, "a", &err), err);
    CHECK(!add(t, db, "a", &err));
    CHECK_INT(err.kind, CONFLICT);
    db_close(db);
}

TEST_DB(a_read_cannot_write)
{
    struct db *db = given_pairs(t);
    struct error err;
    struct pair pair = { "a", arg_int(1), arg_null() };
    CHECK(!db_read(db, t->arena, do_add, &pair, &err));
    CHECK_INT(pairs_in(t, db), 0);
    db_close(db);
}

/* The same statement again for each of its own rows: the pairs of pairs. */
static bool do_square(struct tx *tx, void *with, struct error *err)
{
    int64_t *count = with;
    struct rows outer, inner;
    *count = 0;
    if (!db_query(tx, &all_pairs, NO_ARGS, &outer, err))
        return false;
    while (rows_next(&outer)) {
        if (!db_query(tx, &all_pairs, NO_ARGS, &inner, err))
            break;
        while (rows_next(&inner))
            ++*count;
        if (!rows_end(&inner, err))
            break;
    }
    return rows_end(&outer, err);
}

TEST_DB(a_statement_can_be_read_inside_itself)
{
    struct db *db = given_pairs(t);
    struct error err;
    int64_t count = 0;
    CHECK_OK(add(t, db, "a", &err) && add(t, db, "b", &err) && add(t, db, "c", &err), err);
    CHECK_OK(db_read(db, t->arena, do_square, &count, &err), err);
    CHECK_INT(count, 9);
    db_close(db);
}

TEST_DB(a_missing_argument_is_our_fault)
{
    struct db *db = given_pairs(t);
    struct error err;
    CHECK(!db_write(db, t->arena, do_statement, (void *)&add_pair, &err));
    CHECK_INT(err.kind, INTERNAL);
    db_close(db);
}

TEST(a_database_of_an_unknown_kind_is_refused)
{
    struct db *db;
    struct error err;
    CHECK(!db_open_url(STR("oracle:x"), 1, &db, &err));
    CHECK_INT(err.kind, INVALID);
}

TEST(a_file_that_is_no_database_is_refused)
{
    struct db *db;
    struct error err;
    struct str path = str_format(t->arena, "%s/x", t->folder);
    FILE *file = fopen(path.at, "w");
    for (int i = 0; i < 1000; i++)
        fputs("This is a letter to the school board. ", file);
    fclose(file);
    CHECK(!db_open_url(str_format(t->arena, "sqlite:%s", path.at), 1, &db, &err));
    CHECK_INT(err.kind, INVALID);
}

TEST(a_database_in_a_missing_folder_is_refused)
{
    struct db *db;
    struct error err;
    CHECK(!db_open_url(str_format(t->arena, "sqlite:%s/no/x", t->folder), 1, &db, &err));
    CHECK_INT(err.kind, UNAVAILABLE);
}

/* ------------------------------------------------------------------ transactions */

TEST_DB(a_snapshot_does_not_see_what_came_later)
{
    struct db *db = given_pairs(t);
    struct tx *tx;
    struct error err;
    int64_t before, after;
    CHECK_OK(db_read_begin(db, t->arena, &tx, &err), err);
    CHECK_OK(db_number(tx, &count_pairs, NO_ARGS, -1, &before, &err), err);
    CHECK_OK(add(t, db, "a", &err), err);
    CHECK_OK(db_number(tx, &count_pairs, NO_ARGS, -1, &after, &err), err);
    CHECK_INT(before, 0);
    CHECK_INT(after, 0);
    CHECK_INT(pairs_in(t, db), 1);
    db_read_end(tx);
    db_close(db);
}

enum { WRITERS = 32, WRITES = 25 };

struct writer {
    struct test *t;
    struct db *db;
    int number;
    int failed, written;
};

static bool do_write(struct tx *tx, void *with, struct error *err)
{
    struct writer *writer = with;
    struct str name = str_format(tx_arena(tx), "%d-%d", writer->number, writer->written);
    struct arg args[] = { arg_text(name), arg_int(writer->number), arg_null() };
    if (!db_do(tx, &add_pair, (struct args){ 3, args }, NULL, err))
        return false;
    return writer->number != 7 || fail(err, INVALID, NULL, "seven is refused");
}

static void *write_many(void *with)
{
    struct writer *writer = with;
    struct arena arena = { 0 };
    struct error err;
    for (int i = 0; i < WRITES; i++) {
        if (db_write(writer->db, &arena, do_write, writer, &err))
            writer->written++;
        else
            writer->failed++;
        arena_reset(&arena);
    }
    arena_free(&arena);
    return NULL;
}

TEST_DB(one_of_many_writers_fails_alone)
{
    struct db *db = given_pairs(t);
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){ .t = t, .db = db, .number = i };
        CHECK(pthread_create(&threads[i], NULL, write_many, &writers[i]) == 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(writers[i].written, i == 7 ? 0 : WRITES);
        CHECK_INT(writers[i].failed, i == 7 ? WRITES : 0);
    }
    CHECK_INT(pairs_in(t, db), (WRITERS - 1) * WRITES);
    db_close(db);
}

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

/* ---- Reading and then writing, as requests do ---- */

enum { CONNECTIONS = 4, REQUESTS = 12 };

struct both {
    struct test *t;
    struct db *db;
    _Atomic int *reading;
    int number;
    bool well;
};

static bool read_some(struct both *both, struct arena *arena, struct tx *tx, struct error *err)
{
    int64_t rows;
    struct pair pair = { str_format(arena, "both%d", both->number).at, arg_int(1), arg_null() };
    if (!db_number(tx, &count_pairs, NO_ARGS, 0, &rows, err))
        return false;
    /* Until as many read as can, so that all of those have one connection and want another. */
    atomic_fetch_add(both->reading, 1);
    for (int i = 0; i < 12 && atomic_load(both->reading) < CONNECTIONS; i++)
        usleep(5000);
    return db_write(both->db, arena, do_add, &pair, err);
}

static void *read_and_write(void *with)
{
    struct both *both = with;
    struct arena arena = { 0 };
    struct error err;
    struct tx *tx;
    if (db_read_begin(both->db, &arena, &tx, &err)) {
        both->well = read_some(both, &arena, tx, &err);
        db_read_end(tx);
    }
    arena_free(&arena);
    return NULL;
}

TEST_DB(however_many_read_at_once_each_of_them_can_write)
{
    struct db *db;
    struct error err;
    struct both both[REQUESTS];
    db_close(given_pairs(t));
    CHECK_OK(db_open_url(t->db_url, CONNECTIONS, &db, &err), err);
    pthread_t threads[REQUESTS];
    _Atomic int reading = 0;
    for (int i = 0; i < REQUESTS; i++) {
        both[i] = (struct both){ t, db, &reading, i, false };
        CHECK(pthread_create(&threads[i], NULL, read_and_write, &both[i]) == 0);
    }
    for (int i = 0; i < REQUESTS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < REQUESTS; i++)
        CHECK(both[i].well);
    CHECK_INT(pairs_in(t, db), REQUESTS);
    db_close(db);
}
