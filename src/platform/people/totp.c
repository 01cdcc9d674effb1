/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/people/totp.h"

#include "base/buf.h"
#include "base/encoding.h"

#include <endian.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define DRIFT 1 /* steps, either way */

int64_t hotp(struct str secret, uint64_t counter, int digits)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    uint64_t text = htobe64(counter);
    int64_t power = 1;
    if (!HMAC(EVP_sha1(), secret.at, (int)secret.len, (const unsigned char *)&text, sizeof text,
              mac, &len))
        return -1; /* equals no code */
    /* Dynamic truncation (RFC 4226, section 5.3). */
    const unsigned char *at = mac + (mac[len - 1] & 0x0f);
    int64_t number = (int64_t)(at[0] & 0x7f) << 24 | at[1] << 16 | at[2] << 8 | at[3];
    while (digits-- > 0)
        power *= 10;
    return number % power;
}

bool totp_check(struct str secret, struct str code, instant now, int64_t *step)
{
    int64_t typed, this = totp_step(now);
    bool right = false;
    if (code.len != TOTP_DIGITS || !str_to_int(code, 0, 999999, &typed))
        return false;
    /* All three are made, so that the time tells nothing. */
    for (int64_t at = this - DRIFT; at <= this + DRIFT; at++)
        if (hotp(secret, (uint64_t)at, TOTP_DIGITS) == typed) {
            right = true;
            *step = at;
        }
    return right;
}

struct str base32_encode(struct arena *arena, struct str bytes)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    struct buf out = { .arena = arena };
    uint32_t held = 0;
    int bits = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        held = held << 8 | (unsigned char)bytes.at[i];
        for (bits += 8; bits >= 5; bits -= 5)
            buf_byte(&out, letters[held >> (bits - 5) & 31]);
    }
    if (bits)
        buf_byte(&out, letters[held << (5 - bits) & 31]);
    return buf_str(&out);
}

struct str totp_address(struct arena *arena, struct str issuer, struct str login,
                        struct str secret)
{
    struct str by = percent_encode(arena, issuer), who = percent_encode(arena, login);
    struct str text = base32_encode(arena, secret);
    return str_format(arena,
                      "otpauth://totp/%.*s:%.*s?secret=%.*s&issuer=%.*s&algorithm=SHA1&digits=6"
                      "&period=30",
                      FMT(by), FMT(who), FMT(text), FMT(by));
}
