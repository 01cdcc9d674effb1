/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/operation/backup.h"

#include "base/file.h"
#include "platform/operation/keybox.h"
#include "platform/operation/store.h"
#include "platform/record/audit.h"
#include "platform/service.h"
#include "platform/version.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECRET_LIMIT ((size_t)1024 * 1024) /* of one file with a key or a certificate */
#define KEYS         "keys"
#define TLS          "tls"

struct making {
    struct app *app;
    struct arena *arena;
    const char *folder;   /* that is being filled, ".partial" */
    struct manifest *manifest;
    struct box box;       /* what goes under the passphrase */
    bool boxed;
};

/* ------------------------------------------------------------------ the parts */

static bool copy_database(struct making *making, const struct progress *progress,
                          struct error *err)
{
    struct str url = db_url(making->app->config, making->arena);
    bool postgres = db_url_is_postgres(url);
    const char *name = postgres ? BACKUP_POSTGRES : BACKUP_SQLITE;
    making->manifest->engine = postgres ? STR("postgres") : STR("sqlite");
    return db_read(making->app->db, making->arena, count_audit, &making->manifest->audit_rows, err)
           && db_backup(url, path_in(making->arena, making->folder, name), progress, err)
           && manifest_add(making->arena, making->manifest, making->folder, name, err);
}

static bool put_file(struct making *making, const char *name, struct str bytes, struct error *err)
{
    return file_write(path_in(making->arena, making->folder, name), bytes, 0600, err)
           && manifest_add(making->arena, making->manifest, making->folder, name, err);
}

static bool copy_settings(struct making *making, struct error *err)
{
    struct str text;
    const char *path = config_path(making->app->config, making->arena, BACKUP_CONFIG);
    if (!file_exists(path))
        return true;
    return file_read(making->arena, path, SECRET_LIMIT, &text, err)
           && put_file(making, BACKUP_CONFIG, text, err);
}

static bool is_regular(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0 && S_ISREG(about.st_mode);
}

/* Each file of a folder in the data folder: certificates beside the database, secrets in the box. */
static bool take_file(struct making *making, const char *part, const char *name, struct error *err)
{
    struct str bytes, relative = str_format(making->arena, "%s/%s", part, name);
    const char *path = config_path(making->app->config, making->arena, relative.at);
    bool secret = strcmp(part, KEYS) == 0 || str_ends(relative, STR(".key"));
    if (name[0] == '.' || !is_regular(path) || (secret && !making->boxed))
        return true;
    if (!file_read(making->arena, path, SECRET_LIMIT, &bytes, err))
        return false;
    if (!secret)
        return put_file(making, str_format(making->arena, "%s.%s", part, name).at, bytes, err);
    *list_add(making->arena, &making->box) = (struct box_file){ relative, bytes };
    return true;
}

static bool take_folder(struct making *making, const char *part, struct error *err)
{
    DIR *folder = opendir(config_path(making->app->config, making->arena, part));
    bool ok = true;
    if (!folder)
        return errno == ENOENT || fail_internal(err, "%s: %s", part, strerror(errno));
    for (struct dirent *entry; ok && (entry = readdir(folder));)
        ok = take_file(making, part, str_c(making->arena, str_of(entry->d_name)), err);
    closedir(folder);
    return ok;
}

static bool shut_box(struct making *making, struct str passphrase, struct error *err)
{
    if (!making->boxed)
        return true;
    *list_add(making->arena, &making->box) =
        (struct box_file){ STR(BACKUP_VOUCHED),
                           manifest_statement(making->arena, making->manifest, BACKUP_KEYS) };
    bool ok = put_file(making, BACKUP_KEYS, box_shut(making->arena, &making->box, passphrase), err);
    for (size_t i = 0; i < making->box.len; i++)
        explicit_bzero((char *)making->box.at[i].bytes.at, making->box.at[i].bytes.len);
    return ok;
}

/* ------------------------------------------------------------------ making it */

