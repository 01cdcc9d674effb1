/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/http/tls.h"

#include "base/file.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define PEM_LIMIT ((size_t)1024 * 1024)
#define CRL_LIMIT ((size_t)64 * 1024 * 1024)

struct credentials {
    _Atomic int64_t holders;
    uint64_t generation;
    gnutls_certificate_credentials_t server;
    gnutls_x509_trust_list_t trust;
};

struct tls {
    struct tls_files files;
    gnutls_datum_t ticket_key;    /* session tickets (RFC 8446, section 4.6.1) */
    pthread_mutex_t lock;         /* of `present` */
    struct credentials *present;
    _Atomic uint64_t generation;
};

static gnutls_datum_t datum(struct str bytes)
{
    return (gnutls_datum_t){ (unsigned char *)(uintptr_t)bytes.at, (unsigned)bytes.len };
}

/* Loading */

static bool check_key_file(const char *path, struct error *err)
{
    struct stat about;
    if (stat(path, &about) == 0 && about.st_mode & S_IRWXO)
        return fail_about(err, INVALID, "tls.key",
                          N_("Everybody on this computer can read the private key; run: chmod o= %s"),
                          "%s", path);
    return true;
}

static bool load_certificate(struct arena *arena, const struct tls_files *files,
                             struct credentials *fresh, struct error *err)
{
    struct str certificate, key;
    if (!files->certificate)
        return true;
    if (!file_read(arena, files->certificate, PEM_LIMIT, &certificate, err)
        || !check_key_file(files->key, err) || !file_read(arena, files->key, PEM_LIMIT, &key, err))
        return false;
    gnutls_datum_t certificate_pem = datum(certificate), key_pem = datum(key);
    int result = gnutls_certificate_set_x509_key_mem2(fresh->server, &certificate_pem, &key_pem,
                                                      GNUTLS_X509_FMT_PEM, NULL, 0);
    explicit_bzero((char *)(uintptr_t)key.at, key.len);
    if (result >= 0)
        return true;
    fail_about(err, INVALID, "tls.certificate",
               N_("%s is not a PEM certificate that belongs to the key in tls.key."), "%s",
               files->certificate);
    return fail_detail(err, "%s", gnutls_strerror(result));
}

struct cas {
    gnutls_x509_crt_t *at; /* what it holds is the trust list's */
    unsigned count;
};

static bool load_cas(struct arena *arena, const char *path, gnutls_x509_trust_list_t trust,
                     struct cas *cas, struct error *err)
{
    struct str pem;
    if (!file_read(arena, path, PEM_LIMIT, &pem, err))
        return false;
    gnutls_datum_t bytes = datum(pem);
    int result = gnutls_x509_crt_list_import2(&cas->at, &cas->count, &bytes, GNUTLS_X509_FMT_PEM, 0);
    if (result < 0 || cas->count == 0) {
        fail_about(err, INVALID, "machines.ca", N_("%s is not a list of CA certificates in PEM."),
                   "%s", path);
        return fail_detail(err, "%s", gnutls_strerror(result));
    }
    result = gnutls_x509_trust_list_add_cas(trust, cas->at, cas->count, 0);
    return result >= 0 || fail_internal(err, "adding CAs: %s", gnutls_strerror(result));
}

static void warn_when_stale(gnutls_x509_crl_t crl)
{
    time_t next = gnutls_x509_crl_get_next_update(crl);
    if (next != (time_t)-1 && next < time(NULL))
        log_warn("crl-stale", { "advice", STR("fetch a newer list and reload") });
}

/* A CRL counts only when a CA of the list signed it; an old one still does: it knows of more
 * revocations than none, and a list that comes late must not stop the service. */
static bool is_signed(gnutls_x509_crl_t crl, const struct cas *cas)
{
    const unsigned about_time =
        GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED | GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE;
    unsigned status = 0;
    if (gnutls_x509_crl_verify(crl, cas->at, cas->count,
                               GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM), &status) < 0
        || status & ~(about_time | GNUTLS_CERT_INVALID))
        return false;
    return status & about_time || !(status & GNUTLS_CERT_INVALID);
}

static bool are_signed(gnutls_x509_crl_t *crls, unsigned count, const struct cas *cas)
{
    for (unsigned i = 0; i < count; i++)
        if (!is_signed(crls[i], cas))
            return false;
    return true;
}

static bool load_crls(struct arena *arena, const char *path, gnutls_x509_trust_list_t trust,
                      const struct cas *cas, struct error *err)
{
    struct str pem;
    gnutls_x509_crl_t *crls = NULL;
    unsigned count = 0;
    if (!file_read(arena, path, CRL_LIMIT, &pem, err))
        return false;
    gnutls_datum_t bytes = datum(pem);
    int result = gnutls_x509_crl_list_import2(&crls, &count, &bytes, GNUTLS_X509_FMT_PEM, 0);
    if (result < 0 || count == 0)
        return fail_about(err, INVALID, "machines.crl",
                          N_("%s is not a list of certificate revocation lists in PEM."), "%s", path);
    bool ok = are_signed(crls, count, cas);
    for (unsigned i = 0; ok && i < count; i++)
        warn_when_stale(crls[i]);
    for (unsigned i = 0; !ok && i < count; i++)
        gnutls_x509_crl_deinit(crls[i]);
    ok = ok && gnutls_x509_trust_list_add_crls(trust, crls, count, 0, 0) > 0;
    gnutls_free(crls);
    return ok
           || fail_about(err, INVALID, "machines.crl",
                         N_("%s holds a revocation list that no CA of machines.ca signed."), "%s",
                         path);
}

