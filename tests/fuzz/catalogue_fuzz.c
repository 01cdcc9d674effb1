/* SPDX-License-Identifier: EUPL-1.2 */
/* Catalogues of messages (.mo): whatever the bytes are, an answer lies within them and ends there;
 * and a catalogue that is built well gives back every message. */
#include "platform/page/page.h"
#include "tests/fuzz/choice.h"
#include "tests/fuzz/fuzz.h"

#define MESSAGES 6

static void any_bytes(struct arena *arena, struct str bytes)
{
    struct str rest = bytes;
    const char *message = str_c(arena, str_slice(rest, 0, 5));
    /* A copy without a byte behind it, so that a read past the end is seen. */
    char *exact = malloc(bytes.len ? bytes.len : 1);
    HOLDS(exact);
    if (bytes.len)
        memcpy(exact, bytes.at, bytes.len);
    const char *names[] = { message, "", "Home" };
    for (size_t i = 0; i < 3; i++) {
        const char *found = catalogue_find((struct str){ exact, bytes.len }, names[i]);
        if (found) {
            HOLDS(found >= exact && found < exact + bytes.len);
            HOLDS(memchr(found, '\0', (size_t)(exact + bytes.len - found)));
        }
    }
    free(exact);
}

static void put_word(struct buf *out, size_t word)
{
    uint32_t value = (uint32_t)word;
    memcpy(buf_room(out, sizeof value), &value, sizeof value);
    out->len += sizeof value;
}

struct pair {
    const char *message, *text;
};

static int by_message(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->message, ((const struct pair *)b)->message);
}

static struct str build(struct arena *arena, const struct pair *pairs, size_t count)
{
    struct buf out = { .arena = arena }, texts = { .arena = arena };
    size_t start = 28 + count * 16;
    static const uint32_t magic = 0x950412de;
    put_word(&out, magic);
    put_word(&out, 0);
    put_word(&out, count);
    put_word(&out, 28);
    put_word(&out, 28 + count * 8);
    put_word(&out, 0);
    put_word(&out, 0);
    for (int half = 0; half < 2; half++)
        for (size_t i = 0; i < count; i++) {
            const char *text = half ? pairs[i].text : pairs[i].message;
            put_word(&out, strlen(text));
            put_word(&out, start + texts.len);
            buf_add(&texts, (struct str){ text, strlen(text) + 1 });
        }
    buf_add(&out, buf_str(&texts));
    return buf_str(&out);
}

FUZZ(arena, bytes)
{
    struct pair pairs[MESSAGES];
    size_t count = 0;
    any_bytes(arena, bytes);
    while (bytes.len && count < MESSAGES) {
        struct str message = choose_text(&bytes, 20), text = choose_text(&bytes, 30);
        pairs[count] = (struct pair){ str_c(arena, message), str_c(arena, text) };
        count++;
    }
    qsort(pairs, count, sizeof *pairs, by_message);
    struct str catalogue = build(arena, pairs, count);
    for (size_t i = 0; i < count; i++) {
        const char *found = catalogue_find(catalogue, pairs[i].message);
        bool twice = (i > 0 && strcmp(pairs[i - 1].message, pairs[i].message) == 0)
                     || (i + 1 < count && strcmp(pairs[i + 1].message, pairs[i].message) == 0);
        HOLDS(found && (twice || strcmp(found, pairs[i].text) == 0));
    }
}
