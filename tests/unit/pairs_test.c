/* SPDX-License-Identifier: EUPL-1.2 */
/* Keys with a public half, in files and in a token (SoftHSM): what they sign and decrypt is checked by
 * OpenSSL, as others would. BOTH_HOMES(sentence) is two tests. */
#include "platform/keys/keeper.h"

#include "base/file.h"
#include "platform/keys/oaep.h"
#include "platform/keys/registry.h"
#include "platform/keys/wire.h"
#include "platform/service.h"
#include "tests/test.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <p11-kit/pkcs11.h>
#include <stdlib.h>
#include <unistd.h>

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define PIN    "271828"

static const struct key_use uses[] = {
    { .name = "ec", .purpose = "", .kind = KEY_SIGN_EC, .certificate = "Signs with ECDSA" },
    { .name = "rsa", .purpose = "", .kind = KEY_SIGN_RSA, .bits = 2048,
      .certificate = "Signs with RSA" },
    { .name = "opens", .purpose = "", .kind = KEY_DECRYPT_RSA, .bits = 2048,
      .certificate = "Is encrypted for" },
    { .name = NULL },
};

/* Only what a test names: making RSA keys takes a while. Of this process, which runs one test. */
static struct key_use named[count_of(uses)];
static const struct service user = { .name = "user", .title = "User", .keys = named };
static const struct service *const services[] = { &platform_service, &keys_service, &user, NULL };

enum home { IN_FILES, IN_TOKEN };

