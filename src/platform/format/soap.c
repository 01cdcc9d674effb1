/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/format/soap.h"

#include "base/log.h"
#include "base/random.h"
#include "platform/page/page.h"
#include "platform/format/soap_read.h"

#include <stdio.h>

#define REPLY_TYPE   "text/xml; charset=utf-8"
#define ANONYMOUS    "http://www.w3.org/2005/08/addressing/anonymous"
#define FAULT_ACTION "http://www.w3.org/2005/08/addressing/soap/fault"

enum { STATUS_FAULT = 500, STATUS_MEDIA_TYPE = 415 };

/* Whose fault is it: may the same message succeed when it is sent again (SOAP 1.1, section 4.4.1)? */
static const bool is_ours[ERROR_KINDS] = {
    [NO_ERROR] = true, [TOO_MANY] = true, [UNAVAILABLE] = true, [INTERNAL] = true,
};

/* A message under way: what came in and what goes out. */
struct message {
    struct request *request;
    const struct soap_service *service;
    struct xml xml;
    struct addressing addressing;
    struct buf out;
};

/* Writing. */

static void start_envelope(struct message *message)
{
    struct buf *out = &message->out;
    buf_lit(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<soap:Envelope xmlns:soap=\"" SOAP_NS "\" xmlns:wsa=\"" WSA_NS "\">"
                 "<soap:Header><wsa:Action>");
}

/* Behind the text of wsa:Action: the other headers, up to the content of the Body. */
static void start_body(struct message *message)
{
    struct buf *out = &message->out;
    buf_lit(out, "</wsa:Action><wsa:MessageID>urn:uuid:");
    buf_add(out, random_uuid(message->request->arena));
    buf_lit(out, "</wsa:MessageID><wsa:To>" ANONYMOUS "</wsa:To>");
    if (message->addressing.message_id.len)
        xml_put(out, "wsa:RelatesTo", message->addressing.message_id);
    buf_lit(out, "</soap:Header><soap:Body>");
}

static void end_envelope(struct message *message)
{
    buf_lit(&message->out, "</soap:Body></soap:Envelope>\n");
}

static void start_answer(struct message *message, const struct soap_operation *operation)
{
    const struct soap_service *service = message->service;
    struct buf *out = &message->out;
    start_envelope(message);
    buf_addf(out, "%s/%s/%sResponse", service->ns, service->port, operation->name);
    start_body(message);
    buf_addf(out, "<%s xmlns=\"%s\">", operation->response, service->ns);
}

static void end_answer(struct message *message, const struct soap_operation *operation)
{
    buf_addf(&message->out, "</%s>", operation->response);
    end_envelope(message);
}

static bool is_protocol_word(const char *code)
{
    return code && strchr(code, ':');
}

static struct str fault_text(struct message *message, const struct error *err)
{
    struct arena *arena = message->request->arena;
    struct str text =
        error_text(arena, err, translate(message->request->language, err->message));
    return err->code ? str_format(arena, "%s: %.*s", err->code, FMT(text)) : text;
}

static void write_fault(struct message *message, const struct error *err)
{
    struct buf *out = &message->out;
    const char *word = is_ours[err->kind] ? "soap:Server" : "soap:Client";
    out->len = 0; /* what the operation had written so far */
    start_envelope(message);
    buf_lit(out, FAULT_ACTION);
    start_body(message);
    buf_lit(out, "<soap:Fault>");
    xml_put(out, "faultcode", str_of(is_protocol_word(err->code) ? err->code : word));
    xml_put(out, "faultstring", fault_text(message, err));
    if (err->code && !is_protocol_word(err->code))
        xml_put(out, "faultactor", str_of(err->code));
    buf_lit(out, "</soap:Fault>");
    end_envelope(message);
}

/* Our own faults stay in the log, whatever words they came with. */
static void answer_fault(struct message *message, struct error *err, int status)
{
    struct error hidden;
    reply_ended(message->request, false); /* what the operation wanted to say is not said */
    if (err->kind == INTERNAL || err->kind == NO_ERROR || !err->message) {
        log_failure("soap-fault", err);
        fail_internal(&hidden, "%s", "");
        err = &hidden;
    }
    write_fault(message, err);
    message->request->reply.status = status;
    if (err->retry_after > 0)
        reply_header(message->request, "Retry-After",
                     str_format(message->request->arena, "%d", err->retry_after));
}

/* Deciding. */

