/* SPDX-License-Identifier: EUPL-1.2 */
/* Reading a SOAP 1.1 envelope with WS-Addressing 1.0 up to the operation's element. */
#ifndef PLATFORM_SOAP_READ_H
#define PLATFORM_SOAP_READ_H

#include "platform/format/soap.h"

#define SOAP_NS    "http://schemas.xmlsoap.org/soap/envelope/"
#define WSA_NS     "http://www.w3.org/2005/08/addressing"
#define XML_TYPE   "text/xml"

/* Words of SOAP (section 4.4) and of the WS-Addressing SOAP binding (section 6.4), as faultcode. */
#define VERSION_MISMATCH "soap:VersionMismatch"
#define MUST_UNDERSTAND  "soap:MustUnderstand"
#define HEADER_REQUIRED  "wsa:MessageAddressingHeaderRequired"
#define INVALID_HEADER   "wsa:InvalidAddressingHeader"
#define ACTION_MISMATCH  "wsa:ActionMismatch"

/* What the headers of a message say. Empty (at == NULL): not there. */
struct addressing {
    struct str action, message_id, to, from;
};

/* Is this a media type that SOAP 1.1 has: text/xml, in UTF-8? */
bool soap_is_xml(struct str content_type);

/* Reads from the start of the document to the start of the only element in the Body. `addressing`
 * holds what was read also when this returns false. */
bool soap_read_envelope(struct xml *xml, struct addressing *addressing, struct error *err);

#endif
