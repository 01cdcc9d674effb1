/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/vault_parts.h"

#include "base/encoding.h"
#include "base/file.h"
#include "base/random.h"
#include "platform/keys/key_file.h"
#include "platform/keys/says.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#define RSA_BITS 3072 /* where the declaration says nothing */

const char *const engine_names[ENGINES] = { "file", "pkcs11" };

struct vault *vault_new(struct arena *arena, const struct key_use *const *uses, size_t count,
                        const char *folder, const struct token_settings *token)
{
    struct vault *vault = arena_new(arena, struct vault);
    *vault = (struct vault){ .uses = uses, .count = count, .folder = folder };
    pthread_rwlock_init(&vault->lock, NULL);
    if (token && token->module[0])
        vault->token = token_new(arena, token);
    return vault;
}

void vault_prepare(struct vault *vault)
{
    if (vault->token)
        token_prepare(vault->token);
}

size_t vault_count(const struct vault *vault)
{
    return vault->count;
}

static void forget(struct material *material)
{
    for (size_t i = 0; i < KEY_PARTS_MAX; i++)
        key_free(material->parts[i]);
    EVP_PKEY_free(material->pair);
    memset(material, 0, sizeof *material);
}

void vault_free(struct vault *vault)
{
    for (size_t i = 0; i < vault->count; i++)
        for (size_t j = 0; j < KEY_VERSIONS_MAX; j++)
            forget(&vault->held[i][j]);
    if (vault->token)
        token_free(vault->token);
    pthread_rwlock_destroy(&vault->lock);
}

/* Names. Version 1 may have the names of before there were versions. */

static void put_label(char label[static LABEL_TEXT], const struct key_use *use, int64_t version)
{
    if (version == 1)
        snprintf(label, LABEL_TEXT, "%s", use->name);
    else
        snprintf(label, LABEL_TEXT, "%s.%lld", use->name, (long long)version);
}

static bool put_path(char path[static PATH_MAX], const struct vault *vault, const char *name,
                     int64_t version, struct error *err)
{
    int size = version ? snprintf(path, PATH_MAX, "%s/%s.%lld.key", vault->folder, name,
                                  (long long)version)
                       : snprintf(path, PATH_MAX, "%s/%s.key", vault->folder, name);
    return size < PATH_MAX || say(err, KEY_NAME_LONG, "%s", name);
}

void token_name(char name[static TOKEN_TEXT], const struct key_use *use, int64_t version,
                size_t part)
{
    snprintf(name, TOKEN_TEXT, "fundament %s.%lld%s%s", use->name, (long long)version,
             use->parts ? " " : "", use->parts ? use->parts[part] : "");
}

size_t part_count(const struct key_use *use)
{
    size_t count = 0;
    while (use->parts && use->parts[count])
        count++;
    return count ? count : 1;
}

bool is_rsa(const struct key_use *use)
{
    return use->kind == KEY_SIGN_RSA || use->kind == KEY_DECRYPT_RSA;
}

unsigned bits_of(const struct key_use *use)
{
    return use->bits ? use->bits : RSA_BITS;
}

struct str vault_place(struct vault *vault, struct arena *arena, size_t key, int64_t version,
                       enum key_engine engine)
{
    char text[PATH_MAX];
    struct error ignored;
    const struct key_use *use = vault->uses[key];
    if (engine == ENGINE_PKCS11) {
        token_name(text, use, version, 0);
        return str_copy(arena, str_of(text));
    }
    bool fits = put_path(text, vault, use->name, version, &ignored);
    if (fits && version == 1 && !file_exists(text)) {
        char before[PATH_MAX];
        if (put_path(before, vault, use->name, 0, &ignored) && file_exists(before))
            return str_copy(arena, str_of(before));
    }
    return str_copy(arena, str_of(text));
}

/* Files */