static struct str folder_name(struct arena *arena, instant at)
{
    char text[32];
    time_t seconds = (time_t)(at / SECOND);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    return str_format(arena, BACKUP_PREFIX "%s", text);
}

static bool remove_folder(struct arena *arena, const char *path, struct error *err)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(path_in(arena, path, entry->d_name));
    if (folder)
        closedir(folder);
    if (rmdir(path) == 0)
        return true;
    fail_about(err, UNAVAILABLE, NULL, N_("The folder %s cannot be removed."), "%s", path);
    return fail_detail(err, "%s", strerror(errno));
}

static bool fill(struct making *making, struct str passphrase, const struct progress *progress,
                 struct error *err)
{
    return copy_database(making, progress, err) && copy_settings(making, err)
           && take_folder(making, TLS, err) && take_folder(making, KEYS, err)
           && shut_box(making, passphrase, err)
           && manifest_write(making->arena, making->manifest, making->folder, err);
}

static bool note_backup(struct tx *tx, void *with, struct error *err)
{
    const struct making *making = with;
    struct audit_entry entry = {
        .who = STR("command:backup"),
        .what = "operation.backup-made",
        .detail = making->boxed ? STR("{\"keys\":true}") : STR("{\"keys\":false}"),
    };
    return audit_add(tx, making->manifest->made, &entry, err);
}

static bool cannot_make(struct error *err, const char *path)
{
    fail_about(err, errno == EEXIST ? CONFLICT : UNAVAILABLE, NULL,
               N_("The folder %s cannot be made; check its parent's permissions."), "%s", path);
    return fail_detail(err, "%s", strerror(errno));
}

bool backup_make(struct app *app, const char *folder, struct str passphrase,
                 const struct progress *progress, const char **made, struct manifest *manifest,
                 struct error *err)
{
    struct arena *arena = app->arena;
    instant now = instant_now();
    *manifest = (struct manifest){ .version = STR(FUNDAMENT_VERSION), .made = now };
    *made = str_format(arena, "%s/%.*s", folder, FMT(folder_name(arena, now))).at;
    struct making making = { .app = app,
                             .arena = arena,
                             .folder = str_format(arena, "%s.partial", *made).at,
                             .manifest = manifest,
                             .boxed = passphrase.len > 0 };
    struct error ignored;
    if (!folder_make(folder, err))
        return false;
    if (mkdir(making.folder, 0700) != 0)
        return cannot_make(err, making.folder);
    bool ok = fill(&making, passphrase, progress, err);
    if (ok && (!folder_sync(making.folder, &ignored) || rename(making.folder, *made) != 0))
        ok = cannot_make(err, *made);
    if (!ok) {
        remove_folder(arena, making.folder, &ignored);
        return false;
    }
    return folder_sync(folder, err) && db_write(app->db, arena, note_backup, &making, err);
}

/* ------------------------------------------------------------------ sweeping */

static int by_name(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right); /* the names begin with the instant: the oldest is first */
}

bool backup_sweep(struct arena *arena, const char *folder, int64_t keep, int64_t *removed,
                  struct error *err)
{
    list_of(const char *) backups = { 0 };
    DIR *open = opendir(folder);
    *removed = 0;
    for (struct dirent *entry; open && (entry = readdir(open));) {
        const char *path = path_in(arena, folder, entry->d_name);
        struct str name = str_of(entry->d_name);
        if (str_starts(name, STR(BACKUP_PREFIX)) && str_ends(name, STR("Z"))
            && file_exists(path_in(arena, path, MANIFEST_FILE)))
            *list_add(arena, &backups) = path;
    }
    if (open)
        closedir(open);
    if (backups.len)
        qsort(backups.at, backups.len, sizeof *backups.at, by_name);
    for (size_t i = 0; (int64_t)(i + (size_t)keep) < (int64_t)backups.len; i++, ++*removed)
        if (!remove_folder(arena, backups.at[i], err))
            return false;
    return true;
}
