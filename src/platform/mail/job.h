/* SPDX-License-Identifier: EUPL-1.2 */
/* The background work of mail, for its descriptor. */
#ifndef PLATFORM_MAIL_JOB_H
#define PLATFORM_MAIL_JOB_H

#include "platform/record/jobs.h"
#include "platform/operation/doctor.h"

#define MAIL_JOB      "mail.send"
#define MAIL_ATTEMPTS 60 /* with the back-off of jobs: some two days */

/* The file that a setting of mail names; a relative one is in the data folder. */
const char *mail_path(const struct config *config, struct arena *arena, const char *setting);

/* The server that the settings name. The password is read each time: another one needs no restart. */
struct smtp;
bool mail_read_server(const struct app *app, struct arena *arena, struct smtp *smtp,
                      struct error *err);

bool mail_job(struct app *app, struct arena *arena, const struct job *job, struct error *err);
bool mail_forget_job(struct app *app, struct arena *arena, const struct job *job,
                     struct error *err);

extern const struct check mail_checks[]; /* ends with a NULL name */

#endif
