/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/commands.h"
#include "platform/revision.h"
#include "platform/version.h"

#include <stdio.h>

static bool run(struct command_line *line, struct error *err)
{
    if (line->count)
        return cli_usage(&command_version, err);
    const char *revision = FUNDAMENT_REVISION;
    printf("fundament %s%s%s\n", FUNDAMENT_VERSION, *revision ? " " : "", revision);
    return true;
}

const struct command command_version = {
    .name = "version",
    .usage = "",
    .help = "Prints the version, and the revision that it was built from.",
    .run = run,
};
