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

/* A CRL with these certificates (PEM) revoked, for a year from `now`. */
bool pki_issue_crl(struct arena *arena, const char *folder, const struct str *revoked,
                   size_t count, instant now, struct str *crl, struct error *err);

#endif
