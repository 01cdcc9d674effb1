/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/organisations/organisations.h"
#include "platform/record/audit.h"
#include "platform/record/filing.h"
#include "platform/service.h"

#include <pthread.h>

static const struct migration platform_schema[] = { { 1, "platform/schema/001-platform.sql" }, { 0 } };
static const struct migration record_schema[] = {
    { 1, "platform/record/schema/001-record.sql" },
    { 2, "platform/record/schema/002-audit-guard-sqlite.sql",
      .postgres = "platform/record/schema/002-audit-guard-postgres.sql" },
    { 3, "platform/record/schema/003-filed-sqlite.sql",
      .postgres = "platform/record/schema/003-filed-postgres.sql" },
    { 0 },
};

static const char *board_of_00AV; /* who governs it now */

static bool governor(struct tx *tx, struct str id, struct str *found, struct error *err)
{
    (void)tx, (void)err;
    *found = str_of(str_eq(id, STR("school:00AV")) ? board_of_00AV : "");
    return true;
}

static const struct organisations known = { .governor = governor };
static const struct service platform_only = { .name = "platform", .migrations = platform_schema };
static const struct service record_only = { .name = "record", .migrations = record_schema };
static const struct service test_service = { .name = "test", .organisations = &known };
static const struct service *const services[] = { &platform_only, &record_only, &test_service, NULL };

static struct app given_app(struct test *t)
{
    struct app app = { .arena = t->arena, .services = services };
    struct error err;
    board_of_00AV = "board:41804";
    CHECK_OK(db_open_url(t->db_url, 8, &app.db, &err), err);
    CHECK_OK(db_migrate(app.db, t->arena, services, &err), err);
    db_number_later(app.db, db_is_postgres(app.db));
    return app;
}

static bool do_deed(struct tx *tx, void *with, struct error *err)
{
    return audit_add(tx, 1,
                     &(struct audit_entry){ .who = STR("account:1"),
                                            .on_behalf = str_of(with),
                                            .what = "test.deed",
                                            .subject = STR("thing:1") },
                     err);
}

static void given_deed(struct test *t, const struct app *app, const char *on_behalf)
{
    struct error err;
    CHECK_OK(db_write(app->db, t->arena, do_deed, (void *)on_behalf, &err), err);
}

struct listing {
    const char *organisation;
    struct audit_rows rows;
    int64_t total, passed;
};

static bool pass(void *with, const struct audit_row *row, struct error *err)
{
    struct listing *listing = with;
    (void)row, (void)err;
    listing->passed++;
    return true;
}

static bool do_list(struct tx *tx, void *with, struct error *err)
{
    struct listing *listing = with;
    struct audit_question question = { .organisation = str_of(listing->organisation) };
    return audit_list(tx, &question, 10, 0, &listing->rows, &listing->total, err)
        && audit_each(tx, &question, pass, listing, err);
}

/* How many rows stand in this record; all ways of reading agree. */
static int64_t in_record_of(struct test *t, const struct app *app, const char *organisation)
{
    struct listing listing = { .organisation = organisation };
    struct error err;
    CHECK_OK(db_read(app->db, t->arena, do_list, &listing, &err), err);
    CHECK_INT(listing.rows.len, listing.total);
    CHECK_INT(listing.passed, listing.total);
    return listing.total;
}

static void settle(struct app *app)
{
    struct error err;
    CHECK_OK(record_settle(app, &err), err);
}

TEST_DB(a_deed_stands_in_the_record_of_whom_it_was_done_for)
{
    struct app app = given_app(t);
    given_deed(t, &app, "board:41804");
    given_deed(t, &app, "board:41804");
    given_deed(t, &app, "board:10001");
    given_deed(t, &app, "");
    settle(&app);
    CHECK_INT(in_record_of(t, &app, "board:41804"), 2);
    CHECK_INT(in_record_of(t, &app, "board:10001"), 1);
    CHECK_INT(in_record_of(t, &app, "board:99999"), 0);
    CHECK_INT(in_record_of(t, &app, ""), 4); /* the operators' */
    db_close(app.db);
}

TEST_DB(a_deed_for_a_school_stands_in_the_record_of_its_board_too)
{
    struct app app = given_app(t);
    given_deed(t, &app, "school:00AV");
    given_deed(t, &app, "school:00BA"); /* of which nobody knows a board */
    settle(&app);
    CHECK_INT(in_record_of(t, &app, "school:00AV"), 1);
    CHECK_INT(in_record_of(t, &app, "school:00BA"), 1);
    CHECK_INT(in_record_of(t, &app, "board:41804"), 1);
    db_close(app.db);
}

TEST_DB(a_school_that_changes_boards_leaves_its_deeds_with_the_old_one)
{
    struct app app = given_app(t);
    given_deed(t, &app, "school:00AV");
    settle(&app);
    board_of_00AV = "board:10001";
    given_deed(t, &app, "school:00AV");
    given_deed(t, &app, "school:00AV");
    settle(&app);
    CHECK_INT(in_record_of(t, &app, "board:41804"), 1);
    CHECK_INT(in_record_of(t, &app, "board:10001"), 2);
    db_close(app.db);
}

static void *settle_often(void *with)
{
    for (int i = 0; i < 20; i++)
        settle(with);
    return NULL;
}

TEST_DB(several_nodes_may_file_at_once)
{
    struct app app = given_app(t);
    pthread_t filing[3];
    for (size_t i = 0; i < count_of(filing); i++)
        CHECK(pthread_create(&filing[i], NULL, settle_often, &app) == 0);
    for (int i = 0; i < 30; i++)
        given_deed(t, &app, i % 3 ? "board:41804" : "school:00AV");
    for (size_t i = 0; i < count_of(filing); i++)
        pthread_join(filing[i], NULL);
    settle(&app);
    struct listing listing = { .organisation = "board:41804" };
    struct error err;
    CHECK_OK(db_read(app.db, t->arena, do_list, &listing, &err), err);
    CHECK_INT(listing.total, 30);
    db_close(app.db);
}
