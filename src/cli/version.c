/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/commands.h"
#include "platform/version.h"

#include <stdio.h>

static bool run(struct command_line *line, struct error *err)
{
    if (line->count)
        return cli_usage(&command_version, err);
    puts("fundament " FUNDAMENT_VERSION);
    return true;
}

const struct command command_version = {
    .name = "version",
    .usage = "",
    .help = "Prints the version.",
    .run = run,
};
