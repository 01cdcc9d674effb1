/* SPDX-License-Identifier: EUPL-1.2 */
/* All SQL of the Nummervoorziening, but for the batches' (store_batch.h) and the counts' (store_use.h). */
#ifndef NUMMERVOORZIENING_STORE_H
#define NUMMERVOORZIENING_STORE_H

#include "base/instant.h"
#include "platform/db/db.h"
#include "sector/sector.h"
#include "services/nummervoorziening/pseudonym.h"

/* May this vendor ask, for this school (NULL: none)? Three yesses are needed. */
struct access {
    bool caller;     /* the operator admitted the vendor's system */
    bool school;     /* the board signed the school up */
    bool permission; /* ... and lets this vendor ask for it */
};
bool nv_find_access(struct tx *tx, const struct oin *vendor, const struct brin *school, instant now,
                    struct access *access, struct error *err);

/* All that the database knows of one input value. */
struct known {
    bool imported;
    struct str import;          /* the pseudonym that was imported for it */
    bool replaces;              /* it is the new HPGN of a substitution */
    struct lookup old;
    struct str old_own;         /* the stampseudoniem that the old one had by itself */
    instant replaces_from;
    bool replaced;              /* it is the old HPGN of a substitution */
    struct lookup by;
    instant replaced_from;
};
bool nv_find_known(struct tx *tx, const struct derivation *derivation, const struct lookup *lookup,
                   struct known *known, struct error *err);
/* The imported value under this lookup. */
bool nv_find_pair(struct tx *tx, const struct derivation *derivation, const struct lookup *lookup,
                  struct str *value, bool *found, struct error *err);

/* Is there anything imported, anything substituted? When not, a batch need not look per item. */
bool nv_has_pairs(struct tx *tx, bool *pairs, struct error *err);
bool nv_has_substitutions(struct tx *tx, bool *substitutions, struct error *err);

enum pair_kind { PAIR_STAMPSEUDONYM = 1, PAIR_KNOWN = 2, PAIR_ECK_ID = 3 };
/* Puts a pair. `added` false: it was there already. Another value under the same lookup: CONFLICT. */
bool nv_put_pair(struct tx *tx, const struct derivation *derivation, enum pair_kind kind,
                 const struct lookup *lookup, struct str value, instant now, bool *added,
                 struct error *err);

struct substitution {
    struct lookup new_lookup, old_lookup;
    struct str old_own;
    int64_t version; /* of the key that derived it; 0: it was imported */
    instant effective, requested;
    struct oin vendor;
    struct brin school;
};
bool nv_add_substitution(struct tx *tx, const struct derivation *derivation,
                         const struct substitution *substitution, struct error *err);
bool nv_move_substitution(struct tx *tx, const struct lookup *new_lookup, instant effective,
                          struct error *err);

/* A chain or sector, as data. */
struct concept {
    struct str id, name, description;
    instant edited;
};
struct concepts {
    list_of(struct concept);
};
enum concept_kind { CHAIN, SECTOR };
bool nv_concepts(struct tx *tx, enum concept_kind kind, struct concepts *concepts,
                 struct error *err);
bool nv_concepts_exist(struct tx *tx, struct str chain, struct str sector, bool *chain_exists,
                       bool *sector_exists, struct error *err);
bool nv_put_concept(struct tx *tx, enum concept_kind kind, const struct concept *concept,
                    struct error *err);

/* The callers that the operator admitted. */
struct caller {
    struct oin oin;
    struct str name;
    instant since, until;
};
struct callers {
    list_of(struct caller);
};
bool nv_callers(struct tx *tx, struct callers *callers, struct error *err);
bool nv_put_caller(struct tx *tx, const struct oin *oin, struct str name, instant now,
                   struct error *err);
bool nv_end_caller(struct tx *tx, const struct oin *oin, instant now, bool *ended,
                   struct error *err);

/* What a board's schools have allowed, now. */
struct permission {
    struct brin brin;
    struct oin oin;
    instant since;
};
struct permissions {
    list_of(struct permission);
};
/* The schools that are signed up, as a list of BRINs. */
struct signups {
    list_of(struct brin);
};
bool nv_signups(struct tx *tx, const struct board_number *board, instant now,
                struct signups *signups, struct error *err);
bool nv_permissions(struct tx *tx, const struct board_number *board, instant now,
                    struct permissions *permissions, struct error *err);
bool nv_sign_up(struct tx *tx, const struct brin *brin, const struct board_number *board,
                instant now, struct error *err);
bool nv_sign_off(struct tx *tx, const struct brin *brin, instant now, struct error *err);
bool nv_permit(struct tx *tx, const struct brin *brin, const struct oin *oin, instant now,
               struct error *err);
bool nv_forbid(struct tx *tx, const struct brin *brin, const struct oin *oin, instant now,
               struct error *err);

/* Is nothing yet kept that a new key would make false? Only then may one be made. */
bool nv_is_empty(struct tx *tx, bool *empty, struct error *err);

#endif
