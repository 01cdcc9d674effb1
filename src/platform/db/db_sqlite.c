/* SPDX-License-Identifier: EUPL-1.2 */
/* SQLite: one file in WAL mode, many readers, one writer (db_sqlite_writer.c). A reader is taken
 * from a pool for each snapshot, the last used one first: so its caches are warm, and no more
 * connections exist than snapshots were ever open at once. */
#include "platform/db/db_sqlite.h"

#include "base/instant.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 10000 /* how long we wait for another process's write */
#define BUSY_PAUSE_MS   20
#define IDLE_READERS 8        /* more are closed when they are given back */
#define FIRST_CACHE_SIZE 64 /* of prepared statements; doubles */
#define FILE_MODE 0640

/* Readers keep at most 1 MiB of pages each; the system's file cache has the rest. */
static const char reader_settings[] = "PRAGMA cache_size = -1024;"
                                      "PRAGMA query_only = ON;";
/* The WAL is copied into the file each 16 MiB: pages that many commits change are copied once. */
static const char writer_settings[] = "PRAGMA cache_size = -8192;"
                                      "PRAGMA synchronous = FULL;"
                                      "PRAGMA wal_autocheckpoint = 4000;"
                                      "PRAGMA journal_size_limit = 67108864;";
/* LIKE counts capitals, as PostgreSQL's does. */
static const char common_settings[] = "PRAGMA foreign_keys = ON;"
                                      "PRAGMA trusted_schema = OFF;"
                                      "PRAGMA cell_size_check = ON;"
                                      "PRAGMA case_sensitive_like = ON;";

/* ---- Connections ---- */

/* The order of bytes, under the name that it has in PostgreSQL: COLLATE "C" serves both. */
static int compare_bytes(void *nothing, int a_len, const void *a, int b_len, const void *b)
{
    (void)nothing;
    int order = memcmp(a, b, (size_t)(a_len < b_len ? a_len : b_len));
    return order ? order : a_len - b_len;
}

/* Nothing that a statement could carry may reach outside this file or change its structure. */
static void fence(sqlite3 *handle)
{
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
}

