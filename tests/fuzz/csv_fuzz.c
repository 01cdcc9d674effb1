/* SPDX-License-Identifier: EUPL-1.2 */
/* A record that is read, written and read again has the same fields (but for the guard against
 * formulas), and a field never starts a formula. */
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

FUZZ(arena, bytes)
{
    static const char separators[] = { ';', ',', '\t' };
    struct csv csv;
    size_t lines = 0;
    struct str text = cp1252_to_utf8(arena, bytes);
    csv_start(&csv, arena, text, separators[bytes.len % sizeof separators]);
    while (csv_next(&csv)) {
        HOLDS(csv.fields <= CSV_FIELDS);
        HOLDS(csv.line > lines);
        lines = csv.line;
        if (!csv.broken)
            write_and_read(arena, &csv);
    }
}
