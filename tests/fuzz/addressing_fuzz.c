/* SPDX-License-Identifier: EUPL-1.2 */
/* WS-Addressing: the headers of an envelope are built from decisions (which, how often, with what
 * attributes and text), so that every one of them is well-formed XML. What is read is what was
 * written, and what must not be taken is refused. */
#include "platform/format/soap_read.h"

#include "base/encoding.h"
#include "tests/fuzz/choice.h"
#include "tests/fuzz/fuzz.h"

enum { ACTION, MESSAGE_ID, TO, FROM, REPLY_TO, OTHER, HEADERS };
static const char *const names[HEADERS] = { "a:Action", "a:MessageID", "a:To",
                                            "a:From",   "a:ReplyTo",   "x:other" };
static const char *const marks[] = { "", " s:mustUnderstand=\"1\"", " s:mustUnderstand=\"0\"",
                                     " s:mustUnderstand=\"maybe\"", " s:actor=\"urn:elsewhere\"",
                                     " IsReferenceParameter=\"true\"" };

struct written {
    struct str text[HEADERS];
    size_t count[HEADERS];
    bool must;          /* an unknown header that must be understood */
    bool marked;        /* by anything that may make a reader refuse or pass over a header */
};

static struct str a_text(struct str *from)
{
    struct str text = choose_text(from, 60);
    return utf8_is_text(text) && str_find(text, STR("]]>")) < 0 ? text : STR("urn:x");
}

static void write_header(struct buf *out, struct str *from, struct written *written)
{
    size_t which = choose(from, HEADERS), mark = choose(from, 6);
    struct str text = a_text(from);
    bool deep = which == FROM || which == REPLY_TO;
    written->count[which]++;
    written->text[which] = text;
    written->must |= which == OTHER && mark == 1;
    written->marked |= mark > 1;
    buf_addf(out, "<%s%s>%s", names[which], marks[mark], deep ? "<a:Address>" : "");
    buf_escaped(out, text);
    buf_addf(out, "%s</%s>", deep ? "</a:Address>" : "", names[which]);
}

/* White space around an address or name is not part of it, and a reader may fold it. */
static bool same(struct str read, struct str written)
{
    for (size_t i = 0; i < written.len; i++)
        if (is_space(written.at[i]))
            return true;
    return str_eq(read, written);
}

FUZZ(arena, bytes)
{
    struct buf out = { .arena = arena };
    struct written written = { 0 };
    struct addressing read = { 0 };
    struct xml xml;
    struct error err = { 0 };
    buf_lit(&out, "<s:Envelope xmlns:s='" SOAP_NS "' xmlns:a='" WSA_NS "' xmlns:x='urn:x'><s:Header>");
    for (int i = 0; bytes.len && i < 12; i++)
        write_header(&out, &bytes, &written);
    buf_lit(&out, "</s:Header><s:Body><x:ping/></s:Body></s:Envelope>");
    HOLDS(xml_open(&xml, arena, buf_str(&out), &err));
    if (soap_read_envelope(&xml, &read, &err)) {
        const struct str texts[] = { read.action, read.message_id, read.to, read.from };
        HOLDS(xml_is(&xml, STR("urn:x"), STR("ping")));
        HOLDS(!written.must);
        for (size_t i = 0; i < 4 && !written.marked; i++) {
            HOLDS(written.count[i] <= 1);
            HOLDS(same(texts[i], written.text[i]));
        }
    } else {
        HOLDS(err.kind != NO_ERROR && err.message);
    }
    xml_close(&xml);
}
