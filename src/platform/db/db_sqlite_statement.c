/* SPDX-License-Identifier: EUPL-1.2 */
/* Statements on SQLite: prepared once per connection, and their rows; what failures mean. */
#include "platform/db/db_sqlite.h"

#include "base/list.h"

#include <errno.h>
#include <stdlib.h>

/* ------------------------------------------------------------------ what failures mean */

static bool disk_is_full(sqlite3 *handle, int status)
{
    return (status & 0xff) == SQLITE_FULL
        || ((status & 0xff) == SQLITE_IOERR
            && (sqlite3_system_errno(handle) == ENOSPC || sqlite3_system_errno(handle) == EDQUOT));
}

bool sqlite_refusal(sqlite3 *handle, int status, struct error *err)
{
    static const struct {
        int status;
        enum error_kind kind;
        int retry_after;
        const char *message;
    } meanings[] = {
        { SQLITE_FULL, UNAVAILABLE, 60,
          N_("The disk with the database is full. Make room; what was saved is safe.") },
        { SQLITE_BUSY, UNAVAILABLE, 5,
          N_("The database is in use by another program for too long. Try again later.") },
        { SQLITE_LOCKED, UNAVAILABLE, 5,
          N_("The database is in use by another program for too long. Try again later.") },
        { SQLITE_NOTADB, INVALID, 0,
          N_("The database file is not an SQLite database. Name another file in the setting "
             "database, or put back the right one.") },
        { SQLITE_CORRUPT, UNAVAILABLE, 0,
          N_("The database file is damaged. Stop the program and put back a backup.") },
        { SQLITE_CANTOPEN, UNAVAILABLE, 0,
          N_("The database file cannot be opened. Check that its folder exists and that this "
             "user may write there.") },
        { SQLITE_READONLY, UNAVAILABLE, 0,
          N_("The database file cannot be written. Check that this user may write the file and "
             "its folder.") },
        { SQLITE_PERM, UNAVAILABLE, 0,
          N_("The database file cannot be written. Check that this user may write the file and "
             "its folder.") },
        { SQLITE_IOERR, UNAVAILABLE, 0,
          N_("The disk with the database gives errors. Check the disk.") },
        { SQLITE_NOMEM, UNAVAILABLE, 5,
          N_("There is not enough memory for this. Ask for less at a time.") },
        { SQLITE_TOOBIG, TOO_LARGE, 0, N_("This is too large for the database.") },
        { SQLITE_CONSTRAINT, CONFLICT, 0,
          N_("This exists already, or belongs to something that does not exist.") },
    };
    int wanted = disk_is_full(handle, status) ? SQLITE_FULL : status & 0xff;
    for (size_t i = 0; i < count_of(meanings); i++) {
        if (meanings[i].status != wanted)
            continue;
        fail(err, meanings[i].kind, NULL, meanings[i].message);
        err->retry_after = meanings[i].retry_after;
        return fail_detail(err, "sqlite %d: %s", status,
                           handle ? sqlite3_errmsg(handle) : sqlite3_errstr(status));
    }
    return fail_internal(err, "sqlite %d: %s", status,
                         handle ? sqlite3_errmsg(handle) : sqlite3_errstr(status));
}

/* ------------------------------------------------------------------ prepared statements */

static size_t cache_place(const struct connection *connection, const struct statement *statement)
{
    size_t mask = connection->cache_size - 1;
    size_t place = ((uintptr_t)statement >> 3) * 0x9E3779B97F4A7C15u >> 32 & mask;
    while (connection->cache[place] && connection->cache[place]->statement != statement)
        place = (place + 1) & mask;
    return place;
}

/* Makes room for one more statement; without memory it is simply not cached. */
static bool cache_has_room(struct connection *connection)
{
    if (connection->cached * 2 < connection->cache_size)
        return true;
    struct connection larger = { .cache_size = connection->cache_size * 2 };
    larger.cache = calloc(larger.cache_size, sizeof(struct prepared *));
    if (!larger.cache)
        return false;
    for (size_t i = 0; i < connection->cache_size; i++) {
        struct prepared *prepared = connection->cache[i];
        if (prepared)
            larger.cache[cache_place(&larger, prepared->statement)] = prepared;
    }
    free(connection->cache);
    connection->cache = larger.cache;
    connection->cache_size = larger.cache_size;
    return true;
}

