/* SPDX-License-Identifier: EUPL-1.2 */
/* The database: SQLite in one file, or PostgreSQL; the same SQL for both.
 *
 * The portable subset: `$1` parameters, BIGINT, TEXT, BYTEA (SQLite stores any bytes under it),
 * ON CONFLICT, RETURNING; no AUTOINCREMENT or SERIAL (keys are natural, or random, or counted by
 * db_next_number), no booleans (BIGINT 0/1), times as BIGINT instants, no engine's own functions,
 * no DEFERRABLE constraints. COLLATE "C" orders by bytes; without it PostgreSQL orders as its own
 * collation says. LIKE counts capitals.
 *
 * Reads: db_read gives a snapshot on a connection of its own. Writes: db_write runs a function
 * in a transaction that is durable when it returns true. On SQLite one writer thread runs many
 * callers' functions in one commit (when one of them fails, all are run again, apart); so a write
 * function is short, does no I/O and touches only what the waiting caller gave it. */
#ifndef PLATFORM_DB_H
#define PLATFORM_DB_H

#include "base/error.h"
#include "base/str.h"

struct db;
struct tx;     /* an open transaction, read or write */
struct config;

/* A statement of a store: `static const struct statement insert_school = SQL("INSERT ...");`
 * Its address is the key of the cache of prepared statements: make it static. */
struct statement {
    const char *sql;
};
#define SQL(text) { .sql = text }

enum arg_kind { ARG_NULL, ARG_INT, ARG_TEXT, ARG_BYTES };

struct arg {
    enum arg_kind kind;
    int64_t number;
    struct str bytes;
};

#define ARGS_MAX 256

struct args {
    size_t count; /* at most ARGS_MAX */
    const struct arg *at;
};

#define ARGS(...)                                                                                  \
    ((struct args){ sizeof((struct arg[]){ __VA_ARGS__ }) / sizeof(struct arg),                    \
                    (const struct arg[]){ __VA_ARGS__ } })
#define NO_ARGS ((struct args){ 0, NULL })

static inline struct arg arg_null(void)
{
    return (struct arg){ .kind = ARG_NULL };
}

static inline struct arg arg_int(int64_t number)
{
    return (struct arg){ .kind = ARG_INT, .number = number };
}

static inline struct arg arg_text(struct str text) /* valid UTF-8 without NUL */
{
    return (struct arg){ .kind = ARG_TEXT, .bytes = text };
}

static inline struct arg arg_bytes(struct str bytes)
{
    return (struct arg){ .kind = ARG_BYTES, .bytes = bytes };
}

/* Opens the database that the configuration names (`database = sqlite:fundament.db` relative to the
 * data folder, or `postgres:...` with a libpq connection string). Starts the SQLite writer. */
bool db_open(const struct config *config, struct db **db, struct error *err);

/* Opens by its name, for tests and tools: "sqlite:/path" or "postgres:conninfo". */
bool db_open_url(struct str url, int64_t connections, struct db **db, struct error *err);
void db_close(struct db *db);
bool db_is_postgres(const struct db *db);

/* What runs in a transaction, with what its caller gave it. */
typedef bool db_work(struct tx *tx, void *with, struct error *err);

/* Runs `work` in a read-only snapshot. The result of `work` is returned. Memory that ends inside
 * `work`, here and in db_write, ends the transaction and is an UNAVAILABLE error. */
bool db_read(struct db *db, struct arena *arena, db_work *work, void *with, struct error *err);

/* Runs `work` in a write transaction and commits; false (of work, or of the commit) means that
 * nothing of it was written. `work` may run more than once (PostgreSQL: after serialization failures
 * and deadlocks; SQLite: when another's work in the same commit failed), so it must set what it fills
 * from scratch and change nothing but the database. */
bool db_write(struct db *db, struct arena *arena, db_work *work, void *with, struct error *err);

/* A read transaction that is held open by a request: begun by the first call, given back by
 * db_read_end. The router uses these; services use request_tx (platform/http/http.h). */
bool db_read_begin(struct db *db, struct arena *arena, struct tx **tx, struct error *err);
void db_read_end(struct tx *tx);

/* The arena in which this transaction's rows live. */
struct arena *tx_arena(const struct tx *tx);

/* Lets the rows that are read from now on live in another arena, for work that passes over more
 * rows than memory should hold; returns the one before, to be put back. */
struct arena *tx_use_arena(struct tx *tx, struct arena *arena);

/* In whose name this transaction writes, for the audit trail: set within the work, and forgotten
 * when that ends. The database does not look into it. NULL: in nobody else's. */
void tx_set_acting(struct tx *tx, const void *acting);
const void *tx_acting(const struct tx *tx);

