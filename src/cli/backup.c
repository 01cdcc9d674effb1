/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/commands.h"
#include "platform/operation/backup.h"
#include "platform/operation/keybox.h"
#include "services/services.h"

#include <stdio.h>
#include <unistd.h>

static void tell(void *nothing, int percent)
{
    (void)nothing;
    fprintf(stderr, "\r  %3d %%", percent);
    if (percent == 100)
        fputs("\r       \r", stderr);
}

struct wanted {
    const char *folder, *passphrase_file;
    int64_t keep; /* 0: all */
};

static bool read_words(struct command_line *line, struct wanted *wanted, struct error *err)
{
    const char *keep = cli_option(line, "--keep");
    wanted->passphrase_file = cli_option(line, "--passphrase-file");
    wanted->keep = 0;
    if (keep && !str_to_int(str_of(keep), 1, 100000, &wanted->keep))
        return fail(err, INVALID, "keep", N_("--keep is followed by how many backups are kept."));
    if (line->count != 1)
        return cli_usage(&command_backup, err);
    wanted->folder = line->words[0];
    return true;
}

static void report(const char *made, const struct manifest *manifest, bool with_keys)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < manifest->files.len; i++)
        bytes += manifest->files.at[i].bytes;
    printf("%s: %zu files, %lld bytes, verified.\n", made, manifest->files.len + 1,
           (long long)bytes);
    if (!with_keys)
        puts("The keys are not in it: keep a copy of the folder keys in another place, or give "
             "--passphrase-file.");
}

static bool make(struct app *app, const struct wanted *wanted, struct error *err)
{
    struct str passphrase = STR("");
    struct manifest manifest;
    struct progress progress = { isatty(STDERR_FILENO) ? tell : NULL, NULL };
    const char *made;
    int64_t removed = 0;
    if (wanted->passphrase_file
        && !box_passphrase(app->arena, wanted->passphrase_file, &passphrase, err))
        return false;
    if (!backup_make(app, wanted->folder, passphrase, &progress, &made, &manifest, err))
        return false;
    report(made, &manifest, passphrase.len > 0);
    if (wanted->keep && !backup_sweep(app->arena, wanted->folder, wanted->keep, &removed, err))
        return false;
    if (removed)
        printf("%lld older backups were removed.\n", (long long)removed);
    return true;
}

static bool run(struct command_line *line, struct error *err)
{
    struct app app;
    struct wanted wanted;
    if (!read_words(line, &wanted, err)
        || !app_open(line->arena, line->data, all_services, false, &app, err))
        return false;
    bool made = make(&app, &wanted, err);
    app_close(&app);
    return made;
}

const struct command command_backup = {
    .name = "backup",
    .usage = "FOLDER [--passphrase-file FILE] [--keep NUMBER]",
    .help = "Makes a verified backup below FOLDER while the service runs; with a passphrase the keys "
            "are in it.",
    .run = run,
};
