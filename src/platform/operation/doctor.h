/* SPDX-License-Identifier: EUPL-1.2 */
/* What `fundament doctor` looks at. A part of the house adds its own looks by a table in its
 * descriptor (`checks` of struct service); a check tells what it found, each with what to do. */
#ifndef PLATFORM_DOCTOR_H
#define PLATFORM_DOCTOR_H

#include "base/list.h"
#include "platform/app.h"

enum health {
    WELL,   /* as it should be */
    WORRY,  /* works, but an operator should do something about it soon */
    BROKEN, /* does not work, or loses or gives away something */
    HEALTHS
};

struct finding {
    enum health health;
    const char *about;   /* "certificates": the name of the check */
    const char *message; /* N_(), with at most one %s */
    char subject[160];   /* what stands for the %s */
};

/* What was found, in words: the message (or its translation) with its subject filled in. */
struct str finding_text(struct arena *arena, const struct finding *finding, const char *translated);

struct findings {
    struct arena *arena;
    const char *about;   /* of the check that runs now */
    bool thorough;       /* take the time to look at everything */
    list_of(struct finding);
};

/* Adds what was found. */
void found(struct findings *findings, enum health health, const char *message, const char *subject,
           ...) __attribute__((format(printf, 4, 5)));

struct check {
    const char *name;
    /* False, with the error: it could not even be looked at, which is a finding too. */
    bool (*look)(struct app *app, struct findings *findings, struct error *err);
};

/* Looks at everything in a data folder, from the settings on; goes on as far as it can. */
void doctor_look(struct arena *arena, const char *data, const struct service *const *services,
                 struct findings *findings);

/* The looks of this folder, in the order in which they are done: first those that need no open
 * database (their app has a configuration only). */
extern const struct check system_checks[], database_checks[]; /* end with a NULL name */
bool look_at_certificates(struct app *app, struct findings *findings, struct error *err);

#endif
