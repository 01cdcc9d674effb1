/* SPDX-License-Identifier: EUPL-1.2 */
/* What differs between two states of a thing, as its history keeps it. */
#ifndef SECTOR_CHANGES_H
#define SECTOR_CHANGES_H

#include "base/node.h"
#include "sector/store.h"

/* Each puts what differs in `changes` (a map) as "field": [before, after]. The texts and identifiers
 * of both states are not copied: they must live as long as the map. */
void changes_text(struct node *changes, const char *field, struct str before, struct str after);
void location_changes(struct node *changes, const struct location_row *before,
                      const struct location_row *after);
void school_changes(struct node *changes, const struct school *before, const struct school *after);

/* The stored word of a kind of school: "po", "vo", "so". */
struct str kind_word(enum school_kind kind);

/* Keeps one change of a thing and tells it to followers: the event "sector.<kind>-<what>". */
struct change_note {
    const char *kind;         /* "school" */
    struct str id;
    int64_t version;          /* that it has after the change */
    enum change what;
    const struct node *changes; /* NULL: none to tell (it is new) */
    struct str board;         /* number of a school's board, which may follow it; or empty */
    bool quiet;               /* no event: that of a bigger thing tells it */
};
bool note_change(struct tx *tx, instant now, const struct change_note *note, struct error *err);

#endif
