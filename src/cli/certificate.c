/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/file.h"
#include "cli/commands.h"
#include "platform/keys/pki.h"
#include "sector/sector.h"

#include <stdio.h>

#define DAYS 365

static bool run(struct command_line *line, struct error *err)
{
    struct oin oin;
    struct str certificate, key;
    struct arena *arena = line->arena;
    const char *out = cli_option(line, "--out");
    const char *name = cli_option(line, "--name");
    if (line->count != 1)
        return cli_usage(&command_certificate, err);
    const char *folder = str_format(arena, "%s/tls", line->data).at;
    if (!oin_parse(str_of(line->words[0]), &oin, err) || !folder_make(folder, err)
        || !pki_ensure_ca(arena, folder, err)
        || !pki_issue_client(arena, folder, ID_STR(oin), str_of(name ? name : "Test certificate"),
                             instant_now(), DAYS, &certificate, &key, err))
        return false;
    const char *base = out ? out : str_format(arena, "%.*s", FMT(ID_STR(oin))).at;
    const char *certificate_file = str_format(arena, "%s.crt", base).at;
    const char *key_file = str_format(arena, "%s.key", base).at;
    if (!file_write(certificate_file, certificate, 0644, err)
        || !file_write(key_file, key, 0600, err))
        return false;
    printf("%s\n%s\n", certificate_file, key_file);
    return true;
}

const struct command command_certificate = {
    .name = "certificate",
    .usage = "OIN [--name NAME] [--out BASE]",
    .help = "Makes a test certificate (BASE.crt and BASE.key) for a vendor, by the data folder's own "
            "CA.",
    .run = run,
};
