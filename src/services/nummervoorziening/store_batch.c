/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/store_batch.h"

#include "base/process.h"
#include "platform/record/jobs.h"

/* A delivery that takes longer than this was cut off; somebody may fetch again. */
#define DELIVERY_TIME (15 * MINUTE)

static const char *const state_names[BATCH_STATES] = {
    [SUBMITTED] = "submitted",   [WORKING] = "working",     [FINISHED] = "finished",
    [DELIVERING] = "delivering", [RETRIEVED] = "retrieved", [REMOVED] = "removed",
};

#define BATCH_COLUMNS                                                                              \
    "id, oin, brin, kind, chain, sector, state, items, failed, chunks, chunks_done, submitted,"    \
    " finished, expires"

static const struct statement count_today = SQL(
    "SELECT COUNT(*) FROM nummervoorziening_batch WHERE oin = $1 AND brin = $2 AND day = $3");
static const struct statement add_batch = SQL(
    "INSERT INTO nummervoorziening_batch"
    " (id, oin, brin, kind, chain, sector, state, items, failed, chunks, chunks_done, day,"
    "  submitted, finished, delivering, retrieved, expires)"
    " VALUES ($1, $2, $3, $4, $5, $6, 'submitted', $7, 0, $8, 0, $9, $10, 0, 0, 0, $11)");
static const struct statement add_chunk = SQL(
    "INSERT INTO nummervoorziening_batch_chunk (batch, number, done, sealed) VALUES ($1, $2, 0, $3)");
static const struct statement find_batch = SQL(
    "SELECT " BATCH_COLUMNS " FROM nummervoorziening_batch WHERE id = $1");
static const struct statement next_chunk = SQL(
    "SELECT number, sealed FROM nummervoorziening_batch_chunk WHERE batch = $1 AND done = 0"
    " ORDER BY number LIMIT 1");
static const struct statement read_chunk = SQL(
    "SELECT sealed FROM nummervoorziening_batch_chunk WHERE batch = $1 AND number = $2");
static const struct statement finish_chunk = SQL(
    "UPDATE nummervoorziening_batch_chunk SET sealed = $3, done = 1"
    " WHERE batch = $1 AND number = $2 AND done = 0");
static const struct statement count_chunk = SQL(
    "UPDATE nummervoorziening_batch"
    "   SET chunks_done = chunks_done + 1, failed = failed + $2, state = 'working'"
    " WHERE id = $1");
static const struct statement finish_batch = SQL(
    "UPDATE nummervoorziening_batch SET state = 'finished', finished = $2"
    " WHERE id = $1 AND chunks_done = chunks AND state = 'working'");
static const struct statement claim_batch = SQL(
    "UPDATE nummervoorziening_batch"
    "   SET state = 'delivering', delivering = $2, delivering_process = $4"
    " WHERE id = $1 AND (state = 'finished' OR (state = 'delivering' AND delivering < $3))");
static const struct statement delivered = SQL(
    "UPDATE nummervoorziening_batch SET state = 'retrieved', retrieved = $2"
    " WHERE id = $1 AND state IN ('delivering', 'finished')");
static const struct statement released = SQL(
    "UPDATE nummervoorziening_batch SET state = 'finished' WHERE id = $1 AND state = 'delivering'");
static const struct statement release_of = SQL(
    "UPDATE nummervoorziening_batch SET state = 'finished'"
    " WHERE state = 'delivering' AND delivering_process = $1");
static const struct statement list_delivering = SQL(
    "SELECT DISTINCT delivering_process FROM nummervoorziening_batch"
    " WHERE state = 'delivering' AND delivering_process <> ''");
static const struct statement erase_chunks = SQL(
    "DELETE FROM nummervoorziening_batch_chunk WHERE batch = $1");
/* Also a delivery of which nobody came to tell the end. */
#define EXPIRED                                                                                    \
    "expires <= $1 AND (state IN ('submitted', 'working', 'finished')"                             \
    " OR (state = 'delivering' AND delivering < $2))"
