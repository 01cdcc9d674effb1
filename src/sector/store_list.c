/* SPDX-License-Identifier: EUPL-1.2 */
/* Lists: for pages by search, order and page; for the API by search and the id to go on after. */
#include "base/buf.h"
#include "sector/store_columns.h"

/* A search finds what has ended too; a list without one shows what is there today. */
#define MATCHES(t) " WHERE " t ".search LIKE $1 AND (" t ".ended = 0 OR $1 <> '%')"
#define PAGE       " LIMIT $2 OFFSET $3"

/* One way to sort a list: its statement for each direction. */
struct order {
    const char *sort;
    struct statement up, down;
};
#define ORDER(name, list, by, id)                                                                  \
    { name, SQL(list " ORDER BY " by ", " id PAGE), SQL(list " ORDER BY " by " DESC, " id PAGE) }

#define BOARDS "SELECT" BOARD_COLUMNS " FROM sector_board b" MATCHES("b")
static const struct order board_orders[] = {
    ORDER("name", BOARDS, "b.search", "b.number"),
    ORDER("number", BOARDS, "b.number", "b.search"),
    ORDER("place", BOARDS, "b.place", "b.number"),
    ORDER("schools", BOARDS, "schools", "b.number"),
    { NULL },
};

#define SCHOOLS                                                                                    \
    "SELECT" SCHOOL_COLUMNS ", b.name"                                                             \
    " FROM sector_school s JOIN sector_board b ON b.number = s.board" MATCHES("s")
static const struct order school_orders[] = {
    ORDER("name", SCHOOLS, "s.search", "s.brin"),
    ORDER("brin", SCHOOLS, "s.brin", "s.search"),
    ORDER("place", SCHOOLS, "s.place", "s.brin"),
    ORDER("kind", SCHOOLS, "s.kind", "s.search"),
    ORDER("pupils", SCHOOLS, "s.pupils", "s.brin"),
    { NULL },
};

#define VENDORS "SELECT" VENDOR_COLUMNS " FROM sector_vendor v" MATCHES("v")
static const struct order vendor_orders[] = {
    ORDER("name", VENDORS, "v.search", "v.oin"),
    ORDER("oin", VENDORS, "v.oin", "v.search"),
    { NULL },
};

#define PARTNERSHIPS "SELECT" PARTNERSHIP_COLUMNS " FROM sector_partnership p" MATCHES("p")
static const struct order partnership_orders[] = {
    ORDER("name", PARTNERSHIPS, "p.search", "p.code"),
    ORDER("code", PARTNERSHIPS, "p.code", "p.search"),
    ORDER("place", PARTNERSHIPS, "p.place", "p.code"),
    { NULL },
};

static const struct statement *pick_order(const struct order *orders, const struct list_query *query)
{
    const struct order *order = orders; /* the first one when the name is not known */
    for (const struct order *at = orders; at->sort; at++)
        if (query->sort && strcmp(at->sort, query->sort) == 0)
            order = at;
    return query->descending ? &order->down : &order->up;
}

/* Folded text as a LIKE pattern: its words in this order, with anything between them. It has letters,
 * digits and spaces only, so nothing in it means something to LIKE. */
static struct arg like(struct tx *tx, struct str folded)
{
    struct buf pattern = { .arena = tx_arena(tx) };
    struct str word, rest = str_trim(folded);
    buf_byte(&pattern, '%');
    while (rest.len) {
        word = str_cut(&rest, ' ');
        buf_add(&pattern, word);
        buf_byte(&pattern, '%');
    }
    return arg_text(buf_str(&pattern));
}

static bool ask_page(struct tx *tx, const struct order *orders, const struct list_query *query,
                     struct rows *rows, struct error *err)
{
    return db_query(tx, pick_order(orders, query),
                    ARGS(like(tx, query->search), arg_int(query->limit), arg_int(query->offset)),
                    rows, err);
}

static bool count(struct tx *tx, const struct statement *statement, const struct list_query *query,
                  int64_t *total, struct error *err)
{
    return db_number(tx, statement, ARGS(like(tx, query->search)), 0, total, err);
}

bool store_list_boards(struct tx *tx, const struct list_query *query, struct board_list *boards,
                       int64_t *total, struct error *err)
{
    static const struct statement how_many = SQL(
        "SELECT count(*) FROM sector_board b" MATCHES("b"));
    struct rows rows;
    if (!count(tx, &how_many, query, total, err)
        || !ask_page(tx, board_orders, query, &rows, err))
        return false;
    while (rows_next(&rows))
        read_board(&rows, list_add(tx_arena(tx), boards));
    return rows_end(&rows, err);
}

