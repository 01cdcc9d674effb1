/* SPDX-License-Identifier: EUPL-1.2 */
/* Passkeys, answered by an authenticator made here: a key of OpenSSL and the bytes of the standard. */
#include "tests/test.h"

#include "base/buf.h"
#include "base/list.h"
#include "platform/people/cbor.h"
#include "platform/people/webauthn.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

enum { PRESENT = 1, VERIFIED = 4, HAS_KEY = 64, HAS_EXTENSIONS = 128 };

struct device {
    struct test *t;
    EVP_PKEY *key;
    struct relying_party party;
    const char *type, *origin, *extra; /* of the client data */
    const char *rp;                    /* whose hash it signs */
    int flags;
    uint32_t counter;
};

static struct device given_device(struct test *t, EVP_PKEY *key)
{
    struct device device = { .t = t, .key = key, .type = "webauthn.create",
                             .origin = "https://localhost:8443", .extra = "", .rp = "localhost",
                             .flags = PRESENT | VERIFIED | HAS_KEY, .counter = 1 };
    CHECK(key);
    CHECK(relying_party_of(STR("https://localhost:8443"), &device.party));
    return device;
}

static struct str client_data(const struct device *device)
{
    return str_format(device->t->arena,
                      "{\"type\":\"%s\",\"challenge\":\"AAECAw\",\"origin\":\"%s\"%s}",
                      device->type, device->origin, device->extra);
}

static void put_head(struct buf *out, int kind, size_t number)
{
    if (number < 24) {
        buf_byte(out, (char)(kind << 5 | (int)number));
    } else if (number < 256) {
        buf_byte(out, (char)(kind << 5 | 24));
        buf_byte(out, (char)number);
    } else {
        buf_byte(out, (char)(kind << 5 | 25));
        buf_byte(out, (char)(number >> 8));
        buf_byte(out, (char)number);
    }
}

static void put_int(struct buf *out, int64_t number)
{
    if (number >= 0)
        put_head(out, 0, (size_t)number);
    else
        put_head(out, 1, (size_t)(-1 - number));
}

static void put_number(struct buf *out, int64_t label, const EVP_PKEY *key, const char *name, int size)
{
    unsigned char bytes[512];
    BIGNUM *number = NULL;
    CHECK(EVP_PKEY_get_bn_param(key, name, &number));
    int len = size ? size : BN_num_bytes(number);
    CHECK(BN_bn2binpad(number, bytes, len) == len);
    BN_free(number);
    put_int(out, label);
    put_head(out, CBOR_BYTES, (size_t)len);
    buf_add(out, (struct str){ (const char *)bytes, (size_t)len });
}

static void put_pairs(struct buf *out, const int64_t *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_int(out, pairs[i]);
}

