/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/db/db_backup.h"

#include "base/encoding.h"
#include "base/file.h"
#include "platform/db/db_engine.h"
#include "platform/db/db_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES_A_STEP 2048
#define BUSY_MS      10000

bool db_url_is_postgres(struct str url)
{
    return str_starts(url, str_of(db_postgres.prefix));
}

/* What stands behind the engine's prefix. */
static const char *name_of(struct arena *arena, struct str url)
{
    const char *prefix = db_url_is_postgres(url) ? db_postgres.prefix : db_sqlite.prefix;
    return str_c(arena, str_slice(url, strlen(prefix), url.len));
}

static bool cannot_write(struct error *err, const char *path)
{
    fail_about(err, UNAVAILABLE, NULL,
               N_("The file %s cannot be written; check the folder's permissions and free space."),
               "%s", path);
    return fail_detail(err, "%s", strerror(errno));
}

/* The file comes to be here, so that nobody else can read it for a moment either. */
static bool make_file(const char *path, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        return true;
    }
    if (errno == EEXIST)
        return fail_about(err, CONFLICT, NULL, N_("The file %s exists already."), "%s", path);
    return cannot_write(err, path);
}

static bool sync_file(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        cannot_write(err, path);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* ------------------------------------------------------------------ SQLite */

static bool sqlite_failed(sqlite3 *handle, struct error *err)
{
    fail(err, UNAVAILABLE, "database",
         N_("The copy of the database failed; check free space and the file itself."));
    return fail_detail(err, "%s", sqlite3_errmsg(handle));
}

/* One snapshot is held from the first page to the last: writers of other processes go on, and do not
 * make the copy begin again. */
static bool copy_pages(sqlite3 *from, sqlite3 *to, const struct progress *progress,
                       struct error *err)
{
    if (sqlite3_exec(from, "BEGIN; SELECT COUNT(*) FROM sqlite_schema", NULL, NULL, NULL))
        return sqlite_failed(from, err);
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup)
        return sqlite_failed(to, err);
    int status;
    while ((status = sqlite3_backup_step(backup, PAGES_A_STEP)) == SQLITE_OK) {
        int64_t all = sqlite3_backup_pagecount(backup), left = sqlite3_backup_remaining(backup);
        if (progress && progress->tell && all)
            progress->tell(progress->with, (int)((all - left) * 100 / all));
    }
    sqlite3_backup_finish(backup);
    sqlite3_exec(from, "COMMIT", NULL, NULL, NULL);
    return status == SQLITE_DONE || sqlite_failed(to, err);
}

/* The file alone, as its checksum is: what lies beside it as a journal or WAL is not of the backup. */
static const char *as_it_is(struct arena *arena, const char *path)
{
    return str_format(arena, "file:%.*s?immutable=1",
                      FMT(percent_encode(arena, str_of(path)))).at;
}

