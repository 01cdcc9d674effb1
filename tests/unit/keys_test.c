/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/keys.h"

#include "base/buf.h"
#include "base/encoding.h"
#include "base/file.h"
#include "tests/test.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static struct key counting_key(void)
{
    struct key key;
    for (unsigned char i = 0; i < KEY_BYTES; i++)
        key.bytes[i] = i;
    return key;
}

static struct str hex_of(struct test *t, const void *bytes, size_t size)
{
    return hex_encode(t->arena, (struct str){ bytes, size });
}

static const char *key_path(struct test *t, const char *name)
{
    return str_format(t->arena, "%s/%s.key", t->folder, name).at;
}

TEST(a_key_that_was_made_is_loaded_again)
{
    struct key *made, *loaded;
    struct error err;
    struct stat about;
    CHECK_OK(key_load(t->folder, "stam", true, &made, &err), err);
    CHECK_OK(key_load(t->folder, "stam", false, &loaded, &err), err);
    CHECK(memcmp(made, loaded, sizeof *made) == 0);
    CHECK(stat(key_path(t, "stam"), &about) == 0);
    CHECK_INT(about.st_mode & 0777, 0600);
    key_free(made);
    key_free(loaded);
}

TEST(two_keys_differ)
{
    struct key *one, *other;
    struct error err;
    CHECK_OK(key_load(t->folder, "one", true, &one, &err), err);
    CHECK_OK(key_load(t->folder, "other", true, &other, &err), err);
    CHECK(memcmp(one, other, sizeof *one) != 0);
    key_free(one);
    key_free(other);
}

TEST(a_missing_key_says_how_to_restore_it)
{
    struct key *key;
    struct error err;
    CHECK(!key_load(t->folder, "stam", false, &key, &err));
    CHECK_INT(err.kind, NOT_FOUND);
    CHECK(strstr(err.message, "backup"));
    CHECK(strstr(err.subject, "stam.key"));
    CHECK(!file_exists(key_path(t, "stam")));
}

TEST(a_key_that_others_can_read_is_refused)
{
    struct key *key;
    struct error err;
    CHECK_OK(key_load(t->folder, "stam", true, &key, &err), err);
    key_free(key);
    CHECK(chmod(key_path(t, "stam"), 0640) == 0);
    CHECK(!key_load(t->folder, "stam", true, &key, &err));
    CHECK(strstr(err.message, "chmod 600"));
    CHECK(chmod(key_path(t, "stam"), 0400) == 0);
    CHECK_OK(key_load(t->folder, "stam", true, &key, &err), err);
    key_free(key);
}

TEST(a_key_file_with_wrong_content_is_refused_and_kept)
{
    static const char *const wrong[] = {
        "",
        "\n",
        "fundament-key stam\n",
        "fundament-key other 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
        "fundament-key stam 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "fundament-key stam 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e\n",
        "fundament-key stam 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00\n",
        "fundament-key stam 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g\n",
        "fundament-key stam 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct key *key;
        struct error err;
        struct str kept;
        CHECK_OK(file_write(key_path(t, "stam"), str_of(wrong[i]), 0600, &err), err);
        CHECK(!key_load(t->folder, "stam", true, &key, &err));
        CHECK_INT(err.kind, INVALID);
        CHECK(!key);
        CHECK(!strstr(err.subject, "0001") && !strstr(err.detail, "0001"));
        CHECK_OK(file_read(t->arena, key_path(t, "stam"), 1024, &kept, &err), err);
        CHECK_STR(kept, str_of(wrong[i]));
    }
}

TEST(a_link_or_a_folder_is_no_key_file)
{
    struct key *key;
    struct error err;
    CHECK_OK(key_load(t->folder, "real", true, &key, &err), err);
    key_free(key);
    CHECK(symlink(key_path(t, "real"), key_path(t, "stam")) == 0);
    CHECK(!key_load(t->folder, "stam", true, &key, &err));
    CHECK(mkdir(key_path(t, "folder"), 0700) == 0);
    CHECK(!key_load(t->folder, "folder", true, &key, &err));
    CHECK(mkfifo(key_path(t, "pipe"), 0600) == 0);
    CHECK(!key_load(t->folder, "pipe", true, &key, &err));
}

struct loader {
    const char *folder;
    struct key *key;
    bool ok;
};

static void *load_shared(void *what)
{
    struct loader *loader = what;
    struct error err;
    loader->ok = key_load(loader->folder, "shared", true, &loader->key, &err);
    return NULL;
}

