/* SPDX-License-Identifier: EUPL-1.2 */
/* The operator's pages: batches, refusals, growth, admitted systems, chains and sectors. */
#include "services/nummervoorziening/pages.h"

#include "base/encoding.h"
#include "platform/record/audit.h"
#include "platform/record/events.h"
#include "platform/page/page.h"
#include "services/nummervoorziening/signup.h"
#include "services/nummervoorziening/store_batch.h"
#include "services/nummervoorziening/store_use.h"

#define REFUSAL_DAYS   30
#define GROWTH_MONTHS  24
#define CONCEPT_ID_MAX 200
#define NAME_MAX_BYTES 200

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
                         const struct concepts *concepts)
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
        node_put_text(row, "description", concepts->at[i].description);
        node_put_text(row, "id", concepts->at[i].id);
        node_put_text(row, "edited",
                      show_day(request->arena, request->language, concepts->at[i].edited));
    }
    table_put(request, page, key, columns, NULL, rows, (int64_t)concepts->len);
}

static void put_forms(struct request *request, struct node *page, const struct form *form)
{
    bool about_concept = form_text(form, "soort").len > 0;
    struct node *caller = node_put_map(page, "caller_form");
    struct node *concept = node_put_map(page, "concept_form");
    struct node *field = page_field(caller, "oin", "text", tr(request, N_("OIN of the vendor")),
                                    about_concept ? STR("") : form_text(form, "oin"));
    node_put_text(field, "hint",
                  tr(request, N_("20 characters, as in the serialNumber of its certificate.")));
    page_field(caller, "naam", "text", tr(request, N_("Name")), form_text(form, "naam"));
    field = page_field(concept, "soort", "radio", tr(request, N_("Chain or sector?")), STR(""));
    page_option(field, STR("keten"), tr(request, N_("A chain")),
                str_eq(form_text(form, "soort"), STR("keten")));
    page_option(field, STR("sector"), tr(request, N_("A sector")),
                !str_eq(form_text(form, "soort"), STR("keten")));
    field = page_field(concept, "id", "text", tr(request, N_("Identifier (a URI)")),
                       form_text(form, "id"));
    node_put_text(field, "hint",
                  tr(request, N_("An identifier that is there already is changed.")));
    page_field(concept, "begrip", "text", tr(request, N_("Name")), form_text(form, "begrip"));
    page_field(concept, "betekenis", "text", tr(request, N_("Meaning")),
               form_text(form, "betekenis"));
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

static bool show_page(struct request *request, const struct form *form, const struct error *why,
                      struct error *err)
{
    struct tx *tx;
    struct concepts chains, sectors;
    struct node *page = operator_page(request, tr(request, N_("Nummervoorziening: operation")));
    if (!request_tx(request, &tx, err) || !nv_concepts(tx, CHAIN, &chains, err)
        || !nv_concepts(tx, SECTOR, &sectors, err) || !put_tally(request, tx, page, err)
        || !put_refusals(request, tx, page, err)
        || !put_growth(request, tx, page, &sectors, err) || !put_callers(request, tx, page, err))
        return false;
    put_concepts(request, page, "chains", &chains);
    put_concepts(request, page, "sectors", &sectors);
    put_forms(request, page, form);
    if (why)
        put_error(request, page, why);
    return reply_page(request, "services/nummervoorziening/pages/operation", page);
}

bool show_operation(struct request *request, struct error *err)
{
    return show_page(request, &(struct form){ 0 }, NULL, err);
}

static bool done(struct request *request, const char *message)
{
    reply_notice(request, "ok", tr(request, message));
    return reply_redirect(request, STR("/nummervoorziening/beheer"));
}

static bool read_line(struct str text, const char *field, size_t most, struct error *err)
{
    if (text.len == 0 || text.len > most || str_has(text, '\n'))
        return fail(err, INVALID, field, N_("Fill in one line, not longer than 200 characters."));
    return true;
}

struct caller_change {
    struct request *request;
    struct oin oin;
    struct str name;
    bool dismiss;
};

static bool write_caller(struct tx *tx, void *with, struct error *err)
{
    const struct caller_change *change = with;
    struct request *request = change->request;
    struct str who = audit_who(request);
    return change->dismiss
               ? dismiss_caller(tx, who, &change->oin, request->now, err)
               : admit_caller(tx, who, &change->oin, change->name, request->now, err);
}

bool change_caller(struct request *request, struct error *err)
{
    struct form form;
    struct error why = { 0 };
    struct caller_change change = { .request = request };
    if (!request_form(request, &form, err))
        return false;
    change.name = form_text(&form, "naam");
    change.dismiss = form_has(&form, "wat", STR("beeindigen"));
    if (!oin_parse(form_text(&form, "oin"), &change.oin, &why)
        || (!change.dismiss && !read_line(change.name, "naam", NAME_MAX_BYTES, &why))) {
        why.field = why.field && strcmp(why.field, "naam") == 0 ? "naam" : "oin";
        return show_page(request, &form, &why, err);
    }
    if (!request_write(request, write_caller, &change, err))
        return false;
    return done(request, change.dismiss ? N_("The system may no longer ask.")
                                        : N_("The system is admitted."));
}

struct concept_change {
    struct request *request;
    enum concept_kind kind;
    struct concept concept;
};

static bool write_concept(struct tx *tx, void *with, struct error *err)
{
    static const char what[] = "nummervoorziening.concept-changed";
    const struct concept_change *change = with;
    struct request *request = change->request;
    struct str subject = str_format(tx_arena(tx), "%s:%.*s",
                                    change->kind == CHAIN ? "chain" : "sector",
                                    FMT(change->concept.id));
    return nv_put_concept(tx, change->kind, &change->concept, err)
           && audit_add(tx, request->now,
                        &(struct audit_entry){ .who = audit_who(request),
                                               .what = what,
                                               .subject = subject },
                        err)
           && event_add(tx, request->now, what, subject, STR("{}"), err);
}

static bool read_uri(struct str id, struct error *err)
{
    bool ok = id.len <= CONCEPT_ID_MAX
              && (str_starts(id, STR("http://")) || str_starts(id, STR("https://"))
                  || str_starts(id, STR("urn:")));
    for (size_t i = 0; ok && i < id.len; i++)
        ok = id.at[i] > ' ' && id.at[i] < 0x7f;
    return ok || fail(err, INVALID, "id",
                      N_("An identifier is a URI of at most 200 characters, like "
                         "http://purl.edustandaard.nl/begrippenkader/..."));
}

bool change_concept(struct request *request, struct error *err)
{
    struct form form;
    struct error why = { 0 };
    if (!request_form(request, &form, err))
        return false;
    struct concept_change change = {
        .request = request,
        .kind = form_has(&form, "soort", STR("keten")) ? CHAIN : SECTOR,
        .concept = { form_text(&form, "id"), form_text(&form, "begrip"),
                     form_text(&form, "betekenis"), request->now },
    };
    if (!read_uri(change.concept.id, &why)
        || !read_line(change.concept.name, "begrip", NAME_MAX_BYTES, &why)
        || !read_line(change.concept.description, "betekenis", NAME_MAX_BYTES, &why))
        return show_page(request, &form, &why, err);
    return request_write(request, write_concept, &change, err)
           && done(request, N_("It is changed."));
}
