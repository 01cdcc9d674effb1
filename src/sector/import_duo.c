/* SPDX-License-Identifier: EUPL-1.2 */
/* Taking a file of DUO into the register: the file and the register, both sorted by location code,
 * are walked side by side (match), which decides everything before anything is written. Then each
 * school with a changed location is made anew from its locations (write_schools). */
#include "platform/record/audit.h"
#include "platform/record/events.h"
#include "sector/changes.h"
#include "sector/duo_file.h"

#define BOARDS ((size_t)100000)
#define BRINS  ((size_t)100 * 26 * 26)

/* One location of the register as it will be, and what this file does to it. */
struct step {
    struct location_row row;
    enum change what;
    bool dirty;
    struct node *changes; /* NULL: nothing to tell */
};

struct import {
    const struct duo_file *file;
    const struct import_options *options;
    const struct import_listener *listener;
    struct import_report *report;
    instant now;
    struct tx *tx;
    struct arena *arena;

    struct location_rows locations;
    struct board_rows boards;
    struct school_rows schools;
    uint32_t *board_at;  /* by number: place in `boards` + 1, 0: not there */
    uint32_t *school_at; /* by BRIN, likewise */
    struct step *steps;
    size_t step_count, dirty_count, written;
    int64_t active;      /* locations of the file's kind before this import */
};

static size_t board_index(const struct board_number *number)
{
    size_t index = 0;
    for (size_t i = 0; i < sizeof number->text; i++)
        index = index * 10 + (size_t)(number->text[i] - '0');
    return index;
}

static size_t brin_index(const char *c)
{
    return ((size_t)(c[0] - '0') * 10 + (size_t)(c[1] - '0')) * 26 * 26
         + (size_t)(c[2] - 'A') * 26 + (size_t)(c[3] - 'A');
}

static bool load(struct import *import, struct error *err)
{
    if (!store_all_boards(import->tx, &import->boards, err)
        || !store_all_schools(import->tx, &import->schools, err)
        || !store_all_locations(import->tx, &import->locations, err))
        return false;
    import->board_at = arena_array(import->arena, uint32_t, BOARDS);
    import->school_at = arena_array(import->arena, uint32_t, BRINS);
    for (size_t i = 0; i < import->boards.len; i++)
        import->board_at[board_index(&import->boards.at[i].board.number)] = (uint32_t)i + 1;
    for (size_t i = 0; i < import->schools.len; i++)
        import->school_at[brin_index(import->schools.at[i].school.brin.text)] = (uint32_t)i + 1;
    return true;
}

static struct step *add_step(struct import *import, const struct location_row *row)
{
    struct step *step = &import->steps[import->step_count++];
    step->row = *row;
    return step;
}

static void mark(struct import *import, struct step *step, enum change what)
{
    step->what = what;
    step->dirty = true;
    step->row.version++;
    import->dirty_count++;
}

static void match_new(struct import *import, const struct duo_row *row)
{
    struct location_row new = { .location = row->location,
                                .board = row->board,
                                .kind = import->file->kind,
                                .source = SOURCE_DUO };
    mark(import, add_step(import, &new), ADDED);
    import->report->added++;
}

static void match_known(struct import *import, const struct location_row *known,
                        const struct duo_row *row)
{
    struct location_row now = { .location = row->location,
                                .board = row->board,
                                .kind = import->file->kind,
                                .source = SOURCE_DUO,
                                .version = known->version };
    duo_keep_absent(import->file, &known->location, &now.location);
    struct step *step = add_step(import, &now);
    struct node *changes = node_map(import->arena);
    location_changes(changes, known, &step->row);
    if (!changes->count && !known->location.ended) {
        import->report->unchanged++;
        return;
    }
    step->changes = changes;
    mark(import, step, known->location.ended ? RETURNED : CHANGED);
    import->report->changed++;
}

static bool is_ours(const struct import *import, const struct location_row *row)
{
    return row->kind == import->file->kind && !row->location.ended
        && str_eq(row->source, SOURCE_DUO);
}

static void match_missing(struct import *import, const struct location_row *known)
{
    struct step *step = add_step(import, known);
    if (!is_ours(import, known))
        return;
    step->row.location.ended = import->now;
    mark(import, step, ENDED);
    import->report->ended++;
}