static struct str cose_key(const struct device *device)
{
    struct buf out = { .arena = device->t->arena };
    unsigned char raw[32];
    size_t len = sizeof raw;
    if (EVP_PKEY_is_a(device->key, "EC")) {
        put_head(&out, CBOR_MAP, 5);
        put_pairs(&out, (int64_t[]){ 1, 2, 3, -7, -1, 1 }, 6);
        put_number(&out, -2, device->key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
        put_number(&out, -3, device->key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
    } else if (EVP_PKEY_is_a(device->key, "RSA")) {
        put_head(&out, CBOR_MAP, 4);
        put_pairs(&out, (int64_t[]){ 1, 3, 3, -257 }, 4);
        put_number(&out, -1, device->key, OSSL_PKEY_PARAM_RSA_N, 0);
        put_number(&out, -2, device->key, OSSL_PKEY_PARAM_RSA_E, 0);
    } else {
        CHECK(EVP_PKEY_get_raw_public_key(device->key, raw, &len));
        put_head(&out, CBOR_MAP, 4);
        put_pairs(&out, (int64_t[]){ 1, 1, 3, -8, -1, 6, -2 }, 7);
        put_head(&out, CBOR_BYTES, len);
        buf_add(&out, (struct str){ (const char *)raw, len });
    }
    return buf_str(&out);
}

static struct str authenticator_data(const struct device *device)
{
    struct buf out = { .arena = device->t->arena };
    unsigned char hash[32];
    SHA256((const unsigned char *)device->rp, strlen(device->rp), hash);
    buf_add(&out, (struct str){ (const char *)hash, sizeof hash });
    buf_byte(&out, (char)device->flags);
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_byte(&out, (char)(device->counter >> shift));
    if (device->flags & HAS_KEY) {
        buf_add(&out, STR("0123456789abcdef\x00\x04" "cred"));
        buf_add(&out, cose_key(device));
    }
    return buf_str(&out);
}

static struct str attestation(const struct device *device)
{
    struct buf out = { .arena = device->t->arena };
    struct str data = authenticator_data(device);
    buf_add(&out, STR("\xa3\x63" "fmt\x64none\x67" "attStmt\xa0\x68" "authData"));
    put_head(&out, CBOR_BYTES, data.len);
    buf_add(&out, data);
    return buf_str(&out);
}

static struct str sign(const struct device *device, struct str bytes)
{
    unsigned char *signature = arena_alloc(device->t->arena, 512);
    size_t len = 512;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest = EVP_PKEY_is_a(device->key, "ED25519") ? NULL : EVP_sha256();
    CHECK(EVP_DigestSignInit(context, NULL, digest, NULL, device->key) == 1);
    CHECK(EVP_DigestSign(context, signature, &len, (const unsigned char *)bytes.at, bytes.len) == 1);
    EVP_MD_CTX_free(context);
    return (struct str){ (const char *)signature, len };
}

static struct assertion assertion_of(const struct device *device)
{
    struct assertion assertion = { .client_data = client_data(device),
                                   .authenticator_data = authenticator_data(device) };
    struct buf both = { .arena = device->t->arena };
    unsigned char hash[32];
    SHA256((const unsigned char *)assertion.client_data.at, assertion.client_data.len, hash);
    buf_add(&both, assertion.authenticator_data);
    buf_add(&both, (struct str){ (const char *)hash, sizeof hash });
    assertion.signature = sign(device, buf_str(&both));
    return assertion;
}

static bool registers(const struct device *device, struct new_passkey *made, struct error *err)
{
    return passkey_register(device->t->arena, &device->party, client_data(device),
                            attestation(device), made, err);
}

/* Registers, and makes the device ready to answer. */
static struct str given_passkey(struct device *device)
{
    struct new_passkey made;
    struct error err = { 0 };
    CHECK_OK(registers(device, &made, &err), err);
    CHECK_STR(made.credential, STR("cred"));
    device->type = "webauthn.get";
    device->flags = PRESENT | VERIFIED;
    return made.public_key;
}

static bool answers(const struct device *device, struct str public_key)
{
    uint32_t counter = 0;
    struct error err = { 0 };
    struct assertion assertion = assertion_of(device);
    bool right = passkey_verify(device->t->arena, &device->party, &assertion, public_key, &counter,
                                &err);
    CHECK(right == !err.message);
    CHECK(!right || counter == device->counter);
    return right;
}

TEST(passkeys_of_three_kinds_of_keys_register_and_answer)
{
    EVP_PKEY *keys[] = { EVP_EC_gen("P-256"), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
                         EVP_RSA_gen(2048) };
    for (size_t i = 0; i < count_of(keys); i++) {
        struct device device = given_device(t, keys[i]);
        struct str public_key = given_passkey(&device);
        CHECK(answers(&device, public_key));
        EVP_PKEY_free(keys[i]);
    }
}

TEST(a_key_that_is_weak_is_refused)
{
    struct new_passkey made;
    struct error err = { 0 };
    struct device weak = given_device(t, EVP_RSA_gen(1024));
    CHECK(!registers(&weak, &made, &err));
    CHECK_INT(err.kind, INVALID);
    EVP_PKEY_free(weak.key);
}

TEST(a_key_of_another_algorithm_or_curve_is_refused)
{
    struct device device = given_device(t, EVP_EC_gen("P-256"));
    static const size_t places[] = { 2, 4, 6 }; /* the values of kty, alg and crv */
    for (size_t i = 0; i < count_of(places); i++) {
        struct str public_key, key = cose_key(&device);
        struct error err = { 0 };
        char *bytes = arena_copy(t->arena, key.at, key.len);
        bytes[places[i]]++;
        CHECK(!cose_key_parse(t->arena, (struct str){ bytes, key.len }, &public_key, &err));
    }
    EVP_PKEY_free(device.key);
}

TEST(a_point_that_is_not_on_the_curve_is_refused)
{
    struct device device = given_device(t, EVP_EC_gen("P-256"));
    struct str public_key, key = cose_key(&device);
    struct error err = { 0 };
    CHECK_OK(cose_key_parse(t->arena, key, &public_key, &err), err);
    char *bytes = arena_copy(t->arena, key.at, key.len);
    bytes[key.len - 1] ^= 1;
    CHECK(!cose_key_parse(t->arena, (struct str){ bytes, key.len }, &public_key, &err));
    EVP_PKEY_free(device.key);
}

TEST(what_is_not_this_page_or_not_verified_does_not_register)
{
    struct device good = given_device(t, EVP_EC_gen("P-256"));
    struct device wrong[7];
    for (size_t i = 0; i < count_of(wrong); i++)
        wrong[i] = good;
    wrong[0].origin = "https://localhost";
    wrong[1].origin = "https://evil.example";
    wrong[2].type = "webauthn.get";
    wrong[3].rp = "evil.example";
    wrong[4].flags = PRESENT | HAS_KEY;
    wrong[5].flags = PRESENT | VERIFIED;
    wrong[6].extra = ",\"crossOrigin\":true";
    for (size_t i = 0; i < count_of(wrong); i++) {
        struct new_passkey made;
        struct error err = { 0 };
        CHECK(!registers(&wrong[i], &made, &err));
        CHECK_INT(err.kind, INVALID);
    }
    EVP_PKEY_free(good.key);
}

TEST(what_is_not_this_page_or_not_verified_is_no_answer)
{
    struct device good = given_device(t, EVP_EC_gen("P-256"));
    struct str public_key = given_passkey(&good);
    struct device wrong[6];
    for (size_t i = 0; i < count_of(wrong); i++)
        wrong[i] = good;
    wrong[0].origin = "https://localhost:8444";
    wrong[1].type = "webauthn.create";
    wrong[2].rp = "localhost.evil.example";
    wrong[3].flags = PRESENT;
    wrong[4].flags = VERIFIED;
    wrong[5].extra = ",\"topOrigin\":\"https://evil.example\"";
    CHECK(answers(&good, public_key));
    for (size_t i = 0; i < count_of(wrong); i++)
        CHECK(!answers(&wrong[i], public_key));
    EVP_PKEY_free(good.key);
}

TEST(an_answer_by_another_key_or_with_any_byte_changed_is_refused)
{
    struct device device = given_device(t, EVP_EC_gen("P-256"));
    struct device other = given_device(t, EVP_EC_gen("P-256"));
    struct str public_key = given_passkey(&device);
    given_passkey(&other);
    CHECK(!answers(&other, public_key));
    struct assertion assertion = assertion_of(&device);
    for (size_t i = 0; i < assertion.authenticator_data.len; i++) {
        struct assertion changed = assertion;
        uint32_t counter;
        struct error err = { 0 };
        char *bytes = arena_copy(t->arena, assertion.authenticator_data.at,
                                 assertion.authenticator_data.len);
        bytes[i] ^= 2;
        changed.authenticator_data.at = bytes;
        CHECK(!passkey_verify(t->arena, &device.party, &changed, public_key, &counter, &err));
    }
    EVP_PKEY_free(device.key);
    EVP_PKEY_free(other.key);
}

TEST(an_attestation_that_is_cut_off_or_goes_on_is_refused)
{
    struct device device = given_device(t, EVP_EC_gen("P-256"));
    struct str whole = attestation(&device);
    struct new_passkey made;
    struct error err = { 0 };
    for (size_t len = 0; len < whole.len; len++)
        CHECK(!passkey_register(t->arena, &device.party, client_data(&device),
                                str_copy(t->arena, str_slice(whole, 0, len)), &made, &err));
    struct buf more = { .arena = t->arena };
    buf_add(&more, whole);
    buf_byte(&more, 0);
    CHECK(!passkey_register(t->arena, &device.party, client_data(&device), buf_str(&more), &made,
                            &err));
    EVP_PKEY_free(device.key);
}

TEST(a_number_is_no_name_for_passkeys)
{
    static const struct {
        struct str origin;
        bool possible;
        struct str id;
    } cases[] = { { S("https://localhost:8443"), true, S("localhost") },
                  { S("https://fundament.example.nl"), true, S("fundament.example.nl") },
                  { S("https://127.0.0.1:8443"), false, S("") },
                  { S("https://[::1]:8443"), false, S("") },
                  { S("http://localhost"), false, S("") } };
    for (size_t i = 0; i < count_of(cases); i++) {
        struct relying_party party;
        CHECK_INT(relying_party_of(cases[i].origin, &party), cases[i].possible);
        if (cases[i].possible)
            CHECK_STR(party.id, cases[i].id);
    }
}

/* ---- CBOR ---- */

TEST(cbor_in_its_canonical_form_is_read)
{
    struct str rest = STR("\x18\x64\x38\x63\x43" "abc\x62hi\x82\x01\x02\xa1\x01\xf5");
    static const struct cbor items[] = {
        { CBOR_UNSIGNED, 100, S("") }, { CBOR_NEGATIVE, -100, S("") }, { CBOR_BYTES, 3, S("abc") },
        { CBOR_TEXT, 2, S("hi") },     { CBOR_LIST, 2, S("") },
    };
    struct cbor item;
    for (size_t i = 0; i < count_of(items); i++) {
        CHECK(cbor_take(&rest, &item));
        CHECK_INT(item.kind, items[i].kind);
        CHECK_INT(item.number, items[i].number);
        CHECK_STR(item.bytes, items[i].bytes);
    }
    CHECK(cbor_skip(&rest) && cbor_skip(&rest) && cbor_skip(&rest));
    CHECK_INT(rest.len, 0);
}

TEST(cbor_in_any_other_form_is_refused)
{
    static const struct str wrong[] = {
        S(""), S("\x18\x17"), S("\x19\x00\x64"), S("\x18"), S("\x5f\x41" "a\xff"), S("\x43" "ab"),
        S("\xc0\x01"), S("\xf9\x00\x00"), S("\xf7"), S("\xff"), S("\x1c"), S("\x82\x01"),
        S("\xa1\x01"), S("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"),
        S("\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"), S("\x81\x81\x81\x81\x81\x01"),
    };
    for (size_t i = 0; i < count_of(wrong); i++) {
        struct str rest = wrong[i];
        CHECK(!cbor_skip(&rest));
    }
}
