/* SPDX-License-Identifier: EUPL-1.2 */
/* Certificates that Fundament makes itself: the first server certificate, and the demo CA with test
 * certificates for vendors (X.509 v3, ECDSA P-256, by OpenSSL). In production the CA list and the
 * server certificate come from outside. Key files are 0600 and checked. */
#ifndef PLATFORM_PKI_H
#define PLATFORM_PKI_H

#include "base/error.h"
#include "base/instant.h"

/* Makes <folder>/demo-ca.crt and .key when they are missing. */
bool pki_ensure_ca(struct arena *arena, const char *folder, struct error *err);

/* A server certificate for these names (DNS or IP), signed by the CA of the folder. */
bool pki_issue_server(struct arena *arena, const char *folder, const struct str *names,
                      size_t name_count, struct str *certificate, struct str *key,
                      struct error *err);

/* A client certificate whose subject has this serialNumber (an OIN) and common name. PEM. */
bool pki_issue_client(struct arena *arena, const char *folder, struct str oin, struct str name,
                      instant now, int64_t days, struct str *certificate, struct str *key,
                      struct error *err);

/* A certificate, in DER, that a key signs for itself (RFC 5280): of a key of which only the public half
 * (SubjectPublicKeyInfo in DER) is at hand. `sign` makes a signature by it over `data`: with SHA-256, an
 * ECDSA one in X509's form or an RSA one of PKCS#1 v1.5. The serial number is random. */
typedef bool pki_sign(void *with, struct arena *arena, struct str data, struct str *signature,
                      struct error *err);
bool pki_self_signed(struct arena *arena, struct str public_key, struct str name, instant from,
                     instant until, pki_sign *sign, void *with, struct str *der, struct error *err);

/* The public key of a certificate in DER, as SubjectPublicKeyInfo; false: it is no certificate. */
bool pki_public_key(struct arena *arena, struct str certificate, struct str *public_key);

#endif
