/* SPDX-License-Identifier: EUPL-1.2 */
/* PostgreSQL: a pool of connections, snapshots, and writes that are run again after a collision. */
#include "platform/db/db_postgres.h"

#include "base/encoding.h"
#include "base/random.h"
#include "base/wait.h"

#include <pthread.h>
#include <pwd.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TRIES 6            /* of a write: the first and at most five more */
#define BACKOFF_US 2000    /* at most, before the second try; doubles */
#define POOL_WAIT_S 10     /* for a connection that others use */
#define FOR_WRITES 4       /* one in so many connections is kept for writes */
#define CONNECTIONS_LEAST 2
#define OID_BYTEA 17

struct postgres {
    struct db db;
    char *conninfo;
    pthread_mutex_t lock;
    pthread_cond_t given_back;
    struct pg_connection *idle; /* the last used first */
    int64_t open, most;
    int64_t reading; /* by snapshots, which may be held while their holder waits to write */
};

/* ------------------------------------------------------------------ the pool */

/* A request that reads and then writes has a connection while it waits for another. So snapshots never
 * take all: what writes ends by itself, and those who wait for it come on. */
static bool has_one(const struct postgres *db, bool writes)
{
    int64_t kept = db->most / FOR_WRITES > 0 ? db->most / FOR_WRITES : 1;
    return (db->idle || db->open < db->most) && (writes || db->reading < db->most - kept);
}

static bool wait_for_one(struct postgres *db, bool writes, const struct timespec *until)
{
    while (!has_one(db, writes))
        if (!wait_at(&db->given_back, &db->lock, until))
            return has_one(db, writes);
    return true;
}

/* An idle connection, or the right to open one: then `*connection` is NULL. */
static bool take_turn(struct postgres *db, bool writes, struct pg_connection **connection,
                      struct error *err)
{
    const struct timespec until = wait_until(POOL_WAIT_S * SECOND);
    pthread_mutex_lock(&db->lock);
    bool ok = wait_for_one(db, writes, &until);
    *connection = ok ? db->idle : NULL;
    if (*connection)
        db->idle = (*connection)->next_idle;
    else if (ok)
        db->open++;
    db->reading += ok && !writes;
    pthread_mutex_unlock(&db->lock);
    if (ok)
        return true;
    fail(err, UNAVAILABLE, NULL, N_("It is too busy now. Try again in a moment."));
    err->retry_after = 5;
    return fail_detail(err, "every one of database.connections is in use");
}

static void disconnect_all(struct pg_connection *list)
{
    while (list) {
        struct pg_connection *connection = list;
        list = connection->next_idle;
        pg_disconnect(connection);
    }
}

/* Where one connection broke, those that lie idle are most likely dead too; each would cost its next
 * user the time to find out. The lock is held. */
static struct pg_connection *take_idle(struct postgres *db)
{
    struct pg_connection *all = db->idle;
    for (const struct pg_connection *idle = all; idle; idle = idle->next_idle)
        db->open--;
    db->idle = NULL;
    return all;
}

/* NULL: the right to open one was not used. */
static void give_back(struct postgres *db, bool writes, struct pg_connection *connection)
{
    struct pg_connection *dropped = NULL;
    bool keep = connection && !connection->broken;
    pthread_mutex_lock(&db->lock);
    db->reading -= !writes;
    if (keep) {
        connection->next_idle = db->idle;
        db->idle = connection;
    } else {
        db->open--;
        dropped = connection ? take_idle(db) : NULL;
    }
    pthread_cond_broadcast(&db->given_back);
    pthread_mutex_unlock(&db->lock);
    disconnect_all(dropped);
    if (!keep)
        pg_disconnect(connection);
}

static bool take(struct postgres *db, struct arena *arena, bool writes,
                 struct pg_connection **connection, struct error *err)
{
    if (!take_turn(db, writes, connection, err))
        return false;
    if (!*connection && !pg_connect(db->conninfo, connection, err)) {
        give_back(db, writes, NULL);
        return false;
    }
    (*connection)->tx.db = &db->db;
    (*connection)->tx.arena = (*connection)->tx.home = arena;
    db_forget_notes(&(*connection)->tx);
    (*connection)->writes = writes;
    (*connection)->collided = false;
    return true;
}

