/* SPDX-License-Identifier: EUPL-1.2 */
/* All SQL of the versions of keys. */
#ifndef PLATFORM_KEY_STORE_H
#define PLATFORM_KEY_STORE_H

#include "base/list.h"
#include "platform/db/db.h"
#include "platform/keys/keeper.h"

struct stored_key {
    struct str name;
    struct key_version version;
};
struct stored_keys {
    list_of(struct stored_key); /* by name and version */
};
bool key_store_all(struct tx *tx, struct stored_keys *keys, struct error *err);

/* Adds a version; `added` false: there is one of this number already. */
bool key_store_add(struct tx *tx, struct str name, const struct key_version *version, bool *added,
                   struct error *err);
/* Changes the state, engine, attributes and instant of a version. */
bool key_store_change(struct tx *tx, struct str name, const struct key_version *version,
                      struct error *err);

#endif
