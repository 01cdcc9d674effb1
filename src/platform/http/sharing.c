/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/http/sharing.h"

#include "base/encoding.h"
#include "platform/http/server.h"

#include <endian.h>

/* Which limit (1 byte), who (8), how many (4, big-endian). */
#define ENTRY_BYTES 13

/* Their order is the number on the wire. The clock of the third runs at a sixtieth (admit.c). */
enum { PEOPLE_LIMIT, MACHINE_LIMIT, LOGIN_LIMIT, LIMITS };
static const int slowness[LIMITS] = { 1, 1, 60 };

static struct ratelimit *limit_of(struct server *server, unsigned number)
{
    struct ratelimit *limits[LIMITS] = { server->people_limit, server->machine_limit,
                                         server->login_limit };
    return number < LIMITS ? limits[number] : NULL;
}

void server_load(const struct server *server, struct server_load *load)
{
    *load = (struct server_load){
        .answered = (int64_t)atomic_load_explicit(&server->answered, memory_order_relaxed),
        .running = atomic_load_explicit(&server->open, memory_order_relaxed),
        .draining = atomic_load(&server->draining),
    };
}

void server_key_mark(const struct server *server, char mark[static KEY_MARK])
{
    unsigned char mac[MAC256_BYTES];
    struct str field = STR("node");
    mac256(server->form_key, &field, 1, mac);
    hex_write(mac, KEY_MARK / 2, mark);
}

static void put_entry(struct buf *out, unsigned number, const struct taken *taken)
{
    uint64_t client = htobe64(taken->client);
    uint32_t count = htobe32(taken->count);
    buf_byte(out, (char)number);
    buf_add(out, (struct str){ (const char *)&client, sizeof client });
    buf_add(out, (struct str){ (const char *)&count, sizeof count });
}

void server_rates_taken(struct server *server, struct buf *out)
{
    struct taken taken[RATELIMIT_TOLD];
    for (unsigned number = 0; number < LIMITS; number++) {
        size_t count = ratelimit_taken(limit_of(server, number), taken);
        for (size_t i = 0; i < count; i++)
            put_entry(out, number, &taken[i]);
    }
}

void server_rates_add(struct server *server, struct str bytes, instant now)
{
    for (; bytes.len >= ENTRY_BYTES; bytes = str_slice(bytes, ENTRY_BYTES, bytes.len)) {
        unsigned number = (unsigned char)bytes.at[0];
        struct taken taken;
        memcpy(&taken.client, bytes.at + 1, sizeof taken.client);
        memcpy(&taken.count, bytes.at + 9, sizeof taken.count);
        taken.client = be64toh(taken.client);
        taken.count = be32toh(taken.count);
        if (number < LIMITS)
            ratelimit_add(limit_of(server, number), &taken, now / slowness[number]);
    }
}