#define BOTH_HOMES(title)                                                                          \
    static void title(struct test *t, enum home home);                                             \
    TEST(title##_in_files)                                                                         \
    {                                                                                              \
        title(t, IN_FILES);                                                                        \
    }                                                                                              \
    TEST(title##_in_a_token)                                                                       \
    {                                                                                              \
        title(t, IN_TOKEN);                                                                        \
    }                                                                                              \
    static void title(struct test *t, enum home home)

/* A world */

static void write_file(struct test *t, const char *name, struct str text)
{
    struct error err;
    CHECK_OK(file_write(str_format(t->arena, "%s/%s", t->folder, name).at, text, 0600, &err), err);
}

/* As `softhsm2-util --init-token` does it. */
static void init_token(CK_FUNCTION_LIST_PTR module)
{
    CK_SLOT_ID slot;
    CK_ULONG one = 1;
    CK_SESSION_HANDLE session;
    CK_UTF8CHAR label[32], *so_pin = (CK_UTF8CHAR *)(uintptr_t)"31415926";
    memset(label, ' ', sizeof label);
    memcpy(label, "fundament", 9);
    CHECK(module->C_Initialize(NULL) == CKR_OK);
    CHECK(module->C_GetSlotList(CK_FALSE, &slot, &one) == CKR_OK && one == 1);
    CHECK(module->C_InitToken(slot, so_pin, 8, label) == CKR_OK);
    CHECK(module->C_GetSlotList(CK_TRUE, &slot, &one) == CKR_OK || one > 1);
    CHECK(module->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session)
          == CKR_OK);
    CHECK(module->C_Login(session, CKU_SO, so_pin, 8) == CKR_OK);
    CHECK(module->C_InitPIN(session, (CK_UTF8CHAR *)(uintptr_t)PIN, 6) == CKR_OK);
    CHECK(module->C_Finalize(NULL) == CKR_OK);
}

/* The settings of a token of the test's own, used through this module. */
static struct str given_token(struct test *t, const char *used)
{
    CK_C_GetFunctionList list;
    CK_FUNCTION_LIST_PTR module;
    struct error err;
    void *library = dlopen(MODULE, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        test_skip("SoftHSM is not here");
    CHECK_OK(folder_make(str_format(t->arena, "%s/tokens", t->folder).at, &err), err);
    write_file(t, "softhsm.conf",
               str_format(t->arena, "directories.tokendir = %s/tokens\nlog.level = ERROR\n",
                          t->folder));
    setenv("SOFTHSM2_CONF", str_format(t->arena, "%s/softhsm.conf", t->folder).at, 1);
    *(void **)&list = dlsym(library, "C_GetFunctionList");
    CHECK(list && list(&module) == CKR_OK);
    init_token(module);
    write_file(t, "pin", STR(PIN "\n"));
    return str_format(t->arena,
                      "keys.engine = pkcs11\nkeys.pkcs11_module = %s\n"
                      "keys.pkcs11_token = fundament\nkeys.pkcs11_pin_file = %s/pin\n"
                      "keys.pkcs11_writes = %s/tokens\n",
                      used, t->folder, t->folder);
}

static struct app *open_app(struct test *t, bool apart)
{
    struct app *app = arena_new(t->arena, struct app);
    struct error err;
    bool opened = apart ? app_open_to_serve(t->arena, t->folder, services, app, &err)
                        : app_open(t->arena, t->folder, services, true, app, &err);
    CHECK_OK(opened, err);
    return app;
}

static void name_keys(struct str names)
{
    size_t count = 0;
    for (const struct key_use *use = uses; use->name; use++)
        if (str_has(names, use->name[0]))
            named[count++] = *use;
}

/* `names`: the first letters of the keys. */
static struct app *given_app(struct test *t, enum home home, bool apart, struct str names)
{
    name_keys(names);
    struct str token = home == IN_TOKEN ? given_token(t, MODULE) : STR("");
    write_file(t, "fundament.conf",
               str_format(t->arena, "sandbox = no\nlog.level = error\n%.*s", FMT(token)));
    return open_app(t, apart);
}

static enum key_engine engine_of(enum home home)
{
    return home == IN_TOKEN ? ENGINE_PKCS11 : ENGINE_FILE;
}

/* A version that becomes the active one at the moment that is returned. */
static instant given_next(struct app *app, enum home home, const char *key)
{
    int64_t number;
    instant from;
    struct error err;
    CHECK_OK(registry_add(app->keeper, key, engine_of(home), &number, &err), err);
    CHECK_OK(registry_rotate(app->keeper, key, NULL, &number, &from, &err), err);
    CHECK_INT(number, 2);
    return from;
}

static struct public_keys list_keys(struct test *t, struct app *app, const char *key, instant now)
{
    struct public_keys keys;
    struct error err;
    CHECK_OK(keeper_public_keys(app->keeper, t->arena, key, now, &keys, &err), err);
    return keys;
}

/* OpenSSL's side */

static EVP_PKEY *public_of(struct str der)
{
    const unsigned char *at = (const unsigned char *)der.at;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der.len);
    CHECK(key);
    return key;
}

/* r and s as the two integers in DER that OpenSSL wants. */
static struct str as_der(struct test *t, struct str both)
{
    unsigned char *out = NULL;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    CHECK_INT(both.len, 64);
    ECDSA_SIG_set0(pair, BN_bin2bn((const unsigned char *)both.at, 32, NULL),
                   BN_bin2bn((const unsigned char *)both.at + 32, 32, NULL));
    int size = i2d_ECDSA_SIG(pair, &out);
    struct str der = str_copy(t->arena, (struct str){ (const char *)out, (size_t)size });
    OPENSSL_free(out);
    ECDSA_SIG_free(pair);
    return der;
}

static bool verifies(struct test *t, struct str der, enum sign_scheme scheme, struct str data,
                     struct str signature)
{
    EVP_PKEY *key = public_of(der);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how;
    if (scheme == SIGN_ES256)
        signature = as_der(t, signature);
    CHECK(EVP_DigestVerifyInit(context, &how, EVP_sha256(), NULL, key) == 1);
    if (scheme == SIGN_PS256) {
        EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST);
    }
    bool ok = EVP_DigestVerify(context, (const unsigned char *)signature.at, signature.len,
                               (const unsigned char *)data.at, data.len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok;
}

static struct str encrypt(struct test *t, struct str der, enum decrypt_scheme scheme,
                          struct str plain)
{
    EVP_PKEY *key = public_of(der);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    bool sha256 = scheme >= OAEP_SHA256_MGF1_SHA1;
    bool mgf1 = scheme == OAEP_SHA1_MGF1_SHA256 || scheme == OAEP_SHA256_MGF1_SHA256;
    size_t size = (size_t)EVP_PKEY_get_size(key);
    unsigned char *out = arena_alloc(t->arena, size);
    CHECK(EVP_PKEY_encrypt_init(context) == 1);
    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING);
    EVP_PKEY_CTX_set_rsa_oaep_md(context, sha256 ? EVP_sha256() : EVP_sha1());
    EVP_PKEY_CTX_set_rsa_mgf1_md(context, mgf1 ? EVP_sha256() : EVP_sha1());
    CHECK(EVP_PKEY_encrypt(context, out, &size, (const unsigned char *)plain.at, plain.len) == 1);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    return (struct str){ (const char *)out, size };
}

