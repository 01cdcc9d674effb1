/* SPDX-License-Identifier: EUPL-1.2 */
/* One-time codes of an app (RFC 6238: TOTP over RFC 4226: HOTP): HMAC-SHA-1, six digits, a new one
 * every 30 seconds; what every app of the kind does. Pure. */
#ifndef PLATFORM_TOTP_H
#define PLATFORM_TOTP_H

#include "base/instant.h"

#define TOTP_SECRET_BYTES 20 /* as many as SHA-1 gives (RFC 4226, section 4, R6) */
#define TOTP_DIGITS       6
#define TOTP_PERIOD       (30 * SECOND)

/* HOTP of a counter with `digits` (at most 9) digits. */
int64_t hotp(struct str secret, uint64_t counter, int digits);

/* The time step of an instant. */
static inline int64_t totp_step(instant at)
{
    return at / TOTP_PERIOD;
}

/* Is `code` (six digits) that of this moment, or of one step before or after (clocks drift)? `step`
 * gets the step it belongs to: who accepts the code remembers it, and accepts none that is not later. */
bool totp_check(struct str secret, struct str code, instant now, int64_t *step);

/* Base32 without padding (RFC 4648, section 6), as apps take a secret that is typed. */
struct str base32_encode(struct arena *arena, struct str bytes);

/* The address that a QR code holds: otpauth://totp/ISSUER:LOGIN?secret=... */
struct str totp_address(struct arena *arena, struct str issuer, struct str login,
                        struct str secret);

#endif