static const struct statement erase_expired = SQL(
    "DELETE FROM nummervoorziening_batch_chunk WHERE batch IN"
    " (SELECT id FROM nummervoorziening_batch WHERE " EXPIRED ")");
static const struct statement mark_expired = SQL(
    "UPDATE nummervoorziening_batch SET state = 'removed' WHERE " EXPIRED);
static const struct statement list_batches = SQL(
    "SELECT " BATCH_COLUMNS " FROM nummervoorziening_batch"
    " WHERE oin LIKE $3 OR brin LIKE $3"
    " ORDER BY submitted DESC, id LIMIT $1 OFFSET $2");
static const struct statement count_batches = SQL(
    "SELECT COUNT(*) FROM nummervoorziening_batch WHERE oin LIKE $1 OR brin LIKE $1");
static const struct statement tally_batches = SQL(
    "SELECT state, COUNT(*) FROM nummervoorziening_batch GROUP BY state");

static enum batch_state state_of(struct str name)
{
    for (int state = 0; state < BATCH_STATES; state++)
        if (str_eq(name, str_of(state_names[state])))
            return (enum batch_state)state;
    return REMOVED;
}

static struct batch take_batch(struct rows *rows)
{
    return (struct batch){
        .id = row_text(rows, 0),
        .vendor = row_oin(rows, 1),
        .school = row_brin(rows, 2),
        .kind = (enum batch_kind)row_int(rows, 3),
        .chain = row_text(rows, 4),
        .sector = row_text(rows, 5),
        .state = state_of(row_text(rows, 6)),
        .items = row_int(rows, 7),
        .failed = row_int(rows, 8),
        .chunks = row_int(rows, 9),
        .chunks_done = row_int(rows, 10),
        .submitted = row_int(rows, 11),
        .finished = row_int(rows, 12),
        .expires = row_int(rows, 13),
    };
}

static bool add_chunks(struct tx *tx, struct str batch, const struct chunks *chunks,
                       struct error *err)
{
    for (size_t i = 0; i < chunks->len; i++)
        if (!db_do(tx, &add_chunk,
                   ARGS(arg_text(batch), arg_int((int64_t)i), arg_bytes(chunks->at[i])), NULL, err))
            return false;
    return true;
}

bool nv_add_batch(struct tx *tx, const struct batch *batch, const struct chunks *chunks,
                  int64_t daily, instant now, struct error *err)
{
    char day_text[DAY_TEXT];
    struct str day = instant_day(now, day_text);
    struct arg vendor = arg_text(ID_STR(batch->vendor)), school = arg_text(ID_STR(batch->school));
    int64_t today = 0;
    if (!db_number(tx, &count_today, ARGS(vendor, school, arg_text(day)), 0, &today, err))
        return false;
    if (today >= daily)
        return fail_code(err, TOO_MANY, LIMIT_DAILY_BATCHES,
                         N_("The number of batches that this vendor may submit for this school in a "
                            "day is reached."));
    return db_do(tx, &add_batch,
                 ARGS(arg_text(batch->id), vendor, school, arg_int(batch->kind),
                      arg_text(batch->chain), arg_text(batch->sector), arg_int(batch->items),
                      arg_int((int64_t)chunks->len), arg_text(day), arg_int(now),
                      arg_int(batch->expires)),
                 NULL, err)
           && add_chunks(tx, batch->id, chunks, err)
           && job_add(tx, "nummervoorziening.batch", batch->id, now, err);
}

bool nv_find_batch(struct tx *tx, struct str id, struct batch *batch, bool *found,
                   struct error *err)
{
    struct rows rows;
    *found = false;
    if (!db_query(tx, &find_batch, ARGS(arg_text(id)), &rows, err))
        return false;
    if (rows_next(&rows)) {
        *found = true;
        *batch = take_batch(&rows);
    }
    return rows_end(&rows, err);
}

bool nv_next_chunk(struct tx *tx, struct str batch, int64_t *number, struct str *sealed,
                   struct error *err)
{
    struct rows rows;
    *number = -1;
    if (!db_query(tx, &next_chunk, ARGS(arg_text(batch)), &rows, err))
        return false;
    if (rows_next(&rows)) {
        *number = row_int(&rows, 0);
        *sealed = row_bytes(&rows, 1);
    }
    return rows_end(&rows, err);
}

