/* SPDX-License-Identifier: EUPL-1.2 */
/* The sector register: who is who in education. School boards (bevoegd gezag), their schools (BRIN)
 * and locations, vendors with their systems' certificates, and partnerships (samenwerkingsverbanden).
 * Rows come from DUO's open data, from people and from the demo generator; nothing is deleted: what
 * ends gets an end day, and every change is kept with its day. */
#ifndef SECTOR_SECTOR_H
#define SECTOR_SECTOR_H

#include "base/error.h"
#include "base/instant.h"
#include "base/list.h"
#include "platform/db/db.h"
#include "platform/http/http.h"

/* Identifiers. Each is made only by its parser; the bytes are not NUL-terminated. */

/* A BRIN: two digits, two capital letters (DUO, Basisregister Instellingen): "00AV". */
struct brin {
    char text[4];
};
/* A location: a BRIN and two digits (vestigingscode): "00AV01". */
struct location_code {
    char text[6];
};
/* A school board: five digits (bevoegd-gezagnummer): "41804". */
struct board_number {
    char text[5];
};
/* An organisation identification number (Logius OIN-stelsel): 20 characters: a prefix of 8 digits
 * and a main number with suffix of 12 digits or capital letters. */
struct oin {
    char text[20];
};

bool brin_parse(struct str text, struct brin *brin, struct error *err);
bool location_code_parse(struct str text, struct location_code *code, struct error *err);
bool board_number_parse(struct str text, struct board_number *number, struct error *err);
bool oin_parse(struct str text, struct oin *oin, struct error *err);

/* The school that an OIN of the form 00000007 000 BRIN xxxxx speaks of; the last five characters
 * name an administration within the school. False (without error) for any other OIN. */
bool oin_school(const struct oin *oin, struct brin *brin);
/* The OIN of a school itself: its BRIN with 00000 behind it. */
struct oin school_oin(const struct brin *brin);

#define ID_STR(id) ((struct str){ (id).text, sizeof (id).text })

/* Columns of a row that hold an identifier. It was parsed before it was stored. */
struct brin row_brin(struct rows *rows, int column);
struct board_number row_board_number(struct rows *rows, int column);
struct oin row_oin(struct rows *rows, int column);

enum school_kind { PRIMARY, SECONDARY, SPECIAL, SCHOOL_KINDS }; /* po, vo, so */

struct board {
    struct board_number number;
    struct str name, place;
    int64_t schools;           /* that it has today */
    instant ended;             /* 0: active */
};

struct school {
    struct brin brin;
    struct board_number board;
    struct str name, place, municipality, province, denomination, website;
    enum school_kind kind;
    int64_t pupils;            /* -1: unknown */
    int64_t locations;
    instant ended;
};

struct location {
    struct location_code code;
    struct str name, street, number, postcode, place, municipality, province, telephone, website,
        denomination, structure;
    int64_t pupils;
    instant ended;
};

struct vendor {
    struct oin oin;
    struct str name, website;
    instant ended;
};

/* Look-ups. `found` tells whether it is there (ended ones are). Texts live in the tx's arena. */
bool sector_find_board(struct tx *tx, const struct board_number *number, struct board *board,
                       bool *found, struct error *err);
bool sector_find_school(struct tx *tx, const struct brin *brin, struct school *school, bool *found,
                        struct error *err);
bool sector_find_vendor(struct tx *tx, const struct oin *oin, struct vendor *vendor, bool *found,
                        struct error *err);

struct school_list {
    list_of(struct school);
};
struct vendor_list {
    list_of(struct vendor);
};
/* The active schools of a board, by name; the active vendors, by name. */
bool sector_schools_of(struct tx *tx, const struct board_number *board, struct school_list *schools,
                       struct error *err);
bool sector_vendors(struct tx *tx, struct vendor_list *vendors, struct error *err);

/* Organisations as accounts know them: "board:41804", "vendor:OIN". */
struct str board_organisation(struct arena *arena, const struct board_number *number);
struct str vendor_organisation(struct arena *arena, const struct oin *oin);
/* The board that the person of this request works for now; FORBIDDEN when there is none, or when they do
 * not have this role (ROLE_BOARD_MEMBER or ROLE_BOARD_ADMIN) for it. */
bool request_board(const struct request *request, enum role role, struct board_number *board,
                   struct error *err);
/* The vendor of a machine's certificate (serialNumber = OIN), active in the register or not. */
bool request_client_oin(const struct request *request, struct oin *oin, struct error *err);

/* `fundament import duo FILE...`: reads DUO's location files as they come. */
struct import_report {
    int64_t added, changed, ended, unchanged, refused;
};
struct import_options {
    enum school_kind kind; /* SCHOOL_KINDS: as the file's own rows say, see README.md */
    bool force;            /* end locations also when they are more than a fifth of their kind */
};
struct import_listener {
    /* Told of each row that cannot be taken. */
    void (*refuse)(void *with, size_t line, const struct error *why);
    /* Told how far it is; both may be NULL. */
    void (*progress)(void *with, size_t done, size_t total);
    void *with;
};
/* One file, in one transaction. A location of the file's kind that is not in the file any more
 * ends, and its school with its last location. Rows of other sources (people, demo) never end. */
bool sector_import_duo(struct db *db, struct arena *arena, struct str bytes,
                       const struct import_options *options, instant now,
                       const struct import_listener *listener, struct import_report *report,
                       struct error *err);

/* What the platform asks of organisations (platform/organisations/organisations.h). */
extern const struct organisations sector_organisations;

extern const struct service sector_service;

#endif
