/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/operation/backup.h"

#include "base/file.h"
#include "platform/operation/keybox.h"
#include "platform/record/audit.h"
#include "platform/service.h"

#include <sys/stat.h>
#include <unistd.h>

#define BOX_LIMIT  ((size_t)64 * 1024 * 1024)
#define FILE_LIMIT ((size_t)1024 * 1024)

static bool check_target(struct arena *arena, const char *data, struct error *err)
{
    static const char *const taken[] = { "fundament.db", "keys", NULL };
    for (const char *const *name = taken; *name; name++)
        if (file_exists(path_in(arena, data, *name)))
            return fail_about(err, CONFLICT, NULL,
                              N_("The folder %s is in use. Restore into an empty one, or move what "
                                 "stands there aside first."),
                              "%s", data);
    return folder_make(data, err);
}

static bool copy_file(struct arena *arena, const char *from, const char *to, struct error *err)
{
    struct str bytes;
    return file_read(arena, from, FILE_LIMIT, &bytes, err) && file_write(to, bytes, 0600, err);
}

static bool restore_settings(struct arena *arena, const char *backup, const char *data,
                             const struct manifest *manifest, struct error *err)
{
    const char *to = path_in(arena, data, BACKUP_CONFIG);
    if (!manifest_has(manifest, BACKUP_CONFIG) || file_exists(to))
        return true;
    return copy_file(arena, path_in(arena, backup, BACKUP_CONFIG), to, err);
}

/* "tls.server.crt" of the backup was tls/server.crt. */
static bool restore_certificates(struct arena *arena, const char *backup, const char *data,
                                 const struct manifest *manifest, struct error *err)
{
    for (size_t i = 0; i < manifest->files.len; i++) {
        struct str name = manifest->files.at[i].name, rest = name;
        struct str part = str_cut(&rest, '.');
        if (!str_eq(part, STR("tls")) || !rest.len)
            continue;
        const char *to = str_format(arena, "%s/tls/%.*s", data, FMT(rest)).at;
        if (!folder_make(path_in(arena, data, "tls"), err)
            || !copy_file(arena, path_in(arena, backup, str_c(arena, name)), to, err))
            return false;
    }
    return true;
}

static bool make_private(const char *folder, struct error *err)
{
    if (!folder_make(folder, err))
        return false;
    return chmod(folder, 0700) == 0 || fail_internal(err, "chmod %s", folder);
}

/* Whoever could change the backup could change its manifest too, but not what is in the box. */
static bool check_vouched(struct arena *arena, const struct manifest *manifest,
                          const struct box *box, struct error *err)
{
    struct str found = manifest_statement(arena, manifest, BACKUP_KEYS);
    for (size_t i = 0; i < box->len; i++)
        if (str_eq(box->at[i].name, STR(BACKUP_VOUCHED)) && str_eq(box->at[i].bytes, found))
            return true;
    return fail(err, INVALID, NULL,
                N_("This backup is not as it was made: its files are others than those that "
                   "were sealed together with the keys. Take another backup, and find out "
                   "who changed this one."));
}

static bool open_box(struct arena *arena, const char *backup, const struct manifest *manifest,
                     struct str passphrase, struct box *box, struct error *err)
{
    struct str bytes;
    *box = (struct box){ 0 };
    if (!passphrase.len)
        return true;
    if (!manifest_has(manifest, BACKUP_KEYS))
        return fail(err, NOT_FOUND, NULL,
                    N_("This backup holds no keys. Restore it without a passphrase and put the folder "
                       "keys back yourself."));
    return file_read(arena, path_in(arena, backup, BACKUP_KEYS), BOX_LIMIT, &bytes, err)
        && box_open(arena, bytes, passphrase, box, err)
        && check_vouched(arena, manifest, box, err);
}

static bool restore_keys(struct arena *arena, const char *data, const struct box *box,
                         struct error *err)
{
    if (box->len
        && (!make_private(path_in(arena, data, "keys"), err)
            || !folder_make(path_in(arena, data, "tls"), err)))
        return false;
    for (size_t i = 0; i < box->len; i++)
        if (!str_eq(box->at[i].name, STR(BACKUP_VOUCHED))
            && !file_write(path_in(arena, data, str_c(arena, box->at[i].name)), box->at[i].bytes,
                           0600, err))
            return false;
    return true;
}

static bool restore_database(struct arena *arena, const char *backup, struct str url,
                             const struct manifest *manifest, struct error *err)
{
    bool postgres = db_url_is_postgres(url);
    if (postgres != str_eq(manifest->engine, STR("postgres")))
        return fail_about(err, INVALID, "database",
                          N_("This is a backup of %s; let the setting database name one."), "%.*s",
                          FMT(manifest->engine));
    const char *name = postgres ? BACKUP_POSTGRES : BACKUP_SQLITE;
    if (!manifest_has(manifest, name))
        return fail(err, INVALID, NULL, N_("This backup holds no database."));
    return db_restore(url, path_in(arena, backup, name), err);
}

struct check {
    int64_t rows;
};

static bool verify(struct tx *tx, void *with, struct error *err)
{
    struct check *check = with;
    return audit_verify(tx, &check->rows, err);
}

/* The chain of the audit trail shows that nothing is missing from the front or the middle; the number
 * of rows that nothing is missing from the end. */
static bool check_restored(struct arena *arena, struct str url, const struct manifest *manifest,
                           struct error *err)
{
    struct db *db;
    struct check check = { 0 };
    if (!db_open_url(url, 1, &db, err))
        return false;
    bool ok = db_read(db, arena, verify, &check, err);
    db_close(db);
    if (ok && check.rows < manifest->audit_rows)
        return fail(err, INTERNAL, NULL,
                    N_("The restored database holds less than the backup did. Do not use it."));
    return ok;
}

bool backup_restore(struct arena *arena, const char *backup, const char *data,
                    const struct service *const *services, struct str passphrase,
                    struct manifest *manifest, struct error *err)
{
    const struct config *config;
    struct box box;
    if (!manifest_check(arena, backup, manifest, err)
        || !open_box(arena, backup, manifest, passphrase, &box, err)
        || !check_target(arena, data, err)
        || !restore_settings(arena, backup, data, manifest, err)
        || !config_load(arena, data, services, &config, err))
        return false;
    struct str url = db_url(config, arena);
    return restore_keys(arena, data, &box, err)
           && restore_certificates(arena, backup, data, manifest, err)
           && restore_database(arena, backup, url, manifest, err)
           && check_restored(arena, url, manifest, err);
}
