/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/format/xml.h"

#include "base/encoding.h"
#include "platform/format/xml_scan.h"

#include <libxml/parser.h>
#include <libxml/xmlreader.h>
#include <pthread.h>
#include <stdlib.h>

/* A declared encoding is ours to judge (xml_scan), never a reason for libxml2 to convert. */
#define OPTIONS                                                                                    \
    (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC              \
     | XML_PARSE_COMPACT)

/* A reader keeps every name that it ever saw. One that read this much is not used again. */
#define REUSE_BYTES ((size_t)1024 * 1024)

struct reader {
    xmlTextReaderPtr libxml;
    size_t read;          /* bytes of all its documents */
    int line, code;       /* of the last error */
    bool failed;
};

/* Making a reader costs more than reading a small document: each thread keeps one. */
static _Thread_local struct reader *spare;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_thread_end;

static void free_reader(void *what)
{
    struct reader *reader = what;
    if (reader->libxml)
        xmlFreeTextReader(reader->libxml);
    free(reader);
}

static void initialise(void)
{
    xmlInitParser();
    pthread_key_create(&at_thread_end, free_reader);
}

/* Also what libxml2 would go on after, such as a prefix without a namespace. */
static void keep_error(void *with, xmlErrorPtr error)
{
    struct reader *reader = with;
    if (error->level < XML_ERR_ERROR)
        return;
    reader->failed = true;
    reader->line = error->line;
    reader->code = error->code;
}

static struct reader *take_reader(void)
{
    struct reader *reader = spare;
    pthread_once(&once, initialise);
    if (!reader)
        return calloc(1, sizeof *reader);
    spare = NULL;
    pthread_setspecific(at_thread_end, NULL);
    reader->failed = false;
    return reader;
}

static void give_back(struct reader *reader)
{
    if (spare || !reader->libxml || reader->read > REUSE_BYTES
        || pthread_setspecific(at_thread_end, reader) != 0) {
        free_reader(reader);
        return;
    }
    spare = reader;
}

static bool start_reader(struct reader *reader, struct str bytes)
{
    reader->read += bytes.len;
    if (!reader->libxml)
        reader->libxml = xmlReaderForMemory(bytes.at, (int)bytes.len, NULL, NULL, OPTIONS);
    else if (xmlReaderNewMemory(reader->libxml, bytes.at, (int)bytes.len, NULL, NULL, OPTIONS) < 0)
        return false;
    if (!reader->libxml)
        return false;
    xmlTextReaderSetStructuredErrorHandler(reader->libxml, keep_error, reader);
    return true;
}

/* Stays in the arena when the reader went back to its thread: then there is nothing to close. */
struct holder {
    struct reader *reader;
};

static void close_holder(void *what)
{
    struct holder *holder = what;
    if (!holder->reader)
        return;
    if (holder->reader->libxml)
        xmlTextReaderClose(holder->reader->libxml);
    give_back(holder->reader);
    holder->reader = NULL;
}

bool xml_open(struct xml *xml, struct arena *arena, struct str bytes, struct error *err)
{
    *xml = (struct xml){ .arena = arena };
    if (bytes.len > INT32_MAX)
        return fail(err, TOO_LARGE, NULL, N_("The XML is too large."));
    if (!xml_scan(bytes, &xml->shape, err))
        return false;
    struct holder *holder = arena_new(arena, struct holder);
    arena_defer(arena, close_holder, holder);
    holder->reader = take_reader();
    if (!holder->reader)
        return fail_internal(err, "no memory for an XML reader");
    xml->reader = holder;
    if (!start_reader(holder->reader, bytes))
        return fail_internal(err, "libxml2 gave no reader");
    return true;
}

void xml_close(struct xml *xml)
{
    if (xml->reader)
        close_holder(xml->reader);
    xml->reader = NULL;
}

static struct reader *reader_of(const struct xml *xml)
{
    const struct holder *holder = xml->reader;
    return holder ? holder->reader : NULL;
}

/* Without libxml2's own words: they may repeat the input, and that may be personal. */
static enum xml_event broken(struct reader *reader, struct error *err)
{
    reader->failed = true;
    fail_about(err, INVALID, NULL, N_("The XML is not well-formed, near line %s."), "%d",
               reader->line);
    fail_detail(err, "libxml2 error %d", reader->code);
    return XML_FAILED;
}

/* The next node of any kind. */
static int read_node(struct reader *reader)
{
    int more = reader->failed ? -1 : xmlTextReaderRead(reader->libxml);
    return reader->failed ? -1 : more;
}

static struct str text_of(const xmlChar *text)
{
    return str_of((const char *)text);
}

static void look(struct xml *xml, xmlTextReaderPtr libxml)
{
    xml->ns = text_of(xmlTextReaderConstNamespaceUri(libxml));
    xml->name = text_of(xmlTextReaderConstLocalName(libxml));
    xml->depth = xmlTextReaderDepth(libxml);
}

