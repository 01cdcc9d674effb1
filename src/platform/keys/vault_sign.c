/* SPDX-License-Identifier: EUPL-1.2 */
/* Signatures with the vault's keys: in a file by OpenSSL, in a token by the token. */
#include "platform/keys/vault_parts.h"

#include "platform/keys/key_file.h"
#include "platform/keys/says.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define RSA_BITS 3072
#define P256     32 /* bytes of r, and of s */

static bool fail_openssl(struct error *err, const char *what)
{
    ERR_clear_error();
    return fail_internal(err, "OpenSSL: %s", what);
}

bool pair_make(bool rsa, struct secret *secret, struct error *err)
{
    EVP_PKEY *pair = rsa ? EVP_RSA_gen(RSA_BITS) : EVP_EC_gen("P-256");
    PKCS8_PRIV_KEY_INFO *info = pair ? EVP_PKEY2PKCS8(pair) : NULL;
    int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : 0;
    bool ok = size > 0 && (size_t)size <= SECRET_MAX;
    if (ok) {
        unsigned char *at = secret->bytes;
        i2d_PKCS8_PRIV_KEY_INFO(info, &at);
        secret->len = (size_t)size;
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(pair);
    return ok || fail_openssl(err, "making a pair of keys");
}

bool pair_read(bool rsa, const struct secret *secret, EVP_PKEY **pair, struct error *err)
{
    const unsigned char *at = secret->bytes;
    *pair = d2i_AutoPrivateKey(NULL, &at, (long)secret->len);
    if (*pair && EVP_PKEY_get_base_id(*pair) == (rsa ? EVP_PKEY_RSA : EVP_PKEY_EC)
        && (rsa ? EVP_PKEY_get_bits(*pair) >= 2048 : EVP_PKEY_get_bits(*pair) == 256))
        return true;
    EVP_PKEY_free(*pair);
    *pair = NULL;
    return fail_openssl(err, "a key file does not hold a pair of its kind");
}

bool material_public_key(const struct vault *vault, const struct key_use *use,
                         const struct material *material, struct arena *arena, struct str *der,
                         struct error *err)
{
    char name[TOKEN_TEXT];
    unsigned char *bytes = NULL;
    token_name(name, use, material->version, 0);
    if (material->engine == ENGINE_PKCS11)
        return token_public_key(vault->token, name, use->kind == KEY_SIGN_RSA, arena, der, err);
    int size = i2d_PUBKEY(material->pair, &bytes);
    if (size <= 0)
        return fail_openssl(err, "a public key");
    *der = str_copy(arena, (struct str){ (const char *)bytes, (size_t)size });
    OPENSSL_free(bytes);
    return true;
}

/* From X.509's form (two integers in DER) to r and s, 32 bytes each. */
static bool split_ecdsa(struct arena *arena, const unsigned char *der, size_t size,
                        struct str *signature)
{
    unsigned char *both = arena_alloc(arena, (size_t)2 * P256);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size);
    bool ok = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), both, P256) == P256
              && BN_bn2binpad(ECDSA_SIG_get0_s(pair), both + P256, P256) == P256;
    ECDSA_SIG_free(pair);
    *signature = (struct str){ (const char *)both, (size_t)2 * P256 };
    return ok;
}

static bool sign_here(EVP_PKEY *pair, enum sign_scheme scheme, struct arena *arena, struct str data,
                      struct str *signature, struct error *err)
{
    EVP_PKEY_CTX *how;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size = 0;
    unsigned char *out = NULL;
    bool ok = context && EVP_DigestSignInit(context, &how, EVP_sha256(), NULL, pair) == 1;
    if (ok && scheme == SIGN_PS256)
        ok = EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1
             && EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
    ok = ok && EVP_DigestSign(context, NULL, &size, (const unsigned char *)data.at, data.len) == 1;
    if (ok) {
        out = arena_alloc(arena, size);
        ok = EVP_DigestSign(context, out, &size, (const unsigned char *)data.at, data.len) == 1;
    }
    EVP_MD_CTX_free(context);
    *signature = (struct str){ (const char *)out, size };
    if (ok && scheme == SIGN_ES256)
        ok = split_ecdsa(arena, out, size, signature);
    return ok || fail_openssl(err, "signing");
}

static bool sign_in_token(struct vault *vault, const struct key_use *use,
                          const struct material *material, enum sign_scheme scheme,
                          struct arena *arena, struct str data, struct str *signature,
                          struct error *err)
{
    char name[TOKEN_TEXT];
    unsigned char digest[32];
    struct str digested = { (const char *)digest, sizeof digest };
    token_name(name, use, material->version, 0);
    if (EVP_Digest(data.at, data.len, digest, NULL, EVP_sha256(), NULL) != 1)
        return fail_openssl(err, "SHA-256");
    if (scheme != SIGN_ES256)
        return token_sign_rsa(vault->token, name, scheme == SIGN_PS256, digested, arena, signature,
                              err);
    unsigned char *both = arena_alloc(arena, (size_t)2 * P256);
    *signature = (struct str){ (const char *)both, (size_t)2 * P256 };
    return token_sign_ec(vault->token, name, digested, both, err);
}

bool vault_sign(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                enum sign_scheme scheme, struct str data, struct str *signature, struct error *err)
{
    const struct key_use *use = vault->uses[key];
    if (use->kind != (scheme == SIGN_ES256 ? KEY_SIGN_EC : KEY_SIGN_RSA))
        return fail_internal(err, "the key %s does not sign so", use->name);
    vault_look(vault);
    const struct material *material = find_material(vault, key, version);
    bool ok;
    if (!material)
        ok = say(err, KEY_NOT_HELD, "%s.%lld", use->name, (long long)version);
    else if (material->engine == ENGINE_PKCS11)
        ok = sign_in_token(vault, use, material, scheme, arena, data, signature, err);
    else
        ok = sign_here(material->pair, scheme, arena, data, signature, err);
    vault_looked(vault);
    return ok;
}

bool vault_public_key(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                      struct str *der, struct error *err)
{
    const struct key_use *use = vault->uses[key];
    if (use->kind != KEY_SIGN_EC && use->kind != KEY_SIGN_RSA)
        return fail_internal(err, "the key %s does not sign", use->name);
    vault_look(vault);
    const struct material *material = find_material(vault, key, version);
    bool ok = material ? material_public_key(vault, use, material, arena, der, err)
                       : say(err, KEY_NOT_HELD, "%s.%lld", use->name, (long long)version);
    vault_looked(vault);
    return ok;
}
