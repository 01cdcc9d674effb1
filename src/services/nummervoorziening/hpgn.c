/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/nummervoorziening.h"

#include "base/encoding.h"
#include "services/nummervoorziening/pseudonym.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define SCRYPT_N      131072
#define SCRYPT_R      8
#define SCRYPT_P      4
#define SCRYPT_MEMORY ((uint64_t)192 * 1024 * 1024) /* 128 * N * r and what OpenSSL adds */
#define INPUT_MAX     256
#define SALT_MIN      8

bool hpgn_salt_parse(struct arena *arena, struct str base64, struct str *salt, struct error *err)
{
    if (!base64_decode(arena, base64, salt) || salt->len < SALT_MIN)
        return fail(err, INVALID, "nummervoorziening.hpgn_salt",
                    N_("The salt must be base64 of at least 8 bytes."));
    return true;
}

bool hpgn_make(struct arena *arena, struct str pgn, struct str salt, struct str *hpgn,
               struct error *err)
{
    struct hpgn hash;
    if (pgn.len == 0 || pgn.len > INPUT_MAX || !utf8_is_text(pgn))
        return fail(err, INVALID, NULL,
                    N_("A PGN is one line of text, at most 256 bytes of UTF-8."));
    struct str lower = str_lower(arena, pgn);
    int made = EVP_PBE_scrypt(lower.at, lower.len, (const unsigned char *)salt.at, salt.len,
                              SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY, hash.bytes, HPGN_BYTES);
    OPENSSL_cleanse((char *)lower.at, lower.len);
    if (made != 1)
        return fail(err, UNAVAILABLE, NULL,
                    N_("There is not enough memory: the first-level hash takes 137 MB."));
    *hpgn = hex_encode(arena, (struct str){ (const char *)hash.bytes, sizeof hash.bytes });
    return true;
}
