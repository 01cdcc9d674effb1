/* SPDX-License-Identifier: EUPL-1.2 */
/* Decryption with a private key in the token. */
#include "platform/keys/token_parts.h"

#include "platform/keys/oaep.h"
#include "platform/keys/says.h"

#include <openssl/crypto.h>

#define RSA_MOST 512 /* bytes of a modulus: 4096 bits */

struct decryption {
    const char *name;
    struct str encrypted;
    CK_MECHANISM mechanism;
    unsigned char out[RSA_MOST];
    CK_ULONG size;
};

/* A value that does not decrypt is no reason to connect again, though some modules call it a general
 * error: otherwise a stranger's bytes would end the sessions of all. */
static CK_RV decrypt(CK_FUNCTION_LIST_PTR module, struct session *session, void *with)
{
    struct decryption *wish = with;
    CK_OBJECT_HANDLE object;
    CK_RV result = token_find(module, session, wish->name, CKO_PRIVATE_KEY, &object);
    if (result == CKR_OK)
        result = module->C_DecryptInit(session->handle, &wish->mechanism, object);
    if (result != CKR_OK)
        return result;
    wish->size = sizeof wish->out;
    result = module->C_Decrypt(session->handle, (CK_BYTE_PTR)(uintptr_t)wish->encrypted.at,
                               wish->encrypted.len, wish->out, &wish->size);
    return result == CKR_GENERAL_ERROR || result == CKR_FUNCTION_FAILED
                   || result == CKR_DATA_LEN_RANGE || result == CKR_DATA_INVALID
               ? CKR_ENCRYPTED_DATA_INVALID
               : result;
}

/* Some modules leave out the zeros before a number. */
static struct str as_long_as_modulus(unsigned char *at, size_t got, size_t size)
{
    memmove(at + size - got, at, got);
    memset(at, 0, size - got);
    return (struct str){ (const char *)at, size };
}

static bool by_the_token(struct token *token, struct decryption *wish, bool sha256,
                         bool mgf1_sha256, struct error *err)
{
    CK_RSA_PKCS_OAEP_PARAMS how = {
        .hashAlg = sha256 ? CKM_SHA256 : CKM_SHA_1,
        .mgf = mgf1_sha256 ? CKG_MGF1_SHA256 : CKG_MGF1_SHA1,
        .source = CKZ_DATA_SPECIFIED,
    };
    wish->mechanism = (CK_MECHANISM){ CKM_RSA_PKCS_OAEP, &how, sizeof how };
    return token_do(token, decrypt, wish, wish->name, err);
}

bool token_decrypt(struct token *token, const char *name, bool sha256, bool mgf1_sha256,
                   struct str encrypted, struct arena *arena, struct str *plain, struct error *err)
{
    struct decryption wish = { .name = name, .encrypted = encrypted,
                               .mechanism = { CKM_RSA_X_509, NULL, 0 } };
    if (encrypted.len > RSA_MOST)
        return say(err, KEY_NOT_FOR_US, "%s", name);
    bool ok = token_do(token, decrypt, &wish, name, err);
    if (!ok && said(err) == TOKEN_UNABLE) {
        ok = by_the_token(token, &wish, sha256, mgf1_sha256, err);
        if (ok)
            *plain = str_copy(arena, (struct str){ (const char *)wish.out, wish.size });
    } else if (ok) {
        struct str padded = as_long_as_modulus(
            wish.out, wish.size < encrypted.len ? wish.size : encrypted.len, encrypted.len);
        ok = oaep_open(arena, sha256, mgf1_sha256, padded, plain)
             || say(err, KEY_NOT_FOR_US, "%s", name);
    }
    OPENSSL_cleanse(wish.out, sizeof wish.out);
    return ok;
}
