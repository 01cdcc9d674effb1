/* SPDX-License-Identifier: EUPL-1.2 */
/* A file of school locations as DUO publishes it ("Adressen van alle schoolvestigingen"): windows-1252
 * or UTF-8, `;` between fields, a header row. Columns are known by their names. */
#ifndef SECTOR_DUO_FILE_H
#define SECTOR_DUO_FILE_H

#include "sector/store.h"

struct duo_row {
    struct location location;
    struct board_number board;
    size_t line;
    bool refused; /* only its code is known; it keeps that location from ending */
};
struct duo_rows {
    list_of(struct duo_row);
};

struct duo_file {
    enum school_kind kind;
    struct duo_rows rows;  /* sorted by code; codes of taken rows are unique */
    size_t refused;
    uint64_t columns;      /* bit i: the header has the location's field i (see duo_keep_absent) */
};

/* Reads all rows; `refuse` of the listener is told of each that cannot be taken. The kind of school
 * is that of most rows, by ONDERWIJSSTRUCTUUR: empty is primary; SO, VSO, (V)SO and SBAO are special;
 * anything else is secondary. `kind` other than SCHOOL_KINDS wins over that. */
bool duo_read(struct arena *arena, struct str bytes, enum school_kind kind,
              const struct import_listener *listener, struct duo_file *file, struct error *err);

/* Fields whose column is not in the file keep what the register knows already: DUO's address files
 * have no pupil counts, for one. */
void duo_keep_absent(const struct duo_file *file, const struct location *known,
                     struct location *location);

#endif
