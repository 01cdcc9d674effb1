/* SPDX-License-Identifier: EUPL-1.2 */
/* Time as UTC instants: microseconds since 1970-01-01T00:00:00Z. Days are written YYYY-MM-DD. */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include "base/str.h"

typedef int64_t instant;

#define SECOND ((instant)1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define INSTANT_TEXT 32 /* bytes that hold any formatted instant */
#define DAY_TEXT     16

instant instant_now(void);

/* Never goes back; for durations only. */
instant instant_monotonic(void);

/* "2026-11-23T17:26:00.123Z" (xsd:dateTime, RFC 3339). The slice points into `text`. */
struct str instant_format(instant at, char text[static INSTANT_TEXT]);

/* "2026-11-23", the UTC day of the instant. */
struct str instant_day(instant at, char text[static DAY_TEXT]);

/* An xsd:dateTime with a zone (Z or +hh:mm), years 1900 to 9999. Without a zone: false. */
bool instant_parse(struct str text, instant *at);

/* A day YYYY-MM-DD as the instant of its UTC midnight. */
bool day_parse(struct str text, instant *at);

#endif
