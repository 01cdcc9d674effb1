/* SPDX-License-Identifier: EUPL-1.2 */
/* A hardened, streaming XML reader on libxml2's xmlTextReader. UTF-8 only, no DOCTYPE, no processing
 * instructions, no entities beyond the five, no network; limits on depth, attributes and text.
 * Elements are known by namespace and local name, never by prefix.
 *
 *     struct xml xml;
 *     xml_open(&xml, arena, bytes, err)
 *     while (xml_next(&xml, err) == XML_START) ... */
#ifndef PLATFORM_XML_H
#define PLATFORM_XML_H

#include "base/buf.h"
#include "base/error.h"

/* What is known of a document before its first element is read (platform/format/xml_scan.h). */
struct xml_shape {
    size_t elements;
    size_t in_root;       /* elements directly in the root */
    size_t in_last_child; /* elements directly in the last of those: of a SOAP Body */
};

enum xml_event { XML_FAILED, XML_START, XML_END, XML_EOF };

#define XML_DEPTH      32
#define XML_ATTRIBUTES 64
#define XML_TEXT_BYTES ((size_t)64 * 1024)

struct xml {
    void *reader;
    struct arena *arena;
    struct str ns, name;  /* of the element at hand; valid until the next call */
    int depth;            /* of the element at hand; the root has 0 */
    bool empty;           /* <a/>: its XML_END still follows */
    bool pending_end;
    struct xml_shape shape;
};

/* Looks over the whole document (platform/format/xml_scan.h: encoding, limits, tags that close in order)
 * and starts reading it. The bytes must stay; the reader is closed with the arena (or by xml_close,
 * sooner). */
bool xml_open(struct xml *xml, struct arena *arena, struct str bytes, struct error *err);
void xml_close(struct xml *xml);

/* The next start or end of an element. Text in between is passed over: read it with xml_text. */
enum xml_event xml_next(struct xml *xml, struct error *err);

/* At an XML_START: is it this element? */
bool xml_is(const struct xml *xml, struct str ns, struct str name);

/* At an XML_START: the text of this element, trimmed, and moves behind its end. An element in it is
 * an error. The text lives in the arena. */
bool xml_text(struct xml *xml, struct str *text, struct error *err);

/* At an XML_START: passes over the element and all in it. */
bool xml_skip(struct xml *xml, struct error *err);

/* At an XML_START: an attribute, or empty (at == NULL). ns empty: no namespace. */
struct str xml_attribute(struct xml *xml, struct str ns, struct str name);

/* Writing: `<name>escaped text</name>`. `name` is ours and trusted. */
void xml_put(struct buf *out, const char *name, struct str text);

#endif