static int set_up(sqlite3 *handle, bool writes)
{
    fence(handle);
    sqlite3_busy_timeout(handle, BUSY_TIMEOUT_MS);
    int status = sqlite3_create_collation(handle, "C", SQLITE_UTF8, NULL, compare_bytes);
    if (status == SQLITE_OK && writes)
        status = sqlite3_exec(handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    if (status == SQLITE_OK)
        status = sqlite3_exec(handle, common_settings, NULL, NULL, NULL);
    if (status == SQLITE_OK)
        status = sqlite3_exec(handle, writes ? writer_settings : reader_settings, NULL, NULL,
                              NULL);
    return status;
}

/* Changing a new file to WAL fails at once, without waiting, while another process does the same
 * or closes the file; a moment later it need not be done or can be. */
static int set_up_patiently(sqlite3 *handle, bool writes)
{
    instant until = instant_monotonic() + BUSY_TIMEOUT_MS * (SECOND / 1000);
    int status = set_up(handle, writes);
    while ((status & 0xff) == SQLITE_BUSY && instant_monotonic() < until) {
        sqlite3_sleep(BUSY_PAUSE_MS);
        status = set_up(handle, writes);
    }
    return status;
}

/* SQLite counts its memory under one lock for all threads, unless it is told before its first use
 * that nobody asks: with it, threads that only read wait for each other at every allocation. */
static void count_no_memory(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static void close_connection(struct connection *connection)
{
    if (!connection)
        return;
    sqlite_end_rows(connection);
    for (size_t i = 0; i < connection->cache_size; i++) {
        if (connection->cache[i])
            sqlite3_finalize(connection->cache[i]->handle);
        free(connection->cache[i]);
    }
    free(connection->cache);
    sqlite3_close(connection->handle);
    free(connection);
}

static bool open_connection(struct sqlite *db, bool writes, struct connection **connection,
                           struct error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, count_no_memory);
    struct connection *made = calloc(1, sizeof *made);
    struct prepared **cache = calloc(FIRST_CACHE_SIZE, sizeof(struct prepared *));
    if (!made || !cache) {
        free(made);
        free(cache);
        return sqlite_refusal(NULL, SQLITE_NOMEM, err);
    }
    *made = (struct connection){ .tx = { .db = &db->db, .connection = made },
                                 .cache = cache,
                                 .cache_size = FIRST_CACHE_SIZE };
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int status = sqlite3_open_v2(db->path, &made->handle, flags, NULL);
    if (status == SQLITE_OK)
        status = set_up_patiently(made->handle, writes);
    if (status != SQLITE_OK) {
        sqlite_refusal(made->handle, status, err);
        close_connection(made);
        return false;
    }
    *connection = made;
    return true;
}

/* ---- Snapshots ---- */

static struct connection *idle_reader(struct sqlite *db)
{
    pthread_mutex_lock(&db->pool_lock);
    struct connection *reader = db->idle;
    if (reader) {
        db->idle = reader->next_idle;
        db->idle_count--;
    }
    pthread_mutex_unlock(&db->pool_lock);
    return reader;
}

static void keep_reader(struct sqlite *db, struct connection *reader)
{
    pthread_mutex_lock(&db->pool_lock);
    bool keep = db->idle_count < IDLE_READERS;
    if (keep) {
        reader->next_idle = db->idle;
        db->idle = reader;
        db->idle_count++;
    }
    pthread_mutex_unlock(&db->pool_lock);
    if (!keep)
        close_connection(reader);
}

static bool read_begin(struct db *base, struct arena *arena, struct tx **tx, struct error *err)
{
    static const struct statement begin = SQL("BEGIN");
    struct sqlite *db = (struct sqlite *)base;
    struct connection *reader = idle_reader(db);
    if (!reader && !open_connection(db, false, &reader, err))
        return false;
    reader->tx.arena = arena;
    if (!sqlite_command(reader, &begin, err)) {
        close_connection(reader);
        return false;
    }
    *tx = &reader->tx;
    return true;
}

static void read_end(struct tx *tx)
{
    static const struct statement commit = SQL("COMMIT");
    struct connection *reader = tx->connection;
    struct error err;
    sqlite_end_rows(reader);
    reader->tx.arena = NULL;
    if (sqlite_command(reader, &commit, &err))
        keep_reader((struct sqlite *)tx->db, reader);
    else
        close_connection(reader);
}

/* ---- Open and close ---- */

static void close_all(struct db *base)
{
    struct sqlite *db = (struct sqlite *)base;
    sqlite_stop_writer(db);
    for (struct connection *reader; (reader = idle_reader(db));)
        close_connection(reader);
    close_connection(db->writer); /* the last one empties the WAL into the file */
    pthread_mutex_destroy(&db->pool_lock);
    free(db->path);
    free(db);
}

/* The file is made here and not by SQLite, for its mode; the WAL beside it gets the same. */
static bool make_file(const char *path, struct error *err)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (file < 0 && errno != EACCES && errno != ELOOP) {
        int status = errno == ENOSPC || errno == EDQUOT ? SQLITE_FULL : SQLITE_CANTOPEN;
        return sqlite_refusal(NULL, status, err);
    }
    if (file >= 0)
        close(file);
    return true;
}

static bool open_all(struct str name, int64_t connections, struct db **made, struct error *err)
{
    (void)connections;
    struct sqlite *db = calloc(1, sizeof *db);
    char *path = db ? strndup(name.at, name.len) : NULL;
    if (!path) {
        free(db);
        return sqlite_refusal(NULL, SQLITE_NOMEM, err);
    }
    *db = (struct sqlite){ .db = { .engine = &db_sqlite }, .path = path };
    pthread_mutex_init(&db->pool_lock, NULL);
    if (!make_file(path, err) || !open_connection(db, true, &db->writer, err)
        || !sqlite_start_writer(db, err)) {
        struct error first = *err;
        close_all(&db->db);
        *err = first;
        return false;
    }
    *made = &db->db;
    return true;
}

static const struct statement has_table = SQL(
    "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1");

const struct db_engine db_sqlite = {
    .prefix = "sqlite:",
    .open = open_all,
    .close = close_all,
    .read_begin = read_begin,
    .read_end = read_end,
    .write = sqlite_write,
    .run = sqlite_run,
    .query = sqlite_query,
    .next = sqlite_next,
    .end = sqlite_end,
    .is_null = sqlite_is_null,
    .bytes = sqlite_bytes,
    .number = sqlite_number,
    .script = sqlite_script,
    .has_table = &has_table,
};
