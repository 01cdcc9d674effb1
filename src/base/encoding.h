/* SPDX-License-Identifier: EUPL-1.2 */
/* Hexadecimal, base64 (RFC 4648, also its URL form), percent-encoding (RFC 3986) and UTF-8. */
#ifndef BASE_ENCODING_H
#define BASE_ENCODING_H

#include "base/str.h"

struct str hex_encode(struct arena *arena, struct str bytes);         /* lower case */
void hex_write(const void *bytes, size_t size, char *out);            /* 2 * size characters */
bool hex_decode(struct arena *arena, struct str hex, struct str *bytes);
bool hex_read(struct str hex, void *bytes, size_t size);              /* exactly 2 * size, lower case */

struct str base64_encode(struct arena *arena, struct str bytes);      /* with padding */
struct str base64url_encode(struct arena *arena, struct str bytes);   /* without padding */
/* Either alphabet, padding optional, no white space. */
bool base64_decode(struct arena *arena, struct str text, struct str *bytes);

/* Everything but unreserved characters as %XX. */
struct str percent_encode(struct arena *arena, struct str s);
/* `plus_is_space` for forms and queries. False on a broken escape or a NUL byte. */
bool percent_decode(struct arena *arena, struct str s, bool plus_is_space, struct str *out);

/* Well-formed UTF-8 (RFC 3629: no overlong forms, surrogates or values above U+10FFFF)? */
bool utf8_valid(struct str s);
/* Also without control characters other than tab, newline and carriage return? */
bool utf8_is_text(struct str s);
size_t utf8_count(struct str s); /* code points of valid UTF-8 */

/* Bytes of Windows code page 1252 as UTF-8; the five undefined bytes become U+FFFD. */
struct str cp1252_to_utf8(struct arena *arena, struct str bytes);

/* A search key: lower case, Latin diacritics taken off, everything that is not a letter or digit
 * one space. "Obs 't Één-Hoorn" -> "obs t een hoorn". */
struct str fold(struct arena *arena, struct str s);

#endif
