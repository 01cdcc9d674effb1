/* SPDX-License-Identifier: EUPL-1.2 */
/* The school board's overview: which schools are signed up, and who asked how much. */
#include "services/nummervoorziening/pages.h"

#include "base/encoding.h"
#include "platform/people/accounts.h"
#include "platform/page/page.h"
#include "services/nummervoorziening/store_use.h"

#include <stdlib.h>

#define SAME(a, b)     (memcmp((a).text, (b).text, sizeof(a).text) == 0)
#define SERIES_VENDORS (CHART_SERIES - 1) /* the last series is all others */
#define BARS           14

/* ---- Periods ---- */

enum period { PER_DAY, PER_WEEK, PER_MONTH, PERIODS };

static const struct {
    const char *word;  /* in the query */
    const char *title;
} periods[PERIODS] = {
    [PER_DAY] = { "dag", N_("Day") },
    [PER_WEEK] = { "week", N_("Week") },
    [PER_MONTH] = { "maand", N_("Month") },
};

static enum period period_of(const struct request *request)
{
    struct str wanted = request_query(request, "per");
    for (int period = 0; period < PERIODS; period++)
        if (str_eq(wanted, str_of(periods[period].word)))
            return (enum period)period;
    return PER_DAY;
}

/* The first day of the period in which a day lies. Weeks start on Monday; 1970-01-01 was a Thursday. */
static instant period_start(enum period period, instant day)
{
    char text[DAY_TEXT];
    int64_t days = day / DAY, of_month = 1;
    if (period == PER_WEEK)
        return (days - (days + 3) % 7) * DAY;
    if (period == PER_MONTH)
        str_to_int(str_slice(instant_day(day, text), 8, 10), 1, 31, &of_month);
    return (days - (of_month - 1)) * DAY;
}

static instant period_before(enum period period, instant start)
{
    return period_start(period, start - DAY);
}

/* The starts of the last BARS periods, oldest first. */
static void recent_periods(enum period period, instant now, instant starts[static BARS])
{
    starts[BARS - 1] = period_start(period, now);
    for (int i = BARS - 2; i >= 0; i--)
        starts[i] = period_before(period, starts[i + 1]);
}

/* ---- What the page is made from ---- */

struct view {
    struct request *request;
    struct board_number board;
    struct school_list schools;
    struct vendor_list vendors;
    struct signups signups;
    struct permissions permissions;
    struct use_rows use;
    enum period period;
    instant starts[BARS];
};

static bool read_view(struct view *view, struct error *err)
{
    struct request *request = view->request;
    struct tx *tx;
    char from[DAY_TEXT];
    view->period = period_of(request);
    recent_periods(view->period, request->now, view->starts);
    return request_board(request, ROLE_BOARD_MEMBER, &view->board, err) && request_tx(request, &tx, err)
           && sector_schools_of(tx, &view->board, &view->schools, err)
           && sector_vendors(tx, &view->vendors, err)
           && nv_signups(tx, &view->board, request->now, &view->signups, err)
           && nv_permissions(tx, &view->board, request->now, &view->permissions, err)
           && nv_use_of_board(tx, &view->board, instant_day(view->starts[0], from), &view->use,
                              err);
}

static struct str school_name(const struct view *view, const struct brin *brin)
{
    for (size_t i = 0; i < view->schools.len; i++)
        if (SAME(view->schools.at[i].brin, *brin))
            return view->schools.at[i].name;
    return ID_STR(*brin);
}

static struct str vendor_name(const struct view *view, const struct oin *oin)
{
    for (size_t i = 0; i < view->vendors.len; i++)
        if (SAME(view->vendors.at[i].oin, *oin))
            return view->vendors.at[i].name;
    return ID_STR(*oin);
}

/* ---- The schools ---- */

static const struct column school_columns[] = {
    { "name", N_("School"), false, false },
    { "brin", N_("BRIN"), false, false },
    { "state", N_("Signed up"), false, false },
    { "vendors", N_("Vendors that may ask"), false, false },
    { .key = NULL },
};

static bool is_signed_up(const struct view *view, const struct brin *brin)
{
    for (size_t i = 0; i < view->signups.len; i++)
        if (SAME(view->signups.at[i], *brin))
            return true;
    return false;
}

static struct str vendors_of(const struct view *view, const struct brin *brin)
{
    struct buf names = { .arena = view->request->arena };
    for (size_t i = 0; i < view->permissions.len; i++) {
        if (!SAME(view->permissions.at[i].brin, *brin))
            continue;
        if (names.len)
            buf_lit(&names, ", ");
        buf_add(&names, vendor_name(view, &view->permissions.at[i].oin));
    }
    return names.len ? buf_str(&names) : tr(view->request, N_("none"));
}

