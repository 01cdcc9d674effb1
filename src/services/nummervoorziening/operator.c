/* SPDX-License-Identifier: EUPL-1.2 */
/* The operator's pages: batches, refusals, growth, admitted systems, chains and sectors. What they
 * change is in operator_forms.c. */
#include "services/nummervoorziening/pages.h"

#include "base/encoding.h"
#include "platform/page/page.h"
#include "services/nummervoorziening/store_batch.h"
#include "services/nummervoorziening/store_use.h"

#define REFUSAL_DAYS   30
#define GROWTH_MONTHS  24

static const char *const state_titles[BATCH_STATES] = {
    [SUBMITTED] = N_("submitted"),       [WORKING] = N_("being worked on"),
    [FINISHED] = N_("waits for the vendor"), [DELIVERING] = N_("being fetched"),
    [RETRIEVED] = N_("fetched and erased"),  [REMOVED] = N_("not fetched, erased"),
};

static struct node *operator_page(struct request *request, struct str title)
{
    struct node *page = page_new(request, title);
    page_crumb(page, "/", tr(request, N_("Home")));
    return page;
}

/* ---- Batches ---- */

static const struct column batch_columns[] = {
    { "submitted", N_("Submitted"), false, false }, { "vendor", N_("Vendor"), false, false },
    { "school", N_("School"), false, false },       { "kind", N_("Asked"), false, false },
    { "items", N_("Items"), false, true },          { "failed", N_("Failed items"), false, true },
    { "state", N_("State"), false, false },         { "took", N_("Seconds of work"), false, true },
    { .key = NULL },
};

static void put_batch(struct request *request, struct node *rows, const struct batch *batch)
{
    struct node *row = node_add_map(rows);
    node_put_text(row, "submitted", show_time(request->arena, request->language, batch->submitted));
    node_put_text(row, "vendor", str_copy(request->arena, ID_STR(batch->vendor)));
    node_put_text(row, "school", str_copy(request->arena, ID_STR(batch->school)));
    node_put_text(row, "kind",
                  batch->kind == BATCH_ECK_IDS ? STR("ECK iD") : STR("stampseudoniem"));
    node_put_int(row, "items", batch->items);
    node_put_int(row, "failed", batch->failed);
    node_put_text(row, "state", tr(request, state_titles[batch->state]));
    node_put_text(row, "took",
                  batch->finished
                      ? str_format(request->arena, "%.1f",
                                   (double)(batch->finished - batch->submitted) / (double)SECOND)
                      : STR("–"));
}

/* What was searched, as a pattern for OIN and BRIN: letters and digits only, in capitals. */
static struct str id_pattern(struct arena *arena, struct str search)
{
    struct buf out = { .arena = arena };
    buf_byte(&out, '%');
    for (size_t i = 0; i < search.len; i++) {
        char c = search.at[i];
        if (is_digit(c) || is_upper(c))
            buf_byte(&out, c);
        else if (is_lower(c))
            buf_byte(&out, (char)(c - 'a' + 'A'));
    }
    buf_byte(&out, '%');
    return buf_str(&out);
}

bool show_batches(struct request *request, struct error *err)
{
    struct table table;
    struct batches batches;
    struct tx *tx;
    int64_t total;
    if (!table_read(request, batch_columns, &table, err) || !request_tx(request, &tx, err)
        || !nv_batches(tx, id_pattern(request->arena, table.search), table.limit, table.offset,
                       &batches, &total, err))
        return false;
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < batches.len; i++)
        put_batch(request, rows, &batches.at[i]);
    if (table.csv)
        return table_reply_csv(request, "batches.csv", batch_columns, rows);
    struct node *page = operator_page(request, tr(request, N_("Batches")));
    page_crumb(page, "/nummervoorziening/beheer",
               tr(request, N_("Nummervoorziening: operation")));
    table_put(request, page, "batches", batch_columns, &table, rows, total);
    return reply_page(request, "services/nummervoorziening/pages/batches", page);
}

static bool put_tally(struct request *request, struct tx *tx, struct node *page, struct error *err)
{
    static const struct column columns[] = {
        { "state", N_("State"), false, false },
        { "count", N_("Batches"), false, true },
        { .key = NULL },
    };
    int64_t tally[BATCH_STATES];
    struct node *rows = node_list(request->arena);
    if (!nv_batch_tally(tx, tally, err))
        return false;
    for (int state = 0; state < BATCH_STATES; state++) {
        struct node *row = node_add_map(rows);
        node_put_text(row, "state", tr(request, state_titles[state]));
        node_put_int(row, "count", tally[state]);
    }
    table_put(request, page, "tally", columns, NULL, rows, BATCH_STATES);
    return true;
}

/* ---- Refusals ---- */

