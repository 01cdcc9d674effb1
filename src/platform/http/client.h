/* SPDX-License-Identifier: EUPL-1.2 */
/* Client certificates: X.509 (RFC 5280), checked against a CA list and its CRLs. */
#ifndef PLATFORM_CLIENT_H
#define PLATFORM_CLIENT_H

#include "platform/http/http.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

enum machine_state {
    MACHINE_NONE,        /* no certificate was sent */
    MACHINE_UNREADABLE,
    MACHINE_UNTRUSTED,   /* no CA of ours signed it, or not with a signature that still counts */
    MACHINE_REVOKED,
    MACHINE_NOT_YET,
    MACHINE_EXPIRED,
    MACHINE_NO_CLIENT,   /* its extended key usage is not clientAuth */
    MACHINE_NAMELESS,    /* its subject has no serialNumber, or several */
    MACHINE_UNCHECKED,   /* memory ended: that says nothing about the certificate */
    MACHINE_OK,
    MACHINE_STATES
};

/* Who showed a certificate. The client's slices point into the struct itself, so that it cannot be
 * assigned to another. */
struct machine {
    enum machine_state state;
    struct client client;
    char serial_number[65];
    char common_name[129];
    char fingerprint[65];
};

/* Checks a chain, the client's own certificate first (DER). `trust` holds CAs and CRLs. */
void machine_check(gnutls_x509_trust_list_t trust, const gnutls_datum_t *chain, unsigned length,
                   struct machine *machine);

/* Is the machine known, and its certificate valid at this moment? */
bool machine_may_enter(const struct machine *machine, instant now, struct error *err);

/* Answers of machine_check by certificate, for a proxy that hands the same ones on again and again.
 * An answer counts for one generation of CA list and CRL. */
struct machine_cache;
struct machine_cache *machine_cache_new(struct arena *arena);
bool machine_cache_get(struct machine_cache *cache, struct str fingerprint, uint64_t generation,
                       struct machine *machine);
void machine_cache_put(struct machine_cache *cache, uint64_t generation,
                       const struct machine *machine);

/* SHA-256 of a certificate in DER as 64 hex digits. */
void certificate_fingerprint(struct str der, char out[static 65]);

#endif
