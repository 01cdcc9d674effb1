/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "base/buf.h"
#include "base/list.h"
#include "platform/db/db.h"
#include "platform/embedded.h"
#include "platform/service.h"
#include "services/services.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static struct db *given_db(struct test *t)
{
    struct db *db;
    struct error err;
    CHECK_OK(db_open_url(t->db_url, 8, &db, &err), err);
    return db;
}

static const struct migration platform_schema[] = {
    { 1, "platform/schema/001-platform.sql" },
    { 0 },
};
static const struct service platform_only = { .name = "platform", .migrations = platform_schema };
static const struct service older = { .name = "platform" };
static const struct service *const services[] = { &platform_only, NULL };
static const struct service *const older_services[] = { &older, NULL };

TEST_DB(a_second_migration_changes_nothing)
{
    struct db *db = given_db(t);
    struct error err;
    CHECK(!db_check_schema(db, t->arena, services, &err));
    CHECK_OK(db_migrate(db, t->arena, services, &err), err);
    CHECK_OK(db_migrate(db, t->arena, services, &err), err);
    CHECK_OK(db_check_schema(db, t->arena, services, &err), err);
    db_close(db);
}

TEST_DB(a_program_works_on_with_a_database_to_which_a_newer_one_only_added)
{
    struct db *db = given_db(t);
    struct error err;
    CHECK_OK(db_migrate(db, t->arena, services, &err), err);
    CHECK_OK(db_check_schema(db, t->arena, older_services, &err), err);
    CHECK_OK(db_migrate(db, t->arena, older_services, &err), err);
    CHECK_OK(db_check_schema(db, t->arena, services, &err), err);
    db_close(db);
}

static const struct migration taking_schema[] = {
    { 1, "platform/schema/001-platform.sql", .floor = 1 },
    { 0 },
};
static const struct service taking = { .name = "platform", .migrations = taking_schema };
static const struct service *const taking_services[] = { &taking, NULL };

TEST_DB(a_database_from_which_a_newer_version_took_away_is_refused)
{
    struct db *db = given_db(t);
    struct error err;
    CHECK_OK(db_migrate(db, t->arena, taking_services, &err), err);
    CHECK(!db_check_schema(db, t->arena, older_services, &err) && err.kind == UNAVAILABLE);
    CHECK(!db_migrate(db, t->arena, older_services, &err) && err.kind == UNAVAILABLE);
    CHECK_OK(db_check_schema(db, t->arena, taking_services, &err), err);
    db_close(db);
}

/* ---- What a migration may do ---- */

/* The SQL without its comments, in capitals, all white space one blank. */
static struct str plain_sql(struct arena *arena, struct str sql)
{
    struct buf out = { .arena = arena };
    while (str_more(sql)) {
        struct str line = str_cut(&sql, '\n');
        ptrdiff_t comment = str_find(line, STR("--"));
        line = comment >= 0 ? str_slice(line, 0, (size_t)comment) : line;
        for (size_t i = 0; i <= line.len; i++) {
            char c = i < line.len && !is_space(line.at[i]) ? line.at[i] : ' ';
            if (c != ' ' || (out.len && out.at[out.len - 1] != ' '))
                buf_byte(&out, is_lower(c) ? (char)(c - 'a' + 'A') : c);
        }
    }
    return buf_str(&out);
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) >= 0;
}

static const char *taken_away(struct arena *arena, struct str sql)
{
    static const char *const never[] = { "DROP ", "RENAME ", "TRUNCATE ", "DELETE FROM ",
                                         " ALTER COLUMN ", " TYPE ", " SET NOT NULL" };
    for (struct str rest = plain_sql(arena, sql); str_more(rest);) {
        struct str statement = str_trim(str_cut(&rest, ';'));
        if (str_starts(statement, STR("CREATE TABLE")) || str_starts(statement, STR("INSERT"))
            || str_starts(statement, STR("DROP INDEX"))) /* programs find the same without it */
            continue;
        for (size_t i = 0; i < count_of(never); i++)
            if (has(statement, never[i]))
                return never[i];
        if (str_starts(statement, STR("ALTER TABLE")) && has(statement, " NOT NULL")
            && !has(statement, " DEFAULT "))
            return "NOT NULL without a DEFAULT";
        if (str_starts(statement, STR("ALTER TABLE"))
            && (has(statement, " ADD CONSTRAINT ") || has(statement, " UNIQUE")))
            return "a new constraint";
    }
    return NULL;
}

