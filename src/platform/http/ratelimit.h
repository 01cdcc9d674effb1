/* SPDX-License-Identifier: EUPL-1.2 */
/* Token buckets per client: `rate` a second with a burst, kept for as many clients as fit. Several
 * nodes count together: each tells the others now and then what it gave out (ratelimit_taken), and
 * takes that out of its own buckets (ratelimit_add). Until it is told, a client may have its burst at
 * each node; after that it waits so much longer. */
#ifndef PLATFORM_RATELIMIT_H
#define PLATFORM_RATELIMIT_H

#include "base/instant.h"

struct ratelimit;

#define RATELIMIT_KEY 16 /* bytes */

/* `rate` 0: no limit. Nodes that count together have the same key (RATELIMIT_KEY bytes); NULL: a random
 * one. */
struct ratelimit *ratelimit_new(struct arena *arena, int64_t rate, int64_t burst, const void *key);

/* Takes one token of this client; false with the seconds to wait. Thread-safe, constant memory. */
bool ratelimit_take(struct ratelimit *limit, struct str client, instant now, int *retry_after);

/* What a client was given: `client` is a keyed hash of its name. */
struct taken {
    uint64_t client;
    uint32_t count;
};

/* At most so many clients are told of at a time; of more, the rest counts at this node only. */
#define RATELIMIT_TOLD 1024

/* What was given out here since the last call to clients that took a notable part of their rate (a
 * sixteenth; those who took less are told of when it has added up). */
size_t ratelimit_taken(struct ratelimit *limit, struct taken taken[static RATELIMIT_TOLD]);

/* Another node gave this out. */
void ratelimit_add(struct ratelimit *limit, const struct taken *taken, instant now);

#endif
