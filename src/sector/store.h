/* SPDX-License-Identifier: EUPL-1.2 */
/* The tables of the register, for the doors and the import in this folder. Everybody else asks
 * sector.h. Texts live in the arena of the tx. */
#ifndef SECTOR_STORE_H
#define SECTOR_STORE_H

#include "sector/sector.h"

/* Where a row came from. */
#define SOURCE_DUO    STR("duo")
#define SOURCE_DEMO   STR("demo")
#define SOURCE_PERSON STR("person")

/* A stored row: what it says, and what the store keeps beside it. */
struct board_row {
    struct board board;
    struct str source;
    int64_t version;
};
struct school_row {
    struct school school;
    struct str source;
    int64_t version;
};
struct location_row {
    struct location location;
    struct board_number board;
    enum school_kind kind;
    struct str source;
    int64_t version;
};
struct vendor_row {
    struct vendor vendor;
    struct str source;
    int64_t version;
};

/* A samenwerkingsverband: boards that arrange fitting education (passend onderwijs) together. The
 * code is PO or VO and four digits, as in "PO2801". */
struct partnership {
    struct str code, name, place;
    enum school_kind kind;
    int64_t members;
    instant ended;
};
bool partnership_code_parse(struct str text, struct str *code, struct error *err);

struct certificate {
    struct str fingerprint; /* SHA-256, lower-case hex */
    struct str serial;
    instant not_before, not_after;
};

/* Personal: for people who are logged in. */
struct contact {
    struct str role, name, email;
};

struct board_list {
    list_of(struct board);
};
struct location_list {
    list_of(struct location);
};
struct partnership_list {
    list_of(struct partnership);
};
struct certificate_list {
    list_of(struct certificate);
};
struct contact_list {
    list_of(struct contact);
};

/* A school with what its list shows beside it. */
struct listed_school {
    struct school school;
    struct str board_name;
};
struct listed_schools {
    list_of(struct listed_school);
};

/* A page of a list. `search` is folded text (see fold); without it only what has not ended. */
struct list_query {
    struct str search;
    const char *sort;   /* "name", "place", ...: the tables in store_list.c; NULL: by name */
    bool descending;
    int64_t limit, offset;
};
bool store_list_boards(struct tx *tx, const struct list_query *query, struct board_list *boards,
                       int64_t *total, struct error *err);
bool store_list_schools(struct tx *tx, const struct list_query *query,
                        struct listed_schools *schools, int64_t *total, struct error *err);
bool store_list_vendors(struct tx *tx, const struct list_query *query, struct vendor_list *vendors,
                        int64_t *total, struct error *err);
bool store_list_partnerships(struct tx *tx, const struct list_query *query,
                             struct partnership_list *partnerships, int64_t *total,
                             struct error *err);

/* For the API: at most `limit` rows whose id comes after `after`, in the order of the ids. Empty
 * texts in the question ask for everything. */
struct keyset {
    struct str search;  /* folded */
    struct str board;   /* of schools: of this board */
    struct str after;
    int64_t limit;
};
bool store_boards_after(struct tx *tx, const struct keyset *keyset, struct board_list *boards,
                        struct error *err);
bool store_schools_after(struct tx *tx, const struct keyset *keyset, struct school_list *schools,
                         struct error *err);
bool store_vendors_after(struct tx *tx, const struct keyset *keyset, struct vendor_list *vendors,
                         struct error *err);
bool store_partnerships_after(struct tx *tx, const struct keyset *keyset,
                              struct partnership_list *partnerships, struct error *err);

/* One thing and what hangs on it. Locations: active ones first, then ended ones. */
bool store_find_board(struct tx *tx, const struct board_number *number, struct board_row *board,
                      bool *found, struct error *err);
bool store_find_school(struct tx *tx, const struct brin *brin, struct listed_school *school,
                       bool *found, struct error *err);
bool store_find_vendor(struct tx *tx, const struct oin *oin, struct vendor_row *vendor, bool *found,
                       struct error *err);
bool store_locations_of(struct tx *tx, const struct brin *brin, struct location_list *locations,
                        struct error *err);
bool store_certificates_of(struct tx *tx, const struct oin *oin,
                           struct certificate_list *certificates, struct error *err);
/* By its fingerprint; with the vendor whose it is. */
bool store_find_certificate(struct tx *tx, struct str fingerprint, struct oin *vendor,
                            struct certificate *certificate, bool *found, struct error *err);
bool store_contacts_of(struct tx *tx, struct str organisation, struct contact_list *contacts,
                       struct error *err);
bool store_find_partnership(struct tx *tx, struct str code, struct partnership *partnership,
                            bool *found, struct error *err);
bool store_members_of(struct tx *tx, struct str code, struct board_list *boards, struct error *err);
bool store_partnerships_of(struct tx *tx, const struct board_number *board,
                           struct partnership_list *partnerships, struct error *err);

/* History. `kind` is "board", "school", "location", "vendor" or "partnership". */
enum change { ADDED, CHANGED, ENDED, RETURNED, CHANGES };
const char *change_name(enum change change);
enum change change_parse(struct str name);
struct history {
    int64_t version;
    instant at;
    enum change what;
    struct str changes; /* JSON: {"field": ["before", "after"]} */
    struct str id;      /* of the location; empty in a thing's own history */
};
struct history_list {
    list_of(struct history);
};
/* The newest `limit` changes, newest first. */
bool store_history_of(struct tx *tx, const char *kind, struct str id, int64_t limit,
                      struct history_list *history, struct error *err);
/* Those of a school's locations. */
bool store_location_history(struct tx *tx, const struct brin *brin, int64_t limit,
                            struct history_list *history, struct error *err);
bool store_add_history(struct tx *tx, const char *kind, struct str id, const struct history *entry,
                       struct error *err);

/* Everything, for the import: by number, BRIN and code. */
struct board_rows {
    list_of(struct board_row);
};
struct school_rows {
    list_of(struct school_row);
};
struct location_rows {
    list_of(struct location_row);
};
bool store_all_boards(struct tx *tx, struct board_rows *boards, struct error *err);
bool store_all_schools(struct tx *tx, struct school_rows *schools, struct error *err);
bool store_all_locations(struct tx *tx, struct location_rows *locations, struct error *err);
/* Active boards of DUO or of people that have no active school (any more). */
bool store_boards_without_schools(struct tx *tx, struct board_rows *boards, struct error *err);

/* Writes a row, new (version 1) or in place of the one with the same id. */
bool store_put_board(struct tx *tx, const struct board_row *board, struct error *err);
bool store_put_school(struct tx *tx, const struct school_row *school, struct error *err);
bool store_put_location(struct tx *tx, const struct location_row *location, struct error *err);
bool store_put_vendor(struct tx *tx, const struct vendor_row *vendor, struct error *err);
bool store_put_partnership(struct tx *tx, const struct partnership *partnership, struct str source,
                           int64_t version, struct error *err);
bool store_put_member(struct tx *tx, struct str partnership, const struct board_number *board,
                      struct error *err);
bool store_put_contact(struct tx *tx, struct str id, struct str organisation,
                       const struct contact *contact, struct error *err);
bool store_put_certificate(struct tx *tx, const struct oin *vendor,
                           const struct certificate *certificate, struct error *err);

#endif
