/* SPDX-License-Identifier: EUPL-1.2 */
#include "sector/duo_file.h"

#include "base/csv.h"
#include "platform/isolation/parser.h"
#include "sector/text.h"

#include <stdlib.h>

enum { BOARD, SCHOOL, CODE, PUPILS, POSTCODE, TEXT };

/* The columns that we read; CODE is also the place of its rule. A TEXT or POSTCODE goes to the
 * location's field at `at`. Limits are in bytes. */
static const struct column_rule {
    struct str name;
    int what;
    bool required;
    size_t limit;
    size_t at;
} rules[] = {
    { S("BEVOEGD GEZAG NUMMER"), BOARD, true, 5, 0 },
    { S("INSTELLINGSCODE"), SCHOOL, true, 4, 0 },
    { S("VESTIGINGSCODE"), CODE, true, 6, 0 },
    { S("VESTIGINGSNAAM"), TEXT, true, 200, offsetof(struct location, name) },
    { S("STRAATNAAM"), TEXT, true, 100, offsetof(struct location, street) },
    { S("HUISNUMMER-TOEVOEGING"), TEXT, true, 30, offsetof(struct location, number) },
    { S("POSTCODE"), POSTCODE, true, 10, offsetof(struct location, postcode) },
    { S("PLAATSNAAM"), TEXT, true, 100, offsetof(struct location, place) },
    { S("GEMEENTENAAM"), TEXT, false, 100, offsetof(struct location, municipality) },
    { S("PROVINCIE"), TEXT, false, 50, offsetof(struct location, province) },
    { S("DENOMINATIE"), TEXT, false, 100, offsetof(struct location, denomination) },
    { S("TELEFOONNUMMER"), TEXT, false, 30, offsetof(struct location, telephone) },
    { S("INTERNETADRES"), TEXT, false, 250, offsetof(struct location, website) },
    { S("ONDERWIJSSTRUCTUUR"), TEXT, false, 100, offsetof(struct location, structure) },
    { S("AANTAL LEERLINGEN"), PUPILS, false, 9, 0 },
};
#define RULES     count_of(rules)
#define NOWHERE   CSV_FIELDS
#define LINE_LIMIT ((size_t)1000000) /* rows; the whole country has fewer than ten thousand */

/* One bit for each code that can exist: 100 numbers, 26 x 26 letters, 100 locations. */
#define CODES ((size_t)100 * 26 * 26 * 100)

struct reader {
    struct arena *arena;
    const struct import_listener *listener;
    struct duo_file *file;
    struct csv csv;
    size_t column[RULES];       /* place of each rule's column, or NOWHERE */
    unsigned char *taken;       /* CODES bits */
    size_t votes[SCHOOL_KINDS];
};

static size_t code_index(const struct location_code *code)
{
    const char *c = code->text;
    size_t number = (size_t)(c[0] - '0') * 10 + (size_t)(c[1] - '0');
    size_t letters = (size_t)(c[2] - 'A') * 26 + (size_t)(c[3] - 'A');
    return (number * 26 * 26 + letters) * 100 + (size_t)(c[4] - '0') * 10 + (size_t)(c[5] - '0');
}

static bool read_header(struct reader *reader, struct error *err)
{
    struct csv *csv = &reader->csv;
    if (!csv_next(csv) || csv->broken)
        return fail(err, INVALID, NULL, N_("The first line of the file must name its columns."));
    for (size_t r = 0; r < RULES; r++) {
        reader->column[r] = NOWHERE;
        for (size_t f = 0; f < csv->fields && reader->column[r] == NOWHERE; f++)
            if (str_eq_nocase(str_trim(csv->field[f]), rules[r].name))
                reader->column[r] = f;
        if (reader->column[r] != NOWHERE)
            reader->file->columns |= (uint64_t)1 << r;
        else if (rules[r].required)
            return fail_about(err, INVALID, NULL, N_("The file has no column %s."), "%.*s",
                              FMT(rules[r].name));
    }
    return true;
}

/* "2716 PH" or "2716PH", kept as "2716 PH"; empty stays empty. */
static bool postcode_parse(struct arena *arena, struct str text, struct str *postcode,
                           struct error *err)
{
    size_t letters = text.len - 2;
    *postcode = text;
    if (!text.len)
        return true;
    if (text.len < 6 || text.len > 7 || text.at[0] == '0' || !is_digit(text.at[0])
        || !is_digit(text.at[1]) || !is_digit(text.at[2]) || !is_digit(text.at[3])
        || (text.len == 7 && text.at[4] != ' ') || !is_upper(text.at[letters])
        || !is_upper(text.at[letters + 1]))
        return fail(err, INVALID, "postcode",
                    N_("A postcode is four digits and two capital letters, like 2716 PH."));
    if (text.len == 6)
        *postcode = str_format(arena, "%.4s %.2s", text.at, text.at + 4);
    return true;
}

static bool read_field(struct reader *reader, const struct column_rule *rule, struct str text,
                       struct duo_row *row, struct str *school, struct error *err)
{
    struct location *location = &row->location;
    switch (rule->what) {
    case BOARD:
        return board_number_parse(text, &row->board, err);
    case SCHOOL:
        *school = text;
        return true;
    case CODE:
        return location_code_parse(text, &location->code, err);
    case PUPILS:
        if (text.len && !str_to_int(text, 0, 999999, &location->pupils))
            return fail(err, INVALID, "pupils", N_("The number of pupils is not a whole number."));
        return true;
    case POSTCODE:
        return postcode_parse(reader->arena, text, &location->postcode, err);
    default:
        memcpy((char *)location + rule->at, &text, sizeof text);
        return true;
    }
}

