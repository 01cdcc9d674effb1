/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "base/csv.h"
#include "base/file.h"
#include "base/encoding.h"
#include "base/instant.h"
#include "base/node.h"
#include "base/random.h"
#include "base/wait.h"

#include <unistd.h>

TEST(a_cut_takes_what_stands_before_the_mark)
{
    struct str rest = STR("a;b;");
    CHECK_STR(str_cut(&rest, ';'), STR("a"));
    CHECK_STR(str_cut(&rest, ';'), STR("b"));
    CHECK(str_more(rest));
    CHECK_STR(str_cut(&rest, ';'), STR(""));
    CHECK(!str_more(rest));
}

TEST(a_number_outside_its_bounds_is_refused)
{
    int64_t n = 7;
    CHECK(str_to_int(STR("-12"), -12, 5, &n) && n == -12);
    CHECK(!str_to_int(STR("6"), -12, 5, &n));
    CHECK(!str_to_int(STR(""), 0, 5, &n));
    CHECK(!str_to_int(STR("1 "), 0, 5, &n));
    CHECK(!str_to_int(STR("9223372036854775808"), INT64_MIN, INT64_MAX, &n));
    CHECK(str_to_int(STR("-9223372036854775808"), INT64_MIN, INT64_MAX, &n) && n == INT64_MIN);
}

TEST(an_arena_at_its_limit_goes_to_its_rescue)
{
    struct arena small;
    jmp_buf rescue;
    arena_init(&small, 64 * 1024);
    small.rescue = &rescue;
    if (setjmp(rescue)) {
        arena_free(&small);
        return;
    }
    for (int i = 0; i < 1000; i++)
        arena_alloc(&small, 1000);
    CHECK(!"reached");
}

static void count_up(void *what)
{
    ++*(int *)what;
}

TEST(an_arena_runs_its_cleanups_once)
{
    int cleanups = 0;
    struct arena arena = { 0 };
    arena_defer(&arena, count_up, &cleanups);
    arena_defer(&arena, count_up, &cleanups);
    arena_reset(&arena);
    CHECK_INT(cleanups, 2);
    arena_free(&arena);
    CHECK_INT(cleanups, 2);
}

TEST(a_grown_allocation_keeps_its_bytes)
{
    struct buf out = { .arena = t->arena };
    for (int i = 0; i < 20000; i++)
        buf_int(&out, i % 10);
    CHECK_INT(out.len, 20000);
    for (size_t i = 0; i < out.len; i++)
        CHECK(out.at[i] == (char)('0' + i % 10));
}

TEST(an_instant_survives_its_text)
{
    char text[INSTANT_TEXT];
    instant at;
    CHECK(instant_parse(STR("2024-02-29T23:59:59.5+01:00"), &at));
    CHECK_STR(instant_format(at, text), STR("2024-02-29T22:59:59.500Z"));
    CHECK(instant_parse(STR("1969-12-31T23:59:59.999Z"), &at));
    CHECK_STR(instant_format(at, text), STR("1969-12-31T23:59:59.999Z"));
    CHECK(!instant_parse(STR("2023-02-29T00:00:00Z"), &at));
    CHECK(!instant_parse(STR("2024-01-01T00:00:00"), &at));
    CHECK(!instant_parse(STR("2024-01-01T00:00:00Zx"), &at));
    CHECK(!day_parse(STR("2024-13-01"), &at));
}

TEST(base64_and_hex_give_back_what_went_in)
{
    for (size_t size = 0; size < 70; size++) {
        char *bytes = arena_alloc(t->arena, size);
        random_bytes(bytes, size);
        struct str in = { bytes, size }, out;
        CHECK(base64_decode(t->arena, base64_encode(t->arena, in), &out));
        CHECK_STR(out, in);
        CHECK(base64_decode(t->arena, base64url_encode(t->arena, in), &out));
        CHECK_STR(out, in);
        CHECK(hex_decode(t->arena, hex_encode(t->arena, in), &out));
        CHECK_STR(out, in);
    }
    struct str out;
    CHECK(!base64_decode(t->arena, STR("A"), &out));
    CHECK(!base64_decode(t->arena, STR("AB"), &out)); /* bits left over */
    CHECK(!base64_decode(t->arena, STR("AA=A"), &out));
}

TEST(a_percent_escape_must_be_whole)
{
    struct str out;
    CHECK(percent_decode(t->arena, STR("a%20b+c"), true, &out));
    CHECK_STR(out, STR("a b c"));
    CHECK(percent_decode(t->arena, STR("%c3%a9"), false, &out));
    CHECK_STR(out, STR("\xc3\xa9"));
    CHECK(!percent_decode(t->arena, STR("%2"), true, &out));
    CHECK(!percent_decode(t->arena, STR("%zz"), true, &out));
    CHECK(!percent_decode(t->arena, STR("%00"), true, &out));
    CHECK_STR(percent_encode(t->arena, STR("a/b \xc3\xa9")), STR("a%2Fb%20%C3%A9"));
}

