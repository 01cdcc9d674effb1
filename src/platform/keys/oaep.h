/* SPDX-License-Identifier: EUPL-1.2 */
/* The padding of RSA-OAEP (RFC 8017, section 7.1.2), for a private key that only computes. */
#ifndef PLATFORM_OAEP_H
#define PLATFORM_OAEP_H

#include "base/arena.h"
#include "base/str.h"

/* Takes the padding (with an empty label) off `padded`, as long as the modulus; `sha256`: made with
 * SHA-256, else with SHA-1, and so for MGF1. False: it is none. Takes the same time whatever is wrong
 * with it, so that nobody learns from the time what came out (Manger, CRYPTO 2001). The message lies in
 * the arena. */
bool oaep_open(struct arena *arena, bool sha256, bool mgf1_sha256, struct str padded,
               struct str *message);

#endif
