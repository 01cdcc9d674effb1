/* SPDX-License-Identifier: EUPL-1.2 */
/* The common front of the database engines. */
#include "platform/db/db_engine.h"

#include "base/list.h"
#include "platform/config.h"
#include "platform/db/db_backup.h"

static const struct db_engine *const engines[] = { &db_sqlite, &db_postgres };

/* A file that is not named by its full path is in the data folder. */
struct str db_url(const struct config *config, struct arena *arena)
{
    struct str url = config_text(config, "database"), prefix = str_of(db_sqlite.prefix);
    struct str path = str_slice(url, prefix.len, url.len);
    if (!str_starts(url, prefix) || str_starts(path, STR("/")))
        return url;
    const char *full = config_path(config, arena, str_c(arena, path));
    return str_format(arena, "%s%s", db_sqlite.prefix, full);
}

bool db_open(const struct config *config, struct db **db, struct error *err)
{
    struct arena arena = { 0 };
    struct str url = db_url(config, &arena);
    bool ok = db_open_url(url, config_int(config, "database.connections"), db, err);
    arena_free(&arena);
    return ok;
}

bool db_open_url(struct str url, int64_t connections, struct db **db, struct error *err)
{
    for (size_t i = 0; i < count_of(engines); i++) {
        struct str prefix = str_of(engines[i]->prefix);
        if (str_starts(url, prefix))
            return engines[i]->open(str_slice(url, prefix.len, url.len), connections, db, err);
    }
    return fail(err, INVALID, "database",
                N_("The setting database must start with sqlite: or postgres:."));
}

void db_close(struct db *db)
{
    if (db)
        db->engine->close(db);
}

bool db_is_postgres(const struct db *db)
{
    return db->engine == &db_postgres;
}

bool db_work_guarded(struct tx *tx, db_work *work, void *with, struct error *err)
{
    struct arena *const arena = tx->arena;
    jmp_buf *const outer = arena->rescue;
    jmp_buf here;
    jmp_buf *const thread_outer = memory_rescue(&here);
    if (setjmp(here)) {
        arena->rescue = outer;
        memory_rescue(thread_outer);
        return fail(err, UNAVAILABLE, NULL,
                    N_("There is not enough memory for this. Ask for less at a time."));
    }
    arena->rescue = &here;
    tx->failed = false;
    tx->acting = NULL;
    bool ok = work(tx, with, err);
    tx->acting = NULL;
    arena->rescue = outer;
    memory_rescue(thread_outer);
    if (ok && tx->failed)
        return fail_internal(err, "a failed statement was passed over");
    return ok;
}

void db_note(struct tx *tx, struct tx_note *note, db_flush *flush)
{
    note->next = NULL;
    if (tx->last_note)
        tx->last_note->next = note;
    else
        tx->first_note = note;
    tx->last_note = note;
    tx->flush = flush;
}

struct arena *tx_home(const struct tx *tx)
{
    return tx->home;
}

void db_number_later(struct db *db, bool later)
{
    db->number_later = later;
}

bool tx_numbers_later(const struct tx *tx)
{
    return tx->db->number_later;
}

void db_forget_notes(struct tx *tx)
{
    tx->first_note = tx->last_note = NULL;
}

static bool run_flush(struct tx *tx, void *with, struct error *err)
{
    (void)with;
    return tx->flush(tx, tx->first_note, err);
}

bool db_flush_notes(struct tx *tx, struct error *err)
{
    if (!tx->first_note)
        return true;
    struct arena arena = { 0 };
    tx->arena = &arena;
    bool ok = db_work_guarded(tx, run_flush, NULL, err);
    db_forget_notes(tx);
    arena_free(&arena);
    tx->arena = NULL;
    return ok;
}

bool db_read(struct db *db, struct arena *arena, db_work *work, void *with, struct error *err)
{
    struct tx *tx;
    if (!db_read_begin(db, arena, &tx, err))
        return false;
    bool ok = db_work_guarded(tx, work, with, err);
    db_read_end(tx);
    return ok;
}

bool db_write(struct db *db, struct arena *arena, db_work *work, void *with, struct error *err)
{
    return db->engine->write(db, arena, work, with, err);
}

bool db_read_begin(struct db *db, struct arena *arena, struct tx **tx, struct error *err)
{
    return db->engine->read_begin(db, arena, tx, err);
}

void db_read_end(struct tx *tx)
{
    if (tx)
        tx->db->engine->read_end(tx);
}

struct arena *tx_arena(const struct tx *tx)
{
    return tx->arena;
}

