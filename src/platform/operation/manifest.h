/* SPDX-License-Identifier: EUPL-1.2 */
/* What a backup says of itself: manifest.json, with a SHA-256 of each of its files. */
#ifndef PLATFORM_MANIFEST_H
#define PLATFORM_MANIFEST_H

#include "base/error.h"
#include "base/instant.h"
#include "base/list.h"

#define MANIFEST_FILE "manifest.json"

struct manifest_file {
    struct str name;   /* in the backup's folder, without folders */
    int64_t bytes;
    struct str sha256; /* hex */
};

struct manifest {
    struct str version; /* of Fundament */
    instant made;
    struct str engine;  /* "sqlite" or "postgres" */
    int64_t audit_rows; /* that are in the copy at least */
    list_of(struct manifest_file) files;
};

/* Adds a file that stands in the folder. */
bool manifest_add(struct arena *arena, struct manifest *manifest, const char *folder,
                  const char *name, struct error *err);
bool manifest_has(const struct manifest *manifest, const char *name);

bool manifest_write(struct arena *arena, const struct manifest *manifest, const char *folder,
                    struct error *err);
/* What it says, as text, but for the file `but`. */
struct str manifest_statement(struct arena *arena, const struct manifest *manifest, const char *but);

/* Reads it and every file that it names: an error says which is missing or was changed. */
bool manifest_check(struct arena *arena, const char *folder, struct manifest *manifest,
                    struct error *err);

#endif
