/* SPDX-License-Identifier: EUPL-1.2 */
/* The command line: words, divided by bars. Options are taken out where they stand and nothing else
 * is lost; commands that only print end with a known status. */
#include "base/list.h"
#include "cli/cli.h"
#include "tests/fuzz/choice.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

#define WORDS 12

static int count_word(const struct command_line *line, const char *word)
{
    int found = 0;
    for (int i = 0; i < line->count; i++)
        found += strcmp(line->words[i], word) == 0;
    return found;
}

static void options(struct arena *arena, char **words, int count)
{
    struct command_line line = { .arena = arena, .data = "./data", .words = words, .count = count };
    int flags = count_word(&line, "--force");
    bool last = count > 0 && strcmp(words[count - 1], "--data") == 0;
    int data = count_word(&line, "--data");
    const char *value = cli_option(&line, "--data");
    HOLDS(!value || (data > 0 && line.count == count - 2));
    HOLDS(value || data == 0 || (data == 1 && last));
    int left = line.count, flags_left = count_word(&line, "--force");
    HOLDS(flags - flags_left <= 1);
    HOLDS(cli_flag(&line, "--force") == (flags_left > 0));
    HOLDS(line.count == left - (flags_left > 0));
    HOLDS(line.words[line.count] == NULL);
}

/* Those that touch nothing. */
static void run(char **words, int count)
{
    static const char *const harmless[] = { "version", "help", "--help", "no-such-command" };
    char *argv[WORDS + 3] = { (char *)(uintptr_t)"fundament" };
    if (count > 0)
        argv[1] = (char *)(uintptr_t)harmless[strlen(words[0]) % count_of(harmless)];
    for (int i = 1; i < count; i++)
        argv[i + 1] = words[i];
    int code = cli_main(count > 0 ? count + 1 : 1, argv);
    HOLDS(code >= 0 && code < 80);
}

FUZZ(arena, bytes)
{
    static bool quiet;
    char *words[WORDS + 1] = { NULL }, *again[WORDS + 1] = { NULL };
    int count = 0;
    if (!quiet)
        HOLDS(freopen("/dev/null", "w", stdout));
    quiet = true;
    while (bytes.len && count < WORDS) {
        words[count] = str_c(arena, choose_part(&bytes));
        again[count] = words[count];
        count++;
    }
    options(arena, words, count);
    run(again, count);
}