TEST(what_takes_away_is_seen_in_a_migration)
{
    static const char *const bad[] = {
        "DROP TABLE a;", "create table b (c TEXT);\nalter table a\n  drop column b;",
        "ALTER TABLE a RENAME TO b;", "ALTER TABLE a ADD COLUMN b TEXT NOT NULL;",
        "ALTER TABLE a ALTER COLUMN b TYPE BIGINT", "DELETE FROM a;",
    };
    static const char *const good[] = {
        "CREATE TABLE a (b TEXT NOT NULL);", "-- DROP nothing\nCREATE INDEX a_b ON a (b);", "DROP INDEX a_b;",
        "ALTER TABLE a ADD COLUMN b TEXT NOT NULL DEFAULT '';", "ALTER TABLE a ADD COLUMN b BIGINT;",
    };
    for (size_t i = 0; i < count_of(bad); i++)
        CHECK(taken_away(t->arena, str_of(bad[i])));
    for (size_t i = 0; i < count_of(good); i++)
        CHECK(!taken_away(t->arena, str_of(good[i])));
}

/* Nodes of the version before go on beside the new one. */
TEST(a_migration_without_a_floor_takes_nothing_away)
{
    for (const struct service *const *service = all_services; *service; service++)
        for (const struct migration *m = (*service)->migrations; m && m->number; m++) {
            const struct embedded *sql = embedded_find(str_of(m->resource));
            CHECK(sql);
            const char *what = m->floor ? NULL : taken_away(t->arena, sql->bytes);
            if (what)
                test_fail(__FILE__, __LINE__, "%s: %s", m->resource, what);
        }
}

TEST(a_floor_is_a_migration_of_an_earlier_version)
{
    for (const struct service *const *service = all_services; *service; service++)
        for (const struct migration *m = (*service)->migrations; m && m->number; m++)
            CHECK(m->floor >= 0 && m->floor < m->number);
}

TEST_DB(a_database_of_an_older_version_is_refused)
{
    struct db *db = given_db(t);
    struct error err;
    CHECK_OK(db_migrate(db, t->arena, older_services, &err), err);
    CHECK(!db_check_schema(db, t->arena, services, &err));
    CHECK_INT(err.kind, UNAVAILABLE);
    db_close(db);
}

enum { NODES = 4 };

TEST_DB(several_nodes_can_migrate_at_once)
{
    int status, together[2];
    char go;
    CHECK(pipe(together) == 0);
    fflush(stdout);
    for (int i = 0; i < NODES; i++) {
        if (fork() != 0)
            continue;
        struct error err;
        close(together[1]);
        CHECK(read(together[0], &go, 1) == 0); /* all start when the pipe is closed */
        struct db *db = given_db(t);
        CHECK_OK(db_migrate(db, t->arena, services, &err), err);
        db_close(db);
        _exit(0);
    }
    close(together[1]);
    for (int i = 0; i < NODES; i++)
        CHECK(wait(&status) > 0 && status == 0);
}

static bool do_next_number(struct tx *tx, void *with, struct error *err)
{
    return db_next_number(tx, "test", with, err);
}

static bool do_waste_number(struct tx *tx, void *with, struct error *err)
{
    return do_next_number(tx, with, err) && fail(err, INVALID, NULL, "not after all");
}

TEST_DB(a_number_of_a_failed_write_is_given_again)
{
    struct db *db = given_db(t);
    struct error err;
    int64_t number;
    CHECK_OK(db_migrate(db, t->arena, services, &err), err);
    CHECK_OK(db_write(db, t->arena, do_next_number, &number, &err), err);
    CHECK_INT(number, 1);
    CHECK(!db_write(db, t->arena, do_waste_number, &number, &err));
    CHECK_OK(db_write(db, t->arena, do_next_number, &number, &err), err);
    CHECK_INT(number, 2);
    db_close(db);
}
