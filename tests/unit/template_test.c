/* SPDX-License-Identifier: EUPL-1.2 */
/* The template engine against what the Mustache specification (v1.4) says, module by module; the
 * cases are our own. Data is written as JSON. */
#include "tests/test.h"

#include "base/file.h"
#include "platform/page/template.h"

#include <jansson.h>
#include <stdlib.h>

struct mustache_case {
    const char *what;
    const char *data;
    const char *template;
    const char *wanted;
    const char *partials[3][2]; /* name, text */
};

static struct node *from_json(struct arena *arena, const json_t *json);

static void fill(struct arena *arena, struct node *node, const json_t *json)
{
    size_t index;
    const char *key;
    json_t *value;
    if (json_is_object(json))
        json_object_foreach((json_t *)json, key, value)
            node_put(node, str_c(arena, str_of(key)), from_json(arena, value));
    if (json_is_array(json))
        json_array_foreach(json, index, value)
        {
            struct node *child = from_json(arena, value);
            if (node->last)
                node->last->next = child;
            else
                node->first = child;
            node->last = child;
            node->count++;
        }
}

static struct node *from_json(struct arena *arena, const json_t *json)
{
    struct node *node = node_map(arena);
    switch (json_typeof(json)) {
    case JSON_OBJECT: break;
    case JSON_ARRAY: node->kind = NODE_LIST; break;
    case JSON_STRING:
        node->kind = NODE_TEXT;
        node->text = str_copy(arena, str_of(json_string_value(json)));
        break;
    case JSON_INTEGER:
        node->kind = NODE_INT;
        node->number = json_integer_value(json);
        break;
    case JSON_REAL:
        node->kind = NODE_REAL;
        node->real = json_real_value(json);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        node->kind = NODE_FLAG;
        node->flag = json_is_true(json);
        break;
    case JSON_NULL: node->kind = NODE_NULL; break;
    }
    fill(arena, node, json);
    return node;
}

static struct node *data_of(struct test *t, const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);
    if (!json)
        test_fail(__FILE__, __LINE__, "%s: %s", text, error.text);
    struct node *data = from_json(t->arena, json);
    json_decref(json);
    return data;
}

static struct str rendered(struct test *t, const struct mustache_case *c)
{
    struct template_source sources[4] = { { STR("main"), str_of(c->template) } };
    size_t count = 1;
    struct templates *templates;
    struct error err = { 0 };
    struct buf out = { .arena = t->arena };
    for (size_t i = 0; i < 3 && c->partials[i][0]; i++)
        sources[count++] = (struct template_source){ str_of(c->partials[i][0]),
                                                     str_of(c->partials[i][1]) };
    if (!templates_compile(t->arena, sources, count, SPECIFIED, &templates, &err)
        || !template_render(templates, STR("main"), ENGLISH, data_of(t, c->data), &out, &err))
        test_fail(__FILE__, __LINE__, "%s: %s (%s)", c->what, err.subject, err.detail);
    return buf_str(&out);
}

static void check_cases(struct test *t, const struct mustache_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct str got = rendered(t, &cases[i]);
        if (!str_eq(got, str_of(cases[i].wanted)))
            test_fail(__FILE__, __LINE__, "%s: got \"%.*s\", not \"%s\"", cases[i].what, FMT(got),
                      cases[i].wanted);
    }
}

