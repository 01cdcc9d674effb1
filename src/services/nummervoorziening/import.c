/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/nummervoorziening.h"

#include "base/csv.h"
#include "platform/isolation/parser.h"
#include "platform/record/audit.h"
#include "platform/record/events.h"
#include "services/nummervoorziening/state.h"
#include "services/nummervoorziening/store.h"

#define ROWS_AT_ONCE 5000 /* in one transaction */

/* A row that was understood; the values themselves are in the file's bytes. */
struct pair {
    size_t line;
    enum pair_kind kind;
    struct hpgn hpgn;         /* of a PAIR_STAMPSEUDONYM */
    struct str chain, sector; /* of a PAIR_ECK_ID */
    struct lookup input, self; /* self: of the stampseudoniem */
    struct str output;
    struct str stampseudonym; /* which is known here from now on */
};

struct refusal_note {
    size_t line;
    struct error why;
};

struct importing {
    struct app *app;
    struct nummervoorziening *service;
    struct arena *arena;       /* of the rows at hand */
    const struct import_listener *listener;
    struct import_report *report;
    instant now;
    struct concepts chains, sectors;
    list_of(struct pair) pairs;
    /* Of the transaction at hand; started anew when it is tried again. */
    int64_t added, unchanged;
    list_of(struct refusal_note) refusals;
};

static bool is_header(const struct csv *csv)
{
    return (csv->fields == 2 && str_eq_nocase(csv->field[0], STR("hpgn")))
           || (csv->fields == 4 && str_eq_nocase(csv->field[0], STR("stampseudonym")));
}

static bool concept_known(const struct concepts *concepts, struct str id)
{
    for (size_t i = 0; i < concepts->len; i++)
        if (str_eq(concepts->at[i].id, id))
            return true;
    return false;
}

static bool read_stampseudonym(const struct importing *importing, struct str text,
                               struct pair *pair, struct error *err)
{
    struct stampseudonym stampseudonym;
    pair->stampseudonym = text;
    return stampseudonym_parse(&importing->service->derivation, text, &stampseudonym, err);
}

static bool read_hpgn_row(const struct importing *importing, const struct csv *csv,
                          struct pair *pair, struct error *err)
{
    if (!hpgn_parse(str_trim(csv->field[0]), &pair->hpgn, err)
        || !read_stampseudonym(importing, str_trim(csv->field[1]), pair, err))
        return false;
    pair->kind = PAIR_STAMPSEUDONYM;
    pair->output = pair->stampseudonym;
    return true;
}

static bool read_eck_id_row(const struct importing *importing, const struct csv *csv,
                            struct pair *pair, struct error *err)
{
    struct str chain = str_trim(csv->field[1]), sector = str_trim(csv->field[2]);
    pair->kind = PAIR_ECK_ID;
    pair->output = str_trim(csv->field[3]);
    if (!read_stampseudonym(importing, str_trim(csv->field[0]), pair, err))
        return false;
    if (!concept_known(&importing->chains, chain))
        return fail(err, INVALID, "chain", N_("This chain is not known here."));
    if (!concept_known(&importing->sectors, sector))
        return fail(err, INVALID, "sector", N_("This sector is not known here."));
    if (!eck_id_well_formed(pair->output))
        return fail(err, INVALID, "eckid",
                    N_("An ECK iD is its prefix and 128 lower-case hexadecimal characters."));
    pair->chain = chain;
    pair->sector = sector;
    return true;
}

static bool read_row(const struct importing *importing, const struct csv *csv, struct pair *pair,
                     struct error *err)
{
    pair->line = csv->line;
    if (!csv->broken && csv->fields == 2)
        return read_hpgn_row(importing, csv, pair, err);
    if (!csv->broken && csv->fields == 4)
        return read_eck_id_row(importing, csv, pair, err);
    return fail(err, INVALID, NULL,
                N_("A row is hpgn;stampseudonym or stampseudonym;chain;sector;eckid."));
}

