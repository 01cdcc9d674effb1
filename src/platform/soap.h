/* SPDX-License-Identifier: EUPL-1.2 */
/* SOAP 1.1 document/literal with WS-Addressing 1.0: reads the envelope, finds the operation by the
 * element in the Body, calls it, and writes the answer or the Fault on the same connection (whatever
 * ReplyTo says). A service describes itself in a table and its operations read their own element. */
#ifndef PLATFORM_SOAP_H
#define PLATFORM_SOAP_H

#include "platform/http.h"
#include "platform/xml.h"

struct soap_call {
    struct request *request;
    const struct soap_operation *operation;
    const void *service_with;     /* soap_service.with */
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
};

struct soap_service {
    const char *ns;               /* target namespace: of the elements and of SOAPAction */
    const char *port;             /* port type name, for the answer's wsa:Action */
    const struct soap_operation *operations; /* ends with a NULL name */
};

/* Answers a POST. An error becomes a Fault with HTTP 500 (SOAP 1.1, section 6.2): faultcode Client
 * or Server by its kind, faultstring `code: message` (Dutch or English as the request asks, Dutch
 * first), faultactor `code` where the error has one. */
bool soap_answer(struct request *request, const struct soap_service *service, struct error *err);

#endif
