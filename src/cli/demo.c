/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/file.h"
#include "cli/commands.h"
#include "platform/record/jobs.h"
#include "platform/keys/pki.h"
#include "services/services.h"

#include <stdio.h>

#define SCHOOLS     60
#define SCHOOLS_MAX 20000

static bool seed(struct app *app, int64_t schools, struct error *err)
{
    for (size_t i = 0; app->services[i]; i++) {
        const struct service *service = app->services[i];
        struct arena arena = { 0 };
        bool seeded = !service->seed_demo || service->seed_demo(app, &arena, schools, err);
        arena_free(&arena);
        if (!seeded)
            return false;
    }
    return true;
}

static bool read_size(struct command_line *line, int64_t *schools, struct error *err)
{
    const char *text = cli_option(line, "--schools");
    *schools = SCHOOLS;
    if (text && !str_to_int(str_of(text), 1, SCHOOLS_MAX, schools))
        return fail(err, INVALID, "schools",
                    N_("The number of demo schools must be from 1 to 20000."));
    return line->count == 0 || cli_usage(&command_demo, err);
}

static bool run(struct command_line *line, struct error *err)
{
    struct app app;
    int64_t schools;
    if (!read_size(line, &schools, err) || !folder_make(line->data, err)
        || !app_open(line->arena, line->data, all_services, true, &app, err))
        return false;
    bool seeded = seed(&app, schools, err);
    app_close(&app);
    if (seeded)
        printf("The demo sector is in %s.\n", line->data);
    return seeded;
}

const struct command command_demo = {
    .name = "demo",
    .usage = "[--schools N]",
    .help = "Fills the data folder with a synthetic sector, demo accounts and sign-ups. Running it "
            "again changes nothing.",
    .run = run,
};
