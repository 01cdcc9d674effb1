/* SPDX-License-Identifier: EUPL-1.2 */
/* What the certificates are worth is asked of OpenSSL's own verification, as a server does it. */
#include "platform/keys/pki.h"

#include "base/file.h"
#include "platform/http/client.h"
#include "tests/test.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define VENDOR STR("00000003272448340204")

static const char *path(struct test *t, const char *name)
{
    return str_format(t->arena, "%s/%s", t->folder, name).at;
}

static void free_certificate(void *certificate)
{
    X509_free(certificate);
}

/* Lives as long as the test. */
static X509 *parse(struct test *t, struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    X509 *certificate = PEM_read_bio_X509(bio, 0, 0, 0);
    BIO_free(bio);
    CHECK(certificate);
    arena_defer(t->arena, free_certificate, certificate);
    return certificate;
}

static struct str read_file(struct test *t, const char *name)
{
    struct str bytes;
    struct error err;
    CHECK_OK(file_read(t->arena, path(t, name), 65536, &bytes, &err), err);
    return bytes;
}

static struct str issue_client(struct test *t, instant now, int64_t days)
{
    struct str certificate, key;
    struct error err;
    CHECK_OK(pki_ensure_ca(t->arena, t->folder, &err), err);
    CHECK_OK(pki_issue_client(t->arena, t->folder, VENDOR, STR("Uitgeverij Één"), now, days,
                              &certificate, &key, &err),
             err);
    return certificate;
}

static struct str issue_server(struct test *t, const struct str *names, size_t count)
{
    struct str certificate, key;
    struct error err;
    CHECK_OK(pki_ensure_ca(t->arena, t->folder, &err), err);
    CHECK_OK(pki_issue_server(t->arena, t->folder, names, count, &certificate, &key, &err), err);
    return certificate;
}

/* X509_V_OK or the reason against it. */
static int verify(struct test *t, struct str ca, struct str certificate,
                  int purpose, const char *host)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_add_cert(store, parse(t, ca));
    X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT);
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_STORE_CTX_init(context, store, parse(t, certificate), NULL);
    X509_STORE_CTX_set_purpose(context, purpose);
    if (host)
        X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(context), host, 0);
    X509_verify_cert(context);
    int result = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return result;
}

static struct str subject_part(struct test *t, X509 *certificate, int nid)
{
    char text[128] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), nid, text, sizeof text);
    return str_copy(t->arena, str_of(text));
}

TEST(a_demo_ca_is_made_once_and_its_key_is_closed)
{
    struct error err;
    struct stat about;
    CHECK_OK(pki_ensure_ca(t->arena, t->folder, &err), err);
    struct str first = read_file(t, "demo-ca.crt");
    CHECK_OK(pki_ensure_ca(t->arena, t->folder, &err), err);
    CHECK_STR(read_file(t, "demo-ca.crt"), first);
    CHECK(stat(path(t, "demo-ca.key"), &about) == 0);
    CHECK_INT(about.st_mode & 0777, 0600);
    CHECK(chmod(path(t, "demo-ca.key"), 0644) == 0);
    CHECK(!pki_ensure_ca(t->arena, t->folder, &err));
    CHECK(strstr(err.message, "chmod 600"));
}

TEST(a_ca_without_its_key_is_not_replaced_silently)
{
    struct error err;
    CHECK_OK(pki_ensure_ca(t->arena, t->folder, &err), err);
    CHECK(unlink(path(t, "demo-ca.key")) == 0);
    CHECK(!pki_ensure_ca(t->arena, t->folder, &err));
    CHECK_INT(err.kind, NOT_FOUND);
    CHECK(!file_exists(path(t, "demo-ca.key")));
}

