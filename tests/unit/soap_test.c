/* SPDX-License-Identifier: EUPL-1.2 */
/* SOAP without a connection: a small service of two operations, and messages as clients send them. */
#include "platform/format/soap.h"

#include "tests/test.h"

#include <stdio.h>

#define NS     "http://ketenid.nl/eck/schemas/v1_0"
#define SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define WSA    "http://www.w3.org/2005/08/addressing"

/* What the operations saw. */
static struct {
    int calls;
    struct str from, to, message_id, value;
    struct error error;
} seen;

static bool read_value(struct soap_call *call, struct error *err)
{
    enum xml_event event;
    seen.calls++;
    seen.from = call->from;
    seen.to = call->to;
    seen.message_id = call->message_id;
    while ((event = xml_next(call->body, err)) == XML_START)
        if (!xml_text(call->body, &seen.value, err))
            return false;
    return event == XML_END;
}

static bool answer_ping(struct soap_call *call, struct error *err)
{
    if (!read_value(call, err))
        return false;
    xml_put(call->answer, "available", STR("<true>"));
    return true;
}

static bool answer_wrongly(struct soap_call *call, struct error *err)
{
    if (!read_value(call, err))
        return false;
    xml_put(call->answer, "stampseudonym", STR("half an answer"));
    *err = seen.error;
    return false;
}

static const struct soap_operation operations[] = {
    { "ping", "pingResponse", answer_ping },
    { "retrieveStampseudonym", "retrieveStampseudonymResponse", answer_wrongly },
    { "retrieveEckId", "retrieveEckIdResponse", answer_ping },
    { "submitStampseudonymBatch", "submitBatchResponse", answer_ping },
    { "submitEckIdBatch", "submitBatchResponse", answer_ping },
    { "retrieveBatch", "retrieveBatchResponse", answer_ping },
    { "replaceStampseudonym", "replaceStampseudonymResponse", answer_ping },
    { "retrieveChains", "retrieveChainsResponse", answer_ping },
    { "retrieveSectors", "retrieveSectorsResponse", answer_ping },
    { .name = NULL },
};

static const struct soap_service service = { NS, "EckIDPort", operations };

/* What came back. */
struct answered {
    int status;
    struct str action, relates_to, to, message_id;
    struct str response; /* local name of the element in the Body */
    struct str faultcode, faultstring, faultactor;
    struct str text;
};

