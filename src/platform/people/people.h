/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of people's accounts share, for its descriptor (service.c) only. */
#ifndef PLATFORM_PEOPLE_H
#define PLATFORM_PEOPLE_H

#include "platform/service.h"
#include "platform/people/throttle.h"

/* The state of people_service. */
struct people {
    struct throttle *throttle; /* of failed log-ins */
};

bool show_log_in(struct request *request, struct error *err);
bool log_in(struct request *request, struct error *err);
bool log_out(struct request *request, struct error *err);

/* A password may begin or end with a blank: form_text would take it away. */
struct str password_field(const struct form *form, struct str name);

bool show_account(struct request *request, struct error *err);
bool change_password(struct request *request, struct error *err);
bool end_other_sessions(struct request *request, struct error *err);

/* The demo accounts: one of each kind, all with DEMO_PASSWORD, which the log-in page tells. */
#define DEMO_PASSWORD "fundament-demo"
struct demo_account {
    const char *login, *name, *purpose; /* purpose: N_() */
    enum role role;
    const char *organisation;
};
extern const struct demo_account demo_accounts[]; /* ends with a NULL login */
bool seed_demo_accounts(struct app *app, struct arena *arena, int64_t schools, struct error *err);
bool is_demo(struct db *db, struct arena *arena, bool *demo, struct error *err);

#endif
