/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/http/crowd.h"

#include "base/random.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CROWD_SETS 1024

struct place {
    struct place *next;
    uint64_t name;
    int64_t count;
};

struct crowd {
    int64_t most;
    uint64_t seed;      /* nobody outside can choose names that share a set */
    pthread_mutex_t lock;
    struct place *sets[CROWD_SETS];
};

struct crowd *crowd_new(struct arena *arena, int64_t most)
{
    if (most <= 0)
        return NULL;
    struct crowd *crowd = arena_new(arena, struct crowd);
    crowd->most = most;
    random_bytes(&crowd->seed, sizeof crowd->seed);
    pthread_mutex_init(&crowd->lock, NULL);
    return crowd;
}

void crowd_free(struct crowd *crowd)
{
    for (size_t i = 0; crowd && i < CROWD_SETS; i++) {
        while (crowd->sets[i]) {
            struct place *place = crowd->sets[i];
            crowd->sets[i] = place->next;
            free(place);
        }
    }
}

/* IPv4 as it stands in an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2), whose first 64 bits
 * are zero: so neither can be mistaken for the other. */
static uint64_t name_v4(const unsigned char bytes[static 4])
{
    uint64_t name = 0xffff;
    for (int i = 0; i < 4; i++)
        name = name << 8 | bytes[i];
    return name;
}

static uint64_t name_v6(const unsigned char bytes[static 16])
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    uint64_t name = 0;
    if (memcmp(bytes, mapped, sizeof mapped) == 0)
        return name_v4(bytes + 12);
    for (int i = 0; i < 8; i++)
        name = name << 8 | bytes[i];
    return name ? name : 1; /* ::1 and its like */
}

uint64_t crowd_name(const struct sockaddr *from)
{
    if (from && from->sa_family == AF_INET)
        return name_v4((const unsigned char *)&((const struct sockaddr_in *)(const void *)from)->sin_addr);
    if (from && from->sa_family == AF_INET6)
        return name_v6(((const struct sockaddr_in6 *)(const void *)from)->sin6_addr.s6_addr);
    return 0;
}

/* The place of this name, or where it would hang (the finaliser of SplitMix64 spreads the names). */
static struct place **find(struct crowd *crowd, uint64_t name)
{
    uint64_t x = name + crowd->seed;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    struct place **at = &crowd->sets[(x ^ x >> 31) % CROWD_SETS];
    while (*at && (*at)->name != name)
        at = &(*at)->next;
    return at;
}

bool crowd_has_room(struct crowd *crowd, uint64_t name)
{
    if (!crowd || !name)
        return true;
    pthread_mutex_lock(&crowd->lock);
    const struct place *place = *find(crowd, name);
    bool room = !place || place->count < crowd->most;
    pthread_mutex_unlock(&crowd->lock);
    return room;
}

bool crowd_enter(struct crowd *crowd, uint64_t name)
{
    if (!crowd || !name)
        return true;
    pthread_mutex_lock(&crowd->lock);
    struct place **at = find(crowd, name);
    if (!*at && (*at = calloc(1, sizeof **at)))
        (*at)->name = name;
    bool counted = *at != NULL;
    if (counted)
        (*at)->count++;
    pthread_mutex_unlock(&crowd->lock);
    return counted;
}

void crowd_leave(struct crowd *crowd, uint64_t name)
{
    if (!crowd || !name)
        return;
    pthread_mutex_lock(&crowd->lock);
    struct place **at = find(crowd, name), *place = *at;
    if (place && --place->count == 0) {
        *at = place->next;
        free(place);
    }
    pthread_mutex_unlock(&crowd->lock);
}
