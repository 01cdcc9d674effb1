/* SPDX-License-Identifier: EUPL-1.2 */
/* Which pseudonym belongs to an input today: substitution before import before derivation. */
#ifndef NUMMERVOORZIENING_SUBSTITUTION_H
#define NUMMERVOORZIENING_SUBSTITUTION_H

#include "services/nummervoorziening/store.h"

/* The stampseudoniem of an HPGN at this moment, of which all was derived that may be needed. A replaced
 * HPGN is refused (BlockedHPgnException). */
bool find_stampseudonym(struct tx *tx, const struct derivation *derivation,
                        const struct hpgn_answer *derived, instant now, struct str *text,
                        struct error *err);

/* The ECK iD of a stampseudoniem. One of another environment is refused unless it was imported, one of
 * a retired version of the key unless a substitution keeps it. */
bool find_eck_id(struct tx *tx, const struct derivation *derivation,
                 const struct stampseudonym *stampseudonym, const struct eck_answer *derived,
                 struct str *text, struct error *err);

/* A wish to let `new_hpgn` go on with the stampseudoniem of `old_hpgn`. */
struct replacement {
    struct hpgn old_hpgn, new_hpgn;
    instant effective;
    struct oin vendor;
    struct brin school;
};

/* An effective date: an xsd:dateTime with a zone, at most five years ahead; in the past means now. */
bool effective_date_parse(struct str text, instant now, instant *effective, struct error *err);

/* Records the wish and gives the stampseudoniem that the new HPGN has now. */
bool replace_hpgn(struct tx *tx, const struct derivation *derivation,
                  const struct replacement *replacement, instant now, struct str *text,
                  struct error *err);

#endif
