/* SPDX-License-Identifier: EUPL-1.2 */
/* Batches: many values in one call, worked on later. The content rests sealed, in chunks; the work
 * replaces a chunk's input by its result in one transaction, so that it can stop anywhere and go on. */
#ifndef NUMMERVOORZIENING_BATCH_H
#define NUMMERVOORZIENING_BATCH_H

#include "base/buf.h"
#include "services/nummervoorziening/store_batch.h"

#define CHUNK_ITEMS 10000

/* Why one item failed while its batch went on; kept as its number. */
enum item_failure {
    FAILED_HPGN,
    FAILED_BLOCKED,
    FAILED_STAMPSEUDONYM,
    FAILED_UNKNOWN_STAMPSEUDONYM,
    FAILED_RETIRED_STAMPSEUDONYM,
    ITEM_FAILURES
};
const char *item_failure_code(enum item_failure failure);
const char *item_failure_message(enum item_failure failure); /* a catalogue text */

enum item_kind { ITEM_FAILED, ITEM_HPGN, ITEM_OWN, ITEM_TEXT, ITEM_KINDS };

/* One line of a batch, before or after its work. */
struct item {
    int32_t index;
    enum item_kind kind;
    enum item_failure failure;  /* ITEM_FAILED */
    struct hpgn hpgn;           /* ITEM_HPGN: the input */
    struct pseudonym own;       /* ITEM_OWN: a pseudonym under our own prefix, input or result */
    int64_t version;            /* ITEM_OWN: of the key, which tells the prefix */
    struct str text;            /* ITEM_TEXT: any other pseudonym */
};
void item_put(struct buf *chunk, const struct item *item);
/* The next item of a chunk; false at its end, and when it is broken (then `err` is filled). */
bool item_next(struct str *chunk, struct item *item, struct error *err);

/* A batch while it is being read from a request. */
struct draft {
    struct arena *arena;
    const struct derivation *derivation;
    struct batch batch;
    int64_t limit;              /* most items */
    struct buf chunk;           /* the chunk at hand, not yet sealed */
    size_t in_chunk;
    struct chunks chunks;
    list_of(int32_t) indices;
    bool rising;                /* each index so far was higher than the one before */
};
void draft_start(struct draft *draft, struct arena *arena, const struct derivation *derivation,
                 enum batch_kind kind, int64_t limit);
/* Adds an item. A bad value fails alone, later; a bad index fails the batch. */
bool draft_add(struct draft *draft, struct str index, struct str value, struct error *err);
/* Seals the last chunk; refuses an empty batch and an index that was given twice. */
bool draft_finish(struct draft *draft, struct error *err);

/* The batch's job: works chunk by chunk until the batch is finished. */
struct job;
bool batch_job(struct app *app, struct arena *arena, const struct job *job, struct error *err);
/* The periodic job: erases what nobody fetched in time. */
bool batch_expiry_job(struct app *app, struct arena *arena, const struct job *job,
                      struct error *err);

/* The bytes of a chunk, opened. */
bool chunk_open(struct arena *arena, const struct derivation *derivation, struct str batch,
                int64_t number, struct str sealed, struct str *plain, struct error *err);
/* What a chunk's sealed bytes are bound to. */
struct str chunk_about(struct arena *arena, struct str batch, int64_t number);

#endif
