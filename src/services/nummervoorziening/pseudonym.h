/* SPDX-License-Identifier: EUPL-1.2 */
/* The domain of the Nummervoorziening: what an HPGN, a stampseudoniem and an ECK iD are, and how one
 * follows from the other. Pure: no request, no database, no clock. */
#ifndef NUMMERVOORZIENING_PSEUDONYM_H
#define NUMMERVOORZIENING_PSEUDONYM_H

#include "base/error.h"
#include "platform/keys/keys.h"

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

/* A stampseudoniem: one of our own prefix, or of another environment (then only usable when it was
 * imported). The text lives where its input did. */
struct stampseudonym {
    struct str text;
    bool own;
    struct pseudonym value; /* of an own one */
};

/* The name under which a value is found in the database: a MAC, so that the database alone does not
 * tell which value it is. */
struct lookup {
    unsigned char bytes[MAC256_BYTES];
};
#define LOOKUP_STR(lookup) ((struct str){ (const char *)(lookup).bytes, sizeof (lookup).bytes })

/* All that derivation needs: four keys from one key file, and the prefixes of this environment. */
struct derivation {
    struct key stam, eck, lookup, seal;
    struct str stam_prefix, eck_prefix;
};

#define PREFIX_MAX          100 /* characters of a prefix */
#define PSEUDONYM_TEXT_MAX  (PREFIX_MAX + PSEUDONYM_HEX)

/* Derives the four keys. The prefixes are http(s) URIs that end in a slash and differ. */
bool derivation_init(struct derivation *derivation, const struct key *root, struct str stam_prefix,
                     struct str eck_prefix, struct error *err);

/* Exactly 64 lower-case hex. Anything else is refused and never repeated: it might be a PGN. */
bool hpgn_parse(struct str text, struct hpgn *hpgn, struct error *err);
bool stampseudonym_parse(const struct derivation *derivation, struct str text,
                         struct stampseudonym *stampseudonym, struct error *err);
/* An ECK iD of any environment, for the import. */
bool eck_id_well_formed(struct str text);

/* Stampseudoniem = MAC(K_stam, "stam", hpgn). */
struct pseudonym derive_stampseudonym(const struct derivation *derivation, const struct hpgn *hpgn);
/* ECK iD = MAC(K_eck, chain, sector, stampseudoniem). */
struct pseudonym derive_eck_id(const struct derivation *derivation, struct str chain,
                               struct str sector, struct str stampseudonym);

/* The prefix and 128 hex. */
struct str pseudonym_text(struct arena *arena, struct str prefix, const struct pseudonym *value);
/* Is `text` this prefix and 128 lower-case hex? */
bool pseudonym_read(struct str prefix, struct str text, struct pseudonym *value);

struct lookup lookup_hpgn(const struct derivation *derivation, const struct hpgn *hpgn);
struct lookup lookup_stampseudonym(const struct derivation *derivation, struct str stampseudonym);
struct lookup lookup_eck_id(const struct derivation *derivation, struct str chain,
                            struct str sector, struct str stampseudonym);

#endif