static struct str sign(struct test *t, struct app *app, enum sign_scheme scheme, struct str data,
                       int64_t *version)
{
    struct str signature;
    struct error err;
    CHECK_OK(keeper_sign(app->keeper, t->arena, scheme == SIGN_ES256 ? "ec" : "rsa", scheme, data,
                         &signature, version, &err),
             err);
    return signature;
}

/* Signing */

BOTH_HOMES(a_signature_of_each_scheme_verifies_with_the_published_key)
{
    struct app *app = given_app(t, home, true, STR("er"));
    struct str data = STR("what is signed"), der;
    struct error err;
    CHECK(keeper_process(app->keeper) > 0);
    for (enum sign_scheme scheme = 0; scheme < SIGN_SCHEMES; scheme++) {
        const char *key = scheme == SIGN_ES256 ? "ec" : "rsa";
        struct str signature = sign(t, app, scheme, data, NULL);
        CHECK_OK(keeper_public_key(app->keeper, t->arena, key, 0, &der, &err), err);
        CHECK(verifies(t, der, scheme, data, signature));
        CHECK(!verifies(t, der, scheme, STR("else"), signature));
        CHECK(verifies(t, der, scheme, STR(""), sign(t, app, scheme, STR(""), NULL)));
    }
    app_close(app);
}

BOTH_HOMES(a_version_signs_when_it_is_named_though_another_is_active)
{
    struct app *app = given_app(t, home, false, STR("e"));
    struct str data = STR("x");
    instant from = given_next(app, home, "ec");
    struct public_keys keys = list_keys(t, app, "ec", from);
    int64_t one = 1, two = 2, three = 3, active = 0;
    struct error err;
    CHECK(verifies(t, keys.at[0].key, SIGN_ES256, data, sign(t, app, SIGN_ES256, data, &one)));
    CHECK(verifies(t, keys.at[1].key, SIGN_ES256, data, sign(t, app, SIGN_ES256, data, &two)));
    sign(t, app, SIGN_ES256, data, &active);
    CHECK_INT(active, 1); /* until `from` */
    CHECK(!keeper_sign(app->keeper, t->arena, "ec", SIGN_ES256, data, &data, &three, &err));
    CHECK_INT(err.kind, UNAVAILABLE);
    app_close(app);
}

BOTH_HOMES(a_key_that_decrypts_does_not_sign_and_one_that_signs_does_not_decrypt)
{
    struct app *app = given_app(t, home, true, STR("or"));
    struct str out, bytes = { arena_alloc(t->arena, 256), 256 };
    struct error err;
    CHECK(!keeper_sign(app->keeper, t->arena, "opens", SIGN_RS256, STR("x"), &out, NULL, &err));
    CHECK(!keeper_sign(app->keeper, t->arena, "rsa", SIGN_ES256, STR("x"), &out, NULL, &err));
    CHECK(!keeper_decrypt(app->keeper, t->arena, "rsa", 1, OAEP_SHA1_MGF1_SHA1, bytes, &out, &err));
    CHECK_INT(err.kind, INTERNAL);
    app_close(app);
}

