/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/app.h"
#include "platform/page/page.h"

#include <libxml/parser.h>

static struct request *given_request(struct test *t)
{
    struct request *request = arena_new(t->arena, struct request);
    request->arena = t->arena;
    request->app = arena_new(t->arena, struct app);
    request->target = request->path = STR("/");
    request->language = ENGLISH;
    return request;
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) >= 0;
}

/* The picture; checked to be well-formed XML without numbers that are none. */
static struct str drawn(struct test *t, const struct chart *chart)
{
    struct node *page = node_map(t->arena);
    chart_put(given_request(t), page, "use", chart);
    struct str svg = node_text(node_get(page, STR("use")), "picture");
    xmlDoc *document = xmlReadMemory(svg.at, (int)svg.len, NULL, NULL, XML_PARSE_NONET);
    CHECK(document);
    xmlFreeDoc(document);
    CHECK(!has(svg, "nan") && !has(svg, "inf"));
    return svg;
}

static const struct str labels[] = { S("Jan"), S("Feb"), S("Mar") };
static const int64_t some[] = { 3, 12, 7 }, none[] = { 0, 0, 0 }, below[] = { -4, 0, 9 };

static struct chart chart_of(const struct chart_series *series, size_t count)
{
    return (struct chart){
        .title = S("Use"), .unit = S("questions"), .heading = S("Month"), .labels = labels,
        .label_count = 3, .series = series, .series_count = count,
    };
}

TEST(a_chart_names_itself_and_tells_its_highest_figure)
{
    const struct chart_series series = { S("PO & VO"), some };
    struct chart chart = chart_of(&series, 1);
    struct str svg = drawn(t, &chart);
    CHECK(has(svg, "role=\"img\" aria-labelledby=\"use-title use-desc\""));
    CHECK(has(svg, "<title id=\"use-title\">Use</title>"));
    CHECK(has(svg, "Highest: 12 questions (PO &amp; VO, Feb)."));
}

TEST(texts_in_a_chart_are_escaped)
{
    static const struct str evil[] = { S("<b>"), S("\"x"), S("</svg>") };
    const struct chart_series series = { S("<script>"), some };
    struct chart chart = chart_of(&series, 1);
    chart.title = STR("</title><script>");
    chart.labels = evil;
    struct str svg = drawn(t, &chart);
    CHECK(!has(svg, "<script>") && !has(svg, "<b>"));
}

TEST(a_chart_is_drawn_from_any_figures)
{
    static const int64_t extreme[] = { INT64_MIN, 0, INT64_MAX };
    const struct chart_series series[] = { { S("a"), none }, { S("b"), below }, { S("c"), extreme } };
    for (size_t i = 0; i < 3; i++)
        for (int lines = 0; lines < 2; lines++) {
            struct chart chart = chart_of(&series[i], 1);
            chart.lines = lines;
            drawn(t, &chart);
        }
    struct chart chart = chart_of(series, 3);
    drawn(t, &chart);
}

TEST(a_chart_without_figures_says_so)
{
    struct chart chart = chart_of(NULL, 0);
    CHECK(has(drawn(t, &chart), "There are no figures yet."));
    const struct chart_series series = { S("a"), some };
    chart = chart_of(&series, 1);
    chart.label_count = 0;
    CHECK(has(drawn(t, &chart), "There are no figures yet."));
}

TEST(series_differ_without_colour_and_there_are_six_at_most)
{
    struct chart_series series[8];
    for (size_t i = 0; i < 8; i++)
        series[i] = (struct chart_series){ S("x"), some };
    struct chart chart = chart_of(series, 8);
    struct str bars = drawn(t, &chart);
    CHECK(has(bars, "id=\"use-p6\"") && !has(bars, "use-p7"));
    chart.lines = true;
    struct str lines = drawn(t, &chart);
    CHECK(has(lines, "stroke-dasharray=\"2 4\"") && has(lines, "line-6") && !has(lines, "line-7"));
}

TEST(the_axis_ends_on_round_numbers)
{
    static const int64_t odd[] = { 0, 123456, 17 };
    const struct chart_series series = { S("a"), odd };
    struct chart chart = chart_of(&series, 1);
    struct str svg = drawn(t, &chart);
    CHECK(has(svg, ">50,000</text>") && has(svg, ">150,000</text>") && !has(svg, ">200,000</text>"));
}

TEST(a_chart_stands_with_its_table)
{
    const struct chart_series series = { S("a"), some };
    struct chart chart = chart_of(&series, 1);
    struct node *page = node_map(t->arena);
    struct templates *templates;
    struct error err = { 0 };
    struct buf out = { .arena = t->arena };
    chart_put(given_request(t), page, "use", &chart);
    CHECK_OK(templates_load(t->arena, NULL, &templates, &err), err);
    CHECK_OK(template_render(templates, STR("platform/pages/chart"), ENGLISH,
                             node_get(page, STR("use")), &out, &err), err);
    CHECK(has(buf_str(&out), "<td role=\"cell\" data-label=\"Month\">Feb</td>"));
    CHECK(has(buf_str(&out), "data-label=\"a\" class=\"number\">12</td>"));
    CHECK(!has(buf_str(&out), "role=\"search\""));
}
