/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/record/inbox.h"

#include "base/buf.h"
#include "base/random.h"
#include "platform/record/chain.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH 2000 /* transactions that are numbered at a time */

static const struct statement put_row = SQL(
    "INSERT INTO record_inbox (at, id, body) VALUES ($1, $2, $3)");

static const struct statement is_filled = SQL(
    "SELECT COUNT(*) FROM (SELECT 1 FROM record_inbox LIMIT 1) AS one");

static const struct statement find_oldest = SQL("SELECT COALESCE(MIN(at), 0) FROM record_inbox");

/* Held until the transaction ends: who comes second sees what the first has taken. */
static const struct statement take_turn = SQL(
    "INSERT INTO series (name, last) VALUES ('inbox', 1)"
    " ON CONFLICT (name) DO UPDATE SET last = series.last + 1");

/* By their places, which nobody else changes who has not the turn: found again by key it takes thrice as
 * long. SQLite has no inbox. */
static const struct statement take_rows = SQL(
    "DELETE FROM record_inbox WHERE ctid = ANY (ARRAY"
    " (SELECT ctid FROM record_inbox ORDER BY at, id LIMIT $1))"
    " RETURNING at, id, body");

/* ---- The text of a row: each field with its length before it, "5:board," ---- */

static void put_field(struct buf *body, struct str field)
{
    buf_int(body, (int64_t)field.len);
    buf_byte(body, ':');
    buf_add(body, field);
    buf_byte(body, ',');
}

static void put_number(struct buf *body, int64_t number)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%lld", (long long)number);
    put_field(body, (struct str){ text, (size_t)len });
}

static bool take_field(struct str *body, struct str *field)
{
    struct str rest = *body, number = str_cut(&rest, ':');
    int64_t len;
    if (!str_to_int(number, 0, INT32_MAX, &len) || rest.len <= (size_t)len || rest.at[len] != ',')
        return false;
    *field = str_slice(rest, 0, (size_t)len);
    *body = str_slice(rest, (size_t)len + 1, rest.len);
    return true;
}

static bool take_number(struct str *body, int64_t min, int64_t max, int64_t *number)
{
    struct str field;
    return take_field(body, &field) && str_to_int(field, min, max, number);
}

static bool take_record(struct str *body, struct record *record)
{
    int64_t kind;
    bool ok = take_number(body, 0, RECORD_KINDS - 1, &kind)
           && take_number(body, INT64_MIN, INT64_MAX, &record->at);
    for (size_t i = 0; ok && i < RECORD_FIELDS; i++)
        ok = take_field(body, &record->fields[i]);
    record->kind = ok ? (enum record_kind)kind : RECORD_AUDIT;
    return ok;
}

bool inbox_put(struct tx *tx, const struct tx_note *records, struct error *err)
{
    struct arena *arena = tx_arena(tx);
    struct buf body = { .arena = arena };
    for (const struct tx_note *note = records; note; note = note->next) {
        const struct record *record = (const struct record *)note;
        put_number(&body, record->kind);
        put_number(&body, record->at);
        for (size_t i = 0; i < RECORD_FIELDS; i++)
            put_field(&body, record->fields[i]);
    }
    return db_do_last(tx, &put_row,
                      ARGS(arg_int(instant_now()), arg_text(random_uuid(arena)),
                           arg_text(buf_str(&body))),
                      err);
}

/* ---- Emptying ---- */

struct parcel {
    instant at;
    struct str id, body;
};

static int in_order(const void *a, const void *b)
{
    const struct parcel *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return str_cmp(x->id, y->id);
}

struct emptying {
    struct parcel *parcels; /* BATCH of them */
    size_t count;
};

static bool take_parcels(struct tx *tx, struct emptying *emptying, struct error *err)
{
    struct rows rows;
    emptying->count = 0;
    if (!db_query(tx, &take_rows, ARGS(arg_int(BATCH)), &rows, err))
        return false;
    while (emptying->count < BATCH && rows_next(&rows))
        emptying->parcels[emptying->count++] =
            (struct parcel){ row_int(&rows, 0), row_text(&rows, 1), row_text(&rows, 2) };
    if (!rows_end(&rows, err))
        return false;
    qsort(emptying->parcels, emptying->count, sizeof *emptying->parcels, in_order);
    return true;
}

static bool do_empty(struct tx *tx, void *with, struct error *err)
{
    struct emptying *emptying = with;
    struct record head = { 0 }, *last = &head;
    if (!db_do(tx, &take_turn, NO_ARGS, NULL, err) || !take_parcels(tx, emptying, err))
        return false;
    for (size_t i = 0; i < emptying->count; i++) {
        struct str body = emptying->parcels[i].body;
        while (body.len) {
            struct record *record = arena_new(tx_arena(tx), struct record);
            if (!take_record(&body, record))
                return fail_internal(err, "a row of record_inbox cannot be read");
            last->note.next = &record->note;
            last = record;
        }
    }
    return chain_records(tx, head.note.next, err);
}

bool inbox_oldest(struct tx *tx, instant *oldest, struct error *err)
{
    return db_number(tx, &find_oldest, NO_ARGS, 0, oldest, err);
}

static bool do_look(struct tx *tx, void *with, struct error *err)
{
    return db_number(tx, &is_filled, NO_ARGS, 0, with, err);
}

bool inbox_empty(struct db *db, struct error *err)
{
    struct arena arena = { 0 };
    int64_t filled = 0;
    struct emptying emptying = { .count = BATCH };
    if (!db_is_postgres(db))
        return true;
    bool ok = db_read(db, &arena, do_look, &filled, err);
    while (ok && filled && emptying.count == BATCH) {
        arena_reset(&arena);
        emptying.parcels = arena_array(&arena, struct parcel, BATCH);
        ok = db_write(db, &arena, do_empty, &emptying, err);
    }
    arena_free(&arena);
    return ok;
}
