/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/store_keys.h"

static const struct statement count_substitutions = SQL(
    "SELECT COUNT(*) FROM nummervoorziening_substitution WHERE version = $1");
static const struct statement old_substitutions = SQL(
    "SELECT new_lookup, sealed, 0 FROM nummervoorziening_substitution"
    " WHERE version <> 0 AND version <> $1 ORDER BY new_lookup LIMIT $2");
static const struct statement keep_substitution = SQL(
    "UPDATE nummervoorziening_substitution SET version = 0 WHERE new_lookup = $1");

#define COUNT_SEALED(table)                                                                        \
    "SELECT COUNT(*) FROM " table " WHERE " KEY_SEALED_VERSION("sealed") " = $3"
#define OLD_SEALED(table, key, number)                                                             \
    "SELECT " key ", sealed, " number " FROM " table " WHERE " KEY_SEALED_VERSION("sealed")        \
    " <> $3 LIMIT $4"

static const struct {
    struct statement count, old, reseal;
} tables[SEALED_TABLES] = {
    [SEALED_PAIRS] = {
        SQL(COUNT_SEALED("nummervoorziening_pair")),
        SQL(OLD_SEALED("nummervoorziening_pair", "lookup", "0")),
        SQL("UPDATE nummervoorziening_pair SET sealed = $1 WHERE lookup = $2 AND sealed = $3"),
    },
    [SEALED_SUBSTITUTIONS] = {
        SQL(COUNT_SEALED("nummervoorziening_substitution")),
        SQL(OLD_SEALED("nummervoorziening_substitution", "new_lookup", "0")),
        SQL("UPDATE nummervoorziening_substitution SET sealed = $1"
            " WHERE new_lookup = $2 AND sealed = $3"),
    },
    [SEALED_CHUNKS] = {
        SQL(COUNT_SEALED("nummervoorziening_batch_chunk")),
        SQL(OLD_SEALED("nummervoorziening_batch_chunk", "batch", "number")),
        SQL("UPDATE nummervoorziening_batch_chunk SET sealed = $1"
            " WHERE batch = $2 AND sealed = $3 AND number = $4"),
    },
};

bool nv_count_substitutions(struct tx *tx, int64_t version, int64_t *count, struct error *err)
{
    return db_number(tx, &count_substitutions, ARGS(arg_int(version)), 0, count, err);
}

static bool read_values(struct tx *tx, const struct statement *statement, struct args args,
                        bool text_key, struct sealed_values *values, struct error *err)
{
    struct rows rows;
    *values = (struct sealed_values){ 0 };
    if (!db_query(tx, statement, args, &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), values) = (struct sealed_value){
            text_key ? row_text(&rows, 0) : row_bytes(&rows, 0),
            row_bytes(&rows, 1),
            row_int(&rows, 2),
        };
    return rows_end(&rows, err);
}

bool nv_old_substitutions(struct tx *tx, int64_t active, int64_t limit,
                          struct sealed_values *values, struct error *err)
{
    return read_values(tx, &old_substitutions, ARGS(arg_int(active), arg_int(limit)), false, values,
                       err);
}

bool nv_keep_substitution(struct tx *tx, struct str new_lookup, struct error *err)
{
    return db_do(tx, &keep_substitution, ARGS(arg_bytes(new_lookup)), NULL, err);
}

bool nv_count_sealed(struct tx *tx, int64_t version, int64_t *count, struct error *err)
{
    struct str bytes = key_version_bytes(tx_arena(tx), version);
    *count = 0;
    for (size_t i = 0; i < SEALED_TABLES; i++) {
        int64_t here;
        if (!db_number(tx, &tables[i].count,
                       ARGS(arg_bytes(KEY_SEALED_MAGIC), arg_bytes(KEY_SEALED_UNMARKED),
                            arg_bytes(bytes)),
                       0, &here, err))
            return false;
        *count += here;
    }
    return true;
}

bool nv_old_sealed(struct tx *tx, enum sealed_table table, int64_t active, int64_t limit,
                   struct sealed_values *values, struct error *err)
{
    struct str bytes = key_version_bytes(tx_arena(tx), active);
    return read_values(tx, &tables[table].old,
                       ARGS(arg_bytes(KEY_SEALED_MAGIC), arg_bytes(KEY_SEALED_UNMARKED),
                            arg_bytes(bytes), arg_int(limit)),
                       table == SEALED_CHUNKS, values, err);
}

bool nv_reseal(struct tx *tx, enum sealed_table table, const struct sealed_value *value,
               struct str sealed, struct error *err)
{
    if (table != SEALED_CHUNKS)
        return db_do(tx, &tables[table].reseal,
                     ARGS(arg_bytes(sealed), arg_bytes(value->key), arg_bytes(value->sealed)),
                     NULL, err);
    return db_do(tx, &tables[table].reseal,
                 ARGS(arg_bytes(sealed), arg_text(value->key), arg_bytes(value->sealed),
                      arg_int(value->number)),
                 NULL, err);
}
