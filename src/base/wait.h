/* SPDX-License-Identifier: EUPL-1.2 */
/* Waiting at a condition for a time, by a clock that nobody sets (CLOCK_MONOTONIC): so that a clock that
 * is put right neither holds a thread up nor hurries it. */
#ifndef BASE_WAIT_H
#define BASE_WAIT_H

#include "base/instant.h"

#include <pthread.h>

/* Makes a condition for wait_at; pthread_cond_destroy ends it. */
void wait_init(pthread_cond_t *condition);

/* What wait_at waits for at most, from now on; microseconds. */
struct timespec wait_until(instant microseconds);

/* Waits, with the lock held, until the condition is signalled (also for no reason: look whether it is
 * so) or the moment is there. False: it is there. */
bool wait_at(pthread_cond_t *condition, pthread_mutex_t *lock, const struct timespec *until);

#endif
