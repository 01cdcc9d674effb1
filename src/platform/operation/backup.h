/* SPDX-License-Identifier: EUPL-1.2 */
/* A backup: a folder with a copy of the database, the settings and the certificates, and, where a
 * passphrase is given, a box with the keys; and the way back. docs/operating.md tells the operator. */
#ifndef PLATFORM_BACKUP_H
#define PLATFORM_BACKUP_H

#include "platform/app.h"
#include "platform/db/db_backup.h"
#include "platform/operation/manifest.h"

#define BACKUP_SQLITE   "database.sqlite"
#define BACKUP_POSTGRES "database.pgdump"
#define BACKUP_CONFIG   "fundament.conf"
#define BACKUP_KEYS     "keys.box"
#define BACKUP_VOUCHED  "manifest" /* in the box: manifest_statement, that nobody changes without the
                                      passphrase */
#define BACKUP_PREFIX   "fundament-" /* of the folder's name; then the instant */

/* Makes <folder>/fundament-<instant>, complete or not at all; `passphrase` is empty to leave the keys
 * out. `made` is the new folder. Audited. */
bool backup_make(struct app *app, const char *folder, struct str passphrase,
                 const struct progress *progress, const char **made, struct manifest *manifest,
                 struct error *err);

/* Removes the oldest whole backups in the folder until `keep` are left; `removed`: how many. */
bool backup_sweep(struct arena *arena, const char *folder, int64_t keep, int64_t *removed,
                  struct error *err);

/* Puts a backup back into the data folder, which must hold no database and no keys yet. A
 * fundament.conf that stands there stays and says where the database is; else that of the backup
 * comes. With an empty passphrase the keys are left to the operator; with one, nothing is put back unless
 * all is as the box of keys vouches for it. */
bool backup_restore(struct arena *arena, const char *backup, const char *data,
                    const struct service *const *services, struct str passphrase,
                    struct manifest *manifest, struct error *err);

#endif
