/* SPDX-License-Identifier: EUPL-1.2 */
/* `fundament import WHAT ...`: takes files from elsewhere, each kind in its own function. */
#include "base/file.h"
#include "base/list.h"
#include "cli/commands.h"
#include "platform/page/page.h"
#include "sector/sector.h"
#include "services/nummervoorziening/nummervoorziening.h"
#include "services/services.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES ((size_t)256 * 1024 * 1024)

struct taking {
    struct arena *arena;
    const char *file;
    bool terminal;       /* progress is for people who look */
};

/* Takes the bytes of one file. */
typedef bool take_bytes(struct app *app, const struct import_options *options, struct taking *taking,
                        struct str bytes, struct import_report *report, struct error *err);

static void show_refusal(void *with, size_t line, const struct error *why)
{
    const struct taking *taking = with;
    struct str text = error_text(taking->arena, why, translate(cli_language(), why->message));
    fprintf(stderr, "%s:%zu: %.*s\n", taking->file, line, FMT(text));
}

static void show_progress(void *with, size_t done, size_t total)
{
    const struct taking *taking = with;
    if (taking->terminal)
        fprintf(stderr, "\r%s: %zu / %zu", taking->file, done, total);
}

static bool take_duo(struct app *app, const struct import_options *options, struct taking *taking,
                     struct str bytes, struct import_report *report, struct error *err)
{
    const struct import_listener listener = { show_refusal, show_progress, taking };
    return sector_import_duo(app->db, taking->arena, bytes, options, instant_now(), &listener,
                             report, err);
}

static bool take_eckid(struct app *app, const struct import_options *options, struct taking *taking,
                       struct str bytes, struct import_report *report, struct error *err)
{
    const struct import_listener listener = { show_refusal, show_progress, taking };
    (void)options;
    return nummervoorziening_import(app, taking->arena, bytes, instant_now(), &listener, report,
                                    err);
}

static bool import_file(struct app *app, take_bytes *take, const struct import_options *options,
                        struct taking *taking, struct import_report *report, struct error *err)
{
    struct str bytes;
    bool taken = file_read(taking->arena, taking->file, FILE_BYTES, &bytes, err)
              && take(app, options, taking, bytes, report, err);
    if (taking->terminal)
        fputs("\r\033[K", stderr);
    if (!taken)
        fprintf(stderr, "%s:\n", taking->file);
    return taken;
}

static void add_up(struct import_report *sum, const struct import_report *report)
{
    sum->added += report->added;
    sum->changed += report->changed;
    sum->ended += report->ended;
    sum->unchanged += report->unchanged;
    sum->refused += report->refused;
}

/* What was taken is told also when a later file fails: each file is a transaction of its own. */
static bool import_files(struct app *app, struct command_line *line, take_bytes *take,
                         const struct import_options *options, struct error *err)
{
    struct import_report sum = { 0 };
    int files = 0;
    bool taken = true;
    for (int i = 0; taken && i < line->count; i++) {
        struct arena arena = { 0 };
        struct taking taking = { &arena, line->words[i], isatty(STDERR_FILENO) };
        struct import_report report = { 0 };
        taken = import_file(app, take, options, &taking, &report, err);
        if (taken)
            add_up(&sum, &report);
        files += taken;
        arena_free(&arena);
    }
    if (!files)
        return false;
    printf("%lld added, %lld changed, %lld ended, %lld unchanged, %lld refused\n",
           (long long)sum.added, (long long)sum.changed, (long long)sum.ended,
           (long long)sum.unchanged, (long long)sum.refused);
    return taken;
}

static bool read_kind(const char *word, enum school_kind *kind, struct error *err)
{
    static const char *const words[SCHOOL_KINDS] = { "po", "vo", "so" };
    for (*kind = PRIMARY; word && *kind < SCHOOL_KINDS; (*kind)++)
        if (strcmp(word, words[*kind]) == 0)
            return true;
    *kind = SCHOOL_KINDS;
    return !word || fail(err, INVALID, "kind", N_("The kind of school is po, vo or so."));
}

static bool open_and_import(struct command_line *line, take_bytes *take,
                            const struct import_options *options, struct error *err)
{
    struct app app;
    if (!line->count || line->words[0][0] == '-')
        return cli_usage(&command_import, err);
    if (!app_open(line->arena, line->data, all_services, false, &app, err))
        return false;
    bool taken = import_files(&app, line, take, options, err);
    app_close(&app);
    return taken;
}

static bool import_duo(struct command_line *line, struct error *err)
{
    struct import_options options = { .force = cli_flag(line, "--force") };
    return read_kind(cli_option(line, "--kind"), &options.kind, err)
           && open_and_import(line, take_duo, &options, err);
}

static bool import_eckid(struct command_line *line, struct error *err)
{
    return open_and_import(line, take_eckid, &(struct import_options){ 0 }, err);
}

/* What can be imported, in alphabetical order. */
static const struct {
    const char *what;
    bool (*run)(struct command_line *line, struct error *err);
} imports[] = {
    { "duo", import_duo },
    { "eckid", import_eckid },
};

static bool run(struct command_line *line, struct error *err)
{
    const char *what = line->count ? line->words[0] : "";
    for (size_t i = 0; i < count_of(imports); i++) {
        if (strcmp(imports[i].what, what) != 0)
            continue;
        line->words++;
        line->count--;
        return imports[i].run(line, err);
    }
    return cli_usage(&command_import, err);
}

const struct command command_import = {
    .name = "import",
    .usage = "duo FILE... [--kind po|vo|so] [--force] | eckid FILE...",
    .help = "duo: takes DUO's files of school locations into the register, and ends what is not in "
            "them any more. eckid: takes pseudonyms that exist already; they win over derivation.",
    .run = run,
};
