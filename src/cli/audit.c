/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/csv.h"
#include "base/encoding.h"
#include "cli/commands.h"
#include "platform/record/audit.h"
#include "platform/record/filing.h"
#include "services/services.h"

#include <stdio.h>
#include <string.h>

/* What the words after `audit` ask. */
struct asked {
    struct audit_state state;
    struct audit_question question;
    bool csv;
    struct buf line; /* of the export, made again for each row */
};

/* ---- verify and head ---- */

static bool do_check(struct tx *tx, void *with, struct error *err)
{
    return audit_check(tx, with, err);
}

static bool verify(struct app *app, struct arena *arena, struct asked *asked, struct error *err)
{
    struct audit_state *state = &asked->state;
    if (!db_read(app->db, arena, do_check, state, err))
        return false;
    printf("%lld rows fit.\nhead %.*s\n", (long long)state->checked, AUDIT_HASH_HEX, state->head);
    if (state->remembered.len)
        puts("The remembered head is in the chain.");
    return true;
}

static bool do_head(struct tx *tx, void *with, struct error *err)
{
    struct asked *asked = with;
    return audit_head(tx, &asked->state.checked, asked->state.head, err);
}

static bool show_head(struct app *app, struct arena *arena, struct asked *asked,
                      struct error *err)
{
    if (!db_read(app->db, arena, do_head, asked, err))
        return false;
    printf("%lld %.*s\n", (long long)asked->state.checked, AUDIT_HASH_HEX, asked->state.head);
    return true;
}

/* ---- export ---- */

static const char *const columns[] = { "number", "at",      "time",   "who",    "on_behalf",
                                       "what",   "subject", "detail", "before", "hash" };

/* The values of a row as text, in the order of the columns. */
static void row_values(struct arena *arena, const struct audit_row *row, struct str values[])
{
    char time[INSTANT_TEXT];
    const struct str made[] = {
        str_format(arena, "%lld", (long long)row->number),
        str_format(arena, "%lld", (long long)row->at),
        str_copy(arena, instant_format(row->at, time)),
        row->who,
        row->on_behalf,
        row->what,
        row->subject,
        row->detail,
        hex_encode(arena, row->before),
        hex_encode(arena, row->hash),
    };
    memcpy(values, made, sizeof made);
}

static void put_json(struct arena *arena, struct buf *line, const struct str *values,
                     const struct audit_row *row)
{
    struct node *map = node_map(arena);
    node_put_int(map, columns[0], row->number);
    node_put_int(map, columns[1], row->at);
    for (size_t i = 2; i < count_of(columns); i++)
        node_put_text(map, columns[i], values[i]);
    node_to_json(map, line);
    buf_byte(line, '\n');
}

static void put_csv(struct buf *line, const struct str *values)
{
    for (size_t i = 0; i < count_of(columns); i++) {
        csv_put(line, values[i], ',');
        buf_add(line, i + 1 < count_of(columns) ? STR(",") : STR("\r\n"));
    }
}

static bool export_row(void *with, const struct audit_row *row, struct error *err)
{
    struct asked *asked = with;
    struct arena *arena = asked->line.arena;
    struct str values[count_of(columns)];
    row_values(arena, row, values);
    asked->line = (struct buf){ .arena = arena };
    if (asked->csv)
        put_csv(&asked->line, values);
    else
        put_json(arena, &asked->line, values, row);
    bool written = fwrite(asked->line.at, 1, asked->line.len, stdout) == asked->line.len;
    arena_reset(arena);
    return written || fail(err, UNAVAILABLE, NULL, N_("The export could not be written. Is the disk full?"));
}

static bool do_export(struct tx *tx, void *with, struct error *err)
{
    struct asked *asked = with;
    return audit_each(tx, &asked->question, export_row, asked, err);
}

static bool export(struct app *app, struct arena *arena, struct asked *asked, struct error *err)
{
    asked->line.arena = arena_within(arena);
    if (asked->csv)
        for (size_t i = 0; i < count_of(columns); i++)
            printf("%s%s", columns[i], i + 1 < count_of(columns) ? "," : "\r\n");
    if (!db_read(app->db, arena, do_export, asked, err))
        return false;
    return fflush(stdout) == 0
        || fail(err, UNAVAILABLE, NULL, N_("The export could not be written. Is the disk full?"));
}

/* ---- The words ---- */

static const struct {
    const char *name;
    bool (*run)(struct app *app, struct arena *arena, struct asked *asked, struct error *err);
} deeds[] = { { "verify", verify }, { "head", show_head }, { "export", export } };

static bool read_export(struct command_line *line, struct asked *asked, struct error *err)
{
    const char *organisation = cli_option(line, "--organisation");
    const char *format = cli_option(line, "--format"), *from = cli_option(line, "--from");
    asked->question.organisation = str_of(organisation);
    asked->csv = format && strcmp(format, "csv") == 0;
    if (format && !asked->csv && strcmp(format, "jsonl") != 0)
        return fail(err, INVALID, "format", N_("The format must be jsonl or csv."));
    return audit_read_days(str_of(from), str_of(cli_option(line, "--to")), &asked->question, err);
}

static bool read_verify(struct command_line *line, struct asked *asked, struct error *err)
{
    const char *from = cli_option(line, "--from"), *head = cli_option(line, "--head");
    char bytes[AUDIT_HASH_HEX / 2];
    if (from && !str_to_int(str_of(from), 1, INT64_MAX, &asked->state.from))
        return fail(err, INVALID, "from", N_("--from takes the number of a row, 1 or higher."));
    asked->state.remembered = str_lower(line->arena, str_of(head));
    if (head && !hex_read(asked->state.remembered, bytes, sizeof bytes))
        return fail(err, INVALID, "head",
                    N_("--head takes the 64 hexadecimal characters that `fundament audit head` "
                       "showed."));
    return true;
}

static bool run(struct command_line *line, struct error *err)
{
    struct app app;
    struct asked asked = { 0 };
    size_t i = 0;
    while (line->count && i < count_of(deeds) && strcmp(line->words[0], deeds[i].name) != 0)
        i++;
    if (!line->count || i == count_of(deeds))
        return cli_usage(&command_audit, err);
    if (!(deeds[i].run == export ? read_export(line, &asked, err)
                                 : deeds[i].run != verify || read_verify(line, &asked, err)))
        return false;
    if (line->count != 1)
        return cli_usage(&command_audit, err);
    if (!app_open(line->arena, line->data, all_services, false, &app, err))
        return false;
    bool ok = record_settle(&app, err) && deeds[i].run(&app, line->arena, &asked, err);
    app_close(&app);
    return ok;
}

const struct command command_audit = {
    .name = "audit",
    .usage = "verify [--from ROW] [--head HASH] | head | export [--organisation X] [--from DAY] "
             "[--to DAY] [--format jsonl|csv]",
    .help = "Checks the chain of the audit trail, shows its newest hash (to be kept elsewhere), or "
            "writes the trail to standard output with the hashes to check it by.",
    .run = run,
};
