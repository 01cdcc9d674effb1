/* SPDX-License-Identifier: EUPL-1.2 */
/* Whatever comes in, a well-formed envelope goes out, and an operation runs once at most. */
#include "platform/format/soap.h"

#include "tests/fuzz/fuzz.h"

static int calls;

static bool echo(struct soap_call *call, struct error *err)
{
    enum xml_event event;
    struct str text;
    calls++;
    HOLDS(call->message_id.len > 0);
    while ((event = xml_next(call->body, err)) == XML_START) {
        if (!xml_text(call->body, &text, err))
            return false;
        xml_put(call->answer, "value", text);
    }
    return event == XML_END;
}

static const struct soap_operation operations[] = {
    { "ping", "pingResponse", echo },
    { "retrieveEckId", "retrieveEckIdResponse", echo },
    { .name = NULL },
};
static const struct soap_service service = {
    "http://ketenid.nl/eck/schemas/v1_0", "EckIDPort", operations
};

static void must_be_well_formed(struct arena *arena, struct str text)
{
    struct xml xml;
    struct error err;
    enum xml_event event;
    HOLDS(xml_open(&xml, arena, text, &err));
    while ((event = xml_next(&xml, &err)) == XML_START || event == XML_END)
        ;
    HOLDS(event == XML_EOF);
}

FUZZ(arena, bytes)
{
    struct request request = { .arena = arena, .body = bytes };
    struct soap_headers headers = { .content_type = STR("text/xml") };
    calls = 0;
    soap_answer_as(&request, &service, &headers);
    HOLDS(calls <= 1);
    HOLDS(calls == 1 || request.reply.status == 500);
    /* An answer that repeats much text, escaped, may be larger than what is read here. */
    if (request.reply.body.len < XML_TEXT_BYTES)
        must_be_well_formed(arena, buf_str(&request.reply.body));
    request.body = STR("");
    headers.content_type = bytes;
    soap_answer_as(&request, &service, &headers);
    HOLDS(request.reply.status == 415 || request.reply.status == 500);
}
