/* SPDX-License-Identifier: EUPL-1.2 */
/* What a running Fundament is made of. One per process, made by app_open; handlers reach it through
 * their request, jobs through their argument. */
#ifndef PLATFORM_APP_H
#define PLATFORM_APP_H

#include "base/error.h"

struct config;
struct db;
struct service;
struct templates;
struct metrics;
struct server;
struct jobs;
struct keeper;

#define SERVICES_MAX 32

struct app {
    struct arena *arena;                     /* lives as long as the app */
    const struct config *config;
    struct db *db;
    const struct service *const *services;   /* ends with NULL */
    void *state[SERVICES_MAX];               /* what each service's start made, by its place */
    size_t started;                          /* so many services have started */
    struct templates *templates;
    struct metrics *metrics;
    struct jobs *jobs;
    struct keeper *keeper;                   /* computes with keys */
    struct server *server;                   /* NULL in commands other than serve */
    bool demo;                               /* the database holds the demo sector: test certificates
                                                may be made on the spot (set by people_service) */
};

/* Loads the configuration of `data`, opens the database, checks (or, with `migrate`, updates) its
 * schema and starts the services' state. The arena is the app's from then on; app_close stops the
 * services and closes the database, and leaves the arena to its owner. */
bool app_open(struct arena *arena, const char *data, const struct service *const *services,
              bool migrate, struct app *app, struct error *err);
void app_close(struct app *app);

/* As app_open with `migrate`, for a server: the keeper of keys becomes a process of its own. To be
 * called while this process has one thread and no socket. */
bool app_open_to_serve(struct arena *arena, const char *data,
                       const struct service *const *services, struct app *app, struct error *err);

/* Lets every service put right what a server that ended badly left half done: once, before this
 * process serves. */
bool app_recover(struct app *app, struct error *err);

/* The state that the service of this name made at its start; NULL when it has none. */
void *app_state(const struct app *app, const struct service *service);

#endif
