/* SPDX-License-Identifier: EUPL-1.2 */
/* All SQL of the counts. */
#ifndef NUMMERVOORZIENING_STORE_USE_H
#define NUMMERVOORZIENING_STORE_USE_H

#include "services/nummervoorziening/store.h"
#include "services/nummervoorziening/use.h"

struct use_row {
    struct brin school;
    struct oin vendor;
    struct str day, operation;
    int64_t calls, pseudonyms;
};
bool nv_add_use(struct tx *tx, const struct use_row *row, struct error *err);
bool nv_add_refusals(struct tx *tx, struct str day, struct str operation, struct str code,
                     int64_t calls, struct error *err);

/* Merges a sketch into that of the sector and year, and notes the month's estimate. */
bool nv_merge_sketch(struct tx *tx, struct str sector, int64_t year, struct str month,
                     const struct sketch *sketch, struct error *err);

struct use_rows {
    list_of(struct use_row);
};
/* The counts of a board's schools from a day on, summed over the operations, newest first. */
bool nv_use_of_board(struct tx *tx, const struct board_number *board, struct str from_day,
                     struct use_rows *rows, struct error *err);

struct refusal {
    struct str day, operation, code;
    int64_t calls;
};
struct refusals {
    list_of(struct refusal);
};
/* Refusals by operation and code from a day on, most frequent first. */
bool nv_refusals(struct tx *tx, struct str from_day, struct refusals *refusals, struct error *err);

struct growth {
    struct str sector, month;
    int64_t estimate;
};
struct growths {
    list_of(struct growth);
};
/* The estimates of unique ECK iDs at the end of each month ("2026-11"), by sector and month. */
bool nv_growth(struct tx *tx, struct growths *growths, struct error *err);

#endif
