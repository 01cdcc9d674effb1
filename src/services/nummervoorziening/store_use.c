/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/store_use.h"

static const struct statement add_use = SQL(
    "INSERT INTO nummervoorziening_use (brin, day, oin, operation, calls, pseudonyms)"
    " VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT (brin, day, oin, operation) DO UPDATE"
    " SET calls = nummervoorziening_use.calls + excluded.calls,"
    "     pseudonyms = nummervoorziening_use.pseudonyms + excluded.pseudonyms");
static const struct statement add_refusals = SQL(
    "INSERT INTO nummervoorziening_refusal (day, operation, code, calls) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (day, operation, code) DO UPDATE"
    " SET calls = nummervoorziening_refusal.calls + excluded.calls");
static const struct statement find_sketch = SQL(
    "SELECT registers FROM nummervoorziening_growth WHERE sector = $1 AND year = $2");
static const struct statement put_sketch = SQL(
    "INSERT INTO nummervoorziening_growth (sector, year, registers) VALUES ($1, $2, $3)"
    " ON CONFLICT (sector, year) DO UPDATE SET registers = excluded.registers");
static const struct statement put_estimate = SQL(
    "INSERT INTO nummervoorziening_growth_month (sector, month, estimate) VALUES ($1, $2, $3)"
    " ON CONFLICT (sector, month) DO UPDATE SET estimate = excluded.estimate");
static const struct statement use_of_board = SQL(
    "SELECT u.day, u.brin, u.oin, CAST(SUM(u.calls) AS BIGINT), CAST(SUM(u.pseudonyms) AS BIGINT)"
    "  FROM nummervoorziening_use u"
    "  JOIN nummervoorziening_school s ON s.brin = u.brin"
    " WHERE s.board = $1 AND u.day >= $2"
    " GROUP BY u.day, u.brin, u.oin"
    " ORDER BY u.day DESC, u.brin, u.oin");
static const struct statement list_refusals = SQL(
    "SELECT operation, code, MAX(day), CAST(SUM(calls) AS BIGINT)"
    "  FROM nummervoorziening_refusal WHERE day >= $1"
    " GROUP BY operation, code ORDER BY 4 DESC, 1, 2");
static const struct statement list_growth = SQL(
    "SELECT sector, month, estimate FROM nummervoorziening_growth_month ORDER BY sector, month");

bool nv_add_use(struct tx *tx, const struct use_row *row, struct error *err)
{
    return db_do(tx, &add_use,
                 ARGS(arg_text(ID_STR(row->school)), arg_text(row->day),
                      arg_text(ID_STR(row->vendor)), arg_text(row->operation), arg_int(row->calls),
                      arg_int(row->pseudonyms)),
                 NULL, err);
}

bool nv_add_refusals(struct tx *tx, struct str day, struct str operation, struct str code,
                     int64_t calls, struct error *err)
{
    return db_do(tx, &add_refusals,
                 ARGS(arg_text(day), arg_text(operation), arg_text(code), arg_int(calls)), NULL,
                 err);
}

bool nv_merge_sketch(struct tx *tx, struct str sector, int64_t year, struct str month,
                     const struct sketch *sketch, struct error *err)
{
    struct rows rows;
    struct sketch merged = *sketch, kept;
    if (!db_query(tx, &find_sketch, ARGS(arg_text(sector), arg_int(year)), &rows, err))
        return false;
    if (rows_next(&rows)) {
        struct str registers = row_bytes(&rows, 0);
        if (registers.len == sizeof kept.registers) {
            memcpy(kept.registers, registers.at, sizeof kept.registers);
            sketch_merge(&merged, &kept);
        }
    }
    struct str bytes = { (const char *)merged.registers, sizeof merged.registers };
    return rows_end(&rows, err)
           && db_do(tx, &put_sketch, ARGS(arg_text(sector), arg_int(year), arg_bytes(bytes)), NULL,
                    err)
           && db_do(tx, &put_estimate,
                    ARGS(arg_text(sector), arg_text(month), arg_int(sketch_estimate(&merged))),
                    NULL, err);
}

bool nv_use_of_board(struct tx *tx, const struct board_number *board, struct str from_day,
                     struct use_rows *list, struct error *err)
{
    struct rows rows;
    *list = (struct use_rows){ 0 };
    if (!db_query(tx, &use_of_board, ARGS(arg_text(ID_STR(*board)), arg_text(from_day)), &rows,
                  err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), list) = (struct use_row){
            .day = row_text(&rows, 0),
            .school = row_brin(&rows, 1),
            .vendor = row_oin(&rows, 2),
            .calls = row_int(&rows, 3),
            .pseudonyms = row_int(&rows, 4),
        };
    return rows_end(&rows, err);
}

bool nv_refusals(struct tx *tx, struct str from_day, struct refusals *refusals, struct error *err)
{
    struct rows rows;
    *refusals = (struct refusals){ 0 };
    if (!db_query(tx, &list_refusals, ARGS(arg_text(from_day)), &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), refusals) = (struct refusal){
            .operation = row_text(&rows, 0),
            .code = row_text(&rows, 1),
            .day = row_text(&rows, 2),
            .calls = row_int(&rows, 3),
        };
    return rows_end(&rows, err);
}

bool nv_growth(struct tx *tx, struct growths *growths, struct error *err)
{
    struct rows rows;
    *growths = (struct growths){ 0 };
    if (!db_query(tx, &list_growth, NO_ARGS, &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), growths) = (struct growth){
            .sector = row_text(&rows, 0),
            .month = row_text(&rows, 1),
            .estimate = row_int(&rows, 2),
        };
    return rows_end(&rows, err);
}