TEST(a_client_certificate_verifies_as_a_client_and_not_as_a_server)
{
    struct str certificate = issue_client(t, instant_now(), 30), ca = read_file(t, "demo-ca.crt");
    CHECK_INT(verify(t, ca, certificate, X509_PURPOSE_SSL_CLIENT, NULL), X509_V_OK);
    CHECK_INT(verify(t, ca, certificate, X509_PURPOSE_SSL_SERVER, NULL),
              X509_V_ERR_INVALID_PURPOSE);
}

TEST(a_client_certificate_carries_the_oin_and_the_name)
{
    X509 *certificate = parse(t, issue_client(t, instant_now(), 30));
    CHECK_STR(subject_part(t, certificate, NID_serialNumber), VENDOR);
    unsigned char *name = NULL;
    X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    ASN1_STRING_to_UTF8(&name, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    CHECK_STR(str_of((const char *)name), STR("Uitgeverij Één"));
    OPENSSL_free(name);
}

TEST(serial_numbers_are_random_and_positive)
{
    X509 *one = parse(t, issue_client(t, instant_now(), 30));
    X509 *other = parse(t, issue_client(t, instant_now(), 30));
    CHECK(ASN1_INTEGER_cmp(X509_get0_serialNumber(one), X509_get0_serialNumber(other)) != 0);
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(one), NULL);
    CHECK(!BN_is_negative(number) && BN_num_bits(number) > 64 && BN_num_bits(number) <= 127);
    BN_free(number);
}

TEST(an_expired_client_certificate_does_not_verify)
{
    struct str certificate = issue_client(t, instant_now() - 3 * DAY, 2);
    CHECK_INT(verify(t, read_file(t, "demo-ca.crt"), certificate, X509_PURPOSE_SSL_CLIENT,
                     NULL),
              X509_V_ERR_CERT_HAS_EXPIRED);
}

TEST(a_certificate_of_another_ca_does_not_verify)
{
    struct str certificate = issue_client(t, instant_now(), 30);
    struct error err;
    const char *other = path(t, "other");
    CHECK_OK(pki_ensure_ca(t->arena, other, &err), err);
    int result = verify(t, read_file(t, "other/demo-ca.crt"), certificate,
                        X509_PURPOSE_SSL_CLIENT, NULL);
    CHECK(result == X509_V_ERR_CERT_SIGNATURE_FAILURE
          || result == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
}

TEST(a_server_certificate_answers_to_its_names_and_addresses_only)
{
    const struct str names[] = { STR("localhost"), STR("127.0.0.1"), STR("::1") };
    struct str certificate = issue_server(t, names, 3), ca = read_file(t, "demo-ca.crt");
    CHECK_INT(verify(t, ca, certificate, X509_PURPOSE_SSL_SERVER, "localhost"), X509_V_OK);
    CHECK_INT(verify(t, ca, certificate, X509_PURPOSE_SSL_SERVER, "elsewhere"),
              X509_V_ERR_HOSTNAME_MISMATCH);
    CHECK_INT(verify(t, ca, certificate, X509_PURPOSE_SSL_CLIENT, NULL),
              X509_V_ERR_INVALID_PURPOSE);
    CHECK_INT(X509_check_ip_asc(parse(t, certificate), "127.0.0.1", 0), 1);
    CHECK_INT(X509_check_ip_asc(parse(t, certificate), "::1", 0), 1);
    CHECK_INT(X509_check_ip_asc(parse(t, certificate), "127.0.0.2", 0), 0);
}

TEST(a_name_cannot_smuggle_in_another_name)
{
    struct error err;
    struct str certificate, key, none = STR(""), comma = STR("good,DNS:evil"),
                                 space = STR("a b"), nul = STR("good\0.evil");
    CHECK_OK(pki_ensure_ca(t->arena, t->folder, &err), err);
    CHECK(!pki_issue_server(t->arena, t->folder, &comma, 1, &certificate, &key, &err));
    CHECK_INT(err.kind, INVALID);
    CHECK(!pki_issue_server(t->arena, t->folder, &space, 1, &certificate, &key, &err));
    CHECK(!pki_issue_server(t->arena, t->folder, &none, 1, &certificate, &key, &err));
    CHECK(!pki_issue_server(t->arena, t->folder, &nul, 1, &certificate, &key, &err));
    CHECK(!pki_issue_server(t->arena, t->folder, NULL, 0, &certificate, &key, &err));
}

TEST(a_client_certificate_refuses_bad_names_numbers_and_days)
{
    static const struct {
        struct str oin, name;
        int64_t days;
        const char *field;
    } bad[] = {
        { S(""), S("x"), 1, "oin" },
        { S("0000 0003"), S("x"), 1, "oin" },
        { S("00000003\n"), S("x"), 1, "oin" },
        { S("1"), S(""), 1, "name" },
        { S("1"), S("a\nb"), 1, "name" },
        { S("1"), S("\xff"), 1, "name" },
        { S("1"), S("12345678901234567890123456789012345678901234567890123456789012345"), 1,
          "name" },
        { S("1"), S("x"), 0, "days" },
        { S("1"), S("x"), 3651, "days" },
    };
    struct error err;
    CHECK_OK(pki_ensure_ca(t->arena, t->folder, &err), err);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct str certificate, key;
        CHECK(!pki_issue_client(t->arena, t->folder, bad[i].oin, bad[i].name, instant_now(),
                                bad[i].days, &certificate, &key, &err));
        CHECK_STR(str_of(err.field), str_of(bad[i].field));
    }
}

