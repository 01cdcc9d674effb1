/* SPDX-License-Identifier: EUPL-1.2 */
/* Tables: what the query asks, and the links that ask for more. */
#include "base/csv.h"
#include "base/encoding.h"
#include "base/list.h"
#include "platform/page/page.h"

#define SEARCH_BYTES 100
#define PAGES_MOST   1000000
#define WIDE_COLUMNS 6 /* from here on a tablet shows the rows as cards, as a telephone does */
#define PAGES_AROUND 2 /* page numbers shown on each side of the present one */

/* ---- Reading the query ---- */

static bool read_sort(const struct request *request, const struct column *columns,
                      struct table *table, struct error *err)
{
    struct str wanted = request_query(request, "sort");
    table->descending = str_starts(wanted, STR("-"));
    wanted = str_slice(wanted, table->descending, wanted.len);
    for (const struct column *column = columns; column->key; column++) {
        if (!column->sortable || (wanted.len && !str_eq(wanted, str_of(column->key))))
            continue;
        table->sort = column->key;
        return true;
    }
    return !wanted.len || fail(err, INVALID, "sort", N_("This table cannot be sorted like that."));
}

bool table_read(const struct request *request, const struct column *columns, struct table *table,
                struct error *err)
{
    *table = (struct table){ 0 };
    if (!read_sort(request, columns, table, err)
        || !request_query_int(request, "page", 1, PAGES_MOST, 1, &table->page, err))
        return false;
    table->search = str_trim(request_query(request, "q"));
    if (table->search.len > SEARCH_BYTES)
        return fail(err, INVALID, "q", N_("Search with at most 100 characters."));
    table->folded = fold(request->arena, table->search);
    table->csv = str_eq(request_query(request, "format"), STR("csv"));
    table->limit = table->csv ? TABLE_CSV_ROWS : TABLE_PAGE_ROWS;
    table->offset = table->csv ? 0 : (table->page - 1) * TABLE_PAGE_ROWS;
    return true;
}

/* ---- Links ---- */

static bool is_ours(struct str name)
{
    static const struct str ours[] = { S("q"), S("sort"), S("page"), S("format") };
    for (size_t i = 0; i < count_of(ours); i++)
        if (str_eq(name, ours[i]))
            return true;
    return false;
}

/* The query's other parameters, as they came: a filter of the page stays when one sorts. */
static struct str others_of(const struct request *request)
{
    struct buf out = { .arena = request->arena };
    struct str rest = request->target;
    str_cut(&rest, '?');
    while (str_more(rest)) {
        struct str pair = str_cut(&rest, '&'), value = pair;
        if (!pair.len || is_ours(str_cut(&value, '=')))
            continue;
        buf_add(&out, pair);
        buf_byte(&out, '&');
    }
    return buf_str(&out);
}

struct link {
    struct str sort; /* "name" or "-name"; empty: as it is by itself */
    int64_t page;
    bool csv;
};

static struct str link_to(const struct request *request, const struct table *table,
                          struct link link)
{
    struct buf out = { .arena = request->arena };
    buf_byte(&out, '?');
    buf_add(&out, others_of(request));
    if (table->search.len) {
        buf_lit(&out, "q=");
        buf_add(&out, percent_encode(request->arena, table->search));
        buf_byte(&out, '&');
    }
    if (link.sort.len)
        buf_addf(&out, "sort=%.*s&", FMT(link.sort));
    if (link.page > 1)
        buf_addf(&out, "page=%lld&", (long long)link.page);
    if (link.csv)
        buf_lit(&out, "format=csv&");
    return out.len > 1 ? str_slice(buf_str(&out), 0, out.len - 1) : buf_str(&out);
}

static struct str sort_word(const struct request *request, const char *key, bool descending)
{
    return key ? str_format(request->arena, "%s%s", descending ? "-" : "", key) : STR("");
}

/* How the table is sorted now, for links that keep it; empty when that is the standard. */
static struct str sort_now(const struct request *request, const struct table *table)
{
    if (!request_query(request, "sort").len)
        return STR("");
    return sort_word(request, table->sort, table->descending);
}

/* ---- The parts of the table ---- */

static void put_columns(const struct request *request, struct node *node,
                        const struct column *columns, const struct table *table)
{
    struct node *list = node_put_list(node, "columns");
    size_t count = 0;
    for (const struct column *column = columns; column->key; column++) {
        struct node *head = node_add_map(list);
        count++;
        bool sorted = table && table->sort && strcmp(table->sort, column->key) == 0;
        node_put_text(head, "heading", tr(request, column->title));
        node_put_flag(head, "number", column->number);
        node_put_flag(head, "ascending", sorted && !table->descending);
        node_put_flag(head, "descending", sorted && table->descending);
        node_put_flag(head, "sortable", table && column->sortable);
        if (table && column->sortable)
            node_put_text(head, "sort_href",
                          link_to(request, table,
                                  (struct link){ .sort = sort_word(request, column->key,
                                                                   sorted && !table->descending) }));
    }
    node_put_flag(node, "wide", count >= WIDE_COLUMNS);
}

static void put_cell(const struct request *request, struct node *cells,
                     const struct column *column, const struct node *value, struct str href)
{
    struct node *cell = node_add_map(cells);
    node_put_text(cell, "heading", tr(request, column->title));
    node_put_flag(cell, "number", column->number);
    node_put_text(cell, "link", href);
    if (value && value->kind == NODE_INT)
        node_put_text(cell, "text", show_number(request->arena, request->language, value->number));
    else if (value && value->kind == NODE_TEXT && value->safe)
        node_put_markup(cell, "text", value->text);
    else
        node_put_text(cell, "text", value ? value->text : STR(""));
}

