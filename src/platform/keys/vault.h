/* SPDX-License-Identifier: EUPL-1.2 */
/* The keys themselves, by the place of their declaration (struct key_use) and their version, and what
 * can be computed with them. Only the keeper's process has a vault with something in it; a command
 * has one of its own. Thread-safe. */
#ifndef PLATFORM_VAULT_H
#define PLATFORM_VAULT_H

#include "base/instant.h"
#include "platform/keys/keys.h"
#include "platform/keys/token.h"
#include "platform/keys/use.h"

#define KEYS_MAX         32      /* declarations */
#define KEY_VERSIONS_MAX 16      /* versions of one key that are not retired */
#define VERSION_MAX      1000000

struct vault;

enum key_engine { ENGINE_FILE, ENGINE_PKCS11, ENGINES };
extern const char *const engine_names[ENGINES]; /* "file", "pkcs11": as the database says it */

/* Tells whether two nodes have the same key, and tells nothing else of it. */
#define FINGERPRINT_TEXT 32
struct fingerprint {
    char text[FINGERPRINT_TEXT + 1]; /* lower-case hex */
};

/* `uses` lives as long as the vault. */
struct vault *vault_new(struct arena *arena, const struct key_use *const *uses, size_t count,
                        const char *folder, const struct token_settings *token);
/* Loads what needs the file system, before a sandbox closes. */
void vault_prepare(struct vault *vault);
void vault_free(struct vault *vault);
size_t vault_count(const struct vault *vault); /* of declarations */

/* LOAD: takes up a version that exists (again: gives the fingerprint). MAKE: makes it where it does
 * not exist, then loads. IMPORT: copies the version's key file into the token, then loads it there. */
enum load_how { LOAD, MAKE, IMPORT, LOAD_HOWS };
bool vault_load(struct vault *vault, size_t key, int64_t version, enum key_engine engine,
                enum load_how how, struct fingerprint *fingerprint, struct error *err);
/* Forgets a version; it stays where it is kept. */
void vault_drop(struct vault *vault, size_t key, int64_t version);
/* Where a version is kept, for people: its file, or its name in the token. */
struct str vault_place(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                       enum key_engine engine);
/* Removes a version for good: its files, or its objects in the token. */
bool vault_remove(struct vault *vault, size_t key, int64_t version, enum key_engine engine,
                  struct error *err);

/* `fields` is what key_fields gave; `size` is MAC512_BYTES or MAC256_BYTES. */
bool vault_mac(struct vault *vault, size_t key, int64_t version, unsigned part, struct str fields,
               size_t size, unsigned char *out, struct error *err);

/* A sealed value tells its version by a mark before it; one without is of version 1. */
#define SEAL_MAGIC "\xf5KEY"
#define SEAL_MARK  8 /* bytes: the magic, and the version (big-endian) */
bool vault_seal(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                struct str about, struct str plain, struct str *sealed, struct error *err);
bool vault_unseal(struct vault *vault, struct arena *arena, size_t key, struct str about,
                  struct str sealed, struct str *plain, struct error *err);

/* The schemes of signatures, by their names in RFC 7518, section 3.1, all over SHA-256: ES256 is of a
 * KEY_SIGN_EC and gives r and s, 32 bytes each; RS256 and PS256 are of a KEY_SIGN_RSA. */
enum sign_scheme { SIGN_ES256, SIGN_RS256, SIGN_PS256, SIGN_SCHEMES };
bool vault_sign(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                enum sign_scheme scheme, struct str data, struct str *signature,
                struct error *err);
/* The public key as a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7) in DER. */
bool vault_public_key(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                      struct str *der, struct error *err);

/* RSA-OAEP (RFC 8017, section 7.1) with an empty label, as XML Encryption has it (xmlenc-core1, section
 * 5.5.2): with the digest and with the one of MGF1. Of a KEY_DECRYPT_RSA. What was not encrypted for this
 * version, with these digests, is INVALID (KEY_NOT_FOR_US of says.h); why is not told to anybody, nor by
 * the time that it took. */
enum decrypt_scheme {
    OAEP_SHA1_MGF1_SHA1, /* http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p as it is used most */
    OAEP_SHA1_MGF1_SHA256,
    OAEP_SHA256_MGF1_SHA1,
    OAEP_SHA256_MGF1_SHA256,
    DECRYPT_SCHEMES
};
bool vault_decrypt(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                   enum decrypt_scheme scheme, struct str encrypted, struct str *plain,
                   struct error *err);

/* A certificate (X.509 v3, DER) around the public key of a version, signed by itself, whose subject is
 * the common name of the declaration; empty where that has none. `from` to `until` is how long it is
 * valid. */
bool vault_certificate(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                       instant from, instant until, struct str *der, struct error *err);

/* For who was rescued when memory ended in one of these: gives back what this thread held. */
void vault_let_go(void);

#endif
