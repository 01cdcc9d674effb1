/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/format/xml.h"

#include "platform/format/xml_scan.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct xml opened(struct test *t, struct str text)
{
    struct xml xml;
    struct error err;
    CHECK_OK(xml_open(&xml, t->arena, text, &err), err);
    return xml;
}

/* The events as text: "<ns|name" ">" per start and end. */
static struct str events(struct test *t, struct str text)
{
    struct buf out = { .arena = t->arena };
    struct xml xml = opened(t, text);
    struct error err = { 0 };
    enum xml_event event;
    while ((event = xml_next(&xml, &err)) > XML_FAILED && event != XML_EOF) {
        if (event == XML_START)
            buf_addf(&out, "<%.*s|%.*s@%d", FMT(xml.ns), FMT(xml.name), xml.depth);
        else
            buf_byte(&out, '>');
    }
    if (event == XML_FAILED)
        buf_addf(&out, "! %s", err.message);
    return buf_str(&out);
}

/* Reads all of it; the error that stopped it, at the door or on the way. */
static struct error refused(struct test *t, struct str text)
{
    struct xml xml;
    struct error err = { 0 };
    enum xml_event event = XML_FAILED;
    if (xml_open(&xml, t->arena, text, &err))
        while ((event = xml_next(&xml, &err)) > XML_FAILED && event != XML_EOF)
            ;
    if (event == XML_EOF)
        test_fail(__FILE__, __LINE__, "accepted: %.*s", (int)(text.len < 80 ? text.len : 80),
                  text.at);
    CHECK(err.message);
    CHECK(err.kind != INTERNAL);
    return err;
}

static struct str repeated(struct test *t, const char *head, const char *part, size_t times,
                           const char *tail)
{
    struct buf out = { .arena = t->arena };
    buf_add(&out, str_of(head));
    for (size_t i = 0; i < times; i++)
        buf_add(&out, str_of(part));
    buf_add(&out, str_of(tail));
    return buf_str(&out);
}

TEST(elements_are_known_by_namespace_and_local_name)
{
    CHECK_STR(events(t, STR("<a xmlns='u:1'><p:b xmlns:p='u:2'/><c xmlns=''>x</c></a>")),
              STR("<u:1|a@0<u:2|b@1><|c@1>>"));
}

TEST(an_empty_element_ends_too)
{
    CHECK_STR(events(t, STR("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a/>\n")),
              STR("<|a@0>"));
    CHECK_STR(events(t, STR("\xEF\xBB\xBF<a></a><!-- bye -->")), STR("<|a@0>"));
}

TEST(text_is_trimmed_and_put_together)
{
    struct xml xml = opened(t, STR("<a><b> x &amp; <!-- no -->y<![CDATA[ <z> ]]>&#233; </b><c/>"
                                   "</a>"));
    struct str text;
    struct error err;
    CHECK_INT(xml_next(&xml, &err), XML_START);
    CHECK_INT(xml_next(&xml, &err), XML_START);
    CHECK_OK(xml_text(&xml, &text, &err), err);
    CHECK_STR(text, STR("x & y <z> é"));
    CHECK_INT(xml_next(&xml, &err), XML_START);
    CHECK(xml_is(&xml, STR(""), STR("c")));
    CHECK_OK(xml_text(&xml, &text, &err), err);
    CHECK_INT(text.len, 0);
    CHECK_INT(xml_next(&xml, &err), XML_END);
    CHECK_INT(xml_next(&xml, &err), XML_EOF);
}

TEST(an_element_within_text_is_an_error)
{
    struct xml xml = opened(t, STR("<a>x<b/></a>"));
    struct str text;
    struct error err;
    CHECK_INT(xml_next(&xml, &err), XML_START);
    CHECK(!xml_text(&xml, &text, &err));
    CHECK_INT(err.kind, INVALID);
    CHECK_INT(xml_next(&xml, &err), XML_FAILED);
}