static void put_schools(const struct view *view, struct node *page)
{
    struct request *request = view->request;
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < view->schools.len; i++) {
        const struct school *school = &view->schools.at[i];
        bool yes = is_signed_up(view, &school->brin);
        struct node *row = node_add_map(rows);
        node_put_text(row, "name", school->name);
        node_put_text(row, "brin", ID_STR(school->brin));
        node_put_text(row, "state", tr(request, yes ? N_("yes") : N_("no")));
        node_put_text(row, "vendors", yes ? vendors_of(view, &school->brin) : STR("–"));
    }
    node_put_int(page, "school_count", (int64_t)view->schools.len);
    node_put_int(page, "signed_up_count", (int64_t)view->signups.len);
    table_put(request, page, "schools", school_columns, NULL, rows, (int64_t)view->schools.len);
}

/* ---- The chart: pseudonyms per period, a series for each of the vendors that asked most ---- */

struct vendor_total {
    struct oin oin;
    int64_t values[BARS], sum;
};
struct vendor_totals {
    list_of(struct vendor_total);
};

static int bar_of(const struct view *view, struct str day)
{
    instant at = 0;
    if (!day_parse(day, &at))
        return -1;
    for (int i = BARS - 1; i >= 0; i--)
        if (at >= view->starts[i])
            return i;
    return -1;
}

static struct vendor_total *total_of(struct arena *arena, struct vendor_totals *totals,
                                     const struct oin *oin)
{
    for (size_t i = 0; i < totals->len; i++)
        if (SAME(totals->at[i].oin, *oin))
            return &totals->at[i];
    struct vendor_total *total = list_add(arena, totals);
    total->oin = *oin;
    return total;
}

static int most_first(const void *a, const void *b)
{
    const struct vendor_total *x = a, *y = b;
    return (x->sum < y->sum) - (x->sum > y->sum);
}

static struct vendor_totals add_up(const struct view *view)
{
    struct vendor_totals totals = { 0 };
    for (size_t i = 0; i < view->use.len; i++) {
        int bar = bar_of(view, view->use.at[i].day);
        if (bar < 0)
            continue;
        struct vendor_total *total =
            total_of(view->request->arena, &totals, &view->use.at[i].vendor);
        total->values[bar] += view->use.at[i].pseudonyms;
        total->sum += view->use.at[i].pseudonyms;
    }
    if (totals.len)
        qsort(totals.at, totals.len, sizeof *totals.at, most_first);
    return totals;
}

/* All vendors behind the first few as one. */
static void merge_others(struct vendor_totals *totals)
{
    for (size_t i = CHART_SERIES; i < totals->len; i++)
        for (int bar = 0; bar < BARS; bar++)
            totals->at[SERIES_VENDORS].values[bar] += totals->at[i].values[bar];
}

static struct str period_label(const struct request *request, enum period period, instant start)
{
    char text[DAY_TEXT];
    struct str day = str_copy(request->arena, instant_day(start, text));
    return period == PER_MONTH ? str_slice(day, 0, strlen("2026-11")) : day;
}

static void put_chart(const struct view *view, struct node *page)
{
    struct request *request = view->request;
    struct vendor_totals totals = add_up(view);
    struct str labels[BARS];
    struct chart_series series[CHART_SERIES];
    bool others = totals.len > CHART_SERIES;
    if (totals.len == 0)
        return;
    if (others)
        merge_others(&totals);
    struct chart chart = {
        .title = tr(request, N_("Pseudonyms asked for your schools")),
        .unit = tr(request, N_("pseudonyms")),
        .heading = tr(request, periods[view->period].title),
        .labels = labels,
        .label_count = BARS,
        .series = series,
        .series_count = others ? CHART_SERIES : totals.len,
    };
    for (int i = 0; i < BARS; i++)
        labels[i] = period_label(request, view->period, view->starts[i]);
    for (size_t i = 0; i < chart.series_count; i++)
        series[i] = (struct chart_series){
            .title = others && i == SERIES_VENDORS ? tr(request, N_("Other vendors"))
                                                   : vendor_name(view, &totals.at[i].oin),
            .values = totals.at[i].values,
        };
    chart_put(request, page, "chart", &chart);
}

/* ---- The table: who asked how much for which school and when ---- */

static const struct column use_columns[] = {
    { "period", N_("From"), true, false },
    { "school", N_("School"), true, false },
    { "vendor", N_("Vendor"), true, false },
    { "calls", N_("Questions"), true, true },
    { "pseudonyms", N_("Pseudonyms"), true, true },
    { .key = NULL },
};

struct line {
    instant start;
    struct brin brin;
    struct oin oin;
    struct str school, vendor;
    int64_t calls, pseudonyms;
};
struct lines {
    list_of(struct line);
};

static int by_place(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int order = (x->start < y->start) - (x->start > y->start);
    order = order ? order : memcmp(&x->brin, &y->brin, sizeof x->brin);
    return order ? order : memcmp(&x->oin, &y->oin, sizeof x->oin);
}

