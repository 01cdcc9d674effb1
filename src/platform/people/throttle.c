/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/people/throttle.h"

#include "base/random.h"

#include <openssl/sha.h>
#include <pthread.h>
#include <stdatomic.h>

#define SETS         1024
#define WAYS         4
#define FREE_TRIES   4
#define LONGEST_WAIT 60                /* seconds */
#define FORGET_AFTER (30 * MINUTE)
#define SECRET_BYTES 16

struct pair {
    uint64_t key; /* 0: free */
    int failures;
    instant last;
};

struct throttle {
    pthread_mutex_t lock;
    char secret[SECRET_BYTES]; /* so that nobody can choose a pair that shares another's place */
    struct pair pairs[SETS][WAYS];
    _Atomic int checks; /* that run now */
};

struct throttle *throttle_new(struct arena *arena)
{
    struct throttle *throttle = arena_new(arena, struct throttle);
    pthread_mutex_init(&throttle->lock, NULL);
    random_bytes(throttle->secret, sizeof throttle->secret);
    return throttle;
}

static uint64_t key_of(const struct throttle *throttle, struct str login, struct str peer)
{
    unsigned char sum[SHA256_DIGEST_LENGTH], parts[3][SHA256_DIGEST_LENGTH];
    uint64_t key;
    memset(parts, 0, sizeof parts);
    memcpy(parts[0], throttle->secret, sizeof throttle->secret);
    SHA256((const unsigned char *)login.at, login.len, parts[1]);
    SHA256((const unsigned char *)peer.at, peer.len, parts[2]);
    SHA256(parts[0], sizeof parts, sum);
    memcpy(&key, sum, sizeof key);
    return key ? key : 1;
}

/* The pair with this key, or the place where it may go: a free one, or that of the pair that was
 * heard of longest ago. */
static struct pair *place_of(struct throttle *throttle, uint64_t key)
{
    struct pair *set = throttle->pairs[key % SETS], *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].last < oldest->last)
            oldest = &set[i];
    }
    return oldest;
}

static int wait_after(int failures)
{
    int wait = 1;
    if (failures < FREE_TRIES)
        return 0;
    for (int i = FREE_TRIES; i < failures && wait < LONGEST_WAIT; i++)
        wait *= 2;
    return wait < LONGEST_WAIT ? wait : LONGEST_WAIT;
}

int throttle_wait(struct throttle *throttle, struct str login, struct str peer, instant now)
{
    uint64_t key = key_of(throttle, login, peer);
    instant left = 0;
    pthread_mutex_lock(&throttle->lock);
    const struct pair *pair = place_of(throttle, key);
    if (pair->key == key)
        left = pair->last + wait_after(pair->failures) * SECOND - now;
    pthread_mutex_unlock(&throttle->lock);
    return left > 0 ? (int)((left + SECOND - 1) / SECOND) : 0;
}

void throttle_failed(struct throttle *throttle, struct str login, struct str peer, instant now)
{
    uint64_t key = key_of(throttle, login, peer);
    pthread_mutex_lock(&throttle->lock);
    struct pair *pair = place_of(throttle, key);
    if (pair->key != key || now - pair->last > FORGET_AFTER)
        *pair = (struct pair){ .key = key };
    pair->failures++;
    pair->last = now;
    pthread_mutex_unlock(&throttle->lock);
}

void throttle_forget(struct throttle *throttle, struct str login, struct str peer)
{
    uint64_t key = key_of(throttle, login, peer);
    pthread_mutex_lock(&throttle->lock);
    struct pair *pair = place_of(throttle, key);
    if (pair->key == key)
        *pair = (struct pair){ 0 };
    pthread_mutex_unlock(&throttle->lock);
}

bool throttle_enter(struct throttle *throttle)
{
    if (atomic_fetch_add(&throttle->checks, 1) < CHECKS_AT_ONCE)
        return true;
    throttle_leave(throttle);
    return false;
}

void throttle_leave(struct throttle *throttle)
{
    atomic_fetch_sub(&throttle->checks, 1);
}