TEST(values_are_put_as_the_specification_says)
{
    static const struct mustache_case cases[] = {
        { "no tags", "{}", "one { brace }\n", "one { brace }\n" },
        { "empty template", "{}", "", "" },
        { "a text", "{\"name\":\"Ada\"}", "Dear {{name}},", "Dear Ada," },
        { "escaped", "{\"x\":\"& \\\" < >\"}", "{{x}}", "&amp; &quot; &lt; &gt;" },
        { "an apostrophe", "{\"x\":\"'t Hof\"}", "{{x}}", "&#39;t Hof" },
        { "triple", "{\"x\":\"<b>\"}", "{{{x}}}", "<b>" },
        { "ampersand", "{\"x\":\"<b>\"}", "{{&x}}", "<b>" },
        { "a whole number", "{\"n\":-85}", "{{n}} and {{{n}}}", "-85 and -85" },
        { "a fraction", "{\"n\":1.21}", "{{n}}", "1.21" },
        { "missing", "{}", "[{{x}}]", "[]" },
        { "missing, triple", "{}", "[{{{x}}}]", "[]" },
        { "null", "{\"x\":null}", "[{{x}}]", "[]" },
        { "dotted", "{\"a\":{\"b\":\"c\"}}", "{{a.b}}={{#a}}{{b}}{{/a}}", "c=c" },
        { "dotted, deep", "{\"a\":{\"b\":{\"c\":{\"d\":4}}}}", "{{a.b.c.d}}", "4" },
        { "dotted, broken", "{\"a\":{}}", "[{{a.b.c}}]", "[]" },
        { "dotted, through a text", "{\"a\":\"x\"}", "[{{a.b}}]", "[]" },
        { "a part only looks in its parent", "{\"a\":{\"b\":{}},\"c\":1}", "[{{a.b.c}}]", "[]" },
        { "the first part is found nearest", "{\"a\":{\"b\":{}},\"b\":{\"c\":1}}",
          "[{{#a}}{{b.c}}{{/a}}]", "[]" },
        { "itself", "{\"a\":\"x\"}", "{{#a}}{{.}}{{/a}}", "x" },
        { "blanks around stay", "{\"s\":\"-\"}", "| {{s}} |", "| - |" },
        { "a value alone on its line", "{\"s\":\"-\"}", "  {{s}}\n", "  -\n" },
        { "blanks in the tag", "{\"s\":\"-\"}", "|{{ s }}|{{{ s }}}|{{& s }}|", "|-|-|-|" },
        { "two braces in a value", "{\"s\":\"{{x}}\",\"x\":1}", "{{s}}", "{{x}}" },
    };
    check_cases(t, cases, count_of(cases));
}

TEST(sections_show_repeat_and_nest)
{
    static const struct mustache_case cases[] = {
        { "true", "{\"b\":true}", "[{{#b}}yes{{/b}}]", "[yes]" },
        { "false", "{\"b\":false}", "[{{#b}}yes{{/b}}]", "[]" },
        { "null", "{\"b\":null}", "[{{#b}}yes{{/b}}]", "[]" },
        { "missing", "{}", "[{{#b}}yes{{/b}}]", "[]" },
        { "a map is the context", "{\"p\":{\"n\":\"Joe\"}}", "{{#p}}Hi {{n}}{{/p}}", "Hi Joe" },
        { "an empty map shows", "{\"p\":{}}", "{{#p}}yes{{/p}}", "yes" },
        { "outer names", "{\"a\":1,\"b\":2,\"s\":{\"b\":3}}", "{{#s}}{{a}}{{b}}{{/s}}", "13" },
        { "a text is the context", "{\"f\":\"bar\"}", "{{#f}}{{.}} is {{f}}{{/f}}", "bar is bar" },
        { "a list", "{\"l\":[{\"i\":1},{\"i\":2}]}", "{{#l}}({{i}}){{/l}}", "(1)(2)" },
        { "an empty list", "{\"l\":[]}", "[{{#l}}x{{/l}}]", "[]" },
        { "a list of texts", "{\"l\":[\"a\",\"<\"]}", "{{#l}}({{.}}){{/l}}", "(a)(&lt;)" },
        { "a list of lists", "{\"l\":[[1,2],[3]]}", "{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", "(12)(3)" },
        { "a list of fractions", "{\"l\":[1.5,2.25]}", "{{#l}}({{.}}){{/l}}", "(1.5)(2.25)" },
        { "twice", "{\"b\":true}", "{{#b}}1{{/b}}2{{#b}}3{{/b}}", "123" },
        { "nested, shown", "{\"b\":true}", "{{#b}}A{{#b}}B{{/b}}C{{/b}}", "ABC" },
        { "nested, hidden", "{\"b\":false}", "|{{#b}}A{{#b}}B{{/b}}C{{/b}}|", "||" },
        { "context per item", "{\"l\":[{\"x\":1},{}],\"x\":9}", "{{#l}}{{x}}{{/l}}", "19" },
        { "dotted, true", "{\"a\":{\"b\":true}}", "{{#a.b}}x{{/a.b}}", "x" },
        { "dotted, broken", "{\"a\":{}}", "[{{#a.b.c}}x{{/a.b.c}}]", "[]" },
        { "blanks around stay", "{\"b\":true}", " | {{#b}}\t|\t{{/b}} | \n", " | \t|\t | \n" },
        { "alone on its line", "{\"b\":true}", "1\n{{#b}}\n2\n{{/b}}\n3\n", "1\n2\n3\n" },
        { "alone and indented", "{\"b\":true}", "1\n  {{#b}}\n2\n\t{{/b}}\n3\n", "1\n2\n3\n" },
        { "carriage returns", "{\"b\":true}", "|\r\n{{#b}}\r\n{{/b}}\r\n|", "|\r\n|" },
        { "alone on the first line", "{\"b\":true}", "  {{#b}}\n#{{/b}}\n/", "#\n/" },
        { "alone on the last line", "{\"b\":true}", "#{{#b}}\n/\n  {{/b}}", "#\n/\n" },
        { "two on a line are not alone", "{\"b\":true}", "{{#b}}{{/b}}\n|", "\n|" },
        { "blanks in the tag", "{\"b\":true}", "|{{# b }}={{/ b }}|", "|=|" },
    };
    check_cases(t, cases, count_of(cases));
}

