/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/commands.h"
#include "platform/operation/backup.h"
#include "platform/operation/keybox.h"
#include "services/services.h"

#include <stdio.h>

static bool run(struct command_line *line, struct error *err)
{
    const char *file = cli_option(line, "--passphrase-file");
    struct str passphrase = STR("");
    struct manifest manifest;
    char made[INSTANT_TEXT];
    if (line->count != 1)
        return cli_usage(&command_restore, err);
    if (file && !box_passphrase(line->arena, file, &passphrase, err))
        return false;
    if (!backup_restore(line->arena, line->words[0], line->data, all_services, passphrase,
                        &manifest, err))
        return false;
    printf("Restored and verified: the state of %.*s (version %.*s).\n",
           FMT(instant_format(manifest.made, made)), FMT(manifest.version));
    puts(passphrase.len ? "Now run `fundament migrate` and `fundament doctor`, and start the service."
                        : "Put the folder keys back; then run `fundament migrate` and `fundament "
                          "doctor`, and start the service.");
    return true;
}

const struct command command_restore = {
    .name = "restore",
    .usage = "BACKUP [--passphrase-file FILE]",
    .help = "Puts a backup back into an empty data folder (and an empty PostgreSQL database).",
    .run = run,
};
