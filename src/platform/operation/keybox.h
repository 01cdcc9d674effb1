/* SPDX-License-Identifier: EUPL-1.2 */
/* Files that hold secrets, shut in one box under a passphrase: how keys travel with a backup. */
#ifndef PLATFORM_KEYBOX_H
#define PLATFORM_KEYBOX_H

#include "base/error.h"
#include "base/list.h"

struct box_file {
    struct str name;  /* "keys/accounts.1.key": a relative path without .. */
    struct str bytes;
};
struct box {
    list_of(struct box_file);
};

#define PASSPHRASE_LEAST 12 /* characters */

/* All files of the box as one text of bytes: the key is Argon2id's (RFC 9106, 64 MiB, 3 passes) of the
 * passphrase and a random salt, the rest AES-256-GCM. */
struct str box_shut(struct arena *arena, const struct box *box, struct str passphrase);

/* INVALID when the passphrase is not the one, or a byte was changed. */
bool box_open(struct arena *arena, struct str bytes, struct str passphrase, struct box *box,
              struct error *err);

/* The passphrase in the first line of a file that only its owner can read. */
bool box_passphrase(struct arena *arena, const char *path, struct str *passphrase,
                    struct error *err);

#endif
