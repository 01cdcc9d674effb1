/* SPDX-License-Identifier: EUPL-1.2 */
/* What a database engine is to db.c: a table of functions. Private to the db*.c files. */
#ifndef PLATFORM_DB_ENGINE_H
#define PLATFORM_DB_ENGINE_H

#include "platform/db/db.h"

struct db_engine {
    const char *prefix; /* of the database's name, "sqlite:" */
    bool (*open)(struct str name, int64_t connections, struct db **db, struct error *err);
    void (*close)(struct db *db);

    bool (*read_begin)(struct db *db, struct arena *arena, struct tx **tx, struct error *err);
    void (*read_end)(struct tx *tx);
    bool (*write)(struct db *db, struct arena *arena, db_work *work, void *with,
                  struct error *err);

    bool (*run)(struct tx *tx, const struct statement *statement, struct args args,
                int64_t *changed, struct error *err);
    /* For db_do_last; NULL: as run. */
    bool (*run_last)(struct tx *tx, const struct statement *statement, struct args args,
                     struct error *err);
    bool (*query)(struct tx *tx, const struct statement *statement, struct args args,
                  struct rows *rows, struct error *err);
    bool (*next)(struct rows *rows); /* false at the end and when rows->failed */
    void (*end)(struct rows *rows);
    bool (*is_null)(struct rows *rows, int column);
    struct str (*bytes)(struct rows *rows, int column, bool text); /* not NULL; in the arena */
    int64_t (*number)(struct rows *rows, int column);

    /* Several statements without parameters: a migration. */
    bool (*script)(struct tx *tx, struct str sql, struct error *err);
    /* Keeps other nodes' migrations out until the transaction ends; NULL: every write does. */
    const struct statement *migration_lock;
    /* Of the standbys: how many, how many in step, how far the slowest is behind; NULL: there are
     * none. */
    const struct statement *standbys;
    /* Counts the tables named $1. */
    const struct statement *has_table;
};

/* The head of each engine's own struct. */
struct db {
    const struct db_engine *engine;
    _Atomic bool number_later; /* db_number_later */
};

struct tx {
    struct db *db;
    struct arena *arena;
    struct arena *home; /* the arena of whoever asked for the transaction */
    struct tx_note *first_note, *last_note;
    db_flush *flush;
    void *connection; /* the engine's own */
    const void *acting;
    bool failed;      /* a statement failed: PostgreSQL has given the transaction up */
};

extern const struct db_engine db_sqlite;
extern const struct db_engine db_postgres;

/* Runs `work`. A failed statement fails it, also when `work` itself passes over it. Memory that
 * ends inside it fails it too, wherever the arena's owner wants to be rescued: the transaction must
 * be ended first. */
bool db_work_guarded(struct tx *tx, db_work *work, void *with, struct error *err);

/* Writes the notes of the transaction, and forgets them. */
bool db_flush_notes(struct tx *tx, struct error *err);
void db_forget_notes(struct tx *tx);

#endif