static void put_rows(const struct request *request, struct node *node,
                     const struct column *columns, const struct node *rows)
{
    struct node *list = node_put_list(node, "rows");
    for (const struct node *row = rows->first; row; row = row->next) {
        struct node *cells = node_put_list(node_add_map(list), "cells");
        struct str href = node_text(row, "href");
        for (const struct column *column = columns; column->key; column++)
            put_cell(request, cells, column, node_get(row, str_of(column->key)),
                     column == columns ? href : STR(""));
    }
}

static void put_page_link(const struct request *request, struct node *pages,
                          const struct table *table, int64_t number)
{
    struct node *page = node_add_map(pages);
    node_put_int(page, "number", number);
    node_put_flag(page, "current", number == table->page);
    node_put_text(page, "href",
                  link_to(request, table,
                          (struct link){ .sort = sort_now(request, table), .page = number }));
}

static void put_paging(const struct request *request, struct node *node, const struct table *table,
                       int64_t total)
{
    int64_t last = (total + TABLE_PAGE_ROWS - 1) / TABLE_PAGE_ROWS;
    struct link previous = { .sort = sort_now(request, table), .page = table->page - 1 };
    struct link next = { .sort = previous.sort, .page = table->page + 1 };
    node_put_flag(node, "paged", last > 1);
    node_put_text(node, "previous", table->page > 1 ? link_to(request, table, previous) : STR(""));
    node_put_text(node, "next", table->page < last ? link_to(request, table, next) : STR(""));
    struct node *pages = node_put_list(node, "pages");
    for (int64_t number = 1; number <= last; number++) {
        int64_t away = number > table->page ? number - table->page : table->page - number;
        if (number == 1 || number == last || away <= PAGES_AROUND)
            put_page_link(request, pages, table, number);
        else if (number < table->page)
            number = table->page - PAGES_AROUND - 1;
        else
            number = last - 1;
    }
}

/* "26 to 50 of 8,622" */
static struct str count_text(const struct request *request, const struct table *table,
                             size_t shown, int64_t total)
{
    struct arena *arena = request->arena;
    enum language language = request->language;
    struct str all = show_number(arena, language, total);
    if (!table || total <= TABLE_PAGE_ROWS || shown == 0)
        return trf(request, total == 1 ? N_("%.*s result") : N_("%.*s results"), FMT(all));
    return trf(request, N_("%.*s to %.*s of %.*s results"),
               FMT(show_number(arena, language, table->offset + 1)),
               FMT(show_number(arena, language, table->offset + (int64_t)shown)), FMT(all));
}

/* The other parameters as hidden fields of the search form. */
static void put_kept(const struct request *request, struct node *node, const struct table *table)
{
    struct node *kept = node_put_list(node, "kept");
    struct str rest = others_of(request), sort = sort_now(request, table);
    while (rest.len) {
        struct str value = str_cut(&rest, '&'), name = str_cut(&value, '='), decoded;
        struct node *field = node_add_map(kept);
        bool ok = percent_decode(request->arena, name, true, &decoded);
        node_put_text(field, "name", ok ? decoded : STR(""));
        ok = percent_decode(request->arena, value, true, &decoded);
        node_put_text(field, "value", ok ? decoded : STR(""));
    }
    if (!sort.len)
        return;
    struct node *field = node_add_map(kept);
    node_put_text(field, "name", STR("sort"));
    node_put_text(field, "value", sort);
}

void table_put(struct request *request, struct node *page, const char *key,
               const struct column *columns, const struct table *table, struct node *rows,
               int64_t total)
{
    struct node *node = node_put_map(page, key);
    node_put_text(node, "key", str_of(key));
    node_put_flag(node, "searchable", table != NULL);
    node_put_flag(node, "filled", rows->first != NULL);
    node_put_flag(node, "beyond", rows->first == NULL && total > 0);
    node_put_text(node, "search", table ? table->search : STR(""));
    node_put_text(node, "action", request->path);
    node_put_text(node, "count", count_text(request, table, rows->count, total));
    put_columns(request, node, columns, table);
    put_rows(request, node, columns, rows);
    if (!table) {
        node_put_text(node, "csv", STR(""));
        node_put_flag(node, "paged", false);
        return;
    }
    node_put_text(node, "csv",
                  link_to(request, table,
                          (struct link){ .sort = sort_now(request, table), .csv = true }));
    put_kept(request, node, table);
    put_paging(request, node, table, total);
}

/* ---- CSV ---- */

static void put_csv_value(struct buf *out, const struct node *value)
{
    if (value && value->kind == NODE_INT)
        buf_int(out, value->number);
    else
        csv_put(out, value ? value->text : STR(""), ';');
}

/* Semicolons and a byte order mark: so Excel in Dutch opens it with its columns and its accents. */
bool table_reply_csv(struct request *request, const char *file_name, const struct column *columns,
                     const struct node *rows)
{
    struct buf out = { .arena = request->arena };
    buf_lit(&out, "\xef\xbb\xbf");
    for (const struct column *column = columns; column->key; column++) {
        csv_put(&out, tr(request, column->title), ';');
        buf_add(&out, column[1].key ? STR(";") : STR("\r\n"));
    }
    for (const struct node *row = rows->first; row; row = row->next)
        for (const struct column *column = columns; column->key; column++) {
            put_csv_value(&out, node_get(row, str_of(column->key)));
            buf_add(&out, column[1].key ? STR(";") : STR("\r\n"));
        }
    return reply_csv(request, str_of(file_name), buf_str(&out));
}