TEST(inverted_sections_show_what_is_not_there)
{
    static const struct mustache_case cases[] = {
        { "false", "{\"b\":false}", "[{{^b}}no{{/b}}]", "[no]" },
        { "true", "{\"b\":true}", "[{{^b}}no{{/b}}]", "[]" },
        { "null", "{\"b\":null}", "[{{^b}}no{{/b}}]", "[no]" },
        { "missing", "{}", "[{{^b}}no{{/b}}]", "[no]" },
        { "a map", "{\"b\":{\"c\":1}}", "[{{^b}}no{{/b}}]", "[]" },
        { "a list", "{\"b\":[1]}", "[{{^b}}no{{/b}}]", "[]" },
        { "an empty list", "{\"b\":[]}", "[{{^b}}no{{/b}}]", "[no]" },
        { "nested", "{\"b\":false}", "{{^b}}A{{^b}}B{{/b}}C{{/b}}", "ABC" },
        { "dotted, false", "{\"a\":{\"b\":false}}", "{{^a.b}}no{{/a.b}}", "no" },
        { "dotted, broken", "{\"a\":{}}", "{{^a.b.c}}no{{/a.b.c}}", "no" },
        { "alone on its line", "{}", "1\n {{^b}}\n2\n {{/b}}\n3\n", "1\n2\n3\n" },
        { "the context stays", "{\"l\":[{\"n\":1}]}", "{{#l}}{{^x}}{{n}}{{/x}}{{/l}}", "1" },
    };
    check_cases(t, cases, count_of(cases));
}

TEST(comments_leave_no_trace)
{
    static const struct mustache_case cases[] = {
        { "inline", "{}", "12{{! note }}34", "1234" },
        { "over lines", "{}", "12{{!\n  note\n}}34\n", "1234\n" },
        { "alone", "{}", "1\n{{! note }}\n2\n", "1\n2\n" },
        { "alone, indented", "{}", "1\n  {{! note }}\n2\n", "1\n2\n" },
        { "alone, over lines", "{}", "1\n  {{!\n note\n  }}\n2\n", "1\n2\n" },
        { "alone at the end", "{}", "1\n  {{! note }}", "1\n" },
        { "alone, carriage return", "{}", "|\r\n{{! n }}\r\n|", "|\r\n|" },
        { "blanks around stay", "{}", "12 {{! note }} 34", "12  34" },
        { "with a value's name", "{\"note\":1}", "[{{!note}}]", "[]" },
    };
    check_cases(t, cases, count_of(cases));
}

TEST(delimiters_can_be_others)
{
    static const struct mustache_case cases[] = {
        { "a pair", "{\"t\":\"Hey\"}", "{{=<% %>=}}(<%t%>)", "(Hey)" },
        { "special characters", "{\"t\":\"Hey\"}", "({{=[ ]=}}[t])", "(Hey)" },
        { "sections", "{\"s\":true,\"d\":1}", "{{#s}}{{d}}|d|{{/s}}{{= | | =}}|#s|{{d}}|d||/s|",
          "1|d|{{d}}1" },
        { "inverted", "{\"d\":1}", "{{= | | =}}|^s|{{d}}|d||/s|", "{{d}}1" },
        { "not for a partial", "{\"v\":1}", "{{>p}}{{= | | =}}|>p|", "(1)(1)",
          { { "p", "({{v}})" } } },
        { "not from a partial", "{\"v\":1}", "{{>p}}{{v}}|v|", "1|v|",
          { { "p", "{{= | | =}}" } } },
        { "blanks around stay", "{}", "| {{=@ @=}} |", "|  |" },
        { "alone on its line", "{}", "1\n  {{=@ @=}}\n2\n", "1\n2\n" },
        { "back again", "{\"v\":1}", "{{=@ @=}}@v@@={{ }}=@{{v}}", "11" },
        { "padded", "{}", "|{{= @   @ =}}|", "||" },
    };
    check_cases(t, cases, count_of(cases));
}

