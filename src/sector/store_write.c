/* SPDX-License-Identifier: EUPL-1.2 */
/* Writing rows of the register, and reading all of them for the import. */
#include "base/encoding.h"
#include "sector/store_columns.h"

#define ARG_ID(id) arg_text(ID_STR(id))

static const char *const change_names[CHANGES] = { "added", "changed", "ended", "returned" };

const char *change_name(enum change change)
{
    return change_names[change];
}

enum change change_parse(struct str name)
{
    for (enum change change = ADDED; change < CHANGES; change++)
        if (str_eq(name, str_of(change_names[change])))
            return change;
    return CHANGED;
}

static bool read_boards(struct tx *tx, const struct statement *statement, struct board_rows *boards,
                        struct error *err)
{
    struct rows rows;
    if (!db_query(tx, statement, NO_ARGS, &rows, err))
        return false;
    while (rows_next(&rows)) {
        struct board_row *row = list_add(tx_arena(tx), boards);
        read_board(&rows, &row->board);
        row->source = row_text(&rows, 5);
        row->version = row_int(&rows, 6);
    }
    return rows_end(&rows, err);
}

bool store_all_boards(struct tx *tx, struct board_rows *boards, struct error *err)
{
    static const struct statement all = SQL(
        "SELECT" BOARD_COLUMNS " FROM sector_board b ORDER BY b.number");
    return read_boards(tx, &all, boards, err);
}

bool store_boards_without_schools(struct tx *tx, struct board_rows *boards, struct error *err)
{
    static const struct statement find = SQL(
        "SELECT" BOARD_COLUMNS
        "  FROM sector_board b"
        " WHERE b.ended = 0 AND b.source <> 'demo'"
        "   AND NOT EXISTS (SELECT 1 FROM sector_school s WHERE s.board = b.number AND s.ended = 0)"
        " ORDER BY b.number");
    return read_boards(tx, &find, boards, err);
}

bool store_all_schools(struct tx *tx, struct school_rows *schools, struct error *err)
{
    static const struct statement all = SQL(
        "SELECT" SCHOOL_COLUMNS " FROM sector_school s ORDER BY s.brin");
    struct rows rows;
    if (!db_query(tx, &all, NO_ARGS, &rows, err))
        return false;
    while (rows_next(&rows)) {
        struct school_row *row = list_add(tx_arena(tx), schools);
        read_school(&rows, &row->school);
        row->source = row_text(&rows, 12);
        row->version = row_int(&rows, 13);
    }
    return rows_end(&rows, err);
}

bool store_all_locations(struct tx *tx, struct location_rows *locations, struct error *err)
{
    static const struct statement all = SQL(
        "SELECT" LOCATION_COLUMNS " FROM sector_location l ORDER BY l.code");
    struct rows rows;
    if (!db_query(tx, &all, NO_ARGS, &rows, err))
        return false;
    while (rows_next(&rows)) {
        struct location_row *row = list_add(tx_arena(tx), locations);
        read_location(&rows, &row->location);
        row->board = row_board_number(&rows, 14);
        row->kind = (enum school_kind)row_int(&rows, 15);
        row->source = row_text(&rows, 16);
        row->version = row_int(&rows, 17);
    }
    return rows_end(&rows, err);
}

/* What a search looks in: "De Morgenster", "SPIJKENISSE", "00AV" -> "de morgenster spijkenisse 00av". */
static struct arg search_of(struct tx *tx, struct str name, struct str place, struct str id)
{
    struct arena *arena = tx_arena(tx);
    return arg_text(fold(arena, str_format(arena, "%.*s %.*s %.*s", FMT(name), FMT(place), FMT(id))));
}

bool store_put_board(struct tx *tx, const struct board_row *row, struct error *err)
{
    static const struct statement put = SQL(
        "INSERT INTO sector_board (number, name, place, source, ended, version, search)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)"
        " ON CONFLICT (number) DO UPDATE SET name = excluded.name, place = excluded.place,"
        "  source = excluded.source, ended = excluded.ended, version = excluded.version,"
        "  search = excluded.search");
    const struct board *b = &row->board;
    return db_do(tx, &put,
                 ARGS(ARG_ID(b->number), arg_text(b->name), arg_text(b->place),
                      arg_text(row->source), arg_int(b->ended), arg_int(row->version),
                      search_of(tx, b->name, b->place, ID_STR(b->number))),
                 NULL, err);
}

bool store_put_school(struct tx *tx, const struct school_row *row, struct error *err)
{
    static const struct statement put = SQL(
        "INSERT INTO sector_school (brin, board, kind, name, place, municipality, province,"
        "  denomination, website, pupils, source, ended, version, search)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
        " ON CONFLICT (brin) DO UPDATE SET board = excluded.board, kind = excluded.kind,"
        "  name = excluded.name, place = excluded.place, municipality = excluded.municipality,"
        "  province = excluded.province, denomination = excluded.denomination,"
        "  website = excluded.website, pupils = excluded.pupils, source = excluded.source,"
        "  ended = excluded.ended, version = excluded.version, search = excluded.search");
    const struct school *s = &row->school;
    return db_do(tx, &put,
                 ARGS(ARG_ID(s->brin), ARG_ID(s->board), arg_int(s->kind), arg_text(s->name),
                      arg_text(s->place), arg_text(s->municipality), arg_text(s->province),
                      arg_text(s->denomination), arg_text(s->website), arg_int(s->pupils),
                      arg_text(row->source), arg_int(s->ended), arg_int(row->version),
                      search_of(tx, s->name, s->place, ID_STR(s->brin))),
                 NULL, err);
}

