/* SPDX-License-Identifier: EUPL-1.2 */
/* SQLite's connections, shared by db_sqlite.c (the pool of readers), db_sqlite_statement.c
 * and db_sqlite_writer.c. */
#ifndef PLATFORM_DB_SQLITE_H
#define PLATFORM_DB_SQLITE_H

#include "platform/db/db_engine.h"

#include <pthread.h>
#include <sqlite3.h>

/* A statement as SQLite has prepared it. */
struct prepared {
    const struct statement *statement;
    sqlite3_stmt *handle;
    struct prepared *next_busy;
    bool busy;    /* between a query and the end of its rows */
    bool kept;    /* in the cache; otherwise it ends with its rows */
    bool waiting; /* a row was stepped to and not yet looked at */
    int param_count;
    uint16_t param[]; /* which argument, from 0, each of SQLite's parameters is */
};

struct connection {
    struct tx tx; /* a connection has one transaction at a time */
    sqlite3 *handle;
    struct prepared **cache; /* open addressing by the statement's address; a power of two */
    size_t cache_size, cached;
    struct prepared *busy; /* statements whose rows are being read */
    struct connection *next_idle;
};

struct ticket; /* db_sqlite_writer.c */

struct sqlite {
    struct db db;
    char *path;

    pthread_mutex_t pool_lock;
    struct connection *idle; /* readers that nobody uses, the last used first */
    size_t idle_count;

    struct connection *writer;
    pthread_t writer_thread;
    pthread_mutex_t queue_lock;
    pthread_cond_t queue_filled;
    struct ticket *first, *last; /* who waits for the writer */
    size_t queued;
    bool writing;  /* the thread runs */
    bool stopping;
};

/* The engine's functions on statements and rows (db_engine.h). */
bool sqlite_run(struct tx *tx, const struct statement *statement, struct args args,
                int64_t *changed, struct error *err);
bool sqlite_query(struct tx *tx, const struct statement *statement, struct args args,
                  struct rows *rows, struct error *err);
bool sqlite_next(struct rows *rows);
void sqlite_end(struct rows *rows);
bool sqlite_is_null(struct rows *rows, int column);
struct str sqlite_bytes(struct rows *rows, int column, bool text);
int64_t sqlite_number(struct rows *rows, int column);
bool sqlite_script(struct tx *tx, struct str sql, struct error *err);

/* Runs one of our own statements without parameters, such as COMMIT. */
bool sqlite_command(struct connection *connection, const struct statement *statement,
                    struct error *err);
/* Ends rows that were left in the middle (memory ended, or a rows_end was forgotten). */
void sqlite_end_rows(struct connection *connection);
/* What the connection's last failure means to a person. */
bool sqlite_refusal(sqlite3 *handle, int status, struct error *err);

bool sqlite_start_writer(struct sqlite *db, struct error *err);
void sqlite_stop_writer(struct sqlite *db);
bool sqlite_write(struct db *db, struct arena *arena, db_work *work, void *with,
                  struct error *err);

#endif
