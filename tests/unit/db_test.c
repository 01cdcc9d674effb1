/* SPDX-License-Identifier: EUPL-1.2 */
/* What statements and transactions of both databases do. */
#include "tests/unit/db_world.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static const struct statement add_pair_returning = SQL(
    "INSERT INTO pair (name, number) VALUES ($1, $2) RETURNING number + 1");

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
