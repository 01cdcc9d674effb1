/* SPDX-License-Identifier: EUPL-1.2 */
/* People: how they log in and what they see of their own account. */
#include "platform/people/accounts.h"
#include "platform/people/people.h"

static const struct setting settings[] = {
    { "session.hours", SETTING_INT, "12",
      N_("A person must log in again after so many hours."), 1, 168 },
    { "session.idle_minutes", SETTING_INT, "30",
      N_("A person who does nothing for so many minutes must log in again."), 1, 1440 },
    { .name = NULL },
};

static const struct route routes[] = {
    { GET, "/inloggen", show_log_in, .on = PEOPLE },
    { POST, "/inloggen", log_in, .on = PEOPLE },
    { POST, "/uitloggen", log_out, .on = PEOPLE },
    { GET, "/account", show_account, .on = PEOPLE, .role = ROLE_PERSON },
    { POST, "/account/wachtwoord", change_password, .on = PEOPLE, .role = ROLE_PERSON },
    { POST, "/account/sessies", end_other_sessions, .on = PEOPLE, .role = ROLE_PERSON },
    { METHOD_NONE },
};

static bool start(struct app *app, void **state, struct error *err)
{
    struct people *people = arena_new(app->arena, struct people);
    people->throttle = throttle_new(app->arena);
    *state = people;
    return is_demo(app->db, app->arena, &app->demo, err);
}

const struct service people_service = {
    .name = "people",
    .title = N_("People"),
    .settings = settings,
    .routes = routes,
    .start = start,
    .seed_demo = seed_demo_accounts,
};
