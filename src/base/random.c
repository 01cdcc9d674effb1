/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/random.h"

#include "base/encoding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sysexits.h>

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
    unsigned char b[16];
    random_bytes(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    return str_format(arena,
                      "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                      b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
                      b[13], b[14], b[15]);
}
