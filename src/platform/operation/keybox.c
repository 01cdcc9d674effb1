/* SPDX-License-Identifier: EUPL-1.2 */
/* "fundament-keys 1\n", 16 bytes of salt, the sealed rest: for each file the lengths of name and bytes
 * (8 bytes each, big-endian) and then both. */
#include "platform/operation/keybox.h"

#include "base/buf.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/random.h"
#include "platform/keys/keys.h"

#include <argon2.h>
#include <stdio.h>
#include <stdlib.h>

#define MARK         STR("fundament-keys 1\n")
#define SALT_BYTES   16
#define PASSES       3
#define MEMORY_KIB   (64 * 1024)
#define LANES        1
#define NUMBER_BYTES 8
#define NAME_MOST    200

static bool derive(struct str passphrase, const char *salt, struct key *key)
{
    return argon2id_hash_raw(PASSES, MEMORY_KIB, LANES, passphrase.at, passphrase.len, salt,
                             SALT_BYTES, key->bytes, KEY_BYTES) == ARGON2_OK;
}

static void put_number(struct buf *out, uint64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_byte(out, (char)(number >> shift & 0xff));
}

static bool take_bytes(struct str *rest, uint64_t len, struct str *bytes)
{
    if (len > rest->len)
        return false;
    *bytes = str_slice(*rest, 0, (size_t)len);
    *rest = str_slice(*rest, (size_t)len, rest->len);
    return true;
}

static bool take_number(struct str *rest, uint64_t *number)
{
    struct str bytes;
    if (!take_bytes(rest, NUMBER_BYTES, &bytes))
        return false;
    *number = 0;
    for (size_t i = 0; i < NUMBER_BYTES; i++)
        *number = *number << 8 | (unsigned char)bytes.at[i];
    return true;
}

struct str box_shut(struct arena *arena, const struct box *box, struct str passphrase)
{
    struct buf plain = { .arena = arena }, out = { .arena = arena };
    struct key key;
    char salt[SALT_BYTES];
    for (size_t i = 0; i < box->len; i++) {
        put_number(&plain, box->at[i].name.len);
        put_number(&plain, box->at[i].bytes.len);
        buf_add(&plain, box->at[i].name);
        buf_add(&plain, box->at[i].bytes);
    }
    random_bytes(salt, sizeof salt);
    if (!derive(passphrase, salt, &key))
        abort(); /* only memory that ended: better no backup than one that cannot be opened */
    struct str sealed = seal(arena, &key, MARK, buf_str(&plain));
    explicit_bzero(&key, sizeof key);
    if (plain.at)
        explicit_bzero(plain.at, plain.len);
    buf_add(&out, MARK);
    buf_add(&out, (struct str){ salt, sizeof salt });
    buf_add(&out, sealed);
    return buf_str(&out);
}

/* Below the folder that it will be put in, and nowhere else. */
static bool is_safe_name(struct str name)
{
    if (!name.len || name.len > NAME_MOST || name.at[0] == '/' || !utf8_is_text(name))
        return false;
    for (struct str rest = name; str_more(rest);) {
        struct str part = str_cut(&rest, '/');
        if (!part.len || part.at[0] == '.')
            return false;
    }
    return true;
}

static bool read_files(struct arena *arena, struct str plain, struct box *box, struct error *err)
{
    *box = (struct box){ 0 };
    while (plain.len) {
        struct box_file file;
        uint64_t name_len, len;
        if (!take_number(&plain, &name_len) || !take_number(&plain, &len)
            || !take_bytes(&plain, name_len, &file.name) || !take_bytes(&plain, len, &file.bytes)
            || !is_safe_name(file.name))
            return fail(err, INVALID, NULL, N_("The box of keys does not hold what it should."));
        *list_add(arena, box) = file;
    }
    return true;
}

bool box_open(struct arena *arena, struct str bytes, struct str passphrase, struct box *box,
              struct error *err)
{
    struct key key;
    struct str plain, salt;
    if (!str_starts(bytes, MARK))
        return fail(err, INVALID, NULL, N_("This is not a box of keys that Fundament made."));
    bytes = str_slice(bytes, MARK.len, bytes.len);
    if (!take_bytes(&bytes, SALT_BYTES, &salt) || !derive(passphrase, salt.at, &key))
        return fail(err, INVALID, NULL, N_("This is not a box of keys that Fundament made."));
    bool opened = unseal(arena, &key, MARK, bytes, &plain);
    explicit_bzero(&key, sizeof key);
    if (!opened)
        return fail(err, INVALID, "passphrase",
                    N_("The box of keys does not open: another passphrase, or it was changed."));
    return read_files(arena, plain, box, err);
}

bool box_passphrase(struct arena *arena, const char *path, struct str *passphrase,
                    struct error *err)
{
    struct str text;
    if (!key_file_check(path, err) || !file_read(arena, path, 4096, &text, err))
        return false;
    *passphrase = str_cut(&text, '\n');
    if (str_ends(*passphrase, STR("\r")))
        passphrase->len--;
    if (passphrase->len >= PASSPHRASE_LEAST)
        return true;
    return fail_about(err, INVALID, "passphrase",
                      N_("The passphrase must have at least %s characters."), "%d",
                      PASSPHRASE_LEAST);
}