static bool put_refusals(struct request *request, struct tx *tx, struct node *page,
                         struct error *err)
{
    static const struct column columns[] = {
        { "code", N_("Refusal"), false, false },
        { "operation", N_("Operation"), false, false },
        { "calls", N_("Times"), false, true },
        { "day", N_("Last"), false, false },
        { .key = NULL },
    };
    char from[DAY_TEXT];
    struct refusals refusals;
    struct node *rows = node_list(request->arena);
    if (!nv_refusals(tx, instant_day(request->now - REFUSAL_DAYS * DAY, from), &refusals, err))
        return false;
    for (size_t i = 0; i < refusals.len; i++) {
        struct node *row = node_add_map(rows);
        node_put_text(row, "code", refusals.at[i].code);
        node_put_text(row, "operation", refusals.at[i].operation);
        node_put_int(row, "calls", refusals.at[i].calls);
        node_put_text(row, "day", refusals.at[i].day);
    }
    table_put(request, page, "refusals", columns, NULL, rows, (int64_t)refusals.len);
    return true;
}

/* ---- Growth: a line a sector, over the last months; each January it starts again ---- */

static void recent_months(struct arena *arena, instant now, struct str months[static GROWTH_MONTHS])
{
    char text[DAY_TEXT];
    instant at = now;
    for (int i = GROWTH_MONTHS - 1; i >= 0; i--) {
        int64_t day = 1;
        struct str date = str_copy(arena, instant_day(at, text));
        months[i] = str_slice(date, 0, strlen("2026-11"));
        str_to_int(str_slice(date, 8, 10), 1, 31, &day);
        at -= day * DAY; /* into the month before */
    }
}

static int64_t estimate_of(const struct growths *growths, struct str sector, struct str month)
{
    for (size_t i = 0; i < growths->len; i++)
        if (str_eq(growths->at[i].sector, sector) && str_eq(growths->at[i].month, month))
            return growths->at[i].estimate;
    return 0;
}

static bool put_growth(struct request *request, struct tx *tx, struct node *page,
                       const struct concepts *sectors, struct error *err)
{
    struct growths growths;
    struct str months[GROWTH_MONTHS];
    struct chart_series series[CHART_SERIES];
    size_t count = sectors->len < CHART_SERIES ? sectors->len : CHART_SERIES;
    if (!nv_growth(tx, &growths, err))
        return false;
    if (growths.len == 0)
        return true;
    recent_months(request->arena, request->now, months);
    for (size_t s = 0; s < count; s++) {
        int64_t *values = arena_array(request->arena, int64_t, GROWTH_MONTHS);
        for (int m = 0; m < GROWTH_MONTHS; m++)
            values[m] = estimate_of(&growths, sectors->at[s].id, months[m]);
        series[s] = (struct chart_series){ .title = sectors->at[s].name, .values = values };
    }
    struct chart chart = {
        .title = tr(request, N_("Different ECK iDs since January, by sector")),
        .unit = tr(request, N_("ECK iDs, estimated")),
        .heading = tr(request, N_("Month")),
        .labels = months,
        .label_count = GROWTH_MONTHS,
        .series = series,
        .series_count = count,
        .lines = true,
    };
    chart_put(request, page, "growth", &chart);
    return true;
}

/* ---- Admitted systems ---- */

static bool put_callers(struct request *request, struct tx *tx, struct node *page,
                        struct error *err)
{
    static const struct column columns[] = {
        { "name", N_("Vendor"), false, false },
        { "oin", N_("OIN"), false, false },
        { "since", N_("Admitted since"), false, false },
        { "until", N_("Until"), false, false },
        { .key = NULL },
    };
    struct callers callers;
    struct node *rows = node_list(request->arena), *ends = node_put_list(page, "dismissable");
    if (!nv_callers(tx, &callers, err))
        return false;
    for (size_t i = 0; i < callers.len; i++) {
        const struct caller *caller = &callers.at[i];
        struct node *row = node_add_map(rows);
        node_put_text(row, "name", caller->name);
        node_put_text(row, "oin", ID_STR(caller->oin));
        node_put_text(row, "since", show_day(request->arena, request->language, caller->since));
        node_put_text(row, "until",
                      caller->until ? show_day(request->arena, request->language, caller->until)
                                    : STR("–"));
        if (caller->until)
            continue;
        struct node *end = node_add_map(ends);
        node_put_text(end, "oin", ID_STR(caller->oin));
        node_put_text(end, "name", caller->name);
    }
    table_put(request, page, "callers", columns, NULL, rows, (int64_t)callers.len);
    return true;
}

/* ---- Chains and sectors ---- */