static bool matches(const struct view *view, const struct table *table, const struct line *line)
{
    struct arena *arena = view->request->arena;
    return table->folded.len == 0 || str_find(fold(arena, line->school), table->folded) >= 0
           || str_find(fold(arena, line->vendor), table->folded) >= 0;
}

/* One line for each period, school and vendor. The days come sorted; a period's days are summed. */
static struct lines make_lines(const struct view *view, const struct table *table)
{
    struct lines all = { 0 }, lines = { 0 };
    struct arena *arena = view->request->arena;
    for (size_t i = 0; i < view->use.len; i++) {
        const struct use_row *row = &view->use.at[i];
        instant day = 0;
        day_parse(row->day, &day);
        *list_add(arena, &all) = (struct line){ .start = period_start(view->period, day),
                                                .brin = row->school,
                                                .oin = row->vendor,
                                                .school = school_name(view, &row->school),
                                                .vendor = vendor_name(view, &row->vendor),
                                                .calls = row->calls,
                                                .pseudonyms = row->pseudonyms };
    }
    if (all.len)
        qsort(all.at, all.len, sizeof *all.at, by_place);
    for (size_t i = 0; i < all.len; i++) {
        struct line *last = lines.len ? &lines.at[lines.len - 1] : NULL;
        if (last && by_place(last, &all.at[i]) == 0) {
            last->calls += all.at[i].calls;
            last->pseudonyms += all.at[i].pseudonyms;
        } else if (matches(view, table, &all.at[i])) {
            *list_add(arena, &lines) = all.at[i];
        }
    }
    return lines;
}

static int64_t compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_lines(const void *a, const void *b, void *with)
{
    const struct line *x = a, *y = b;
    const struct table *table = with;
    struct str key = str_of(table->sort);
    int64_t order = str_eq(key, STR("school"))   ? str_cmp(x->school, y->school)
                    : str_eq(key, STR("vendor")) ? str_cmp(x->vendor, y->vendor)
                    : str_eq(key, STR("calls"))  ? compare(x->calls, y->calls)
                    : str_eq(key, STR("pseudonyms"))
                        ? compare(x->pseudonyms, y->pseudonyms)
                        : compare(x->start, y->start);
    order = table->descending ? -order : order;
    return order ? (int)order : by_place(a, b);
}

/* A day as people write it on the page; as a date that sorts in the CSV file. */
static struct str period_cell(const struct view *view, const struct table *table, instant start)
{
    struct request *request = view->request;
    if (table->csv || view->period == PER_MONTH)
        return period_label(request, view->period, start);
    return show_day(request->arena, request->language, start);
}

static struct node *line_rows(const struct view *view, const struct table *table,
                              const struct lines *lines)
{
    struct request *request = view->request;
    struct node *rows = node_list(request->arena);
    size_t from = (size_t)table->offset, to = from + (size_t)table->limit;
    for (size_t i = from; i < lines->len && i < to; i++) {
        const struct line *line = &lines->at[i];
        struct node *row = node_add_map(rows);
        node_put_text(row, "period", period_cell(view, table, line->start));
        node_put_text(row, "school", line->school);
        node_put_text(row, "vendor", line->vendor);
        node_put_int(row, "calls", line->calls);
        node_put_int(row, "pseudonyms", line->pseudonyms);
    }
    return rows;
}

static void put_periods(const struct view *view, struct node *page)
{
    struct node *list = node_put_list(page, "periods");
    for (int period = 0; period < PERIODS; period++) {
        struct node *one = node_add_map(list);
        node_put_text(one, "word", str_of(periods[period].word));
        node_put_text(one, "title", tr(view->request, periods[period].title));
        node_put_flag(one, "current", period == (int)view->period);
    }
}

bool show_overview(struct request *request, struct error *err)
{
    struct view view = { .request = request };
    struct table table;
    if (!read_view(&view, err) || !table_read(request, use_columns, &table, err))
        return false;
    if (!request_has_query(request, "sort"))
        table.descending = true; /* the newest first, until somebody chooses */
    struct lines lines = make_lines(&view, &table);
    if (lines.len)
        qsort_r(lines.at, lines.len, sizeof *lines.at, compare_lines, &table);
    struct node *rows = line_rows(&view, &table, &lines);
    if (table.csv)
        return table_reply_csv(request, "nummervoorziening.csv", use_columns, rows);
    struct node *page = page_new(request, tr(request, N_("Nummervoorziening")));
    page_crumb(page, "/", tr(request, N_("Home")));
    node_put_flag(page, "may_change", session_acts_for(request->session, ROLE_BOARD_ADMIN,
                                   board_organisation(request->arena, &view.board)));
    put_schools(&view, page);
    put_periods(&view, page);
    put_chart(&view, page);
    table_put(request, page, "use", use_columns, &table, rows, (int64_t)lines.len);
    return reply_page(request, "services/nummervoorziening/pages/overview", page);
}
