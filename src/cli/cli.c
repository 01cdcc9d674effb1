/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/cli.h"

#include "base/list.h"
#include "cli/commands.h"
#include "platform/page/page.h"
#include "platform/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* In alphabetical order. */
static const struct command *const commands[] = {
    &command_allow,
    &command_audit,
    &command_backup,
    &command_certificate,
    &command_config,
    &command_demo,
    &command_doctor,
    &command_events,
    &command_export,
    &command_hpgn,
    &command_import,
    &command_key,
    &command_migrate,
    &command_restore,
    &command_routes,
    &command_serve,
    &command_user,
    &command_version,
};

static const int exit_codes[ERROR_KINDS] = {
    [INVALID] = EX_DATAERR,       [UNAUTHENTICATED] = EX_NOPERM, [FORBIDDEN] = EX_NOPERM,
    [NOT_FOUND] = EX_NOINPUT,     [NOT_ALLOWED] = EX_USAGE,      [CONFLICT] = EX_DATAERR,
    [GONE] = EX_NOINPUT,          [TOO_LARGE] = EX_DATAERR,      [TOO_MANY] = EX_TEMPFAIL,
    [UNSUPPORTED] = EX_USAGE,     [UNAVAILABLE] = EX_UNAVAILABLE, [INTERNAL] = EX_SOFTWARE,
};

static void print_help(FILE *out)
{
    fputs("Fundament: the public digital foundation under primary and secondary education.\n\n"
          "Usage: fundament COMMAND [--data DIR] ...\n\n",
          out);
    for (size_t i = 0; i < count_of(commands); i++)
        fprintf(out, "  %s %s\n      %s\n", commands[i]->name, commands[i]->usage,
                commands[i]->help);
    fputs("\nThe data folder is " FUNDAMENT_DATA " unless --data names another.\n", out);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < count_of(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void remove_words(struct command_line *line, int at, int count)
{
    for (int i = at; i + count <= line->count; i++)
        line->words[i] = line->words[i + count];
    line->count -= count;
}

const char *cli_option(struct command_line *line, const char *name)
{
    for (int i = 0; i + 1 < line->count; i++) {
        if (strcmp(line->words[i], name) != 0)
            continue;
        const char *value = line->words[i + 1];
        remove_words(line, i, 2);
        return value;
    }
    return NULL;
}

bool cli_flag(struct command_line *line, const char *name)
{
    for (int i = 0; i < line->count; i++) {
        if (strcmp(line->words[i], name) != 0)
            continue;
        remove_words(line, i, 1);
        return true;
    }
    return false;
}

bool cli_usage(const struct command *command, struct error *err)
{
    return fail_about(err, UNSUPPORTED, NULL, N_("Usage: fundament %s"), "%s %s", command->name,
                      command->usage);
}

enum language cli_language(void)
{
    static const char *const variables[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
    for (size_t i = 0; i < count_of(variables); i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return strncmp(value, "nl", 2) == 0 ? DUTCH : ENGLISH;
    }
    return ENGLISH;
}

static int report(struct arena *arena, const struct error *err)
{
    struct str text = error_text(arena, err, translate(cli_language(), err->message));
    fprintf(stderr, "fundament: %.*s", FMT(text));
    if (err->detail[0])
        fprintf(stderr, " (%s)", err->detail);
    fputc('\n', stderr);
    return exit_codes[err->kind];
}

static int run_command(struct arena *arena, const struct command *command,
                       struct command_line *line)
{
    struct error err = { .kind = NO_ERROR };
    const char *data = cli_option(line, "--data");
    if (data)
        line->data = data;
    return command->run(line, &err) ? EXIT_SUCCESS : report(arena, &err);
}

int cli_main(int argc, char **argv)
{
    struct arena arena = { 0 };
    if (argc < 2) {
        print_help(stderr);
        return EX_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
        print_help(stdout);
        return EXIT_SUCCESS;
    }
    const struct command *command = find_command(argv[1]);
    if (!command) {
        fprintf(stderr, "fundament: there is no command \"%s\"; `fundament help` lists them.\n",
                argv[1]);
        return EX_USAGE;
    }
    struct command_line line = {
        .arena = &arena, .data = FUNDAMENT_DATA, .words = argv + 2, .count = argc - 2
    };
    int code = run_command(&arena, command, &line);
    arena_free(&arena);
    return code;
}
