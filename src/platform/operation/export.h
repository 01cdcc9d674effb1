/* SPDX-License-Identifier: EUPL-1.2 */
/* All data of an organisation in open formats: it can leave when it wants. Each part of the house says
 * by a table in its descriptor (`exports` of struct service) what it keeps of one; an export is a
 * folder with a CSV (RFC 4180) and a JSON file for each, and a description of all tables and columns
 * (datapackage.json, Frictionless Data Package 1). */
#ifndef PLATFORM_EXPORT_H
#define PLATFORM_EXPORT_H

#include "platform/app.h"
#include "platform/db/db.h"

enum export_form {
    EXPORT_TEXT,
    EXPORT_NUMBER,
    EXPORT_INSTANT, /* RFC 3339; 0 is empty: never, or not yet */
    EXPORT_JSON,    /* a text that holds JSON, or is empty */
    EXPORT_SEALED,  /* what the keeper sealed with the key `key`, opened; or empty. Behind all columns
                     * the SQL gives what it was sealed about */
};

struct export_column {
    const char *name;        /* "since" */
    enum export_form form;
    const char *description; /* English, one sentence or less */
    const char *key;
    int line;                /* of what was sealed: this line of it, from 0 */
};

#define EXPORT_COLUMNS 24

struct export_table {
    const char *name;         /* of its files: "schools" */
    const char *description;  /* English, one sentence */
    const char *organisation; /* the kind that has it: "board"; NULL: every kind */
    bool whole_name;          /* $1 is "board:41804", otherwise "41804" */
    struct statement sql;     /* ordered; gives the columns below */
    struct export_column columns[EXPORT_COLUMNS]; /* up to the first without a name */
};

/* "board:41804" in its two parts; INVALID when it is not an organisation. */
bool organisation_split(struct str organisation, struct str *kind, struct str *number,
                        struct error *err);

struct export_count {
    int64_t tables, rows;
};

/* Writes the export of this organisation to a new folder (0700), from one snapshot of the database.
 * Audited. */
bool export_write(struct app *app, struct str organisation, const char *folder,
                  struct export_count *count, struct error *err);

#endif
