/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/http/workers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

struct piece {
    struct work work;
    pthread_mutex_t *gate; /* held by the test while the work must wait */
    atomic_int *done;
};

static void run(struct work *work)
{
    struct piece *piece = (struct piece *)((char *)work - offsetof(struct piece, work));
    pthread_mutex_lock(piece->gate);
    pthread_mutex_unlock(piece->gate);
    atomic_fetch_add(piece->done, 1);
}

TEST(workers_do_all_that_they_took_on_before_they_stop)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    atomic_int done = 0;
    struct workers *workers;
    struct error err;
    struct piece pieces[500];
    CHECK_OK(workers_start(t->arena, 4, 1000, &workers, &err), err);
    for (int i = 0; i < 500; i++) {
        pieces[i] = (struct piece){ .work.run = run, .gate = &gate, .done = &done };
        CHECK(workers_do(workers, &pieces[i].work));
    }
    workers_stop(workers);
    CHECK_INT(done, 500);
}

TEST(workers_hang_when_work_waits_and_nobody_takes_it)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    atomic_int done = 0;
    struct workers *workers;
    struct error err;
    struct piece pieces[3];
    CHECK_OK(workers_start(t->arena, 1, 10, &workers, &err), err);
    CHECK(!workers_hang(workers, 0)); /* nothing waits */
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 3; i++) {
        pieces[i] = (struct piece){ .work.run = run, .gate = &gate, .done = &done };
        CHECK(workers_do(workers, &pieces[i].work));
    }
    for (int i = 0; i < 500 && !workers_hang(workers, 10 * SECOND / 1000); i++)
        usleep(20000); /* the one worker may take its time to take the first */
    CHECK(workers_hang(workers, 10 * SECOND / 1000));
    CHECK(!workers_hang(workers, MINUTE));
    pthread_mutex_unlock(&gate);
    workers_stop(workers);
    CHECK_INT(done, 3);
    CHECK(!workers_hang(workers, 0));
}

TEST(workers_refuse_what_cannot_wait)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    atomic_int done = 0;
    struct workers *workers;
    struct error err;
    struct piece pieces[20];
    int taken = 0;
    CHECK_OK(workers_start(t->arena, 2, 10, &workers, &err), err);
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 20; i++) {
        pieces[i] = (struct piece){ .work.run = run, .gate = &gate, .done = &done };
        taken += workers_do(workers, &pieces[i].work);
    }
    pthread_mutex_unlock(&gate);
    CHECK(taken >= 10 && taken <= 12); /* ten wait; two may be in hand already */
    workers_stop(workers);
    CHECK_INT(done, taken);
    CHECK(!workers_do(workers, &pieces[0].work));
}
