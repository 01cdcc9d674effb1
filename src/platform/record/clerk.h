/* SPDX-License-Identifier: EUPL-1.2 */
/* The clerk: a thread of each server that looks twice a second whether there is something to number,
 * a follower that is behind or a webhook with something to deliver, and leaves the work to jobs. For
 * jobs.c and tests only. */
#ifndef PLATFORM_CLERK_H
#define PLATFORM_CLERK_H

#include "base/instant.h"
#include "platform/app.h"

struct clerk;

/* From here on deeds of this process are numbered by clerks (platform/record/inbox.h). */
bool clerk_start(struct app *app, struct clerk **clerk, struct error *err);
/* Ends it, with nothing left to number. */
void clerk_stop(struct app *app, struct clerk *clerk);

/* One look; `*filed` as record_tidy has it (filing.h); `*added`: there is work for a job. */
bool clerk_look(struct app *app, instant *filed, bool *added, struct error *err);

#endif
