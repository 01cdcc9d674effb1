/* SPDX-License-Identifier: EUPL-1.2 */
/* For a fuzzer whose parser turns plain bytes away at the door: the bytes are decisions, of which
 * the fuzzer builds something that gets in. */
#ifndef TESTS_FUZZ_CHOICE_H
#define TESTS_FUZZ_CHOICE_H

#include "base/buf.h"

/* One decision below `count`; 0 when there are no more. */
static inline size_t choose(struct str *from, size_t count)
{
    if (from->len == 0)
        return 0;
    unsigned char byte = (unsigned char)from->at[0];
    *from = str_slice(*from, 1, from->len);
    return byte % count;
}

/* A text of a length that is decided first, at most `most`. */
static inline struct str choose_text(struct str *from, size_t most)
{
    size_t len = choose(from, most + 1);
    struct str text = str_slice(*from, 0, len);
    *from = str_slice(*from, text.len, from->len);
    return text;
}

/* Up to the next bar: texts that a dictionary and a reader can read. */
static inline struct str choose_part(struct str *from)
{
    struct str part = str_cut(from, '|');
    return part.at ? part : STR("");
}

#endif
