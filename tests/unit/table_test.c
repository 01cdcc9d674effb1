/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/app.h"
#include "platform/page/page.h"

static const struct column columns[] = {
    { "name", "Name", .sortable = true },
    { "place", "Place" },
    { "pupils", "Pupils", .sortable = true, .number = true },
    { .key = NULL },
};

static struct request *given_request(struct test *t, const char *target)
{
    struct request *request = arena_new(t->arena, struct request);
    struct str path = str_of(target);
    request->arena = t->arena;
    request->app = arena_new(t->arena, struct app);
    request->target = str_of(target);
    request->path = str_cut(&path, '?');
    request->language = ENGLISH;
    request->reply.body.arena = t->arena;
    return request;
}

static struct table given_table(const struct request *request)
{
    struct table table;
    struct error err = { 0 };
    CHECK_OK(table_read(request, columns, &table, &err), err);
    return table;
}

/* The table of this request with so many rows on the page, of `total`. */
static struct str shown(struct test *t, struct request *request, int rows, int64_t total)
{
    struct table table = given_table(request);
    struct node *page = node_map(t->arena), *list = node_list(t->arena);
    struct templates *templates;
    struct error err = { 0 };
    struct buf out = { .arena = t->arena };
    for (int i = 0; i < rows; i++) {
        struct node *row = node_add_map(list);
        node_put_text(row, "name", STR("De <Linde>"));
        node_put_text(row, "place", STR("Ede"));
        node_put_int(row, "pupils", 1234);
        node_put_text(row, "href", STR("/scholen/90AA"));
    }
    table_put(request, page, "schools", columns, &table, list, total);
    CHECK_OK(templates_load(t->arena, NULL, &templates, &err), err);
    /* Within the table's section, as a page has it. */
    CHECK_OK(template_render(templates, STR("platform/pages/table"), ENGLISH,
                             node_get(page, STR("schools")), &out, &err), err);
    return buf_str(&out);
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) >= 0;
}

TEST(a_table_is_read_from_the_query)
{
    struct table table = given_table(given_request(t, "/s?q=+De+Linde%C3%A9&sort=-pupils&page=3"));
    CHECK_STR(table.search, STR("De Linde\xc3\xa9"));
    CHECK_STR(table.folded, STR("de lindee"));
    CHECK_STR(str_of(table.sort), STR("pupils"));
    CHECK(table.descending && !table.csv);
    CHECK_INT(table.offset, 50);
    CHECK_INT(table.limit, TABLE_PAGE_ROWS);
    table = given_table(given_request(t, "/s?page=3&format=csv"));
    CHECK_STR(str_of(table.sort), STR("name"));
    CHECK(table.csv && !table.descending);
    CHECK_INT(table.offset, 0);
    CHECK_INT(table.limit, TABLE_CSV_ROWS);
}

TEST(a_table_cannot_be_asked_for_nonsense)
{
    static const char *const wrong[] = {
        "/s?sort=place",    "/s?sort=name;drop", "/s?sort=--name", "/s?page=0",
        "/s?page=-1",       "/s?page=1e3",       "/s?page=99999999999999999999",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct table table;
        struct error err = { 0 };
        CHECK(!table_read(given_request(t, wrong[i]), columns, &table, &err));
        CHECK_INT(err.kind, INVALID);
    }
    struct buf target = { .arena = t->arena };
    struct table table;
    struct error err = { 0 };
    buf_lit(&target, "/s?q=");
    for (int i = 0; i < 101; i++)
        buf_byte(&target, 'a');
    CHECK(!table_read(given_request(t, str_c(t->arena, buf_str(&target))), columns, &table, &err));
}

TEST(a_row_links_in_its_first_cell_and_is_escaped)
{
    struct str html = shown(t, given_request(t, "/s"), 1, 1);
    CHECK(has(html, "<a href=\"/scholen/90AA\">De &lt;Linde&gt;</a>"));
    CHECK(has(html, "data-label=\"Pupils\" class=\"number\">1,234</td>"));
    CHECK(has(html, "<p class=\"count\" role=\"status\">1 result</p>"));
    CHECK(!has(html, "class=\"paging\""));
}

TEST(sorting_keeps_the_search_and_the_other_parameters)
{
    struct str html = shown(t, given_request(t, "/s?kind=po&q=a%26b&sort=name&page=2"), 25, 60);
    CHECK(has(html, "aria-sort=\"ascending\"><a href=\"?kind=po&amp;q=a%26b&amp;sort=-name\">"));
    CHECK(has(html, "<a href=\"?kind=po&amp;q=a%26b&amp;sort=pupils\">Pupils</a>"));
    CHECK(has(html, "<input type=\"hidden\" name=\"kind\" value=\"po\">"));
    CHECK(has(html, "name=\"q\" value=\"a&amp;b\""));
    CHECK(has(html, "href=\"?kind=po&amp;q=a%26b&amp;sort=name&amp;format=csv\""));
}

TEST(pages_lead_to_their_neighbours_the_first_and_the_last)
{
    struct str html = shown(t, given_request(t, "/s?page=10"), 25, 500);
    CHECK(has(html, "226 to 250 of 500 results"));
    CHECK(has(html, "rel=\"prev\" href=\"?page=9\""));
    CHECK(has(html, "rel=\"next\" href=\"?page=11\""));
    CHECK(has(html, "href=\"?page=8\"") && !has(html, "href=\"?page=7\""));
    CHECK(has(html, "href=\"?page=12\"") && !has(html, "href=\"?page=13\""));
    CHECK(has(html, "href=\"?page=20\""));
    CHECK(has(html, "href=\"?page=10\" aria-current=\"page\""));
    CHECK(has(html, "href=\"?\"")); /* the first page */
}

TEST(a_link_on_the_first_page_does_not_keep_a_later_page)
{
    struct str html = shown(t, given_request(t, "/s?q=x&page=2"), 5, 30);
    CHECK(has(html, "rel=\"prev\" href=\"?q=x\""));
    CHECK(!has(html, "rel=\"next\""));
}

TEST(an_empty_table_says_what_to_do)
{
    CHECK(has(shown(t, given_request(t, "/s?q=%3Cb%3E"), 0, 0),
              "Nothing was found for <strong>&lt;b&gt;</strong>"));
    CHECK(has(shown(t, given_request(t, "/s"), 0, 0), "There is nothing here yet."));
    CHECK(has(shown(t, given_request(t, "/s?page=9"), 0, 30), "There are fewer pages than that."));
}

TEST(a_csv_has_a_mark_headings_and_guarded_cells)
{
    struct request *request = given_request(t, "/s?format=csv");
    struct node *rows = node_list(t->arena), *row = node_add_map(rows);
    node_put_text(row, "name", STR("=1;2"));
    node_put_int(row, "pupils", -1234);
    CHECK(table_reply_csv(request, "schools.csv", columns, rows));
    struct str body = request->reply.fixed.at ? request->reply.fixed : buf_str(&request->reply.body);
    CHECK_STR(body, STR("\xef\xbb\xbfName;Place;Pupils\r\n\"'=1;2\";;-1234\r\n"));
}
