/* SPDX-License-Identifier: EUPL-1.2 */
/* Finding one thing of the register, and what hangs on it. */
#include "sector/store_columns.h"

#define ARG_ID(id) arg_text(ID_STR(id))

static void read_id(struct rows *rows, int column, char *text, size_t size)
{
    struct str id = row_text(rows, column);
    memset(text, '?', size);
    memcpy(text, id.at, id.len < size ? id.len : size);
}

struct brin row_brin(struct rows *rows, int column)
{
    struct brin brin;
    read_id(rows, column, brin.text, sizeof brin.text);
    return brin;
}

static struct location_code row_location_code(struct rows *rows, int column)
{
    struct location_code code;
    read_id(rows, column, code.text, sizeof code.text);
    return code;
}

struct board_number row_board_number(struct rows *rows, int column)
{
    struct board_number number;
    read_id(rows, column, number.text, sizeof number.text);
    return number;
}

struct oin row_oin(struct rows *rows, int column)
{
    struct oin oin;
    read_id(rows, column, oin.text, sizeof oin.text);
    return oin;
}

void read_board(struct rows *rows, struct board *board)
{
    *board = (struct board){ .number = row_board_number(rows, 0),
                             .name = row_text(rows, 1),
                             .place = row_text(rows, 2),
                             .ended = row_int(rows, 3),
                             .schools = row_int(rows, 4) };
}

void read_school(struct rows *rows, struct school *school)
{
    *school = (struct school){ .brin = row_brin(rows, 0),
                               .board = row_board_number(rows, 1),
                               .name = row_text(rows, 2),
                               .place = row_text(rows, 3),
                               .municipality = row_text(rows, 4),
                               .province = row_text(rows, 5),
                               .denomination = row_text(rows, 6),
                               .website = row_text(rows, 7),
                               .kind = (enum school_kind)row_int(rows, 8),
                               .pupils = row_int(rows, 9),
                               .ended = row_int(rows, 10),
                               .locations = row_int(rows, 11) };
}

void read_location(struct rows *rows, struct location *location)
{
    *location = (struct location){ .code = row_location_code(rows, 0),
                                   .name = row_text(rows, 1),
                                   .street = row_text(rows, 2),
                                   .number = row_text(rows, 3),
                                   .postcode = row_text(rows, 4),
                                   .place = row_text(rows, 5),
                                   .municipality = row_text(rows, 6),
                                   .province = row_text(rows, 7),
                                   .telephone = row_text(rows, 8),
                                   .website = row_text(rows, 9),
                                   .denomination = row_text(rows, 10),
                                   .structure = row_text(rows, 11),
                                   .pupils = row_int(rows, 12),
                                   .ended = row_int(rows, 13) };
}

void read_vendor(struct rows *rows, struct vendor *vendor)
{
    *vendor = (struct vendor){ .oin = row_oin(rows, 0),
                               .name = row_text(rows, 1),
                               .website = row_text(rows, 2),
                               .ended = row_int(rows, 3) };
}

void read_partnership(struct rows *rows, struct partnership *partnership)
{
    *partnership = (struct partnership){ .code = row_text(rows, 0),
                                         .name = row_text(rows, 1),
                                         .place = row_text(rows, 2),
                                         .kind = (enum school_kind)row_int(rows, 3),
                                         .ended = row_int(rows, 4),
                                         .members = row_int(rows, 5) };
}

bool store_find_board(struct tx *tx, const struct board_number *number, struct board_row *board,
                      bool *found, struct error *err)
{
    static const struct statement find = SQL(
        "SELECT" BOARD_COLUMNS " FROM sector_board b WHERE b.number = $1");
    struct rows rows;
    if (!db_query(tx, &find, ARGS(ARG_ID(*number)), &rows, err))
        return false;
    *found = rows_next(&rows);
    if (*found) {
        read_board(&rows, &board->board);
        board->source = row_text(&rows, 5);
        board->version = row_int(&rows, 6);
    }
    return rows_end(&rows, err);
}

bool sector_find_board(struct tx *tx, const struct board_number *number, struct board *board,
                       bool *found, struct error *err)
{
    struct board_row row = { 0 };
    if (!store_find_board(tx, number, &row, found, err))
        return false;
    *board = row.board;
    return true;
}

bool store_find_school(struct tx *tx, const struct brin *brin, struct listed_school *school,
                       bool *found, struct error *err)
{
    static const struct statement find = SQL(
        "SELECT" SCHOOL_COLUMNS ", b.name"
        "  FROM sector_school s JOIN sector_board b ON b.number = s.board"
        " WHERE s.brin = $1");
    struct rows rows;
    if (!db_query(tx, &find, ARGS(ARG_ID(*brin)), &rows, err))
        return false;
    *found = rows_next(&rows);
    if (*found) {
        read_school(&rows, &school->school);
        school->board_name = row_text(&rows, 14);
    }
    return rows_end(&rows, err);
}