/* ------------------------------------------------------------------ transactions */

static bool read_begin(struct db *db, struct arena *arena, struct tx **tx, struct error *err)
{
    struct pg_connection *connection;
    if (!take((struct postgres *)db, arena, false, &connection, err))
        return false;
    *tx = &connection->tx;
    return true;
}

static void read_end(struct tx *tx)
{
    struct pg_connection *connection = tx->connection;
    pg_leave(connection, "COMMIT");
    give_back((struct postgres *)tx->db, false, connection);
}

/* One try. `again`: nothing was written, and another try may succeed. */
static bool write_once(struct postgres *db, struct arena *arena, db_work *work, void *with,
                       bool *again, struct error *err)
{
    struct pg_connection *connection;
    *again = false;
    if (!take(db, arena, true, &connection, err))
        return false;
    bool ok = db_work_guarded(&connection->tx, work, with, err)
           && db_flush_notes(&connection->tx, err);
    *again = connection->collided || connection->broken;
    if (!ok)
        pg_leave(connection, "ROLLBACK");
    else {
        ok = pg_commit(connection, err);
        *again = !ok && connection->collided; /* not when it broke: it may have been written */
    }
    give_back(db, true, connection);
    return ok;
}

/* Waits a random time, so that those who collided do not meet again. */
static void back_off(int try)
{
    uint32_t chance;
    random_bytes(&chance, sizeof chance);
    struct timespec pause = { .tv_nsec = (long)(chance % ((unsigned)BACKOFF_US << try)) * 1000 };
    nanosleep(&pause, NULL);
}

