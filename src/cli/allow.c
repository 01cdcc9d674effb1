/* SPDX-License-Identifier: EUPL-1.2 */
/* What a board and an operator do on the pages, for scripts and for the first steps. */
#include "cli/commands.h"
#include "services/nummervoorziening/nummervoorziening.h"
#include "services/services.h"

#include <stdio.h>

static bool run(struct command_line *line, struct error *err)
{
    struct app app;
    struct oin vendor;
    struct brin school;
    if (line->count != 2)
        return cli_usage(&command_allow, err);
    if (!oin_parse(str_of(line->words[0]), &vendor, err)
        || !brin_parse(str_of(line->words[1]), &school, err)
        || !app_open(line->arena, line->data, all_services, false, &app, err))
        return false;
    bool allowed = nummervoorziening_allow(&app, line->arena, STR("command:allow"), &vendor,
                                           &school, instant_now(), err);
    app_close(&app);
    if (allowed)
        printf("%.*s may ask pseudonyms for %.*s.\n", FMT(ID_STR(vendor)), FMT(ID_STR(school)));
    return allowed;
}

const struct command command_allow = {
    .name = "allow",
    .usage = "OIN BRIN",
    .help = "Lets the vendor with this OIN ask pseudonyms for this school: admits its system and "
            "signs the school up.",
    .run = run,
};
