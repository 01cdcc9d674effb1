/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/record/clerk.h"

#include "base/log.h"
#include "base/wait.h"
#include "platform/db/db.h"
#include "platform/record/followers.h"
#include "platform/record/filing.h"
#include "platform/record/webhooks.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define LOOK_EVERY (SECOND / 2)

struct clerk {
    struct app *app;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
};

bool clerk_look(struct app *app, instant *filed, bool *added, struct error *err)
{
    bool followers = false, webhooks = false;
    if (!record_tidy(app, filed, err) || !followers_wake(app, &followers, err)
        || !webhooks_wake(app, &webhooks, err))
        return false;
    *added = followers || webhooks;
    return true;
}

/* False: the clerk ends. */
static bool rest(struct clerk *clerk)
{
    struct timespec until = wait_until(LOOK_EVERY);
    pthread_mutex_lock(&clerk->lock);
    while (!clerk->stopping && wait_at(&clerk->wake, &clerk->lock, &until))
        ;
    bool goes_on = !clerk->stopping;
    pthread_mutex_unlock(&clerk->lock);
    return goes_on;
}

static void *look_often(void *with)
{
    struct clerk *clerk = with;
    instant filed = 0;
    do {
        struct error err;
        bool added = false;
        if (!clerk_look(clerk->app, &filed, &added, &err))
            log_failure("clerk-unavailable", &err);
        if (added)
            jobs_wake(clerk->app);
    } while (rest(clerk));
    return NULL;
}

bool clerk_start(struct app *app, struct clerk **made, struct error *err)
{
    struct clerk *clerk = calloc(1, sizeof *clerk);
    if (!clerk)
        return fail(err, UNAVAILABLE, NULL,
                    N_("There is not enough memory for this. Ask for less at a time."));
    clerk->app = app;
    pthread_mutex_init(&clerk->lock, NULL);
    wait_init(&clerk->wake);
    if (pthread_create(&clerk->thread, NULL, look_often, clerk) != 0) {
        free(clerk);
        return fail_internal(err, "the clerk's thread could not be started");
    }
    db_number_later(app->db, db_is_postgres(app->db));
    *made = clerk;
    return true;
}

void clerk_stop(struct app *app, struct clerk *clerk)
{
    struct error err;
    if (!clerk)
        return;
    db_number_later(app->db, false);
    pthread_mutex_lock(&clerk->lock);
    clerk->stopping = true;
    pthread_cond_signal(&clerk->wake);
    pthread_mutex_unlock(&clerk->lock);
    pthread_join(clerk->thread, NULL);
    if (!record_settle(app, &err))
        log_failure("deeds-not-numbered", &err); /* the next server numbers them */
    pthread_cond_destroy(&clerk->wake);
    pthread_mutex_destroy(&clerk->lock);
    free(clerk);
}