/* SQLite numbers `$2` by its first appearance; the name says which argument is meant. */
static bool map_params(struct prepared *prepared)
{
    for (int i = 0; i < prepared->param_count; i++) {
        const char *name = sqlite3_bind_parameter_name(prepared->handle, i + 1);
        int64_t number;
        if (!name || !str_to_int(str_of(name + 1), 1, UINT16_MAX, &number))
            return false;
        prepared->param[i] = (uint16_t)(number - 1);
    }
    return true;
}

static bool prepare(struct connection *connection, const struct statement *statement,
                    struct prepared **prepared, struct error *err)
{
    sqlite3_stmt *handle;
    int status = sqlite3_prepare_v3(connection->handle, statement->sql, -1,
                                    SQLITE_PREPARE_PERSISTENT, &handle, NULL);
    if (status != SQLITE_OK)
        return sqlite_refusal(connection->handle, status, err);
    int count = sqlite3_bind_parameter_count(handle);
    struct prepared *made = calloc(1, sizeof *made + (size_t)count * sizeof made->param[0]);
    if (!made) {
        sqlite3_finalize(handle);
        return sqlite_refusal(NULL, SQLITE_NOMEM, err);
    }
    *made = (struct prepared){ .statement = statement, .handle = handle, .param_count = count };
    if (!map_params(made)) {
        sqlite3_finalize(handle);
        free(made);
        return fail_internal(err, "parameters are written $1, $2: %s", statement->sql);
    }
    *prepared = made;
    return true;
}

/* The statement, ready to bind; a second use while its rows are being read gets its own. */
static bool take_prepared(struct connection *connection, const struct statement *statement,
                          struct prepared **prepared, struct error *err)
{
    struct prepared *found = connection->cache[cache_place(connection, statement)];
    if (!found || found->busy) {
        struct prepared *made = NULL;
        if (!prepare(connection, statement, &made, err))
            return false;
        if (!found && cache_has_room(connection)) {
            connection->cache[cache_place(connection, statement)] = made;
            connection->cached++;
            made->kept = true;
        }
        found = made;
    }
    found->busy = true;
    found->next_busy = connection->busy;
    connection->busy = found;
    *prepared = found;
    return true;
}

static void give_back(struct connection *connection, struct prepared *prepared)
{
    struct prepared **place = &connection->busy;
    while (*place && *place != prepared)
        place = &(*place)->next_busy;
    if (*place)
        *place = prepared->next_busy;
    prepared->busy = prepared->waiting = false;
    if (prepared->kept) {
        sqlite3_reset(prepared->handle);
        return;
    }
    sqlite3_finalize(prepared->handle);
    free(prepared);
}

void sqlite_end_rows(struct connection *connection)
{
    while (connection->busy)
        give_back(connection, connection->busy);
}

/* `keeps`: the argument's bytes stay where they are until the statement has been run. */
static int bind_one(sqlite3_stmt *handle, int place, const struct arg *arg, bool keeps)
{
    sqlite3_destructor_type copy = keeps ? SQLITE_STATIC : SQLITE_TRANSIENT;
    const char *bytes = arg->bytes.at ? arg->bytes.at : "";
    switch (arg->kind) {
    case ARG_INT:
        return sqlite3_bind_int64(handle, place, arg->number);
    case ARG_TEXT:
        return sqlite3_bind_text64(handle, place, bytes, arg->bytes.len, copy, SQLITE_UTF8);
    case ARG_BYTES:
        return sqlite3_bind_blob64(handle, place, bytes, arg->bytes.len, copy);
    case ARG_NULL:
        break;
    }
    return sqlite3_bind_null(handle, place);
}

