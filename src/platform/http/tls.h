/* SPDX-License-Identifier: EUPL-1.2 */
/* TLS of the listeners: what is loaded from files, and reloaded while connections go on. One load is
 * a `struct credentials`; a connection keeps the one with which it began. */
#ifndef PLATFORM_TLS_H
#define PLATFORM_TLS_H

#include "platform/http/client.h"

#include <gnutls/abstract.h>

/* TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only (NCSC-NL, IT security
 * guidelines for TLS: "good"). */
#define TLS_PRIORITIES                                                                             \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL"       \
    ":+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:-GROUP-ALL:+GROUP-X25519"        \
    ":+GROUP-SECP256R1:+GROUP-SECP384R1:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:%SERVER_PRECEDENCE"

struct tls;
struct credentials;

/* Paths, NUL-terminated; NULL: there is none. They live as long as the tls. */
struct tls_files {
    const char *certificate, *key;
    const char *ca, *crl;
};

bool tls_new(struct arena *arena, const struct tls_files *files, struct tls **tls,
             struct error *err);
/* Reads the files again; when something is wrong with them, what was loaded stays. */
bool tls_reload(struct tls *tls, struct error *err);
void tls_free(struct tls *tls);
/* Counts the loads; answers about certificates count for one generation. */
uint64_t tls_generation(struct tls *tls);

/* Gives a new session, before its handshake, the present certificate; returns what the session holds
 * on to, for credentials_release. `ask`: request a client certificate. */
struct credentials *tls_dress(struct tls *tls, gnutls_session_t session, bool ask);
void credentials_release(struct credentials *credentials);

/* For a TLS stack that insists on a source of certificates before sessions are dressed: has none. */
int tls_no_certificate(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                       const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                       gnutls_pcert_st **certificate, unsigned int *length,
                       gnutls_privkey_t *key);

/* Checks the certificate that the peer of a session showed, or one from a proxy in DER, against the
 * present CA list and CRLs. Returns their generation. */
uint64_t tls_check_session(struct tls *tls, gnutls_session_t session, struct machine *machine);
uint64_t tls_check_der(struct tls *tls, struct str der, struct machine *machine);

#endif
