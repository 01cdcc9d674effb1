/* SPDX-License-Identifier: EUPL-1.2 */
/* The scan and libxml2 must see the same elements: what the scan lets through on its count of them,
 * libxml2 may not read otherwise. */
#include "platform/format/xml.h"

#include "base/encoding.h"
#include "tests/fuzz/fuzz.h"

static void walk(struct xml *xml, struct xml_shape *got)
{
    struct error err;
    enum xml_event event;
    while ((event = xml_next(xml, &err)) == XML_START || event == XML_END) {
        if (event == XML_END)
            continue;
        HOLDS(xml->depth >= 0 && xml->depth < XML_DEPTH);
        HOLDS(utf8_valid(xml->name) && xml->name.len > 0);
        got->elements++;
        if (xml->depth == 1) {
            got->in_root++;
            got->in_last_child = 0;
        }
        if (xml->depth == 2)
            got->in_last_child++;
    }
    if (event == XML_FAILED)
        return;
    HOLDS(got->elements == xml->shape.elements);
    HOLDS(got->in_root == xml->shape.in_root);
    HOLDS(got->in_last_child == xml->shape.in_last_child);
}

/* As a decoder does: texts of elements, attributes, skipping. */
static void decode(struct xml *xml)
{
    struct error err;
    struct str text;
    for (size_t i = 0; xml_next(xml, &err) == XML_START; i++) {
        xml_attribute(xml, STR("urn:x"), STR("a"));
        xml_attribute(xml, STR(""), STR("b"));
        if (i % 3 == 1 && !xml_skip(xml, &err))
            return;
        if (i % 3 == 2) {
            if (!xml_text(xml, &text, &err))
                return;
            HOLDS(utf8_valid(text) && text.len <= XML_TEXT_BYTES);
        }
    }
}

FUZZ(arena, bytes)
{
    struct xml xml;
    struct error err;
    struct xml_shape got = { 0 };
    if (!xml_open(&xml, arena, bytes, &err))
        return;
    walk(&xml, &got);
    xml_close(&xml);
    HOLDS(xml_open(&xml, arena, bytes, &err));
    decode(&xml);
}