/* Reads NAME.VERSION.key; of version 1 also NAME.key, as it was called before there were versions. */
static bool read_file(const struct vault *vault, const struct key_use *use, int64_t version,
                      struct secret *secret, struct error *err)
{
    char path[PATH_MAX], before[PATH_MAX], label[LABEL_TEXT];
    struct error why;
    put_label(label, use, version);
    if (!put_path(path, vault, use->name, version, err))
        return false;
    if (key_file_read(path, label, secret, err))
        return true;
    if (version != 1 || said(err) != KEY_MISSING || !put_path(before, vault, use->name, 0, &why))
        return false;
    if (key_file_read(before, label, secret, &why))
        return true;
    if (said(&why) != KEY_MISSING)
        *err = why;
    return false;
}

static bool write_file(const struct vault *vault, const struct key_use *use, int64_t version,
                       const struct secret *secret, struct error *err)
{
    char path[PATH_MAX], label[LABEL_TEXT];
    put_label(label, use, version);
    return put_path(path, vault, use->name, version, err)
           && key_file_make(vault->folder, path, label, secret, err);
}

/* A key that had no file of its own before: derived from the file that it was derived from then. A
 * file of a later installation is not of that kind: there each key is made by itself. */
static bool write_derived(const struct vault *vault, const struct key_use *use, struct error *err)
{
    char path[PATH_MAX];
    struct secret *root = secret_new(), *own = secret_new();
    struct key derived, key;
    bool ok = put_path(path, vault, use->from, 0, err)
              && key_file_read(path, use->from, root, err)
              && (root->len == KEY_BYTES || say(err, KEY_DAMAGED, "%s", path));
    if (ok) {
        memcpy(key.bytes, root->bytes, KEY_BYTES);
        key_derive(&key, use->from_purpose, &derived);
        own->len = KEY_BYTES;
        memcpy(own->bytes, derived.bytes, KEY_BYTES);
        OPENSSL_cleanse(&derived, sizeof derived);
        OPENSSL_cleanse(&key, sizeof key);
        ok = write_file(vault, use, 1, own, err);
    }
    secret_free(root);
    secret_free(own);
    return ok;
}

static bool make_file(const struct vault *vault, const struct key_use *use, int64_t version,
                      struct secret *secret, struct error *err)
{
    if (key_is_pair(use) && !pair_make(use, secret, err))
        return false;
    if (!key_is_pair(use)) {
        secret->len = KEY_BYTES;
        random_bytes(secret->bytes, KEY_BYTES);
    }
    return write_file(vault, use, version, secret, err)
           && read_file(vault, use, version, secret, err);
}

static bool find_secret(const struct vault *vault, const struct key_use *use, int64_t version,
                        enum load_how how, struct secret *secret, struct error *err)
{
    struct error why;
    if (read_file(vault, use, version, secret, err))
        return true;
    if (said(err) != KEY_MISSING)
        return false;
    if (version == 1 && use->from && write_derived(vault, use, &why))
        return read_file(vault, use, version, secret, err);
    return how == MAKE && make_file(vault, use, version, secret, err);
}

static bool take_secret(const struct key_use *use, const struct secret *secret,
                        struct material *material, struct error *err)
{
    if (key_is_pair(use))
        return pair_read(use, secret, &material->pair, err);
    if (secret->len != KEY_BYTES)
        return say(err, KEY_DAMAGED, "%s", use->name);
    struct key *root = key_new();
    memcpy(root->bytes, secret->bytes, KEY_BYTES);
    if (!use->parts) {
        material->parts[0] = root;
        return true;
    }
    for (size_t i = 0; i < part_count(use); i++) {
        material->parts[i] = key_new();
        key_derive(root, use->parts[i], material->parts[i]);
    }
    key_free(root);
    return true;
}

static bool load_file(const struct vault *vault, const struct key_use *use, enum load_how how,
                      struct material *material, struct error *err)
{
    struct secret *secret = secret_new();
    bool ok = find_secret(vault, use, material->version, how, secret, err)
              && take_secret(use, secret, material, err);
    secret_free(secret);
    return ok;
}

