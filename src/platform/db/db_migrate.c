/* SPDX-License-Identifier: EUPL-1.2 */
/* The schema's way forward. Table schema_version has a row for each migration that was run; schema_floor
 * says, where something was taken away, which migration a program must know at least. A program whose
 * last migration is older than the database's works on: what was added does not concern it. */
#include "platform/db/db_engine.h"

#include "base/instant.h"
#include "platform/embedded.h"
#include "platform/service.h"

static const struct statement make_versions = SQL(
    "CREATE TABLE IF NOT EXISTS schema_version ("
    " service TEXT NOT NULL,"
    " number BIGINT NOT NULL,"
    " applied BIGINT NOT NULL,"
    " PRIMARY KEY (service, number))");

static const struct statement add_version = SQL(
    "INSERT INTO schema_version (service, number, applied) VALUES ($1, $2, $3)");

static const struct statement make_floors = SQL(
    "CREATE TABLE IF NOT EXISTS schema_floor ("
    " service TEXT NOT NULL PRIMARY KEY,"
    " number BIGINT NOT NULL)");

static const struct statement set_floor = SQL(
    "INSERT INTO schema_floor (service, number) VALUES ($1, $2)"
    " ON CONFLICT (service) DO UPDATE SET number = $2");

static const struct statement find_floor = SQL(
    "SELECT number FROM schema_floor WHERE service = $1");

static const struct statement last_version = SQL(
    "SELECT number FROM schema_version WHERE service = $1 ORDER BY number DESC LIMIT 1");

static int64_t known_version(const struct service *service)
{
    int64_t last = 0;
    for (const struct migration *m = service->migrations; m && m->number; m++)
        last = m->number;
    return last;
}

/* A database that only older programs have made has no such table. */
static bool read_floor(struct tx *tx, const struct service *service, int64_t *floor,
                       struct error *err)
{
    int64_t tables;
    *floor = 0;
    return db_number(tx, tx->db->engine->has_table, ARGS(arg_text(STR("schema_floor"))), 0,
                     &tables, err)
        && (!tables
            || db_number(tx, &find_floor, ARGS(arg_text(str_of(service->name))), 0, floor, err));
}

/* What the database has of this service; an error when it has taken away what this program uses. */
static bool find_version(struct tx *tx, const struct service *service, int64_t *version,
                         struct error *err)
{
    int64_t floor;
    if (!db_number(tx, &last_version, ARGS(arg_text(str_of(service->name))), 0, version, err))
        return false;
    if (*version <= known_version(service))
        return true;
    if (!read_floor(tx, service, &floor, err))
        return false;
    if (floor <= known_version(service))
        return true;
    return fail_about(err, UNAVAILABLE, "database",
                      N_("The database was made by a newer version of Fundament (part %s). "
                         "Install that version or a later one."),
                      "%s", service->name);
}

static bool apply(struct tx *tx, const struct service *service, const struct migration *migration,
                  struct error *err)
{
    bool own = migration->postgres && db_is_postgres(tx->db);
    const char *resource = own ? migration->postgres : migration->resource;
    const struct embedded *sql = embedded_find(str_of(resource));
    if (!sql)
        return fail_internal(err, "migration %s is not in the executable", resource);
    return tx->db->engine->script(tx, sql->bytes, err)
        && db_do(tx, &add_version,
                 ARGS(arg_text(str_of(service->name)), arg_int(migration->number),
                      arg_int(instant_now())),
                 NULL, err)
        && (!migration->floor
            || db_do(tx, &set_floor,
                     ARGS(arg_text(str_of(service->name)), arg_int(migration->floor)), NULL, err));
}

static bool migrate_service(struct tx *tx, const struct service *service, struct error *err)
{
    int64_t version;
    if (!find_version(tx, service, &version, err))
        return false;
    for (const struct migration *m = service->migrations; m && m->number; m++)
        if (m->number > version && !apply(tx, service, m, err))
            return false;
    return true;
}

/* All in one transaction: after a failure the schema is what it was. */
static bool migrate_all(struct tx *tx, void *with, struct error *err)
{
    const struct service *const *services = with;
    const struct statement *lock = tx->db->engine->migration_lock;
    if (lock && !db_do(tx, lock, NO_ARGS, NULL, err))
        return false;
    if (!db_do(tx, &make_versions, NO_ARGS, NULL, err)
        || !db_do(tx, &make_floors, NO_ARGS, NULL, err))
        return false;
    for (; *services; services++)
        if (!migrate_service(tx, *services, err))
            return false;
    return true;
}

bool db_migrate(struct db *db, struct arena *arena, const struct service *const *services,
                struct error *err)
{
    return db_write(db, arena, migrate_all, (void *)services, err);
}

static bool check_all(struct tx *tx, void *with, struct error *err)
{
    int64_t tables, version;
    if (!db_number(tx, tx->db->engine->has_table, ARGS(arg_text(STR("schema_version"))), 0,
                   &tables, err))
        return false;
    if (tables == 0)
        return fail(err, UNAVAILABLE, "database",
                    N_("The database is empty. Run `fundament migrate` first."));
    for (const struct service *const *services = with; *services; services++) {
        if (!find_version(tx, *services, &version, err))
            return false;
        if (version < known_version(*services))
            return fail_about(err, UNAVAILABLE, "database",
                              N_("The database is of an older version of Fundament (part %s). "
                                 "Make a backup and run `fundament migrate`."),
                              "%s", (*services)->name);
    }
    return true;
}

bool db_check_schema(struct db *db, struct arena *arena, const struct service *const *services,
                     struct error *err)
{
    return db_read(db, arena, check_all, (void *)services, err);
}
