/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/csv.h"

void csv_start(struct csv *csv, struct arena *arena, struct str bytes, char separator)
{
    *csv = (struct csv){ .arena = arena, .rest = bytes, .separator = separator };
    if (str_starts(csv->rest, STR("\xef\xbb\xbf"))) /* a byte order mark */
        csv->rest = str_slice(csv->rest, 3, csv->rest.len);
}

static void add_field(struct csv *csv, struct str field)
{
    if (csv->fields == CSV_FIELDS) {
        csv->broken = true;
        return;
    }
    csv->field[csv->fields++] = field;
}

/* Undoes the quotes of a field that starts with one; leaves `*at` behind the closing quote. */
static struct str quoted_field(struct csv *csv, size_t *at)
{
    struct str s = csv->rest;
    struct buf out = { .arena = csv->arena };
    size_t i = *at + 1, plain = i;
    for (; i < s.len; i++) {
        csv->lines_seen += s.at[i] == '\n';
        if (s.at[i] != '"')
            continue;
        buf_add(&out, str_slice(s, plain, i));
        if (i + 1 < s.len && s.at[i + 1] == '"') {
            plain = ++i;
            continue;
        }
        *at = i + 1;
        return buf_str(&out);
    }
    csv->broken = true;
    *at = s.len;
    return (struct str){ 0 };
}

static bool ends_field(const struct csv *csv, size_t at)
{
    char c = csv->rest.at[at];
    return c == csv->separator || c == '\n' || c == '\r';
}

static size_t plain_end(const struct csv *csv, size_t at)
{
    while (at < csv->rest.len && !ends_field(csv, at))
        at++;
    return at;
}

/* Reads one record from the front of `rest`. */
static void read_record(struct csv *csv)
{
    size_t at = 0;
    csv->fields = 0;
    csv->broken = false;
    csv->line = csv->lines_seen + 1;
    for (;;) {
        if (at < csv->rest.len && csv->rest.at[at] == '"') {
            add_field(csv, quoted_field(csv, &at));
            if (at < csv->rest.len && !ends_field(csv, at)) {
                csv->broken = true;
                at = plain_end(csv, at);
            }
        } else {
            size_t end = plain_end(csv, at);
            add_field(csv, str_slice(csv->rest, at, end));
            at = end;
        }
        /* A broken record is read no further: each line of a hostile file could break at its end. */
        if (csv->broken || at == csv->rest.len || csv->rest.at[at] != csv->separator)
            break;
        at++;
    }
    if (at < csv->rest.len && csv->rest.at[at] == '\r')
        at++;
    if (at < csv->rest.len && csv->rest.at[at] == '\n')
        at++;
    csv->lines_seen++;
    csv->rest = str_slice(csv->rest, at, csv->rest.len);
}

/* An open quote would swallow the good lines behind it: go on at the line after the broken one. */
static void recover(struct csv *csv, struct str from)
{
    ptrdiff_t end = str_find(from, STR("\n"));
    csv->rest = str_slice(from, end < 0 ? from.len : (size_t)end + 1, from.len);
    csv->lines_seen = csv->line;
}

/* Tables */

static void put_number(struct buf *out, size_t number)
{
    uint32_t four = (uint32_t)number;
    memcpy(buf_room(out, sizeof four), &four, sizeof four);
    out->len += sizeof four;
}

void csv_put_record(struct buf *out, const struct csv *csv)
{
    size_t fields = csv->broken ? 0 : csv->fields;
    put_number(out, csv->line);
    buf_byte(out, (char)csv->broken);
    buf_byte(out, (char)fields);
    for (size_t i = 0; i < fields; i++) {
        put_number(out, csv->field[i].len);
        buf_add(out, csv->field[i]);
    }
}

static bool take(struct str *rest, void *out, size_t size)
{
    if (rest->len < size)
        return false;
    memcpy(out, rest->at, size);
    *rest = str_slice(*rest, size, rest->len);
    return true;
}

static bool take_field(struct str *rest, struct str *field)
{
    uint32_t len;
    if (!take(rest, &len, sizeof len) || rest->len < len)
        return false;
    *field = str_slice(*rest, 0, len);
    *rest = str_slice(*rest, len, rest->len);
    return true;
}

static bool take_record(struct csv *csv)
{
    uint32_t line;
    unsigned char marks[2];
    if (!take(&csv->rest, &line, sizeof line) || !take(&csv->rest, marks, sizeof marks)
        || marks[0] > 1 || marks[1] > CSV_FIELDS || (marks[1] == 0) != (marks[0] == 1))
        return false;
    csv->line = line;
    csv->broken = marks[0];
    for (csv->fields = 0; csv->fields < marks[1]; csv->fields++)
        if (!take_field(&csv->rest, &csv->field[csv->fields]))
            return false;
    return true;
}

bool csv_is_table(struct str table)
{
    struct csv csv;
    csv_start_table(&csv, table);
    while (csv.rest.len)
        if (!take_record(&csv))
            return false;
    return true;
}

void csv_start_table(struct csv *csv, struct str table)
{
    *csv = (struct csv){ .rest = table, .table = true };
}

bool csv_next(struct csv *csv)
{
    if (csv->table)
        return csv->rest.len && take_record(csv);
    while (csv->rest.len) {
        struct str from = csv->rest;
        read_record(csv);
        if (csv->broken)
            recover(csv, from);
        if (csv->broken || csv->fields > 1 || csv->field[0].len)
            return true;
    }
    return false;
}

static bool looks_like_formula(struct str field)
{
    return field.len && str_has(STR("=+-@\t\r"), field.at[0]);
}

void csv_put(struct buf *out, struct str field, char separator)
{
    bool guard = looks_like_formula(field);
    bool quote = guard || str_has(field, separator) || str_has(field, '"') || str_has(field, '\n')
                 || str_has(field, '\r');
    if (!quote) {
        buf_add(out, field);
        return;
    }
    buf_byte(out, '"');
    if (guard)
        buf_byte(out, '\'');
    for (size_t i = 0; i < field.len; i++) {
        if (field.at[i] == '"')
            buf_byte(out, '"');
        buf_byte(out, field.at[i]);
    }
    buf_byte(out, '"');
}
