/* SPDX-License-Identifier: EUPL-1.2 */
/* How a service declares the keys that it computes with (struct service's table `keys`). */
#ifndef PLATFORM_KEY_USE_H
#define PLATFORM_KEY_USE_H

#include "base/error.h"

struct config;
struct keeper;
struct tx;

/* KEY_SEAL seals and opens values; KEY_MAC derives and authenticates; KEY_SIGN_EC signs with ECDSA on
 * P-256, KEY_SIGN_RSA with RSA; KEY_DECRYPT_RSA decrypts what others encrypted for it with RSA-OAEP. A
 * key does what its kind says and nothing else; those of the last three have a public half. */
enum key_kind { KEY_SEAL, KEY_MAC, KEY_SIGN_EC, KEY_SIGN_RSA, KEY_DECRYPT_RSA, KEY_KINDS };

#define KEY_PARTS_MAX      4 /* parts of a KEY_MAC */
#define KEY_ATTRIBUTES_MAX 2

struct key_use {
    const char *name;    /* "accounts": as commands and files say it; letters, digits and - */
    const char *purpose; /* N_(), one sentence for the operator */
    enum key_kind kind;

    /* Of a pair. `bits` of an RSA modulus: 2048, 3072 or 4096; 0: 3072. On most processors one of 2048
     * signs some six times as often in a second. `certificate`: each version gets, when it is made, a
     * certificate that it signs itself, with this common name (1 to 64 characters), valid for ten years;
     * NULL: none. */
    unsigned bits;
    const char *certificate;

    /* Of a KEY_MAC. `parts`: it is a root of which each part has a key of its own, derived by
     * HKDF-SHA256 with this text as info; ends with NULL. Without, part 0 is the key itself.
     * `rotates`: its user asks for versions by their number, so that it can have more than one. */
    const char *const *parts;
    bool rotates;

    /* Installations of before this key had a file of its own: version 1 is then derived from the key
     * `from` (HKDF-SHA256, info `from_purpose`), where that one's file of then is still there. */
    const char *from, *from_purpose;

    /* What a version has besides its key, given when it becomes the active one: names of options of
     * `fundament key rotate`, ends with NULL. Version 1 has none of its own: settings say them. */
    const char *const *attributes;
    /* May a new version have these (as many as there are attributes)? */
    bool (*check)(const struct config *config, const struct str *values, struct error *err);

    /* How much in the database needs this version; version 0: would be false with another key. */
    bool (*needs)(struct tx *tx, struct keeper *keeper, int64_t version, int64_t *count,
                  struct error *err);
    /* Brings at most `limit` of what needs an older version to the active one. */
    bool (*renew)(struct tx *tx, struct keeper *keeper, int64_t limit, int64_t *moved,
                  struct error *err);
};

/* Has it a public half? */
static inline bool key_is_pair(const struct key_use *use)
{
    return use->kind == KEY_SIGN_EC || use->kind == KEY_SIGN_RSA || use->kind == KEY_DECRYPT_RSA;
}

#endif
