/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/people/cose.h"

#include "base/list.h"
#include "platform/people/cbor.h"
#include "platform/people/webauthn.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define P256_BYTES    32
#define ED25519_BYTES 32
#define RSA_LEAST     256 /* bytes of a modulus: 2048 bits */
#define RSA_MOST      512

enum { KTY_OKP = 1, KTY_EC2 = 2, KTY_RSA = 3, CRV_P256 = 1, CRV_ED25519 = 6 };

/* The labels of RFC 9053, section 7: 1 and 3, and -1 to -3 by the kind of key. */
struct cose_key {
    int64_t kty, alg, crv;
    struct str minus_1, minus_2, minus_3;
};

static bool put_member(struct cose_key *key, int64_t label, const struct cbor *value)
{
    bool number = value->kind == CBOR_UNSIGNED || value->kind == CBOR_NEGATIVE;
    struct { int64_t label; int64_t *number; struct str *bytes; } places[] = {
        { 1, &key->kty, NULL },         { 3, &key->alg, NULL },
        { -1, &key->crv, &key->minus_1 }, { -2, NULL, &key->minus_2 },
        { -3, NULL, &key->minus_3 },
    };
    for (size_t i = 0; i < count_of(places); i++) {
        if (places[i].label != label)
            continue;
        if (number && places[i].number && !*places[i].number)
            *places[i].number = value->number;
        else if (value->kind == CBOR_BYTES && places[i].bytes && !places[i].bytes->at)
            *places[i].bytes = value->bytes;
        else
            return false; /* of another kind, or there twice */
    }
    return true;
}

static bool read_key(struct str bytes, struct cose_key *key)
{
    struct cbor map, label, value;
    *key = (struct cose_key){ 0 };
    if (!cbor_take(&bytes, &map) || map.kind != CBOR_MAP)
        return false;
    for (int64_t i = 0; i < map.number; i++) {
        if (!cbor_take(&bytes, &label)
            || (label.kind != CBOR_UNSIGNED && label.kind != CBOR_NEGATIVE))
            return false;
        struct str member = bytes;
        if (!cbor_skip(&bytes) || !cbor_take(&member, &value)
            || !put_member(key, label.number, &value))
            return false;
    }
    return bytes.len == 0;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (params && context && EVP_PKEY_fromdata_init(context) == 1
        && EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    return pkey;
}

static EVP_PKEY *p256_key(const struct cose_key *key)
{
    unsigned char point[1 + 2 * P256_BYTES] = { 4 }; /* not compressed */
    if (key->crv != CRV_P256 || key->minus_2.len != P256_BYTES || key->minus_3.len != P256_BYTES)
        return NULL;
    memcpy(point + 1, key->minus_2.at, P256_BYTES);
    memcpy(point + 1 + P256_BYTES, key->minus_3.at, P256_BYTES);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey = NULL;
    if (build
        && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0)
        && OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point))
        pkey = from_params("EC", build);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

static EVP_PKEY *ed25519_key(const struct cose_key *key)
{
    if (key->crv != CRV_ED25519 || key->minus_2.len != ED25519_BYTES)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                       (const unsigned char *)key->minus_2.at, key->minus_2.len);
}

static EVP_PKEY *rsa_key(const struct cose_key *key)
{
    struct str n = key->minus_1, e = key->minus_2;
    if (n.len < RSA_LEAST || n.len > RSA_MOST || !(n.at[0] & 0x80) || e.len < 1 || e.len > 4)
        return NULL;
    BIGNUM *modulus = BN_bin2bn((const unsigned char *)n.at, (int)n.len, NULL);
    BIGNUM *exponent = BN_bin2bn((const unsigned char *)e.at, (int)e.len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey = NULL;
    if (modulus && exponent && build && BN_is_odd(exponent) && !BN_is_one(exponent)
        && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus)
        && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent))
        pkey = from_params("RSA", build);
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    return pkey;
}

static const struct {
    int64_t alg, kty;
    EVP_PKEY *(*make)(const struct cose_key *key);
} algorithms[] = {
    { COSE_ES256, KTY_EC2, p256_key },
    { COSE_EDDSA, KTY_OKP, ed25519_key },
    { COSE_RS256, KTY_RSA, rsa_key },
};

static EVP_PKEY *make_key(const struct cose_key *key)
{
    for (size_t i = 0; i < count_of(algorithms); i++)
        if (algorithms[i].alg == key->alg && algorithms[i].kty == key->kty)
            return algorithms[i].make(key);
    return NULL;
}

static void free_key(void *pkey)
{
    EVP_PKEY_free(pkey);
}

static bool to_der(struct arena *arena, const EVP_PKEY *pkey, struct str *der)
{
    int len = i2d_PUBKEY(pkey, NULL);
    if (len <= 0)
        return false;
    unsigned char *bytes = arena_alloc(arena, (size_t)len);
    *der = (struct str){ (const char *)bytes, (size_t)len };
    return i2d_PUBKEY(pkey, &bytes) == len;
}

bool cose_key_parse(struct arena *arena, struct str bytes, struct str *public_key,
                    struct error *err)
{
    struct cose_key key;
    EVP_PKEY *pkey = read_key(bytes, &key) ? make_key(&key) : NULL;
    if (pkey)
        arena_defer(arena, free_key, pkey);
    return (pkey && to_der(arena, pkey, public_key))
           || fail(err, INVALID, NULL,
                   N_("This passkey has a key of a kind that is not accepted here. Use another "
                      "device or security key."));
}

bool signature_check(struct str public_key, struct str bytes, struct str signature)
{
    const unsigned char *at = (const unsigned char *)public_key.at;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)public_key.len);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest = pkey && EVP_PKEY_is_a(pkey, "ED25519") ? NULL : EVP_sha256();
    bool right = pkey && context
                 && EVP_DigestVerifyInit(context, NULL, digest, NULL, pkey) == 1
                 && EVP_DigestVerify(context, (const unsigned char *)signature.at, signature.len,
                                     (const unsigned char *)bytes.at, bytes.len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    return right;
}
