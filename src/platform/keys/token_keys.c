/* SPDX-License-Identifier: EUPL-1.2 */
/* Keys in the token: making, finding, using. */
#include "platform/keys/token_parts.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#define SECRET_BYTES 64
#define RSA_MOST     512 /* bytes of a modulus or a signature: 4096 bits */
#define POINT        65  /* bytes of an uncompressed point on P-256 */

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

#define BYTES(kind, bytes, size) { kind, (void *)(uintptr_t)(bytes), size }
#define ONE(kind, value)         { kind, &(value), sizeof(value) }

CK_RV token_find(CK_FUNCTION_LIST_PTR module, struct session *session, const char *name,
                 CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *object)
{
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count = 0;
    CK_ATTRIBUTE template[] = { BYTES(CKA_LABEL, name, strlen(name)), ONE(CKA_CLASS, class),
                                ONE(CKA_TOKEN, yes) };
    for (size_t i = 0; i < session->known; i++) {
        *object = session->objects[i].handle;
        if (session->objects[i].class == class && strcmp(session->objects[i].name, name) == 0)
            return CKR_OK;
    }
    CK_RV result = module->C_FindObjectsInit(session->handle, template, 3);
    if (result != CKR_OK)
        return result;
    result = module->C_FindObjects(session->handle, found, 2, &count);
    module->C_FindObjectsFinal(session->handle);
    if (result != CKR_OK)
        return result;
    if (count != 1)
        return count ? RESULT_TWICE : RESULT_NONE;
    size_t room = sizeof session->objects / sizeof *session->objects;
    struct known_object *known = &session->objects[session->known % room];
    if (session->known < room)
        session->known++;
    *known = (struct known_object){ .class = class, .handle = *object = found[0] };
    strncat(known->name, name, sizeof known->name - 1);
    return CKR_OK;
}

/* A module may take part of what is asked for another call: each wish is one structure. */
struct wish {
    const char *name;
    struct str bytes;              /* of a key that is put, or what is signed */
    CK_OBJECT_CLASS class;
    CK_MECHANISM mechanism;
    unsigned char *out;
    CK_ULONG size;
    struct token_pair pair;
    unsigned char modulus[RSA_MOST], exponent[16];
    CK_ULONG modulus_size, exponent_size;
};

/* Secrets */

static CK_RV make_secret(CK_FUNCTION_LIST_PTR module, struct session *session, void *with)
{
    struct wish *wish = with;
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_ULONG length = SECRET_BYTES;
    CK_OBJECT_HANDLE object;
    CK_MECHANISM generate = { CKM_GENERIC_SECRET_KEY_GEN, NULL, 0 };
    CK_RV there = token_find(module, session, wish->name, class, &object);
    if (there != RESULT_NONE)
        return there;
    CK_ATTRIBUTE template[] = {
        ONE(CKA_CLASS, class),       ONE(CKA_KEY_TYPE, type),
        ONE(CKA_TOKEN, yes),         ONE(CKA_PRIVATE, yes),
        ONE(CKA_SENSITIVE, yes),     ONE(CKA_EXTRACTABLE, no),
        ONE(CKA_SIGN, yes),          ONE(CKA_VERIFY, no),
        BYTES(CKA_LABEL, wish->name, strlen(wish->name)),
        BYTES(CKA_ID, wish->name, strlen(wish->name)),
        ONE(CKA_VALUE_LEN, length),
    };
    CK_ULONG count = sizeof template / sizeof *template;
    if (!wish->bytes.len)
        return module->C_GenerateKey(session->handle, &generate, template, count, &object);
    template[count - 1] = (CK_ATTRIBUTE)BYTES(CKA_VALUE, wish->bytes.at, wish->bytes.len);
    return module->C_CreateObject(session->handle, template, count, &object);
}

bool token_make_secret(struct token *token, const char *name, struct error *err)
{
    struct wish wish = { .name = name };
    return token_do(token, make_secret, &wish, name, err);
}

/* HMAC fills a short key up with zeros (RFC 2104, section 2): done here already, because some tokens
 * want keys as long as the digest. */
bool token_put_secret(struct token *token, const char *name, struct str bytes, struct error *err)
{
    unsigned char padded[SECRET_BYTES] = { 0 };
    struct wish wish = { .name = name, .bytes = { (const char *)padded, sizeof padded } };
    if (bytes.len > sizeof padded)
        return fail_internal(err, "a secret of %zu bytes", bytes.len);
    memcpy(padded, bytes.at, bytes.len);
    bool ok = token_do(token, make_secret, &wish, name, err);
    OPENSSL_cleanse(padded, sizeof padded);
    return ok;
}

