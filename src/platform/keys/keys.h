/* SPDX-License-Identifier: EUPL-1.2 */
/* Secrets at rest: key files in <data>/keys, 32 random bytes in hex with a name, readable by the
 * service user only (0600, checked at start), never in the database. */
#ifndef PLATFORM_KEYS_H
#define PLATFORM_KEYS_H

#include "base/error.h"

#define KEY_BYTES 32

/* A key in memory that is not swapped, dumped or inherited where the system allows it. */
struct key {
    unsigned char bytes[KEY_BYTES];
};
struct key *key_new(void); /* zeros, in a page of its own */
void key_free(struct key *key); /* wipes; NULL is fine */

/* Loads <folder>/<name>.key; with `make`, makes it when it is missing. Its absence otherwise is an
 * error that says how to restore it. */
bool key_load(const char *folder, const char *name, bool make, struct key **key,
              struct error *err);

/* Is this file that holds a secret a regular one, of the user that runs this, and closed to all
 * others? The error says how to mend it. */
bool key_file_check(const char *path, struct error *err);

/* A key for one purpose, derived by HKDF-SHA256 (RFC 5869) with `purpose` as info. */
void key_derive(const struct key *key, const char *purpose, struct key *out);

/* SHA-256. OpenSSL's own functions give nothing when memory ends, and leave what stood in `out`: that must
 * never be taken for somebody's hash. */
#define SHA256_BYTES 32
void sha256(struct str bytes, unsigned char out[static SHA256_BYTES]);
/* The same, 32 bytes in the arena: of a token or code, so that the database need not have it itself. */
struct str sha256_of(struct arena *arena, struct str bytes);

/* HMAC with SHA-256 over fields, each with its length (8 bytes, big-endian) before it, so that no two lists
 * of fields give the same bytes. */
#define MAC512_BYTES 64
#define MAC256_BYTES 32
void mac256(const struct key *key, const struct str *fields, size_t count,
            unsigned char out[static MAC256_BYTES]);

/* The same over what key_fields gives: the fields with their lengths before them; with SHA-512 when `size`
 * is MAC512_BYTES, with SHA-256 when it is MAC256_BYTES. */
void mac_bytes(const struct key *key, struct str fields, size_t size, unsigned char *out);
/* As many bytes as key_fields writes. */
size_t key_fields_size(const struct str *fields, size_t count);
char *key_fields(const struct str *fields, size_t count, char *out);

/* Sealing (AES-256-GCM, random nonce before, tag behind): for values that must rest in the database.
 * `about` is bound to the sealed bytes and must be the same when they are opened. */
struct str seal(struct arena *arena, const struct key *key, struct str about, struct str plain);
bool unseal(struct arena *arena, const struct key *key, struct str about, struct str sealed,
            struct str *plain);

#endif
