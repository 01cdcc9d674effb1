/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/keys.h"

#include "base/arena.h"
#include "base/random.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define NONCE_BYTES 12
#define TAG_BYTES   16

/* A key that cannot be used as it should must not be used otherwise: better no answer than a wrong
 * pseudonym. Only memory that ended brings us here. */
static void must(bool ok)
{
    if (!ok)
        memory_exhausted();
}

/* The algorithms, fetched once: a fetch takes longer than a whole MAC. */
static struct {
    pthread_once_t once;
    pthread_key_t at_thread_end;
    EVP_MAC *hmac;
    EVP_KDF *hkdf;
    EVP_CIPHER *gcm;
    bool fetched;
} algorithms = { .once = PTHREAD_ONCE_INIT };

/* Each thread's own contexts, with their digest set; a call only puts in its key. */
enum digest { SHA_512, SHA_256, DIGESTS };
struct macs {
    EVP_MAC_CTX *context[DIGESTS];
};
static _Thread_local struct macs *thread_macs;

static void free_macs(void *what)
{
    struct macs *macs = what;
    for (int i = 0; i < DIGESTS; i++)
        EVP_MAC_CTX_free(macs->context[i]);
    free(macs);
}

static void fetch_algorithms(void)
{
    algorithms.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    algorithms.hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    algorithms.gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    algorithms.fetched = algorithms.hmac && algorithms.hkdf && algorithms.gcm
                         && pthread_key_create(&algorithms.at_thread_end, free_macs) == 0;
}

static void need_algorithms(void)
{
    must(pthread_once(&algorithms.once, fetch_algorithms) == 0 && algorithms.fetched);
}

static EVP_MAC_CTX *new_context(const char *digest)
{
    char name[16];
    snprintf(name, sizeof name, "%s", digest);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                            OSSL_PARAM_construct_end() };
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(algorithms.hmac);
    if (context && EVP_MAC_CTX_set_params(context, params))
        return context;
    EVP_MAC_CTX_free(context);
    return NULL;
}

static EVP_MAC_CTX *thread_context(enum digest digest)
{
    if (!thread_macs) {
        need_algorithms();
        struct macs *macs = calloc(1, sizeof *macs);
        must(macs);
        macs->context[SHA_512] = new_context("SHA512");
        macs->context[SHA_256] = new_context("SHA256");
        bool made = macs->context[SHA_512] && macs->context[SHA_256]
                    && pthread_setspecific(algorithms.at_thread_end, macs) == 0;
        if (!made)
            free_macs(macs);
        must(made);
        thread_macs = macs;
    }
    return thread_macs->context[digest];
}

static void big_endian(uint64_t number, unsigned char out[static 8])
{
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)(number >> (56 - 8 * i));
}

size_t key_fields_size(const struct str *fields, size_t count)
{
    size_t size = 8 * count;
    for (size_t i = 0; i < count; i++)
        size += fields[i].len;
    return size;
}

char *key_fields(const struct str *fields, size_t count, char *out)
{
    for (size_t i = 0; i < count; i++) {
        big_endian(fields[i].len, (unsigned char *)out);
        if (fields[i].len)
            memcpy(out + 8, fields[i].at, fields[i].len);
        out += 8 + fields[i].len;
    }
    return out;
}

void mac_bytes(const struct key *key, struct str fields, size_t size, unsigned char *out)
{
    EVP_MAC_CTX *context = thread_context(size == MAC512_BYTES ? SHA_512 : SHA_256);
    size_t written = 0;
    must(EVP_MAC_init(context, key->bytes, KEY_BYTES, NULL)
         && EVP_MAC_update(context, (const unsigned char *)fields.at, fields.len)
         && EVP_MAC_final(context, out, &written, size) && written == size);
}

static void mac(enum digest digest, const struct key *key, const struct str *fields, size_t count,
                unsigned char *out, size_t size)
{
    EVP_MAC_CTX *context = thread_context(digest);
    must(EVP_MAC_init(context, key->bytes, KEY_BYTES, NULL));
    for (size_t i = 0; i < count; i++) {
        unsigned char length[8];
        big_endian(fields[i].len, length);
        must(EVP_MAC_update(context, length, sizeof length));
        must(EVP_MAC_update(context, (const unsigned char *)fields[i].at, fields[i].len));
    }
    size_t written = 0;
    must(EVP_MAC_final(context, out, &written, size) && written == size);
}

