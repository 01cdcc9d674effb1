/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/format/json.h"

#include "tests/test.h"

static const struct node *parsed(struct test *t, const char *text)
{
    const struct node *json;
    struct error err;
    CHECK_OK(json_parse(t->arena, str_of(text), &json, &err), err);
    return json;
}

static struct error refused(struct test *t, struct str text)
{
    const struct node *json;
    struct error err = { 0 };
    if (json_parse(t->arena, text, &json, &err))
        test_fail(__FILE__, __LINE__, "accepted: %.*s", (int)(text.len < 60 ? text.len : 60),
                  text.at);
    CHECK_INT(err.kind, INVALID);
    CHECK(!json);
    return err;
}

TEST(json_becomes_a_tree_of_the_same_values)
{
    const struct node *json = parsed(t, "{\"a\": [1, -2.5, true, false, null, \"\\u00e9\\n\"],"
                                        " \"b\": {\"c\": {}}, \"d\": 9223372036854775807}");
    struct buf out = { .arena = t->arena };
    const struct node *list = node_get(json, STR("a"));
    CHECK_INT(list->count, 6);
    CHECK_INT(list->first->kind, NODE_INT);
    CHECK_INT(list->first->next->kind, NODE_REAL);
    CHECK(list->first->next->real == -2.5);
    CHECK_STR(list->last->text, STR("é\n"));
    CHECK_INT(node_get(json, STR("d"))->number, INT64_MAX);
    node_to_json(node_get(json, STR("b")), &out);
    CHECK_STR(buf_str(&out), STR("{\"c\":{}}"));
}

TEST(what_was_written_as_json_reads_back_the_same)
{
    const char *text = "{\"b\":[1,\"x\\\"y\\\\\",{\"z\":null}],\"a\":false,\"\":\"\"}";
    struct buf out = { .arena = t->arena };
    node_to_json(parsed(t, text), &out);
    CHECK_STR(buf_str(&out), str_of(text));
}

TEST(a_single_value_is_json_too)
{
    CHECK_INT(parsed(t, " 42 ")->number, 42);
    CHECK_STR(parsed(t, "\"x\"")->text, STR("x"));
    CHECK_INT(parsed(t, "null")->kind, NODE_NULL);
}

TEST(broken_json_is_refused_with_its_place)
{
    static const char *const broken[] = {
        "", " ", "{", "[1,]", "{\"a\":}", "{a:1}", "{'a':1}", "[1 2]", "nul", "01", "1.", "+1",
        "[1] x", "\"a", "\"\\x\"", "\"\\ud800\"", "\"\t\"", "NaN", "Infinity", "// x\n1",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        refused(t, str_of(broken[i]));
    CHECK_STR(str_of(refused(t, STR("{\n \"a\": x}")).subject), STR("2:7"));
}

TEST(a_name_that_stands_twice_is_refused)
{
    CHECK(strstr(refused(t, STR("{\"a\":1,\"b\":2,\"a\":3}")).message, "twice"));
}

TEST(a_nul_in_text_or_name_is_refused)
{
    refused(t, STR("\"a\\u0000b\""));
    refused(t, STR("{\"a\\u0000b\":1}"));
    refused(t, STR("\"a\0b\""));
    refused(t, STR("1\0"));
}

TEST(bytes_that_are_not_utf8_are_refused)
{
    refused(t, STR("\"\xff\""));
    refused(t, STR("\"\xc0\xaf\""));
    refused(t, STR("\"\xed\xa0\x80\""));
}

TEST(numbers_that_do_not_fit_are_refused)
{
    refused(t, STR("9223372036854775808"));
    refused(t, STR("1e400"));
}

static struct str nested(struct test *t, size_t depth, char open, char shut)
{
    char *at = arena_alloc(t->arena, 2 * depth);
    memset(at, open, depth);
    memset(at + depth, shut, depth);
    return (struct str){ at, 2 * depth };
}

TEST(thirty_two_levels_are_enough)
{
    const struct node *json;
    struct error err;
    CHECK_OK(json_parse(t->arena, nested(t, 32, '[', ']'), &json, &err), err);
    CHECK(strstr(refused(t, nested(t, 33, '[', ']')).message, "deeply"));
    CHECK(strstr(refused(t, nested(t, 1000000, '[', ']')).message, "deeply"));
    CHECK(strstr(refused(t, nested(t, 1000000, '{', '}')).message, "deeply"));
}

TEST(brackets_in_text_do_not_nest)
{
    CHECK_STR(parsed(t, "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[{{{\"")->text,
              STR("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[[[{{{"));
}

TEST(a_refusal_does_not_repeat_the_input)
{
    struct error err = refused(t, STR("{\"hpgn\": 063138219}"));
    CHECK(!strstr(err.subject, "0631") && !strstr(err.detail, "0631"));
}