TEST(a_key_of_another_ca_is_noticed)
{
    struct error err;
    struct str certificate, key;
    CHECK_OK(pki_ensure_ca(t->arena, t->folder, &err), err);
    CHECK_OK(pki_ensure_ca(t->arena, path(t, "other"), &err), err);
    CHECK_OK(file_write(path(t, "demo-ca.key"), read_file(t, "other/demo-ca.key"), 0600, &err),
             err);
    CHECK(!pki_issue_client(t->arena, t->folder, VENDOR, STR("x"), instant_now(), 1, &certificate,
                            &key, &err));
    CHECK(strstr(err.message, "belong together"));
}

TEST(a_name_with_marks_is_read_as_it_was_written)
{
    static const struct str name = S("Jansen, Zn. + \"Co\" <b>; =#1\\");
    struct str certificate, key, ca;
    struct error err;
    gnutls_x509_trust_list_t trust;
    gnutls_x509_crt_t own;
    struct machine machine;
    CHECK_OK(pki_ensure_ca(t->arena, t->folder, &err), err);
    CHECK_OK(pki_issue_client(t->arena, t->folder, VENDOR, name, instant_now(), 30, &certificate,
                              &key, &err),
             err);
    ca = read_file(t, "demo-ca.crt");
    gnutls_datum_t pem = { (unsigned char *)(uintptr_t)certificate.at, (unsigned)certificate.len };
    gnutls_datum_t trusted = { (unsigned char *)(uintptr_t)ca.at, (unsigned)ca.len }, der;
    CHECK(gnutls_x509_trust_list_init(&trust, 0) == 0);
    CHECK(gnutls_x509_trust_list_add_trust_mem(trust, &trusted, NULL, GNUTLS_X509_FMT_PEM, 0, 0) == 1);
    CHECK(gnutls_x509_crt_init(&own) == 0);
    CHECK(gnutls_x509_crt_import(own, &pem, GNUTLS_X509_FMT_PEM) == 0);
    CHECK(gnutls_x509_crt_export2(own, GNUTLS_X509_FMT_DER, &der) == 0);
    machine_check(trust, &der, 1, &machine);
    CHECK_INT(machine.state, MACHINE_OK);
    CHECK_STR(machine.client.common_name, name);
    CHECK_STR(machine.client.serial_number, VENDOR);
    gnutls_free(der.data);
    gnutls_x509_crt_deinit(own);
    gnutls_x509_trust_list_deinit(trust, 1);
}