/* Fingerprints: of what the parts answer to a question that nobody asks, or of the public key. */

static const struct str question = { "fundament fingerprint", 21 };

static bool mac_part(const struct vault *vault, const struct key_use *use,
                     const struct material *material, size_t part, struct str fields, size_t size,
                     unsigned char *out, struct error *err)
{
    if (material->engine == ENGINE_FILE) {
        mac_bytes(material->parts[part], fields, size, out);
        return true;
    }
    char name[TOKEN_TEXT];
    token_name(name, use, material->version, part);
    return token_mac(vault->token, name, fields, size, out, err);
}

static bool ask_parts(const struct vault *vault, const struct key_use *use,
                      const struct material *material, struct arena *arena, struct str *answer,
                      struct error *err)
{
    char fields[64];
    size_t count = part_count(use);
    unsigned char *out = arena_alloc(arena, count * MAC512_BYTES);
    struct str asked = { fields, (size_t)(key_fields(&question, 1, fields) - fields) };
    for (size_t i = 0; i < count; i++)
        if (!mac_part(vault, use, material, i, asked, MAC512_BYTES, out + i * MAC512_BYTES, err))
            return false;
    *answer = (struct str){ (const char *)out, count * MAC512_BYTES };
    return true;
}

static bool take_fingerprint(const struct vault *vault, const struct key_use *use,
                             const struct material *material, struct fingerprint *fingerprint,
                             struct error *err)
{
    struct arena arena = { 0 };
    struct key derived;
    struct str answer;
    unsigned char digest[EVP_MAX_MD_SIZE];
    bool ok = true;
    if (key_is_pair(use)) {
        ok = material_public_key(vault, use, material, &arena, &answer, err);
    } else if (use->kind == KEY_SEAL && material->engine == ENGINE_FILE) {
        key_derive(material->parts[0], question.at, &derived); /* an AES key makes no MACs itself */
        answer = str_copy(&arena, (struct str){ (const char *)derived.bytes, KEY_BYTES });
    } else {
        ok = ask_parts(vault, use, material, &arena, &answer, err);
    }
    if (ok && EVP_Digest(answer.at, answer.len, digest, NULL, EVP_sha256(), NULL) != 1)
        ok = fail_internal(err, "SHA-256 of a fingerprint");
    if (ok) {
        hex_write(digest, FINGERPRINT_TEXT / 2, fingerprint->text);
        fingerprint->text[FINGERPRINT_TEXT] = '\0';
    }
    arena_free(&arena);
    return ok;
}

/* The token */

static bool import_parts(struct vault *vault, const struct key_use *use, int64_t version,
                         struct error *err)
{
    char name[TOKEN_TEXT];
    struct material file = { .version = version };
    if (use->kind != KEY_MAC)
        return fail_about(err, UNSUPPORTED, NULL,
                          N_("Only keys that derive can move to a token; make a new version of %s "
                             "there with `fundament key add NAME --pkcs11`."),
                          "%s", use->name);
    bool ok = load_file(vault, use, LOAD, &file, err);
    for (size_t i = 0; ok && i < part_count(use); i++) {
        token_name(name, use, version, i);
        ok = token_put_secret(vault->token, name,
                              (struct str){ (const char *)file.parts[i]->bytes, KEY_BYTES }, err);
    }
    forget(&file);
    return ok;
}

static bool make_parts(struct vault *vault, const struct key_use *use, int64_t version,
                       struct error *err)
{
    char name[TOKEN_TEXT];
    if (key_is_pair(use)) {
        struct token_pair pair = { is_rsa(use), use->kind == KEY_DECRYPT_RSA, bits_of(use) };
        token_name(name, use, version, 0);
        return token_make_pair(vault->token, name, &pair, err);
    }
    for (size_t i = 0; i < part_count(use); i++) {
        token_name(name, use, version, i);
        if (!token_make_secret(vault->token, name, err))
            return false;
    }
    return true;
}

