/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/wait.h"

#include <time.h>

void wait_init(pthread_cond_t *condition)
{
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &steady);
    pthread_condattr_destroy(&steady);
}

struct timespec wait_until(instant microseconds)
{
    instant until = instant_monotonic() + microseconds;
    return (struct timespec){ .tv_sec = until / SECOND, .tv_nsec = until % SECOND * 1000 };
}

bool wait_at(pthread_cond_t *condition, pthread_mutex_t *lock, const struct timespec *until)
{
    return pthread_cond_timedwait(condition, lock, until) == 0;
}
