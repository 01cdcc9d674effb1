/* SPDX-License-Identifier: EUPL-1.2 */
/* A look over a whole XML document before libxml2 reads it: one pass, no memory, no recursion.
 *
 * It refuses what this house never takes (other encodings than UTF-8, DOCTYPE, processing
 * instructions, documents over a limit) and what would cost libxml2 much (thousands of attributes,
 * deep nesting). And it sees that tags close in order up to the end, so that nobody acts on the
 * first half of a document whose second half is missing. Names, namespaces, references and
 * characters are libxml2's to judge. */
#ifndef PLATFORM_XML_SCAN_H
#define PLATFORM_XML_SCAN_H

#include "platform/format/xml.h"

bool xml_scan(struct str bytes, struct xml_shape *shape, struct error *err);

#endif
