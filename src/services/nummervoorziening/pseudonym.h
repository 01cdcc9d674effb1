/* SPDX-License-Identifier: EUPL-1.2 */
/* The domain of the Nummervoorziening: what an HPGN, a stampseudoniem and an ECK iD are, and how one
 * follows from the other. No request and no database; the keys are the keeper's. */
#ifndef NUMMERVOORZIENING_PSEUDONYM_H
#define NUMMERVOORZIENING_PSEUDONYM_H

#include "base/error.h"
#include "platform/keys/keeper.h"

/* The protocol's words for a refusal, sent in `faultactor`. The first ten are the field's; those
 * below the line are ours, in the same pattern. */
#define NOT_ALLOWED_CALLER    "NotAllowedCallerException"
#define INVALID_HPGN          "InvalidHPgnException"
#define BLOCKED_HPGN          "BlockedHPgnException"
#define INVALID_CHAIN         "InvalidChainIdException"
#define INVALID_SECTOR        "InvalidSectorIdException"
#define NOT_FINISHED          "NotFinishedException"
#define TEMPORARY_BLOCKED     "TemporaryBlockedException"
#define ALREADY_RETRIEVED     "ContentAlreadyRetrievedException"
#define CONTENT_REMOVED       "ContentRemovedException"
#define LIMIT_DAILY_BATCHES   "LimitDailyBatchSubmissionsExceededException"
/* ---- */
#define INVALID_STAMPSEUDONYM "InvalidStampseudonymException"
#define INVALID_BATCH         "InvalidBatchIdentifierException"
#define INVALID_INDEX         "InvalidIndexException"
#define EMPTY_BATCH           "EmptyBatchException"
#define BATCH_TOO_LARGE       "BatchTooLargeException"
#define INVALID_DATE          "InvalidEffectiveDateException"
#define INVALID_SUBSTITUTION  "InvalidSubstitutionException"
#define INVALID_REQUEST       "InvalidRequestException"

/* The first-level hash of a PGN, made at the school: scrypt, 32 bytes, 64 lower-case hex on the wire. */
#define HPGN_BYTES 32
struct hpgn {
    unsigned char bytes[HPGN_BYTES];
};

/* What the service derives: 64 bytes, on the wire a prefix (a URI) and 128 lower-case hex. */
#define PSEUDONYM_BYTES 64
#define PSEUDONYM_HEX   (2 * PSEUDONYM_BYTES)
struct pseudonym {
    unsigned char bytes[PSEUDONYM_BYTES];
};

/* A stampseudoniem: one of our own prefixes, or of another environment (then only usable when it was
 * imported). The text lives where its input did. */
struct stampseudonym {
    struct str text;
    bool own;
    int64_t version;        /* of the key that derived an own one */
    bool retired;           /* it would be an own one, but that key was retired */
    struct pseudonym value; /* of an own one */
};

/* The name under which a value is found in the database: a MAC, so that the database alone does not
 * tell which value it is. */
struct lookup {
    unsigned char bytes[MAC256_BYTES];
};
#define LOOKUP_STR(lookup) ((struct str){ (const char *)(lookup).bytes, sizeof (lookup).bytes })

/* The keys (service.c declares them): the root from which pseudonyms are derived, in versions; that of
 * look-ups, which never changes; that which seals. */
#define ROOT_KEY   "nummervoorziening"
#define LOOKUP_KEY "nummervoorziening-lookup"
#define SEAL_KEY   "nummervoorziening-seal"
enum root_part { ROOT_STAM, ROOT_ECK };

/* Each version of the root has its own prefixes, so that a stampseudoniem tells its version. */
struct prefixes {
    struct str stam, eck;
};

/* All that derivation needs. */
struct derivation {
    struct keeper *keeper;
    struct prefixes first; /* of version 1, from the settings */
};

#define PREFIX_MAX          100 /* characters of a prefix */
#define PSEUDONYM_TEXT_MAX  (PREFIX_MAX + PSEUDONYM_HEX)

/* The prefixes are http(s) URIs that end in a slash and differ. */
bool derivation_init(struct derivation *derivation, struct keeper *keeper, struct str stam_prefix,
                     struct str eck_prefix, struct error *err);
/* May a version of the root have these prefixes? As struct key_use's check. */
bool derivation_check(const struct config *config, const struct str *values, struct error *err);

/* The prefixes of a version, also of one that was retired. */
struct prefixes derivation_prefixes(const struct derivation *derivation, int64_t version);

/* Exactly 64 lower-case hex. Anything else is refused and never repeated: it might be a PGN. */
bool hpgn_parse(struct str text, struct hpgn *hpgn, struct error *err);
bool stampseudonym_parse(const struct derivation *derivation, struct str text,
                         struct stampseudonym *stampseudonym, struct error *err);
/* An ECK iD of any environment, for the import. */
bool eck_id_well_formed(struct str text);

/* All that is derived for a question, in one round trip to the keeper for many questions. */

/* Of an HPGN: stampseudoniem = MAC(K_stam, "stam", hpgn), by the active version. */
struct hpgn_answer {
    struct lookup lookup;
    struct pseudonym own;
    int64_t version;
};
bool derive_stampseudonyms(const struct derivation *derivation, struct arena *arena,
                           const struct hpgn *hpgns, size_t count, struct hpgn_answer *answers,
                           struct error *err);

/* Of a stampseudoniem: ECK iD = MAC(K_eck, chain, sector, stampseudoniem), by the stampseudoniem's own
 * version; one that is not our own, by the active version. */
struct eck_answer {
    struct lookup lookup;  /* of the question */
    struct lookup self;    /* of the stampseudoniem alone */
    struct pseudonym own;
    int64_t version;
};
bool derive_eck_ids(const struct derivation *derivation, struct arena *arena, struct str chain,
                    struct str sector, const struct stampseudonym *stampseudonyms, size_t count,
                    struct eck_answer *answers, struct error *err);

/* The prefix and 128 hex. */
struct str pseudonym_text(struct arena *arena, struct str prefix, const struct pseudonym *value);
/* Is `text` this prefix and 128 lower-case hex? */
bool pseudonym_read(struct str prefix, struct str text, struct pseudonym *value);
/* Is it a stampseudoniem (ROOT_STAM) or ECK iD (ROOT_ECK) under one of our own prefixes, and of which
 * version? */
bool pseudonym_own(const struct derivation *derivation, enum root_part part, struct str text,
                   struct pseudonym *value, int64_t *version);

/* Look-ups alone, for the import: of an HPGN, of a stampseudoniem, of a question for an ECK iD. */
struct lookup_question {
    struct str fields[4];
    size_t count;
    char hex[2 * HPGN_BYTES];
};
void ask_lookup_hpgn(struct lookup_question *question, const struct hpgn *hpgn);
void ask_lookup_stampseudonym(struct lookup_question *question, struct str stampseudonym);
void ask_lookup_eck_id(struct lookup_question *question, struct str chain, struct str sector,
                       struct str stampseudonym);
/* The questions stay where they are until this is done: their fields point into them. */
bool find_lookups(const struct derivation *derivation, struct arena *arena,
                  const struct lookup_question *questions, size_t count, struct lookup *lookups,
                  struct error *err);

#endif