/* Walks the file and the register, and fills the steps in the order of the codes. */
static void match(struct import *import)
{
    const struct duo_rows *rows = &import->file->rows;
    const struct location_rows *known = &import->locations;
    size_t r = 0, k = 0;
    import->steps = arena_array(import->arena, struct step, rows->len + known->len + 1);
    while (r < rows->len || k < known->len) {
        int order = r == rows->len ? 1 : k == known->len ? -1
                  : memcmp(rows->at[r].location.code.text, known->at[k].location.code.text,
                           sizeof(struct location_code));
        const struct duo_row *row = order <= 0 ? &rows->at[r] : NULL;
        if (order >= 0)
            import->active += is_ours(import, &known->at[k]);
        if (!row)
            match_missing(import, &known->at[k]);
        else if (row->refused && order == 0)
            add_step(import, &known->at[k]);
        else if (!row->refused && order == 0)
            match_known(import, &known->at[k], row);
        else if (!row->refused)
            match_new(import, row);
        k += order >= 0;
        while (row && r < rows->len
               && memcmp(rows->at[r].location.code.text, row->location.code.text,
                         sizeof(struct location_code)) == 0)
            r++; /* also past refused rows of the same code */
    }
}

/* Half a file, or a file of another kind, would end thousands of locations: ask first. */
static bool check_ending(const struct import *import, struct error *err)
{
    int64_t ended = import->report->ended;
    if (import->options->force || ended * 5 <= import->active)
        return true;
    return fail_about(err, CONFLICT, NULL,
                      N_("This file would end %s locations, more than a fifth. Is it complete? If "
                         "it is, import it again with --force."),
                      "%lld/%lld (%.*s)", (long long)ended, (long long)import->active,
                      FMT(kind_word(import->file->kind)));
}

static bool note(struct import *import, const char *kind, struct str id, int64_t version,
                 enum change what, const struct node *changes, struct str board,
                 struct error *err)
{
    const struct change_note note = { .kind = kind,
                                      .id = id,
                                      .version = version,
                                      .what = what,
                                      .changes = changes,
                                      .board = board,
                                      .quiet = strcmp(kind, "location") == 0 };
    return note_change(import->tx, import->now, &note, err);
}

static bool write_board(struct import *import, struct board_row *row, enum change what,
                        const struct node *changes, struct error *err)
{
    row->version++;
    return store_put_board(import->tx, row, err)
        && note(import, "board", ID_STR(row->board.number), row->version, what, changes,
                STR(""), err);
}

/* DUO's location files name no boards: until a person does, a board is called after its number. */
static struct str board_placeholder(struct arena *arena, const struct board_number *number)
{
    return str_format(arena, "Bevoegd gezag %.*s", FMT(ID_STR(*number)));
}

/* The board must stand before its school does. One of the demo with the same number gives way. */
static bool ensure_board(struct import *import, const struct board_number *number,
                         struct error *err)
{
    uint32_t *at = &import->board_at[board_index(number)];
    struct board_row *row = *at ? &import->boards.at[*at - 1] : NULL;
    bool demo = row && str_eq(row->source, SOURCE_DEMO);
    enum change what = !row ? ADDED : row->board.ended ? RETURNED : CHANGED;
    struct node *changes = NULL;
    if (row && !demo && !row->board.ended)
        return true;
    if (!row) {
        row = list_add(import->arena, &import->boards);
        *at = (uint32_t)import->boards.len;
        row->board = (struct board){ .number = *number, .place = STR("") };
    }
    if (what == ADDED || demo) {
        struct str name = board_placeholder(import->arena, number);
        changes = demo ? node_map(import->arena) : NULL;
        if (demo)
            changes_text(changes, "name", row->board.name, name);
        row->board.name = name;
        row->source = SOURCE_DUO;
    }
    row->board.ended = 0;
    return write_board(import, row, what, changes, err);
}

/* A school is what its main location says (the lowest code that has not ended; of an ended school
 * the lowest of all), with the pupils of all. */
static struct school school_of(const struct import *import, const struct step *first, size_t count)
{
    const struct location_row *main = NULL;
    int64_t pupils = -1;
    for (size_t i = 0; i < count; i++) {
        const struct location_row *row = &first[i].row;
        if (row->location.ended)
            continue;
        if (!main)
            main = row;
        if (row->location.pupils >= 0)
            pupils = (pupils < 0 ? 0 : pupils) + row->location.pupils;
    }
    bool ended = !main;
    if (ended)
        main = &first->row;
    struct school school = { .board = main->board,
                             .name = main->location.name,
                             .place = main->location.place,
                             .municipality = main->location.municipality,
                             .province = main->location.province,
                             .denomination = main->location.denomination,
                             .website = main->location.website,
                             .kind = main->kind,
                             .pupils = pupils,
                             .ended = ended ? import->now : 0 };
    memcpy(school.brin.text, main->location.code.text, sizeof school.brin.text);
    return school;
}