TEST(an_element_is_passed_over_with_all_in_it)
{
    struct xml xml = opened(t, STR("<a><b><b><b/></b>x</b><b/><c/></a>"));
    struct error err;
    CHECK_INT(xml_next(&xml, &err), XML_START);
    CHECK_INT(xml_next(&xml, &err), XML_START);
    CHECK_OK(xml_skip(&xml, &err), err);
    CHECK_INT(xml_next(&xml, &err), XML_START);
    CHECK_OK(xml_skip(&xml, &err), err);
    CHECK_INT(xml_next(&xml, &err), XML_START);
    CHECK_STR(xml.name, STR("c"));
}

TEST(attributes_are_found_by_namespace)
{
    struct xml xml = opened(t, STR("<a xmlns:p='u:1' p:m='1' m='2&lt;'><b/></a>"));
    struct error err;
    CHECK_INT(xml_next(&xml, &err), XML_START);
    CHECK_STR(xml_attribute(&xml, STR("u:1"), STR("m")), STR("1"));
    CHECK_STR(xml_attribute(&xml, STR(""), STR("m")), STR("2<"));
    CHECK(!xml_attribute(&xml, STR("u:2"), STR("m")).at);
    CHECK(!xml_attribute(&xml, STR(""), STR("n")).at);
    CHECK_STR(xml.name, STR("a"));
    CHECK_INT(xml_next(&xml, &err), XML_START);
    CHECK(!xml_attribute(&xml, STR(""), STR("m")).at);
}

TEST(readers_of_one_thread_can_be_open_together)
{
    struct xml one = opened(t, STR("<one/>")), other = opened(t, STR("<other/>"));
    struct error err;
    CHECK_INT(xml_next(&one, &err), XML_START);
    CHECK_INT(xml_next(&other, &err), XML_START);
    CHECK_STR(one.name, STR("one"));
    CHECK_STR(other.name, STR("other"));
    xml_close(&one);
    xml_close(&one);
    xml_close(&other);
    CHECK_INT(xml_next(&one, &err), XML_FAILED);
}

TEST(a_reader_is_as_new_after_a_document_that_failed)
{
    for (int i = 0; i < 20; i++) {
        refused(t, STR("<a>&none;</a>"));
        struct arena arena = { 0 };
        struct xml xml;
        struct error err;
        CHECK_OK(xml_open(&xml, &arena, STR("<b xmlns='u:9'/>"), &err), err);
        CHECK_INT(xml_next(&xml, &err), XML_START);
        CHECK_STR(xml.ns, STR("u:9"));
        arena_free(&arena);
        CHECK_STR(events(t, STR("<p:b xmlns:p='u:1'/>")), STR("<u:1|b@0>"));
    }
}

