/* SPDX-License-Identifier: EUPL-1.2 */
/* What an operator does with keys: see src/platform/keys/README.md. */
#include "base/encoding.h"
#include "base/list.h"
#include "cli/commands.h"
#include "platform/keys/registry.h"
#include "platform/keys/web_keys.h"
#include "platform/page/page.h"
#include "services/services.h"

#include <stdio.h>
#include <unistd.h>

typedef bool key_deed(struct command_line *line, struct app *app, struct error *err);

static bool read_number(const char *text, int64_t *number, struct error *err)
{
    return str_to_int(str_of(text), 1, VERSION_MAX, number)
           || fail(err, INVALID, "version", N_("A version of a key is a number from 1."));
}

static void print_day(const char *words, instant at)
{
    char text[INSTANT_TEXT];
    printf("%s%.10s", words, instant_format(at, text).at);
}

static void show_version(struct command_line *line, struct app *app, const struct key_use *use,
                         const struct key_version *version)
{
    struct str place = registry_place(app->keeper, line->arena, use->name, version);
    enum key_state state = key_state_at(version, instant_now());
    printf("  %lld  %-8s", (long long)version->number, key_state_names[state]);
    print_day("  made ", version->made);
    print_day("  since ", version->since);
    printf("  %.16s  %.*s", version->fingerprint.text, FMT(place));
    if (!version->held && state != KEY_RETIRED)
        printf("  NOT HERE");
    putchar('\n');
    for (size_t i = 0; use->attributes && use->attributes[i]; i++)
        if (version->attributes[i].len)
            printf("       %s %.*s\n", use->attributes[i], FMT(version->attributes[i]));
}

static void show_web_key(void *with, const struct web_key *key)
{
    (void)with;
    printf("%s\n  %s", key->what, key->path);
    if (key->until) {
        print_day("  valid until ", key->until);
    }
    puts(key->there ? "" : "  (none)");
}

static bool list(struct command_line *line, struct app *app, struct error *err)
{
    struct key_row rows[KEYS_MAX];
    size_t count = registry_keys(app->keeper, rows);
    if (line->count)
        return cli_usage(&command_key, err);
    for (size_t i = 0; i < count; i++) {
        printf("%s: %s\n", rows[i].use->name, translate(cli_language(), rows[i].use->purpose));
        for (size_t j = 0; j < rows[i].versions.len; j++)
            show_version(line, app, rows[i].use, &rows[i].versions.at[j]);
    }
    web_keys_each(app, line->arena, show_web_key, NULL);
    return true;
}

static bool add(struct command_line *line, struct app *app, struct error *err)
{
    int64_t number;
    enum key_engine engine = cli_flag(line, "--pkcs11") ? ENGINE_PKCS11 : ENGINE_FILE;
    if (line->count != 1)
        return cli_usage(&command_key, err);
    if (!registry_add(app->keeper, line->words[0], engine, &number, err))
        return false;
    struct key_versions versions = keeper_versions(app->keeper, line->words[0]);
    struct str place = registry_place(app->keeper, line->arena, line->words[0],
                                      &versions.at[versions.len - 1]);
    printf("%s version %lld is the next one: %.*s\n", line->words[0], (long long)number,
           FMT(place));
    if (engine == ENGINE_FILE)
        puts("Copy this file to every other node and into the backup, then run: fundament key rotate");
    return true;
}

/* The options of rotate that this key needs: all of them, and no others. */
static bool read_attributes(struct command_line *line, struct app *app, const char *name,
                            struct str attributes[static KEY_ATTRIBUTES_MAX], struct error *err)
{
    struct key_row rows[KEYS_MAX];
    size_t count = registry_keys(app->keeper, rows);
    for (size_t i = 0; i < count; i++) {
        const struct key_use *use = rows[i].use;
        for (size_t j = 0; strcmp(use->name, name) == 0 && use->attributes && use->attributes[j];
             j++) {
            const char *option = str_format(line->arena, "--%s", use->attributes[j]).at;
            const char *value = cli_option(line, option);
            if (!value)
                return fail_about(err, INVALID, NULL,
                                  N_("This key's new version needs %s: rotate NAME --stampseudonym-"
                                     "prefix URI --eckid-prefix URI"),
                                  "--%s", use->attributes[j]);
            attributes[j] = str_of(value);
        }
    }
    return line->count == 0 || cli_usage(&command_key, err);
}

