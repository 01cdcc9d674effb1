/* SPDX-License-Identifier: EUPL-1.2 */
/* The keeper of keys: the only one who sees them. Others name a key (struct service's table `keys`)
 * and ask to seal, open or authenticate with it. */
#ifndef PLATFORM_KEEPER_H
#define PLATFORM_KEEPER_H

#include "platform/keys/keys.h"

struct app;
struct keeper;

/* Takes up the keys of the app's services from <data>/keys; those that are missing are made. */
bool keeper_open(struct app *app, struct keeper **keeper, struct error *err);
void keeper_close(struct keeper *keeper);

/* As seal() and unseal() of platform/keys/keys.h, with the key of this name. A value that does not
 * open is an INTERNAL error: the database or the key was changed. */
bool keeper_seal(struct keeper *keeper, struct arena *arena, const char *key, struct str about,
                 struct str plain, struct str *sealed, struct error *err);
bool keeper_unseal(struct keeper *keeper, struct arena *arena, const char *key, struct str about,
                   struct str sealed, struct str *plain, struct error *err);

/* As mac256(). */
bool keeper_mac256(struct keeper *keeper, const char *key, const struct str *fields, size_t count,
                   unsigned char out[static MAC256_BYTES], struct error *err);

#endif
