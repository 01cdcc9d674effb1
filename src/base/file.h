/* SPDX-License-Identifier: EUPL-1.2 */
/* Whole files. Paths are NUL-terminated; error texts name the file and say what to do. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/error.h"
#include "base/str.h"

/* All bytes of a regular file of at most `limit` bytes. */
bool file_read(struct arena *arena, const char *path, size_t limit, struct str *bytes,
               struct error *err);

/* Writes a new file with these permissions, synced, and puts it in place of an old one at once. */
bool file_write(const char *path, struct str bytes, unsigned mode, struct error *err);

/* Makes the entries of a folder durable: what was made, renamed or removed in it. */
bool folder_sync(const char *path, struct error *err);

bool file_exists(const char *path);

/* FOLDER/NAME, in the arena. */
const char *path_in(struct arena *arena, const char *folder, const char *name);

/* Makes a folder and its parents (0750) where they are missing. */
bool folder_make(const char *path, struct error *err);

#endif
