/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/record/audit.h"
#include "platform/record/events.h"
#include "platform/service.h"

#include <pthread.h>

static const struct migration schema[] = { { 1, "platform/schema/001-platform.sql" }, { 0 } };
static const struct service platform_only = { .name = "platform", .migrations = schema };
static const struct migration record_schema[] = {
    { 1, "platform/record/schema/001-record.sql" },
    { 2, "platform/record/schema/002-audit-guard-sqlite.sql",
      .postgres = "platform/record/schema/002-audit-guard-postgres.sql" },
    { 3, "platform/record/schema/003-filed-sqlite.sql",
      .postgres = "platform/record/schema/003-filed-postgres.sql" },
    { 0 },
};
static const struct service record_only = { .name = "record", .migrations = record_schema };
static const struct service *const services[] = { &platform_only, &record_only, NULL };

static struct db *given_platform(struct test *t)
{
    struct db *db;
    struct error err;
    CHECK_OK(db_open_url(t->db_url, 16, &db, &err), err);
    CHECK_OK(db_migrate(db, t->arena, services, &err), err);
    return db;
}

struct deeds {
    int count;
    bool refused;
};

static bool do_deeds(struct tx *tx, void *with, struct error *err)
{
    const struct deeds *deeds = with;
    for (int i = 0; i < deeds->count; i++) {
        struct audit_entry entry = { .who = STR("account:1"),
                                     .on_behalf = STR("board:41804"),
                                     .what = "test.deed",
                                     .subject = str_format(tx_arena(tx), "school:%02dAV", i % 100),
                                     .detail = STR("{}") };
        if (!audit_add(tx, 1000 + i, &entry, err))
            return false;
    }
    return !deeds->refused || fail(err, INVALID, NULL, "not after all");
}

static void given_deeds(struct test *t, struct db *db, int count)
{
    struct deeds deeds = { count, false };
    struct error err;
    CHECK_OK(db_write(db, t->arena, do_deeds, &deeds, &err), err);
}

static bool do_verify(struct tx *tx, void *with, struct error *err)
{
    return audit_verify(tx, with, err);
}

static bool do_statement(struct tx *tx, void *with, struct error *err)
{
    return db_do(tx, with, NO_ARGS, NULL, err);
}

static bool drop_guard(struct tx *tx, void *with, struct error *err)
{
    static const struct statement sqlite[] = { SQL("DROP TRIGGER audit_keeps_rows"),
                                               SQL("DROP TRIGGER audit_loses_no_rows") };
    static const struct statement postgres[] = {
        SQL("DROP TRIGGER audit_keeps_rows ON audit"),
        SQL("DROP TRIGGER audit_is_not_emptied ON audit")
    };
    const struct statement *drop = db_is_postgres(with) ? postgres : sqlite;
    return db_do(tx, &drop[0], NO_ARGS, NULL, err) && db_do(tx, &drop[1], NO_ARGS, NULL, err);
}

/* Somebody who owns the database takes the guard away first. */
static void given_no_guard(struct test *t, struct db *db)
{
    struct error err;
    CHECK_OK(db_write(db, t->arena, drop_guard, db, &err), err);
}

TEST_DB(a_row_of_the_trail_cannot_be_changed_or_taken_away_casually)
{
    static const struct statement harms[] = { SQL("UPDATE audit SET who = 'x' WHERE number = 2"),
                                              SQL("DELETE FROM audit WHERE number = 3") };
    struct db *db = given_platform(t);
    struct error err;
    int64_t checked;
    given_deeds(t, db, 3);
    for (size_t i = 0; i < count_of(harms); i++)
        CHECK(!db_write(db, t->arena, do_statement, (void *)&harms[i], &err));
    CHECK_OK(db_read(db, t->arena, do_verify, &checked, &err), err);
    CHECK_INT(checked, 3);
    db_close(db);
}

/* What the check says after somebody changed the table from outside: the row that it names. */
static struct str misfit_after(struct test *t, const struct statement *harm)
{
    struct db *db = given_platform(t);
    struct error err;
    int64_t checked;
    given_deeds(t, db, 20);
    given_no_guard(t, db);
    CHECK_OK(db_write(db, t->arena, do_statement, (void *)harm, &err), err);
    CHECK(!db_read(db, t->arena, do_verify, &checked, &err));
    db_close(db);
    CHECK_INT(err.kind, CONFLICT);
    return str_copy(t->arena, str_of(err.subject));
}

TEST_DB(a_trail_of_many_pages_fits)
{
    struct db *db = given_platform(t);
    struct error err;
    int64_t checked = -1;
    CHECK_OK(db_read(db, t->arena, do_verify, &checked, &err), err);
    CHECK_INT(checked, 0);
    given_deeds(t, db, 2500);
    CHECK_OK(db_read(db, t->arena, do_verify, &checked, &err), err);
    CHECK_INT(checked, 2500);
    db_close(db);
}

