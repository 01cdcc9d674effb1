/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of the vault share, for vault*.c only. */
#ifndef PLATFORM_VAULT_PARTS_H
#define PLATFORM_VAULT_PARTS_H

#include "platform/keys/vault.h"

#include <openssl/evp.h>
#include <pthread.h>

struct secret;

struct material {
    int64_t version; /* 0: this place is free */
    enum key_engine engine;
    struct key *parts[KEY_PARTS_MAX]; /* of a file */
    EVP_PKEY *pair;                   /* of a file that signs */
};

struct vault {
    const struct key_use *const *uses;
    size_t count;
    const char *folder;
    struct token *token;   /* NULL: none is set */
    pthread_rwlock_t lock; /* of `held` */
    struct material held[KEYS_MAX][KEY_VERSIONS_MAX];
};

#define LABEL_TEXT 80
#define TOKEN_TEXT 160

size_t part_count(const struct key_use *use);
bool is_rsa(const struct key_use *use);
unsigned bits_of(const struct key_use *use); /* of an RSA modulus */
void token_name(char name[static TOKEN_TEXT], const struct key_use *use, int64_t version,
                size_t part);
/* Holds the lock to read, and gives it back; one at a time in a thread. */
void vault_look(struct vault *vault);
void vault_looked(struct vault *vault);
/* With the lock held; NULL when there is none. */
struct material *find_material(struct vault *vault, size_t key, int64_t version);

/* Pairs of keys in a file, as PKCS#8 in DER. */
bool pair_make(const struct key_use *use, struct secret *secret, struct error *err);
bool pair_read(const struct key_use *use, const struct secret *secret, EVP_PKEY **pair,
               struct error *err);
bool material_public_key(const struct vault *vault, const struct key_use *use,
                         const struct material *material, struct arena *arena, struct str *der,
                         struct error *err);
/* Signs, with vault_look's lock held. Of an EC key: X509's form (two integers in DER). */
bool material_sign(const struct vault *vault, const struct key_use *use,
                   const struct material *material, enum sign_scheme scheme, struct arena *arena,
                   struct str data, struct str *signature, struct error *err);

#endif
