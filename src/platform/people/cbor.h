/* SPDX-License-Identifier: EUPL-1.2 */
/* Reads CBOR (RFC 8949) as authenticators write it: the canonical form of CTAP2 (definite lengths,
 * shortest heads, no tags or floats, at most four deep). A reader of our own, for it is small, takes
 * no memory, and tells where an item ends, which is what authenticator data needs: its key is followed
 * by other bytes and has no length before it. A library builds a tree from whatever an enemy sends. */
#ifndef PLATFORM_CBOR_H
#define PLATFORM_CBOR_H

#include "base/str.h"

enum cbor_kind { CBOR_UNSIGNED, CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT, CBOR_LIST, CBOR_MAP,
                 CBOR_SIMPLE };

struct cbor {
    enum cbor_kind kind;
    int64_t number;   /* of an UNSIGNED or NEGATIVE; of a LIST its items, of a MAP its pairs */
    struct str bytes; /* of BYTES and TEXT */
};

/* Takes an item from the front of `rest`: of a list or map its head alone, what is in it follows.
 * False on anything that is not the canonical form. */
bool cbor_take(struct str *rest, struct cbor *item);

/* Passes over one whole item, with all that is in it. */
bool cbor_skip(struct str *rest);

#endif
