/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/format/soap_read.h"

#include "base/list.h"

#define ACTOR_NEXT   STR("http://schemas.xmlsoap.org/soap/actor/next")
#define HEADER_BYTES ((size_t)1024) /* of a URI in a header; MessageID comes back in the answer */

/* The headers that are read, each at most once; From is an endpoint reference, with its URI in an
 * Address. */
static const struct {
    struct str name;
    size_t place;
    bool endpoint;
} wsa_headers[] = {
    { S("Action"), offsetof(struct addressing, action), false },
    { S("MessageID"), offsetof(struct addressing, message_id), false },
    { S("To"), offsetof(struct addressing, to), false },
    { S("From"), offsetof(struct addressing, from), true },
};

/* The headers that are known and change nothing: the answer always goes back on the connection that
 * the question came on. */
static const struct str wsa_ignored[] = {
    S("ReplyTo"), S("FaultTo"), S("RelatesTo"), S("ReferenceParameters"),
};

static bool is_utf8(struct str charset)
{
    charset = str_trim(charset);
    if (charset.len >= 2 && charset.at[0] == '"' && charset.at[charset.len - 1] == '"')
        charset = str_slice(charset, 1, charset.len - 1);
    return str_eq_nocase(charset, STR("utf-8"));
}

bool soap_is_xml(struct str content_type)
{
    struct str rest = content_type;
    if (!str_eq_nocase(str_trim(str_cut(&rest, ';')), STR(XML_TYPE)))
        return false;
    while (str_more(rest)) {
        struct str value = str_cut(&rest, ';');
        struct str name = str_trim(str_cut(&value, '='));
        if (str_eq_nocase(name, STR("charset")) && !is_utf8(value))
            return false;
    }
    return true;
}

static bool invalid_header(struct error *err)
{
    return fail_code(err, INVALID, INVALID_HEADER,
                     N_("A WS-Addressing header stands twice, is empty or is too long."));
}

static bool read_uri(struct xml *xml, struct str *uri, struct error *err)
{
    struct str text;
    if (!xml_text(xml, &text, err))
        return false;
    if (uri->at || text.len == 0 || text.len > HEADER_BYTES)
        return invalid_header(err);
    *uri = text;
    return true;
}

static bool read_endpoint(struct xml *xml, struct str *uri, struct error *err)
{
    enum xml_event event;
    if (uri->at)
        return invalid_header(err);
    while ((event = xml_next(xml, err)) == XML_START)
        if (!(xml_is(xml, STR(WSA_NS), STR("Address")) ? read_uri(xml, uri, err)
                                                        : xml_skip(xml, err)))
            return false;
    if (event == XML_FAILED)
        return false;
    return uri->at ? true : invalid_header(err);
}

static bool is_ignored(struct str name)
{
    for (size_t i = 0; i < count_of(wsa_ignored); i++)
        if (str_eq(name, wsa_ignored[i]))
            return true;
    return false;
}

static bool is_for_us(struct xml *xml)
{
    struct str actor = xml_attribute(xml, STR(SOAP_NS), STR("actor"));
    return actor.len == 0 || str_eq(actor, ACTOR_NEXT);
}

static bool must_be_understood(struct xml *xml)
{
    struct str must = xml_attribute(xml, STR(SOAP_NS), STR("mustUnderstand"));
    return (str_eq(must, STR("1")) || str_eq(must, STR("true"))) && is_for_us(xml);
}

static bool pass_header(struct xml *xml, struct error *err)
{
    bool known = str_eq(xml->ns, STR(WSA_NS)) && is_ignored(xml->name);
    if (!known && must_be_understood(xml))
        return fail_code(err, INVALID, MUST_UNDERSTAND,
                         N_("A SOAP header that must be understood is not known here."));
    return xml_skip(xml, err);
}

static bool read_header(struct xml *xml, struct addressing *addressing, struct error *err)
{
    for (size_t i = 0; i < count_of(wsa_headers); i++) {
        struct str *uri = (struct str *)(void *)((char *)addressing + wsa_headers[i].place);
        if (xml_is(xml, STR(WSA_NS), wsa_headers[i].name))
            return wsa_headers[i].endpoint ? read_endpoint(xml, uri, err)
                                           : read_uri(xml, uri, err);
    }
    return pass_header(xml, err);
}

static bool read_headers(struct xml *xml, struct addressing *addressing, struct error *err)
{
    enum xml_event event;
    while ((event = xml_next(xml, err)) == XML_START)
        if (!read_header(xml, addressing, err))
            return false;
    return event != XML_FAILED;
}

static bool enter_body(struct xml *xml, size_t place, struct error *err)
{
    if (place != xml->shape.in_root)
        return fail(err, INVALID, NULL, N_("Nothing may come after the SOAP Body."));
    if (xml->shape.in_last_child == 0)
        return fail(err, INVALID, NULL, N_("The SOAP Body is empty."));
    if (xml->shape.in_last_child > 1)
        return fail(err, INVALID, NULL, N_("The SOAP Body holds more than one element."));
    return xml_next(xml, err) == XML_START;
}

static bool not_an_envelope(const struct xml *xml, struct error *err)
{
    if (str_eq(xml->name, STR("Envelope")))
        return fail_code(err, UNSUPPORTED, VERSION_MISMATCH, N_("Only SOAP 1.1 is spoken here."));
    return fail(err, INVALID, NULL, N_("This is not a SOAP envelope."));
}

bool soap_read_envelope(struct xml *xml, struct addressing *addressing, struct error *err)
{
    enum xml_event event = xml_next(xml, err);
    if (event == XML_FAILED)
        return false;
    if (!xml_is(xml, STR(SOAP_NS), STR("Envelope")))
        return not_an_envelope(xml, err);
    for (size_t place = 1; (event = xml_next(xml, err)) == XML_START; place++) {
        if (xml_is(xml, STR(SOAP_NS), STR("Body")))
            return enter_body(xml, place, err);
        if (place > 1 || !xml_is(xml, STR(SOAP_NS), STR("Header")))
            return fail(err, INVALID, NULL,
                        N_("A SOAP envelope holds one Header at most and one Body."));
        if (!read_headers(xml, addressing, err))
            return false;
    }
    if (event == XML_FAILED)
        return false;
    return fail(err, INVALID, NULL, N_("The SOAP envelope has no Body."));
}
