/* SPDX-License-Identifier: EUPL-1.2 */
/* Durable single-row writes: write-bench [SECONDS [FOLDER]]. Prints
 *
 *     single=...  by SQLite itself, one thread, one commit with synchronous=FULL at a time
 *     one=...     by db_write, one writer
 *     group=...   by db_write, 32 writers at once
 *
 * in rows a second, each on a new file in the same folder (the current one by default: not a
 * folder in memory), in turns, so that what else the disk does falls on all. */
#include "platform/db/db.h"

#include "base/instant.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WRITERS = 32, TURNS = 4 };

/* Keys go up, as those of the audit trail and of events do. */
#define TABLE "CREATE TABLE deed (number BIGINT NOT NULL PRIMARY KEY, what TEXT NOT NULL)"
#define ROW   "INSERT INTO deed (number, what) VALUES ($1, $2)"
#define WHAT  "school:00AV was signed up by board:41804"

static const struct statement make_table = SQL(TABLE);
static const struct statement add_row = SQL(ROW);

static _Noreturn void end(const char *what)
{
    fprintf(stderr, "write-bench: %s\n", what);
    exit(1);
}

/* ------------------------------------------------------------------ through db_write */

struct writer {
    struct db *db;
    atomic_int_fast64_t *last;
    instant until;
    int64_t written;
};

static bool do_make(struct tx *tx, void *with, struct error *err)
{
    (void)with;
    return db_do(tx, &make_table, NO_ARGS, NULL, err);
}

static bool do_add(struct tx *tx, void *with, struct error *err)
{
    const struct writer *writer = with;
    int64_t number = atomic_fetch_add(writer->last, 1);
    return db_do(tx, &add_row, ARGS(arg_int(number), arg_text(STR(WHAT))), NULL, err);
}

static void *write_rows(void *with)
{
    struct writer *writer = with;
    struct arena arena = { 0 };
    struct error err;
    while (instant_monotonic() < writer->until) {
        if (!db_write(writer->db, &arena, do_add, writer, &err))
            end(err.message);
        writer->written++;
        arena_reset(&arena);
    }
    arena_free(&arena);
    return NULL;
}

static int64_t write_through(struct str url, int count, instant length)
{
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    struct arena arena = { 0 };
    struct error err;
    struct db *db;
    int64_t written = 0;
    atomic_int_fast64_t last = 0;
    if (!db_open_url(url, WRITERS, &db, &err) || !db_write(db, &arena, do_make, NULL, &err))
        end(err.message);
    instant until = instant_monotonic() + length;
    for (int i = 0; i < count; i++) {
        writers[i] = (struct writer){ db, &last, until, 0 };
        pthread_create(&threads[i], NULL, write_rows, &writers[i]);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        written += writers[i].written;
    }
    db_close(db);
    arena_free(&arena);
    return written;
}

/* ------------------------------------------------------------------ by SQLite itself */

static int64_t write_plainly(const char *path, instant length)
{
    sqlite3 *handle;
    sqlite3_stmt *add;
    int64_t written = 0;
    if (sqlite3_open(path, &handle) != SQLITE_OK
        || sqlite3_exec(handle, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; " TABLE,
                        NULL, NULL, NULL)
            != SQLITE_OK
        || sqlite3_prepare_v2(handle, ROW, -1, &add, NULL) != SQLITE_OK)
        end(sqlite3_errmsg(handle));
    instant until = instant_monotonic() + length;
    for (; instant_monotonic() < until; written++) {
        sqlite3_bind_int64(add, 1, written);
        sqlite3_bind_text(add, 2, WHAT, -1, SQLITE_STATIC);
        if (sqlite3_step(add) != SQLITE_DONE)
            end(sqlite3_errmsg(handle));
        sqlite3_reset(add);
    }
    sqlite3_finalize(add);
    sqlite3_close(handle);
    return written;
}

int main(int argc, char **argv)
{
    int64_t seconds = 4;
    struct arena arena = { 0 };
    struct str folder = str_format(&arena, "%s/write-bench-XXXXXX", argc > 2 ? argv[2] : ".");
    if (argc > 1 && !str_to_int(str_of(argv[1]), 1, 600, &seconds))
        end("SECONDS is a number from 1 to 600");
    if (!mkdtemp((char *)folder.at))
        end("the folder cannot be made");
    instant length = seconds * SECOND / TURNS;
    int64_t single = 0, one = 0, group = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        char *path = str_c(&arena, str_format(&arena, "%s/db", folder.at));
        struct str url = str_format(&arena, "sqlite:%s", path);
        single += write_plainly(path, length);
        unlink(path);
        one += write_through(url, 1, length);
        unlink(path);
        group += write_through(url, WRITERS, length);
        unlink(path);
    }
    rmdir(folder.at);
    double spent = (double)(length * TURNS) / SECOND;
    printf("single=%.0f\none=%.0f\ngroup=%.0f\nratio=%.1f\n", (double)single / spent,
           (double)one / spent, (double)group / spent, (double)group / (double)single);
    arena_free(&arena);
    return 0;
}
