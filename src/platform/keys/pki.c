/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/pki.h"

#include "base/encoding.h"
#include "base/file.h"
#include "base/random.h"
#include "platform/keys/keys.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define CA_DAYS       3650
#define SERVER_DAYS   825 /* what browsers still take from a CA that was added by hand */
#define CLIENT_DAYS   3650
#define SERIAL_BYTES  16
#define PEM_LIMIT     ((size_t)64 * 1024)
#define FIELD_LEN     64 /* ub-common-name, ub-serial-number (RFC 5280, appendix A.1) */

/* A clock that is a little behind ours must not refuse what was issued just now. */
#define CLOCK_SKEW HOUR

#define OWNED(type, release)                                                                       \
    static void release##_at(type **what)                                                          \
    {                                                                                              \
        release(*what);                                                                            \
    }
#define FREED_BY(release) __attribute__((cleanup(release##_at)))

OWNED(X509, X509_free)
OWNED(EVP_PKEY, EVP_PKEY_free)
OWNED(BIO, BIO_free_all)
OWNED(X509_EXTENSION, X509_EXTENSION_free)
OWNED(GENERAL_NAMES, GENERAL_NAMES_free)

struct ca {
    X509 *certificate;
    EVP_PKEY *key;
};

static void ca_free(struct ca *ca)
{
    X509_free(ca->certificate);
    EVP_PKEY_free(ca->key);
}
#define CA_FREED __attribute__((cleanup(ca_free)))

struct extension {
    int nid;
    const char *value; /* in OpenSSL's configuration syntax; ours, never from outside */
};

static const struct extension ca_extensions[] = {
    { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
    { NID_key_usage, "critical,keyCertSign,cRLSign" },
    { NID_subject_key_identifier, "hash" },
    { 0 },
};

static const struct extension server_extensions[] = {
    { NID_basic_constraints, "critical,CA:FALSE" },
    { NID_key_usage, "critical,digitalSignature" },
    { NID_ext_key_usage, "serverAuth" },
    { NID_subject_key_identifier, "hash" },
    { NID_authority_key_identifier, "keyid:always" },
    { 0 },
};

static const struct extension self_extensions[] = {
    { NID_basic_constraints, "critical,CA:FALSE" },
    { NID_subject_key_identifier, "hash" },
    { 0 },
};

static const struct extension client_extensions[] = {
    { NID_basic_constraints, "critical,CA:FALSE" },
    { NID_key_usage, "critical,digitalSignature" },
    { NID_ext_key_usage, "clientAuth" },
    { NID_subject_key_identifier, "hash" },
    { NID_authority_key_identifier, "keyid:always" },
    { 0 },
};

static bool fail_openssl(struct error *err, const char *what)
{
    char reason[128] = "";
    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    ERR_clear_error();
    return fail_internal(err, "%s: %s", what, reason);
}

static bool set_time(ASN1_TIME *time, instant at)
{
    return ASN1_TIME_adj(time, (time_t)(at / SECOND), 0, 0) != NULL;
}

static bool set_serial(ASN1_INTEGER *serial)
{
    unsigned char bytes[SERIAL_BYTES];
    random_bytes(bytes, sizeof bytes);
    bytes[0] &= 0x7f; /* positive (RFC 5280, section 4.1.2.2) */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool ok = number && !BN_is_zero(number) && BN_to_ASN1_INTEGER(number, serial);
    BN_free(number);
    return ok;
}

static bool add_extensions(X509 *certificate, X509 *issuer, const struct extension *extensions)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    for (; extensions->nid; extensions++) {
        FREED_BY(X509_EXTENSION_free)
        X509_EXTENSION *extension =
            X509V3_EXT_conf_nid(NULL, &context, extensions->nid, extensions->value);
        if (!extension || !X509_add_ext(certificate, extension, -1))
            return false;
    }
    return true;
}

static bool add_name(X509_NAME *name, const char *part, struct str value)
{
    return X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8, (const unsigned char *)value.at,
                                      (int)value.len, -1, 0) == 1;
}

/* Everything but the names and the signature. */
static X509 *new_certificate(EVP_PKEY *key, instant from, instant to)
{
    X509 *certificate = X509_new();
    if (certificate && X509_set_version(certificate, X509_VERSION_3)
        && set_serial(X509_get_serialNumber(certificate))
        && set_time(X509_getm_notBefore(certificate), from)
        && set_time(X509_getm_notAfter(certificate), to) && X509_set_pubkey(certificate, key))
        return certificate;
    X509_free(certificate);
    return NULL;
}

