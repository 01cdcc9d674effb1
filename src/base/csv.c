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

bool csv_next(struct csv *csv)
{
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
