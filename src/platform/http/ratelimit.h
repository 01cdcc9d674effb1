/* SPDX-License-Identifier: EUPL-1.2 */
/* Token buckets per client: `rate` a second with a burst, kept for as many clients as fit. */
#ifndef PLATFORM_RATELIMIT_H
#define PLATFORM_RATELIMIT_H

#include "base/instant.h"

struct ratelimit;

/* `rate` 0: no limit. */
struct ratelimit *ratelimit_new(struct arena *arena, int64_t rate, int64_t burst);

/* Takes one token of this client; false with the seconds to wait. Thread-safe, constant memory. */
bool ratelimit_take(struct ratelimit *limit, struct str client, instant now, int *retry_after);

#endif
