/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/db/db.h"
#include "platform/service.h"

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

TEST_DB(a_database_of_a_newer_version_is_refused)
{
    struct db *db = given_db(t);
    struct error err;
    CHECK_OK(db_migrate(db, t->arena, services, &err), err);
    CHECK(!db_check_schema(db, t->arena, older_services, &err) && err.kind == UNAVAILABLE);
    CHECK(!db_migrate(db, t->arena, older_services, &err) && err.kind == UNAVAILABLE);
    db_close(db);
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
