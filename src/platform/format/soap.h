/* SPDX-License-Identifier: EUPL-1.2 */
/* SOAP 1.1 document/literal with WS-Addressing 1.0: reads the envelope, finds the operation by the
 * element in the Body, calls it, and writes the answer or the Fault on the same connection (whatever
 * ReplyTo says). A service describes itself in a table and its operations read their own element. */
#ifndef PLATFORM_SOAP_H
#define PLATFORM_SOAP_H

#include "platform/http/http.h"
#include "platform/format/xml.h"

struct soap_call {
    struct request *request;
    const struct soap_operation *operation;
    struct xml *body;             /* stands at the start of the operation's element */
    struct str message_id;        /* wsa:MessageID, or empty */
    struct str from;              /* wsa:From/wsa:Address, or empty; a duplicate is refused */
    struct str to;
    struct buf *answer;           /* the children of the response element are written here */
};

struct soap_operation {
    const char *name;             /* "retrieveEckId": request element = name + "Request" */
    const char *response;         /* local name of the response element */
    bool (*answer)(struct soap_call *call, struct error *err);
    const char *summary;          /* N_(), for developers; may be NULL */
};

struct soap_service {
    const char *ns;               /* target namespace: of the elements and of SOAPAction */
    const char *port;             /* port type name, for the answer's wsa:Action */
    const struct soap_operation *operations; /* ends with a NULL name */
};

/* Answers a POST. The operation runs only when the whole envelope is as it must be: one element in
 * the Body and nothing behind it, wsa:Action and wsa:MessageID, no header that must be understood
 * and is not. An error becomes a Fault with HTTP 500 (SOAP 1.1, section 6.2): faultcode Client or
 * Server by its kind, faultstring `code: message` (Dutch or English as the request asks, Dutch
 * first), faultactor `code` where the error has one. What SOAP and WS-Addressing have a word for
 * (soap:MustUnderstand, wsa:ActionMismatch) is the faultcode itself. A request in another media
 * type than text/xml gets its Fault with HTTP 415. Always true: the Fault is the answer. */
bool soap_answer(struct request *request, const struct soap_service *service, struct error *err);

/* The same with the two HTTP headers that matter at hand, for callers without a connection. */
struct soap_headers {
    struct str content_type;
    struct str action; /* SOAPAction, with or without its quotes; may be empty */
};
bool soap_answer_as(struct request *request, const struct soap_service *service,
                    const struct soap_headers *headers);

/* Answers with a Fault what is refused before its message was read, so that it names none. */
void soap_refuse(struct request *request, const struct soap_service *service,
                 const struct error *err);

#endif
