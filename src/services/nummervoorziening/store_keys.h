/* SPDX-License-Identifier: EUPL-1.2 */
/* All SQL about what needs which version of a key. */
#ifndef NUMMERVOORZIENING_STORE_KEYS_H
#define NUMMERVOORZIENING_STORE_KEYS_H

#include "services/nummervoorziening/store.h"

/* How many substitutions keep a stampseudoniem that only this version of the root explains. */
bool nv_count_substitutions(struct tx *tx, int64_t version, int64_t *count, struct error *err);

/* A sealed value, by the key of its row (and the number of a chunk). */
struct sealed_value {
    struct str key, sealed;
    int64_t number;
};
struct sealed_values {
    list_of(struct sealed_value);
};
/* Substitutions whose stampseudoniem is of another version than `active`, and their end. */
bool nv_old_substitutions(struct tx *tx, int64_t active, int64_t limit,
                          struct sealed_values *values, struct error *err);
bool nv_keep_substitution(struct tx *tx, struct str new_lookup, struct error *err);

/* Where sealed values rest. */
enum sealed_table { SEALED_PAIRS, SEALED_SUBSTITUTIONS, SEALED_CHUNKS, SEALED_TABLES };
/* How many, in all tables, are sealed with this version. */
bool nv_count_sealed(struct tx *tx, int64_t version, int64_t *count, struct error *err);
/* At most `limit` that are sealed with another version than `active`. */
bool nv_old_sealed(struct tx *tx, enum sealed_table table, int64_t active, int64_t limit,
                   struct sealed_values *values, struct error *err);
/* Puts a value sealed again in place of what it was, when it still is that. */
bool nv_reseal(struct tx *tx, enum sealed_table table, const struct sealed_value *value,
               struct str sealed, struct error *err);

#endif
