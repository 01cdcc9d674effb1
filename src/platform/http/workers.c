/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/http/workers.h"

#include <pthread.h>
#include <string.h>

/* Enough for libxml2, libpq and Argon2's driver; the default of 8 MiB a thread would only be
 * address space, but some container limits count it. */
#define STACK_BYTES ((size_t)1024 * 1024)

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t came;
    struct work *first, **last;
    size_t waiting, most;
    size_t idle;                /* threads that wait for work */
    instant moved;              /* monotonic: when work was last taken, or came to an empty queue */
    bool stopping;
    size_t count;
    pthread_t *threads;
};

/* The next work; NULL when the pool stops and nothing is left. */
static struct work *take(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    while (!workers->first && !workers->stopping) {
        workers->idle++;
        pthread_cond_wait(&workers->came, &workers->lock);
        workers->idle--;
    }
    struct work *work = workers->first;
    if (work) {
        workers->first = work->next;
        if (!workers->first)
            workers->last = &workers->first;
        workers->waiting--;
        workers->moved = instant_monotonic();
    }
    pthread_mutex_unlock(&workers->lock);
    return work;
}

static void *run(void *with)
{
    struct workers *workers = with;
    for (struct work *work; (work = take(workers));)
        work->run(work);
    return NULL;
}

bool workers_do(struct workers *workers, struct work *work)
{
    work->next = NULL;
    pthread_mutex_lock(&workers->lock);
    bool taken = workers->waiting < workers->most && !workers->stopping;
    if (taken) {
        if (!workers->first)
            workers->moved = instant_monotonic();
        *workers->last = work;
        workers->last = &work->next;
        workers->waiting++;
        if (workers->idle)
            pthread_cond_signal(&workers->came);
    }
    pthread_mutex_unlock(&workers->lock);
    return taken;
}

bool workers_hang(struct workers *workers, instant limit)
{
    pthread_mutex_lock(&workers->lock);
    bool hang = workers->first && instant_monotonic() - workers->moved > limit;
    pthread_mutex_unlock(&workers->lock);
    return hang;
}

void workers_stop(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->came);
    pthread_mutex_unlock(&workers->lock);
    for (size_t i = 0; i < workers->count; i++)
        pthread_join(workers->threads[i], NULL);
    workers->count = 0;
}

bool workers_start(struct arena *arena, int64_t threads, size_t most, struct workers **pool,
                   struct error *err)
{
    struct workers *workers = arena_new(arena, struct workers);
    *workers = (struct workers){ .most = most, .last = &workers->first };
    workers->threads = arena_array(arena, pthread_t, (size_t)threads);
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->came, NULL);
    pthread_attr_t about;
    pthread_attr_init(&about);
    pthread_attr_setstacksize(&about, STACK_BYTES);
    int problem = 0;
    for (int64_t i = 0; i < threads && !problem; i++) {
        problem = pthread_create(&workers->threads[i], &about, run, workers);
        workers->count += !problem;
    }
    pthread_attr_destroy(&about);
    *pool = workers;
    if (!problem)
        return true;
    workers_stop(workers);
    return fail_internal(err, "no thread for the workers: %s", strerror(problem));
}
