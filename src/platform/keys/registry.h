/* SPDX-License-Identifier: EUPL-1.2 */
/* Which versions of keys there are: the database says it, this process knows it, the keeper has them.
 * Deeds on keys are a command's (`fundament key`); each is audited. */
#ifndef PLATFORM_KEY_REGISTRY_H
#define PLATFORM_KEY_REGISTRY_H

#include "platform/app.h"
#include "platform/keys/keeper.h"

/* Reads the database again and lets the keeper take up what is new; versions that it cannot are noted
 * as not held, and told to the log once. */
bool registry_refresh(struct keeper *keeper, struct error *err);

/* The keys of this app, for `fundament key list`. */
struct key_row {
    const struct key_use *use;
    struct key_versions versions;
};
size_t registry_keys(struct keeper *keeper, struct key_row rows[static KEYS_MAX]);
/* Where a version of the key is: a file, or a name in the token. */
struct str registry_place(struct keeper *keeper, struct arena *arena, const char *name,
                          const struct key_version *version);

/* Makes the next version, here; other nodes get its file (or reach the token) before it is used. */
bool registry_add(struct keeper *keeper, const char *name, enum key_engine engine, int64_t *number,
                  struct error *err);
/* Lets the next version become the active one at `from`, a few seconds ahead. `attributes`: as many as
 * the key declares. */
bool registry_rotate(struct keeper *keeper, const char *name, const struct str *attributes,
                     int64_t *number, instant *from, struct error *err);
/* Ends a version that is previous, or one that is next and will not be used. While something needs
 * it: CONFLICT, and `needed` says how much. `destroy`: its file here, or its objects in the token, are
 * removed. */
bool registry_retire(struct keeper *keeper, const char *name, int64_t number, bool destroy,
                     int64_t *needed, struct error *err);
/* Moves a version from its file into the token; what it computes stays the same. */
bool registry_move(struct keeper *keeper, const char *name, int64_t number, struct error *err);
/* Brings what needs older versions to the active one, a part at a time; `moved` gets how much was
 * moved by this call, 0 when nothing is left. */
bool registry_renew(struct keeper *keeper, struct arena *arena, const char *name, int64_t *moved,
                    struct error *err);

#endif