TEST(utf8_that_is_not_well_formed_is_refused)
{
    CHECK(utf8_valid(STR("\xe2\x82\xac \xf0\x9f\x8d\x8e")));
    CHECK(!utf8_valid(STR("\xc0\x80")));         /* overlong */
    CHECK(!utf8_valid(STR("\xed\xa0\x80")));     /* surrogate */
    CHECK(!utf8_valid(STR("\xf4\x90\x80\x80"))); /* above U+10FFFF */
    CHECK(!utf8_valid(STR("\xe2\x82")));         /* cut off */
    CHECK(!utf8_is_text(STR("a\x01")));
}

TEST(a_search_key_has_no_marks)
{
    CHECK_STR(fold(t->arena, STR("Obs 't \xc3\x89\xc3\xa9n-Hoorn ")), STR("obs t een hoorn"));
    CHECK_STR(fold(t->arena, STR("\xe2\x80\x9cIJsselstein\xe2\x80\x9d")), STR("ijsselstein"));
    CHECK_STR(fold(t->arena, STR("  ")), STR(""));
}

TEST(code_page_1252_becomes_utf8)
{
    CHECK_STR(cp1252_to_utf8(t->arena, STR("\x80 caf\xe9")), STR("\xe2\x82\xac caf\xc3\xa9"));
}

TEST(a_file_that_is_written_follows_no_link_that_somebody_laid)
{
    struct error err = { 0 };
    struct str bytes;
    const char *victim = str_format(t->arena, "%s/victim", t->folder).at;
    const char *secret = str_format(t->arena, "%s/secret", t->folder).at;
    CHECK_OK(file_write(victim, STR("mine"), 0600, &err), err);
    CHECK_INT(symlink(victim, str_format(t->arena, "%s.new", secret).at), 0);
    CHECK_OK(file_write(secret, STR("key"), 0600, &err), err);
    CHECK_OK(file_read(t->arena, victim, 100, &bytes, &err), err);
    CHECK_STR(bytes, STR("mine"));
    CHECK_OK(file_read(t->arena, secret, 100, &bytes, &err), err);
    CHECK_STR(bytes, STR("key"));
}

TEST(csv_of_broken_lines_is_read_once)
{
    struct arena arena = { 0 };
    struct buf text = { .arena = t->arena };
    struct csv csv;
    int broken = 0;
    for (int i = 0; i < 1000; i++)
        buf_lit(&text, "\"x\";\"\n"); /* each line's last quote ends in the next, before an x */
    csv_start(&csv, &arena, buf_str(&text), ';');
    while (csv_next(&csv))
        broken += csv.broken;
    CHECK_INT(broken, 1000);
    CHECK(arena.held < (size_t)2 * 1024 * 1024);
    arena_free(&arena);
}

TEST(csv_reads_quotes_and_counts_lines)
{
    struct csv csv;
    csv_start(&csv, t->arena, STR("a;\"b;\"\"c\"\"\nd\";e\r\n\r\nf;\"open\n"), ';');
    CHECK(csv_next(&csv));
    CHECK_INT(csv.fields, 3);
    CHECK_INT(csv.line, 1);
    CHECK_STR(csv.field[1], STR("b;\"c\"\nd"));
    CHECK_STR(csv.field[2], STR("e"));
    CHECK(csv_next(&csv));
    CHECK(csv.broken);
    CHECK_INT(csv.line, 4);
    CHECK(!csv_next(&csv));
}

TEST(a_cell_that_looks_like_a_formula_is_guarded)
{
    struct buf out = { .arena = t->arena };
    csv_put(&out, STR("=1+1"), ';');
    csv_put(&out, STR("x\"y"), ';');
    csv_put(&out, STR("plain"), ';');
    CHECK_STR(buf_str(&out), STR("\"'=1+1\"\"x\"\"y\"plain"));
}

TEST(a_tree_is_written_as_json)
{
    struct node *map = node_map(t->arena);
    node_put_text(map, "name", STR("a\"\n\x01"));
    node_put_flag(map, "on", true);
    node_add_int(node_put_list(map, "list"), -3);
    node_put_null(map, "none");
    struct buf out = { .arena = t->arena };
    node_to_json(map, &out);
    CHECK_STR(buf_str(&out),
              STR("{\"name\":\"a\\\"\\n\\u0001\",\"on\":true,\"list\":[-3],\"none\":null}"));
}

TEST(memory_that_ends_where_no_arena_is_given_goes_to_the_rescue_of_the_thread)
{
    jmp_buf rescue;
    volatile bool ended = false;
    jmp_buf *before = memory_rescue(&rescue);
    if (setjmp(rescue) == 0)
        memory_exhausted();
    ended = true;
    CHECK(before == NULL);
    CHECK(memory_rescue(NULL) == &rescue);
    CHECK(ended);
}

TEST(waiting_at_a_condition_ends_at_its_moment)
{
    pthread_cond_t condition;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    instant from = instant_monotonic();
    const struct timespec until = wait_until(20000);
    wait_init(&condition);
    pthread_mutex_lock(&lock);
    while (wait_at(&condition, &lock, &until))
        ;
    pthread_mutex_unlock(&lock);
    CHECK(instant_monotonic() >= from + 20000);
    pthread_cond_destroy(&condition);
}
