/* SPDX-License-Identifier: EUPL-1.2 */
/* What the register tells the platform of organisations. */
#include "platform/organisations/organisations.h"

#include "base/encoding.h"
#include "sector/sector.h"
#include "sector/store.h"

#define BOARD STR("board:")

/* What stands behind the kind, when it is of that kind. */
static bool is_of(struct str id, struct str prefix, struct str *rest)
{
    *rest = str_slice(id, prefix.len, id.len);
    return str_starts(id, prefix);
}

static struct str with_number(struct tx *tx, struct str name, struct str number)
{
    return str_format(tx_arena(tx), "%.*s (%.*s)", FMT(name), FMT(number));
}

static bool find_board(struct tx *tx, struct str text, struct str *name, bool *found,
                       struct error *err)
{
    struct board_number number;
    struct board board = { 0 };
    struct error ignored;
    if (!board_number_parse(text, &number, &ignored))
        return true;
    bool ok = sector_find_board(tx, &number, &board, found, err);
    *found = *found && !board.ended;
    *name = board.name;
    return ok;
}

static bool find_school(struct tx *tx, struct str text, struct str *name, bool *found,
                        struct error *err)
{
    struct brin brin;
    struct school school = { 0 };
    struct error ignored;
    if (!brin_parse(text, &brin, &ignored))
        return true;
    bool ok = sector_find_school(tx, &brin, &school, found, err);
    *found = *found && !school.ended;
    *name = school.name.len ? with_number(tx, school.name, text) : school.name;
    return ok;
}

static bool find_vendor(struct tx *tx, struct str text, struct str *name, bool *found,
                        struct error *err)
{
    struct oin oin;
    struct vendor vendor = { 0 };
    struct error ignored;
    if (!oin_parse(text, &oin, &ignored))
        return true;
    bool ok = sector_find_vendor(tx, &oin, &vendor, found, err);
    *found = *found && !vendor.ended;
    *name = vendor.name;
    return ok;
}

static bool find(struct tx *tx, struct str id, struct organisation *organisation, bool *found,
                 struct error *err)
{
    static const struct {
        struct str prefix;
        bool (*find)(struct tx *tx, struct str text, struct str *name, bool *found,
                     struct error *err);
    } kinds[] = { { S("board:"), find_board }, { S("school:"), find_school },
                  { S("vendor:"), find_vendor } };
    struct str rest;
    *found = false;
    *organisation = (struct organisation){ .id = id };
    for (size_t i = 0; i < count_of(kinds); i++)
        if (is_of(id, kinds[i].prefix, &rest))
            return kinds[i].find(tx, rest, &organisation->name, found, err);
    return true;
}

static bool schools_of(struct tx *tx, struct str id, struct organisation_list *schools,
                       struct error *err)
{
    struct arena *arena = tx_arena(tx);
    struct str rest;
    struct board_number number;
    struct school_list list = { 0 };
    struct error ignored;
    *schools = (struct organisation_list){ 0 };
    if (!is_of(id, BOARD, &rest) || !board_number_parse(rest, &number, &ignored))
        return true;
    if (!sector_schools_of(tx, &number, &list, err))
        return false;
    for (size_t i = 0; i < list.len; i++) {
        struct str brin = str_copy(arena, ID_STR(list.at[i].brin));
        *list_add(arena, schools) = (struct organisation){
            str_format(arena, "school:%.*s", FMT(brin)), with_number(tx, list.at[i].name, brin)
        };
    }
    return true;
}

static bool search(struct tx *tx, struct str text, int64_t limit, struct organisation_list *found,
                   struct error *err)
{
    struct arena *arena = tx_arena(tx);
    struct list_query query = { .search = fold(arena, text), .limit = limit };
    struct board_list boards = { 0 };
    struct vendor_list vendors = { 0 };
    int64_t total;
    *found = (struct organisation_list){ 0 };
    if (!store_list_boards(tx, &query, &boards, &total, err)
        || !store_list_vendors(tx, &query, &vendors, &total, err))
        return false;
    for (size_t i = 0; i < boards.len; i++)
        if (!boards.at[i].ended)
            *list_add(arena, found) = (struct organisation){
                board_organisation(arena, &boards.at[i].number), boards.at[i].name };
    for (size_t i = 0; i < vendors.len; i++)
        if (!vendors.at[i].ended)
            *list_add(arena, found) = (struct organisation){
                vendor_organisation(arena, &vendors.at[i].oin), vendors.at[i].name };
    return true;
}

static bool governor(struct tx *tx, struct str id, struct str *board, struct error *err)
{
    struct str rest;
    struct brin brin;
    struct school school;
    struct error ignored;
    bool found;
    *board = STR("");
    if (!is_of(id, STR("school:"), &rest) || !brin_parse(rest, &brin, &ignored))
        return true;
    if (!sector_find_school(tx, &brin, &school, &found, err))
        return false;
    if (found)
        *board = board_organisation(tx_arena(tx), &school.board);
    return true;
}

const struct organisations sector_organisations = { find, schools_of, search, governor };