static bool bind(struct connection *connection, struct prepared *prepared, struct args args,
                 bool keeps, struct error *err)
{
    for (int i = 0; i < prepared->param_count; i++) {
        if (prepared->param[i] >= args.count)
            return fail_internal(err, "argument $%d is missing: %s", prepared->param[i] + 1,
                                 prepared->statement->sql);
        int status = bind_one(prepared->handle, i + 1, &args.at[prepared->param[i]], keeps);
        if (status != SQLITE_OK)
            return sqlite_refusal(connection->handle, status, err);
    }
    return true;
}

/* ------------------------------------------------------------------ statements and rows */

bool sqlite_run(struct tx *tx, const struct statement *statement, struct args args,
                int64_t *changed, struct error *err)
{
    struct connection *connection = tx->connection;
    struct prepared *prepared;
    if (!take_prepared(connection, statement, &prepared, err))
        return false;
    bool ok = bind(connection, prepared, args, true, err);
    if (ok) {
        int status;
        do
            status = sqlite3_step(prepared->handle);
        while (status == SQLITE_ROW);
        ok = status == SQLITE_DONE || sqlite_refusal(connection->handle, status, err);
        *changed = sqlite3_changes64(connection->handle);
    }
    give_back(connection, prepared);
    return ok;
}

bool sqlite_command(struct connection *connection, const struct statement *statement,
                    struct error *err)
{
    int64_t changed;
    return sqlite_run(&connection->tx, statement, NO_ARGS, &changed, err);
}

/* Steps to the first row at once: an INSERT ... RETURNING has happened when this returns, as on
 * PostgreSQL, and an error is told here. */
bool sqlite_query(struct tx *tx, const struct statement *statement, struct args args,
                  struct rows *rows, struct error *err)
{
    struct connection *connection = tx->connection;
    struct prepared *prepared;
    if (!take_prepared(connection, statement, &prepared, err))
        return false;
    if (!bind(connection, prepared, args, false, err)) {
        give_back(connection, prepared);
        return false;
    }
    int status = sqlite3_step(prepared->handle);
    if (status != SQLITE_ROW && status != SQLITE_DONE) {
        sqlite_refusal(connection->handle, status, err);
        give_back(connection, prepared);
        return false;
    }
    prepared->waiting = status == SQLITE_ROW;
    rows->count = status == SQLITE_ROW ? -1 : 0; /* -1: unknown, there may be more */
    rows->engine = prepared;
    return true;
}

bool sqlite_next(struct rows *rows)
{
    struct connection *connection = rows->tx->connection;
    struct prepared *prepared = rows->engine;
    if (rows->count == 0)
        return false;
    if (prepared->waiting) {
        prepared->waiting = false;
        return true;
    }
    int status = sqlite3_step(prepared->handle);
    if (status == SQLITE_ROW)
        return true;
    rows->count = 0;
    rows->failed = status != SQLITE_DONE;
    if (rows->failed)
        sqlite_refusal(connection->handle, status, &rows->error);
    return false;
}

void sqlite_end(struct rows *rows)
{
    give_back(rows->tx->connection, rows->engine);
}

static sqlite3_stmt *handle_of(const struct rows *rows)
{
    return ((const struct prepared *)rows->engine)->handle;
}

bool sqlite_is_null(struct rows *rows, int column)
{
    return sqlite3_column_type(handle_of(rows), column) == SQLITE_NULL;
}

struct str sqlite_bytes(struct rows *rows, int column, bool text)
{
    sqlite3_stmt *handle = handle_of(rows);
    const void *at = text ? (const void *)sqlite3_column_text(handle, column)
                          : sqlite3_column_blob(handle, column);
    size_t len = (size_t)sqlite3_column_bytes(handle, column);
    return str_copy(rows->tx->arena, at ? (struct str){ at, len } : STR(""));
}

int64_t sqlite_number(struct rows *rows, int column)
{
    return sqlite3_column_int64(handle_of(rows), column);
}

bool sqlite_script(struct tx *tx, struct str sql, struct error *err)
{
    struct connection *connection = tx->connection;
    int status = sqlite3_exec(connection->handle, str_c(tx->arena, sql), NULL, NULL, NULL);
    return status == SQLITE_OK || sqlite_refusal(connection->handle, status, err);
}