static bool rotate(struct command_line *line, struct app *app, struct error *err)
{
    int64_t number;
    instant from;
    struct str attributes[KEY_ATTRIBUTES_MAX] = { 0 };
    if (!line->count)
        return cli_usage(&command_key, err);
    const char *name = line->words[0];
    line->words++;
    line->count--;
    if (!read_attributes(line, app, name, attributes, err)
        || !registry_rotate(app->keeper, name, attributes, &number, &from, err))
        return false;
    while (instant_now() < from)
        usleep(100000);
    printf("%s version %lld is the active one on all nodes.\n", name, (long long)number);
    return true;
}

static bool retire(struct command_line *line, struct app *app, struct error *err)
{
    int64_t number, needed;
    bool destroy = cli_flag(line, "--destroy");
    if (line->count != 2)
        return cli_usage(&command_key, err);
    if (!read_number(line->words[1], &number, err)
        || !registry_retire(app->keeper, line->words[0], number, destroy, &needed, err))
        return false;
    printf("%s version %lld is retired%s.\n", line->words[0], (long long)number,
           destroy ? ", and destroyed here" : "");
    return true;
}

static bool renew(struct command_line *line, struct app *app, struct error *err)
{
    int64_t moved, total = 0;
    if (line->count != 1)
        return cli_usage(&command_key, err);
    do {
        struct arena arena = { 0 };
        bool ok = registry_renew(app->keeper, &arena, line->words[0], &moved, err);
        arena_free(&arena);
        if (!ok)
            return false;
        total += moved;
        if (moved && isatty(STDERR_FILENO))
            fprintf(stderr, "\r%lld", (long long)total);
    } while (moved);
    printf("%lld values of older versions were brought to the active one.\n", (long long)total);
    return true;
}

static bool move(struct command_line *line, struct app *app, struct error *err)
{
    int64_t number;
    if (!cli_flag(line, "--pkcs11") || line->count != 2)
        return cli_usage(&command_key, err);
    if (!read_number(line->words[1], &number, err)
        || !registry_move(app->keeper, line->words[0], number, err))
        return false;
    printf("%s version %lld is in the token. When every node uses it there, remove the file.\n",
           line->words[0], (long long)number);
    return true;
}

/* In alphabetical order. */
static const struct {
    const char *word;
    key_deed *run;
} deeds[] = {
    { "add", add },     { "list", list },     { "move", move },
    { "renew", renew }, { "retire", retire }, { "rotate", rotate },
};

static bool run(struct command_line *line, struct error *err)
{
    struct app app;
    const char *word = line->count ? line->words[0] : "";
    for (size_t i = 0; i < count_of(deeds); i++) {
        if (strcmp(deeds[i].word, word) != 0)
            continue;
        line->words++;
        line->count--;
        if (!app_open(line->arena, line->data, all_services, false, &app, err))
            return false;
        bool done = deeds[i].run(line, &app, err);
        app_close(&app);
        return done;
    }
    return cli_usage(&command_key, err);
}

const struct command command_key = {
    .name = "key",
    .usage = "list | add NAME [--pkcs11] | rotate NAME [--stampseudonym-prefix URI --eckid-prefix URI] "
             "| renew NAME | retire NAME VERSION [--destroy] | move NAME VERSION --pkcs11",
    .help = "Shows the versions of keys; makes the next one; lets it become the active one; brings what "
            "older ones sealed to it; ends an older one; moves one into a PKCS#11 token.",
    .run = run,
};
