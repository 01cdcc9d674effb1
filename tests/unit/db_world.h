/* SPDX-License-Identifier: EUPL-1.2 */
/* A database with one table `pair`, for the tests of the database (db_test.c, db_faults_test.c). */
#ifndef TESTS_DB_WORLD_H
#define TESTS_DB_WORLD_H

#include "tests/test.h"

#include "base/error.h"
#include "platform/db/db.h"

extern const struct statement add_pair;    /* $1 name, $2 number, $3 bytes */
extern const struct statement all_pairs;   /* name, number; by name */
extern const struct statement count_pairs;
extern const struct statement broken;      /* there is no such table */

struct db *given_db(struct test *t);    /* the test's own, empty */
struct db *given_pairs(struct test *t); /* with the table */
int64_t pairs_in(struct test *t, struct db *db);

/* Transactions, for db_read and db_write. */
bool do_statement(struct tx *tx, void *statement, struct error *err);

struct pair {
    const char *name;
    struct arg number, bytes;
};
bool do_add(struct tx *tx, void *pair, struct error *err);
bool add(struct test *t, struct db *db, const char *name, struct error *err); /* with number 1 */

struct found {
    struct str number, bytes;
    int64_t value;
    bool is_null;
    const char *name;
};
bool do_find(struct tx *tx, void *found, struct error *err); /* by its name */

enum { WRITERS = 32, WRITES = 25 };

/* A thread that adds many pairs of its own names, of which number 7 fails. */
struct writer {
    struct test *t;
    struct db *db;
    int number;
    int failed, written;
};
void *write_many(void *writer);

#endif
