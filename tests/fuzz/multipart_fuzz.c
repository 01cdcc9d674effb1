/* SPDX-License-Identifier: EUPL-1.2 */
/* A form that is written as browsers write it (HTML, multipart/form-data; RFC 7578) is read as it
 * was meant, whatever its names and values hold; the same for urlencoded forms. */
#include "base/encoding.h"
#include "platform/http/form.h"
#include "tests/fuzz/choice.h"
#include "tests/fuzz/fuzz.h"

#define FIELDS 8
#define BOUNDARY "----FundamentBoundary"

struct meant {
    struct str name, value, file_name;
    bool is_file;
};

static void write_quoted(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"')
            buf_lit(out, "%22");
        else if (text.at[i] == '\r')
            buf_lit(out, "%0D");
        else if (text.at[i] == '\n')
            buf_lit(out, "%0A");
        else
            buf_byte(out, text.at[i]);
    }
}

static void write_part(struct buf *out, const struct meant *field)
{
    buf_lit(out, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"");
    write_quoted(out, field->name);
    if (field->is_file) {
        buf_lit(out, "\"; filename=\"");
        write_quoted(out, field->file_name);
        buf_lit(out, "\"\r\nContent-Type: application/octet-stream");
    } else {
        buf_lit(out, "\"");
    }
    buf_lit(out, "\r\n\r\n");
    buf_add(out, field->value);
    buf_lit(out, "\r\n");
}

/* What a browser never sends: it would be another field, or is refused for what it is. */
static bool is_sendable(const struct meant *field)
{
    bool marks = str_has(field->name, '%') || str_has(field->file_name, '%');
    return !marks && utf8_is_text(field->name) && utf8_is_text(field->file_name)
           && field->name.len > 0 && (field->is_file || utf8_is_text(field->value))
           && !str_has(field->file_name, '/') && !str_has(field->file_name, '\\')
           && str_find(field->value, STR(BOUNDARY)) < 0;
}

static void check_multipart(struct arena *arena, const struct meant *meant, size_t count)
{
    struct buf body = { .arena = arena };
    struct form form = { 0 };
    struct error err = { 0 };
    for (size_t i = 0; i < count; i++)
        write_part(&body, &meant[i]);
    buf_lit(&body, "--" BOUNDARY "--\r\n");
    HOLDS(form_parse(arena, STR("multipart/form-data; boundary=" BOUNDARY), buf_str(&body), &form,
                     &err));
    HOLDS(form.len == count);
    for (size_t i = 0; i < count; i++) {
        HOLDS(str_eq(form.at[i].name, meant[i].name));
        HOLDS(str_eq(form.at[i].value, meant[i].value));
        HOLDS(!form.at[i].file_name.at == !meant[i].is_file);
        HOLDS(str_eq(form.at[i].file_name, meant[i].file_name));
    }
}

static void check_urlencoded(struct arena *arena, const struct meant *meant, size_t count)
{
    struct buf body = { .arena = arena };
    struct form form = { 0 };
    struct error err = { 0 };
    struct str value;
    size_t texts = 0;
    for (size_t i = 0; i < count; i++) {
        if (meant[i].is_file)
            continue;
        buf_addf(&body, texts++ ? "&" : "");
        buf_add(&body, percent_encode(arena, meant[i].name));
        buf_byte(&body, '=');
        buf_add(&body, percent_encode(arena, meant[i].value));
    }
    HOLDS(form_parse(arena, STR("application/x-www-form-urlencoded"), buf_str(&body), &form, &err));
    HOLDS(form.len == texts);
    for (size_t i = 0, at = 0; i < count; i++) {
        if (meant[i].is_file)
            continue;
        HOLDS(str_eq(form.at[at].name, meant[i].name));
        HOLDS(str_eq(form.at[at++].value, meant[i].value));
        HOLDS(query_find(arena, buf_str(&body), meant[i].name, &value));
    }
}

FUZZ(arena, bytes)
{
    struct meant meant[FIELDS];
    size_t count = 0;
    while (bytes.len && count < FIELDS) {
        bool is_file = choose(&bytes, 2) == 1;
        struct str name = choose_text(&bytes, 40), value = choose_text(&bytes, 200);
        struct str file = is_file ? choose_text(&bytes, 20) : STR("");
        meant[count] = (struct meant){ name, value, file, is_file };
        count += is_sendable(&meant[count]);
    }
    if (count == 0)
        return;
    check_multipart(arena, meant, count);
    check_urlencoded(arena, meant, count);
}