bool sector_find_school(struct tx *tx, const struct brin *brin, struct school *school, bool *found,
                        struct error *err)
{
    struct listed_school listed = { 0 };
    if (!store_find_school(tx, brin, &listed, found, err))
        return false;
    *school = listed.school;
    return true;
}

bool store_find_vendor(struct tx *tx, const struct oin *oin, struct vendor_row *vendor, bool *found,
                       struct error *err)
{
    static const struct statement find = SQL(
        "SELECT" VENDOR_COLUMNS " FROM sector_vendor v WHERE v.oin = $1");
    struct rows rows;
    if (!db_query(tx, &find, ARGS(ARG_ID(*oin)), &rows, err))
        return false;
    *found = rows_next(&rows);
    if (*found) {
        read_vendor(&rows, &vendor->vendor);
        vendor->source = row_text(&rows, 4);
        vendor->version = row_int(&rows, 5);
    }
    return rows_end(&rows, err);
}

bool sector_find_vendor(struct tx *tx, const struct oin *oin, struct vendor *vendor, bool *found,
                        struct error *err)
{
    struct vendor_row row = { 0 };
    if (!store_find_vendor(tx, oin, &row, found, err))
        return false;
    *vendor = row.vendor;
    return true;
}

bool store_find_partnership(struct tx *tx, struct str code, struct partnership *partnership,
                            bool *found, struct error *err)
{
    static const struct statement find = SQL(
        "SELECT" PARTNERSHIP_COLUMNS " FROM sector_partnership p WHERE p.code = $1");
    struct rows rows;
    if (!db_query(tx, &find, ARGS(arg_text(code)), &rows, err))
        return false;
    *found = rows_next(&rows);
    if (*found)
        read_partnership(&rows, partnership);
    return rows_end(&rows, err);
}

bool sector_schools_of(struct tx *tx, const struct board_number *board, struct school_list *schools,
                       struct error *err)
{
    static const struct statement find = SQL(
        "SELECT" SCHOOL_COLUMNS
        "  FROM sector_school s"
        " WHERE s.board = $1 AND s.ended = 0"
        " ORDER BY s.search, s.brin");
    struct rows rows;
    *schools = (struct school_list){ 0 };
    if (!db_query(tx, &find, ARGS(ARG_ID(*board)), &rows, err))
        return false;
    while (rows_next(&rows))
        read_school(&rows, list_add(tx_arena(tx), schools));
    return rows_end(&rows, err);
}

bool sector_vendors(struct tx *tx, struct vendor_list *vendors, struct error *err)
{
    static const struct statement find = SQL(
        "SELECT" VENDOR_COLUMNS
        "  FROM sector_vendor v"
        " WHERE v.ended = 0"
        " ORDER BY v.search, v.oin");
    struct rows rows;
    *vendors = (struct vendor_list){ 0 };
    if (!db_query(tx, &find, NO_ARGS, &rows, err))
        return false;
    while (rows_next(&rows))
        read_vendor(&rows, list_add(tx_arena(tx), vendors));
    return rows_end(&rows, err);
}

bool store_locations_of(struct tx *tx, const struct brin *brin, struct location_list *locations,
                        struct error *err)
{
    static const struct statement find = SQL(
        "SELECT" LOCATION_COLUMNS
        "  FROM sector_location l"
        " WHERE l.school = $1"
        " ORDER BY CASE WHEN l.ended = 0 THEN 0 ELSE 1 END, l.code");
    struct rows rows;
    if (!db_query(tx, &find, ARGS(ARG_ID(*brin)), &rows, err))
        return false;
    while (rows_next(&rows))
        read_location(&rows, list_add(tx_arena(tx), locations));
    return rows_end(&rows, err);
}

bool store_certificates_of(struct tx *tx, const struct oin *oin,
                           struct certificate_list *certificates, struct error *err)
{
    static const struct statement find = SQL(
        "SELECT fingerprint, serial, not_before, not_after"
        "  FROM sector_vendor_certificate"
        " WHERE vendor = $1 AND ended = 0"
        " ORDER BY not_after DESC, fingerprint");
    struct rows rows;
    if (!db_query(tx, &find, ARGS(ARG_ID(*oin)), &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), certificates) = (struct certificate){
            .fingerprint = row_text(&rows, 0),
            .serial = row_text(&rows, 1),
            .not_before = row_int(&rows, 2),
            .not_after = row_int(&rows, 3),
        };
    return rows_end(&rows, err);
}

