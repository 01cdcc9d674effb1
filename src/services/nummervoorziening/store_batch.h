/* SPDX-License-Identifier: EUPL-1.2 */
/* All SQL of batches. */
#ifndef NUMMERVOORZIENING_STORE_BATCH_H
#define NUMMERVOORZIENING_STORE_BATCH_H

#include "services/nummervoorziening/store.h"

enum batch_kind { BATCH_STAMPSEUDONYMS = 1, BATCH_ECK_IDS = 2 };

/* submitted -> working -> finished -> delivering -> retrieved, or -> removed when nobody came. A
 * delivery whose connection broke goes back to finished. */
enum batch_state { SUBMITTED, WORKING, FINISHED, DELIVERING, RETRIEVED, REMOVED, BATCH_STATES };

#define BATCH_ID_BYTES 16 /* on the wire as hex */

struct batch {
    struct str id;
    struct oin vendor;
    struct brin school;
    enum batch_kind kind;
    struct str chain, sector;   /* of BATCH_ECK_IDS */
    enum batch_state state;
    int64_t items, failed, chunks, chunks_done;
    instant submitted, finished, expires;
};

struct chunks {
    list_of(struct str); /* sealed */
};

/* Adds the batch, its content and its job. Over `daily` batches today for this vendor and school:
 * LimitDailyBatchSubmissionsExceededException. */
bool nv_add_batch(struct tx *tx, const struct batch *batch, const struct chunks *chunks,
                  int64_t daily, instant now, struct error *err);
bool nv_find_batch(struct tx *tx, struct str id, struct batch *batch, bool *found,
                   struct error *err);

/* The first chunk that waits for its work; number -1: none. */
bool nv_next_chunk(struct tx *tx, struct str batch, int64_t *number, struct str *sealed,
                   struct error *err);
/* Puts the result of a chunk in place of its input. A chunk that was done before is left alone. When
 * it was the last one, the batch is finished. */
bool nv_finish_chunk(struct tx *tx, struct str batch, int64_t number, struct str sealed,
                     int64_t failed, instant now, struct error *err);
bool nv_read_chunk(struct tx *tx, struct str batch, int64_t number, struct str *sealed,
                   struct error *err);

/* Claims a finished batch for delivery; `claimed` false: somebody else is fetching it. */
bool nv_claim_batch(struct tx *tx, struct str id, instant now, bool *claimed, struct error *err);
/* After the delivery: erases the content, or gives the batch back. */
bool nv_batch_delivered(struct tx *tx, struct str id, instant now, struct error *err);
bool nv_batch_released(struct tx *tx, struct str id, struct error *err);
/* The processes (base/process.h) that are sending batches, and giving back those of one of them. */
struct processes {
    list_of(struct str);
};
bool nv_delivering(struct tx *tx, struct processes *processes, struct error *err);
bool nv_release_batches(struct tx *tx, struct str process, struct error *err);
/* Erases the content of batches whose time is over; `removed` gets their number. */
bool nv_remove_expired(struct tx *tx, instant now, int64_t *removed, struct error *err);

/* For the operator: the newest batches first, of vendors and schools whose OIN or BRIN is LIKE this. */
struct batches {
    list_of(struct batch);
};
bool nv_batches(struct tx *tx, struct str like, int64_t limit, int64_t offset,
                struct batches *batches, int64_t *total, struct error *err);
/* How many there are in each state. */
bool nv_batch_tally(struct tx *tx, int64_t tally[static BATCH_STATES], struct error *err);

#endif
