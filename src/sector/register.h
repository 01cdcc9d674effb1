/* SPDX-License-Identifier: EUPL-1.2 */
/* What people may change in the register. Every door calls these; each writes history, an event and
 * an audit row, or nothing when nothing differs. */
#ifndef SECTOR_REGISTER_H
#define SECTOR_REGISTER_H

#include "sector/store.h"

struct deed {
    instant now;
    struct str who;      /* as audit_who gives it */
    struct str source;   /* SOURCE_PERSON or SOURCE_DEMO */
    int64_t version;     /* that the person saw; another one is a CONFLICT. 0: it must be new;
                          * ANY_VERSION: not asked */
};
#define ANY_VERSION ((int64_t)-1)

bool register_vendor(struct tx *tx, const struct deed *deed, const struct vendor *vendor,
                     struct error *err);
/* Name and place of a board that is there; NOT_FOUND otherwise. An import of DUO's files, which have
 * no names of boards, leaves them alone from then on. */
bool register_board(struct tx *tx, const struct deed *deed, const struct board *board,
                    struct error *err);
/* A certificate of a vendor's system. One that is there already with the same values is left as it is;
 * with other values deed->version must be certificate_version of those. */
bool register_certificate(struct tx *tx, const struct deed *deed, const struct oin *vendor,
                          const struct certificate *certificate, struct error *err);
int64_t certificate_version(const struct certificate *certificate);
/* "AB:CD:..." or "abcd...", 32 bytes in hex, as lower-case hex. */
bool fingerprint_parse(struct arena *arena, struct str text, struct str *fingerprint,
                       struct error *err);

#endif
