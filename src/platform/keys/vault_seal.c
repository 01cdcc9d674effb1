/* SPDX-License-Identifier: EUPL-1.2 */
/* Sealing with the vault's keys. A key in a file seals with AES-256-GCM itself. A key in a token makes
 * a key for each value, as HMAC over a random salt, with which the value is sealed here: so it may be
 * of any size, and any token that can make an HMAC will do. */
#include "platform/keys/vault_parts.h"

#include "base/random.h"
#include "platform/keys/says.h"

#include <openssl/crypto.h>

#define SALT_BYTES 16

static void put_mark(unsigned char mark[static SEAL_MARK], int64_t version)
{
    memcpy(mark, SEAL_MAGIC, 4);
    for (int i = 0; i < 4; i++)
        mark[4 + i] = (unsigned char)(version >> (24 - 8 * i));
}

/* Takes the mark from a sealed value; false when there is none. */
static bool take_mark(struct str *sealed, int64_t *version)
{
    if (sealed->len < SEAL_MARK || memcmp(sealed->at, SEAL_MAGIC, 4) != 0)
        return false;
    const unsigned char *at = (const unsigned char *)sealed->at + 4;
    *version = (int64_t)at[0] << 24 | (int64_t)at[1] << 16 | (int64_t)at[2] << 8 | at[3];
    if (*version < 2) /* no version before the second one is marked: these bytes are chance */
        return false;
    *sealed = str_slice(*sealed, SEAL_MARK, sealed->len);
    return true;
}

static bool value_key(struct vault *vault, const struct key_use *use,
                      const struct material *material, struct str salt, struct key *key,
                      struct error *err)
{
    char name[TOKEN_TEXT], fields[128];
    unsigned char mac[MAC512_BYTES];
    const struct str asked[] = { STR("fundament seal"), salt };
    token_name(name, use, material->version, 0);
    struct str input = { fields, (size_t)(key_fields(asked, 2, fields) - fields) };
    bool ok = token_mac(vault->token, name, input, MAC512_BYTES, mac, err);
    if (ok)
        memcpy(key->bytes, mac, KEY_BYTES);
    OPENSSL_cleanse(mac, sizeof mac);
    return ok;
}

static bool seal_in_token(struct vault *vault, const struct key_use *use,
                          const struct material *material, struct arena *arena, struct str about,
                          struct str plain, struct str *sealed, struct error *err)
{
    struct key key;
    char *salt = arena_alloc(arena, SALT_BYTES);
    random_bytes(salt, SALT_BYTES);
    if (!value_key(vault, use, material, (struct str){ salt, SALT_BYTES }, &key, err))
        return false;
    struct str value = seal(arena, &key, about, plain);
    OPENSSL_cleanse(&key, sizeof key);
    char *all = arena_alloc(arena, SALT_BYTES + value.len);
    memcpy(all, salt, SALT_BYTES);
    memcpy(all + SALT_BYTES, value.at, value.len);
    *sealed = (struct str){ all, SALT_BYTES + value.len };
    return true;
}

/* Values of version 1 bear no mark: they are as they were before there were versions. */
static void put_before(struct arena *arena, int64_t version, struct str *sealed)
{
    if (version == 1)
        return;
    char *all = arena_alloc(arena, SEAL_MARK + sealed->len);
    put_mark((unsigned char *)all, version);
    memcpy(all + SEAL_MARK, sealed->at, sealed->len);
    *sealed = (struct str){ all, SEAL_MARK + sealed->len };
}

bool vault_seal(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                struct str about, struct str plain, struct str *sealed, struct error *err)
{
    const struct key_use *use = vault->uses[key];
    if (use->kind != KEY_SEAL)
        return fail_internal(err, "the key %s does not seal", use->name);
    vault_look(vault);
    const struct material *material = find_material(vault, key, version);
    bool ok = material != NULL;
    if (!ok)
        say(err, KEY_NOT_HELD, "%s.%lld", use->name, (long long)version);
    else if (material->engine == ENGINE_PKCS11)
        ok = seal_in_token(vault, use, material, arena, about, plain, sealed, err);
    else
        *sealed = seal(arena, material->parts[0], about, plain);
    vault_looked(vault);
    if (ok)
        put_before(arena, version, sealed);
    return ok;
}

static bool open_with(struct vault *vault, const struct key_use *use,
                      const struct material *material, struct arena *arena, struct str about,
                      struct str sealed, struct str *plain, struct error *err)
{
    struct key value;
    bool ok;
    if (material->engine == ENGINE_FILE) {
        ok = unseal(arena, material->parts[0], about, sealed, plain);
    } else {
        if (!value_key(vault, use, material, str_slice(sealed, 0, SALT_BYTES), &value, err))
            return false;
        ok = unseal(arena, &value, about, str_slice(sealed, SALT_BYTES, sealed.len), plain);
        OPENSSL_cleanse(&value, sizeof value);
    }
    return ok || fail_internal(err, "a value sealed with the key %s.%lld does not open", use->name,
                               (long long)material->version);
}

static bool open_version(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                         struct str about, struct str sealed, struct str *plain,
                         struct error *err)
{
    const struct key_use *use = vault->uses[key];
    vault_look(vault);
    const struct material *material = find_material(vault, key, version);
    bool ok = material ? open_with(vault, use, material, arena, about, sealed, plain, err)
                       : say(err, KEY_NOT_HELD, "%s.%lld", use->name, (long long)version);
    vault_looked(vault);
    return ok;
}

bool vault_unseal(struct vault *vault, struct arena *arena, size_t key, struct str about,
                  struct str sealed, struct str *plain, struct error *err)
{
    const struct key_use *use = vault->uses[key];
    struct str rest = sealed;
    struct error ignored;
    int64_t version;
    if (use->kind != KEY_SEAL)
        return fail_internal(err, "the key %s does not seal", use->name);
    if (!take_mark(&rest, &version))
        return open_version(vault, arena, key, 1, about, sealed, plain, err);
    /* A value without a mark begins with random bytes: they may look like one. */
    return open_version(vault, arena, key, version, about, rest, plain, err)
           || open_version(vault, arena, key, 1, about, sealed, plain, &ignored);
}