static void free_credentials(struct credentials *credentials)
{
    gnutls_certificate_free_credentials(credentials->server);
    gnutls_x509_trust_list_deinit(credentials->trust, 1);
    free(credentials);
}

static bool load(const struct tls_files *files, struct credentials **loaded, struct error *err)
{
    struct arena arena = { 0 };
    struct cas cas = { 0 };
    struct credentials *fresh = calloc(1, sizeof *fresh);
    if (!fresh || gnutls_certificate_allocate_credentials(&fresh->server) < 0
        || gnutls_x509_trust_list_init(&fresh->trust, 0) < 0)
        return fail_internal(err, "no memory for certificates");
    fresh->holders = 1;
    bool well = load_certificate(&arena, files, fresh, err)
                && (!files->ca || load_cas(&arena, files->ca, fresh->trust, &cas, err))
                && (!files->ca || !files->crl
                    || load_crls(&arena, files->crl, fresh->trust, &cas, err));
    gnutls_free(cas.at);
    arena_free(&arena);
    if (well)
        *loaded = fresh;
    else
        free_credentials(fresh);
    return well;
}

bool tls_reload(struct tls *tls, struct error *err)
{
    struct credentials *fresh = NULL;
    if (!load(&tls->files, &fresh, err))
        return false;
    pthread_mutex_lock(&tls->lock);
    struct credentials *old = tls->present;
    fresh->generation = (old ? old->generation : 0) + 1;
    tls->present = fresh;
    atomic_store(&tls->generation, fresh->generation);
    pthread_mutex_unlock(&tls->lock);
    if (old)
        credentials_release(old);
    return true;
}

bool tls_new(struct arena *arena, const struct tls_files *files, struct tls **tls, struct error *err)
{
    struct tls *fresh = arena_new(arena, struct tls);
    fresh->files = *files;
    pthread_mutex_init(&fresh->lock, NULL);
    if (!tls_reload(fresh, err))
        return false;
    if (gnutls_session_ticket_key_generate(&fresh->ticket_key) < 0)
        return fail_internal(err, "no key for session tickets");
    *tls = fresh;
    return true;
}

void tls_free(struct tls *tls)
{
    credentials_release(tls->present);
    gnutls_memset(tls->ticket_key.data, 0, tls->ticket_key.size);
    gnutls_free(tls->ticket_key.data);
}

/* Using */

static struct credentials *take(struct tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    struct credentials *present = tls->present;
    atomic_fetch_add(&present->holders, 1);
    pthread_mutex_unlock(&tls->lock);
    return present;
}

void credentials_release(struct credentials *credentials)
{
    if (atomic_fetch_sub(&credentials->holders, 1) == 1)
        free_credentials(credentials);
}

uint64_t tls_generation(struct tls *tls)
{
    return atomic_load_explicit(&tls->generation, memory_order_acquire);
}

struct credentials *tls_dress(struct tls *tls, gnutls_session_t session, bool ask)
{
    struct credentials *present = take(tls);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, present->server);
    gnutls_session_ticket_enable_server(session, &tls->ticket_key);
    if (!ask)
        return present;
    /* Requested, not required: whoever comes without gets an answer that says so. The names of the
     * CAs are not sent: they may change while clients keep what they once read. */
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
    gnutls_certificate_send_x509_rdn_sequence(session, 1);
    return present;
}

static uint64_t check(struct tls *tls, const gnutls_datum_t *chain, unsigned length,
                      struct machine *machine)
{
    struct credentials *present = take(tls);
    uint64_t generation = present->generation;
    machine_check(present->trust, chain, length, machine);
    credentials_release(present);
    return machine->state == MACHINE_UNCHECKED ? 0 : generation; /* 0: of none, so not kept */
}

uint64_t tls_check_session(struct tls *tls, gnutls_session_t session, struct machine *machine)
{
    unsigned length = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &length);
    return check(tls, chain, chain ? length : 0, machine);
}

uint64_t tls_check_der(struct tls *tls, struct str der, struct machine *machine)
{
    gnutls_datum_t one = datum(der);
    return check(tls, &one, 1, machine);
}

int tls_no_certificate(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                       const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                       gnutls_pcert_st **certificate, unsigned int *length,
                       gnutls_privkey_t *key)
{
    (void)session, (void)names, (void)name_count, (void)algorithms, (void)algorithm_count;
    *certificate = NULL;
    *length = 0;
    *key = NULL;
    return -1;
}
