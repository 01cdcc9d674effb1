/* SPDX-License-Identifier: EUPL-1.2 */
/* A copy of the whole database while others read and write it, and the way back. SQLite: a file of
 * the same form, copied by SQLite's own backup from one snapshot. PostgreSQL: an archive of pg_dump
 * (custom form), restored by pg_restore; both are run as programs, the password goes to them in their
 * environment. */
#ifndef PLATFORM_DB_BACKUP_H
#define PLATFORM_DB_BACKUP_H

#include "platform/db/db.h"

struct progress {
    void (*tell)(void *with, int percent); /* may be NULL */
    void *with;
};

/* The name of the database that the configuration means, with a full path. */
struct str db_url(const struct config *config, struct arena *arena);
bool db_url_is_postgres(struct str url);

/* Copies the database `url` to the new file `path` (0600), synced, and reads the whole copy again:
 * what it returns true for can be restored. A file that exists is a CONFLICT. */
bool db_backup(struct str url, const char *path, const struct progress *progress,
               struct error *err);

/* Puts a copy back into the database `url`, which must not exist (SQLite) or have no tables
 * (PostgreSQL); all of it or nothing. */
bool db_restore(struct str url, const char *path, struct error *err);

#endif
