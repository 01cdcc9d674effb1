/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/operation/export.h"

#include "cli/commands.h"
#include "services/services.h"

#include <stdio.h>

static bool run(struct command_line *line, struct error *err)
{
    struct app app;
    struct export_count count;
    struct str kind, number;
    if (line->count != 2)
        return cli_usage(&command_export, err);
    struct str organisation = str_of(line->words[0]);
    if (!organisation_split(organisation, &kind, &number, err)
        || !app_open(line->arena, line->data, all_services, false, &app, err))
        return false;
    bool written = export_write(&app, organisation, line->words[1], &count, err);
    app_close(&app);
    if (written)
        printf("%lld tables, %lld rows in %s; datapackage.json there describes them.\n",
               (long long)count.tables, (long long)count.rows, line->words[1]);
    return written;
}

const struct command command_export = {
    .name = "export",
    .usage = "ORGANISATION FOLDER",
    .help = "Writes all data of an organisation (board:41804) to a new folder, as CSV and JSON.",
    .run = run,
};