void mac256(const struct key *key, const struct str *fields, size_t count,
            unsigned char out[static MAC256_BYTES])
{
    mac(SHA_256, key, fields, count, out, MAC256_BYTES);
}

void sha256(struct str bytes, unsigned char out[static SHA256_BYTES])
{
    must(EVP_Digest(bytes.at, bytes.len, out, NULL, EVP_sha256(), NULL) == 1);
}

struct str sha256_of(struct arena *arena, struct str bytes)
{
    unsigned char *hash = arena_alloc(arena, SHA256_BYTES);
    sha256(bytes, hash);
    return (struct str){ (const char *)hash, SHA256_BYTES };
}

void key_derive(const struct key *key, const char *purpose, struct key *out)
{
    need_algorithms();
    char digest[] = "SHA256";
    char *info = (char *)(uintptr_t)purpose; /* OSSL_PARAM has no const; HKDF only reads it */
    unsigned char *secret = (unsigned char *)(uintptr_t)key->bytes;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret, KEY_BYTES),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, strlen(purpose)),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(algorithms.hkdf);
    bool derived = context && EVP_KDF_derive(context, out->bytes, KEY_BYTES, params) == 1;
    EVP_KDF_CTX_free(context);
    must(derived);
}

struct str seal(struct arena *arena, const struct key *key, struct str about, struct str plain)
{
    need_algorithms();
    must(plain.len <= INT_MAX && about.len <= INT_MAX);
    unsigned char *at = arena_alloc(arena, NONCE_BYTES + plain.len + TAG_BYTES);
    unsigned char *body = at + NONCE_BYTES, *tag = body + plain.len;
    int n = 0;
    random_bytes(at, NONCE_BYTES);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool sealed =
        context && EVP_EncryptInit_ex2(context, algorithms.gcm, key->bytes, at, NULL)
        && (!about.len
            || EVP_EncryptUpdate(context, NULL, &n, (const unsigned char *)about.at, (int)about.len))
        && (!plain.len
            || EVP_EncryptUpdate(context, body, &n, (const unsigned char *)plain.at, (int)plain.len))
        && EVP_EncryptFinal_ex(context, tag, &n)
        && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag);
    EVP_CIPHER_CTX_free(context);
    must(sealed);
    return (struct str){ (char *)at, NONCE_BYTES + plain.len + TAG_BYTES };
}

static bool decrypt(EVP_CIPHER_CTX *context, const struct key *key, struct str about,
                    const unsigned char *sealed, size_t size, unsigned char *out)
{
    const unsigned char *body = sealed + NONCE_BYTES;
    unsigned char tag[TAG_BYTES];
    int n = 0;
    memcpy(tag, body + size, TAG_BYTES);
    return EVP_DecryptInit_ex2(context, algorithms.gcm, key->bytes, sealed, NULL)
           && (!about.len
               || EVP_DecryptUpdate(context, NULL, &n, (const unsigned char *)about.at,
                                    (int)about.len))
           && (!size || EVP_DecryptUpdate(context, out, &n, body, (int)size))
           && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag)
           && EVP_DecryptFinal_ex(context, out + size, &n) == 1;
}

bool unseal(struct arena *arena, const struct key *key, struct str about, struct str sealed,
            struct str *plain)
{
    need_algorithms();
    if (sealed.len < NONCE_BYTES + TAG_BYTES || sealed.len > INT_MAX || about.len > INT_MAX)
        return false;
    size_t size = sealed.len - NONCE_BYTES - TAG_BYTES;
    unsigned char *out = arena_alloc(arena, size + 1);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    must(context);
    bool ok = decrypt(context, key, about, (const unsigned char *)sealed.at, size, out);
    EVP_CIPHER_CTX_free(context);
    if (!ok) {
        OPENSSL_cleanse(out, size); /* what was not authentic is shown to nobody */
        return false;
    }
    *plain = (struct str){ (char *)out, size };
    return true;
}

/* A page of its own for each key: locking and marking work by the page. */
struct key *key_new(void)
{
    void *page = mmap(NULL, sizeof(struct key), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(page != MAP_FAILED);
    mlock(page, sizeof(struct key)); /* a limit may forbid it: then swap must be encrypted */
    madvise(page, sizeof(struct key), MADV_DONTDUMP);
    madvise(page, sizeof(struct key), MADV_WIPEONFORK);
    return page;
}

void key_free(struct key *key)
{
    if (!key)
        return;
    OPENSSL_cleanse(key, sizeof *key);
    munlock(key, sizeof *key);
    munmap(key, sizeof *key);
}