bool store_find_certificate(struct tx *tx, struct str fingerprint, struct oin *vendor,
                            struct certificate *certificate, bool *found, struct error *err)
{
    static const struct statement find = SQL(
        "SELECT vendor, serial, not_before, not_after"
        "  FROM sector_vendor_certificate"
        " WHERE fingerprint = $1 AND ended = 0");
    struct rows rows;
    if (!db_query(tx, &find, ARGS(arg_text(fingerprint)), &rows, err))
        return false;
    *found = rows_next(&rows);
    if (*found) {
        *vendor = row_oin(&rows, 0);
        *certificate = (struct certificate){ fingerprint, row_text(&rows, 1), row_int(&rows, 2),
                                             row_int(&rows, 3) };
    }
    return rows_end(&rows, err);
}

bool store_contacts_of(struct tx *tx, struct str organisation, struct contact_list *contacts,
                       struct error *err)
{
    static const struct statement find = SQL(
        "SELECT role, name, email"
        "  FROM sector_contact"
        " WHERE organisation = $1 AND ended = 0"
        " ORDER BY role, name, id");
    struct rows rows;
    if (!db_query(tx, &find, ARGS(arg_text(organisation)), &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), contacts) = (struct contact){ .role = row_text(&rows, 0),
                                                              .name = row_text(&rows, 1),
                                                              .email = row_text(&rows, 2) };
    return rows_end(&rows, err);
}

bool store_members_of(struct tx *tx, struct str code, struct board_list *boards, struct error *err)
{
    static const struct statement find = SQL(
        "SELECT" BOARD_COLUMNS
        "  FROM sector_partnership_member m JOIN sector_board b ON b.number = m.board"
        " WHERE m.partnership = $1 AND m.ended = 0"
        " ORDER BY b.search, b.number");
    struct rows rows;
    if (!db_query(tx, &find, ARGS(arg_text(code)), &rows, err))
        return false;
    while (rows_next(&rows))
        read_board(&rows, list_add(tx_arena(tx), boards));
    return rows_end(&rows, err);
}

bool store_partnerships_of(struct tx *tx, const struct board_number *board,
                           struct partnership_list *partnerships, struct error *err)
{
    static const struct statement find = SQL(
        "SELECT" PARTNERSHIP_COLUMNS
        "  FROM sector_partnership_member m JOIN sector_partnership p ON p.code = m.partnership"
        " WHERE m.board = $1 AND m.ended = 0 AND p.ended = 0"
        " ORDER BY p.search, p.code");
    struct rows rows;
    if (!db_query(tx, &find, ARGS(ARG_ID(*board)), &rows, err))
        return false;
    while (rows_next(&rows))
        read_partnership(&rows, list_add(tx_arena(tx), partnerships));
    return rows_end(&rows, err);
}

static bool read_history(struct rows *rows, struct history_list *history, struct error *err)
{
    while (rows_next(rows))
        *list_add(tx_arena(rows->tx), history) = (struct history){
            .version = row_int(rows, 0),
            .at = row_int(rows, 1),
            .what = change_parse(row_text(rows, 2)),
            .changes = row_text(rows, 3),
            .id = row_text(rows, 4),
        };
    return rows_end(rows, err);
}

bool store_history_of(struct tx *tx, const char *kind, struct str id, int64_t limit,
                      struct history_list *history, struct error *err)
{
    static const struct statement find = SQL(
        "SELECT version, at, what, changes, ''"
        "  FROM sector_history"
        " WHERE kind = $1 AND id = $2"
        " ORDER BY version DESC"
        " LIMIT $3");
    struct rows rows;
    return db_query(tx, &find, ARGS(arg_text(str_of(kind)), arg_text(id), arg_int(limit)), &rows,
                    err)
        && read_history(&rows, history, err);
}

bool store_location_history(struct tx *tx, const struct brin *brin, int64_t limit,
                            struct history_list *history, struct error *err)
{
    static const struct statement find = SQL(
        "SELECT version, at, what, changes, id"
        "  FROM sector_history"
        " WHERE kind = 'location' AND id >= $1 AND id <= $2"
        " ORDER BY at DESC, id, version DESC"
        " LIMIT $3");
    struct str first = str_format(tx_arena(tx), "%.*s00", FMT(ID_STR(*brin)));
    struct str last = str_format(tx_arena(tx), "%.*s99", FMT(ID_STR(*brin)));
    struct rows rows;
    return db_query(tx, &find, ARGS(arg_text(first), arg_text(last), arg_int(limit)), &rows, err)
        && read_history(&rows, history, err);
}