bool store_put_location(struct tx *tx, const struct location_row *row, struct error *err)
{
    static const struct statement put = SQL(
        "INSERT INTO sector_location (code, school, board, kind, name, street, house, postcode,"
        "  place, municipality, province, telephone, website, denomination, structure, pupils,"
        "  source, ended, version)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
        "  $19)"
        " ON CONFLICT (code) DO UPDATE SET board = excluded.board, kind = excluded.kind,"
        "  name = excluded.name, street = excluded.street, house = excluded.house,"
        "  postcode = excluded.postcode, place = excluded.place,"
        "  municipality = excluded.municipality, province = excluded.province,"
        "  telephone = excluded.telephone, website = excluded.website,"
        "  denomination = excluded.denomination, structure = excluded.structure,"
        "  pupils = excluded.pupils, source = excluded.source, ended = excluded.ended,"
        "  version = excluded.version");
    const struct location *l = &row->location;
    struct str brin = { l->code.text, sizeof(struct brin) };
    return db_do(tx, &put,
                 ARGS(ARG_ID(l->code), arg_text(brin), ARG_ID(row->board), arg_int(row->kind),
                      arg_text(l->name), arg_text(l->street), arg_text(l->number),
                      arg_text(l->postcode), arg_text(l->place), arg_text(l->municipality),
                      arg_text(l->province), arg_text(l->telephone), arg_text(l->website),
                      arg_text(l->denomination), arg_text(l->structure), arg_int(l->pupils),
                      arg_text(row->source), arg_int(l->ended), arg_int(row->version)),
                 NULL, err);
}

bool store_put_vendor(struct tx *tx, const struct vendor_row *row, struct error *err)
{
    static const struct statement put = SQL(
        "INSERT INTO sector_vendor (oin, name, website, source, ended, version, search)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)"
        " ON CONFLICT (oin) DO UPDATE SET name = excluded.name, website = excluded.website,"
        "  source = excluded.source, ended = excluded.ended, version = excluded.version,"
        "  search = excluded.search");
    const struct vendor *v = &row->vendor;
    return db_do(tx, &put,
                 ARGS(ARG_ID(v->oin), arg_text(v->name), arg_text(v->website),
                      arg_text(row->source), arg_int(v->ended), arg_int(row->version),
                      search_of(tx, v->name, (struct str){ 0 }, ID_STR(v->oin))),
                 NULL, err);
}

bool store_put_partnership(struct tx *tx, const struct partnership *p, struct str source,
                           int64_t version, struct error *err)
{
    static const struct statement put = SQL(
        "INSERT INTO sector_partnership (code, name, place, kind, source, ended, version, search)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT (code) DO UPDATE SET name = excluded.name, place = excluded.place,"
        "  kind = excluded.kind, source = excluded.source, ended = excluded.ended,"
        "  version = excluded.version, search = excluded.search");
    return db_do(tx, &put,
                 ARGS(arg_text(p->code), arg_text(p->name), arg_text(p->place), arg_int(p->kind),
                      arg_text(source), arg_int(p->ended), arg_int(version),
                      search_of(tx, p->name, p->place, p->code)),
                 NULL, err);
}

bool store_put_member(struct tx *tx, struct str partnership, const struct board_number *board,
                      struct error *err)
{
    static const struct statement put = SQL(
        "INSERT INTO sector_partnership_member (partnership, board, ended) VALUES ($1, $2, 0)"
        " ON CONFLICT (partnership, board) DO UPDATE SET ended = 0");
    return db_do(tx, &put, ARGS(arg_text(partnership), ARG_ID(*board)), NULL, err);
}

bool store_put_contact(struct tx *tx, struct str id, struct str organisation,
                       const struct contact *contact, struct error *err)
{
    static const struct statement put = SQL(
        "INSERT INTO sector_contact (id, organisation, role, name, email, ended)"
        " VALUES ($1, $2, $3, $4, $5, 0)"
        " ON CONFLICT (id) DO UPDATE SET organisation = excluded.organisation,"
        "  role = excluded.role, name = excluded.name, email = excluded.email, ended = 0");
    return db_do(tx, &put,
                 ARGS(arg_text(id), arg_text(organisation), arg_text(contact->role),
                      arg_text(contact->name), arg_text(contact->email)),
                 NULL, err);
}

bool store_put_certificate(struct tx *tx, const struct oin *vendor,
                           const struct certificate *certificate, struct error *err)
{
    static const struct statement put = SQL(
        "INSERT INTO sector_vendor_certificate"
        "  (fingerprint, vendor, serial, not_before, not_after, ended)"
        " VALUES ($1, $2, $3, $4, $5, 0)"
        " ON CONFLICT (fingerprint) DO UPDATE SET vendor = excluded.vendor,"
        "  serial = excluded.serial, not_before = excluded.not_before,"
        "  not_after = excluded.not_after, ended = 0");
    return db_do(tx, &put,
                 ARGS(arg_text(certificate->fingerprint), ARG_ID(*vendor),
                      arg_text(certificate->serial), arg_int(certificate->not_before),
                      arg_int(certificate->not_after)),
                 NULL, err);
}

bool store_add_history(struct tx *tx, const char *kind, struct str id, const struct history *entry,
                       struct error *err)
{
    static const struct statement add = SQL(
        "INSERT INTO sector_history (kind, id, version, at, what, changes)"
        " VALUES ($1, $2, $3, $4, $5, $6)");
    return db_do(tx, &add,
                 ARGS(arg_text(str_of(kind)), arg_text(id), arg_int(entry->version),
                      arg_int(entry->at), arg_text(str_of(change_names[entry->what])),
                      arg_text(entry->changes)),
                 NULL, err);
}
