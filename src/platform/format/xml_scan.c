/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/format/xml_scan.h"

#include "base/encoding.h"

#define TAG_BYTES     (2 * XML_TEXT_BYTES) /* a whole start tag, with its attributes */
#define NAME_BYTES    ((size_t)256)
#define BYTE_ORDER_MARK STR("\xEF\xBB\xBF")

struct scan {
    struct str bytes;
    size_t at;
    size_t text;                   /* bytes of text since the last tag */
    int depth;                     /* elements that are open */
    struct str open[XML_DEPTH];    /* their names, as written */
    struct xml_shape shape;
    struct error *err;
};

/* Counted only when somebody is to be told. */
static int line_of(const struct scan *scan)
{
    int line = 1;
    for (size_t i = 0; i < scan->at && i < scan->bytes.len; i++)
        line += scan->bytes.at[i] == '\n';
    return line;
}

static bool refuse(const struct scan *scan, enum error_kind kind, const char *message)
{
    return fail_about(scan->err, kind, NULL, message, "%d", line_of(scan));
}

static bool malformed(const struct scan *scan)
{
    return refuse(scan, INVALID, N_("The XML is not well-formed, near line %s."));
}

static struct str rest(const struct scan *scan)
{
    return str_slice(scan->bytes, scan->at, scan->bytes.len);
}

static bool looking_at(const struct scan *scan, struct str part)
{
    return str_starts(rest(scan), part);
}

/* The place of `part` from here on; SIZE_MAX when it is nowhere. */
static size_t place_of(const struct scan *scan, struct str part)
{
    const char *from = scan->bytes.at + scan->at;
    const char *found = memmem(from, scan->bytes.len - scan->at, part.at, part.len);
    return found ? (size_t)(found - scan->bytes.at) : SIZE_MAX;
}

static bool is_blank(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_space(text.at[i]))
            return false;
    return true;
}

static bool add_text(struct scan *scan, size_t to)
{
    struct str text = str_slice(scan->bytes, scan->at, to);
    if (scan->depth == 0 && !is_blank(text))
        return malformed(scan);
    scan->text += text.len;
    if (scan->text > XML_TEXT_BYTES)
        return refuse(scan, TOO_LARGE, N_("The XML holds a text that is too long, near line %s."));
    scan->at = to;
    return true;
}

static bool scan_comment(struct scan *scan)
{
    scan->at += strlen("<!--");
    size_t end = place_of(scan, STR("--"));
    if (end == SIZE_MAX)
        return malformed(scan);
    scan->at = end + 2;
    if (!looking_at(scan, STR(">")))
        return malformed(scan);
    scan->at++;
    return true;
}

static bool scan_cdata(struct scan *scan)
{
    scan->at += strlen("<![CDATA[");
    size_t end = place_of(scan, STR("]]>"));
    if (end == SIZE_MAX || scan->depth == 0)
        return malformed(scan);
    if (!add_text(scan, end))
        return false;
    scan->at += strlen("]]>");
    return true;
}

/* The value of encoding="..." in an XML declaration; empty when it has none. */
static struct str declared_encoding(struct str declaration)
{
    ptrdiff_t found = str_find(declaration, STR("encoding"));
    if (found < 0)
        return STR("");
    struct str value = str_slice(declaration, (size_t)found + strlen("encoding"),
                                 declaration.len);
    str_cut(&value, '=');
    value = str_trim(value);
    if (value.len == 0)
        return STR("?");
    char quote = value.at[0];
    value = str_slice(value, 1, value.len);
    return str_cut(&value, quote);
}

static bool scan_declaration(struct scan *scan)
{
    size_t end = place_of(scan, STR("?>"));
    if (end == SIZE_MAX)
        return malformed(scan);
    struct str encoding = declared_encoding(str_slice(scan->bytes, scan->at, end));
    if (encoding.len && !str_eq_nocase(encoding, STR("UTF-8"))
        && !str_eq_nocase(encoding, STR("US-ASCII")))
        return fail(scan->err, UNSUPPORTED, NULL, N_("The XML must be in UTF-8."));
    scan->at = end + strlen("?>");
    return true;
}

static bool opened(struct scan *scan, struct str name)
{
    if (scan->depth == 0 && scan->shape.elements > 0)
        return malformed(scan); /* a second root */
    if (scan->depth == XML_DEPTH)
        return refuse(scan, TOO_LARGE, N_("The XML is nested too deeply, near line %s."));
    if (scan->depth == 1) {
        scan->shape.in_root++;
        scan->shape.in_last_child = 0;
    }
    if (scan->depth == 2)
        scan->shape.in_last_child++;
    scan->shape.elements++;
    scan->open[scan->depth++] = name;
    scan->text = 0;
    return true;
}

