/* SPDX-License-Identifier: EUPL-1.2 */
/* What a KEY_SEAL sealed, in columns of tables: how much of it needs a version of the key, and bringing
 * it to the active one. A service lists its columns and has `needs` and `renew` of its key_use from here. */
#ifndef PLATFORM_RESEAL_H
#define PLATFORM_RESEAL_H

#include "platform/db/db.h"
#include "platform/keys/keeper.h"

/* By SEALED_COLUMN. */
struct sealed_column {
    struct statement any;    /* how many are sealed */
    struct statement count;  /* ... by the version $3 */
    struct statement old;    /* id, what they are about, sealed: of others than version $3; at most $4 */
    struct statement reseal; /* $1 in the place of $3, of id $2 */
};

/* `column` of `table`, whose TEXT `id` is its key; `about` is SQL for what was given to keeper_seal. An
 * empty value is not sealed. */
#define SEALED_COLUMN(table, id, column, about)                                                    \
    {                                                                                              \
        .any = SQL("SELECT COUNT(*) FROM " table " WHERE length(" column ") > 0"),                 \
        .count = SQL("SELECT COUNT(*) FROM " table " WHERE length(" column ") > 0 AND "            \
                     KEY_SEALED_VERSION(column) " = $3"),                                          \
        .old = SQL("SELECT " id ", " about ", " column " FROM " table " WHERE length(" column      \
                   ") > 0 AND " KEY_SEALED_VERSION(column) " <> $3 LIMIT $4"),                     \
        .reseal = SQL("UPDATE " table " SET " column " = $1 WHERE " id " = $2 AND " column         \
                      " = $3"),                                                                    \
    }

struct sealed_columns {
    const char *key;
    size_t count;
    const struct sealed_column *at;
};

/* As `needs` and `renew` of struct key_use (platform/keys/use.h). */
bool sealed_needs(struct tx *tx, const struct sealed_columns *columns, int64_t version,
                  int64_t *count, struct error *err);
bool sealed_renew(struct tx *tx, struct keeper *keeper, const struct sealed_columns *columns,
                  int64_t limit, int64_t *moved, struct error *err);

#endif
