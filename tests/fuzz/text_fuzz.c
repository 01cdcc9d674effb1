/* SPDX-License-Identifier: EUPL-1.2 */
/* Texts of the register that become part of a page: an address that becomes a link is one of the web
 * and holds no mark; a place that is written as people write it keeps its letters; times are shown. */
#include "sector/text.h"

#include "base/encoding.h"
#include "platform/page/page.h"
#include "sector/store.h"
#include "tests/fuzz/fuzz.h"

static void website(struct arena *arena, struct str text)
{
    struct str href = website_href(arena, text);
    if (!href.len)
        return;
    HOLDS(str_eq_nocase(str_slice(href, 0, 7), STR("http://"))
          || str_eq_nocase(str_slice(href, 0, 8), STR("https://")));
    for (size_t i = 0; i < href.len; i++)
        HOLDS(href.at[i] > ' ' && href.at[i] <= '~' && !strchr("\"'<>\\", href.at[i]));
}

static void place(struct arena *arena, struct str text)
{
    if (!utf8_is_text(text))
        return;
    struct str shown = place_text(arena, text);
    HOLDS(shown.len == text.len && utf8_valid(shown));
    HOLDS(str_eq(fold(arena, shown), fold(arena, text)));
    HOLDS(str_eq(place_text(arena, shown), shown) || str_eq(shown, text));
}

static void times(struct arena *arena, struct str text)
{
    int64_t at = 0;
    memcpy(&at, text.at, text.len < sizeof at ? text.len : sizeof at);
    instant then = at % (7000 * 365 * DAY); /* of the years 1000 and after, or so */
    then = then < 0 ? then / 10 : then;
    for (enum language language = DUTCH; language < LANGUAGES; language++) {
        HOLDS(utf8_is_text(show_number(arena, language, at)));
        HOLDS(show_day(arena, language, then).len > 9);
        HOLDS(show_time(arena, language, then).len > 16);
    }
}

FUZZ(arena, bytes)
{
    struct str code;
    struct error err = { 0 };
    website(arena, bytes);
    place(arena, bytes);
    if (bytes.len)
        times(arena, bytes);
    if (utf8_valid(bytes) && is_plain_line(bytes))
        HOLDS(!str_has(bytes, '\n') && !str_has(bytes, '\0'));
    if (partnership_code_parse(bytes, &code, &err))
        HOLDS(code.len == 6);
    else
        HOLDS(err.message);
}
