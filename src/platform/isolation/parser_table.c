/* SPDX-License-Identifier: EUPL-1.2 */
/* CSV from outside as a table of cells: decoding, quotes and separators are the child's work; what a
 * cell means is its owner's. */
#include "base/csv.h"
#include "base/encoding.h"
#include "base/list.h"
#include "platform/isolation/parser.h"

enum { TABLE_EMPTY = 1, TABLE_NO_TEXT };

static const char *const refusals[] = {
    N_("The file is empty."),
    N_("The file is not text in windows-1252 or UTF-8."),
    NULL,
};

static int run(struct arena *arena, struct str arguments, struct str bytes, struct buf *result)
{
    struct csv csv;
    if (!bytes.len)
        return TABLE_EMPTY;
    if (memchr(bytes.at, '\0', bytes.len))
        return TABLE_NO_TEXT;
    struct str text = utf8_valid(bytes) ? bytes : cp1252_to_utf8(arena, bytes);
    csv_start(&csv, arena, text, arguments.at[0]);
    while (csv_next(&csv))
        csv_put_record(result, &csv);
    return PARSED;
}

/* A record of one-byte fields takes 9 bytes and 5 for each field of 2; windows-1252 grows threefold. */
const struct parser table_parser = {
    .name = "table",
    .run = run,
    .check = csv_is_table,
    .refusals = refusals,
    .growth = 12,
};

bool parse_table(struct arena *arena, struct str bytes, char separator, struct str *table,
                 struct error *err)
{
    return parser_run(arena, &table_parser, (struct str){ &separator, 1 }, bytes, table, err);
}

bool parsers_start_all(struct error *err)
{
    static const struct parser *const kinds[] = { &table_parser };
    return parsers_start(kinds, count_of(kinds), err);
}