static void read_part(struct xml *xml, struct answered *answer, struct error *err)
{
    const struct {
        const char *ns, *name;
        struct str *to;
    } parts[] = {
        { WSA, "Action", &answer->action },          { WSA, "RelatesTo", &answer->relates_to },
        { WSA, "To", &answer->to },                  { WSA, "MessageID", &answer->message_id },
        { "", "faultcode", &answer->faultcode },     { "", "faultstring", &answer->faultstring },
        { "", "faultactor", &answer->faultactor },
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (xml_is(xml, str_of(parts[i].ns), str_of(parts[i].name))) {
            CHECK(!parts[i].to->at);
            CHECK_OK(xml_text(xml, parts[i].to, err), *err);
        }
}

static struct answered read_answer(struct test *t, const struct request *request)
{
    struct answered answer = { .status = request->reply.status,
                               .text = buf_str(&request->reply.body) };
    struct error err = { 0 };
    struct xml xml;
    enum xml_event event;
    CHECK_STR(str_of(request->reply.type), STR("text/xml; charset=utf-8"));
    CHECK_OK(xml_open(&xml, t->arena, answer.text, &err), err);
    while ((event = xml_next(&xml, &err)) > XML_FAILED && event != XML_EOF) {
        if (event != XML_START)
            continue;
        if (xml.depth == 2 && !str_eq(xml.ns, STR(WSA)))
            answer.response = str_copy(t->arena, xml.name);
        read_part(&xml, &answer, &err);
    }
    CHECK_OK(event == XML_EOF, err);
    return answer;
}

static struct answered send_as(struct test *t, struct str body, struct str type, struct str action,
                               enum language language)
{
    struct request request = { .arena = t->arena, .body = body, .language = language };
    seen.calls = 0;
    CHECK(soap_answer_as(&request, &service, &(struct soap_headers){ type, action }));
    return read_answer(t, &request);
}

static struct answered send(struct test *t, struct str body)
{
    return send_as(t, body, STR("text/xml; charset=utf-8"), STR(""), ENGLISH);
}

static struct str envelope(struct test *t, const char *headers, const char *body)
{
    return str_format(t->arena,
                      "<s:Envelope xmlns:s='" SOAP11 "' xmlns:w='" WSA "' xmlns:n='" NS "'>"
                      "<s:Header>%s</s:Header><s:Body>%s</s:Body></s:Envelope>",
                      headers, body);
}

#define ACTION  "<w:Action>" NS "/ping</w:Action>"
#define MESSAGE "<w:MessageID>urn:uuid:1</w:MessageID>"
#define PING    "<n:pingRequest/>"

/* A message that is wrong in one way: its fault, and that no operation saw it. */
static struct answered refused(struct test *t, struct str body)
{
    struct answered answer = send(t, body);
    CHECK_INT(answer.status, 500);
    CHECK_INT(seen.calls, 0);
    CHECK_STR(answer.response, STR("Fault"));
    CHECK(answer.faultstring.len > 0);
    CHECK_STR(answer.action, STR("http://www.w3.org/2005/08/addressing/soap/fault"));
    return answer;
}

static void check_refused(struct test *t, const char *headers, const char *body, const char *code)
{
    CHECK_STR(refused(t, envelope(t, headers, body)).faultcode, str_of(code));
}

TEST(a_call_is_answered_with_its_addressing)
{
    struct answered answer = send(t, envelope(t, ACTION MESSAGE "<w:To>https://x</w:To>", PING));
    CHECK_INT(answer.status, 0);
    CHECK_STR(answer.action, STR(NS "/EckIDPort/pingResponse"));
    CHECK_STR(answer.relates_to, STR("urn:uuid:1"));
    CHECK_STR(answer.to, STR(WSA "/anonymous"));
    CHECK(str_starts(answer.message_id, STR("urn:uuid:")));
    CHECK_STR(answer.response, STR("pingResponse"));
    CHECK(str_find(answer.text, STR("<pingResponse xmlns=\"" NS "\"><available>&lt;true&gt;"
                                    "</available></pingResponse>")) > 0);
    CHECK_STR(seen.to, STR("https://x"));
    CHECK(!seen.from.at);
}

TEST(every_answer_has_a_message_id_of_its_own)
{
    struct str call = envelope(t, ACTION MESSAGE, PING);
    struct str first = send(t, call).message_id, second = send(t, call).message_id;
    struct str uuid = str_slice(first, strlen("urn:uuid:"), first.len);
    CHECK_INT(uuid.len, 36);
    for (size_t i = 0; i < uuid.len; i++)
        CHECK((i == 8 || i == 13 || i == 18 || i == 23) == (uuid.at[i] == '-'));
    CHECK_INT(uuid.at[14], '4');
    CHECK(strchr("89ab", uuid.at[19]));
    CHECK(!str_eq(first, second));
}

/* In ../shared/data: what JAX-WS, zeep, PHP and node-soap sent. */
TEST(captured_requests_reach_their_operation)
{
    static const char *const names[] = {
        "jaxws-pingRequest",        "jaxws-replaceStampseudonymRequest",
        "jaxws-retrieveBatchRequest", "jaxws-retrieveChainsRequest",
        "jaxws-retrieveEckIdRequest", "jaxws-retrieveSectorsRequest",
        "jaxws-submitEckIdBatchRequest", "jaxws-submitStampseudonymBatchRequest",
        "node-soap-pingRequest",    "php-pingRequest",
        "zeep-pingRequest",         "zeep-retrieveChainsRequest",
        "zeep-retrieveEckIdRequest", "zeep-retrieveSectorsRequest",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *file =
            str_format(t->arena, "nummervoorziening-osr/requests/%s.xml", names[i]).at;
        struct str body = test_data(t, file), operation = str_of(strchr(names[i], '-') + 1);
        /* Reads only flat elements; batches and nested bodies end in the operation's own error. */
        send(t, body);
        if (seen.calls != 1)
            test_fail(__FILE__, __LINE__, "%s did not reach %.*s", names[i], FMT(operation));
        CHECK_STR(seen.from, STR(WSA "/anonymous?oin=0000000700019HY34567"));
        CHECK(seen.message_id.len > 0);
    }
}

TEST(captured_requests_with_the_action_of_another_operation_get_a_fault)
{
    static const char *const names[] = { "php-retrieveStampseudonymRequest",
                                         "node-soap-retrieveStampseudonymRequest" };
    for (size_t i = 0; i < 2; i++) {
        const char *file =
            str_format(t->arena, "nummervoorziening-osr/requests/%s.xml", names[i]).at;
        CHECK_STR(refused(t, test_data(t, file)).faultcode, STR("wsa:ActionMismatch"));
    }
}

TEST(headers_are_read_by_namespace_in_any_order)
{
    send(t, STR("<Envelope xmlns='" SOAP11 "'><Header xmlns:x='urn:x'>"
                "<x:Action>not this one</x:Action>"
                "<From xmlns='" WSA "'><ReferenceParameters><x:y>z</x:y></ReferenceParameters>"
                "<Address> a:from </Address></From>"
                "<a:MessageID xmlns:a='" WSA "'>uuid:2</a:MessageID>"
                "<a:RelatesTo xmlns:a='" WSA "'>uuid:0</a:RelatesTo>"
                "<a:Action xmlns:a='" WSA "' xmlns:q='" SOAP11 "' q:mustUnderstand='1'>\n" NS
                "/ping\n</a:Action></Header>\n<Body><pingRequest xmlns='" NS "'/></Body>"
                "</Envelope>"));
    CHECK_INT(seen.calls, 1);
    CHECK_STR(seen.from, STR("a:from"));
    CHECK_STR(seen.message_id, STR("uuid:2"));
}

TEST(the_answer_goes_back_on_the_same_connection_whatever_reply_to_says)
{
    struct answered answer = send(
        t, envelope(t,
                    ACTION MESSAGE
                    "<w:ReplyTo s:mustUnderstand='1'><w:Address>http://127.0.0.1:9/</w:Address>"
                    "</w:ReplyTo><w:FaultTo><w:Address>http://127.0.0.1:9/</w:Address></w:FaultTo>",
                    PING));
    CHECK_INT(seen.calls, 1);
    CHECK_STR(answer.to, STR(WSA "/anonymous"));
}

TEST(an_unknown_header_that_must_be_understood_is_refused)
{
    check_refused(t, ACTION MESSAGE "<x:y xmlns:x='urn:x' s:mustUnderstand='1'/>", PING,
                  "soap:MustUnderstand");
    check_refused(t, "<x:y xmlns:x='urn:x' s:mustUnderstand='true'><z/></x:y>" ACTION MESSAGE, PING,
                  "soap:MustUnderstand");
    check_refused(t, ACTION MESSAGE "<w:New s:mustUnderstand='1'/>", PING, "soap:MustUnderstand");
    check_refused(t,
                  ACTION MESSAGE "<x:y xmlns:x='urn:x' s:mustUnderstand='1' "
                                 "s:actor='http://schemas.xmlsoap.org/soap/actor/next'/>",
                  PING, "soap:MustUnderstand");
}

TEST(an_unknown_header_that_need_not_be_understood_is_passed_over)
{
    send(t, envelope(t, "<x:y xmlns:x='urn:x' s:mustUnderstand='0'><x:y><x:y/></x:y>z</x:y>" ACTION
                        "<x:y xmlns:x='urn:x' mustUnderstand='1'/>"
                        "<x:y xmlns:x='urn:x' s:mustUnderstand='1' s:actor='urn:other'/>" MESSAGE,
                     PING));
    CHECK_INT(seen.calls, 1);
}

TEST(another_soap_version_is_a_version_mismatch)
{
    struct str soap12 = STR("<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'>"
                            "<s:Body/></s:Envelope>");
    CHECK_STR(refused(t, soap12).faultcode, STR("soap:VersionMismatch"));
    CHECK_STR(refused(t, STR("<Envelope/>")).faultcode, STR("soap:VersionMismatch"));
}

TEST(required_headers_are_missed)
{
    check_refused(t, MESSAGE, PING, "wsa:MessageAddressingHeaderRequired");
    check_refused(t, ACTION, PING, "wsa:MessageAddressingHeaderRequired");
    CHECK_STR(refused(t, STR("<s:Envelope xmlns:s='" SOAP11 "'><s:Body>"
                             "<pingRequest xmlns='" NS "'/></s:Body></s:Envelope>"))
                  .faultcode,
              STR("wsa:MessageAddressingHeaderRequired"));
}

TEST(duplicate_and_empty_headers_are_refused)
{
#define FROM "<w:From><w:Address>a</w:Address></w:From>"
    static const char *const wrong[] = {
        ACTION ACTION MESSAGE,
        ACTION MESSAGE MESSAGE,
        ACTION MESSAGE FROM FROM,
        ACTION MESSAGE "<w:To>a</w:To><w:To>a</w:To>",
        ACTION MESSAGE "<w:From/>",
        ACTION MESSAGE "<w:From><w:Address/></w:From>",
        ACTION MESSAGE "<w:From><w:Address>a</w:Address><w:Address>b</w:Address></w:From>",
        ACTION MESSAGE "<w:From><Address>a</Address></w:From>",
        "<w:Action/>" MESSAGE,
        ACTION "<w:MessageID> </w:MessageID>",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check_refused(t, wrong[i], PING, "wsa:InvalidAddressingHeader");
    struct buf headers = { .arena = t->arena };
    buf_lit(&headers, ACTION "<w:MessageID>");
    for (int i = 0; i < 1025; i++)
        buf_byte(&headers, 'x');
    buf_lit(&headers, "</w:MessageID>");
    check_refused(t, str_c(t->arena, buf_str(&headers)), PING, "wsa:InvalidAddressingHeader");
}

TEST(an_action_that_differs_from_the_body_is_refused)
{
    check_refused(t, MESSAGE "<w:Action>" NS "/retrieveChains</w:Action>", PING,
                  "wsa:ActionMismatch");
    check_refused(t, MESSAGE "<w:Action>" NS "/pingx</w:Action>", PING, "wsa:ActionMismatch");
    check_refused(t, MESSAGE "<w:Action>ping</w:Action>", PING, "wsa:ActionMismatch");
}

TEST(a_soap_action_may_be_quoted_or_absent_but_not_another)
{
    static const struct {
        const char *action;
        int calls;
    } actions[] = {
        { "", 1 },          { "\"\"", 1 },           { "\"" NS "/ping\"", 1 }, { NS "/ping", 1 },
        { " " NS "/ping ", 1 }, { "\"" NS "/retrieveBatch\"", 0 }, { "ping", 0 }, { "\"", 0 },
    };
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        struct answered answer = send_as(t, envelope(t, ACTION MESSAGE, PING), STR("text/xml"),
                                         str_of(actions[i].action), ENGLISH);
        CHECK_INT(seen.calls, actions[i].calls);
        if (!actions[i].calls)
            CHECK_STR(answer.faultcode, STR("wsa:ActionMismatch"));
    }
}

TEST(another_media_type_is_refused_with_415)
{
    static const char *const wrong[] = {
        "", "text/plain", "application/soap+xml", "text/xmlx", "text/xml; charset=iso-8859-1",
        "text/xml; charset=\"utf-16\"", "multipart/related; type=\"text/xml\"", "text/xml;charset=",
    };
    static const char *const right[] = {
        "text/xml", "Text/XML; Charset=UTF-8", "text/xml;charset=\"utf-8\"",
        "text/xml; action=\"x\"; charset=utf-8",
    };
    struct str call = envelope(t, ACTION MESSAGE, PING);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct answered answer = send_as(t, call, str_of(wrong[i]), STR(""), ENGLISH);
        CHECK_INT(answer.status, 415);
        CHECK_STR(answer.faultcode, STR("soap:Client"));
        CHECK_INT(seen.calls, 0);
    }
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        send_as(t, call, str_of(right[i]), STR(""), ENGLISH);
        CHECK_INT(seen.calls, 1);
    }
}

