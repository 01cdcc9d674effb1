/* SPDX-License-Identifier: EUPL-1.2 */
/* Revocation lists as another CA's software makes them: Fundament itself only reads them. */
#include "tests/unit/http_world.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static FILE *open_in(struct test *t, const char *folder, const char *name)
{
    FILE *file = fopen(str_format(t->arena, "%s/%s", folder, name).at, "r");
    CHECK(file);
    return file;
}

static void set_times(X509_CRL *crl, instant now)
{
    ASN1_TIME *from = ASN1_TIME_adj(NULL, (time_t)((now - HOUR) / SECOND), 0, 0);
    ASN1_TIME *to = ASN1_TIME_adj(NULL, (time_t)((now + 365 * DAY) / SECOND), 0, 0);
    CHECK(X509_CRL_set1_lastUpdate(crl, from) && X509_CRL_set1_nextUpdate(crl, to));
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
}

static void revoke(X509_CRL *crl, struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    X509_REVOKED *entry = X509_REVOKED_new();
    CHECK(certificate
          && X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate))
          && X509_REVOKED_set_revocationDate(
              entry, (ASN1_TIME *)(uintptr_t)X509_CRL_get0_lastUpdate(crl))
          && X509_CRL_add0_revoked(crl, entry));
    X509_free(certificate);
    BIO_free(bio);
}

struct str given_crl(struct test *t, const char *folder, const struct str *revoked, size_t count,
                     instant now)
{
    FILE *of_ca = open_in(t, folder, "demo-ca.crt"), *of_key = open_in(t, folder, "demo-ca.key");
    X509 *ca = PEM_read_X509(of_ca, NULL, NULL, NULL);
    EVP_PKEY *key = PEM_read_PrivateKey(of_key, NULL, NULL, NULL);
    X509_CRL *crl = X509_CRL_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char *at;
    CHECK(ca && key && X509_CRL_set_version(crl, X509_CRL_VERSION_2)
          && X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca)));
    set_times(crl, now);
    for (size_t i = 0; i < count; i++)
        revoke(crl, revoked[i]);
    CHECK(X509_CRL_sign(crl, key, EVP_sha256()) && PEM_write_bio_X509_CRL(bio, crl));
    long size = BIO_get_mem_data(bio, &at);
    struct str text = str_copy(t->arena, (struct str){ at, (size_t)size });
    BIO_free(bio);
    X509_CRL_free(crl);
    EVP_PKEY_free(key);
    X509_free(ca);
    fclose(of_ca);
    fclose(of_key);
    return text;
}
