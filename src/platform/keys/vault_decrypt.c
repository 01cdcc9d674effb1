/* SPDX-License-Identifier: EUPL-1.2 */
/* Decryption with the vault's keys: in a file by OpenSSL, in a token by the token. */
#include "platform/keys/vault_parts.h"

#include "platform/keys/says.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

static const struct {
    bool sha256, mgf1_sha256;
} schemes[DECRYPT_SCHEMES] = {
    [OAEP_SHA1_MGF1_SHA1] = { false, false },
    [OAEP_SHA1_MGF1_SHA256] = { false, true },
    [OAEP_SHA256_MGF1_SHA1] = { true, false },
    [OAEP_SHA256_MGF1_SHA256] = { true, true },
};

static const EVP_MD *digest_of(bool sha256)
{
    return sha256 ? EVP_sha256() : EVP_sha1();
}

static bool decrypt_here(EVP_PKEY *pair, enum decrypt_scheme scheme, struct arena *arena,
                         struct str encrypted, struct str *plain)
{
    size_t size = (size_t)EVP_PKEY_get_size(pair);
    unsigned char *out = arena_alloc(arena, size); /* first: memory may end there */
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pair, NULL);
    bool ok = context && encrypted.len == size && EVP_PKEY_decrypt_init(context) == 1
              && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1
              && EVP_PKEY_CTX_set_rsa_oaep_md(context, digest_of(schemes[scheme].sha256)) == 1
              && EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest_of(schemes[scheme].mgf1_sha256)) == 1
              && EVP_PKEY_decrypt(context, out, &size, (const unsigned char *)encrypted.at,
                                  encrypted.len) == 1;
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    *plain = (struct str){ (const char *)out, size };
    return ok;
}

static bool decrypt_with(const struct vault *vault, const struct key_use *use,
                         const struct material *material, enum decrypt_scheme scheme,
                         struct arena *arena, struct str encrypted, struct str *plain,
                         struct error *err)
{
    char name[TOKEN_TEXT];
    if (material->engine == ENGINE_FILE)
        return decrypt_here(material->pair, scheme, arena, encrypted, plain)
               || say(err, KEY_NOT_FOR_US, "%s.%lld", use->name, (long long)material->version);
    token_name(name, use, material->version, 0);
    return token_decrypt(vault->token, name, schemes[scheme].sha256, schemes[scheme].mgf1_sha256,
                         encrypted, arena, plain, err);
}

bool vault_decrypt(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                   enum decrypt_scheme scheme, struct str encrypted, struct str *plain,
                   struct error *err)
{
    const struct key_use *use = vault->uses[key];
    if (use->kind != KEY_DECRYPT_RSA)
        return fail_internal(err, "the key %s does not decrypt", use->name);
    vault_look(vault);
    const struct material *material = find_material(vault, key, version);
    bool ok = material ? decrypt_with(vault, use, material, scheme, arena, encrypted, plain, err)
                       : say(err, KEY_NOT_HELD, "%s.%lld", use->name, (long long)version);
    vault_looked(vault);
    return ok;
}
