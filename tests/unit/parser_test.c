/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/csv.h"
#include "platform/isolation/parser.h"
#include "tests/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static bool any(struct str result)
{
    (void)result;
    return true;
}

static int crash(struct arena *arena, struct str arguments, struct str bytes, struct buf *result)
{
    (void)arena, (void)arguments, (void)bytes, (void)result;
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
    return PARSED;
}

static int take_memory(struct arena *arena, struct str arguments, struct str bytes,
                       struct buf *result)
{
    (void)arguments, (void)bytes, (void)result;
    arena->limit = (size_t)1 << 30; /* where sanitizers keep the system's limit from being set */
    for (size_t i = 0; i < 2048; i++)
        memset(arena_alloc(arena, 1 << 20), 1, 1 << 20);
    return PARSED;
}

static int open_file(struct arena *arena, struct str arguments, struct str bytes, struct buf *result)
{
    (void)arena, (void)arguments, (void)bytes;
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    buf_addf(result, "%s", fd < 0 ? "refused" : "opened");
    return PARSED;
}

static int repeat(struct arena *arena, struct str arguments, struct str bytes, struct buf *result)
{
    (void)arena;
    buf_add(result, bytes);
    buf_add(result, arguments);
    return PARSED;
}

static int swell(struct arena *arena, struct str arguments, struct str bytes, struct buf *result)
{
    (void)arena, (void)arguments, (void)bytes;
    memset(buf_room(result, 1 << 20), 'a', 1 << 20);
    result->len += 1 << 20;
    return PARSED;
}

static int refuse(struct arena *arena, struct str arguments, struct str bytes, struct buf *result)
{
    (void)arena, (void)bytes, (void)result;
    return arguments.at[0] - '0';
}

static const char *const refusals[] = { "The first.", "The second.", NULL };

static const struct parser crashes = { "crash", crash, any, NULL, 1 };
static const struct parser takes_memory = { "memory", take_memory, any, NULL, 1 };
static const struct parser opens_file = { "file", open_file, any, NULL, 1 };
static const struct parser repeats = { "repeat", repeat, any, NULL, 1 };
static const struct parser swells = { "swell", swell, any, NULL, 1 };
static const struct parser refuses = { "refuse", refuse, any, refusals, 1 };
static const struct parser *const kinds[] = { &crashes, &takes_memory, &opens_file, &repeats,
                                              &swells, &refuses, &table_parser };

static bool ask(struct test *t, const struct parser *parser, const char *arguments,
                struct str *result, struct error *err)
{
    CHECK_OK(parsers_start(kinds, count_of(kinds), err), *err);
    return parser_run(t->arena, parser, str_of(arguments), STR("bytes"), result, err);
}

TEST(a_parser_is_given_the_bytes_and_its_arguments)
{
    struct str result;
    struct error err;
    CHECK_OK(ask(t, &repeats, ";", &result, &err), err);
    CHECK_STR(result, STR("bytes;"));
}

TEST(a_parser_that_crashes_costs_that_file_alone)
{
    struct str result;
    struct error err;
    CHECK(!ask(t, &crashes, "", &result, &err));
    CHECK_INT(err.kind, TOO_LARGE);
    CHECK_OK(ask(t, &repeats, ";", &result, &err), err);
    CHECK_STR(result, STR("bytes;"));
}

TEST(a_parser_that_takes_too_much_memory_is_ended)
{
    struct str result;
    struct error err;
    CHECK(!ask(t, &takes_memory, "", &result, &err));
    CHECK_INT(err.kind, TOO_LARGE);
}

TEST(a_parser_opens_no_file)
{
#if defined(__SANITIZE_ADDRESS__)
    test_skip("sanitizers may open files");
#endif
    struct str result;
    struct error err;
    CHECK_OK(ask(t, &opens_file, "", &result, &err), err);
    CHECK_STR(result, STR("refused"));
}

TEST(a_result_that_is_longer_than_it_can_be_is_not_taken)
{
    struct str result;
    struct error err;
    CHECK(!ask(t, &swells, "", &result, &err));
    CHECK_INT(err.kind, TOO_LARGE);
}

TEST(a_parser_refuses_in_one_of_its_own_sentences)
{
    struct str result;
    struct error err;
    CHECK(!ask(t, &refuses, "2", &result, &err));
    CHECK_INT(err.kind, INVALID);
    CHECK_STR(str_of(err.message), STR("The second."));
    CHECK(!ask(t, &refuses, "7", &result, &err));
    CHECK_INT(err.kind, TOO_LARGE);
}

TEST(a_table_has_the_cells_of_the_file)
{
    struct str table;
    struct error err;
    struct csv csv;
    CHECK_OK(parsers_start(kinds, count_of(kinds), &err), err);
    CHECK_OK(parse_table(t->arena, STR("a;\"b;\"\"c\"\r\n\xe9;\n\"open;x\nlast\n"), ';', &table, &err),
             err);
    csv_start_table(&csv, table);
    CHECK(csv_next(&csv) && csv.fields == 2 && csv.line == 1 && !csv.broken);
    CHECK_STR(csv.field[0], STR("a"));
    CHECK_STR(csv.field[1], STR("b;\"c"));
    CHECK(csv_next(&csv) && csv.fields == 2);
    CHECK_STR(csv.field[0], STR("\xc3\xa9"));
    CHECK_STR(csv.field[1], STR(""));
    CHECK(csv_next(&csv) && csv.broken && csv.line == 3);
    CHECK(csv_next(&csv) && csv.line == 4);
    CHECK_STR(csv.field[0], STR("last"));
    CHECK(!csv_next(&csv));
}

TEST(a_table_that_was_cut_or_changed_is_none)
{
    struct str table;
    struct error err;
    CHECK_OK(parse_table(t->arena, STR("a;b\nc;d\n"), ';', &table, &err), err);
    CHECK(csv_is_table(table));
    for (size_t len = 1; len < table.len; len++)
        if (len != table.len / 2) /* one whole record */
            CHECK(!csv_is_table(str_slice(table, 0, len)));
    char *changed = str_c(t->arena, table);
    changed[5] = CSV_FIELDS + 1;
    CHECK(!csv_is_table((struct str){ changed, table.len }));
}

TEST(an_empty_file_and_one_with_nul_bytes_are_no_table)
{
    struct str table;
    struct error err;
    CHECK_OK(parsers_start(kinds, count_of(kinds), &err), err);
    CHECK(!parse_table(t->arena, STR(""), ';', &table, &err));
    CHECK_INT(err.kind, INVALID);
    CHECK(!parse_table(t->arena, STR("a\0b"), ';', &table, &err));
    CHECK_INT(err.kind, INVALID);
}