static bool write_often(struct db *db, struct arena *arena, db_work *work, void *with,
                        struct error *err)
{
    bool again = true;
    for (int try = 0; again && try < TRIES; try++) {
        if (try > 0)
            back_off(try - 1);
        if (write_once((struct postgres *)db, arena, work, with, &again, err))
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------ statements and rows */

static bool run(struct tx *tx, const struct statement *statement, struct args args,
                int64_t *changed, struct error *err)
{
    PGresult *result;
    if (!pg_run(tx->connection, statement, args, &result, err))
        return false;
    if (!str_to_int(str_of(PQcmdTuples(result)), 0, INT64_MAX, changed))
        *changed = 0; /* a CREATE TABLE, for one */
    PQclear(result);
    return true;
}

static bool run_last(struct tx *tx, const struct statement *statement, struct args args,
                     struct error *err)
{
    return pg_run_last(tx->connection, statement, args, err);
}

/* The arena clears a result that its rows_end never came for, because memory ended. */
struct cursor {
    PGresult *result;
};

static void clear(void *what)
{
    struct cursor *cursor = what;
    PQclear(cursor->result);
    cursor->result = NULL;
}

static bool query(struct tx *tx, const struct statement *statement, struct args args,
                  struct rows *rows, struct error *err)
{
    struct cursor *cursor = arena_new(tx->arena, struct cursor);
    arena_defer(tx->arena, clear, cursor);
    if (!pg_run(tx->connection, statement, args, &cursor->result, err))
        return false;
    rows->engine = cursor;
    rows->at = -1;
    rows->count = PQntuples(cursor->result);
    return true;
}

static const PGresult *result_of(const struct rows *rows)
{
    return ((const struct cursor *)rows->engine)->result;
}

static bool next(struct rows *rows)
{
    if (rows->at < rows->count)
        rows->at++;
    return rows->at < rows->count;
}

static void end(struct rows *rows)
{
    clear(rows->engine);
}

static bool is_null(struct rows *rows, int column)
{
    return PQgetisnull(result_of(rows), (int)rows->at, column);
}

static struct str value_of(struct rows *rows, int column)
{
    const PGresult *result = result_of(rows);
    return (struct str){ PQgetvalue(result, (int)rows->at, column),
                         (size_t)PQgetlength(result, (int)rows->at, column) };
}

static struct str bytes(struct rows *rows, int column, bool text)
{
    struct str value = value_of(rows, column), decoded = { 0 };
    (void)text;
    if (PQftype(result_of(rows), column) != OID_BYTEA)
        return str_copy(rows->tx->arena, value);
    if (!str_starts(value, STR("\\x"))
        || !hex_decode(rows->tx->arena, str_slice(value, 2, value.len), &decoded))
        rows->failed = !fail_internal(&rows->error, "set PostgreSQL's bytea_output to hex");
    return decoded;
}

/* A bigint, a sum (numeric), an average (cut at the point, as SQLite does), or a condition. */
static int64_t number(struct rows *rows, int column)
{
    int64_t found = 0;
    struct str value = value_of(rows, column);
    if (str_eq(value, STR("t")))
        return 1;
    str_to_int(str_cut(&value, '.'), INT64_MIN, INT64_MAX, &found);
    return found;
}

static bool script(struct tx *tx, struct str sql, struct error *err)
{
    return pg_script(tx->connection, str_c(tx->arena, sql), err);
}

/* ------------------------------------------------------------------ open and close */

static void close_all(struct db *base)
{
    struct postgres *db = (struct postgres *)base;
    disconnect_all(db->idle);
    pthread_cond_destroy(&db->given_back);
    pthread_mutex_destroy(&db->lock);
    free(db->conninfo);
    free(db);
}

static void make_lock(struct postgres *db)
{
    wait_init(&db->given_back);
    pthread_mutex_init(&db->lock, NULL);
}

/* libpq looks in the home folder for a password file and certificates. Where the environment does not
 * name it, it asks the system's name services at every connection, for which the sandbox has no room. */
static void name_home(void)
{
    const struct passwd *user = getenv("HOME") ? NULL : getpwuid(geteuid());
    if (user)
        setenv("HOME", user->pw_dir, 0);
}

/* Opens one connection, so that a wrong setting is told at the start. */
static bool open_all(struct str name, int64_t connections, struct db **made, struct error *err)
{
    struct pg_connection *first;
    struct postgres *db = calloc(1, sizeof *db);
    char *conninfo = db ? strndup(name.at, name.len) : NULL;
    if (!conninfo) {
        free(db);
        return fail(err, UNAVAILABLE, NULL,
                    N_("There is not enough memory for this. Ask for less at a time."));
    }
    *db = (struct postgres){ .db = { .engine = &db_postgres },
                             .conninfo = conninfo,
                             .most = connections > CONNECTIONS_LEAST ? connections
                                                                     : CONNECTIONS_LEAST };
    make_lock(db);
    name_home();
    if (!take(db, NULL, false, &first, err)) {
        close_all(&db->db);
        return false;
    }
    give_back(db, false, first);
    *made = &db->db;
    return true;
}

/* A migration may take its time. The number is "fundamen" in ASCII; any would do that no other program takes. */
static const struct statement migration_lock = SQL(
    "SELECT set_config('statement_timeout', '0', true),"
    " pg_advisory_xact_lock(7382928541554140526)");
static const struct statement has_table = SQL(
    "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1");

/* Without the right to see them (pg_monitor) a standby's positions are NULL. */
static const struct statement standbys = SQL(
    "SELECT COUNT(*),"
    "  SUM(CASE WHEN sync_state IN ('sync', 'quorum') THEN 1 ELSE 0 END),"
    "  MAX(CASE WHEN replay_lsn >= pg_current_wal_lsn() THEN 0"
    "           ELSE (EXTRACT(EPOCH FROM replay_lag) * 1000000)::BIGINT END),"
    "  SUM(CASE WHEN sent_lsn IS NULL THEN 1 ELSE 0 END)"
    "  FROM pg_stat_replication");

const struct db_engine db_postgres = {
    .prefix = "postgres:",
    .open = open_all,
    .close = close_all,
    .read_begin = read_begin,
    .read_end = read_end,
    .write = write_often,
    .run = run,
    .run_last = run_last,
    .query = query,
    .next = next,
    .end = end,
    .is_null = is_null,
    .bytes = bytes,
    .number = number,
    .script = script,
    .migration_lock = &migration_lock,
    .standbys = &standbys,
    .has_table = &has_table,
};
