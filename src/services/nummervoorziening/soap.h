/* SPDX-License-Identifier: EUPL-1.2 */
/* The machines' door: SOAP 1.1 at /eck/ws/201703. */
#ifndef NUMMERVOORZIENING_SOAP_H
#define NUMMERVOORZIENING_SOAP_H

#include "platform/format/soap.h"

#define SOAP_PATH "/eck/ws/201703"
#define ECK_NS    "http://ketenid.nl/eck/schemas/v1_0"

/* A batch of a million ECK iDs by a talkative client. */
#define SOAP_BODY ((size_t)180 * 1024 * 1024)

extern const struct soap_service nummervoorziening_soap;
bool answer_soap(struct request *request, struct error *err);
/* Only single questions are answered in the network thread: they write nothing. */
bool soap_is_quick(const struct request *request);
/* Before a large body: is the vendor of the certificate one that may ask anything here? */
bool soap_may_send(struct request *request, struct error *err);
void soap_turn_away(struct request *request, const struct error *err);
/* GET with ?wsdl (exact) or ?wsdl-lax (for clients that stumble over wsaw:UsingAddressing). */
bool answer_wsdl(struct request *request, struct error *err);

/* The WSDL with the address of this installation in it. */
struct str wsdl_text(const struct request *request, bool lax);
/* "https://host:8444/eck/ws/201703": where machines reach us. */
struct str soap_address(const struct request *request);

#endif