TEST(partials_are_put_where_they_are_named)
{
    static const struct mustache_case cases[] = {
        { "a partial", "{}", "[{{>p}}]", "[text]", { { "p", "text" } } },
        { "missing", "{}", "[{{>p}}]", "[]" },
        { "the context", "{\"x\":1}", "[{{>p}}]", "[*1*]", { { "p", "*{{x}}*" } } },
        { "in itself", "{\"c\":\"X\",\"n\":[{\"c\":\"Y\",\"n\":[]}]}", "{{>p}}", "X<Y<>>",
          { { "p", "{{c}}<{{#n}}{{>p}}{{/n}}>" } } },
        { "in another", "{\"a\":\"hi\"}", "{{>p}}", "*hi there*",
          { { "p", "*{{a}} {{>q}}*" }, { "q", "there" } } },
        { "blanks around stay", "{}", "| {{>p}} |", "| \t|\t |", { { "p", "\t|\t" } } },
        { "in the middle of a line", "{\"d\":\"|\"}", "  {{d}}  {{>p}}\n", "  |  >\n>\n",
          { { "p", ">\n>" } } },
        { "carriage returns", "{}", "|\r\n{{>p}}\r\n|", "|\r\n>|", { { "p", ">" } } },
        { "alone on the first line", "{}", "  {{>p}}\n>", "  >\n  >>", { { "p", ">\n>" } } },
        { "alone on the last line", "{}", ">\n  {{>p}}", ">\n  >\n  >", { { "p", ">\n>" } } },
        { "each line of it is indented, its values are not", "{\"c\":\"<\\n->\"}",
          "\\\n {{>p}}\n/\n", "\\\n |\n <\n->\n |\n/\n", { { "p", "|\n{{{c}}}\n|\n" } } },
        { "indentations add up", "{}", " {{>p}}\n|", " a\n   b\n c\n|",
          { { "p", "a\n  {{>q}}\nc\n" }, { "q", "b\n" } } },
        { "padded", "{}", "|{{> p }}|", "|x|", { { "p", "x" } } },
    };
    check_cases(t, cases, count_of(cases));
}