TEST(malformed_xml_is_refused)
{
    static const char *const broken[] = {
        "", " ", "x", "<", "<a", "<a>", "<a></b>", "</a>", "<a/><b/>", "<a/>x", "x<a/>", "<a><b></a></b>",
        "<a b></a>", "<a b=c/>", "<a b='1' b='2'/>", "<a b='<'/>", "<a b='1/>", "<a / >", "<p:a/>",
        "<a>&</a>", "<a>&none;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>\x01</a>", "<1/>",
        "<a><!-- -- --></a>", "<a><!-- </a>", "<a><![CDATA[</a>", "<![CDATA[x]]><a/>", "<a>]]></a>",
        "<a xmlns:p=''><p:b/></a>", "<a \"x>\"/>", "< a/>", "<a></a b='1'>", "<a></ a>",
        "<?xml version='1.0'", " <?xml version='1.0'?><a/>", "<a><b/>", "<a/></a>",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        refused(t, str_of(broken[i]));
}

TEST(an_error_names_the_line_and_never_the_content)
{
    struct error err = refused(t, STR("<a>\n<b>\n063138219</c></a>"));
    CHECK_STR(str_of(err.subject), STR("3"));
    CHECK(!strstr(err.detail, "0631"));
    err = refused(t, STR("<a>\n\n\n<hpgn>063138219&x;</hpgn></a>"));
    CHECK_STR(str_of(err.subject), STR("4"));
    CHECK(!strstr(err.detail, "0631") && !strstr(err.detail, "hpgn"));
}

TEST(libxml2_writes_nothing_on_stderr)
{
    const char *file = str_format(t->arena, "%s/stderr", t->folder).at;
    int saved = dup(STDERR_FILENO);
    CHECK(freopen(file, "w", stderr));
    refused(t, STR("<a>&none;</a>"));
    refused(t, STR("<a b='1' b='2'/>"));
    fflush(stderr);
    long written = ftell(stderr);
    dup2(saved, STDERR_FILENO);
    CHECK_INT(written, 0);
}

TEST(a_doctype_is_refused_on_sight)
{
    static const char *const hostile[] = {
        "<!DOCTYPE a><a/>",
        "<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY a '1'><!ENTITY b '&a;&a;&a;'><!ENTITY c '&b;&b;&b;'>]><a>&c;</a>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/x'>%p;]><a/>",
        "<!doctype a><a/>",
        "<a><!DOCTYPE a></a>",
        "<!ELEMENT a ANY><a/>",
    };
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        CHECK(strstr(refused(t, str_of(hostile[i])).message, "DOCTYPE"));
}

TEST(processing_instructions_are_refused)
{
    CHECK(strstr(refused(t, STR("<?xml-stylesheet href='x'?><a/>")).message, "instructions"));
    CHECK(strstr(refused(t, STR("<a><?php x ?></a>")).message, "instructions"));
    CHECK(strstr(refused(t, STR("<a/><?x?>")).message, "instructions"));
}

TEST(other_encodings_than_utf8_are_refused)
{
    static const struct str other[] = {
        S("<?xml version='1.0' encoding='ISO-8859-1'?><a>x</a>"),
        S("<?xml version='1.0' encoding=\"UTF-7\"?><a>+ADw-b/+AD4-</a>"),
        S("<?xml version='1.0' encoding = 'utf-16' ?><a/>"),
        S("\xFF\xFE<\0a\0/\0>\0"),
        S("<\0a\0/\0>\0"),
        S("\0\0\0<\0\0\0a\0\0\0/\0\0\0>"),
        S("<a>caf\xE9</a>"),
        S("<a>\xC0\xBC</a>"),
        S("<a>\0</a>"),
    };
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        CHECK_INT(refused(t, other[i]).kind, UNSUPPORTED);
}

/* libxml2 must not follow a declaration that the scan reads otherwise. */
TEST(a_hidden_encoding_declaration_does_nothing)
{
    struct str hidden = STR("<?xml version=\"encoding='utf-8'\" encoding='UTF-7'?>"
                            "<a>+ADw-b/+AD4-</a>");
    struct xml xml;
    struct error err;
    if (!xml_open(&xml, t->arena, hidden, &err))
        return;
    while (xml_next(&xml, &err) > XML_FAILED && xml.name.len)
        CHECK(!xml_is(&xml, STR(""), STR("b")));
}

TEST(a_million_nested_elements_are_refused_at_the_limit)
{
    CHECK(strstr(refused(t, repeated(t, "", "<a>", 1000000, "")).message, "deeply"));
    CHECK(strstr(refused(t, repeated(t, "<r>", "<a b='1'>", XML_DEPTH, "")).message, "deeply"));
    struct buf fits = { .arena = t->arena };
    for (int i = 0; i < XML_DEPTH; i++)
        buf_lit(&fits, "<a>");
    for (int i = 0; i < XML_DEPTH; i++)
        buf_lit(&fits, "</a>");
    CHECK_INT(events(t, buf_str(&fits)).at[0], '<');
    CHECK(str_find(events(t, buf_str(&fits)), STR("!")) < 0);
}

TEST(many_attributes_are_refused_before_they_cost_anything)
{
    CHECK(strstr(refused(t, repeated(t, "<a", " b=''", 1000000, "/>")).message, "attributes"));
    CHECK(strstr(refused(t, repeated(t, "<a", " xmlns:b=''", 100, "/>")).message, "attributes"));
}

TEST(long_texts_tags_and_names_are_refused)
{
    CHECK_INT(refused(t, repeated(t, "<a>", "12345678", 8193, "</a>")).kind, TOO_LARGE);
    CHECK_INT(refused(t, repeated(t, "<a><![CDATA[", "12345678", 8193, "]]></a>")).kind,
              TOO_LARGE);
    CHECK_INT(refused(t, repeated(t, "<a>", "1234567<!---->", 10000, "</a>")).kind, TOO_LARGE);
    CHECK_INT(refused(t, repeated(t, "<a b='", "12345678", 20000, "'/>")).kind, TOO_LARGE);
    refused(t, repeated(t, "<", "a", 300, "/>"));
    struct xml xml = opened(t, repeated(t, "<a>", "12345678", 8192, "</a>"));
    struct str text;
    struct error err;
    CHECK_INT(xml_next(&xml, &err), XML_START);
    CHECK_OK(xml_text(&xml, &text, &err), err);
    CHECK_INT(text.len, XML_TEXT_BYTES);
}

TEST(a_document_of_twenty_megabytes_is_read_in_little_memory)
{
    struct str big = repeated(t, "<r xmlns='u:1'>", "<i><n>1</n><v>0123456789abcdef0123456789abcdef"
                                                    "0123456789abcdef0123456789abcdef</v></i>",
                              250000, "</r>");
    CHECK(big.len > 20000000);
    struct arena arena = { .limit = 1024 * 1024 };
    struct xml xml;
    struct error err;
    enum xml_event event;
    size_t starts = 0;
    CHECK_OK(xml_open(&xml, &arena, big, &err), err);
    while ((event = xml_next(&xml, &err)) > XML_FAILED && event != XML_EOF)
        starts += event == XML_START;
    CHECK_INT(event, XML_EOF);
    CHECK_INT(starts, 1 + 3 * 250000);
    arena_free(&arena);
}

TEST(the_shape_is_known_before_reading)
{
    static const struct {
        const char *text;
        size_t in_root, in_last_child;
    } shapes[] = {
        { "<e/>", 0, 0 },
        { "<e><h/></e>", 1, 0 },
        { "<e><h><x/><y/></h><b><o><z/><z/></o></b></e>", 2, 1 },
        { "<e><h/><b><o/><o/></b></e>", 2, 2 },
        { "<e><b><o/></b><c/></e>", 2, 0 },
        { "<e><b><!-- <o/> --><o/><![CDATA[<o/>]]></b></e>", 1, 1 },
        { "<e><b><o a='>/>'/></b></e>", 1, 1 },
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct xml_shape shape;
        struct error err;
        CHECK_OK(xml_scan(str_of(shapes[i].text), &shape, &err), err);
        CHECK_INT(shape.in_root, shapes[i].in_root);
        CHECK_INT(shape.in_last_child, shapes[i].in_last_child);
    }
}

TEST(written_text_cannot_become_markup)
{
    struct buf out = { .arena = t->arena };
    xml_put(&out, "a:b", STR("<x> & \"y\" é\x01\x1f"));
    CHECK_STR(buf_str(&out), STR("<a:b>&lt;x&gt; &amp; &quot;y&quot; é  </a:b>"));
}

/* Reading back what was written gives the same text. */
TEST(what_was_written_reads_back)
{
    struct str wanted = STR("a<b>&amp;'\"]]> é \xF0\x9F\x90\x84"), text;
    struct buf out = { .arena = t->arena };
    struct error err;
    xml_put(&out, "a", wanted);
    struct xml xml = opened(t, buf_str(&out));
    CHECK_INT(xml_next(&xml, &err), XML_START);
    CHECK_OK(xml_text(&xml, &text, &err), err);
    CHECK_STR(text, wanted);
}
