/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/reseal.h"

#include "base/instant.h"
#include "base/list.h"

bool sealed_needs(struct tx *tx, const struct sealed_columns *columns, int64_t version,
                  int64_t *count, struct error *err)
{
    *count = 0;
    for (size_t i = 0; i < columns->count; i++) {
        const struct sealed_column *column = &columns->at[i];
        struct arg bytes = arg_bytes(key_version_bytes(tx_arena(tx), version));
        int64_t here;
        bool ok = version ? db_number(tx, &column->count,
                                      ARGS(arg_bytes(KEY_SEALED_MAGIC),
                                           arg_bytes(KEY_SEALED_UNMARKED), bytes),
                                      0, &here, err)
                          : db_number(tx, &column->any, NO_ARGS, 0, &here, err);
        if (!ok)
            return false;
        *count += here;
    }
    return true;
}

struct old_value {
    struct str id, about, sealed;
};
struct old_values {
    list_of(struct old_value);
};

static bool find_old(struct tx *tx, const struct sealed_column *column, int64_t active,
                     int64_t limit, struct old_values *values, struct error *err)
{
    struct rows rows;
    *values = (struct old_values){ 0 };
    if (!db_query(tx, &column->old,
                  ARGS(arg_bytes(KEY_SEALED_MAGIC), arg_bytes(KEY_SEALED_UNMARKED),
                       arg_bytes(key_version_bytes(tx_arena(tx), active)), arg_int(limit)),
                  &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), values) = (struct old_value){ row_text(&rows, 0), row_text(&rows, 1),
                                                              row_bytes(&rows, 2) };
    return rows_end(&rows, err);
}

static bool seal_again(struct tx *tx, struct keeper *keeper, const char *key,
                       const struct sealed_column *column, const struct old_value *value,
                       struct error *err)
{
    struct arena *arena = tx_arena(tx);
    struct str plain, sealed;
    return keeper_unseal(keeper, arena, key, value->about, value->sealed, &plain, err)
           && keeper_seal(keeper, arena, key, value->about, plain, &sealed, err)
           && db_do(tx, &column->reseal,
                    ARGS(arg_bytes(sealed), arg_text(value->id), arg_bytes(value->sealed)), NULL,
                    err);
}

bool sealed_renew(struct tx *tx, struct keeper *keeper, const struct sealed_columns *columns,
                  int64_t limit, int64_t *moved, struct error *err)
{
    const struct key_version *active =
        key_active(keeper_versions(keeper, columns->key), instant_now());
    *moved = 0;
    for (size_t i = 0; active && i < columns->count && !*moved; i++) {
        struct old_values values;
        if (!find_old(tx, &columns->at[i], active->number, limit, &values, err))
            return false;
        for (size_t j = 0; j < values.len; j++)
            if (!seal_again(tx, keeper, columns->key, &columns->at[i], &values.at[j], err))
                return false;
        *moved = (int64_t)values.len;
    }
    return true;
}