TEST_DB(a_changed_audit_row_is_found)
{
    static const struct statement harm = SQL("UPDATE audit SET who = 'x' WHERE number = 7");
    CHECK_STR(misfit_after(t, &harm), STR("7"));
}

TEST_DB(audit_fields_cannot_flow_into_each_other)
{
    static const struct statement harm = SQL(
        "UPDATE audit SET who = 'account:1board:', on_behalf = '41804' WHERE number = 3");
    CHECK_STR(misfit_after(t, &harm), STR("3"));
}

TEST_DB(an_audit_row_taken_away_is_found)
{
    static const struct statement harm = SQL("DELETE FROM audit WHERE number = 12");
    CHECK_STR(misfit_after(t, &harm), STR("12"));
}

TEST_DB(the_last_audit_row_taken_away_is_found)
{
    static const struct statement harm = SQL("DELETE FROM audit WHERE number = 20");
    CHECK_STR(misfit_after(t, &harm), STR("20"));
}

TEST_DB(a_deed_that_was_undone_leaves_no_trail)
{
    struct db *db = given_platform(t);
    struct deeds refused = { 3, true };
    struct error err;
    int64_t checked;
    given_deeds(t, db, 2);
    CHECK(!db_write(db, t->arena, do_deeds, &refused, &err));
    given_deeds(t, db, 2);
    CHECK_OK(db_read(db, t->arena, do_verify, &checked, &err), err);
    CHECK_INT(checked, 4);
    db_close(db);
}

static void *add_deeds(void *with)
{
    struct arena arena = { 0 };
    struct deeds one = { 1, false };
    struct error err;
    for (int i = 0; i < 25; i++)
        db_write(with, &arena, do_deeds, &one, &err);
    arena_free(&arena);
    return NULL;
}

TEST_DB(deeds_of_many_at_once_make_one_chain)
{
    struct db *db = given_platform(t);
    pthread_t threads[8];
    struct error err;
    int64_t checked;
    for (int i = 0; i < 8; i++)
        CHECK(pthread_create(&threads[i], NULL, add_deeds, db) == 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    CHECK_OK(db_read(db, t->arena, do_verify, &checked, &err), err);
    CHECK_INT(checked, 200);
    db_close(db);
}

/* ------------------------------------------------------------------ events */

static bool do_events(struct tx *tx, void *with, struct error *err)
{
    (void)with;
    return event_add(tx, 5, "test.one", STR("school:00AV"), STR(""), err)
        && event_add(tx, 6, "test.two", STR("school:00AW"), STR("{\"a\":1}"), err)
        && event_add(tx, 7, "test.three", STR(""), STR(""), err);
}

static const struct statement position_of = SQL(
    "SELECT number FROM follower WHERE name = 'statistics'");

static bool do_follow(struct tx *tx, void *with, struct error *err)
{
    struct event *events;
    size_t count;
    int64_t position;
    (void)with;
    CHECK_OK(db_number(tx, &position_of, NO_ARGS, 0, &position, err), *err);
    CHECK_INT(position, 0);
    CHECK_OK(events_after(tx, position, 2, &events, &count, err), *err);
    CHECK_INT(count, 2);
    CHECK_INT(events[0].number, 1);
    CHECK_INT(events[1].at, 6);
    CHECK_STR(events[1].kind, STR("test.two"));
    CHECK_STR(events[1].payload, STR("{\"a\":1}"));
    return follower_advance(tx, "statistics", events[1].number, err);
}

static bool do_follow_on(struct tx *tx, void *with, struct error *err)
{
    struct event *events;
    size_t count;
    int64_t position;
    (void)with;
    CHECK_OK(db_number(tx, &position_of, NO_ARGS, 0, &position, err), *err);
    CHECK_OK(events_after(tx, position, 100, &events, &count, err), *err);
    CHECK_INT(count, 1);
    CHECK_STR(events[0].kind, STR("test.three"));
    return follower_advance(tx, "statistics", 0, err);
}

TEST_DB(a_follower_reads_on_where_it_was)
{
    struct db *db = given_platform(t);
    struct error err;
    CHECK_OK(db_write(db, t->arena, do_events, NULL, &err), err);
    CHECK_OK(db_write(db, t->arena, do_follow, NULL, &err), err);
    CHECK_OK(db_write(db, t->arena, do_follow_on, NULL, &err), err);
    CHECK_OK(db_write(db, t->arena, do_follow, NULL, &err), err); /* started again at 0 */
    db_close(db);
}