static CK_RV remove_objects(CK_FUNCTION_LIST_PTR module, struct session *session, void *with)
{
    static const CK_OBJECT_CLASS classes[] = { CKO_SECRET_KEY, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY };
    const struct wish *wish = with;
    session->known = 0;
    for (size_t i = 0; i < 3; i++) {
        CK_OBJECT_HANDLE object;
        CK_RV result = token_find(module, session, wish->name, classes[i], &object);
        if (result == RESULT_NONE)
            continue;
        if (result == CKR_OK)
            result = module->C_DestroyObject(session->handle, object);
        if (result != CKR_OK)
            return result;
    }
    session->known = 0;
    return CKR_OK;
}

bool token_remove(struct token *token, const char *name, struct error *err)
{
    struct wish wish = { .name = name };
    return token_do(token, remove_objects, &wish, name, err);
}

/* Signing, of which an HMAC is one in PKCS#11 */

static CK_RV sign(CK_FUNCTION_LIST_PTR module, struct session *session, void *with)
{
    struct wish *wish = with;
    CK_OBJECT_HANDLE object;
    CK_ULONG size = wish->size;
    CK_RV result = token_find(module, session, wish->name, wish->class, &object);
    if (result == CKR_OK)
        result = module->C_SignInit(session->handle, &wish->mechanism, object);
    if (result == CKR_OK)
        result = module->C_Sign(session->handle, (CK_BYTE_PTR)(uintptr_t)wish->bytes.at,
                                wish->bytes.len, wish->out, &size);
    if (result == CKR_OK)
        wish->size = size;
    return result;
}

static bool check_size(const struct wish *wish, size_t wanted, struct error *err)
{
    return wish->size == wanted
           || fail_internal(err, "the token answered %lu bytes, not %zu", wish->size, wanted);
}

bool token_mac(struct token *token, const char *name, struct str data, size_t size,
               unsigned char *out, struct error *err)
{
    struct wish wish = {
        .name = name, .bytes = data, .class = CKO_SECRET_KEY, .out = out, .size = size,
        .mechanism = { size == SECRET_BYTES ? CKM_SHA512_HMAC : CKM_SHA256_HMAC, NULL, 0 },
    };
    return token_do(token, sign, &wish, name, err) && check_size(&wish, size, err);
}

bool token_sign_ec(struct token *token, const char *name, struct str digest, unsigned char out[64],
                   struct error *err)
{
    struct wish wish = {
        .name = name, .bytes = digest, .class = CKO_PRIVATE_KEY, .out = out, .size = 64,
        .mechanism = { CKM_ECDSA, NULL, 0 },
    };
    return token_do(token, sign, &wish, name, err) && check_size(&wish, 64, err);
}

/* DigestInfo of SHA-256 (RFC 8017, section 9.2, note 1). */
static const unsigned char digest_info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                             0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                             0x01, 0x05, 0x00, 0x04, 0x20 };

bool token_sign_rsa(struct token *token, const char *name, bool pss, struct str digest,
                    struct arena *arena, struct str *signature, struct error *err)
{
    CK_RSA_PKCS_PSS_PARAMS how = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
    char info[sizeof digest_info + 32];
    struct wish wish = { .name = name, .bytes = digest, .class = CKO_PRIVATE_KEY,
                         .out = arena_alloc(arena, RSA_MOST), .size = RSA_MOST,
                         .mechanism = { CKM_RSA_PKCS_PSS, &how, sizeof how } };
    if (digest.len != 32)
        return fail_internal(err, "a digest of %zu bytes", digest.len);
    if (!pss) {
        memcpy(info, digest_info, sizeof digest_info);
        memcpy(info + sizeof digest_info, digest.at, digest.len);
        wish.bytes = (struct str){ info, sizeof info };
        wish.mechanism = (CK_MECHANISM){ CKM_RSA_PKCS, NULL, 0 };
    }
    if (!token_do(token, sign, &wish, name, err))
        return false;
    *signature = (struct str){ (const char *)wish.out, wish.size };
    return true;
}

/* Pairs */

static const CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const CK_BYTE exponent[] = { 0x01, 0x00, 0x01 };

