/* SPDX-License-Identifier: EUPL-1.2 */
/* The school-side helper: PGNs in, HPGNs out. A PGN never stands in the arguments (other users of the
 * machine can read those) and is never logged. */
#include "cli/commands.h"
#include "platform/config.h"
#include "services/nummervoorziening/nummervoorziening.h"
#include "services/services.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 1024

static bool find_salt(struct command_line *line, const char *option, struct str *salt,
                      struct error *err)
{
    const struct config *config;
    if (option)
        return hpgn_salt_parse(line->arena, str_of(option), salt, err);
    return config_load(line->arena, line->data, all_services, &config, err)
           && hpgn_salt_parse(line->arena, config_text(config, "nummervoorziening.hpgn_salt"), salt,
                              err);
}

static bool hash_line(struct command_line *line, struct str pgn, struct str salt, size_t number,
                      struct error *err)
{
    struct str hpgn;
    struct error why;
    if (!hpgn_make(line->arena, pgn, salt, &hpgn, &why))
        return fail_about(err, why.kind, NULL, N_("Line %s cannot be hashed: it must be one PGN."),
                          "%zu", number);
    printf("%.*s\n", FMT(hpgn));
    fflush(stdout);
    return true;
}

static bool hash_lines(struct command_line *line, FILE *in, struct str salt, struct error *err)
{
    char text[LINE_MAX_BYTES];
    bool ok = true;
    for (size_t number = 1; ok && fgets(text, sizeof text, in); number++) {
        struct str pgn = str_trim(str_of(text));
        if (pgn.len > 0)
            ok = hash_line(line, pgn, salt, number, err);
    }
    explicit_bzero(text, sizeof text);
    return ok;
}

static bool run(struct command_line *line, struct error *err)
{
    const char *file = cli_option(line, "--file"), *option = cli_option(line, "--salt");
    struct str salt;
    if (line->count > 0)
        return cli_usage(&command_hpgn, err);
    if (!find_salt(line, option, &salt, err))
        return false;
    FILE *in = file ? fopen(file, "r") : stdin;
    if (!in)
        return fail_about(err, NOT_FOUND, "file", N_("The file %s cannot be read."), "%s", file);
    bool ok = hash_lines(line, in, salt, err);
    if (file)
        fclose(in);
    return ok;
}

const struct command command_hpgn = {
    .name = "hpgn",
    .usage = "[--file FILE] [--salt BASE64]",
    .help = "Makes the first-level hash (HPGN) of each PGN that stands on a line of FILE or of "
            "standard input.",
    .run = run,
};
