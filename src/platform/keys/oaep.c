/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/oaep.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define MODULUS_MOST 1024 /* bytes */

/* MGF1 (RFC 8017, appendix B.2.1) over `seed`, added to `to`. */
static bool mask(const EVP_MD *digest, const unsigned char *seed, size_t seed_size,
                 unsigned char *to, size_t size)
{
    unsigned char input[MODULUS_MOST + 4], block[EVP_MAX_MD_SIZE];
    size_t step = (size_t)EVP_MD_get_size(digest);
    bool ok = true;
    memcpy(input, seed, seed_size);
    for (size_t at = 0, counter = 0; ok && at < size; at += step, counter++) {
        for (size_t i = 0; i < 4; i++)
            input[seed_size + i] = (unsigned char)(counter >> (24 - 8 * i));
        ok = EVP_Digest(input, seed_size + 4, block, NULL, digest, NULL) == 1;
        for (size_t i = 0; ok && i < step && at + i < size; i++)
            to[at + i] ^= block[i];
    }
    OPENSSL_cleanse(input, sizeof input);
    OPENSSL_cleanse(block, sizeof block);
    return ok;
}

/* All ones when the byte is zero, else all zeros; without a branch. */
static size_t is_zero(unsigned byte)
{
    return (size_t)0 - (size_t)(((byte & 0xff) - 1U) >> 31);
}

/* Where the message begins in `block`, behind zeros and a one; 0 when there is no such place. Looks at
 * every byte. */
static size_t find_message(const unsigned char *block, size_t size)
{
    size_t found = 0, wrong = 0, place = 0;
    for (size_t i = 0; i < size; i++) {
        size_t one = is_zero(block[i] ^ 1U), zero = is_zero(block[i]);
        place |= ~found & one & (i + 1);
        wrong |= ~found & ~one & ~zero;
        found |= one;
    }
    return place & found & ~wrong;
}

bool oaep_open(struct arena *arena, bool sha256, bool mgf1_sha256, struct str padded,
               struct str *message)
{
    unsigned char block[MODULUS_MOST], empty[EVP_MAX_MD_SIZE];
    const EVP_MD *digest = sha256 ? EVP_sha256() : EVP_sha1();
    const EVP_MD *mgf1 = mgf1_sha256 ? EVP_sha256() : EVP_sha1();
    size_t size = (size_t)EVP_MD_get_size(digest);
    if (padded.len > sizeof block || padded.len < 2 * size + 2
        || EVP_Digest("", 0, empty, NULL, digest, NULL) != 1)
        return false;
    memcpy(block, padded.at, padded.len);
    unsigned char *seed = block + 1, *data = seed + size;
    size_t rest = padded.len - 1 - size;
    bool masked = mask(mgf1, data, rest, seed, size) && mask(mgf1, seed, size, data, rest);
    size_t good = is_zero(block[0])
                  & is_zero((unsigned)CRYPTO_memcmp(data, empty, size) ? 1 : 0);
    size_t place = find_message(data + size, rest - size) & good;
    bool ok = masked && place;
    if (ok)
        *message = str_copy(arena, (struct str){ (const char *)data + size + place,
                                                 rest - size - place });
    OPENSSL_cleanse(block, sizeof block);
    return ok;
}
