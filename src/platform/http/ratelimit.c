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
#define TOLD_FROM 16 /* a client that took this part of a second's rate is told to other nodes */
#define DEBT      4  /* so many bursts, given out by other nodes, may stand against a client */

struct bucket {
    uint64_t client; /* a keyed hash of its name */
    instant full_at;
    uint32_t taken;  /* here, and not yet told to other nodes */
    bool listed;     /* in `told` */
};

struct ratelimit {
    instant interval;   /* between two tokens */
    instant depth;      /* of a full bucket, in time */
    uint64_t key[2];
    uint32_t told_from;
    pthread_mutex_t told_lock; /* taken inside one of `locks` */
    size_t told_count;
    uint64_t told[RATELIMIT_TOLD];
    pthread_mutex_t locks[LOCKS];
    struct bucket buckets[SETS][WAYS];
};

struct ratelimit *ratelimit_new(struct arena *arena, int64_t rate, int64_t burst, const void *key)
{
    if (rate <= 0)
        return NULL;
    struct ratelimit *limit = arena_new(arena, struct ratelimit);
    limit->interval = SECOND / rate > 0 ? SECOND / rate : 1;
    limit->depth = limit->interval * (burst > 1 ? burst : 1);
    limit->told_from = (uint32_t)(rate / TOLD_FROM) + 1;
    _Static_assert(sizeof limit->key == RATELIMIT_KEY, "the key of SipHash");
    if (key)
        memcpy(limit->key, key, sizeof limit->key);
    else
        random_bytes(limit->key, sizeof limit->key);
    pthread_mutex_init(&limit->told_lock, NULL);
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

static pthread_mutex_t *lock_of(struct ratelimit *limit, uint64_t client)
{
    return &limit->locks[client % SETS % LOCKS];
}

/* The bucket is locked. */
static void note_taken(struct ratelimit *limit, struct bucket *bucket)
{
    if (++bucket->taken < limit->told_from || bucket->listed)
        return;
    pthread_mutex_lock(&limit->told_lock);
    bucket->listed = limit->told_count < RATELIMIT_TOLD;
    if (bucket->listed)
        limit->told[limit->told_count++] = bucket->client;
    pthread_mutex_unlock(&limit->told_lock);
}

/* A clock that was set back must not lock anybody out. */
static instant level(const struct ratelimit *limit, const struct bucket *bucket, instant now)
{
    instant most = now + (1 + DEBT) * limit->depth;
    if (bucket->full_at <= now)
        return now;
    return bucket->full_at < most ? bucket->full_at : now + limit->depth;
}

bool ratelimit_take(struct ratelimit *limit, struct str client, instant now, int *retry_after)
{
    if (!limit)
        return true;
    uint64_t hash = keyed_hash(limit->key, client);
    pthread_mutex_t *lock = lock_of(limit, hash);
    pthread_mutex_lock(lock);
    struct bucket *bucket = bucket_of(limit->buckets[hash % SETS], hash);
    bucket->full_at = level(limit, bucket, now);
    instant wait = bucket->full_at + limit->interval - now - limit->depth;
    if (wait <= 0) {
        bucket->full_at += limit->interval;
        note_taken(limit, bucket);
    }
    pthread_mutex_unlock(lock);
    if (wait <= 0)
        return true;
    *retry_after = (int)((wait + SECOND - 1) / SECOND);
    return false;
}

/* ---- What other nodes should know ---- */

static uint32_t tell(struct ratelimit *limit, uint64_t client)
{
    uint32_t count = 0;
    pthread_mutex_t *lock = lock_of(limit, client);
    pthread_mutex_lock(lock);
    struct bucket *set = limit->buckets[client % SETS];
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].client == client) {
            count = set[i].taken;
            set[i].taken = 0;
            set[i].listed = false;
        }
    pthread_mutex_unlock(lock);
    return count;
}

size_t ratelimit_taken(struct ratelimit *limit, struct taken taken[static RATELIMIT_TOLD])
{
    uint64_t told[RATELIMIT_TOLD];
    size_t count = 0;
    if (!limit)
        return 0;
    pthread_mutex_lock(&limit->told_lock);
    size_t listed = limit->told_count;
    memcpy(told, limit->told, listed * sizeof *told);
    limit->told_count = 0;
    pthread_mutex_unlock(&limit->told_lock);
    for (size_t i = 0; i < listed; i++) {
        taken[count] = (struct taken){ told[i], tell(limit, told[i]) };
        count += taken[count].count > 0;
    }
    return count;
}

void ratelimit_add(struct ratelimit *limit, const struct taken *taken, instant now)
{
    if (!limit)
        return;
    pthread_mutex_t *lock = lock_of(limit, taken->client);
    instant most = now + (1 + DEBT) * limit->depth - 1;
    pthread_mutex_lock(lock);
    struct bucket *bucket = bucket_of(limit->buckets[taken->client % SETS], taken->client);
    instant owed = level(limit, bucket, now) + limit->interval * taken->count;
    bucket->full_at = owed < most ? owed : most;
    pthread_mutex_unlock(lock);
}
