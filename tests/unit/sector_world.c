/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/sector_world.h"

#include "platform/service.h"

static const struct migration platform_schema[] = { { 1, "platform/schema/001-platform.sql" }, { 0 } };
static const struct service platform_only = { .name = "platform", .migrations = platform_schema };
static const struct migration record_schema[] = {
    { 1, "platform/record/schema/001-record.sql" },
    { 2, "platform/record/schema/002-audit-guard-sqlite.sql",
      .postgres = "platform/record/schema/002-audit-guard-postgres.sql" },
    { 3, "platform/record/schema/003-filed-sqlite.sql",
      .postgres = "platform/record/schema/003-filed-postgres.sql" },
    { 0 },
};
static const struct service record_only = { .name = "record", .migrations = record_schema };
static const struct service *const services[] = { &platform_only, &record_only, &sector_service,
                                                 NULL };

struct db *given_register(struct test *t)
{
    struct db *db;
    struct error err = { 0 };
    CHECK_OK(db_open_url(t->db_url, 4, &db, &err), err);
    CHECK_OK(db_migrate(db, t->arena, services, &err), err);
    return db;
}

struct number_question {
    const struct statement *statement;
    int64_t answer;
};

static bool do_ask_number(struct tx *tx, void *with, struct error *err)
{
    struct number_question *question = with;
    return db_number(tx, question->statement, NO_ARGS, -1, &question->answer, err);
}

int64_t ask_number(struct test *t, struct db *db, const struct statement *statement)
{
    struct number_question question = { statement, 0 };
    struct error err = { 0 };
    CHECK_OK(db_read(db, t->arena, do_ask_number, &question, &err), err);
    return question.answer;
}

struct brin a_brin(const char *text)
{
    struct brin brin;
    struct error err = { 0 };
    CHECK_OK(brin_parse(str_of(text), &brin, &err), err);
    return brin;
}

struct board_number a_board(const char *text)
{
    struct board_number number;
    struct error err = { 0 };
    CHECK_OK(board_number_parse(str_of(text), &number, &err), err);
    return number;
}

struct oin an_oin(const char *text)
{
    struct oin oin;
    struct error err = { 0 };
    CHECK_OK(oin_parse(str_of(text), &oin, &err), err);
    return oin;
}

struct look_up {
    const char *kind, *id;
    bool found;
    struct school school;
    struct board board;
    struct vendor vendor;
    struct history_list history;
};

static bool do_look_up(struct tx *tx, void *with, struct error *err)
{
    struct look_up *look = with;
    switch (look->kind[0]) {
    case 's': {
        struct brin brin = a_brin(look->id);
        return sector_find_school(tx, &brin, &look->school, &look->found, err);
    }
    case 'b': {
        struct board_number number = a_board(look->id);
        return sector_find_board(tx, &number, &look->board, &look->found, err);
    }
    default: {
        struct oin oin = an_oin(look->id);
        return sector_find_vendor(tx, &oin, &look->vendor, &look->found, err);
    }
    }
}

static struct look_up found_thing(struct test *t, struct db *db, const char *kind, const char *id)
{
    struct look_up look = { .kind = kind, .id = id };
    struct error err = { 0 };
    CHECK_OK(db_read(db, t->arena, do_look_up, &look, &err), err);
    CHECK(look.found);
    return look;
}

struct school find_school(struct test *t, struct db *db, const char *brin)
{
    return found_thing(t, db, "school", brin).school;
}

struct board find_board(struct test *t, struct db *db, const char *number)
{
    return found_thing(t, db, "board", number).board;
}

struct vendor find_vendor(struct test *t, struct db *db, const char *oin)
{
    return found_thing(t, db, "vendor", oin).vendor;
}

static bool do_find_history(struct tx *tx, void *with, struct error *err)
{
    struct look_up *look = with;
    return store_history_of(tx, look->kind, str_of(look->id), 50, &look->history, err);
}

struct history_list find_history(struct test *t, struct db *db, const char *kind, const char *id)
{
    struct look_up look = { .kind = kind, .id = id };
    struct error err = { 0 };
    CHECK_OK(db_read(db, t->arena, do_find_history, &look, &err), err);
    return look.history;
}