/* The look-ups of all rows at hand, in a few round trips to the keeper. */
static bool find_all_lookups(struct importing *importing, struct error *err)
{
    size_t count = importing->pairs.len;
    struct arena *arena = importing->arena;
    struct lookup_question *questions = arena_array(arena, struct lookup_question, 2 * count);
    struct lookup *lookups = arena_array(arena, struct lookup, 2 * count);
    for (size_t i = 0; i < count; i++) {
        const struct pair *pair = &importing->pairs.at[i];
        if (pair->kind == PAIR_STAMPSEUDONYM)
            ask_lookup_hpgn(&questions[2 * i], &pair->hpgn);
        else
            ask_lookup_eck_id(&questions[2 * i], pair->chain, pair->sector, pair->stampseudonym);
        ask_lookup_stampseudonym(&questions[2 * i + 1], pair->stampseudonym);
    }
    if (!find_lookups(&importing->service->derivation, arena, questions, 2 * count, lookups, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        importing->pairs.at[i].input = lookups[2 * i];
        importing->pairs.at[i].self = lookups[2 * i + 1];
    }
    return true;
}

/* Puts one pair. Another pseudonym for the same input is a refusal of the row, not of the file. */
static bool put_pair(struct tx *tx, struct importing *importing, const struct pair *pair,
                     struct error *err)
{
    const struct derivation *derivation = &importing->service->derivation;
    bool added, known;
    if (!nv_put_pair(tx, derivation, pair->kind, &pair->input, pair->output, importing->now, &added,
                     err)) {
        if (err->kind != CONFLICT)
            return false;
        *list_add(importing->arena, &importing->refusals) =
            (struct refusal_note){ pair->line, *err };
        return true;
    }
    importing->added += added;
    importing->unchanged += !added;
    return nv_put_pair(tx, derivation, PAIR_KNOWN, &pair->self, pair->stampseudonym, importing->now,
                       &known, err);
}

static bool write_audit(struct tx *tx, const struct importing *importing, struct error *err)
{
    static const char what[] = "nummervoorziening.pairs-imported";
    struct str detail =
        str_format(tx_arena(tx), "{\"added\":%lld,\"unchanged\":%lld,\"refused\":%zu}",
                   (long long)importing->added, (long long)importing->unchanged,
                   importing->refusals.len);
    struct str subject = STR("nummervoorziening");
    return audit_add(tx, importing->now,
                     &(struct audit_entry){ .who = STR("command:import"),
                                            .what = what,
                                            .subject = subject,
                                            .detail = detail },
                     err)
           && event_add(tx, importing->now, what, subject, detail, err);
}

static bool write_pairs(struct tx *tx, void *with, struct error *err)
{
    struct importing *importing = with;
    importing->added = importing->unchanged = 0;
    importing->refusals.len = 0;
    for (size_t i = 0; i < importing->pairs.len; i++)
        if (!put_pair(tx, importing, &importing->pairs.at[i], err))
            return false;
    return importing->added == 0 || write_audit(tx, importing, err);
}

static void refuse(struct importing *importing, size_t line, const struct error *why)
{
    importing->report->refused++;
    if (importing->listener && importing->listener->refuse)
        importing->listener->refuse(importing->listener->with, line, why);
}

/* Commits the rows at hand, and tells what came of them only then. */
static bool flush_pairs(struct importing *importing, struct error *err)
{
    if (importing->pairs.len > 0
        && (!find_all_lookups(importing, err)
            || !db_write(importing->app->db, importing->arena, write_pairs, importing, err)))
        return false;
    importing->report->added += importing->added;
    importing->report->unchanged += importing->unchanged;
    for (size_t i = 0; i < importing->refusals.len; i++)
        refuse(importing, importing->refusals.at[i].line, &importing->refusals.at[i].why);
    arena_reset(importing->arena);
    importing->added = importing->unchanged = 0;
    memset(&importing->pairs, 0, sizeof importing->pairs);
    memset(&importing->refusals, 0, sizeof importing->refusals);
    return true;
}

static bool read_concepts(struct tx *tx, void *with, struct error *err)
{
    struct importing *importing = with;
    return nv_concepts(tx, CHAIN, &importing->chains, err)
           && nv_concepts(tx, SECTOR, &importing->sectors, err);
}

static void show_progress(const struct importing *importing, size_t done, size_t total)
{
    if (importing->listener && importing->listener->progress)
        importing->listener->progress(importing->listener->with, done, total);
}

static bool import_rows(struct importing *importing, struct str table, struct error *err)
{
    struct csv csv;
    csv_start_table(&csv, table);
    while (csv_next(&csv)) {
        struct pair pair = { 0 };
        struct error why = { 0 };
        if (is_header(&csv))
            continue;
        if (read_row(importing, &csv, &pair, &why))
            *list_add(importing->arena, &importing->pairs) = pair;
        else
            refuse(importing, csv.line, &why);
        if (importing->pairs.len < ROWS_AT_ONCE)
            continue;
        if (!flush_pairs(importing, err))
            return false;
        show_progress(importing, table.len - csv.rest.len, table.len);
    }
    return flush_pairs(importing, err);
}

bool nummervoorziening_import(struct app *app, struct arena *arena, struct str bytes, instant now,
                              const struct import_listener *listener,
                              struct import_report *report, struct error *err)
{
    struct arena rows = { 0 };
    struct str table;
    *report = (struct import_report){ 0 };
    struct importing importing = {
        .app = app,
        .service = nummervoorziening_state(app),
        .arena = &rows,
        .listener = listener,
        .report = report,
        .now = now,
    };
    bool ok = db_read(app->db, arena, read_concepts, &importing, err)
              && parse_table(arena, bytes, ';', &table, err)
              && import_rows(&importing, table, err);
    arena_free(&rows);
    return ok;
}
