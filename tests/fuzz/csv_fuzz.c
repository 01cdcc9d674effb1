/* SPDX-License-Identifier: EUPL-1.2 */
/* A record that is read, written and read again has the same fields (but for the guard against
 * formulas), and a field never starts a formula. As a table it is the same; and bytes that are no table are
 * known for that, whoever made them: after a first byte 'T' the input is one. */
#include "base/csv.h"

#include "base/encoding.h"
#include "tests/fuzz/fuzz.h"

static void write_and_read(struct arena *arena, const struct csv *csv)
{
    struct buf out = { .arena = arena };
    struct csv again;
    for (size_t i = 0; i < csv->fields; i++) {
        if (i > 0)
            buf_byte(&out, csv->separator);
        csv_put(&out, csv->field[i], csv->separator);
    }
    buf_lit(&out, "\r\n");
    csv_start(&again, arena, buf_str(&out), csv->separator);
    if (!csv_next(&again))
        return; /* one empty field is an empty line */
    HOLDS(!again.broken && again.fields == csv->fields);
    for (size_t i = 0; i < csv->fields; i++) {
        struct str was = csv->field[i], is = again.field[i];
        if (!str_eq(was, is))
            HOLDS(is.len == was.len + 1 && is.at[0] == '\'' && str_ends(is, was));
        HOLDS(is.len == 0 || !strchr("=+-@\t\r", is.at[0]) || is.at[0] == '\0');
    }
}

static void as_table(struct arena *arena, const struct csv *csv)
{
    struct buf out = { .arena = arena };
    struct csv again;
    csv_put_record(&out, csv);
    HOLDS(csv_is_table(buf_str(&out)));
    csv_start_table(&again, buf_str(&out));
    HOLDS(csv_next(&again) && again.line == csv->line && again.broken == csv->broken);
    HOLDS(csv->broken || again.fields == csv->fields);
    for (size_t i = 0; !csv->broken && i < csv->fields; i++)
        HOLDS(str_eq(again.field[i], csv->field[i]));
    HOLDS(!csv_next(&again));
    HOLDS(!csv_is_table(str_slice(buf_str(&out), 0, out.len - 1)));
}

/* What a parser's child could hand back. */
static void read_table(struct str table)
{
    struct csv csv;
    if (!csv_is_table(table))
        return;
    csv_start_table(&csv, table);
    while (csv_next(&csv))
        HOLDS(csv.fields <= CSV_FIELDS);
    HOLDS(!csv.rest.len);
}

FUZZ(arena, bytes)
{
    if (bytes.len && bytes.at[0] == 'T')
        read_table(str_slice(bytes, 1, bytes.len));
    static const char separators[] = { ';', ',', '\t' };
    struct csv csv;
    size_t lines = 0;
    struct str text = cp1252_to_utf8(arena, bytes);
    csv_start(&csv, arena, text, separators[bytes.len % sizeof separators]);
    while (csv_next(&csv)) {
        HOLDS(csv.fields <= CSV_FIELDS);
        HOLDS(csv.line > lines);
        lines = csv.line;
        as_table(arena, &csv);
        if (!csv.broken)
            write_and_read(arena, &csv);
    }
}
