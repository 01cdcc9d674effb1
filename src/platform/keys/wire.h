/* SPDX-License-Identifier: EUPL-1.2 */
/* What goes between the keeper's process and the one that serves: a question, an answer, both of a
 * fixed layout in the machine's own byte order (the two are one program on one machine). A message
 * longer than a packet comes in several; its head says how long it is. */
#ifndef PLATFORM_KEY_WIRE_H
#define PLATFORM_KEY_WIRE_H

#include "base/buf.h"
#include "platform/keys/vault.h"

#define WIRE_PACKET ((size_t)64 * 1024)
#define WIRE_MAX    ((size_t)8 * 1024 * 1024) /* of a message */
#define WIRE_MACS   4096                      /* of one message */

enum wire_op {
    WIRE_MAC,    /* many struct wire_mac, each with its fields behind it; gives the MACs in a row */
    WIRE_SEAL,   /* argument: length of `about`; about and plain; gives the sealed value */
    WIRE_UNSEAL, /* argument: length of `about`; about and sealed; gives the plain value */
    WIRE_SIGN,   /* argument: the scheme; gives the signature */
    WIRE_PUBLIC, /* gives the public key */
    WIRE_LOAD,   /* argument: engine, and the way * 256; gives the fingerprint */
    WIRE_DROP,
    WIRE_READY,  /* from now on nothing is made any more */
    WIRE_DECRYPT, /* argument: the scheme; gives the plain value */
    WIRE_CERTIFY, /* struct wire_dates; gives the certificate */
    WIRE_OPS
};

struct wire_dates {
    int64_t from, until;
};

struct wire_head {
    uint32_t size; /* of the whole message, with this head */
    uint16_t op, key;
    int64_t version;
    uint32_t argument, zero;
};

struct wire_mac {
    uint16_t key;
    uint8_t part, size; /* 32 or 64 bytes of result */
    uint32_t fields;    /* bytes that follow */
    int64_t version;
};

struct wire_answer {
    uint32_t size; /* of the whole message, with this head */
    uint8_t ok;
    uint8_t kind, says; /* of an error, whose texts follow as struct wire_error */
    uint8_t zero;
};

struct wire_error {
    char subject[96];
    char detail[256];
};

#define WIRE_REFUSAL (sizeof(struct wire_answer) + sizeof(struct wire_error))

/* What the keeper remembers between messages. */
struct wire_state {
    struct vault *vault;
    _Atomic bool ready;
};

/* Answers one message, whatever stands in it; the answer lies in the arena. */
struct str wire_answer(struct wire_state *state, struct arena *arena, struct str message);

/* Takes the body from an answer; what is not one is an INTERNAL error. */
bool wire_take(struct str answer, struct str *body, struct error *err);

#endif