enum xml_event xml_next(struct xml *xml, struct error *err)
{
    struct reader *reader = reader_of(xml);
    if (!reader) {
        fail_internal(err, "reading XML that is closed");
        return XML_FAILED;
    }
    if (xml->pending_end) {
        xml->pending_end = false;
        return XML_END;
    }
    int more;
    while ((more = read_node(reader)) == 1) {
        switch (xmlTextReaderNodeType(reader->libxml)) {
        case XML_READER_TYPE_ELEMENT:
            look(xml, reader->libxml);
            xml->empty = xmlTextReaderIsEmptyElement(reader->libxml) == 1;
            xml->pending_end = xml->empty;
            return XML_START;
        case XML_READER_TYPE_END_ELEMENT:
            look(xml, reader->libxml);
            return XML_END;
        case XML_READER_TYPE_ENTITY_REFERENCE:
            return broken(reader, err);
        default:
            break;
        }
    }
    return more == 0 ? XML_EOF : broken(reader, err);
}

bool xml_is(const struct xml *xml, struct str ns, struct str name)
{
    return str_eq(xml->name, name) && str_eq(xml->ns, ns);
}

static bool is_text(int node_type)
{
    return node_type == XML_READER_TYPE_TEXT || node_type == XML_READER_TYPE_CDATA
           || node_type == XML_READER_TYPE_WHITESPACE
           || node_type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE;
}

/* Is there more text? At the end of the element: no. */
static bool next_text(struct reader *reader, struct str *part, bool *more, struct error *err)
{
    *part = STR("");
    *more = false;
    if (read_node(reader) != 1)
        return broken(reader, err), false;
    int type = xmlTextReaderNodeType(reader->libxml);
    if (type == XML_READER_TYPE_END_ELEMENT)
        return true;
    if (type == XML_READER_TYPE_ELEMENT) {
        reader->failed = true;
        return fail(err, INVALID, NULL, N_("The XML has an element where only text may be."));
    }
    if (is_text(type))
        *part = text_of(xmlTextReaderConstValue(reader->libxml));
    else if (type != XML_READER_TYPE_COMMENT)
        return broken(reader, err), false;
    *more = true;
    return true;
}

bool xml_text(struct xml *xml, struct str *text, struct error *err)
{
    struct reader *reader = reader_of(xml);
    struct str part;
    char *at = NULL;
    size_t len = 0;
    bool more = !xml->empty;
    if (!reader)
        return fail_internal(err, "reading XML that is closed");
    xml->pending_end = false;
    while (more) {
        if (!next_text(reader, &part, &more, err))
            return false;
        if (len + part.len > XML_TEXT_BYTES)
            return fail(err, TOO_LARGE, NULL, N_("The XML holds a text that is too long."));
        if (part.len == 0)
            continue;
        at = arena_grow(xml->arena, at, len, len + part.len);
        memcpy(at + len, part.at, part.len);
        len += part.len;
    }
    *text = at ? str_trim((struct str){ at, len }) : STR("");
    return true;
}

bool xml_skip(struct xml *xml, struct error *err)
{
    int depth = xml->depth;
    for (;;) {
        enum xml_event event = xml_next(xml, err);
        if (event == XML_FAILED)
            return false;
        if (event == XML_END && xml->depth == depth)
            return true;
    }
}

struct str xml_attribute(struct xml *xml, struct str ns, struct str name)
{
    struct reader *reader = reader_of(xml);
    struct str value = { 0 };
    if (!reader || !xmlTextReaderHasAttributes(reader->libxml))
        return value;
    const xmlChar *local = (const xmlChar *)str_c(xml->arena, name);
    int found = ns.len ? xmlTextReaderMoveToAttributeNs(reader->libxml, local,
                                                        (const xmlChar *)str_c(xml->arena, ns))
                       : xmlTextReaderMoveToAttribute(reader->libxml, local);
    if (found == 1)
        value = str_copy(xml->arena, text_of(xmlTextReaderConstValue(reader->libxml)));
    xmlTextReaderMoveToElement(reader->libxml);
    return value;
}

/* XML cannot hold control characters, not even as references (XML 1.0, section 2.2). */
static bool has_controls(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < ' ' && !is_space(text.at[i]))
            return true;
    return str_has(text, '\f') || str_has(text, '\v');
}

static void put_without_controls(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        struct str one = str_slice(text, i, i + 1);
        buf_escaped(out, has_controls(one) ? STR(" ") : one);
    }
}

void xml_put(struct buf *out, const char *name, struct str text)
{
    struct str tag = str_of(name);
    buf_byte(out, '<');
    buf_add(out, tag);
    buf_byte(out, '>');
    if (has_controls(text))
        put_without_controls(out, text);
    else
        buf_escaped(out, text);
    buf_lit(out, "</");
    buf_add(out, tag);
    buf_byte(out, '>');
}
