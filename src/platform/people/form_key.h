/* SPDX-License-Identifier: EUPL-1.2 */
/* The key behind the tokens of forms. It rests in the database, sealed by the key `accounts`, so that all
 * nodes have the same without anything being copied; each takes it into its memory when it starts. */
#ifndef PLATFORM_FORM_KEY_H
#define PLATFORM_FORM_KEY_H

#include "platform/app.h"
#include "platform/keys/keys.h"

/* The first node makes it, or takes over what an installation of before had in keys/web.key. One that
 * does not open any more (the key `accounts` was lost) is replaced, and the log says so: forms that are
 * open then are out of date. Free with key_free. */
bool form_key_load(struct app *app, struct key **key, struct error *err);

/* What needs a version of the key `accounts`, and bringing it to the active one; as in use.h. Another key
 * makes nothing false here: so version 0 needs nothing. */
struct tx;
struct keeper;
bool form_key_needs(struct tx *tx, int64_t version, int64_t *count, struct error *err);
bool form_key_renew(struct tx *tx, struct keeper *keeper, int64_t limit, int64_t *moved,
                    struct error *err);

#endif
