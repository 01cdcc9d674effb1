/* SPDX-License-Identifier: EUPL-1.2 */
/* What is encoded decodes to itself; what decodes is valid; a search key is its own search key. */
#include "base/encoding.h"

#include "base/buf.h"
#include "base/instant.h"
#include "tests/fuzz/fuzz.h"

static void encode(struct arena *arena, struct str bytes)
{
    struct str back;
    HOLDS(hex_decode(arena, hex_encode(arena, bytes), &back) && str_eq(back, bytes));
    HOLDS(base64_decode(arena, base64_encode(arena, bytes), &back) && str_eq(back, bytes));
    HOLDS(base64_decode(arena, base64url_encode(arena, bytes), &back) && str_eq(back, bytes));
    if (!str_has(bytes, '\0'))
        HOLDS(percent_decode(arena, percent_encode(arena, bytes), true, &back)
              && str_eq(back, bytes));
}

static void decode(struct arena *arena, struct str bytes)
{
    struct str out;
    unsigned char key[32];
    hex_decode(arena, bytes, &out);
    hex_read(bytes, key, sizeof key);
    if (base64_decode(arena, bytes, &out))
        HOLDS(out.len <= bytes.len);
    if (percent_decode(arena, bytes, false, &out))
        HOLDS(out.len <= bytes.len && !str_has(out, '\0'));
    percent_decode(arena, bytes, true, &out);
}

static void texts(struct arena *arena, struct str bytes)
{
    struct str key = fold(arena, bytes);
    struct buf escaped = { .arena = arena };
    HOLDS(utf8_valid(cp1252_to_utf8(arena, bytes)));
    HOLDS(str_eq(fold(arena, key), key));
    HOLDS(!str_starts(key, STR(" ")) && !str_ends(key, STR(" ")));
    if (!utf8_valid(bytes)) {
        HOLDS(!utf8_is_text(bytes));
        return;
    }
    HOLDS(utf8_valid(key));
    HOLDS(utf8_count(bytes) <= bytes.len);
    buf_escaped(&escaped, bytes);
    HOLDS(!str_has(buf_str(&escaped), '<') && !str_has(buf_str(&escaped), '"'));
}

static void times(struct str bytes)
{
    char text[INSTANT_TEXT], day[DAY_TEXT];
    instant at, again;
    if (instant_parse(bytes, &at)) {
        HOLDS(instant_parse(instant_format(at, text), &again));
        HOLDS(at - again >= 0 && at - again < 1000); /* milliseconds are written */
    }
    if (day_parse(bytes, &at))
        HOLDS(str_eq(instant_day(at, day), bytes));
}

FUZZ(arena, bytes)
{
    encode(arena, bytes);
    decode(arena, bytes);
    texts(arena, bytes);
    times(bytes);
}
