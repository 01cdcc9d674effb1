/* SPDX-License-Identifier: EUPL-1.2 */
/* A pool of threads that do work in the order in which it came. */
#ifndef PLATFORM_WORKERS_H
#define PLATFORM_WORKERS_H

#include "base/error.h"
#include "base/instant.h"

struct workers;

/* Part of whatever the work is about; belongs to the pool from workers_do until `run` is called. */
struct work {
    struct work *next;
    void (*run)(struct work *work);
};

/* `most`: so much work may wait; more is refused. */
bool workers_start(struct arena *arena, int64_t threads, size_t most, struct workers **workers,
                   struct error *err);
/* False: too much waits already. */
bool workers_do(struct workers *workers, struct work *work);
/* Has work waited for this long while no thread took any? Then all of them hang. */
bool workers_hang(struct workers *workers, instant limit);
/* Lets the work that was taken on end. */
void workers_stop(struct workers *workers);

#endif
