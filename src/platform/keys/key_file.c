/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/key_file.h"

#include "base/encoding.h"
#include "base/file.h"
#include "base/random.h"
#include "platform/keys/keys.h"
#include "platform/keys/says.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LABEL_MAX 80
#define FILE_MARK "fundament-key "
#define FILE_MAX  (sizeof FILE_MARK + LABEL_MAX + 1 + 2 * SECRET_MAX + 1)

struct secret *secret_new(void)
{
    void *pages = mmap(NULL, sizeof(struct secret), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        abort(); /* as where any key cannot be kept as it should (keys.c) */
    mlock(pages, sizeof(struct secret));
    madvise(pages, sizeof(struct secret), MADV_DONTDUMP);
    madvise(pages, sizeof(struct secret), MADV_WIPEONFORK);
    return pages;
}

void secret_free(struct secret *secret)
{
    if (!secret)
        return;
    OPENSSL_cleanse(secret, sizeof *secret);
    munmap(secret, sizeof *secret);
}

static bool is_ours_alone(const struct stat *about, const char *path, struct error *err)
{
    if (!S_ISREG(about->st_mode))
        return say(err, KEY_NOT_A_FILE, "%s", path);
    if (about->st_uid != geteuid())
        return say(err, KEY_OF_ANOTHER_USER, "%s", path);
    if (about->st_mode & (S_IRWXG | S_IRWXO))
        return say(err, KEY_READABLE, "%s", path);
    return true;
}

bool key_file_check(const char *path, struct error *err)
{
    struct stat about;
    if (lstat(path, &about) < 0)
        return say(err, KEY_NO_FILE, "%s", path);
    return is_ours_alone(&about, path, err);
}

static bool parse(struct str text, const char *label, struct secret *secret)
{
    struct str mark = STR(FILE_MARK);
    if (!str_starts(text, mark) || !str_ends(text, STR("\n")))
        return false;
    struct str rest = str_slice(text, mark.len, text.len - 1);
    if (!str_eq(str_cut(&rest, ' '), str_of(label)) || rest.len % 2 || rest.len > 2 * SECRET_MAX)
        return false;
    secret->len = rest.len / 2;
    return secret->len > 0 && hex_read(rest, secret->bytes, secret->len);
}

static bool read_open(int fd, const char *path, const char *label, struct secret *secret,
                      struct error *err)
{
    char text[FILE_MAX + 1];
    struct stat about;
    if (fstat(fd, &about) < 0)
        return fail_internal(err, "fstat: %s", strerror(errno));
    if (!is_ours_alone(&about, path, err))
        return false;
    ssize_t size = read(fd, text, sizeof text);
    bool ok = size > 0 && parse((struct str){ text, (size_t)size }, label, secret);
    OPENSSL_cleanse(text, sizeof text);
    return ok || say(err, KEY_DAMAGED, "%s", path);
}

bool key_file_read(const char *path, const char *label, struct secret *secret, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return say(err, KEY_MISSING, "%s", path);
    if (fd < 0) {
        say(err, KEY_NOT_OPENED, "%s", path);
        return fail_detail(err, "%s", strerror(errno));
    }
    bool ok = read_open(fd, path, label, secret, err);
    close(fd);
    return ok;
}

static bool write_secret(int fd, const char *label, const struct secret *secret)
{
    char text[FILE_MAX + 1];
    int size = snprintf(text, sizeof text, FILE_MARK "%s ", label);
    hex_write(secret->bytes, secret->len, text + size);
    size += (int)(2 * secret->len);
    text[size++] = '\n';
    bool ok = write(fd, text, (size_t)size) == size && fsync(fd) == 0;
    OPENSSL_cleanse(text, sizeof text);
    return ok;
}

/* Keys' own folder is for their owner alone; one that came from before may be wider. */
static bool close_folder(const char *folder, struct error *err)
{
    struct stat about;
    if (!folder_make(folder, err))
        return false;
    if (stat(folder, &about) < 0)
        return fail_internal(err, "stat: %s", strerror(errno));
    if (!(about.st_mode & (S_IRWXG | S_IRWXO)))
        return true;
    return chmod(folder, S_IRWXU) == 0 || say(err, KEY_FOLDER_OPEN, "%s", folder);
}

bool key_file_make(const char *folder, const char *path, const char *label,
                   const struct secret *secret, struct error *err)
{
    char fresh[PATH_MAX];
    if (!close_folder(folder, err))
        return false;
    if (strlen(label) > LABEL_MAX
        || (size_t)snprintf(fresh, sizeof fresh, "%s.new-XXXXXX", path) >= sizeof fresh)
        return say(err, KEY_NAME_LONG, "%s", path);
    int fd = mkostemp(fresh, O_CLOEXEC); /* 0600 */
    bool ok = fd >= 0 && write_secret(fd, label, secret)
              && (link(fresh, path) == 0 || errno == EEXIST);
    int why = errno;
    if (fd >= 0) {
        close(fd);
        unlink(fresh);
    }
    if (ok)
        return folder_sync(folder, err); /* nothing may be sealed with a key that a power cut takes */
    say(err, KEY_NOT_MADE, "%s", path);
    return fail_detail(err, "%s", strerror(why));
}

bool key_file_remove(const char *path, struct error *err)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return true;
    return fail_internal(err, "the file of a retired key cannot be removed: %s", strerror(errno));
}

bool key_load(const char *folder, const char *name, bool make, struct key **key,
              struct error *err)
{
    char path[PATH_MAX];
    *key = NULL;
    if (strlen(name) > LABEL_MAX
        || (size_t)snprintf(path, sizeof path, "%s/%s.key", folder, name) >= sizeof path)
        return say(err, KEY_NAME_LONG, "%s", name);
    struct secret *secret = secret_new();
    bool ok = key_file_read(path, name, secret, err);
    if (!ok && make && said(err) == KEY_MISSING) {
        secret->len = KEY_BYTES;
        random_bytes(secret->bytes, KEY_BYTES);
        ok = key_file_make(folder, path, name, secret, err)
             && key_file_read(path, name, secret, err);
    }
    if (ok && secret->len != KEY_BYTES)
        ok = say(err, KEY_DAMAGED, "%s", path);
    if (ok) {
        *key = key_new();
        memcpy((*key)->bytes, secret->bytes, KEY_BYTES);
    }
    secret_free(secret);
    return ok;
}