TEST(a_template_fills_the_blocks_of_its_parent)
{
    static const struct mustache_case cases[] = {
        { "default", "{}", "{{$t}}Default{{/t}}", "Default" },
        { "default with a value", "{\"v\":\"<\"}", "{{$t}}a {{v}} b{{/t}}", "a &lt; b" },
        { "default with a section", "{\"v\":{\"w\":1}}", "{{$t}}{{#v}}{{w}}{{/v}}{{/t}}", "1" },
        { "inherited default", "{}", "{{<p}}{{/p}}", "x", { { "p", "{{$t}}x{{/t}}" } } },
        { "filled", "{}", "{{<p}}{{$t}}mine{{/t}}{{/p}}", "..mine..",
          { { "p", "..{{$t}}x{{/t}}.." } } },
        { "data is no filling", "{\"t\":\"data\"}", "{{<p}}{{/p}}", "x",
          { { "p", "{{$t}}x{{/t}}" } } },
        { "two parents", "{}", "{{<p}}{{$a}}1{{/a}}{{/p}} {{<p}}{{$a}}2{{/a}}{{/p}}", "|1 d| |2 d|",
          { { "p", "|{{$a}}.{{/a}}{{$b}} d{{/b}}|" } } },
        { "only one of two", "{}", "{{<p}}{{$b}}two{{/b}}{{/p}}", "1, two",
          { { "p", "{{$a}}1{{/a}}, {{$b}}2{{/b}}" } } },
        { "a partial is a parent without fillings", "{}", "{{>p}}|{{<p}}{{/p}}", "x|x",
          { { "p", "{{$t}}x{{/t}}" } } },
        { "the outermost wins", "{}", "{{<p}}{{$a}}c{{/a}}{{/p}}", "c",
          { { "p", "{{<o}}{{$a}}p{{/a}}{{/o}}" }, { "o", "{{$a}}o{{/a}}" } } },
        { "the middle fills what the child leaves", "{}", "{{<p}}{{/p}}", "p",
          { { "p", "{{<o}}{{$a}}p{{/a}}{{/o}}" }, { "o", "{{$a}}o{{/a}}" } } },
        { "recursion", "{}", "{{<p}}{{$f}}mine{{/f}}{{/p}}", "mine mine mine stop",
          { { "p", "{{$f}}x{{/f}} {{$b}}{{<q}}{{/q}}{{/b}}" },
            { "q", "{{$f}}y{{/f}} {{<p}}{{$b}}stop{{/b}}{{/p}}" } } },
        { "other text in it is ignored", "{\"v\":1}",
          "{{<p}} words {{v}} {{#v}}{{$t}}no{{/t}}{{/v}} {{$t}}mine{{/t}} words {{/p}}", "mine",
          { { "p", "{{$t}}x{{/t}}" } } },
        { "the context is that of the parent", "{\"f\":\"a\",\"n\":{\"f\":\"b\"}}",
          "{{<p}}{{$t}}I say {{f}}{{/t}}{{/p}}", "I say b",
          { { "p", "{{#n}}{{$t}}{{f}}{{/t}}{{/n}}" } } },
        { "newlines in a filling", "{}", "{{<p}}{{$t}}\nup\n\n:(\n{{/t}}{{/p}}", "up\n\n:(\n",
          { { "p", "{{$t}}x{{/t}}" } } },
        { "in an indented line", "{}", "{{<p}}{{$t}}time{{/t}}{{/p}}", "stop:\n  time\n",
          { { "p", "stop:\n  {{$t}}listen{{/t}}\n" } } },
        { "a parent alone on its line", "{}", "Hi,\n  {{<p}}{{/p}}\n", "Hi,\n  one\n  two\n",
          { { "p", "one\ntwo\n" } } },
        { "a block alone on its line", "{}", "{{<p}}{{$t}}\none\ntwo{{/t}}\n{{/p}}\n",
          "Hi,\n  one\n  two\n", { { "p", "Hi,\n  {{$t}}{{/t}}\n" } } },
        { "a block's own indentation goes", "{}",
          "{{<p}}{{$t}}\n    one\n    two\n{{/t}}{{/p}}\n", "Hi,\n  one\n  two\n",
          { { "p", "Hi,\n  {{$t}}\n  {{/t}}\n" } } },
        { "the default's indentation stays", "{}", "{{<p}}{{$t}}\none\ntwo\n{{/t}}{{/p}}\n",
          "Hi,\n  one\n  two\n", { { "p", "Hi,\n{{$t}}\n  default\n{{/t}}\n" } } },
        { "nested blocks", "{}", "{{<p}}{{$n}}\nthree\n{{/n}}{{/p}}\n", "one\n  three\n",
          { { "p", "{{<o}}{{$t}}\none\n  {{$n}}\n  two\n  {{/n}}\n{{/t}}{{/o}}\n" },
            { "o", "{{$t}}\n{{/t}}\n" } } },
    };
    check_cases(t, cases, count_of(cases));
}

/* ---- What is ours, beyond the specification ---- */

static bool compiles(struct test *t, const char *text, enum template_mode mode, struct error *err)
{
    struct template_source source = { STR("main"), str_of(text) };
    struct templates *templates;
    *err = (struct error){ 0 };
    return templates_compile(t->arena, &source, 1, mode, &templates, err);
}

TEST(a_broken_template_is_refused_with_its_line)
{
    static const char *const broken[] = {
        "1\n{{x",          "1\n{{/x}}",          "1\n{{#x}}",    "1\n{{#x}}{{/y}}", "1\n{{}}",
        "1\n{{=<%=}}",     "1\n{{=<% %>}}",      "1\n{{a..b}}",  "1\n{{{x}}",       "1\n{{#}}",
        "1\n{{=<% % %>=}}", "1\n{{<p}}{{/q}}",
    };
    for (size_t i = 0; i < count_of(broken); i++) {
        struct error err;
        if (compiles(t, broken[i], SPECIFIED, &err))
            test_fail(__FILE__, __LINE__, "\"%s\" is taken", broken[i]);
        CHECK(str_find(str_of(err.subject), STR("main.html, line 2")) >= 0);
    }
}

TEST(our_templates_cannot_put_values_unescaped)
{
    struct error err;
    CHECK(!compiles(t, "{{{x}}}", STRICT, &err));
    CHECK(!compiles(t, "{{&x}}", STRICT, &err));
    CHECK(!compiles(t, "{{>missing}}", STRICT, &err));
    CHECK(!compiles(t, "{{<missing}}{{/missing}}", STRICT, &err));
    CHECK(!compiles(t, "{{#_}}no end", STRICT, &err));
    CHECK(compiles(t, "{{x}}{{#_}}words{{/_}}", STRICT, &err));
}

