/* SPDX-License-Identifier: EUPL-1.2 */
/* CSV (RFC 4180) in and out, with any separator. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/buf.h"
#include "base/list.h"

#define CSV_FIELDS 64

/* Reads records from bytes that stay where they are: set `rest` and `separator`. */
struct csv {
    struct arena *arena;   /* holds fields whose quotes had to be undone */
    struct str rest;
    char separator;
    size_t line;           /* line of the record last read, from 1 */
    size_t lines_seen;
    struct str field[CSV_FIELDS];
    size_t fields;
    bool table;            /* `rest` is one of csv_put_record */
    bool broken;           /* the record has an open quote or too many fields; its line is skipped */
};

void csv_start(struct csv *csv, struct arena *arena, struct str bytes, char separator);

/* The next record; false at the end. Empty lines are passed over. Look at `broken` first. */
bool csv_next(struct csv *csv);

/* The same records as a table of bytes, from the process that read them to the one that uses them: of
 * each its line (4 bytes), whether it is broken and how many fields it has (a byte each), and each field
 * behind its length (4 bytes), in the machine's own order. */
void csv_put_record(struct buf *out, const struct csv *csv);
/* Is this such a table, to its last byte? Only then may it be read with csv_start_table. */
bool csv_is_table(struct str table);
/* csv_next then gives its records; fields lie in the table. */
void csv_start_table(struct csv *csv, struct str table);

/* One field of an answer: quoted where needed, and guarded (with an apostrophe) where a
 * spreadsheet would take it for a formula: = + - @ tab or carriage return in front. */
void csv_put(struct buf *out, struct str field, char separator);

#endif