/* Runs a statement whose rows nobody wants. `changed`, when not NULL, gets the number of rows. A
 * statement that fails fails its whole transaction, whatever `work` returns: where a row may exist
 * already, write ON CONFLICT. */
bool db_do(struct tx *tx, const struct statement *statement, struct args args, int64_t *changed,
           struct error *err);

/* As db_do, for the last statements of a transaction: they may travel together with the commit, which
 * then tells of their failure. Of statements that follow all the same, the next that waits for its answer
 * does. */
bool db_do_last(struct tx *tx, const struct statement *statement, struct args args,
                struct error *err);

/* Rows of a question, read one by one; texts and bytes live in the transaction's arena.
 *
 *     struct rows rows;
 *     if (!db_query(tx, &find_schools, ARGS(arg_text(board)), &rows, err))
 *         return false;
 *     while (rows_next(&rows))
 *         ... row_text(&rows, 0) ... row_int(&rows, 1) ...
 *     return rows_end(&rows, err);
 *
 * rows_end must follow, also when the loop was left early; it tells whether reading went well. */
struct rows {
    struct tx *tx;
    void *engine;   /* the engine's own cursor */
    int64_t at;
    int64_t count;
    bool failed;
    struct error error;
};

bool db_query(struct tx *tx, const struct statement *statement, struct args args,
              struct rows *rows, struct error *err);
bool rows_next(struct rows *rows);
bool rows_end(struct rows *rows, struct error *err);
struct str row_text(struct rows *rows, int column);  /* NULL gives an empty slice, at == NULL */
struct str row_bytes(struct rows *rows, int column);
int64_t row_int(struct rows *rows, int column);      /* NULL gives 0 */
bool row_is_null(struct rows *rows, int column);

/* A question for one number (a count, an existence); no row gives `otherwise`. */
bool db_number(struct tx *tx, const struct statement *statement, struct args args,
               int64_t otherwise, int64_t *number, struct error *err);

/* The next number of a named series, without gaps and in the order of commits; takes a lock on the
 * series until the transaction ends: for what is rare (deeds and events are numbered in record/). */
bool db_next_number(struct tx *tx, const char *series, int64_t *number, struct error *err);

/* The standbys that follow a PostgreSQL primary. */
struct db_standbys {
    int64_t count;   /* -1: not known (SQLite, or the database's user may not see it) */
    int64_t in_step; /* so many are waited for at a commit */
    int64_t lag;     /* microseconds that the slowest is behind; -1: not known */
};
bool db_standbys(struct tx *tx, struct db_standbys *standbys, struct error *err);

/* Lets one transaction at a time go on with this name, over all nodes; the next one waits until it has
 * ended, and its later reads see what that wrote. For what is rare, where a decision hangs on rows that
 * another transaction may add or take away meanwhile (a limit, the last one of its kind). */
bool db_hold(struct tx *tx, const char *name, struct error *err);

/* Something that is written at the end of a write transaction, together with all others: on SQLite
 * once for everybody who shares the commit. When `work` has gone well, `flush` gets all notes in the
 * order in which they were made, in the same transaction; when it fails, nothing is written. A note
 * lives in tx_home; a transaction has one `flush`. */
struct tx_note {
    struct tx_note *next;
};
typedef bool db_flush(struct tx *tx, const struct tx_note *notes, struct error *err);
void db_note(struct tx *tx, struct tx_note *note, db_flush *flush);

/* The arena that lives until the transaction has ended, whatever tx_use_arena says. */
struct arena *tx_home(const struct tx *tx);

/* Lets what deeds leave behind be numbered by a thread of this process, instead of in the deed's own
 * transaction (platform/record/inbox.h). */
void db_number_later(struct db *db, bool later);
bool tx_numbers_later(const struct tx *tx);

/* Migrations: numbered per service from 1, each run once, in order, in a transaction. A node of the
 * version before goes on working on the migrated database: so a migration only adds (tables, columns
 * with a DEFAULT or without NOT NULL, indexes). What nobody uses any more is taken away a version
 * later, by a migration with a floor. */
struct migration {
    int number;
    const char *resource; /* name of the embedded SQL file, "sector/schema/001-register.sql" */
    int floor;            /* > 0: it takes away what programs use whose last migration is below this */
    const char *postgres; /* instead of `resource` on PostgreSQL, where no SQL says it to both */
};
struct service;
bool db_migrate(struct db *db, struct arena *arena, const struct service *const *services,
                struct error *err);
/* Has the schema all that these services expect? It may have more: of a newer version. Says what to do
 * when it has not. */
bool db_check_schema(struct db *db, struct arena *arena, const struct service *const *services,
                     struct error *err);

#endif
