/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/operation/manifest.h"

#include "base/encoding.h"
#include "base/file.h"
#include "base/node.h"
#include "platform/format/json.h"
#include "platform/keys/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT         1
#define MANIFEST_LIMIT ((size_t)1024 * 1024)
#define PIECE          ((size_t)1024 * 1024)

static bool cannot_read(struct error *err, const char *path)
{
    fail_about(err, errno == ENOENT ? NOT_FOUND : UNAVAILABLE, NULL,
               N_("The file %s of the backup cannot be read."), "%s", path);
    return fail_detail(err, "%s", strerror(errno));
}

/* Hashes an open file in pieces: a database is larger than memory should hold. */
static bool hash_fd(struct arena *arena, int fd, EVP_MD_CTX *hash, struct manifest_file *file)
{
    unsigned char sum[SHA256_BYTES];
    char *piece = arena_alloc(arena, PIECE);
    ssize_t got;
    file->bytes = 0;
    if (!EVP_DigestInit_ex(hash, EVP_sha256(), NULL))
        return false;
    while ((got = read(fd, piece, PIECE)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || !EVP_DigestUpdate(hash, piece, (size_t)got))
            return false;
        file->bytes += got;
    }
    if (!EVP_DigestFinal_ex(hash, sum, NULL))
        return false;
    file->sha256 = hex_encode(arena, (struct str){ (const char *)sum, sizeof sum });
    return true;
}

static bool hash_file(struct arena *arena, const char *path, struct manifest_file *file,
                      struct error *err)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); /* a pipe would have us wait */
    if (fd < 0)
        return cannot_read(err, path);
    if (fstat(fd, &about) < 0 || !S_ISREG(about.st_mode)) {
        close(fd);
        errno = EINVAL;
        return cannot_read(err, path);
    }
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool ok = (hash && hash_fd(arena, fd, hash, file)) || cannot_read(err, path);
    EVP_MD_CTX_free(hash);
    close(fd);
    return ok;
}

bool manifest_add(struct arena *arena, struct manifest *manifest, const char *folder,
                  const char *name, struct error *err)
{
    struct manifest_file file = { .name = str_of(name) };
    if (!hash_file(arena, path_in(arena, folder, str_c(arena, file.name)), &file, err))
        return false;
    *list_add(arena, &manifest->files) = file;
    return true;
}

bool manifest_has(const struct manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->files.len; i++)
        if (str_eq(manifest->files.at[i].name, str_of(name)))
            return true;
    return false;
}

bool manifest_write(struct arena *arena, const struct manifest *manifest, const char *folder,
                    struct error *err)
{
    char made[INSTANT_TEXT];
    struct buf json = { .arena = arena };
    struct node *root = node_map(arena), *files;
    node_put_int(root, "format", FORMAT);
    node_put_text(root, "version", manifest->version);
    node_put_text(root, "made", str_copy(arena, instant_format(manifest->made, made)));
    node_put_text(root, "engine", manifest->engine);
    node_put_int(root, "audit_rows", manifest->audit_rows);
    files = node_put_list(root, "files");
    for (size_t i = 0; i < manifest->files.len; i++) {
        struct node *file = node_add_map(files);
        node_put_text(file, "name", manifest->files.at[i].name);
        node_put_int(file, "bytes", manifest->files.at[i].bytes);
        node_put_text(file, "sha256", manifest->files.at[i].sha256);
    }
    node_to_json(root, &json);
    buf_byte(&json, '\n');
    return file_write(path_in(arena, folder, MANIFEST_FILE), buf_str(&json), 0600, err);
}

struct str manifest_statement(struct arena *arena, const struct manifest *manifest, const char *but)
{
    char made[INSTANT_TEXT];
    struct buf out = { .arena = arena };
    struct str at = instant_format(manifest->made, made);
    buf_addf(&out, "%.*s %.*s %.*s %lld\n", FMT(manifest->version), FMT(manifest->engine), FMT(at),
             (long long)manifest->audit_rows);
    for (size_t i = 0; i < manifest->files.len; i++) {
        const struct manifest_file *file = &manifest->files.at[i];
        if (!str_eq(file->name, str_of(but)))
            buf_addf(&out, "%.*s %lld %.*s\n", FMT(file->sha256), (long long)file->bytes,
                     FMT(file->name));
    }
    return buf_str(&out);
}

static bool not_a_manifest(struct error *err)
{
    return fail(err, INVALID, NULL,
                N_("The file " MANIFEST_FILE " is not that of a backup that this version reads."));
}

static bool is_plain_name(struct str name)
{
    return name.len && name.at[0] != '.' && !str_has(name, '/') && !str_has(name, '\0');
}

static int64_t number_of(const struct node *map, const char *key)
{
    const struct node *number = node_get(map, str_of(key));
    return number && number->kind == NODE_INT ? number->number : -1;
}

static bool read_manifest(struct arena *arena, const char *folder, struct manifest *manifest,
                          struct error *err)
{
    struct str text;
    const struct node *root, *file;
    *manifest = (struct manifest){ 0 };
    if (!file_read(arena, path_in(arena, folder, MANIFEST_FILE), MANIFEST_LIMIT, &text, err)
        || !json_parse(arena, text, &root, err))
        return false;
    manifest->version = node_text(root, "version");
    manifest->engine = node_text(root, "engine");
    manifest->audit_rows = number_of(root, "audit_rows");
    const struct node *files = node_get(root, STR("files"));
    if (number_of(root, "format") != FORMAT || !files || files->kind != NODE_LIST
        || !instant_parse(node_text(root, "made"), &manifest->made))
        return not_a_manifest(err);
    for (file = files->first; file; file = file->next) {
        struct manifest_file entry = { node_text(file, "name"), number_of(file, "bytes"),
                                       node_text(file, "sha256") };
        if (!is_plain_name(entry.name))
            return not_a_manifest(err);
        *list_add(arena, &manifest->files) = entry;
    }
    return true;
}

bool manifest_check(struct arena *arena, const char *folder, struct manifest *manifest,
                    struct error *err)
{
    if (!read_manifest(arena, folder, manifest, err))
        return false;
    for (size_t i = 0; i < manifest->files.len; i++) {
        const struct manifest_file *wanted = &manifest->files.at[i];
        struct manifest_file found;
        const char *path = path_in(arena, folder, str_c(arena, wanted->name));
        if (!hash_file(arena, path, &found, err))
            return false;
        if (found.bytes != wanted->bytes || !str_eq(found.sha256, wanted->sha256))
            return fail_about(err, INVALID, NULL,
                              N_("The file %s of the backup was changed or is damaged. Take another "
                                 "backup."),
                              "%s", path);
    }
    return true;
}
