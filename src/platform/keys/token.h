/* SPDX-License-Identifier: EUPL-1.2 */
/* A PKCS#11 token (version 2.40 of the standard): a hardware security module, or software that
 * behaves as one. Keys in it are named by CKA_LABEL, are sensitive and cannot be taken out. A session
 * that is lost is opened again; a PIN that was refused is not tried again until its file changes.
 * Thread-safe: each thread has a session of its own. */
#ifndef PLATFORM_TOKEN_H
#define PLATFORM_TOKEN_H

#include "base/error.h"

struct token;

struct token_settings {
    const char *module;   /* the shared library; "": there is no token */
    const char *label;    /* of the token; "": the only one there is */
    const char *pin_file; /* the user's PIN on its first line; "": no PIN is needed */
    const char *pin_folder; /* where that file is */
    const char *writes;   /* files and folders that the module writes, with commas between */
};

struct token *token_new(struct arena *arena, const struct token_settings *settings);
void token_free(struct token *token);
/* Loads the module before a sandbox closes; what goes wrong is told by the first use. */
void token_prepare(struct token *token);

/* A secret for HMAC, of 64 random bytes made in the token, or of these bytes. Where there is one of
 * this name already, nothing happens. */
bool token_make_secret(struct token *token, const char *name, struct error *err);
bool token_put_secret(struct token *token, const char *name, struct str bytes, struct error *err);
bool token_remove(struct token *token, const char *name, struct error *err);

/* HMAC with SHA-512 or SHA-256; `size` bytes of result: 64 or 32. */
bool token_mac(struct token *token, const char *name, struct str data, size_t size,
               unsigned char *out, struct error *err);

/* A pair of keys: for ECDSA on P-256, or RSA with so many bits, that signs and, when asked, decrypts. */
struct token_pair {
    bool rsa, decrypts;
    unsigned bits;
};
bool token_make_pair(struct token *token, const char *name, const struct token_pair *pair,
                     struct error *err);
/* ECDSA over `digest` (SHA-256): r and s. */
bool token_sign_ec(struct token *token, const char *name, struct str digest, unsigned char out[64],
                   struct error *err);
/* RSA over a SHA-256 digest, PKCS#1 v1.5 or PSS with 32 bytes of salt. */
bool token_sign_rsa(struct token *token, const char *name, bool pss, struct str digest,
                    struct arena *arena, struct str *signature, struct error *err);
/* RSA-OAEP with an empty label; `sha256`: with SHA-256, else with SHA-1, and so for MGF1. The token
 * computes with the private key; the padding is taken off here where it lets us (CKM_RSA_X_509), because
 * many tokens know OAEP with SHA-1 alone; otherwise by the token (CKM_RSA_PKCS_OAEP). What does not
 * decrypt is KEY_NOT_FOR_US of says.h. */
bool token_decrypt(struct token *token, const char *name, bool sha256, bool mgf1_sha256,
                   struct str encrypted, struct arena *arena, struct str *plain, struct error *err);
/* As a SubjectPublicKeyInfo in DER. */
bool token_public_key(struct token *token, const char *name, bool rsa, struct arena *arena,
                      struct str *der, struct error *err);

#endif
