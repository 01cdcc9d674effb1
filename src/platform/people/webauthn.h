/* SPDX-License-Identifier: EUPL-1.2 */
/* Passkeys: what an authenticator made (W3C Web Authentication, level 2 and 3), read and checked.
 * Pure: the caller keeps challenges, passkeys and counters. No attestation is asked, and none is
 * believed: whichever authenticator a person trusts will do. */
#ifndef PLATFORM_WEBAUTHN_H
#define PLATFORM_WEBAUTHN_H

#include "base/error.h"

#define CREDENTIAL_BYTES 1023 /* section 7.1, step 25: a credential's id is no longer */

/* Whom a passkey is for. */
struct relying_party {
    struct str id;     /* a host name: "fundament.example.nl", "localhost" */
    struct str origin; /* "https://localhost:8443" */
};

/* The relying party of an origin, "https://HOST[:PORT]". False when its host cannot have passkeys: an
 * IP address is no name (section 5.1.2). */
bool relying_party_of(struct str origin, struct relying_party *party);

/* Section 5.8.1, as the browser wrote it. */
struct client_data {
    struct str type;      /* "webauthn.create" or "webauthn.get" */
    struct str challenge; /* decoded */
    struct str origin;
    bool cross_origin;    /* asked from within a page of another */
};
bool client_data_parse(struct arena *arena, struct str json, struct client_data *data,
                       struct error *err);

/* Section 6.1. */
struct authenticator_data {
    struct str rp_hash;    /* SHA-256 of the relying party's id */
    bool present, verified; /* the person: a touch; a PIN, finger or face */
    uint32_t counter;      /* of signatures; 0 when the authenticator does not count */
    struct str credential; /* of a new passkey: its id ... */
    struct str key;        /* ... and its COSE key; empty in an assertion */
};
bool authenticator_data_parse(struct str bytes, struct authenticator_data *data,
                              struct error *err);

/* The authenticator data of an attestation object (section 6.5.4); its statement is passed over. */
bool attestation_parse(struct str bytes, struct str *authenticator_data, struct error *err);

/* A COSE key (RFC 9053; ES256, EdDSA with Ed25519, RS256 of 2048 to 4096 bits) as a
 * SubjectPublicKeyInfo. A point that is not on its curve is refused. */
bool cose_key_parse(struct arena *arena, struct str bytes, struct str *public_key,
                    struct error *err);

/* A new passkey (section 7.1): may it be kept? The caller has checked the challenge. */
struct new_passkey {
    struct str credential, public_key;
    uint32_t counter;
};
bool passkey_register(struct arena *arena, const struct relying_party *party,
                      struct str client_data, struct str attestation, struct new_passkey *made,
                      struct error *err);

/* An assertion (section 7.2): did the holder of this passkey answer? The caller has checked the
 * challenge, finds the passkey by its id, and looks at the counter. */
struct assertion {
    struct str client_data, authenticator_data, signature;
};
bool passkey_verify(struct arena *arena, const struct relying_party *party,
                    const struct assertion *assertion, struct str public_key, uint32_t *counter,
                    struct error *err);

/* Section 6.1.1: may a counter go from `before` to `after`? No: there is a copy of the passkey. */
static inline bool counter_may_follow(int64_t before, int64_t after)
{
    return after > before || (after == 0 && before == 0);
}

#endif