TEST(a_body_holds_exactly_one_element)
{
    check_refused(t, ACTION MESSAGE, "", "soap:Client");
    check_refused(t, ACTION MESSAGE, "text only", "soap:Client");
    check_refused(t, ACTION MESSAGE, PING PING, "soap:Client");
    check_refused(t, ACTION MESSAGE, PING "<x/>", "soap:Client");
    CHECK(str_find(refused(t, envelope(t, ACTION MESSAGE, "")).faultstring, STR("empty")) >= 0);
    CHECK(str_find(refused(t, envelope(t, ACTION MESSAGE, PING PING)).faultstring,
                   STR("more than one")) >= 0);
}

TEST(an_envelope_of_another_form_is_refused)
{
#define OPEN "<s:Envelope xmlns:s='" SOAP11 "' xmlns:w='" WSA "' xmlns:n='" NS "'>"
    static const char *const wrong[] = {
        "",
        "hello",
        "<html/>",
        OPEN "</s:Envelope>",
        OPEN "<s:Header>" ACTION MESSAGE "</s:Header></s:Envelope>",
        OPEN "<s:Body>" PING "</s:Body><s:Header>" ACTION MESSAGE "</s:Header></s:Envelope>",
        OPEN "<s:Header/><s:Header>" ACTION MESSAGE "</s:Header><s:Body>" PING
             "</s:Body></s:Envelope>",
        OPEN "<s:Header>" ACTION MESSAGE "</s:Header><s:Body>" PING "</s:Body><s:Body>" PING
             "</s:Body></s:Envelope>",
        OPEN "<s:Header>" ACTION MESSAGE "</s:Header><s:Body>" PING "</s:Body><x><y/></x>"
             "</s:Envelope>",
        OPEN "<s:Header>" ACTION MESSAGE "</s:Header><n:Body>" PING "</n:Body></s:Envelope>",
        OPEN "<s:Header>" ACTION MESSAGE "</s:Header><s:Body>" PING "</s:Body>",
        OPEN "<s:Header>" ACTION MESSAGE "</s:Header><s:Body>" PING "</s:Body></s:Envelop>",
        OPEN "<s:Header>" ACTION MESSAGE "</s:Header><s:Body>" PING "</s:Body></s:Envelope>x",
        OPEN "<s:Header>" ACTION MESSAGE "</s:Header><s:Body>" PING "</s:Body></s:Envelope><x/>",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refused(t, str_of(wrong[i]));
}

TEST(an_operation_is_known_by_namespace_and_name)
{
    static const char *const wrong[] = {
        "<pingRequest/>", "<n:ping/>", "<n:Request/>", "<n:pingResponse/>", "<n:PingRequest/>",
        "<x:pingRequest xmlns:x='urn:x'/>", "<n:pingRequestRequest/>",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check_refused(t, ACTION MESSAGE, wrong[i], "soap:Client");
}

TEST(a_soap_message_with_a_doctype_or_entities_is_refused)
{
    static const char *const hostile[] = {
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
        "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>",
        "<?php phpinfo(); ?>",
    };
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct str whole = envelope(t, ACTION MESSAGE, "<n:pingRequest>&e;</n:pingRequest>");
        struct answered answer =
            refused(t, str_format(t->arena, "%s%.*s", hostile[i], FMT(whole)));
        CHECK(str_find(answer.text, STR("root:")) < 0);
    }
}

TEST(a_million_nested_elements_get_a_fault)
{
    struct buf body = { .arena = t->arena };
    buf_lit(&body, OPEN "<s:Body>");
    for (int i = 0; i < 1000000; i++)
        buf_lit(&body, "<n:x>");
    CHECK(str_find(refused(t, buf_str(&body)).faultstring, STR("deeply")) >= 0);
}

static struct answered failed_with(struct test *t, struct error error, enum language language)
{
    struct str call = envelope(t, MESSAGE "<w:Action>" NS "/retrieveStampseudonym</w:Action>",
                               "<n:retrieveStampseudonymRequest><n:hpgn>063138219</n:hpgn>"
                               "</n:retrieveStampseudonymRequest>");
    seen.error = error;
    struct answered answer = send_as(t, call, STR("text/xml"), STR(""), language);
    CHECK_INT(seen.calls, 1);
    CHECK_INT(answer.status, 500);
    CHECK_STR(answer.relates_to, STR("urn:uuid:1"));
    CHECK(str_find(answer.text, STR("half an answer")) < 0);
    CHECK(str_find(answer.text, STR("063138219")) < 0);
    return answer;
}

TEST(a_services_own_code_is_the_faultactor_and_stands_in_the_text)
{
    struct answered answer = failed_with(
        t, (struct error){ .kind = INVALID, .code = "InvalidHPgnException", .message = "No & so." },
        ENGLISH);
    CHECK_STR(answer.faultcode, STR("soap:Client"));
    CHECK_STR(answer.faultactor, STR("InvalidHPgnException"));
    CHECK_STR(answer.faultstring, STR("InvalidHPgnException: No & so."));
}

TEST(an_error_without_a_code_has_no_faultactor)
{
    struct answered answer =
        failed_with(t, (struct error){ .kind = FORBIDDEN, .message = "You may not." }, ENGLISH);
    CHECK(!answer.faultactor.at);
    CHECK_STR(answer.faultstring, STR("You may not."));
}

TEST(what_may_succeed_later_is_the_servers_fault)
{
    static const struct {
        enum error_kind kind;
        const char *code;
    } kinds[] = {
        { INVALID, "soap:Client" },   { FORBIDDEN, "soap:Client" },   { GONE, "soap:Client" },
        { TOO_LARGE, "soap:Client" }, { TOO_MANY, "soap:Server" },    { CONFLICT, "soap:Client" },
        { NOT_FOUND, "soap:Client" }, { UNAVAILABLE, "soap:Server" }, { INTERNAL, "soap:Server" },
    };
    if (!freopen("/dev/null", "w", stderr))
        CHECK(false);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        CHECK_STR(failed_with(t, (struct error){ .kind = kinds[i].kind, .message = "x" }, ENGLISH)
                      .faultcode,
                  str_of(kinds[i].code));
}

TEST(our_own_fault_is_not_explained_to_the_caller)
{
    struct error error;
    if (!freopen("/dev/null", "w", stderr))
        CHECK(false);
    fail_internal(&error, "table pupils is missing");
    error.code = "SecretException";
    struct answered answer = failed_with(t, error, ENGLISH);
    CHECK(str_find(answer.text, STR("pupils")) < 0);
    CHECK(str_find(answer.text, STR("Secret")) < 0);
    CHECK(answer.faultstring.len > 0);
    fail(&error, INTERNAL, NULL, "the key is marigold");
    CHECK(str_find(failed_with(t, error, ENGLISH).text, STR("marigold")) < 0);
}

TEST(faults_speak_dutch_or_english)
{
    struct str call = envelope(t, ACTION MESSAGE, "");
    CHECK_STR(send_as(t, call, STR("text/xml"), STR(""), ENGLISH).faultstring,
              STR("The SOAP Body is empty."));
    CHECK_STR(send_as(t, call, STR("text/xml"), STR(""), DUTCH).faultstring,
              STR("De SOAP-Body is leeg."));
}

TEST(a_message_id_cannot_break_the_answer)
{
    struct answered answer =
        send(t, envelope(t, ACTION "<w:MessageID>a&lt;/w:RelatesTo&gt;\"&amp;</w:MessageID>", PING));
    CHECK_STR(answer.relates_to, STR("a</w:RelatesTo>\"&"));
}
