/* SPDX-License-Identifier: EUPL-1.2 */
/* What the keeper's own files share: keeper.c (asking), keeper_process.c (the process apart),
 * registry.c (which versions there are). */
#ifndef PLATFORM_KEEPER_PARTS_H
#define PLATFORM_KEEPER_PARTS_H

#include "platform/keys/keeper.h"
#include "platform/keys/wire.h"

#include <pthread.h>

#define CHANNELS_MAX 64

/* What the database says of all keys; never changed once others can see it. */
struct key_table {
    struct key_table *before; /* kept, for who may still look at it */
    struct arena arena;
    struct {
        struct key_version *at;
        size_t len;
    } keys[KEYS_MAX];
};

struct keeper {
    const struct config *config;
    struct db *db;
    const struct key_use *uses[KEYS_MAX];
    size_t count;
    const char *folder;
    struct token_settings token;
    enum key_engine engine;        /* of keys that are made */
    bool confined;                 /* a process apart enters its sandbox */

    struct wire_state own;         /* of a keeper in this process; else its vault is NULL */

    int pid;                       /* of a keeper apart; 0: it has ended, or there is none */
    size_t channels;
    struct channel {
        pthread_mutex_t lock;
        int fd;
    } channel[CHANNELS_MAX];
    _Atomic bool gone;             /* it does not answer any more */

    _Atomic(struct key_table *) table;
    pthread_mutex_t refreshing;
    pthread_t watch;
    bool watching, stopping;
    pthread_mutex_t watch_lock;
    pthread_cond_t watch_end;
};

/* Sends a message and takes its answer's body, which is at most `most` bytes and lies in the arena. */
bool keeper_ask(struct keeper *keeper, struct arena *arena, struct wire_head head, struct str about,
                struct str body, size_t most, struct str *answer, struct error *err);

/* The place of a key by its name. */
bool keeper_find(const struct keeper *keeper, const char *name, size_t *place, struct error *err);

bool keeper_load(struct keeper *keeper, size_t key, int64_t version, enum key_engine engine,
                 enum load_how how, struct fingerprint *fingerprint, struct error *err);
/* Asks the keeper itself, also for a version that the table does not have. */
bool keeper_read_public(struct keeper *keeper, struct arena *arena, size_t key, int64_t version,
                        struct str *der, struct error *err);
/* Gives a version that was just made (its number and instant are known) its certificate, where its key
 * asks for one. */
bool keeper_certify(struct keeper *keeper, struct arena *arena, size_t key,
                    struct key_version *version, struct error *err);
bool keeper_drop(struct keeper *keeper, size_t key, int64_t version, struct error *err);

/* Forks the process, with so many channels to it. */
bool keeper_fork(struct keeper *keeper, size_t channels, struct error *err);

/* Whole messages over a channel, in packets. Receiving gives the number of bytes; 0: the other one is
 * gone, or sent what is no message. wire_receive: at most `most`; wire_receive_any: into memory of
 * malloc that grows as it must. */
bool wire_send(int fd, const char *at, size_t size);
size_t wire_receive(int fd, char *at, size_t most);
size_t wire_receive_any(int fd, char **at, size_t *room);

#endif
