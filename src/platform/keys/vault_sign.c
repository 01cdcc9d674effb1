/* SPDX-License-Identifier: EUPL-1.2 */
/* Signatures with the vault's keys: in a file by OpenSSL, in a token by the token. */
#include "platform/keys/vault_parts.h"

#include "platform/keys/key_file.h"
#include "platform/keys/pki.h"
#include "platform/keys/says.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define P256 32 /* bytes of r, and of s */

static bool fail_openssl(struct error *err, const char *what)
{
    ERR_clear_error();
    return fail_internal(err, "OpenSSL: %s", what);
}

bool pair_make(const struct key_use *use, struct secret *secret, struct error *err)
{
    EVP_PKEY *pair = is_rsa(use) ? EVP_RSA_gen(bits_of(use)) : EVP_EC_gen("P-256");
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

bool pair_read(const struct key_use *use, const struct secret *secret, EVP_PKEY **pair,
               struct error *err)
{
    const unsigned char *at = secret->bytes;
    *pair = d2i_AutoPrivateKey(NULL, &at, (long)secret->len);
    if (*pair && EVP_PKEY_get_base_id(*pair) == (is_rsa(use) ? EVP_PKEY_RSA : EVP_PKEY_EC)
        && (is_rsa(use) ? EVP_PKEY_get_bits(*pair) >= 2048 : EVP_PKEY_get_bits(*pair) == 256))
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
        return token_public_key(vault->token, name, is_rsa(use), arena, der, err);
    int size = i2d_PUBKEY(material->pair, &bytes);
    if (size <= 0)
        return fail_openssl(err, "a public key");
    *der = str_copy(arena, (struct str){ (const char *)bytes, (size_t)size });
    OPENSSL_free(bytes);
    return true;
}

/* From X.509's form (two integers in DER) to r and s, 32 bytes each. */
static bool split_ecdsa(struct arena *arena, struct str *signature)
{
    const unsigned char *der = (const unsigned char *)signature->at;
    unsigned char *both = arena_alloc(arena, (size_t)2 * P256);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)signature->len);
    bool ok = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), both, P256) == P256
              && BN_bn2binpad(ECDSA_SIG_get0_s(pair), both + P256, P256) == P256;
    ECDSA_SIG_free(pair);
    *signature = (struct str){ (const char *)both, (size_t)2 * P256 };
    return ok;
}

/* And the other way. */
static bool join_ecdsa(struct arena *arena, const unsigned char *both, struct str *signature)
{
    unsigned char *bytes = NULL;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(both, P256, NULL), *s = BN_bin2bn(both + P256, P256, NULL);
    bool taken = pair && r && s && ECDSA_SIG_set0(pair, r, s);
    int size = taken ? i2d_ECDSA_SIG(pair, &bytes) : -1;
    if (size > 0)
        *signature = str_copy(arena, (struct str){ (const char *)bytes, (size_t)size });
    if (!taken) {
        BN_free(r);
        BN_free(s);
    }
    OPENSSL_free(bytes);
    ECDSA_SIG_free(pair);
    return size > 0;
}

static bool sign_here(EVP_PKEY *pair, enum sign_scheme scheme, struct arena *arena, struct str data,
                      struct str *signature, struct error *err)
{
    EVP_PKEY_CTX *how;
    size_t size = (size_t)EVP_PKEY_get_size(pair);
    unsigned char *out = arena_alloc(arena, size); /* first: memory may end there */
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestSignInit(context, &how, EVP_sha256(), NULL, pair) == 1;
    if (ok && scheme == SIGN_PS256)
        ok = EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1
             && EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
    ok = ok && EVP_DigestSign(context, out, &size, (const unsigned char *)data.at, data.len) == 1;
    EVP_MD_CTX_free(context);
    *signature = (struct str){ (const char *)out, size };
    return ok || fail_openssl(err, "signing");
}

static bool sign_in_token(const struct vault *vault, const struct key_use *use,
                          const struct material *material, enum sign_scheme scheme,
                          struct arena *arena, struct str data, struct str *signature,
                          struct error *err)
{
    char name[TOKEN_TEXT];
    unsigned char digest[SHA256_BYTES], both[2 * P256];
    struct str digested = { (const char *)digest, sizeof digest };
    token_name(name, use, material->version, 0);
    sha256(data, digest);
    if (scheme != SIGN_ES256)
        return token_sign_rsa(vault->token, name, scheme == SIGN_PS256, digested, arena, signature,
                              err);
    return token_sign_ec(vault->token, name, digested, both, err)
           && (join_ecdsa(arena, both, signature) || fail_openssl(err, "a signature of the token"));
}

bool material_sign(const struct vault *vault, const struct key_use *use,
                   const struct material *material, enum sign_scheme scheme, struct arena *arena,
                   struct str data, struct str *signature, struct error *err)
{
    return material->engine == ENGINE_PKCS11
               ? sign_in_token(vault, use, material, scheme, arena, data, signature, err)
               : sign_here(material->pair, scheme, arena, data, signature, err);
}

bool vault_sign(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                enum sign_scheme scheme, struct str data, struct str *signature, struct error *err)
{
    const struct key_use *use = vault->uses[key];
    if (use->kind != (scheme == SIGN_ES256 ? KEY_SIGN_EC : KEY_SIGN_RSA))
        return fail_internal(err, "the key %s does not sign so", use->name);
    vault_look(vault);
    const struct material *material = find_material(vault, key, version);
    bool ok = material ? material_sign(vault, use, material, scheme, arena, data, signature, err)
                       : say(err, KEY_NOT_HELD, "%s.%lld", use->name, (long long)version);
    vault_looked(vault);
    if (ok && scheme == SIGN_ES256)
        ok = split_ecdsa(arena, signature) || fail_openssl(err, "a signature");
    return ok;
}

bool vault_public_key(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                      struct str *der, struct error *err)
{
    const struct key_use *use = vault->uses[key];
    if (!key_is_pair(use))
        return fail_internal(err, "the key %s has no public half", use->name);
    vault_look(vault);
    const struct material *material = find_material(vault, key, version);
    bool ok = material ? material_public_key(vault, use, material, arena, der, err)
                       : say(err, KEY_NOT_HELD, "%s.%lld", use->name, (long long)version);
    vault_looked(vault);
    return ok;
}

/* Certificates */

struct signing {
    const struct vault *vault;
    const struct key_use *use;
    const struct material *material;
};

static bool sign_certificate(void *with, struct arena *arena, struct str data,
                             struct str *signature, struct error *err)
{
    const struct signing *by = with;
    enum sign_scheme scheme = is_rsa(by->use) ? SIGN_RS256 : SIGN_ES256;
    return material_sign(by->vault, by->use, by->material, scheme, arena, data, signature, err);
}

bool vault_certificate(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                       instant from, instant until, struct str *der, struct error *err)
{
    const struct key_use *use = vault->uses[key];
    struct str public_key;
    *der = (struct str){ 0 };
    if (!key_is_pair(use) || !use->certificate)
        return true;
    vault_look(vault);
    struct signing by = { vault, use, find_material(vault, key, version) };
    bool ok = by.material ? material_public_key(vault, use, by.material, arena, &public_key, err)
                                && pki_self_signed(arena, public_key, str_of(use->certificate), from,
                                                   until, sign_certificate, &by, der, err)
                          : say(err, KEY_NOT_HELD, "%s.%lld", use->name, (long long)version);
    vault_looked(vault);
    return ok;
}
