/* SPDX-License-Identifier: EUPL-1.2 */
/* Slows down guessing of passwords. Failures are counted per login name and address together: so a
 * guesser elsewhere cannot lock the owner out. Kept in memory, per node, in constant room. */
#ifndef PLATFORM_THROTTLE_H
#define PLATFORM_THROTTLE_H

#include "base/instant.h"

struct throttle;

struct throttle *throttle_new(struct arena *arena);

/* How many seconds this pair must wait before the next try; 0: none. The first few failures cost
 * nothing, each further one doubles the wait, up to a minute. Thread-safe, as all of these. */
int throttle_wait(struct throttle *throttle, struct str login, struct str peer, instant now);
void throttle_failed(struct throttle *throttle, struct str login, struct str peer, instant now);
void throttle_forget(struct throttle *throttle, struct str login, struct str peer);

/* A check of a password is slow on purpose: only so many run at once, so that a flood of them leaves
 * workers for everybody else. False: come back in a moment; otherwise throttle_leave must follow. */
#define CHECKS_AT_ONCE 8
bool throttle_enter(struct throttle *throttle);
void throttle_leave(struct throttle *throttle);

#endif