/* The end of a name: white space, "/" or ">", within `NAME_BYTES`. */
static struct str scan_name(struct scan *scan)
{
    size_t from = scan->at;
    while (scan->at < scan->bytes.len && scan->at - from <= NAME_BYTES) {
        char c = scan->bytes.at[scan->at];
        if (is_space(c) || c == '/' || c == '>' || c == '<' || c == '=' || c == '"' || c == '\'')
            break;
        scan->at++;
    }
    return str_slice(scan->bytes, from, scan->at);
}

/* Moves behind the value that starts with this quote. */
static bool scan_value(struct scan *scan, char quote)
{
    const char *from = scan->bytes.at + scan->at + 1;
    const char *end = memchr(from, quote, scan->bytes.len - scan->at - 1);
    if (!end || memchr(from, '<', (size_t)(end - from)))
        return malformed(scan);
    scan->at = (size_t)(end - scan->bytes.at) + 1;
    return true;
}

/* Behind the name of a start tag: to behind its ">". */
static bool scan_attributes(struct scan *scan, size_t tag, bool *empty)
{
    size_t attributes = 0;
    while (scan->at < scan->bytes.len) {
        char c = scan->bytes.at[scan->at];
        if (scan->at - tag > TAG_BYTES)
            return refuse(scan, TOO_LARGE,
                          N_("The XML holds a tag that is too long, near line %s."));
        if (c == '<')
            return malformed(scan);
        if (c == '=' && ++attributes > XML_ATTRIBUTES)
            return refuse(scan, TOO_LARGE,
                          N_("The XML has an element with too many attributes, near line %s."));
        if (c == '"' || c == '\'') {
            if (!scan_value(scan, c))
                return false;
            continue;
        }
        scan->at++;
        if (c == '>')
            return true;
        if (c == '/') {
            *empty = looking_at(scan, STR(">"));
            if (!*empty)
                return malformed(scan);
        }
    }
    return malformed(scan);
}

static bool scan_start(struct scan *scan)
{
    size_t tag = scan->at++;
    bool empty = false;
    struct str name = scan_name(scan);
    if (name.len == 0 || name.len > NAME_BYTES)
        return malformed(scan);
    if (!opened(scan, name) || !scan_attributes(scan, tag, &empty))
        return false;
    scan->depth -= empty;
    return true;
}

static bool scan_end(struct scan *scan)
{
    scan->at += strlen("</");
    struct str name = scan_name(scan);
    while (scan->at < scan->bytes.len && is_space(scan->bytes.at[scan->at]))
        scan->at++;
    if (!looking_at(scan, STR(">")) || scan->depth == 0
        || !str_eq(name, scan->open[scan->depth - 1]))
        return malformed(scan);
    scan->at++;
    scan->depth--;
    scan->text = 0;
    return true;
}

static bool scan_markup(struct scan *scan)
{
    if (looking_at(scan, STR("</")))
        return scan_end(scan);
    if (looking_at(scan, STR("<!--")))
        return scan_comment(scan);
    if (looking_at(scan, STR("<![CDATA[")))
        return scan_cdata(scan);
    if (looking_at(scan, STR("<!")))
        return refuse(scan, INVALID, N_("XML with a DOCTYPE is not accepted (line %s)."));
    if (looking_at(scan, STR("<?")))
        return refuse(scan, INVALID,
                      N_("XML with processing instructions is not accepted (line %s)."));
    return scan_start(scan);
}

bool xml_scan(struct str bytes, struct xml_shape *shape, struct error *err)
{
    struct scan scan = { .bytes = bytes, .err = err };
    if (str_has(bytes, '\0') || !utf8_valid(bytes))
        return fail(err, UNSUPPORTED, NULL, N_("The XML must be in UTF-8."));
    if (looking_at(&scan, BYTE_ORDER_MARK))
        scan.at += BYTE_ORDER_MARK.len;
    if (looking_at(&scan, STR("<?xml ")) && !scan_declaration(&scan))
        return false;
    while (scan.at < bytes.len) {
        const char *mark = memchr(bytes.at + scan.at, '<', bytes.len - scan.at);
        if (!add_text(&scan, mark ? (size_t)(mark - bytes.at) : bytes.len))
            return false;
        if (mark && !scan_markup(&scan))
            return false;
    }
    if (scan.depth > 0 || scan.shape.elements == 0)
        return fail(err, INVALID, NULL, N_("The XML ends too early."));
    *shape = scan.shape;
    return true;
}