static bool copy_sqlite(const char *source, int how, const char *path,
                        const struct progress *progress, struct error *err)
{
    sqlite3 *from = NULL, *to = NULL;
    bool ok = true;
    if (sqlite3_open_v2(source, &from, how, NULL) != SQLITE_OK)
        ok = sqlite_failed(from, err);
    if (ok && sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        ok = sqlite_failed(to, err);
    if (ok) {
        sqlite3_busy_timeout(from, BUSY_MS);
        ok = copy_pages(from, to, progress, err);
    }
    sqlite3_close(from);
    sqlite3_close(to);
    return ok;
}

static bool read_integrity(struct tx *tx, void *with, struct error *err)
{
    static const struct statement check = SQL("PRAGMA integrity_check(1)");
    struct rows rows;
    (void)with;
    if (!db_query(tx, &check, NO_ARGS, &rows, err))
        return false;
    bool sound = rows_next(&rows) && str_eq(row_text(&rows, 0), STR("ok"));
    if (!rows_end(&rows, err))
        return false;
    return sound || fail(err, UNAVAILABLE, "database",
                         N_("The database file is damaged. Restore the last backup."));
}

/* Every page and every index, as the service itself opens it (its collations are needed). */
static bool check_sqlite(struct arena *arena, const char *path, struct error *err)
{
    struct db *copy;
    if (!db_open_url(str_format(arena, "%s%s", db_sqlite.prefix, path), 1, &copy, err))
        return false;
    bool ok = db_read(copy, arena, read_integrity, NULL, err);
    db_close(copy);
    return ok;
}

/* ------------------------------------------------------------------ PostgreSQL */

static bool dump_postgres(struct arena *arena, const char *conninfo, const char *path,
                          struct error *err)
{
    const char *file = str_c(arena, str_format(arena, "--file=%s", path));
    const char *const dump[] = { "pg_dump", "--format=custom", "--no-owner", "--no-privileges",
                                 "--serializable-deferrable", file, NULL };
    /* Turned into SQL that nobody wants: so every block of it is read and unpacked. */
    const char *const check[] = { "pg_restore", "--file=/dev/null", path, NULL };
    return db_tool_run(conninfo, dump, err) && db_tool_run(conninfo, check, err);
}

static bool count_tables(struct tx *tx, void *with, struct error *err)
{
    static const struct statement tables = SQL(
        "SELECT COUNT(*) FROM information_schema.tables"
        " WHERE table_schema = current_schema()");
    return db_number(tx, &tables, NO_ARGS, 0, with, err);
}

static bool check_empty(struct arena *arena, struct str url, struct error *err)
{
    struct db *db;
    int64_t tables = 0;
    if (!db_open_url(url, 1, &db, err))
        return false;
    bool ok = db_read(db, arena, count_tables, &tables, err);
    db_close(db);
    if (!ok || tables == 0)
        return ok;
    return fail(err, CONFLICT, "database",
                N_("The database has tables already. Make an empty one (createdb) and name it in the "
                   "setting database."));
}

static bool restore_postgres(struct arena *arena, struct str url, const char *path,
                             struct error *err)
{
    const char *conninfo = name_of(arena, url);
    char *why = NULL;
    PQconninfoOption *parsed = PQconninfoParse(conninfo, &why);
    const char *name = NULL;
    PQfreemem(why);
    for (PQconninfoOption *o = parsed; o && o->keyword; o++)
        if (strcmp(o->keyword, "dbname") == 0)
            name = o->val ? str_c(arena, str_of(o->val)) : NULL;
    PQconninfoFree(parsed);
    if (!name)
        return fail(err, INVALID, "database",
                    N_("The setting database must name a database (dbname=...)."));
    const char *target = str_c(arena, str_format(arena, "--dbname=%s", name));
    const char *const words[] = { "pg_restore", "--no-owner", "--no-privileges",
                                  "--single-transaction", "--exit-on-error", target, path, NULL };
    return check_empty(arena, url, err) && db_tool_run(conninfo, words, err);
}

/* ------------------------------------------------------------------ both */

bool db_backup(struct str url, const char *path, const struct progress *progress,
               struct error *err)
{
    struct arena arena = { 0 };
    const char *source = name_of(&arena, url);
    bool ok = make_file(path, err);
    if (ok && db_url_is_postgres(url))
        ok = dump_postgres(&arena, source, path, err);
    else if (ok)
        ok = copy_sqlite(source, SQLITE_OPEN_READWRITE, path, progress, err)
             && check_sqlite(&arena, path, err);
    ok = ok && sync_file(path, err);
    arena_free(&arena);
    return ok;
}

bool db_restore(struct str url, const char *path, struct error *err)
{
    struct arena arena = { 0 };
    const char *target = name_of(&arena, url);
    bool ok;
    if (db_url_is_postgres(url))
        ok = restore_postgres(&arena, url, path, err);
    else
        ok = make_file(target, err)
             && copy_sqlite(as_it_is(&arena, path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, target,
                            NULL, err)
             && sync_file(target, err) && check_sqlite(&arena, target, err);
    arena_free(&arena);
    return ok;
}