static bool load_token(struct vault *vault, const struct key_use *use, enum load_how how,
                       int64_t version, struct error *err)
{
    if (!vault->token)
        return say(err, TOKEN_NO_MODULE, "%s", "");
    return how == LOAD || (how == MAKE ? make_parts : import_parts)(vault, use, version, err);
}

/* All together */

struct material *find_material(struct vault *vault, size_t key, int64_t version)
{
    for (size_t i = 0; i < KEY_VERSIONS_MAX; i++)
        if (vault->held[key][i].version == version)
            return &vault->held[key][i];
    return NULL;
}

/* What this thread reads: memory may end under the lock. */
static _Thread_local struct vault *looked_at;

void vault_look(struct vault *vault)
{
    pthread_rwlock_rdlock(&vault->lock);
    looked_at = vault;
}

void vault_looked(struct vault *vault)
{
    looked_at = NULL;
    pthread_rwlock_unlock(&vault->lock);
}

void vault_let_go(void)
{
    if (looked_at)
        vault_looked(looked_at);
}

/* Puts it in the place of what was there, or in a free one. */
static bool keep(struct vault *vault, size_t key, struct material *fresh, struct error *err)
{
    pthread_rwlock_wrlock(&vault->lock);
    struct material *place = find_material(vault, key, fresh->version);
    if (!place)
        place = find_material(vault, key, 0);
    if (place) {
        forget(place);
        *place = *fresh;
    }
    pthread_rwlock_unlock(&vault->lock);
    if (place)
        return true;
    forget(fresh);
    return fail_about(err, CONFLICT, NULL,
                      N_("The key %s has too many versions; retire the oldest first."), "%s",
                      vault->uses[key]->name);
}

bool vault_load(struct vault *vault, size_t key, int64_t version, enum key_engine engine,
                enum load_how how, struct fingerprint *fingerprint, struct error *err)
{
    const struct key_use *use = vault->uses[key];
    struct material fresh = { .version = version, .engine = engine };
    bool ok = engine == ENGINE_FILE ? load_file(vault, use, how, &fresh, err)
                                    : load_token(vault, use, how, version, err);
    if (ok && take_fingerprint(vault, use, &fresh, fingerprint, err))
        return keep(vault, key, &fresh, err);
    forget(&fresh);
    return false;
}

void vault_drop(struct vault *vault, size_t key, int64_t version)
{
    pthread_rwlock_wrlock(&vault->lock);
    struct material *material = find_material(vault, key, version);
    if (material)
        forget(material);
    pthread_rwlock_unlock(&vault->lock);
}

bool vault_remove(struct vault *vault, size_t key, int64_t version, enum key_engine engine,
                  struct error *err)
{
    char path[PATH_MAX], name[TOKEN_TEXT];
    const struct key_use *use = vault->uses[key];
    vault_drop(vault, key, version);
    if (engine == ENGINE_FILE)
        return put_path(path, vault, use->name, version, err) && key_file_remove(path, err)
               && (version != 1
                   || (put_path(path, vault, use->name, 0, err) && key_file_remove(path, err)));
    if (!vault->token)
        return say(err, TOKEN_NO_MODULE, "%s", "");
    for (size_t i = 0; i < part_count(use); i++) {
        token_name(name, use, version, i);
        if (!token_remove(vault->token, name, err))
            return false;
    }
    return true;
}

bool vault_mac(struct vault *vault, size_t key, int64_t version, unsigned part, struct str fields,
               size_t size, unsigned char *out, struct error *err)
{
    const struct key_use *use = vault->uses[key];
    if (use->kind != KEY_MAC || part >= part_count(use))
        return fail_internal(err, "the key %s makes no such MAC", use->name);
    vault_look(vault);
    const struct material *material = find_material(vault, key, version);
    bool ok = material ? mac_part(vault, use, material, part, fields, size, out, err)
                       : say(err, KEY_NOT_HELD, "%s.%lld", use->name, (long long)version);
    vault_looked(vault);
    return ok;
}
