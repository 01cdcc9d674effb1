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

static bool letter_at(struct str s, size_t at)
{
    return at < s.len && (is_letter(s.at[at]) || (unsigned char)s.at[at] >= 0x80);
}

static bool is_all_capitals(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (is_lower(s.at[i]))
            return false;
    return true;
}

/* Words within a place that keep a small letter. */
static bool is_small_word(struct str word)
{
    static const struct str small[] = { S("AAN"), S("BIJ"), S("DE"), S("DEN"), S("DER"), S("EN"),
                                        S("HET"), S("IN"),  S("OP"), S("S"),   S("T"),   S("TE"),
                                        S("TEN"), S("TER"), S("VAN") };
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        if (str_eq(word, small[i]))
            return true;
    return false;
}

/* Small letters for A-Z and for the capitals of Latin-1 (U+00C0 to U+00DE: C3 80 to C3 9E). */
static void lower_at(char *text, size_t at)
{
    unsigned char before = at ? (unsigned char)text[at - 1] : 0, c = (unsigned char)text[at];
    if (is_upper(text[at]) || (before == 0xc3 && c >= 0x80 && c <= 0x9e && c != 0x97))
        text[at] = (char)(c + 0x20);
}

/* What stays a capital at the front of a word: one letter, or the Dutch IJ. */
static size_t capital_bytes(struct str word)
{
    bool two_bytes = word.len && (unsigned char)word.at[0] >= 0xc0;
    return two_bytes || str_starts(word, STR("IJ")) ? 2 : 1;
}

struct str place_text(struct arena *arena, struct str place)
{
    if (!is_all_capitals(place))
        return place;
    char *text = str_c(arena, place);
    for (size_t from = 0; from < place.len;) {
        size_t to = from;
        while (letter_at(place, to))
            to++;
        struct str word = str_slice(place, from, to);
        /* "DE" opens a place with a capital; "'S" and "'T" never have one. */
        bool small = from && is_small_word(word);
        for (size_t i = from + (small ? 0 : capital_bytes(word)); i < to; i++)
            lower_at(text, i);
        from = to + 1;
    }
    return (struct str){ text, place.len };
}