TEST(all_that_start_at_once_get_the_same_key)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    struct loader loaders[THREADS];
    for (int i = 0; i < THREADS; i++) {
        loaders[i] = (struct loader){ .folder = t->folder };
        CHECK(pthread_create(&threads[i], NULL, load_shared, &loaders[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        CHECK(loaders[i].ok);
        CHECK(memcmp(loaders[i].key, loaders[0].key, sizeof(struct key)) == 0);
    }
}

/* The same bytes, put together here and given to OpenSSL's older interface. */
static struct str framed(struct test *t, const struct str *fields, size_t count)
{
    struct buf bytes = { .arena = t->arena };
    for (size_t i = 0; i < count; i++) {
        for (int shift = 56; shift >= 0; shift -= 8)
            buf_byte(&bytes, (char)(unsigned char)(fields[i].len >> shift));
        buf_add(&bytes, fields[i]);
    }
    return buf_str(&bytes);
}

TEST(a_mac_is_hmac_over_fields_with_their_lengths)
{
    struct key key = counting_key();
    const struct str fields[] = { STR("chain"), STR(""), STR("a longer field with \0 in it") };
    unsigned char got[MAC512_BYTES], wanted[EVP_MAX_MD_SIZE];
    struct str bytes = framed(t, fields, 3);
    mac_bytes(&key, bytes, MAC512_BYTES, got);
    HMAC(EVP_sha512(), key.bytes, KEY_BYTES, (const unsigned char *)bytes.at, bytes.len, wanted,
         NULL);
    CHECK_STR(hex_of(t, got, MAC512_BYTES), hex_of(t, wanted, MAC512_BYTES));
    mac256(&key, fields, 3, got);
    HMAC(EVP_sha256(), key.bytes, KEY_BYTES, (const unsigned char *)bytes.at, bytes.len, wanted,
         NULL);
    CHECK_STR(hex_of(t, got, MAC256_BYTES), hex_of(t, wanted, MAC256_BYTES));
}

TEST(no_two_lists_of_fields_give_the_same_mac)
{
    struct key key = counting_key();
    const struct str one[] = { STR("ab"), STR("c") }, other[] = { STR("a"), STR("bc") };
    unsigned char a[MAC256_BYTES], b[MAC256_BYTES], none[MAC256_BYTES], empty[MAC256_BYTES];
    mac256(&key, one, 2, a);
    mac256(&key, other, 2, b);
    mac256(&key, NULL, 0, none);
    mac256(&key, &(struct str){ 0 }, 1, empty);
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK(memcmp(none, empty, sizeof none) != 0);
}

TEST(keys_in_turn_do_not_mix)
{
    struct key one = counting_key(), other = counting_key();
    other.bytes[31] ^= 1;
    const struct str field = STR("value");
    unsigned char first[MAC256_BYTES], second[MAC256_BYTES], again[MAC256_BYTES];
    mac256(&one, &field, 1, first);
    mac256(&other, &field, 1, second);
    mac256(&one, &field, 1, again);
    CHECK(memcmp(first, second, sizeof first) != 0);
    CHECK(memcmp(first, again, sizeof first) == 0);
}

/* RFC 5869 by hand: extract with a salt of zeros, expand one block. */
TEST(a_derived_key_is_hkdf)
{
    struct key key = counting_key(), derived, other;
    unsigned char prk[32], wanted[32];
    static const unsigned char no_salt[32];
    HMAC(EVP_sha256(), no_salt, 32, key.bytes, KEY_BYTES, prk, NULL);
    HMAC(EVP_sha256(), prk, 32, (const unsigned char *)"sessions\x01", 9, wanted, NULL);
    key_derive(&key, "sessions", &derived);
    key_derive(&key, "tokens", &other);
    CHECK_STR(hex_of(t, derived.bytes, KEY_BYTES), hex_of(t, wanted, KEY_BYTES));
    CHECK(memcmp(&derived, &other, sizeof other) != 0);
}

TEST(what_was_sealed_opens_with_the_same_key_and_subject_only)
{
    struct key key = counting_key(), other = counting_key();
    other.bytes[0] ^= 0x80;
    struct str plain, sealed = seal(t->arena, &key, STR("batch:7"), STR("the values"));
    CHECK_INT(sealed.len, 12 + 10 + 16);
    CHECK(str_find(sealed, STR("values")) < 0);
    CHECK(unseal(t->arena, &key, STR("batch:7"), sealed, &plain));
    CHECK_STR(plain, STR("the values"));
    CHECK(!unseal(t->arena, &key, STR("batch:8"), sealed, &plain));
    CHECK(!unseal(t->arena, &other, STR("batch:7"), sealed, &plain));
}

TEST(every_changed_or_missing_byte_of_a_seal_is_noticed)
{
    struct key key = counting_key();
    struct str plain, sealed = seal(t->arena, &key, STR("about"), STR("x"));
    char *bytes = arena_copy(t->arena, sealed.at, sealed.len);
    for (size_t i = 0; i < sealed.len; i++) {
        bytes[i] ^= 1;
        CHECK(!unseal(t->arena, &key, STR("about"), (struct str){ bytes, sealed.len }, &plain));
        bytes[i] ^= 1;
        CHECK(!unseal(t->arena, &key, STR("about"), (struct str){ bytes, i }, &plain));
    }
}

TEST(nothing_can_be_sealed_too)
{
    struct key key = counting_key();
    struct str plain = STR("x"), sealed = seal(t->arena, &key, STR(""), STR(""));
    CHECK(unseal(t->arena, &key, STR(""), sealed, &plain));
    CHECK_INT(plain.len, 0);
}