struct arena *tx_use_arena(struct tx *tx, struct arena *arena)
{
    struct arena *before = tx->arena;
    tx->arena = arena;
    return before;
}

static bool too_many_args(const struct statement *statement, struct error *err)
{
    return fail_internal(err, "more than %d arguments: %s", ARGS_MAX, statement->sql);
}

void tx_set_acting(struct tx *tx, const void *acting)
{
    tx->acting = acting;
}

const void *tx_acting(const struct tx *tx)
{
    return tx->acting;
}

bool db_do(struct tx *tx, const struct statement *statement, struct args args, int64_t *changed,
           struct error *err)
{
    int64_t count = 0;
    if (args.count > ARGS_MAX)
        return too_many_args(statement, err);
    if (!tx->db->engine->run(tx, statement, args, &count, err)) {
        tx->failed = true;
        return false;
    }
    if (changed)
        *changed = count;
    return true;
}

bool db_do_last(struct tx *tx, const struct statement *statement, struct args args,
                struct error *err)
{
    if (!tx->db->engine->run_last || args.count > ARGS_MAX)
        return db_do(tx, statement, args, NULL, err);
    if (tx->db->engine->run_last(tx, statement, args, err))
        return true;
    tx->failed = true;
    return false;
}

bool db_query(struct tx *tx, const struct statement *statement, struct args args,
              struct rows *rows, struct error *err)
{
    *rows = (struct rows){ .tx = tx };
    if (args.count > ARGS_MAX)
        return too_many_args(statement, err);
    if (tx->db->engine->query(tx, statement, args, rows, err))
        return true;
    tx->failed = true;
    return false;
}

bool rows_next(struct rows *rows)
{
    return rows->engine && !rows->failed && rows->tx->db->engine->next(rows);
}

bool rows_end(struct rows *rows, struct error *err)
{
    if (rows->engine)
        rows->tx->db->engine->end(rows);
    rows->engine = NULL;
    if (!rows->failed)
        return true;
    rows->tx->failed = true;
    *err = rows->error;
    return false;
}

static struct str row_value(struct rows *rows, int column, bool text)
{
    if (row_is_null(rows, column))
        return (struct str){ 0 };
    return rows->tx->db->engine->bytes(rows, column, text);
}

struct str row_text(struct rows *rows, int column)
{
    return row_value(rows, column, true);
}

struct str row_bytes(struct rows *rows, int column)
{
    return row_value(rows, column, false);
}

int64_t row_int(struct rows *rows, int column)
{
    return row_is_null(rows, column) ? 0 : rows->tx->db->engine->number(rows, column);
}

bool row_is_null(struct rows *rows, int column)
{
    return rows->tx->db->engine->is_null(rows, column);
}

bool db_number(struct tx *tx, const struct statement *statement, struct args args,
               int64_t otherwise, int64_t *number, struct error *err)
{
    struct rows rows;
    if (!db_query(tx, statement, args, &rows, err))
        return false;
    int64_t found = rows_next(&rows) ? row_int(&rows, 0) : otherwise;
    if (!rows_end(&rows, err))
        return false;
    *number = found;
    return true;
}

bool db_standbys(struct tx *tx, struct db_standbys *standbys, struct error *err)
{
    const struct statement *question = tx->db->engine->standbys;
    struct rows rows;
    *standbys = (struct db_standbys){ .count = -1, .lag = -1 };
    if (!question)
        return true;
    if (!db_query(tx, question, NO_ARGS, &rows, err))
        return false;
    if (rows_next(&rows) && row_int(&rows, 3) == 0)
        *standbys = (struct db_standbys){
            .count = row_int(&rows, 0),
            .in_step = row_int(&rows, 1),
            .lag = row_is_null(&rows, 2) ? -1 : row_int(&rows, 2),
        };
    return rows_end(&rows, err);
}

bool db_next_number(struct tx *tx, const char *series, int64_t *number, struct error *err)
{
    static const struct statement count_up = SQL(
        "INSERT INTO series (name, last) VALUES ($1, 1)"
        " ON CONFLICT (name) DO UPDATE SET last = series.last + 1"
        " RETURNING last");
    return db_number(tx, &count_up, ARGS(arg_text(str_of(series))), 0, number, err);
}

/* The row is locked also where it is new: who inserts the same name waits for this transaction. */
bool db_hold(struct tx *tx, const char *name, struct error *err)
{
    static const struct statement hold = SQL(
        "INSERT INTO series (name, last) VALUES ($1, 0)"
        " ON CONFLICT (name) DO UPDATE SET last = series.last");
    return db_do(tx, &hold, ARGS(arg_text(str_of(name))), NULL, err);
}