bool store_list_schools(struct tx *tx, const struct list_query *query,
                        struct listed_schools *schools, int64_t *total, struct error *err)
{
    static const struct statement how_many = SQL(
        "SELECT count(*) FROM sector_school s" MATCHES("s"));
    struct rows rows;
    if (!count(tx, &how_many, query, total, err)
        || !ask_page(tx, school_orders, query, &rows, err))
        return false;
    while (rows_next(&rows)) {
        struct listed_school *listed = list_add(tx_arena(tx), schools);
        read_school(&rows, &listed->school);
        listed->board_name = row_text(&rows, 14);
    }
    return rows_end(&rows, err);
}

bool store_list_vendors(struct tx *tx, const struct list_query *query, struct vendor_list *vendors,
                        int64_t *total, struct error *err)
{
    static const struct statement how_many = SQL(
        "SELECT count(*) FROM sector_vendor v" MATCHES("v"));
    struct rows rows;
    if (!count(tx, &how_many, query, total, err)
        || !ask_page(tx, vendor_orders, query, &rows, err))
        return false;
    while (rows_next(&rows))
        read_vendor(&rows, list_add(tx_arena(tx), vendors));
    return rows_end(&rows, err);
}

bool store_list_partnerships(struct tx *tx, const struct list_query *query,
                             struct partnership_list *partnerships, int64_t *total,
                             struct error *err)
{
    static const struct statement how_many = SQL(
        "SELECT count(*) FROM sector_partnership p" MATCHES("p"));
    struct rows rows;
    if (!count(tx, &how_many, query, total, err)
        || !ask_page(tx, partnership_orders, query, &rows, err))
        return false;
    while (rows_next(&rows))
        read_partnership(&rows, list_add(tx_arena(tx), partnerships));
    return rows_end(&rows, err);
}

static bool ask_after(struct tx *tx, const struct statement *find, const struct keyset *keyset,
                      struct rows *rows, struct error *err)
{
    return db_query(tx, find,
                    ARGS(arg_text(keyset->after), like(tx, keyset->search),
                         arg_int(keyset->limit)),
                    rows, err);
}

bool store_boards_after(struct tx *tx, const struct keyset *keyset, struct board_list *boards,
                        struct error *err)
{
    static const struct statement find = SQL(
        "SELECT" BOARD_COLUMNS
        "  FROM sector_board b"
        " WHERE b.ended = 0 AND b.number > $1 AND b.search LIKE $2"
        " ORDER BY b.number LIMIT $3");
    struct rows rows;
    if (!ask_after(tx, &find, keyset, &rows, err))
        return false;
    while (rows_next(&rows))
        read_board(&rows, list_add(tx_arena(tx), boards));
    return rows_end(&rows, err);
}

bool store_schools_after(struct tx *tx, const struct keyset *keyset, struct school_list *schools,
                         struct error *err)
{
    static const struct statement all = SQL(
        "SELECT" SCHOOL_COLUMNS
        "  FROM sector_school s"
        " WHERE s.ended = 0 AND s.brin > $1 AND s.search LIKE $2"
        " ORDER BY s.brin LIMIT $3");
    static const struct statement of_board = SQL(
        "SELECT" SCHOOL_COLUMNS
        "  FROM sector_school s"
        " WHERE s.ended = 0 AND s.brin > $1 AND s.search LIKE $2 AND s.board = $4"
        " ORDER BY s.brin LIMIT $3");
    const struct arg args[] = { arg_text(keyset->after), like(tx, keyset->search),
                                arg_int(keyset->limit), arg_text(keyset->board) };
    bool narrow = keyset->board.len > 0;
    struct rows rows;
    if (!db_query(tx, narrow ? &of_board : &all, (struct args){ narrow ? 4 : 3, args }, &rows, err))
        return false;
    while (rows_next(&rows))
        read_school(&rows, list_add(tx_arena(tx), schools));
    return rows_end(&rows, err);
}

bool store_vendors_after(struct tx *tx, const struct keyset *keyset, struct vendor_list *vendors,
                         struct error *err)
{
    static const struct statement find = SQL(
        "SELECT" VENDOR_COLUMNS
        "  FROM sector_vendor v"
        " WHERE v.ended = 0 AND v.oin > $1 AND v.search LIKE $2"
        " ORDER BY v.oin LIMIT $3");
    struct rows rows;
    if (!ask_after(tx, &find, keyset, &rows, err))
        return false;
    while (rows_next(&rows))
        read_vendor(&rows, list_add(tx_arena(tx), vendors));
    return rows_end(&rows, err);
}

bool store_partnerships_after(struct tx *tx, const struct keyset *keyset,
                              struct partnership_list *partnerships, struct error *err)
{
    static const struct statement find = SQL(
        "SELECT" PARTNERSHIP_COLUMNS
        "  FROM sector_partnership p"
        " WHERE p.ended = 0 AND p.code > $1 AND p.search LIKE $2"
        " ORDER BY p.code LIMIT $3");
    struct rows rows;
    if (!ask_after(tx, &find, keyset, &rows, err))
        return false;
    while (rows_next(&rows))
        read_partnership(&rows, list_add(tx_arena(tx), partnerships));
    return rows_end(&rows, err);
}
