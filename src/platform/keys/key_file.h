/* SPDX-License-Identifier: EUPL-1.2 */
/* Key files: one line, "fundament-key LABEL HEX". The label is in the file so that a file put in
 * another's place by a careless restore is noticed, instead of quietly giving other pseudonyms. */
#ifndef PLATFORM_KEY_FILE_H
#define PLATFORM_KEY_FILE_H

#include "base/error.h"

#define SECRET_MAX ((size_t)4000) /* bytes; an RSA key of 3072 bits takes some 1,800 */

/* What a key file holds, in memory as struct key's. */
struct secret {
    size_t len;
    unsigned char bytes[SECRET_MAX];
};

struct secret *secret_new(void);
void secret_free(struct secret *secret); /* wipes; NULL is fine */

/* Reads a file that is a regular one, of this user and closed to all others, and bears this label.
 * One that is not there is KEY_MISSING (says.h). */
bool key_file_read(const char *path, const char *label, struct secret *secret, struct error *err);

/* Makes the file where there is none: of two that do so at once one wins, and the file is that
 * one's. So read it afterwards. The folder is made, and closed to others. */
bool key_file_make(const char *folder, const char *path, const char *label,
                   const struct secret *secret, struct error *err);

/* Takes the file away for good; one that is not there is fine. */
bool key_file_remove(const char *path, struct error *err);

#endif
