/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/http/form.h"

#include "base/encoding.h"
#include "base/list.h"

static bool fail_form(struct error *err)
{
    return fail(err, INVALID, NULL, N_("The form that was sent cannot be read."));
}

static bool add_field(struct arena *arena, struct form *form, const struct form_field *field,
                      struct error *err)
{
    if (form->len == FORM_FIELDS)
        return fail(err, TOO_LARGE, NULL, N_("The form has too many fields."));
    bool is_text = field->file_name.at || utf8_is_text(field->value);
    if (field->name.len > FORM_NAME || !utf8_is_text(field->name) || !is_text)
        return fail_form(err);
    *list_add(arena, form) = *field;
    return true;
}

/* application/x-www-form-urlencoded */

static bool read_pair(struct arena *arena, struct str pair, struct form_field *field)
{
    struct str value = pair, name = str_cut(&value, '=');
    if (!str_more(value))
        value = STR("");
    return percent_decode(arena, name, true, &field->name)
           && percent_decode(arena, value, true, &field->value);
}

static bool parse_urlencoded(struct arena *arena, struct str body, struct form *form,
                             struct error *err)
{
    while (str_more(body)) {
        struct form_field field = { 0 };
        struct str pair = str_cut(&body, '&');
        if (pair.len == 0)
            continue;
        if (!read_pair(arena, pair, &field))
            return fail_form(err);
        if (!add_field(arena, form, &field, err))
            return false;
    }
    return true;
}

/* multipart/form-data */

struct multipart {
    struct arena *arena;
    struct str delimiter; /* CR LF -- boundary */
    struct str rest;
};

/* Cuts `rest` behind `mark`; false when it is not there. */
static bool cut_at(struct str *rest, struct str mark, struct str *before)
{
    ptrdiff_t at = str_find(*rest, mark);
    if (at < 0)
        return false;
    *before = str_slice(*rest, 0, (size_t)at);
    *rest = str_slice(*rest, (size_t)at + mark.len, rest->len);
    return true;
}

static bool read_char(struct str s, size_t at, char *c)
{
    static const struct {
        struct str code;
        char c;
    } codes[] = { { S("%22"), '"' }, { S("%0D"), '\r' }, { S("%0A"), '\n' } };
    for (size_t i = 0; i < count_of(codes); i++) {
        if (!str_eq(str_slice(s, at, at + 3), codes[i].code))
            continue;
        *c = codes[i].c;
        return true;
    }
    *c = s.at[at];
    return false;
}

/* Browsers write only a quote, CR and LF as %XX in these names (HTML, multipart/form-data). */
static struct str part_name(struct arena *arena, struct str s)
{
    struct buf out = { .arena = arena };
    for (size_t i = 0; i < s.len; i++) {
        char c;
        if (read_char(s, i, &c))
            i += 2;
        buf_byte(&out, c);
    }
    return out.len ? buf_str(&out) : STR("");
}

/* The name of a file without the folders that some browsers put before it. */
static struct str base_name(struct str path)
{
    size_t start = path.len;
    while (start > 0 && path.at[start - 1] != '/' && path.at[start - 1] != '\\')
        start--;
    return str_slice(path, start, path.len);
}

static bool read_disposition(struct arena *arena, struct str value, struct form_field *field)
{
    struct str rest = value, kind = str_trim(str_cut(&rest, ';'));
    struct str name = header_param(value, STR("name"));
    struct str file = header_param(value, STR("filename"));
    if (!str_eq_nocase(kind, STR("form-data")) || !name.at)
        return false;
    field->name = part_name(arena, name);
    if (file.at)
        field->file_name = base_name(part_name(arena, file));
    return field->file_name.len <= FORM_NAME && utf8_is_text(field->file_name);
}

static bool read_part_headers(struct multipart *in, struct form_field *field)
{
    bool named = false;
    for (int i = 0; i < FORM_PART_HEADERS; i++) {
        struct str line;
        if (!cut_at(&in->rest, STR("\r\n"), &line))
            return false;
        if (line.len == 0)
            return named;
        struct str value = line, header = str_trim(str_cut(&value, ':'));
        if (!str_eq_nocase(header, STR("Content-Disposition")))
            continue;
        if (named || !str_more(value) || !read_disposition(in->arena, value, field))
            return false;
        named = true;
    }
    return false;
}