/* The overlap of a rotation */

BOTH_HOMES(all_versions_that_others_must_know_are_listed_with_their_dates)
{
    struct app *app = given_app(t, home, false, STR("e"));
    instant before = instant_now(), from = given_next(app, home, "ec");
    struct public_keys now = list_keys(t, app, "ec", before + SECOND);
    CHECK_INT(now.len, 2);
    CHECK(now.at[0].state == KEY_ACTIVE && now.at[1].state == KEY_NEXT);
    CHECK(now.at[0].made <= before && now.at[1].made >= before && now.at[1].since == from);
    struct public_keys then = list_keys(t, app, "ec", from);
    CHECK(then.at[0].state == KEY_PREVIOUS && then.at[1].state == KEY_ACTIVE);
    CHECK_INT(then.at[0].since, from);
    CHECK(!str_eq(then.at[0].key, then.at[1].key));
    CHECK(!str_eq(then.at[0].certificate, then.at[1].certificate));
    app_close(app);
}

TEST(a_node_lists_the_certified_key_whose_private_half_it_does_not_have_yet)
{
    struct app *app = given_app(t, IN_FILES, false, STR("e"));
    int64_t number;
    struct error err;
    CHECK_OK(registry_add(app->keeper, "ec", ENGINE_FILE, &number, &err), err);
    struct public_keys here = list_keys(t, app, "ec", instant_now());
    app_close(app);
    CHECK(unlink(str_format(t->arena, "%s/keys/ec.2.key", t->folder).at) == 0);
    app = open_app(t, true);
    struct public_keys there = list_keys(t, app, "ec", instant_now());
    CHECK_INT(there.len, 2);
    CHECK_STR(there.at[1].key, here.at[1].key);
    CHECK_STR(there.at[1].certificate, here.at[1].certificate);
    app_close(app);
}

TEST(a_retired_version_is_not_listed_any_more)
{
    struct app *app = given_app(t, IN_FILES, false, STR("e"));
    int64_t number, needed;
    struct error err;
    CHECK_OK(registry_add(app->keeper, "ec", ENGINE_FILE, &number, &err), err);
    CHECK_OK(registry_retire(app->keeper, "ec", number, true, &needed, &err), err);
    struct public_keys left = list_keys(t, app, "ec", instant_now());
    CHECK_INT(left.len, 1);
    CHECK_INT(left.at[0].version, 1);
    app_close(app);
}

/* Certificates */

static X509 *certificate_of(struct str der)
{
    const unsigned char *at = (const unsigned char *)der.at;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    CHECK(certificate);
    return certificate;
}

BOTH_HOMES(each_key_has_a_certificate_that_it_signed_itself)
{
    struct app *app = given_app(t, home, true, STR("eor"));
    for (const struct key_use *use = named; use->name; use++) {
        struct public_keys keys = list_keys(t, app, use->name, instant_now());
        CHECK_INT(keys.len, 1);
        X509 *certificate = certificate_of(keys.at[0].certificate);
        EVP_PKEY *key = public_of(keys.at[0].key);
        char name[80] = "";
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                  sizeof name);
        CHECK_STR(str_of(name), str_of(use->certificate));
        CHECK(X509_verify(certificate, key) == 1);
        CHECK(EVP_PKEY_eq(X509_get0_pubkey(certificate), key) == 1);
        CHECK(X509_get_extension_flags(certificate) & EXFLAG_SS);
        CHECK(!(X509_get_extension_flags(certificate) & EXFLAG_INVALID));
        CHECK(X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0);
        time_t years = time(NULL) + (time_t)9 * 365 * 86400;
        CHECK(X509_cmp_time(X509_get0_notAfter(certificate), &years) > 0);
        EVP_PKEY_free(key);
        X509_free(certificate);
    }
    app_close(app);
}