static struct str without_quotes(struct str action)
{
    action = str_trim(action);
    if (action.len >= 2 && action.at[0] == '"' && action.at[action.len - 1] == '"')
        return str_slice(action, 1, action.len - 1);
    return action;
}

static const struct soap_operation *find_operation(const struct soap_service *service,
                                                   const struct xml *xml)
{
    static const struct str suffix = S("Request");
    if (!str_eq(xml->ns, str_of(service->ns)) || !str_ends(xml->name, suffix))
        return NULL;
    struct str name = str_slice(xml->name, 0, xml->name.len - suffix.len);
    for (const struct soap_operation *operation = service->operations; operation->name; operation++)
        if (str_eq(name, str_of(operation->name)))
            return operation;
    return NULL;
}

/* Is `action` the namespace, a slash and the operation's name? */
static bool names_operation(struct str action, const struct soap_service *service,
                            const struct soap_operation *operation)
{
    struct str ns = str_of(service->ns);
    return action.len == ns.len + 1 + strlen(operation->name) && str_starts(action, ns)
           && action.at[ns.len] == '/' && str_ends(action, str_of(operation->name));
}

static bool check_addressing(const struct message *message, const struct soap_operation *operation,
                             struct str soap_action, struct error *err)
{
    const struct addressing *addressing = &message->addressing;
    if (!addressing->action.len || !addressing->message_id.len)
        return fail_code(err, INVALID, HEADER_REQUIRED,
                         N_("The headers wsa:Action and wsa:MessageID are required."));
    if (!names_operation(addressing->action, message->service, operation))
        return fail_code(err, INVALID, ACTION_MISMATCH,
                         N_("The wsa:Action is not that of the element in the SOAP Body."));
    soap_action = without_quotes(soap_action);
    if (soap_action.len && !names_operation(soap_action, message->service, operation))
        return fail_code(err, INVALID, ACTION_MISMATCH,
                         N_("The SOAPAction is not that of the element in the SOAP Body."));
    return true;
}

static bool call_operation(struct message *message, const struct soap_operation *operation,
                           struct error *err)
{
    struct soap_call call = {
        .request = message->request,
        .operation = operation,
        .body = &message->xml,
        .message_id = message->addressing.message_id,
        .from = message->addressing.from,
        .to = message->addressing.to,
        .answer = &message->out,
    };
    start_answer(message, operation);
    if (!operation->answer(&call, err))
        return false;
    end_answer(message, operation);
    return true;
}

static bool answer(struct message *message, struct str soap_action, struct error *err)
{
    struct request *request = message->request;
    if (!xml_open(&message->xml, request->arena, request->body, err)
        || !soap_read_envelope(&message->xml, &message->addressing, err))
        return false;
    const struct soap_operation *operation = find_operation(message->service, &message->xml);
    if (!operation)
        return fail(err, NOT_FOUND, NULL, N_("This operation is not known here; see the WSDL."));
    return check_addressing(message, operation, soap_action, err)
           && call_operation(message, operation, err);
}

bool soap_answer_as(struct request *request, const struct soap_service *service,
                    const struct soap_headers *headers)
{
    struct message message = {
        .request = request, .service = service, .out = { .arena = request->arena }
    };
    struct error err = { 0 };
    if (!soap_is_xml(headers->content_type)) {
        fail(&err, UNSUPPORTED, NULL, N_("A SOAP 1.1 message is sent as text/xml in UTF-8."));
        answer_fault(&message, &err, STATUS_MEDIA_TYPE);
    } else if (!answer(&message, headers->action, &err)) {
        answer_fault(&message, &err, STATUS_FAULT);
    }
    xml_close(&message.xml);
    request->reply.type = REPLY_TYPE;
    request->reply.body = message.out;
    return true;
}

void soap_refuse(struct request *request, const struct soap_service *service,
                 const struct error *err)
{
    struct message message = {
        .request = request, .service = service, .out = { .arena = request->arena }
    };
    struct error why = *err;
    answer_fault(&message, &why, STATUS_FAULT);
    request->reply.type = REPLY_TYPE;
    request->reply.body = message.out;
}

bool soap_answer(struct request *request, const struct soap_service *service, struct error *err)
{
    struct soap_headers headers = {
        .content_type = request_header(request, "Content-Type"),
        .action = request_header(request, "SOAPAction"),
    };
    (void)err;
    return soap_answer_as(request, service, &headers);
}