/* After a delimiter: CR LF when a part follows, -- at the end. */
static bool read_delimiter_end(struct multipart *in, bool *end)
{
    *end = str_starts(in->rest, STR("--"));
    bool part = str_starts(in->rest, STR("\r\n"));
    in->rest = str_slice(in->rest, 2, in->rest.len);
    return *end || part;
}

static bool parse_multipart(struct multipart *in, struct form *form, struct error *err)
{
    struct str first = str_slice(in->delimiter, 2, in->delimiter.len);
    bool end = false;
    if (!str_starts(in->rest, first))
        return fail_form(err);
    in->rest = str_slice(in->rest, first.len, in->rest.len);
    while (read_delimiter_end(in, &end)) {
        struct form_field field = { 0 };
        if (end)
            return true;
        if (!read_part_headers(in, &field) || !cut_at(&in->rest, in->delimiter, &field.value))
            return fail_form(err);
        if (!add_field(in->arena, form, &field, err))
            return false;
    }
    return fail_form(err);
}

static bool is_boundary(struct str boundary)
{
    static const char marks[] = "'()+_,-./:=? ";
    if (boundary.len == 0 || boundary.len > FORM_BOUNDARY)
        return false;
    for (size_t i = 0; i < boundary.len; i++) {
        char c = boundary.at[i];
        bool letter = (c >= 'a' && c <= 'z') || is_upper(c);
        if (!letter && !is_digit(c) && (c == '\0' || !strchr(marks, c)))
            return false;
    }
    return boundary.at[boundary.len - 1] != ' ';
}

bool form_parse(struct arena *arena, struct str content_type, struct str body, struct form *form,
                struct error *err)
{
    *form = (struct form){ 0 };
    if (media_type_is(content_type, STR("application/x-www-form-urlencoded")))
        return parse_urlencoded(arena, body, form, err);
    if (!media_type_is(content_type, STR("multipart/form-data")))
        return fail(err, UNSUPPORTED, NULL,
                    N_("A form must be sent as application/x-www-form-urlencoded or "
                       "multipart/form-data."));
    struct str boundary = header_param(content_type, STR("boundary"));
    if (!is_boundary(boundary))
        return fail_form(err);
    struct multipart in = { .arena = arena, .rest = body };
    in.delimiter = str_format(arena, "\r\n--%.*s", FMT(boundary));
    return parse_multipart(&in, form, err);
}

/* Headers */

bool media_type_is(struct str content_type, struct str type)
{
    return str_eq_nocase(str_trim(str_cut(&content_type, ';')), type);
}

/* At `*rest`: ` name=value` or ` name="value"`, up to and with the `;` behind it. No backslash
 * escapes: browsers do not write them, and paths of old ones hold backslashes. */
static struct str next_param(struct str *rest, struct str *name)
{
    struct str before = *rest;
    ptrdiff_t equals = str_find(before, STR("="));
    ptrdiff_t semicolon = str_find(before, STR(";"));
    *name = (struct str){ 0 };
    if (equals < 0 || (semicolon >= 0 && semicolon < equals)) {
        str_cut(rest, ';');
        return (struct str){ 0 };
    }
    *name = str_trim(str_cut(rest, '='));
    struct str value = str_trim(*rest);
    if (!str_starts(value, STR("\"")))
        return str_trim(str_cut(rest, ';'));
    value = str_slice(value, 1, value.len);
    struct str behind = value, quoted = str_cut(&behind, '"');
    if (!str_more(behind)) {
        *rest = (struct str){ 0 };
        return (struct str){ 0 };
    }
    str_cut(&behind, ';');
    *rest = behind;
    return quoted.at ? quoted : STR("");
}

struct str header_param(struct str header, struct str name)
{
    str_cut(&header, ';');
    while (str_more(header)) {
        struct str found, value = next_param(&header, &found);
        if (found.at && str_eq_nocase(found, name))
            return value;
    }
    return (struct str){ 0 };
}

bool query_find(struct arena *arena, struct str query, struct str name, struct str *value)
{
    while (str_more(query)) {
        struct form_field field = { 0 };
        struct str pair = str_cut(&query, '&');
        if (!read_pair(arena, pair, &field) || !str_eq(field.name, name))
            continue;
        *value = field.value;
        return utf8_is_text(field.value);
    }
    return false;
}

struct str cookie_find(struct str header, struct str name)
{
    while (str_more(header)) {
        struct str value = str_cut(&header, ';'), found = str_trim(str_cut(&value, '='));
        if (str_more(value) && str_eq(found, name))
            return str_trim(value);
    }
    return STR("");
}
