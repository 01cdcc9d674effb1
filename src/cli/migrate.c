/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/file.h"
#include "cli/commands.h"
#include "services/services.h"

static bool run(struct command_line *line, struct error *err)
{
    struct app app;
    if (line->count)
        return cli_usage(&command_migrate, err);
    if (!folder_make(line->data, err)
        || !app_open(line->arena, line->data, all_services, true, &app, err))
        return false;
    app_close(&app);
    return true;
}

const struct command command_migrate = {
    .name = "migrate",
    .usage = "",
    .help = "Makes the database, or brings it to the form that this version needs.",
    .run = run,
};