bool nv_read_chunk(struct tx *tx, struct str batch, int64_t number, struct str *sealed,
                   struct error *err)
{
    struct rows rows;
    *sealed = (struct str){ 0 };
    if (!db_query(tx, &read_chunk, ARGS(arg_text(batch), arg_int(number)), &rows, err))
        return false;
    if (rows_next(&rows))
        *sealed = row_bytes(&rows, 0);
    if (!rows_end(&rows, err))
        return false;
    if (!sealed->at)
        return fail_internal(err, "chunk %lld of a finished batch is not there", (long long)number);
    return true;
}

bool nv_finish_chunk(struct tx *tx, struct str batch, int64_t number, struct str sealed,
                     int64_t failed, instant now, struct error *err)
{
    int64_t changed = 0;
    if (!db_do(tx, &finish_chunk, ARGS(arg_text(batch), arg_int(number), arg_bytes(sealed)),
               &changed, err))
        return false;
    if (changed == 0)
        return true;
    return db_do(tx, &count_chunk, ARGS(arg_text(batch), arg_int(failed)), NULL, err)
           && db_do(tx, &finish_batch, ARGS(arg_text(batch), arg_int(now)), NULL, err);
}

bool nv_claim_batch(struct tx *tx, struct str id, instant now, bool *claimed, struct error *err)
{
    int64_t changed = 0;
    if (!db_do(tx, &claim_batch,
               ARGS(arg_text(id), arg_int(now), arg_int(now - DELIVERY_TIME),
                    arg_text(process_name(tx_arena(tx)))),
               &changed, err))
        return false;
    *claimed = changed > 0;
    return true;
}

bool nv_batch_delivered(struct tx *tx, struct str id, instant now, struct error *err)
{
    return db_do(tx, &delivered, ARGS(arg_text(id), arg_int(now)), NULL, err)
           && db_do(tx, &erase_chunks, ARGS(arg_text(id)), NULL, err);
}

bool nv_batch_released(struct tx *tx, struct str id, struct error *err)
{
    return db_do(tx, &released, ARGS(arg_text(id)), NULL, err);
}

bool nv_delivering(struct tx *tx, struct processes *processes, struct error *err)
{
    struct rows rows;
    *processes = (struct processes){ 0 };
    if (!db_query(tx, &list_delivering, NO_ARGS, &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), processes) = row_text(&rows, 0);
    return rows_end(&rows, err);
}

bool nv_release_batches(struct tx *tx, struct str process, struct error *err)
{
    return db_do(tx, &release_of, ARGS(arg_text(process)), NULL, err);
}

bool nv_remove_expired(struct tx *tx, instant now, int64_t *removed, struct error *err)
{
    struct args when = ARGS(arg_int(now), arg_int(now - DELIVERY_TIME));
    return db_do(tx, &erase_expired, when, NULL, err)
           && db_do(tx, &mark_expired, when, removed, err);
}

bool nv_batches(struct tx *tx, struct str like, int64_t limit, int64_t offset,
                struct batches *batches, int64_t *total, struct error *err)
{
    struct rows rows;
    *batches = (struct batches){ 0 };
    if (!db_number(tx, &count_batches, ARGS(arg_text(like)), 0, total, err)
        || !db_query(tx, &list_batches, ARGS(arg_int(limit), arg_int(offset), arg_text(like)),
                     &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), batches) = take_batch(&rows);
    return rows_end(&rows, err);
}

bool nv_batch_tally(struct tx *tx, int64_t tally[static BATCH_STATES], struct error *err)
{
    struct rows rows;
    memset(tally, 0, BATCH_STATES * sizeof *tally);
    if (!db_query(tx, &tally_batches, NO_ARGS, &rows, err))
        return false;
    while (rows_next(&rows))
        tally[state_of(row_text(&rows, 0))] = row_int(&rows, 1);
    return rows_end(&rows, err);
}