static void put_concepts(struct request *request, struct node *page, const char *key,
                         const char *kind, const struct concepts *concepts)
{
    static const struct column columns[] = {
        { "name", N_("Name"), false, false },
        { "description", N_("Meaning"), false, false },
        { "id", N_("Identifier"), false, false },
        { "edited", N_("Changed"), false, false },
        { .key = NULL },
    };
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < concepts->len; i++) {
        struct node *row = node_add_map(rows);
        node_put_text(row, "name", concepts->at[i].name);
        node_put_text(row, "href",
                      str_format(request->arena,
                                 "/nummervoorziening/beheer?soort=%s&begrip=%.*s#concept", kind,
                                 FMT(percent_encode(request->arena, concepts->at[i].id))));
        node_put_text(row, "description", concepts->at[i].description);
        node_put_text(row, "id", concepts->at[i].id);
        node_put_text(row, "edited",
                      show_day(request->arena, request->language, concepts->at[i].edited));
    }
    table_put(request, page, key, columns, NULL, rows, (int64_t)concepts->len);
}

static void put_caller_form(struct request *request, struct node *page, const struct form *form,
                            bool mine)
{
    struct node *caller = node_put_map(page, "caller_form");
    struct node *field = page_field(caller, "oin", "text", tr(request, N_("OIN of the vendor")),
                                    mine ? form_text(form, "oin") : STR(""));
    node_put_text(field, "hint",
                  tr(request, N_("20 characters, as in the serialNumber of its certificate.")));
    page_field(caller, "naam", "text", tr(request, N_("Name")), form_text(form, "naam"));
}

/* A chain or sector that was chosen in its list stands in the form with the version that it has now. */
static void put_concept_form(struct request *request, struct node *page, const struct form *form,
                             const struct concept *chosen)
{
    struct node *concept = node_put_map(page, "concept_form");
    bool is_chain = str_eq(form_text(form, "soort"), STR("keten"));
    struct str id = chosen ? chosen->id : form_text(form, "id");
    put_concept_start(request, concept, form, chosen);
    struct node *field =
        page_field(concept, "soort", "radio", tr(request, N_("Chain or sector?")), STR(""));
    page_option(field, STR("keten"), tr(request, N_("A chain")), is_chain);
    page_option(field, STR("sector"), tr(request, N_("A sector")), !is_chain);
    field = page_field(concept, "id", "text", tr(request, N_("Identifier (a URI)")), id);
    node_put_text(field, "hint",
                  tr(request, N_("To change one that is there, choose it in its list above.")));
    page_field(concept, "begrip", "text", tr(request, N_("Name")),
               chosen ? chosen->name : form_text(form, "begrip"));
    page_field(concept, "betekenis", "text", tr(request, N_("Meaning")),
               chosen ? chosen->description : form_text(form, "betekenis"));
}

/* In the summary on top, and beside the field of the form that has it. */
static void put_error(struct request *request, struct node *page, const struct error *why)
{
    static const char *const forms[] = { "caller_form", "concept_form" };
    page_form_error(request, page, why);
    for (struct node *child = page->first; child; child = child->next)
        for (size_t i = 0; i < count_of(forms); i++)
            if (str_eq(child->key, str_of(forms[i])))
                page_form_error(request, child, why);
}

/* ---- The page ---- */

static const struct concept *chosen_concept(const struct request *request,
                                            const struct concepts *concepts)
{
    struct str id = request_query(request, "begrip");
    return id.len && request->method == GET ? find_concept(concepts, id) : NULL;
}

bool show_operation_form(struct request *request, const struct form *form,
                         const struct error *why, struct error *err)
{
    struct tx *tx;
    struct concepts chains, sectors;
    struct node *page = operator_page(request, tr(request, N_("Nummervoorziening: operation")));
    bool about_concept = form_text(form, "soort").len > 0;
    if (!request_tx(request, &tx, err) || !nv_concepts(tx, CHAIN, &chains, err)
        || !nv_concepts(tx, SECTOR, &sectors, err) || !put_tally(request, tx, page, err)
        || !put_refusals(request, tx, page, err)
        || !put_growth(request, tx, page, &sectors, err) || !put_callers(request, tx, page, err))
        return false;
    put_concepts(request, page, "chains", "keten", &chains);
    put_concepts(request, page, "sectors", "sector", &sectors);
    put_caller_form(request, page, form, !about_concept);
    bool is_chain = str_eq(form_text(form, "soort"), STR("keten"));
    put_concept_form(request, page, form, chosen_concept(request, is_chain ? &chains : &sectors));
    if (why)
        put_error(request, page, why);
    return reply_page(request, "services/nummervoorziening/pages/operation", page);
}

bool show_operation(struct request *request, struct error *err)
{
    struct form form = { 0 };
    struct str kind = request_query(request, "soort");
    if (kind.len)
        *list_add(request->arena, &form) =
            (struct form_field){ .name = STR("soort"), .value = kind };
    return show_operation_form(request, &form, NULL, err);
}
