/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/str.h"

#include <stdio.h>

struct str str_of(const char *text)
{
    return (struct str){ text, text ? strlen(text) : 0 };
}

struct str str_slice(struct str s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    return (struct str){ s.at ? s.at + from : NULL, to - from };
}

bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static char lower(char c)
{
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq(str_slice(s, 0, prefix.len), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_slice(s, s.len - suffix.len, s.len), suffix);
}

bool str_has(struct str s, char c)
{
    return s.len && memchr(s.at, c, s.len);
}

int str_cmp(struct str a, struct str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.at, b.at, common) : 0;
    if (order)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

struct str str_trim(struct str s)
{
    while (s.len && is_space(s.at[0]))
        s = str_slice(s, 1, s.len);
    while (s.len && is_space(s.at[s.len - 1]))
        s.len--;
    return s;
}

ptrdiff_t str_find(struct str s, struct str part)
{
    if (part.len == 0)
        return 0;
    const char *found = s.len ? memmem(s.at, s.len, part.at, part.len) : NULL;
    return found ? found - s.at : -1;
}

struct str str_cut(struct str *rest, char mark)
{
    const char *found = rest->len ? memchr(rest->at, mark, rest->len) : NULL;
    struct str all = *rest;
    if (!found) {
        *rest = (struct str){ 0 };
        return all;
    }
    size_t before = (size_t)(found - all.at);
    *rest = str_slice(all, before + 1, all.len);
    return str_slice(all, 0, before);
}

struct str str_copy(struct arena *arena, struct str s)
{
    return (struct str){ arena_copy(arena, s.at, s.len), s.len };
}

char *str_c(struct arena *arena, struct str s)
{
    char *text = arena_alloc(arena, s.len + 1);
    if (s.len)
        memcpy(text, s.at, s.len);
    return text;
}

struct str str_lower(struct arena *arena, struct str s)
{
    char *text = arena_copy(arena, s.at, s.len);
    for (size_t i = 0; i < s.len; i++)
        text[i] = lower(text[i]);
    return (struct str){ text, s.len };
}

struct str str_vformat(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int needed = vsnprintf(NULL, 0, format, args);
    size_t len = needed > 0 ? (size_t)needed : 0;
    char *text = arena_alloc(arena, len + 1);
    vsnprintf(text, len + 1, format, again);
    va_end(again);
    return (struct str){ text, len };
}

struct str str_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str s = str_vformat(arena, format, args);
    va_end(args);
    return s;
}

bool str_to_int(struct str s, int64_t min, int64_t max, int64_t *number)
{
    bool negative = s.len && s.at[0] == '-';
    size_t start = negative ? 1 : 0;
    int64_t value = 0;

    if (s.len == start)
        return false;
    for (size_t i = start; i < s.len; i++) {
        int digit = s.at[i] - '0';
        if (!is_digit(s.at[i]) || __builtin_mul_overflow(value, 10, &value)
            || __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    if (value < min || value > max)
        return false;
    *number = value;
    return true;
}

uint64_t str_hash(struct str s)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.at[i]) * 0x100000001b3u;
    return hash;
}

bool str_eq_secret(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    unsigned char difference = 0;
    for (size_t i = 0; i < a.len; i++)
        difference |= (unsigned char)(a.at[i] ^ b.at[i]);
    return difference == 0;
}