static struct str bio_copy(struct arena *arena, BIO *bio)
{
    char *at;
    long size = BIO_get_mem_data(bio, &at);
    return str_copy(arena, (struct str){ at, (size_t)size });
}

static bool certificate_pem(struct arena *arena, X509 *certificate, struct str *pem,
                            struct error *err)
{
    FREED_BY(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
    if (!bio || !PEM_write_bio_X509(bio, certificate))
        return fail_openssl(err, "writing a certificate");
    *pem = bio_copy(arena, bio);
    return true;
}

static bool key_pem(struct arena *arena, EVP_PKEY *key, struct str *pem, struct error *err)
{
    FREED_BY(BIO_free_all) BIO *bio = BIO_new(BIO_s_secmem());
    if (!bio || !PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
        return fail_openssl(err, "writing a key");
    *pem = bio_copy(arena, bio);
    return true;
}

static bool make_ca(struct arena *arena, const char *key_path, const char *certificate_path,
                    struct error *err)
{
    struct str key_text, certificate_text;
    instant now = instant_now();
    FREED_BY(EVP_PKEY_free) EVP_PKEY *key = EVP_EC_gen("P-256");
    FREED_BY(X509_free)
    X509 *certificate = key ? new_certificate(key, now - CLOCK_SKEW, now + CA_DAYS * DAY) : NULL;
    if (!certificate)
        return fail_openssl(err, "making the demo CA");
    X509_NAME *name = X509_get_subject_name(certificate);
    if (!add_name(name, "C", STR("NL")) || !add_name(name, "O", STR("Fundament"))
        || !add_name(name, "CN", STR("Fundament demo CA"))
        || !X509_set_issuer_name(certificate, name)
        || !add_extensions(certificate, certificate, ca_extensions)
        || !X509_sign(certificate, key, EVP_sha256()))
        return fail_openssl(err, "making the demo CA");
    return key_pem(arena, key, &key_text, err)
           && certificate_pem(arena, certificate, &certificate_text, err)
           && file_write(key_path, key_text, 0600, err)
           && file_write(certificate_path, certificate_text, 0644, err);
}

/* The key is written first: a key without its certificate has signed nothing and is made again. */
bool pki_ensure_ca(struct arena *arena, const char *folder, struct error *err)
{
    const char *key_path = path_in(arena, folder, "demo-ca.key");
    const char *certificate_path = path_in(arena, folder, "demo-ca.crt");
    if (!file_exists(certificate_path))
        return folder_make(folder, err) && make_ca(arena, key_path, certificate_path, err);
    if (!file_exists(key_path))
        return fail_about(err, NOT_FOUND, NULL,
                          N_("The key file %s of the demo CA is missing; restore it, or remove "
                             "demo-ca.crt too to make a new CA."),
                          "%s", key_path);
    return key_file_check(key_path, err);
}

static X509 *read_certificate(struct str pem)
{
    if (pem.len > INT_MAX)
        return NULL;
    FREED_BY(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    ERR_clear_error();
    return certificate;
}

/* A key with a passphrase is not asked for one on a terminal. */
static int no_passphrase(char *at, int size, int writing, void *with)
{
    (void)at, (void)size, (void)writing, (void)with;
    return -1;
}

static EVP_PKEY *read_private_key(struct str pem)
{
    FREED_BY(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    ERR_clear_error();
    return key;
}

static bool load_ca(struct arena *arena, const char *folder, struct ca *ca, struct error *err)
{
    const char *key_path = path_in(arena, folder, "demo-ca.key");
    const char *certificate_path = path_in(arena, folder, "demo-ca.crt");
    struct str key_text, certificate_text;
    if (!key_file_check(key_path, err) || !file_read(arena, key_path, PEM_LIMIT, &key_text, err)
        || !file_read(arena, certificate_path, PEM_LIMIT, &certificate_text, err))
        return false;
    ca->certificate = read_certificate(certificate_text);
    ca->key = read_private_key(key_text);
    if (ca->certificate && ca->key && X509_check_private_key(ca->certificate, ca->key))
        return true;
    ERR_clear_error();
    return fail_about(err, INVALID, NULL,
                      N_("demo-ca.crt and demo-ca.key in %s do not belong together; restore them, "
                         "or remove both to make a new CA."),
                      "%s", folder);
}

/* Signs a certificate whose subject and extensions are complete, and writes it and its key. */
static bool issue(struct arena *arena, const struct ca *ca, X509 *certificate, EVP_PKEY *key,
                  struct str *certificate_text, struct str *key_text, struct error *err)
{
    if (!X509_set_issuer_name(certificate, X509_get_subject_name(ca->certificate))
        || !X509_sign(certificate, ca->key, EVP_sha256()))
        return fail_openssl(err, "signing a certificate");
    return certificate_pem(arena, certificate, certificate_text, err)
           && key_pem(arena, key, key_text, err);
}

static bool is_host_name(struct str name)
{
    if (name.len == 0 || name.len > 253)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!is_letter_or_digit(c) && c != '-' && c != '.' && c != '*')
            return false;
    }
    return true;
}

/* An address or a host name as a GENERAL_NAME; built by hand, because OpenSSL's own text form would
 * take a comma in a name for the start of another one. */
static GENERAL_NAME *general_name(struct arena *arena, struct str name)
{
    GENERAL_NAME *general = GENERAL_NAME_new();
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(str_c(arena, name));
    if (general && address) {
        GENERAL_NAME_set0_value(general, GEN_IPADD, address);
        return general;
    }
    ERR_clear_error();
    ASN1_IA5STRING *host = ASN1_IA5STRING_new();
    if (general && host && is_host_name(name)
        && ASN1_STRING_set(host, name.at, (int)name.len)) {
        GENERAL_NAME_set0_value(general, GEN_DNS, host);
        return general;
    }
    ASN1_OCTET_STRING_free(address);
    ASN1_IA5STRING_free(host);
    GENERAL_NAME_free(general);
    return NULL;
}

static bool add_alternative_names(struct arena *arena, X509 *certificate, const struct str *names,
                                  size_t count, struct error *err)
{
    FREED_BY(GENERAL_NAMES_free) GENERAL_NAMES *all = GENERAL_NAMES_new();
    for (size_t i = 0; i < count; i++) {
        GENERAL_NAME *name = general_name(arena, names[i]);
        if (!name)
            return fail_about(err, INVALID, "name",
                              N_("\"%s\" is not a host name or an IP address."), "%.*s",
                              FMT(str_slice(names[i], 0, 80)));
        if (!all || !sk_GENERAL_NAME_push(all, name)) {
            GENERAL_NAME_free(name);
            return fail_openssl(err, "alternative names");
        }
    }
    if (!X509_add1_ext_i2d(certificate, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT))
        return fail_openssl(err, "alternative names");
    return true;
}

bool pki_issue_server(struct arena *arena, const char *folder, const struct str *names,
                      size_t name_count, struct str *certificate_text, struct str *key_text,
                      struct error *err)
{
    CA_FREED struct ca ca = { 0 };
    if (name_count == 0)
        return fail(err, INVALID, "name", N_("A server certificate needs at least one name."));
    if (!load_ca(arena, folder, &ca, err))
        return false;
    instant now = instant_now();
    FREED_BY(EVP_PKEY_free) EVP_PKEY *key = EVP_EC_gen("P-256");
    FREED_BY(X509_free)
    X509 *certificate =
        key ? new_certificate(key, now - CLOCK_SKEW, now + SERVER_DAYS * DAY) : NULL;
    if (!certificate)
        return fail_openssl(err, "making a server certificate");
    if (!add_alternative_names(arena, certificate, names, name_count, err))
        return false;
    struct str common = names[0].len <= FIELD_LEN ? names[0] : STR("Fundament");
    if (!add_name(X509_get_subject_name(certificate), "CN", common)
        || !add_extensions(certificate, ca.certificate, server_extensions))
        return fail_openssl(err, "making a server certificate");
    return issue(arena, &ca, certificate, key, certificate_text, key_text, err);
}

static bool fits_subject(struct str text)
{
    return text.len > 0 && utf8_is_text(text) && utf8_count(text) <= FIELD_LEN
           && !str_has(text, '\n') && !str_has(text, '\r') && !str_has(text, '\t');
}

static bool is_serial_number(struct str oin)
{
    if (oin.len == 0 || oin.len > FIELD_LEN)
        return false;
    for (size_t i = 0; i < oin.len; i++)
        if (!is_letter_or_digit(oin.at[i]))
            return false;
    return true;
}

static bool name_client(X509 *certificate, struct str oin, struct str name)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    return add_name(subject, "C", STR("NL")) && add_name(subject, "O", name)
           && add_name(subject, "serialNumber", oin) && add_name(subject, "CN", name);
}

bool pki_issue_client(struct arena *arena, const char *folder, struct str oin, struct str name,
                      instant now, int64_t days, struct str *certificate_text,
                      struct str *key_text, struct error *err)
{
    CA_FREED struct ca ca = { 0 };
    if (!is_serial_number(oin))
        return fail(err, INVALID, "oin", N_("An OIN is letters and digits only."));
    if (!fits_subject(name))
        return fail(err, INVALID, "name", N_("A name on a certificate has 1 to 64 characters."));
    if (days < 1 || days > CLIENT_DAYS)
        return fail(err, INVALID, "days", N_("A certificate is valid for 1 to 3650 days."));
    if (!load_ca(arena, folder, &ca, err))
        return false;
    FREED_BY(EVP_PKEY_free) EVP_PKEY *key = EVP_EC_gen("P-256");
    FREED_BY(X509_free)
    X509 *certificate = key ? new_certificate(key, now - CLOCK_SKEW, now + days * DAY) : NULL;
    if (!certificate || !name_client(certificate, oin, name)
        || !add_extensions(certificate, ca.certificate, client_extensions))
        return fail_openssl(err, "making a client certificate");
    return issue(arena, &ca, certificate, key, certificate_text, key_text, err);
}

/* The algorithm with which this key signs, as X.509 names it (RFC 5758, 4055). */
static bool set_algorithm(X509_ALGOR *algorithm, const EVP_PKEY *key)
{
    bool rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    return X509_ALGOR_set0(algorithm,
                           OBJ_nid2obj(rsa ? NID_sha256WithRSAEncryption : NID_ecdsa_with_SHA256),
                           rsa ? V_ASN1_NULL : V_ASN1_UNDEF, NULL) == 1;
}

/* What X509_sign does with a private key, for one that is elsewhere. */
static bool sign_elsewhere(struct arena *arena, X509 *certificate, EVP_PKEY *key, pki_sign *sign,
                           void *with, struct error *err)
{
    const ASN1_BIT_STRING *place;
    const X509_ALGOR *outer;
    struct str signature;
    unsigned char *tbs = NULL;
    X509_get0_signature(&place, &outer, certificate);
    if (!set_algorithm((X509_ALGOR *)(uintptr_t)X509_get0_tbs_sigalg(certificate), key)
        || !set_algorithm((X509_ALGOR *)(uintptr_t)outer, key))
        return fail_openssl(err, "signing a certificate");
    int size = i2d_re_X509_tbs(certificate, &tbs);
    if (size <= 0)
        return fail_openssl(err, "signing a certificate");
    struct str data = str_copy(arena, (struct str){ (const char *)tbs, (size_t)size });
    OPENSSL_free(tbs);
    if (!sign(with, arena, data, &signature, err))
        return false;
    ASN1_BIT_STRING *bits = (ASN1_BIT_STRING *)(uintptr_t)place;
    bits->flags = (bits->flags & ~7L) | ASN1_STRING_FLAG_BITS_LEFT; /* no bits are unused */
    return (ASN1_BIT_STRING_set(bits, (unsigned char *)(uintptr_t)signature.at, (int)signature.len)
            && X509_verify(certificate, key) == 1)
           || fail_openssl(err, "a certificate's own signature");
}

bool pki_self_signed(struct arena *arena, struct str public_key, struct str name, instant from,
                     instant until, pki_sign *sign, void *with, struct str *der, struct error *err)
{
    const unsigned char *at = (const unsigned char *)public_key.at;
    FREED_BY(EVP_PKEY_free) EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)public_key.len);
    FREED_BY(X509_free) X509 *certificate = key ? new_certificate(key, from, until) : NULL;
    if (!certificate || !fits_subject(name)
        || !add_name(X509_get_subject_name(certificate), "CN", name)
        || !X509_set_issuer_name(certificate, X509_get_subject_name(certificate))
        || !add_extensions(certificate, certificate, self_extensions))
        return fail_openssl(err, "making a certificate");
    if (!sign_elsewhere(arena, certificate, key, sign, with, err))
        return false;
    unsigned char *bytes = NULL;
    int size = i2d_X509(certificate, &bytes);
    if (size <= 0)
        return fail_openssl(err, "writing a certificate");
    *der = str_copy(arena, (struct str){ (const char *)bytes, (size_t)size });
    OPENSSL_free(bytes);
    return true;
}

bool pki_public_key(struct arena *arena, struct str certificate, struct str *public_key)
{
    const unsigned char *at = (const unsigned char *)certificate.at;
    FREED_BY(X509_free) X509 *read = d2i_X509(NULL, &at, (long)certificate.len);
    unsigned char *bytes = NULL;
    int size = read ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(read), &bytes) : -1;
    ERR_clear_error();
    if (size <= 0)
        return false;
    *public_key = str_copy(arena, (struct str){ (const char *)bytes, (size_t)size });
    OPENSSL_free(bytes);
    return true;
}
