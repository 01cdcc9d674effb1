/* SPDX-License-Identifier: EUPL-1.2 */
/* The buckets are kept as one number each: the instant at which the bucket will be full again (the
 * generic cell rate algorithm, ITU-T I.371 annex A). They lie in sets of four in a fixed table; a
 * new client takes the place of the one in its set whose bucket is fullest, which is forgotten at
 * no harm when that bucket was full. */
#include "platform/http/ratelimit.h"

#include "base/random.h"

#include <pthread.h>

#define SETS  ((size_t)8192)
#define WAYS  4
#define LOCKS 64

struct bucket {
    uint64_t client; /* a keyed hash of its name */
    instant full_at;
};

struct ratelimit {
    instant interval;   /* between two tokens */
    instant depth;      /* of a full bucket, in time */
    uint64_t key[2];
    pthread_mutex_t locks[LOCKS];
    struct bucket buckets[SETS][WAYS];
};

struct ratelimit *ratelimit_new(struct arena *arena, int64_t rate, int64_t burst)
{
    if (rate <= 0)
        return NULL;
    struct ratelimit *limit = arena_new(arena, struct ratelimit);
    limit->interval = SECOND / rate > 0 ? SECOND / rate : 1;
    limit->depth = limit->interval * (burst > 1 ? burst : 1);
    random_bytes(limit->key, sizeof limit->key);
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&limit->locks[i], NULL);
    return limit;
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1], v[1] = rotate(v[1], 13), v[1] ^= v[0], v[0] = rotate(v[0], 32);
    v[2] += v[3], v[3] = rotate(v[3], 16), v[3] ^= v[2];
    v[0] += v[3], v[3] = rotate(v[3], 21), v[3] ^= v[0];
    v[2] += v[1], v[1] = rotate(v[1], 17), v[1] ^= v[2], v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein): a client cannot choose a name that shares a bucket. */
static uint64_t keyed_hash(const uint64_t key[2], struct str name)
{
    uint64_t v[4] = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                      key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u };
    for (size_t at = 0; at <= name.len; at += 8) {
        uint64_t word = 0;
        size_t left = name.len - at < 8 ? name.len - at : 8;
        if (left)
            memcpy(&word, name.at + at, left);
        if (left < 8)
            word |= (uint64_t)name.len << 56;
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static struct bucket *bucket_of(struct bucket set[WAYS], uint64_t client)
{
    struct bucket *fullest = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].client == client)
            return &set[i];
        if (set[i].full_at < fullest->full_at)
            fullest = &set[i];
    }
    *fullest = (struct bucket){ .client = client };
    return fullest;
}

bool ratelimit_take(struct ratelimit *limit, struct str client, instant now, int *retry_after)
{
    if (!limit)
        return true;
    uint64_t hash = keyed_hash(limit->key, client);
    size_t set = hash % SETS;
    pthread_mutex_t *lock = &limit->locks[set % LOCKS];
    pthread_mutex_lock(lock);
    struct bucket *bucket = bucket_of(limit->buckets[set], hash);
    instant full_at = bucket->full_at > now ? bucket->full_at : now;
    /* A clock that was set back must not lock anybody out. */
    if (full_at > now + limit->depth)
        full_at = now + limit->depth;
    instant wait = full_at + limit->interval - now - limit->depth;
    bucket->full_at = wait <= 0 ? full_at + limit->interval : full_at;
    pthread_mutex_unlock(lock);
    if (wait <= 0)
        return true;
    *retry_after = (int)((wait + SECOND - 1) / SECOND);
    return false;
}
