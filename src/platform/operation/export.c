/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/operation/export.h"

#include "base/buf.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/instant.h"
#include "base/node.h"
#include "platform/keys/keeper.h"
#include "platform/record/audit.h"
#include "platform/record/filing.h"
#include "platform/service.h"
#include "platform/version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool organisation_split(struct str organisation, struct str *kind, struct str *number,
                        struct error *err)
{
    *number = organisation;
    *kind = str_cut(number, ':');
    bool known = str_eq(*kind, STR("board")) || str_eq(*kind, STR("school"))
                 || str_eq(*kind, STR("vendor"));
    bool plain = number->len > 0 && number->len <= 40;
    for (size_t i = 0; plain && i < number->len; i++)
        plain = is_letter_or_digit(number->at[i]);
    return (known && plain)
           || fail(err, INVALID, "organisation",
                   N_("Write an organisation as board:41804, school:00AV or vendor:OIN."));
}

/* ------------------------------------------------------------------ one table */

struct sheet {
    const struct export_table *table;
    struct keeper *keeper;
    FILE *csv, *json;
    int64_t rows;
};

static struct str instant_text(struct arena *arena, int64_t at)
{
    char text[INSTANT_TEXT];
    return at ? str_copy(arena, instant_format(at, text)) : STR("");
}

static struct str cell_text(struct arena *arena, struct rows *rows, int column,
                            enum export_form form)
{
    switch (form) {
    case EXPORT_NUMBER: return str_format(arena, "%lld", (long long)row_int(rows, column));
    case EXPORT_INSTANT: return instant_text(arena, row_int(rows, column));
    case EXPORT_TEXT:
    case EXPORT_SEALED: /* opened by open_sealed */
    case EXPORT_JSON: break;
    }
    return row_text(rows, column);
}

static void put_json(struct node *row, const struct export_column *column, struct str text,
                     int64_t number)
{
    if (column->form == EXPORT_NUMBER)
        node_put_int(row, column->name, number);
    else if (column->form == EXPORT_INSTANT && !text.len)
        node_put_null(row, column->name);
    else
        node_put_text(row, column->name, text);
}

static int count_columns(const struct export_table *table)
{
    int count = 0;
    while (count < EXPORT_COLUMNS && table->columns[count].name)
        count++;
    return count;
}

/* The line of what was sealed. */
static bool open_sealed(const struct sheet *sheet, struct arena *arena, struct rows *rows, int i,
                        struct str *text, struct error *err)
{
    const struct export_column *column = &sheet->table->columns[i];
    struct str sealed = row_bytes(rows, i), plain;
    struct str about = row_text(rows, count_columns(sheet->table));
    *text = STR("");
    if (!sealed.len)
        return true;
    if (!keeper_unseal(sheet->keeper, arena, column->key, about, sealed, &plain, err))
        return false;
    for (int line = 0; line <= column->line; line++)
        *text = str_cut(&plain, '\n');
    return true;
}

static bool write_row(struct sheet *sheet, struct arena *arena, struct rows *rows,
                      struct error *err)
{
    struct buf csv = { .arena = arena }, json = { .arena = arena };
    struct node *row = node_map(arena);
    for (int i = 0; i < count_columns(sheet->table); i++) {
        const struct export_column *column = &sheet->table->columns[i];
        struct str text;
        if (column->form != EXPORT_SEALED)
            text = cell_text(arena, rows, i, column->form);
        else if (!open_sealed(sheet, arena, rows, i, &text, err))
            return false;
        if (i)
            buf_byte(&csv, ',');
        csv_put(&csv, text, ',');
        put_json(row, column, text, column->form == EXPORT_NUMBER ? row_int(rows, i) : 0);
    }
    buf_lit(&csv, "\r\n");
    buf_add(&json, sheet->rows++ ? STR(",\n ") : STR("\n "));
    node_to_json(row, &json);
    fwrite(csv.at, 1, csv.len, sheet->csv);
    fwrite(json.at, 1, json.len, sheet->json);
    return true;
}

static void write_head(struct sheet *sheet)
{
    for (int i = 0; i < count_columns(sheet->table); i++)
        fprintf(sheet->csv, "%s%s", i ? "," : "", sheet->table->columns[i].name);
    fputs("\r\n", sheet->csv);
    fputc('[', sheet->json);
}

static bool write_rows(struct tx *tx, struct sheet *sheet, struct str argument, struct error *err)
{
    struct arena scratch = { 0 };
    struct rows rows;
    const bool asked = db_query(tx, &sheet->table->sql, ARGS(arg_text(argument)), &rows, err);
    bool ok = asked;
    struct arena *before = tx_use_arena(tx, &scratch); /* for the rows only: not for the cursor */
    write_head(sheet);
    while (ok && rows_next(&rows)) {
        ok = write_row(sheet, &scratch, &rows, err);
        arena_reset(&scratch);
    }
    struct error ending;
    ok = asked && rows_end(&rows, ok ? err : &ending) && ok;
    fputs("\n]\n", sheet->json);
    tx_use_arena(tx, before);
    arena_free(&scratch);
    return ok;
}

/* ------------------------------------------------------------------ the folder */

struct exporting {
    struct app *app;
    struct str organisation, kind, number;
    const char *folder;
    struct node *resources; /* of datapackage.json */
    struct export_count count;
};

