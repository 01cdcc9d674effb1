/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/buf.h"

#include <stdio.h>

#define FIRST_ROOM 256

char *buf_room(struct buf *buf, size_t size)
{
    if (buf->cap - buf->len < size) {
        size_t cap = buf->cap ? buf->cap * 2 : FIRST_ROOM;
        if (cap < buf->len + size)
            cap = buf->len + size;
        buf->at = arena_grow(buf->arena, buf->at, buf->cap, cap);
        buf->cap = cap;
    }
    return buf->at + buf->len;
}

void buf_add(struct buf *buf, struct str s)
{
    if (s.len == 0)
        return;
    memcpy(buf_room(buf, s.len), s.at, s.len);
    buf->len += s.len;
}

void buf_byte(struct buf *buf, char c)
{
    *buf_room(buf, 1) = c;
    buf->len++;
}

void buf_int(struct buf *buf, int64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        buf_byte(buf, '-');
    buf_add(buf, (struct str){ digits + at, sizeof digits - at });
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_add(buf, str_vformat(buf->arena, format, args));
    va_end(args);
}

static struct str entity(char c)
{
    switch (c) {
    case '&': return STR("&amp;");
    case '<': return STR("&lt;");
    case '>': return STR("&gt;");
    case '"': return STR("&quot;");
    case '\'': return STR("&#39;");
    default: return (struct str){ 0 };
    }
}

void buf_escaped(struct buf *buf, struct str s)
{
    size_t plain = 0;
    for (size_t i = 0; i < s.len; i++) {
        struct str instead = entity(s.at[i]);
        if (!instead.at)
            continue;
        buf_add(buf, str_slice(s, plain, i));
        buf_add(buf, instead);
        plain = i + 1;
    }
    buf_add(buf, str_slice(s, plain, s.len));
}
