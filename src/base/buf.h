/* SPDX-License-Identifier: EUPL-1.2 */
/* A builder: bytes added at the end, in an arena. `struct buf out = { .arena = arena };` starts
 * one; `buf_str(&out)` is what it holds so far. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
    struct arena *arena;
    char *at;
    size_t len, cap;
};

/* Room for `size` more bytes; returns where they go. The caller adds to `len` what it wrote. */
char *buf_room(struct buf *buf, size_t size);

void buf_add(struct buf *buf, struct str s);
void buf_byte(struct buf *buf, char c);
void buf_int(struct buf *buf, int64_t number);
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a literal. */
#define buf_lit(buf, literal) buf_add((buf), STR(literal))

/* Text with & < > " ' as entities: fit for HTML and XML, in elements and attributes. */
void buf_escaped(struct buf *buf, struct str s);

static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){ buf->at, buf->len };
}

#endif
