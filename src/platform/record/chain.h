/* SPDX-License-Identifier: EUPL-1.2 */
/* How deeds become rows: they get numbers without gaps, and the rows of the audit trail are chained.
 * For the files of record only. */
#ifndef PLATFORM_CHAIN_H
#define PLATFORM_CHAIN_H

#include "base/instant.h"
#include "platform/db/db.h"

#define HASH_BYTES 32

struct hash {
    unsigned char bytes[HASH_BYTES];
};

/* One audit row or event on its way. */
enum record_kind { RECORD_AUDIT, RECORD_EVENT, RECORD_KINDS };
#define RECORD_FIELDS 5
struct record {
    struct tx_note note; /* first: db_note's list is a list of records */
    enum record_kind kind;
    instant at;
    /* of an audit row: who, on behalf, what, subject, detail; of an event: kind, subject, payload,
     * organisations, and an empty one */
    struct str fields[RECORD_FIELDS];
};

/* Leaves it to be written at the end of the transaction; copies the texts. */
void record_leave(struct tx *tx, const struct record *record);

/* Numbers the records in this order and writes them as rows. Holds the series of both kinds, which
 * are present here, until the transaction ends. */
bool chain_records(struct tx *tx, const struct tx_note *records, struct error *err);

/* SHA-256 over the hash before and every field, each with its length (8 bytes, big-endian) before
 * it; numbers are 8 bytes, big-endian. The first row's hash before is all zero. */
bool chain_hash(const struct record *record, int64_t number, const struct hash *before,
                struct hash *hash, struct error *err);

struct str hash_str(const struct hash *hash);

#endif
