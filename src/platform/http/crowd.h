/* SPDX-License-Identifier: EUPL-1.2 */
/* How many connections each address holds, so that one cannot take all places. Who has one address of
 * an IPv6 network has them all: the first 64 bits count as one address (RFC 6177). Thread-safe. */
#ifndef PLATFORM_CROWD_H
#define PLATFORM_CROWD_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct crowd;

/* `most` connections for one address; 0: no limit. NULL is a crowd without a limit. */
struct crowd *crowd_new(struct arena *arena, int64_t most);
void crowd_free(struct crowd *crowd);

/* What stands for the address of a peer; 0: it is not counted (a Unix socket). */
uint64_t crowd_name(const struct sockaddr *from);

/* Is there a place for one more of this name? */
bool crowd_has_room(struct crowd *crowd, uint64_t name);
/* One came, one went: each `enter` has its `leave`. Where memory ends, one enters uncounted (false). */
bool crowd_enter(struct crowd *crowd, uint64_t name);
void crowd_leave(struct crowd *crowd, uint64_t name);

#endif
