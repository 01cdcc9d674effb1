/* SPDX-License-Identifier: EUPL-1.2 */
#include "sector/text.h"

bool is_plain_line(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        unsigned char next = i + 1 < s.len ? (unsigned char)s.at[i + 1] : 0;
        unsigned char third = i + 2 < s.len ? (unsigned char)s.at[i + 2] : 0;
        if (c < 0x20 || c == 0x7f || (c == 0xc2 && next < 0xa0))
            return false;
        if (c == 0xe2 && next == 0x80 && third >= 0xa8 && third <= 0xae)
            return false;
        if (c == 0xe2 && next == 0x81 && third >= 0xa6 && third <= 0xa9)
            return false;
        if (c == 0xef && next == 0xbf && third == 0xbd)
            return false;
    }
    return true;
}

struct str website_href(struct arena *arena, struct str website)
{
    for (size_t i = 0; i < website.len; i++)
        if (website.at[i] <= ' ' || website.at[i] > '~' || str_has(STR("\"'<>\\^`{|}"), website.at[i]))
            return (struct str){ 0 };
    if (str_eq_nocase(str_slice(website, 0, 7), STR("http://"))
        || str_eq_nocase(str_slice(website, 0, 8), STR("https://")))
        return website;
    if (!str_has(website, '.') || str_has(website, ':') || website.at[0] == '/')
        return (struct str){ 0 };
    return str_format(arena, "https://%.*s", FMT(website));
}