BOTH_HOMES(a_certificate_stays_the_same_bytes_when_the_process_starts_again)
{
    struct app *app = given_app(t, home, true, STR("e"));
    struct public_keys before = list_keys(t, app, "ec", instant_now());
    app_close(app);
    app = open_app(t, true);
    struct public_keys after = list_keys(t, app, "ec", instant_now());
    CHECK(before.at[0].certificate.len > 200);
    CHECK_STR(after.at[0].certificate, before.at[0].certificate);
    CHECK_STR(after.at[0].key, before.at[0].key);
    app_close(app);
}

TEST(a_keeper_that_serves_makes_no_certificates)
{
    const struct key_use *all[] = { &uses[0] };
    struct wire_state state = { .vault = vault_new(t->arena, all, 1, t->folder, NULL) };
    struct fingerprint fingerprint;
    struct error err;
    struct {
        struct wire_head head;
        struct wire_dates dates;
    } asked = { { .size = sizeof asked, .op = WIRE_CERTIFY, .version = 1 },
                { instant_now(), instant_now() + DAY } };
    struct str body, message = { (const char *)&asked, sizeof asked };
    CHECK_OK(vault_load(state.vault, 0, 1, ENGINE_FILE, MAKE, &fingerprint, &err), err);
    CHECK_OK(wire_take(wire_answer(&state, t->arena, message), &body, &err), err);
    CHECK(body.len > 200);
    state.ready = true;
    CHECK(!wire_take(wire_answer(&state, t->arena, message), &body, &err));
    vault_free(state.vault);
}

/* Decrypting */

BOTH_HOMES(what_others_encrypted_is_decrypted_with_each_pair_of_digests)
{
    struct app *app = given_app(t, home, true, STR("o"));
    struct str key = list_keys(t, app, "opens", instant_now()).at[0].key, plain;
    struct error err;
    for (enum decrypt_scheme scheme = 0; scheme < DECRYPT_SCHEMES; scheme++) {
        static const struct str secrets[] = { { "0123456789abcdef0123456789abcdef", 32 },
                                              { "\0\1\0", 3 }, { "", 0 } };
        for (size_t i = 0; i < count_of(secrets); i++) {
            struct str encrypted = encrypt(t, key, scheme, secrets[i]);
            CHECK_OK(keeper_decrypt(app->keeper, t->arena, "opens", 1, scheme, encrypted, &plain,
                                    &err),
                     err);
            CHECK_STR(plain, secrets[i]);
            enum decrypt_scheme other = (scheme + 1) % DECRYPT_SCHEMES;
            CHECK(!keeper_decrypt(app->keeper, t->arena, "opens", 1, other, encrypted, &plain,
                                  &err));
        }
    }
    app_close(app);
}

BOTH_HOMES(what_does_not_decrypt_is_refused_in_one_way_whatever_is_wrong)
{
    struct app *app = given_app(t, home, true, STR("o"));
    struct str key = list_keys(t, app, "opens", instant_now()).at[0].key, plain;
    struct str good = encrypt(t, key, OAEP_SHA256_MGF1_SHA256, STR("x")), bad[5];
    for (size_t i = 0; i < count_of(bad); i++)
        bad[i] = str_copy(t->arena, good);
    ((char *)(uintptr_t)bad[0].at)[100] ^= 1;
    memset((char *)(uintptr_t)bad[1].at, 0xff, bad[1].len); /* larger than the modulus */
    memset((char *)(uintptr_t)bad[2].at, 0, bad[2].len);
    bad[3].len--;
    bad[4] = (struct str){ arena_alloc(t->arena, 4000), 4000 };
    const char *message = NULL;
    for (size_t i = 0; i < count_of(bad); i++) {
        struct error err = { 0 };
        CHECK(!keeper_decrypt(app->keeper, t->arena, "opens", 1, OAEP_SHA256_MGF1_SHA256, bad[i],
                              &plain, &err));
        CHECK_INT(err.kind, INVALID);
        CHECK(!message || message == err.message);
        CHECK_STR(str_of(err.detail), STR(""));
        message = err.message;
    }
    struct error err;
    CHECK_OK(keeper_decrypt(app->keeper, t->arena, "opens", 1, OAEP_SHA256_MGF1_SHA256, good, &plain,
                            &err),
             err);
    app_close(app);
}

