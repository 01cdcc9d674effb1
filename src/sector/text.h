/* SPDX-License-Identifier: EUPL-1.2 */
/* Texts in the register that came from outside. */
#ifndef SECTOR_TEXT_H
#define SECTOR_TEXT_H

#include "base/str.h"

/* One line of readable text: no control characters (C0, DEL, C1), no marks that turn the direction
 * of writing, no U+FFFD (which stands for a byte that could not be read). */
bool is_plain_line(struct str s);

/* The address behind a website as the register has it ("www.example.nl"); empty when it is no
 * http(s) address, so that a link never runs a script. */
struct str website_href(struct arena *arena, struct str website);

/* A place as people write it; DUO writes capitals: "'S-GRAVENHAGE" -> "'s-Gravenhage", "ALPHEN AAN
 * DEN RIJN" -> "Alphen aan den Rijn". A place that has a small letter already stays as it is. */
struct str place_text(struct arena *arena, struct str place);

#endif
