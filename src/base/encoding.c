/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/encoding.h"

#include "base/buf.h"

static const char hex_digits[] = "0123456789abcdef";

void hex_write(const void *bytes, size_t size, char *out)
{
    const unsigned char *from = bytes;
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = hex_digits[from[i] >> 4];
        out[2 * i + 1] = hex_digits[from[i] & 15];
    }
}

struct str hex_encode(struct arena *arena, struct str bytes)
{
    char *out = arena_alloc_array(arena, 2, bytes.len);
    hex_write(bytes.at, bytes.len, out);
    return (struct str){ out, bytes.len * 2 };
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_decode(struct arena *arena, struct str hex, struct str *bytes)
{
    if (hex.len % 2)
        return false;
    char *out = arena_alloc(arena, hex.len / 2);
    for (size_t i = 0; i < hex.len / 2; i++) {
        int high = hex_value(hex.at[2 * i]), low = hex_value(hex.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (char)(high << 4 | low);
    }
    *bytes = (struct str){ out, hex.len / 2 };
    return true;
}

bool hex_read(struct str hex, void *bytes, size_t size)
{
    unsigned char *out = bytes;
    if (hex.len != size * 2)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_value(hex.at[2 * i]), low = hex_value(hex.at[2 * i + 1]);
        if (high < 0 || low < 0 || is_upper(hex.at[2 * i]) || is_upper(hex.at[2 * i + 1]))
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static const char base64_plain[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct str base64_with(struct arena *arena, struct str bytes, const char *alphabet, bool pad)
{
    char *out = arena_alloc(arena, (bytes.len + 2) / 3 * 4);
    size_t len = 0;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        unsigned group = (unsigned)(unsigned char)bytes.at[i] << 16;
        if (left > 1)
            group |= (unsigned)(unsigned char)bytes.at[i + 1] << 8;
        if (left > 2)
            group |= (unsigned char)bytes.at[i + 2];
        out[len++] = alphabet[group >> 18];
        out[len++] = alphabet[group >> 12 & 63];
        if (left > 1)
            out[len++] = alphabet[group >> 6 & 63];
        else if (pad)
            out[len++] = '=';
        if (left > 2)
            out[len++] = alphabet[group & 63];
        else if (pad)
            out[len++] = '=';
    }
    return (struct str){ out, len };
}

struct str base64_encode(struct arena *arena, struct str bytes)
{
    return base64_with(arena, bytes, base64_plain, true);
}

struct str base64url_encode(struct arena *arena, struct str bytes)
{
    return base64_with(arena, bytes, base64_url, false);
}

static int base64_value(char c)
{
    if (is_upper(c))
        return c - 'A';
    if (is_lower(c))
        return c - 'a' + 26;
    if (is_digit(c))
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool base64_decode(struct arena *arena, struct str text, struct str *bytes)
{
    size_t padding = 0;
    while (text.len && text.at[text.len - 1] == '=' && padding < 2) {
        text.len--;
        padding++;
    }
    if (text.len % 4 == 1 || (padding && (text.len + padding) % 4))
        return false;

    unsigned char *out = arena_alloc(arena, text.len / 4 * 3 + 3);
    size_t len = 0;
    unsigned group = 0, bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.at[i]);
        if (value < 0)
            return false;
        group = group << 6 | (unsigned)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[len++] = (unsigned char)(group >> bits & 255);
        }
    }
    *bytes = (struct str){ (char *)out, len };
    return (group & ((1u << bits) - 1)) == 0;
}

static bool is_unreserved(char c)
{
    return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

struct str percent_encode(struct arena *arena, struct str s)
{
    struct buf out = { .arena = arena };
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (is_unreserved(s.at[i])) {
            buf_byte(&out, s.at[i]);
            continue;
        }
        buf_byte(&out, '%');
        buf_byte(&out, "0123456789ABCDEF"[c >> 4]);
        buf_byte(&out, "0123456789ABCDEF"[c & 15]);
    }
    return buf_str(&out);
}

bool percent_decode(struct arena *arena, struct str s, bool plus_is_space, struct str *out)
{
    char *text = arena_alloc(arena, s.len);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (c == '+' && plus_is_space)
            c = ' ';
        if (c == '%') {
            bool whole = s.len - i > 2;
            int high = whole ? hex_value(s.at[i + 1]) : -1;
            int low = whole ? hex_value(s.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (c == '\0')
            return false;
        text[len++] = c;
    }
    *out = (struct str){ text, len };
    return true;
}

/* The length of the well-formed UTF-8 sequence at `i` and its code point, or 0. RFC 3629, section 4. */
static size_t utf8_sequence(struct str s, size_t i, uint32_t *point)
{
    unsigned char first = (unsigned char)s.at[i];
    if (first < 0x80) {
        *point = first;
        return 1;
    }
    size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (first < 0xc2 || first > 0xf4 || s.len - i < len)
        return 0;
    uint32_t value = first & (0x7fu >> len);
    for (size_t k = 1; k < len; k++) {
        unsigned char next = (unsigned char)s.at[i + k];
        if ((next & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3f);
    }
    if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *point = value;
    return len;
}

/* Behind the ASCII from here, by eight bytes at a time: most of what comes in is that. */
static size_t skip_ascii(struct str s, size_t i)
{
    uint64_t eight;
    for (; i + sizeof eight <= s.len; i += sizeof eight) {
        memcpy(&eight, s.at + i, sizeof eight);
        if (eight & 0x8080808080808080)
            break;
    }
    return i;
}

bool utf8_valid(struct str s)
{
    uint32_t point;
    for (size_t i = skip_ascii(s, 0), len; i < s.len; i = skip_ascii(s, i + len))
        if ((len = utf8_sequence(s, i, &point)) == 0)
            return false;
    return true;
}

bool utf8_is_text(struct str s)
{
    uint32_t point;
    for (size_t i = 0, len; i < s.len; i += len) {
        if ((len = utf8_sequence(s, i, &point)) == 0)
            return false;
        bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
        if (control && point != '\t' && point != '\n' && point != '\r')
            return false;
    }
    return true;
}

size_t utf8_count(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += ((unsigned char)s.at[i] & 0xc0) != 0x80;
    return count;
}

static void put_utf8(struct buf *out, uint32_t point)
{
    if (point < 0x80) {
        buf_byte(out, (char)point);
    } else if (point < 0x800) {
        buf_byte(out, (char)(0xc0 | point >> 6));
        buf_byte(out, (char)(0x80 | (point & 0x3f)));
    } else if (point < 0x10000) {
        buf_byte(out, (char)(0xe0 | point >> 12));
        buf_byte(out, (char)(0x80 | (point >> 6 & 0x3f)));
        buf_byte(out, (char)(0x80 | (point & 0x3f)));
    } else {
        buf_byte(out, (char)(0xf0 | point >> 18));
        buf_byte(out, (char)(0x80 | (point >> 12 & 0x3f)));
        buf_byte(out, (char)(0x80 | (point >> 6 & 0x3f)));
        buf_byte(out, (char)(0x80 | (point & 0x3f)));
    }
}

struct str cp1252_to_utf8(struct arena *arena, struct str bytes)
{
    static const uint16_t high[32] = { /* 0x80 to 0x9f, Microsoft's code page 1252 */
        0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
    };
    struct buf out = { .arena = arena };
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.at[i];
        put_utf8(&out, c >= 0x80 && c < 0xa0 ? high[c - 0x80] : c);
    }
    return buf_str(&out);
}

/* The letters U+00C0 to U+017F in lower case without their marks; "" for what is no letter. */
static const char *unaccented(uint32_t point)
{
    static const char *const latin[] = {
        "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", /* C0 */
        "d", "n", "o", "o", "o", "o", "o", "", "o", "u", "u", "u", "u", "y", "th", "ss", /* D0 */
        "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", /* E0 */
        "d", "n", "o", "o", "o", "o", "o", "", "o", "u", "u", "u", "u", "y", "th", "y",  /* F0 */
        "a", "a", "a", "a", "a", "a", "c", "c", "c", "c", "c", "c", "c", "c", "d", "d",  /* 100 */
        "d", "d", "e", "e", "e", "e", "e", "e", "e", "e", "e", "e", "g", "g", "g", "g",  /* 110 */
        "g", "g", "g", "g", "h", "h", "h", "h", "i", "i", "i", "i", "i", "i", "i", "i",  /* 120 */
        "i", "i", "ij", "ij", "j", "j", "k", "k", "k", "l", "l", "l", "l", "l", "l", "l", /* 130 */
        "l", "l", "l", "n", "n", "n", "n", "n", "n", "n", "n", "n", "o", "o", "o", "o",  /* 140 */
        "o", "o", "oe", "oe", "r", "r", "r", "r", "r", "r", "s", "s", "s", "s", "s", "s", /* 150 */
        "s", "s", "t", "t", "t", "t", "t", "t", "u", "u", "u", "u", "u", "u", "u", "u",  /* 160 */
        "u", "u", "u", "u", "w", "w", "y", "y", "y", "z", "z", "z", "z", "z", "z", "s",  /* 170 */
    };
    return point >= 0xc0 && point <= 0x17f ? latin[point - 0xc0] : NULL;
}

static bool is_mark(uint32_t point)
{
    bool combining = point >= 0x300 && point <= 0x36f;
    return combining || point == '\'' || point == 0x2019 || point == 0x2018 || point == '`';
}

struct str fold(struct arena *arena, struct str s)
{
    struct buf out = { .arena = arena };
    bool gap = false;
    uint32_t point;
    for (size_t i = 0, len; i < s.len; i += len) {
        if ((len = utf8_sequence(s, i, &point)) == 0) {
            len = 1;
            point = ' ';
        }
        char c = point < 0x80 ? (char)point : 0;
        const char *plain = unaccented(point);
        bool letter = is_letter_or_digit(c) || (plain && *plain)
                      || (point > 0x17f && !is_mark(point) && !(point >= 0x2000 && point < 0x2070));
        if (is_mark(point))
            continue;
        if (!letter) {
            gap = out.len > 0;
            continue;
        }
        if (gap)
            buf_byte(&out, ' ');
        gap = false;
        if (plain)
            buf_add(&out, str_of(plain));
        else if (c)
            buf_byte(&out, is_upper(c) ? (char)(c - 'A' + 'a') : c);
        else
            put_utf8(&out, point);
    }
    return buf_str(&out);
}