static CK_RV make_pair(CK_FUNCTION_LIST_PTR module, struct session *session, void *with)
{
    const struct wish *wish = with;
    CK_OBJECT_HANDLE public, private;
    CK_ULONG bits = wish->pair.bits;
    CK_BBOOL decrypts = wish->pair.decrypts ? CK_TRUE : CK_FALSE;
    bool rsa = wish->pair.rsa;
    size_t length = strlen(wish->name);
    CK_MECHANISM generate = { rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0 };
    CK_ATTRIBUTE of_public[] = {
        ONE(CKA_TOKEN, yes),
        ONE(CKA_VERIFY, yes),
        ONE(CKA_ENCRYPT, decrypts),
        BYTES(CKA_LABEL, wish->name, length),
        BYTES(CKA_ID, wish->name, length),
        BYTES(CKA_EC_PARAMS, p256, sizeof p256),
        BYTES(CKA_PUBLIC_EXPONENT, exponent, sizeof exponent),
    };
    CK_ATTRIBUTE of_private[] = {
        ONE(CKA_TOKEN, yes),
        ONE(CKA_PRIVATE, yes),
        ONE(CKA_SENSITIVE, yes),
        ONE(CKA_EXTRACTABLE, no),
        ONE(CKA_SIGN, yes),
        ONE(CKA_DECRYPT, decrypts),
        BYTES(CKA_LABEL, wish->name, length),
        BYTES(CKA_ID, wish->name, length),
    };
    CK_RV there = token_find(module, session, wish->name, CKO_PRIVATE_KEY, &private);
    if (there != RESULT_NONE)
        return there;
    if (rsa)
        of_public[5] = (CK_ATTRIBUTE)ONE(CKA_MODULUS_BITS, bits);
    return module->C_GenerateKeyPair(session->handle, &generate, of_public, rsa ? 7 : 6,
                                     of_private, sizeof of_private / sizeof *of_private, &public,
                                     &private);
}

bool token_make_pair(struct token *token, const char *name, const struct token_pair *pair,
                     struct error *err)
{
    struct wish wish = { .name = name, .pair = *pair };
    return token_do(token, make_pair, &wish, name, err);
}

static CK_RV read_public(CK_FUNCTION_LIST_PTR module, struct session *session, void *with)
{
    struct wish *wish = with;
    CK_OBJECT_HANDLE object;
    CK_ATTRIBUTE point[] = { { CKA_EC_POINT, wish->modulus, sizeof wish->modulus } };
    CK_ATTRIBUTE rsa[] = { { CKA_MODULUS, wish->modulus, sizeof wish->modulus },
                           { CKA_PUBLIC_EXPONENT, wish->exponent, sizeof wish->exponent } };
    CK_RV result = token_find(module, session, wish->name, CKO_PUBLIC_KEY, &object);
    if (result == CKR_OK)
        result = wish->pair.rsa ? module->C_GetAttributeValue(session->handle, object, rsa, 2)
                           : module->C_GetAttributeValue(session->handle, object, point, 1);
    wish->modulus_size = wish->pair.rsa ? rsa[0].ulValueLen : point[0].ulValueLen;
    wish->exponent_size = rsa[1].ulValueLen;
    return result;
}

/* The head of a SubjectPublicKeyInfo of P-256 (RFC 5480, section 2), before the point. */
static const unsigned char p256_head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                           0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                           0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };

/* The point comes in an OCTET STRING (04 41), as the standard says, or bare, as some modules give it. */
static bool ec_info(const struct wish *wish, struct arena *arena, struct str *der,
                    struct error *err)
{
    const unsigned char *point = wish->modulus;
    if (wish->modulus_size == POINT + 2 && point[0] == 0x04 && point[1] == POINT)
        point += 2;
    else if (wish->modulus_size != POINT)
        return fail_internal(err, "a point of %lu bytes", wish->modulus_size);
    char *bytes = arena_alloc(arena, sizeof p256_head + POINT);
    memcpy(bytes, p256_head, sizeof p256_head);
    memcpy(bytes + sizeof p256_head, point, POINT);
    *der = (struct str){ bytes, sizeof p256_head + POINT };
    return true;
}

static EVP_PKEY *rsa_of(BIGNUM *modulus, BIGNUM *public_exponent)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *params = NULL;
    if (build && context && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus)
        && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, public_exponent)
        && (params = OSSL_PARAM_BLD_to_param(build)) && EVP_PKEY_fromdata_init(context) == 1)
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(context);
    return key;
}

static bool rsa_info(const struct wish *wish, struct arena *arena, struct str *der,
                     struct error *err)
{
    BIGNUM *modulus = BN_bin2bn(wish->modulus, (int)wish->modulus_size, NULL);
    BIGNUM *public_exponent = BN_bin2bn(wish->exponent, (int)wish->exponent_size, NULL);
    EVP_PKEY *key = modulus && public_exponent ? rsa_of(modulus, public_exponent) : NULL;
    unsigned char *bytes = NULL;
    int size = key ? i2d_PUBKEY(key, &bytes) : -1;
    if (size > 0)
        *der = str_copy(arena, (struct str){ (const char *)bytes, (size_t)size });
    OPENSSL_free(bytes);
    EVP_PKEY_free(key);
    BN_free(modulus);
    BN_free(public_exponent);
    ERR_clear_error();
    return size > 0 || fail_internal(err, "a public key of the token is not understood");
}

bool token_public_key(struct token *token, const char *name, bool rsa, struct arena *arena,
                      struct str *der, struct error *err)
{
    struct wish wish = { .name = name, .pair.rsa = rsa };
    return token_do(token, read_public, &wish, name, err)
           && (rsa ? rsa_info : ec_info)(&wish, arena, der, err);
}
