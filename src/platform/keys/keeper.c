/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/keeper.h"

#include "base/file.h"
#include "platform/service.h"

#define KEYS_MAX 32

struct keeper {
    size_t count;
    struct held {
        const char *name;
        struct key *key;
    } held[KEYS_MAX];
};

static bool hold(struct keeper *keeper, const char *folder, const struct key_use *use,
                 struct error *err)
{
    if (keeper->count == KEYS_MAX)
        return fail_internal(err, "more than %d keys", KEYS_MAX);
    struct held *held = &keeper->held[keeper->count];
    held->name = use->name;
    if (!key_load(folder, use->name, true, &held->key, err))
        return false;
    keeper->count++;
    return true;
}

bool keeper_open(struct app *app, struct keeper **keeper, struct error *err)
{
    const char *folder = config_path(app->config, app->arena, "keys");
    *keeper = arena_new(app->arena, struct keeper);
    if (!folder_make(folder, err))
        return false;
    for (size_t i = 0; app->services[i]; i++)
        for (const struct key_use *use = app->services[i]->keys; use && use->name; use++)
            if (!hold(*keeper, folder, use, err))
                return false;
    return true;
}

void keeper_close(struct keeper *keeper)
{
    while (keeper->count)
        key_free(keeper->held[--keeper->count].key);
}

static bool find(const struct keeper *keeper, const char *name, const struct key **key,
                 struct error *err)
{
    for (size_t i = 0; i < keeper->count; i++) {
        *key = keeper->held[i].key;
        if (str_eq(str_of(keeper->held[i].name), str_of(name)))
            return true;
    }
    return fail_internal(err, "no service declares the key %s", name);
}

bool keeper_seal(struct keeper *keeper, struct arena *arena, const char *name, struct str about,
                 struct str plain, struct str *sealed, struct error *err)
{
    const struct key *key;
    if (!find(keeper, name, &key, err))
        return false;
    *sealed = seal(arena, key, about, plain);
    return true;
}

bool keeper_unseal(struct keeper *keeper, struct arena *arena, const char *name, struct str about,
                   struct str sealed, struct str *plain, struct error *err)
{
    const struct key *key;
    return find(keeper, name, &key, err)
           && (unseal(arena, key, about, sealed, plain)
               || fail_internal(err, "a value sealed with the key %s does not open", name));
}

bool keeper_mac256(struct keeper *keeper, const char *name, const struct str *fields, size_t count,
                   unsigned char out[static MAC256_BYTES], struct error *err)
{
    const struct key *key;
    if (!find(keeper, name, &key, err))
        return false;
    mac256(key, fields, count, out);
    return true;
}
