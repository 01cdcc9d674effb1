/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/commands.h"
#include "platform/config.h"
#include "services/services.h"

#include <stdio.h>

static void show(void *with, const struct setting *setting, struct str value, const char *origin)
{
    (void)with;
    printf("%s = %.*s\n    %s\n    ", setting->name, FMT(value), setting->help);
    if (setting->kind == SETTING_INT)
        printf("A whole number from %lld to %lld. ", (long long)setting->min,
               (long long)setting->max);
    if (setting->kind == SETTING_FLAG)
        printf("yes or no. ");
    printf("Default: %s. Now from: %s.\n\n", setting->standard[0] ? setting->standard : "(empty)",
           origin);
}

static bool run(struct command_line *line, struct error *err)
{
    const struct config *config;
    if (line->count)
        return cli_usage(&command_config, err);
    if (!config_load(line->arena, line->data, all_services, &config, err))
        return false;
    config_each(config, show, NULL);
    return true;
}

const struct command command_config = {
    .name = "config",
    .usage = "",
    .help = "Lists every setting with its meaning, its default and its current value.",
    .run = run,
};
