/* SPDX-License-Identifier: EUPL-1.2 */
/* The descriptor of a service: everything that the platform knows of it. The platform itself, the
 * sector register and each folder under services/ have one; main's table lists them all. */
#ifndef PLATFORM_SERVICE_H
#define PLATFORM_SERVICE_H

#include "platform/app.h"
#include "platform/config.h"
#include "platform/db/db.h"
#include "platform/http/http.h"
#include "platform/keys/use.h"
#include "platform/record/jobs.h"

struct check;
struct export_table;

/* An entry of the navigation and of the home page. */
struct entry {
    const char *path;
    const char *title;   /* N_() */
    const char *summary; /* N_(), one sentence for the home page */
    enum role role;      /* who sees it; ROLE_ANYONE: everybody */
    enum role audience;  /* of an open entry: on whose card of the home page it stands too */
};

struct organisations;
struct sandbox;

/* A kind of deed in the audit trail, or of event, and what it says to people. */
struct deed_kind {
    const char *what;     /* "nummervoorziening.school-signed-up" */
    const char *sentence; /* N_(), "A school was signed up for the Nummervoorziening" */
};

/* Somebody who wants to know of events (platform/record/followers.h). */
struct follower;

struct service {
    const char *name;                    /* "nummervoorziening": also its folder and log name */
    const char *title;                   /* N_("Nummervoorziening") */
    const struct setting *settings;      /* ends with a NULL name */
    const struct migration *migrations;  /* ends with number 0 */
    const struct route *routes;          /* ends with a NULL path */
    const struct job_kind *jobs;         /* ends with a NULL name */
    const struct entry *entries;         /* ends with a NULL path */
    const struct key_use *keys;          /* ends with a NULL name */
    const struct export_table *exports;  /* of `fundament export` (operation/export.h); NULL name */
    const struct check *checks;          /* of `fundament doctor` (operation/doctor.h); NULL name */
    const struct organisations *organisations; /* what this service knows of them; one service's
                                                  (platform/organisations/organisations.h) */
    const struct deed_kind *deeds;       /* what it writes into the audit trail; ends with a NULL what */
    const struct deed_kind *events;      /* and into the events, for who wants to be told of them */
    const struct follower *followers;    /* ends with a NULL name */

    /* Makes the service's own state (keys, caches) in the app's arena; called once, at open. */
    bool (*start)(struct app *app, void **state, struct error *err);
    void (*stop)(struct app *app, void *state);

    /* Puts right what a server that ended badly left half done; called once, before this process
     * serves. Commands do not call it: another process may be serving. */
    bool (*recover)(struct app *app, struct error *err);

    /* Adds the files and ports that it needs while the server runs to the server's sandbox. */
    void (*needs)(struct app *app, struct sandbox *sandbox);

    /* Adds this service's part of the synthetic demo sector, sized by `schools`; idempotent. */
    bool (*seed_demo)(struct app *app, struct arena *arena, int64_t schools, struct error *err);
};

/* The parts of the platform, in the order in which they start. */
extern const struct service platform_service, keys_service, people_service, mail_service,
    organisations_service, record_service, nodes_service, operation_service;

#endif
