/* SPDX-License-Identifier: EUPL-1.2 */
/* The Nummervoorziening: pseudonyms for pupils and teachers. See README.md in this folder. */
#ifndef SERVICES_NUMMERVOORZIENING_H
#define SERVICES_NUMMERVOORZIENING_H

#include "platform/service.h"
#include "sector/sector.h"

extern const struct service nummervoorziening_service;

/* The first-level hash, made at the school (`fundament hpgn`): scrypt (RFC 7914) with N = 131072,
 * r = 8, p = 4 over the lower-cased UTF-8 of a PGN (or of a BRIN, a space and an e-mail address, for a
 * teacher). Takes seconds and 137 MB on purpose; the server never does it. The HPGN as hex. */
bool hpgn_make(struct arena *arena, struct str pgn, struct str salt, struct str *hpgn,
               struct error *err);
/* A salt in base64: the setting nummervoorziening.hpgn_salt, or what stands in --salt. */
bool hpgn_salt_parse(struct arena *arena, struct str base64, struct str *salt, struct error *err);

/* `fundament import eckid`: pairs of an environment that came before this one. Rows of two fields
 * (hpgn;stampseudonym) or four (stampseudonym;chain;sector;eckid), in any mix; a header row is passed
 * over. A row that was imported before is unchanged; another pseudonym for the same input is
 * refused. In transactions of many rows: after a failure the same file can be taken again. */
bool nummervoorziening_import(struct app *app, struct arena *arena, struct str bytes, instant now,
                              const struct import_listener *listener,
                              struct import_report *report, struct error *err);

/* `fundament allow`: admits a vendor's system, signs a school up for its board and lets the vendor
 * ask for it, as the pages do. */
bool nummervoorziening_allow(struct app *app, struct arena *arena, struct str who,
                             const struct oin *vendor, const struct brin *school, instant now,
                             struct error *err);

#endif