static FILE *open_file(struct arena *arena, const char *folder, const char *name,
                       const char *ending)
{
    const char *path = str_format(arena, "%s/%s.%s", folder, name, ending).at;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd < 0 ? NULL : fdopen(fd, "w");
}

static bool close_file(FILE *file)
{
    bool ok = file && fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0;
    return (!file || fclose(file) == 0) && ok;
}

static bool cannot_write(struct error *err, const char *folder)
{
    fail_about(err, UNAVAILABLE, NULL,
               N_("The file %s cannot be written; check the folder's permissions and free space."),
               "%s", folder);
    return fail_detail(err, "%s", strerror(errno));
}

static void describe(struct exporting *exporting, const struct export_table *table)
{
    static const char *const types[] = { [EXPORT_TEXT] = "string",
                                         [EXPORT_NUMBER] = "integer",
                                         [EXPORT_INSTANT] = "datetime",
                                         [EXPORT_JSON] = "string",
                                         [EXPORT_SEALED] = "string" };
    struct arena *arena = exporting->app->arena;
    struct node *resource = node_add_map(exporting->resources);
    node_put_text(resource, "name", str_of(table->name));
    node_put_text(resource, "path", str_format(arena, "%s.csv", table->name));
    node_put_text(resource, "description", str_of(table->description));
    node_put_text(resource, "format", STR("csv"));
    node_put_text(resource, "encoding", STR("utf-8"));
    struct node *schema = node_put_map(resource, "schema");
    struct node *fields = node_put_list(schema, "fields");
    for (int i = 0; i < count_columns(table); i++) {
        struct node *field = node_add_map(fields);
        node_put_text(field, "name", str_of(table->columns[i].name));
        node_put_text(field, "type", str_of(types[table->columns[i].form]));
        if (table->columns[i].description)
            node_put_text(field, "description", str_of(table->columns[i].description));
    }
}

static bool write_table(struct tx *tx, struct exporting *exporting,
                        const struct export_table *table, struct error *err)
{
    struct arena *arena = exporting->app->arena;
    struct sheet sheet = { .table = table, .keeper = exporting->app->keeper };
    if (table->organisation && !str_eq(str_of(table->organisation), exporting->kind))
        return true;
    sheet.csv = open_file(arena, exporting->folder, table->name, "csv");
    sheet.json = open_file(arena, exporting->folder, table->name, "json");
    struct str argument = table->whole_name ? exporting->organisation : exporting->number;
    bool opened = sheet.csv && sheet.json;
    bool ok = opened && write_rows(tx, &sheet, argument, err);
    bool closed = close_file(sheet.csv) & close_file(sheet.json); /* both, whatever the first says */
    if (!opened || (ok && !closed))
        return cannot_write(err, exporting->folder);
    describe(exporting, table);
    exporting->count.tables++;
    exporting->count.rows += sheet.rows;
    return ok;
}

static bool write_tables(struct tx *tx, void *with, struct error *err)
{
    struct exporting *exporting = with;
    for (const struct service *const *s = exporting->app->services; *s; s++)
        for (const struct export_table *table = (*s)->exports; table && table->name; table++)
            if (!write_table(tx, exporting, table, err))
                return false;
    return true;
}

static bool write_description(struct exporting *exporting, struct node *package, struct error *err)
{
    struct arena *arena = exporting->app->arena;
    struct buf json = { .arena = arena };
    node_to_json(package, &json);
    buf_byte(&json, '\n');
    return file_write(str_format(arena, "%s/datapackage.json", exporting->folder).at,
                      buf_str(&json), 0600, err);
}

static bool note_export(struct tx *tx, void *with, struct error *err)
{
    const struct exporting *exporting = with;
    struct audit_entry entry = { .who = STR("command:export"),
                                 .on_behalf = exporting->organisation,
                                 .what = "operation.exported",
                                 .subject = exporting->organisation };
    return audit_add(tx, instant_now(), &entry, err);
}

bool export_write(struct app *app, struct str organisation, const char *folder,
                  struct export_count *count, struct error *err)
{
    struct exporting exporting = { .app = app, .organisation = organisation, .folder = folder };
    struct node *package = node_map(app->arena);
    if (!organisation_split(organisation, &exporting.kind, &exporting.number, err))
        return false;
    if (mkdir(folder, 0700) != 0)
        return errno == EEXIST
                   ? fail_about(err, CONFLICT, NULL, N_("The folder %s exists already; name a new one."),
                                "%s", folder)
                   : cannot_write(err, folder);
    node_put_text(package, "name", str_lower(app->arena, str_format(app->arena, "fundament-%.*s-%.*s",
                                                                    FMT(exporting.kind),
                                                                    FMT(exporting.number))));
    node_put_text(package, "created", instant_text(app->arena, instant_now()));
    node_put_text(package, "version", STR(FUNDAMENT_VERSION));
    exporting.resources = node_put_list(package, "resources");
    bool ok = record_settle(app, err)
              && db_read(app->db, app->arena, write_tables, &exporting, err)
              && write_description(&exporting, package, err)
              && db_write(app->db, app->arena, note_export, &exporting, err);
    *count = exporting.count;
    return ok;
}