static bool write_school(struct import *import, const struct step *first, size_t count,
                         struct error *err)
{
    struct school_row row = { .school = school_of(import, first, count), .source = SOURCE_DUO };
    uint32_t at = import->school_at[brin_index(row.school.brin.text)];
    const struct school_row *known = at ? &import->schools.at[at - 1] : NULL;
    struct node *changes = NULL;
    enum change what = ADDED;
    if (known) {
        changes = node_map(import->arena);
        if (row.school.ended) { /* it keeps its last facts */
            row.school = known->school;
            row.school.ended = known->school.ended ? known->school.ended : import->now;
        }
        school_changes(changes, &known->school, &row.school);
        bool turned = !known->school.ended != !row.school.ended;
        if (!changes->count && !turned)
            return true;
        what = !turned ? CHANGED : row.school.ended ? ENDED : RETURNED;
        row.version = known->version;
    }
    row.version++;
    return (row.school.ended || ensure_board(import, &row.school.board, err))
        && store_put_school(import->tx, &row, err)
        && note(import, "school", ID_STR(row.school.brin), row.version, what, changes,
                ID_STR(row.school.board), err);
}

static void tell_progress(struct import *import)
{
    const struct import_listener *listener = import->listener;
    if (listener && listener->progress && import->written % 100 == 0)
        listener->progress(listener->with, import->written, import->dirty_count);
}

static bool write_locations(struct import *import, const struct step *first, size_t count,
                            struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct step *step = &first[i];
        if (!step->dirty)
            continue;
        if (!store_put_location(import->tx, &step->row, err)
            || !note(import, "location", ID_STR(step->row.location.code), step->row.version,
                     step->what, step->changes, STR(""), err))
            return false;
        import->written++;
        tell_progress(import);
    }
    return true;
}

static bool same_school(const struct step *a, const struct step *b)
{
    return memcmp(a->row.location.code.text, b->row.location.code.text, sizeof(struct brin)) == 0;
}

static bool write_schools(struct import *import, struct error *err)
{
    size_t from = 0;
    while (from < import->step_count) {
        struct step *first = &import->steps[from];
        size_t count = 0;
        bool dirty = false;
        for (; from + count < import->step_count && same_school(first, first + count); count++)
            dirty |= first[count].dirty;
        from += count;
        if (dirty && (!write_school(import, first, count, err)
                      || !write_locations(import, first, count, err)))
            return false;
    }
    return true;
}

/* A board ends with its last school. */
static bool end_boards(struct import *import, struct error *err)
{
    struct board_rows boards = { 0 };
    if (!import->dirty_count)
        return true;
    if (!store_boards_without_schools(import->tx, &boards, err))
        return false;
    for (size_t i = 0; i < boards.len; i++) {
        boards.at[i].board.ended = import->now;
        if (!write_board(import, &boards.at[i], ENDED, NULL, err))
            return false;
    }
    return true;
}

static bool audit(struct import *import, struct error *err)
{
    const struct import_report *r = import->report;
    struct audit_entry entry = {
        .who = STR("command:import"),
        .what = "sector.import",
        .subject = str_format(import->arena, "duo:%.*s", FMT(kind_word(import->file->kind))),
        .detail = str_format(import->arena,
                             "{\"added\":%lld,\"changed\":%lld,\"ended\":%lld,\"unchanged\":%lld,"
                             "\"refused\":%lld}",
                             (long long)r->added, (long long)r->changed, (long long)r->ended,
                             (long long)r->unchanged, (long long)r->refused),
    };
    return audit_add(import->tx, import->now, &entry, err);
}

static bool import_file(struct tx *tx, void *with, struct error *err)
{
    struct import import = *(const struct import *)with; /* a second try starts from scratch */
    *import.report = (struct import_report){ .refused = (int64_t)import.file->refused };
    import.tx = tx;
    import.arena = tx_arena(tx);
    if (!load(&import, err))
        return false;
    match(&import);
    return check_ending(&import, err) && write_schools(&import, err) && end_boards(&import, err)
        && audit(&import, err);
}

bool sector_import_duo(struct db *db, struct arena *arena, struct str bytes,
                       const struct import_options *options, instant now,
                       const struct import_listener *listener, struct import_report *report,
                       struct error *err)
{
    struct duo_file file;
    struct import import = { .file = &file,
                             .options = options,
                             .listener = listener,
                             .report = report,
                             .now = now };
    *report = (struct import_report){ 0 };
    return duo_read(arena, bytes, options->kind, listener, &file, err)
        && db_write(db, arena, import_file, &import, err);
}