BOTH_HOMES(what_was_encrypted_for_the_version_before_or_the_next_one_is_decrypted_too)
{
    struct app *app = given_app(t, home, false, STR("o"));
    struct public_keys keys = list_keys(t, app, "opens", given_next(app, home, "opens"));
    struct error err;
    CHECK_INT(keys.len, 2);
    for (size_t i = 0; i < 2; i++) {
        struct str plain, encrypted = encrypt(t, keys.at[i].key, OAEP_SHA1_MGF1_SHA1, STR("x"));
        CHECK_OK(keeper_decrypt(app->keeper, t->arena, "opens", 0, OAEP_SHA1_MGF1_SHA1, encrypted,
                                &plain, &err),
                 err);
        CHECK_STR(plain, STR("x"));
        CHECK(!keeper_decrypt(app->keeper, t->arena, "opens", i ? 1 : 2, OAEP_SHA1_MGF1_SHA1,
                              encrypted, &plain, &err));
    }
    app_close(app);
}

TEST(a_token_that_takes_the_padding_off_itself_decrypts_too)
{
    struct str token = given_token(t, WITHOUT_RAW_RSA), plain;
    struct error err;
    name_keys(STR("o"));
    write_file(t, "fundament.conf",
               str_format(t->arena, "sandbox = no\nlog.level = error\n%.*s", FMT(token)));
    struct app *app = open_app(t, true);
    struct str key = list_keys(t, app, "opens", instant_now()).at[0].key;
    struct str encrypted = encrypt(t, key, OAEP_SHA1_MGF1_SHA1, STR("by the token"));
    CHECK_OK(keeper_decrypt(app->keeper, t->arena, "opens", 1, OAEP_SHA1_MGF1_SHA1, encrypted, &plain,
                            &err),
             err);
    CHECK_STR(plain, STR("by the token"));
    encrypted = encrypt(t, key, OAEP_SHA256_MGF1_SHA256, STR("x")); /* which SoftHSM cannot */
    CHECK(!keeper_decrypt(app->keeper, t->arena, "opens", 1, OAEP_SHA256_MGF1_SHA256, encrypted,
                          &plain, &err));
    app_close(app);
}

/* The padding alone: made by OpenSSL. */
TEST(padding_with_any_byte_changed_is_no_padding)
{
    EVP_PKEY *pair = EVP_RSA_gen(1024);
    unsigned char *bytes = NULL, raw[128];
    size_t size = sizeof raw;
    int length = i2d_PUBKEY(pair, &bytes);
    struct str encrypted = encrypt(t, (struct str){ (const char *)bytes, (size_t)length },
                                   OAEP_SHA256_MGF1_SHA1, STR("\1\0message"));
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pair, NULL);
    CHECK(EVP_PKEY_decrypt_init(context) == 1
          && EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1
          && EVP_PKEY_decrypt(context, raw, &size, (const unsigned char *)encrypted.at,
                              encrypted.len) == 1);
    struct str message, padded = { (const char *)raw, size };
    CHECK(oaep_open(t->arena, true, false, padded, &message));
    CHECK_STR(message, STR("\1\0message"));
    for (size_t i = 0; i < size - 9; i++) { /* the last nine are the message's own */
        raw[i] ^= 0x40;
        CHECK(!oaep_open(t->arena, true, false, padded, &message));
        raw[i] ^= 0x40;
    }
    for (size_t i = 0; i < 66; i++)
        CHECK(!oaep_open(t->arena, true, false, str_slice(padded, 0, i), &message));
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(pair);
    OPENSSL_free(bytes);
}
