/* SPDX-License-Identifier: EUPL-1.2 */
/* What the open database tells. */
#include "base/instant.h"
#include "platform/config.h"
#include "platform/db/db_backup.h"
#include "platform/operation/doctor.h"
#include "platform/operation/store.h"
#include "platform/record/audit.h"

#include <sys/stat.h>

#define MIB            (1024 * 1024)
#define LARGE_WAL      ((off_t)512 * MIB)
#define BACKUP_LATE    (2 * DAY)
#define KEY_BACKUP_OLD (400 * DAY)

/* ------------------------------------------------------------------ the engine */

static bool look_at_sqlite(struct app *app, struct findings *findings, struct error *err)
{
    struct str url = db_url(app->config, findings->arena);
    const char *path = str_c(findings->arena, str_slice(url, strlen("sqlite:"), url.len));
    struct stat file, wal;
    if (stat(path, &file) != 0)
        return fail_about(err, UNAVAILABLE, "database", N_("The file %s is missing."), "%s", path);
    if (file.st_mode & S_IRWXO)
        found(findings, BROKEN, N_("Others can read the database; run chmod 640 on %s."), "%s", path);
    if (stat(str_format(findings->arena, "%s-wal", path).at, &wal) == 0 && wal.st_size > LARGE_WAL)
        found(findings, WORRY,
              N_("The file %s-wal has become large: some program keeps the database open and reads on "
                 "and on. End it, or start Fundament again."),
              "%s", path);
    found(findings, WELL, N_("SQLite, %s MiB."), "%lld", (long long)(file.st_size / MIB));
    return true;
}

/* What makes a commit durable; off is for playing only. */
static const struct {
    struct statement ask;
    const char *name;
} durable[] = {
    { SQL("SELECT CASE current_setting('fsync') WHEN 'on' THEN 1 ELSE 0 END"), "fsync" },
    { SQL("SELECT CASE current_setting('full_page_writes') WHEN 'on' THEN 1 ELSE 0 END"),
      "full_page_writes" },
    { SQL("SELECT CASE current_setting('synchronous_commit') WHEN 'off' THEN 0 ELSE 1 END"),
      "synchronous_commit" },
};

static bool ask_postgres(struct tx *tx, void *with, struct error *err)
{
    static const struct statement size = SQL("SELECT pg_database_size(current_database())");
    static const struct statement room = SQL(
        "SELECT current_setting('max_connections')::BIGINT"
        " - current_setting('superuser_reserved_connections')::BIGINT");
    struct findings *findings = with;
    int64_t number;
    for (size_t i = 0; i < count_of(durable); i++) {
        if (!db_number(tx, &durable[i].ask, NO_ARGS, 0, &number, err))
            return false;
        if (!number)
            found(findings, BROKEN,
                  N_("PostgreSQL's setting %s is off: what was acknowledged can be lost. Turn it on."),
                  "%s", durable[i].name);
    }
    if (!db_number(tx, &size, NO_ARGS, 0, &number, err))
        return false;
    found(findings, WELL, N_("PostgreSQL, %s MiB."), "%lld", (long long)(number / MIB));
    if (!db_number(tx, &room, NO_ARGS, 0, &number, err))
        return false;
    if (number < 20)
        found(findings, WORRY,
              N_("PostgreSQL allows only %s connections; raise max_connections: each node may take "
                 "database.connections."),
              "%lld", (long long)number);
    return true;
}

static bool look_at_engine(struct app *app, struct findings *findings, struct error *err)
{
    if (db_is_postgres(app->db))
        return db_read(app->db, findings->arena, ask_postgres, findings, err);
    return look_at_sqlite(app, findings, err);
}

static bool check_pages(struct tx *tx, void *with, struct error *err)
{
    static const struct statement quick = SQL("PRAGMA quick_check(1)");
    static const struct statement whole = SQL("PRAGMA integrity_check(1)");
    struct findings *findings = with;
    struct rows rows;
    if (!db_query(tx, findings->thorough ? &whole : &quick, NO_ARGS, &rows, err))
        return false;
    if (!rows_next(&rows) || !str_eq(row_text(&rows, 0), STR("ok")))
        found(findings, BROKEN, N_("The database file is damaged. Restore the last backup."), "%s", "");
    return rows_end(&rows, err);
}

static bool look_at_pages(struct app *app, struct findings *findings, struct error *err)
{
    if (db_is_postgres(app->db)) /* has checksums and pg_amcheck of its own */
        return true;
    return db_read(app->db, findings->arena, check_pages, findings, err);
}

/* ------------------------------------------------------------------ what was done, and not done */

static bool ask_backups(struct tx *tx, void *with, struct error *err)
{
    struct findings *findings = with;
    instant at, keys, now = instant_now();
    if (!last_backup(tx, &at, &keys, err))
        return false;
    if (!at)
        found(findings, WORRY, N_("There was never a backup: see `fundament backup`."), "%s", "");
    else
        found(findings, now - at > BACKUP_LATE ? WORRY : WELL,
              N_("The last backup is %s hours old."), "%lld", (long long)((now - at) / HOUR));
    if (at && (!keys || now - keys > KEY_BACKUP_OLD))
        found(findings, WORRY,
              N_("No backup of the last year holds the keys (--passphrase-file): without them no "
                 "backup is of use. Is there another copy of them?"),
              "%s", "");
    return true;
}

static bool look_at_backups(struct app *app, struct findings *findings, struct error *err)
{
    return db_read(app->db, findings->arena, ask_backups, findings, err);
}

static bool ask_jobs(struct tx *tx, void *with, struct error *err)
{
    struct findings *findings = with;
    int64_t failed, late;
    if (!count_jobs(tx, instant_now(), &failed, &late, err))
        return false;
    if (failed)
        found(findings, WORRY,
              N_("%s pieces of background work were given up: see the page of work for the cause."),
              "%lld", (long long)failed);
    if (late)
        found(findings, WORRY,
              N_("%s pieces of background work wait for more than an hour: does a node run?"), "%lld",
              (long long)late);
    return true;
}

static bool look_at_jobs(struct app *app, struct findings *findings, struct error *err)
{
    return db_read(app->db, findings->arena, ask_jobs, findings, err);
}

static bool verify_audit(struct tx *tx, void *with, struct error *err)
{
    return audit_verify(tx, with, err);
}

static bool look_at_audit(struct app *app, struct findings *findings, struct error *err)
{
    int64_t rows = 0;
    if (!findings->thorough)
        return true;
    if (!db_read(app->db, findings->arena, verify_audit, &rows, err))
        return false;
    found(findings, WELL, N_("The audit trail is whole: %s rows."), "%lld", (long long)rows);
    return true;
}

static bool look_at_demo(struct app *app, struct findings *findings, struct error *err)
{
    (void)err;
    if (app->demo)
        found(findings, WORRY,
              N_("This folder holds the demo, whose passwords everybody knows: never put real data in "
                 "it."),
              "%s", "");
    return true;
}

const struct check database_checks[] = {
    { "database", look_at_engine }, { "database pages", look_at_pages },
    { "backup", look_at_backups },  { "work", look_at_jobs },
    { "audit trail", look_at_audit }, { "demo", look_at_demo },
    { .name = NULL },
};
