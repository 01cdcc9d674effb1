/* SPDX-License-Identifier: EUPL-1.2 */
/* The keeper of keys: the only one who sees them. Others name a key (struct service's table `keys`)
 * and ask to seal, open, authenticate or sign with it. In a server the keeper is a process of its
 * own, forked before anything else is started; in a command it is the command itself. Which versions
 * of a key exist is in the database (registry.h). See README.md in this folder. */
#ifndef PLATFORM_KEEPER_H
#define PLATFORM_KEEPER_H

#include "base/instant.h"
#include "base/list.h"
#include "platform/keys/keys.h"
#include "platform/keys/use.h"
#include "platform/keys/vault.h"

struct app;
struct keeper;
struct service;

/* Makes the app's keeper (app->keeper) from its configuration, without a key yet. `apart`: as a
 * process of its own, which may only be done before this one has a second thread. */
bool keeper_start(struct app *app, bool apart, struct error *err);
/* Takes up the versions that the database knows; keys that it does not know are made. In a keeper that
 * is apart, later changes are noticed within seconds from then on. */
bool keeper_open(struct app *app, struct error *err);
void keeper_close(struct keeper *keeper);

/* Is the keeper still there? After SIGCHLD: collects a keeper's process that ended. */
bool keeper_lives(struct keeper *keeper);
/* The process of a keeper that is apart; 0: there is none. */
int keeper_process(const struct keeper *keeper);

/* Seals with the active version of the key of this name, and opens whatever version sealed. A value
 * that does not open is an INTERNAL error: the database or the key was changed. `about` is bound to
 * the sealed value and must be the same when it is opened. */
bool keeper_seal(struct keeper *keeper, struct arena *arena, const char *key, struct str about,
                 struct str plain, struct str *sealed, struct error *err);
bool keeper_unseal(struct keeper *keeper, struct arena *arena, const char *key, struct str about,
                   struct str sealed, struct str *plain, struct error *err);

/* As mac256() of platform/keys/keys.h, by the active version. */
bool keeper_mac256(struct keeper *keeper, const char *key, const struct str *fields, size_t count,
                   unsigned char out[static MAC256_BYTES], struct error *err);

/* Many MACs at once, in as few round trips as there can be. */
struct mac_question {
    const char *key;
    int64_t version;          /* 0: the active one */
    unsigned part;
    const struct str *fields;
    size_t count;
    size_t size;              /* MAC512_BYTES or MAC256_BYTES */
    unsigned char *out;
};
bool keeper_macs(struct keeper *keeper, struct arena *arena, const struct mac_question *questions,
                 size_t count, struct error *err);

/* Signs `data` (all of it: the digest is made by the keeper) with this version, 0: the active one, and
 * tells which one that was; NULL: the active one. See enum sign_scheme for the form of the signature. A
 * version that this node does not have is UNAVAILABLE. */
bool keeper_sign(struct keeper *keeper, struct arena *arena, const char *key,
                 enum sign_scheme scheme, struct str data, struct str *signature, int64_t *version,
                 struct error *err);
/* Decrypts what was encrypted with the public key of this version; 0: of any that is not retired, the
 * active one first, because a sender may know the one before, or the next one already. What was not is
 * INVALID, whatever is wrong with it. */
bool keeper_decrypt(struct keeper *keeper, struct arena *arena, const char *key, int64_t version,
                    enum decrypt_scheme scheme, struct str encrypted, struct str *plain,
                    struct error *err);

/* The public key of a version (0: the active one), as SubjectPublicKeyInfo in DER. Costs no trip. */
bool keeper_public_key(struct keeper *keeper, struct arena *arena, const char *key,
                       int64_t version, struct str *der, struct error *err);

/* Versions, as this process knows them. */
enum key_state { KEY_NEXT, KEY_ACTIVE, KEY_PREVIOUS, KEY_RETIRED, KEY_STATES };
extern const char *const key_state_names[KEY_STATES]; /* as the database says them */

struct key_version {
    int64_t number;
    enum key_state state;    /* as the database says; see key_state_at */
    enum key_engine engine;
    instant made, since;     /* made; in this state from then on */
    struct fingerprint fingerprint;
    struct str attributes[KEY_ATTRIBUTES_MAX];
    struct str certificate;  /* of a pair: DER; empty: none */
    struct str public_key;   /* of a pair that is held, or has a certificate: as keeper_public_key's */
    bool held;               /* this node's keeper has it */
};

struct key_versions {
    const struct key_version *at; /* by their number; lives as long as the keeper */
    size_t len;
};

struct key_versions keeper_versions(struct keeper *keeper, const char *key);
/* The state of a version at this moment: a rotation is written some seconds before it takes effect,
 * so that all nodes change at once. */
enum key_state key_state_at(const struct key_version *version, instant now);
/* The active one; NULL when there is none. */
const struct key_version *key_active(struct key_versions versions, instant now);

/* What others may know of the versions of a key that signs or decrypts, for metadata and lists of keys:
 * all that are not retired, by their number, also of those whose private half is not on this node. One
 * that is next is published before it is used, one that is previous as long as what it signed is
 * believed: that is the overlap of a rotation. */
struct public_key {
    int64_t version;
    enum key_state state;   /* at `now` */
    instant made, since;    /* made; in this state since then. `since` of a rotation that was written
                               ahead is the moment to come */
    struct str key;         /* SubjectPublicKeyInfo in DER (RFC 5280, section 4.1.2.7) */
    struct str certificate; /* DER; empty where the declaration asks for none */
};
struct public_keys {
    list_of(struct public_key);
};
bool keeper_public_keys(struct keeper *keeper, struct arena *arena, const char *key, instant now,
                        struct public_keys *keys, struct error *err);

/* For statements that count or choose sealed values: the version of a sealed value as 4 bytes is
 * KEY_SEALED_VERSION("column"), with $1 the magic and $2 the version that has no mark; both, and the
 * bytes of a version, are made by these. */
#define KEY_SEALED_VERSION(column)                                                                 \
    "(CASE WHEN substr(" column ", 1, 4) = $1 THEN substr(" column ", 5, 4) ELSE $2 END)"
#define KEY_SEALED_MAGIC     ((struct str){ SEAL_MAGIC, 4 })
#define KEY_SEALED_UNMARKED  ((struct str){ "\0\0\0\1", 4 })
struct str key_version_bytes(struct arena *arena, int64_t version);

#endif
