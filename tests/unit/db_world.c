/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/db_world.h"

#include <stdio.h>

static const struct statement make_pair = SQL(
    "CREATE TABLE pair (name TEXT NOT NULL PRIMARY KEY, number BIGINT, bytes BYTEA)");
const struct statement add_pair = SQL(
    "INSERT INTO pair (number, bytes, name) VALUES ($2, $3, $1)");
static const struct statement find_pair = SQL("SELECT number, bytes FROM pair WHERE name = $1");
const struct statement all_pairs = SQL("SELECT name, number FROM pair ORDER BY name");
const struct statement count_pairs = SQL("SELECT COUNT(*) FROM pair");
const struct statement broken = SQL("SELECT nothing FROM nowhere");

struct db *given_db(struct test *t)
{
    struct db *db;
    struct error err;
    CHECK_OK(db_open_url(t->db_url, 8, &db, &err), err);
    return db;
}

bool do_statement(struct tx *tx, void *with, struct error *err)
{
    return db_do(tx, with, NO_ARGS, NULL, err);
}

struct db *given_pairs(struct test *t)
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

int64_t pairs_in(struct test *t, struct db *db)
{
    struct error err;
    int64_t count;
    CHECK_OK(db_read(db, t->arena, do_count, &count, &err), err);
    return count;
}

bool do_add(struct tx *tx, void *with, struct error *err)
{
    const struct pair *pair = with;
    return db_do(tx, &add_pair, ARGS(arg_text(str_of(pair->name)), pair->number, pair->bytes),
                 NULL, err);
}

bool add(struct test *t, struct db *db, const char *name, struct error *err)
{
    struct pair pair = { name, arg_int(1), arg_null() };
    return db_write(db, t->arena, do_add, &pair, err);
}

bool do_find(struct tx *tx, void *with, struct error *err)
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

static bool do_write(struct tx *tx, void *with, struct error *err)
{
    struct writer *writer = with;
    struct str name = str_format(tx_arena(tx), "%d-%d", writer->number, writer->written);
    struct arg args[] = { arg_text(name), arg_int(writer->number), arg_null() };
    if (!db_do(tx, &add_pair, (struct args){ 3, args }, NULL, err))
        return false;
    return writer->number != 7 || fail(err, INVALID, NULL, "seven is refused");
}

void *write_many(void *with)
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
