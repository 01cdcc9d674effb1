/* SPDX-License-Identifier: EUPL-1.2 */
/* What browsers send: queries, cookies (RFC 6265) and forms, urlencoded or multipart (RFC 7578).
 * Pure parsers of bytes from outside, apart so that they can be fuzzed. */
#ifndef PLATFORM_FORM_H
#define PLATFORM_FORM_H

#include "platform/http/http.h"

#define FORM_FIELDS       20000 /* of one form */
#define FORM_NAME         256   /* bytes of a field's name, decoded */
#define FORM_PART_HEADERS 16    /* lines before a part of a multipart form */
#define FORM_BOUNDARY     70    /* bytes (RFC 2046, section 5.1.1) */

/* Reads the body of a form by its content type; `form` grows in the arena. */
bool form_parse(struct arena *arena, struct str content_type, struct str body, struct form *form,
                struct error *err);

/* The first parameter of a query `a=1&b=2` with this name, decoded; false when it is not there or
 * badly encoded. */
bool query_find(struct arena *arena, struct str query, struct str name, struct str *value);

/* The first cookie of this name in a Cookie header; empty when there is none. */
struct str cookie_find(struct str header, struct str name);

/* Is this the media type of a Content-Type header (its parameters left aside)? */
bool media_type_is(struct str content_type, struct str type);

/* A quoted or bare parameter of a header like `form-data; name="a"`; empty when absent. */
struct str header_param(struct str header, struct str name);

#endif
