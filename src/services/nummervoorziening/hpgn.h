/* SPDX-License-Identifier: EUPL-1.2 */
/* The first-level hash, made at the school: `fundament hpgn`. The server never sees a PGN. */
#ifndef NUMMERVOORZIENING_HPGN_H
#define NUMMERVOORZIENING_HPGN_H

#include "services/nummervoorziening/pseudonym.h"

/* scrypt (RFC 7914) with N = 131072, r = 8, p = 4 over the lower-cased UTF-8 of a PGN (or of a BRIN,
 * a space and an e-mail address, for a teacher). Takes seconds and 137 MB on purpose. */
bool hpgn_make(struct arena *arena, struct str pgn, struct str salt, struct hpgn *hpgn,
               struct error *err);

/* The setting nummervoorziening.hpgn_salt, or what stands in --salt: base64 of 8 bytes or more. */
bool hpgn_salt_parse(struct arena *arena, struct str base64, struct str *salt, struct error *err);

#endif
