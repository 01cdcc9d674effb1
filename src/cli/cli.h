/* SPDX-License-Identifier: EUPL-1.2 */
/* The command line: `fundament COMMAND [--data DIR] ...`. One command a file, one alphabetical table
 * (cli.c). Exit codes follow sysexits.h, from the error's kind. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/error.h"
#include "platform/http/http.h"

struct command_line {
    struct arena *arena;
    const char *data;      /* the data folder: --data, or the one this was built for */
    char **words;          /* what is left after --data, ending with NULL */
    int count;
};

struct command {
    const char *name;
    const char *usage;     /* what follows the name */
    const char *help;      /* one line */
    bool (*run)(struct command_line *line, struct error *err);
};

/* The operator's language, as the system has it; commands speak English unless it is Dutch. */
enum language cli_language(void);

int cli_main(int argc, char **argv);

/* Takes `--name VALUE` out of the words; NULL when it is not there. */
const char *cli_option(struct command_line *line, const char *name);
/* Takes `--name` out of the words. */
bool cli_flag(struct command_line *line, const char *name);
/* "Usage: ..." of this command as an error. */
bool cli_usage(const struct command *command, struct error *err);

#endif
