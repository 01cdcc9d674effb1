/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/random.h"

#include "base/encoding.h"
#include "base/list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sysexits.h>

#define UUID_LEN ((size_t)36)

void random_bytes(void *bytes, size_t size)
{
    char *at = bytes;
    while (size) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            fputs("fundament: the kernel gives no random bytes\n", stderr);
            _Exit(EX_OSERR);
        }
        at += got;
        size -= (size_t)got;
    }
}

struct str random_token(struct arena *arena, size_t size)
{
    char *bytes = arena_alloc(arena, size);
    random_bytes(bytes, size);
    return base64url_encode(arena, (struct str){ bytes, size });
}

struct str random_uuid(struct arena *arena)
{
    static const size_t groups[] = { 4, 2, 2, 2, 6 }; /* bytes between the dashes */
    unsigned char bytes[16];
    random_bytes(bytes, sizeof bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    char *text = arena_alloc(arena, UUID_LEN), *at = text;
    for (size_t i = 0, from = 0; i < count_of(groups); from += groups[i++]) {
        if (i > 0)
            *at++ = '-';
        hex_write(bytes + from, groups[i], at);
        at += 2 * groups[i];
    }
    return (struct str){ text, UUID_LEN };
}
