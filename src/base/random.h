/* SPDX-License-Identifier: EUPL-1.2 */
/* Random bytes from the kernel (getrandom(2)); the process ends if the kernel has none. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include "base/str.h"

void random_bytes(void *bytes, size_t size);

/* A token of `size` random bytes in base64url: 16 bytes or more cannot be guessed. */
struct str random_token(struct arena *arena, size_t size);

/* A random UUID (RFC 9562, version 4) as 36 characters. */
struct str random_uuid(struct arena *arena);

#endif