TEST(markup_passes_only_as_a_safe_value)
{
    struct template_source source = { STR("main"), STR("{{text}} {{markup}}") };
    struct templates *templates;
    struct error err = { 0 };
    struct buf out = { .arena = t->arena };
    struct node *data = node_map(t->arena);
    node_put_text(data, "text", STR("<b>"));
    node_put_markup(data, "markup", STR("<b>"));
    CHECK_OK(templates_compile(t->arena, &source, 1, STRICT, &templates, &err), err);
    CHECK_OK(template_render(templates, STR("main"), DUTCH, data, &out, &err), err);
    CHECK_STR(buf_str(&out), STR("&lt;b&gt; <b>"));
}

TEST(an_empty_text_does_not_show_a_section_and_zero_does)
{
    struct mustache_case c = { "empty", "{\"e\":\"\",\"z\":0}",
                               "{{#e}}no{{/e}}{{^e}}empty{{/e}} {{#z}}{{.}}{{/z}}", "empty 0" };
    CHECK_STR(rendered(t, &c), STR("empty 0"));
}

TEST(a_template_of_the_organisation_stands_in_for_ours)
{
    struct templates *templates;
    struct error err = { 0 };
    struct buf out = { .arena = t->arena };
    const char *folder = str_format(t->arena, "%s/platform/pages", t->folder).at;
    const char *path = str_format(t->arena, "%s/token.html", folder).at;
    CHECK_OK(folder_make(folder, &err), err);
    CHECK_OK(file_write(path, STR("house style"), 0600, &err), err);
    CHECK_OK(templates_load(t->arena, t->folder, &templates, &err), err);
    CHECK_OK(template_render(templates, STR("platform/pages/token"), DUTCH, node_map(t->arena),
                             &out, &err), err);
    CHECK_STR(buf_str(&out), STR("house style"));
    CHECK_OK(file_write(path, STR("{{#never closed}}"), 0600, &err), err);
    CHECK(!templates_load(t->arena, t->folder, &templates, &err));
    CHECK(str_find(str_of(err.subject), STR("platform/pages/token.html, line 1")) >= 0);
}

TEST(endless_recursion_ends_in_an_error)
{
    struct template_source source = { STR("main"), STR("x{{>main}}") };
    struct templates *templates;
    struct error err = { 0 };
    struct buf out = { .arena = t->arena };
    CHECK_OK(templates_compile(t->arena, &source, 1, STRICT, &templates, &err), err);
    CHECK(!template_render(templates, STR("main"), DUTCH, node_map(t->arena), &out, &err));
    CHECK_INT(err.kind, INTERNAL);
    CHECK(out.len <= 100);
}

TEST(deep_nesting_in_a_template_is_refused)
{
    struct buf text = { .arena = t->arena };
    struct error err;
    for (int i = 0; i < 100; i++)
        buf_lit(&text, "{{#a}}");
    for (int i = 0; i < 100; i++)
        buf_lit(&text, "{{/a}}");
    CHECK(!compiles(t, str_c(t->arena, buf_str(&text)), STRICT, &err));
}

TEST(any_cut_of_a_template_is_taken_or_refused)
{
    static const char whole[] =
        "{{=<% %>=}}<%#a%>\n <%>b%>\n<%/a%><%={{ }}=%>{{<p}}{{$t}}\n x\n{{/t}}{{/p}}{{#_}}w{{/_}}"
        "{{^c}}{{! n }}{{/c}}{{d.e.f}}{{{g}}}{{&h}}";
    for (size_t from = 0; from < sizeof whole; from++)
        for (size_t to = from; to < sizeof whole; to++) {
            struct arena arena = { 0 };
            struct str cut = { whole + from, to - from };
            struct template_source source = { STR("main"), cut };
            struct templates *templates;
            struct error err = { 0 };
            struct buf out = { .arena = &arena };
            bool ok = templates_compile(&arena, &source, 1, SPECIFIED, &templates, &err);
            CHECK(ok || err.message);
            if (ok)
                CHECK_OK(template_render(templates, STR("main"), DUTCH, node_map(&arena), &out,
                                         &err), err);
            arena_free(&arena);
        }
}