static struct str field_of(const struct reader *reader, size_t rule)
{
    size_t column = reader->column[rule];
    return column < reader->csv.fields ? str_trim(reader->csv.field[column]) : (struct str){ 0 };
}

static bool read_fields(struct reader *reader, struct duo_row *row, struct error *err)
{
    struct str school = { 0 };
    for (size_t r = 0; r < RULES; r++) {
        struct str text = field_of(reader, r);
        if (reader->column[r] == NOWHERE)
            continue;
        if (text.len > rules[r].limit)
            return fail_about(err, INVALID, NULL, N_("The field %s is too long."), "%.*s",
                              FMT(rules[r].name));
        if (!is_plain_line(text))
            return fail_about(err, INVALID, NULL,
                              N_("The field %s has a character that does not belong in it."),
                              "%.*s", FMT(rules[r].name));
        if (!read_field(reader, &rules[r], text, row, &school, err))
            return false;
    }
    if (!row->location.name.len)
        return fail(err, INVALID, "name", N_("The location has no name."));
    if (!str_eq(school, str_slice(ID_STR(row->location.code), 0, sizeof(struct brin))))
        return fail(err, INVALID, "brin",
                    N_("INSTELLINGSCODE is not the beginning of VESTIGINGSCODE."));
    return true;
}

static bool take_code(struct reader *reader, const struct location_code *code, struct error *err)
{
    size_t index = code_index(code);
    unsigned char bit = (unsigned char)(1u << (index % 8));
    if (reader->taken[index / 8] & bit)
        return fail_about(err, CONFLICT, NULL, N_("Location %s is in the file already."), "%.*s",
                          FMT(ID_STR(*code)));
    reader->taken[index / 8] |= bit;
    return true;
}

/* Field by field, so that a refused row whose code can be read still counts as being there. */
static void keep_code(struct reader *reader, struct duo_row *row)
{
    struct error ignored = { 0 };
    if (!reader->csv.broken && location_code_parse(field_of(reader, CODE), &row->location.code, &ignored))
        *list_add(reader->arena, &reader->file->rows) = *row;
}

static enum school_kind structure_kind(struct str structure)
{
    static const struct str special[] = { S("SO"), S("VSO"), S("(V)SO"), S("SBAO"), S("SBO") };
    if (!structure.len)
        return PRIMARY;
    for (size_t i = 0; i < count_of(special); i++)
        if (str_eq(structure, special[i]))
            return SPECIAL;
    return SECONDARY;
}

static void read_row(struct reader *reader)
{
    struct error why = { 0 };
    struct duo_row row = { .line = reader->csv.line, .location.pupils = -1 };
    if (reader->csv.broken)
        fail(&why, INVALID, NULL, N_("The quotes in this line do not match, or it has too many fields."));
    else if (read_fields(reader, &row, &why) && take_code(reader, &row.location.code, &why)) {
        reader->votes[structure_kind(row.location.structure)]++;
        *list_add(reader->arena, &reader->file->rows) = row;
        return;
    }
    row.refused = true;
    reader->file->refused++;
    keep_code(reader, &row);
    if (reader->listener && reader->listener->refuse)
        reader->listener->refuse(reader->listener->with, row.line, &why);
}

/* By code; of the same code the row that was taken first. */
static int by_code(const void *a, const void *b)
{
    const struct duo_row *x = a, *y = b;
    int order = memcmp(x->location.code.text, y->location.code.text, sizeof x->location.code.text);
    return order ? order : x->refused - y->refused;
}

static enum school_kind most_votes(const size_t votes[static SCHOOL_KINDS])
{
    enum school_kind most = PRIMARY;
    for (enum school_kind kind = SECONDARY; kind < SCHOOL_KINDS; kind++)
        if (votes[kind] > votes[most])
            most = kind;
    return most;
}

bool duo_read(struct arena *arena, struct str bytes, enum school_kind kind,
              const struct import_listener *listener, struct duo_file *file, struct error *err)
{
    struct reader reader = { .arena = arena, .listener = listener, .file = file };
    struct str table;
    *file = (struct duo_file){ 0 };
    if (!parse_table(arena, bytes, ';', &table, err))
        return false;
    csv_start_table(&reader.csv, table);
    if (!read_header(&reader, err))
        return false;
    reader.taken = arena_alloc(arena, CODES / 8 + 1);
    while (csv_next(&reader.csv)) {
        if (reader.csv.line > LINE_LIMIT)
            return fail(err, TOO_LARGE, NULL, N_("The file has more than a million lines."));
        read_row(&reader);
    }
    if (file->rows.len)
        qsort(file->rows.at, file->rows.len, sizeof *file->rows.at, by_code);
    file->kind = kind < SCHOOL_KINDS ? kind : most_votes(reader.votes);
    if (!reader.votes[PRIMARY] && !reader.votes[SECONDARY] && !reader.votes[SPECIAL])
        return fail(err, INVALID, NULL, N_("The file has no row that can be taken."));
    return true;
}

void duo_keep_absent(const struct duo_file *file, const struct location *known,
                     struct location *location)
{
    for (size_t r = 0; r < RULES; r++) {
        if (file->columns & ((uint64_t)1 << r))
            continue;
        if (rules[r].what == PUPILS)
            location->pupils = known->pupils;
        else
            memcpy((char *)location + rules[r].at, (const char *)known + rules[r].at,
                   sizeof(struct str));
    }
}
