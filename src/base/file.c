/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define CLEANUP_FD __attribute__((cleanup(close_fd)))

static bool fail_file(struct error *err, enum error_kind kind, const char *message,
                      const char *path)
{
    int why = errno;
    fail_about(err, kind, NULL, message, "%s", path);
    return fail_detail(err, "%s", strerror(why));
}

static bool read_all(int fd, char *at, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        ssize_t n = read(fd, at + *got, size - *got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return true;
}

bool file_read(struct arena *arena, const char *path, size_t limit, struct str *bytes,
               struct error *err)
{
    CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) < 0)
        return fail_file(err, errno == ENOENT ? NOT_FOUND : UNAVAILABLE,
                         N_("The file %s cannot be opened; check its name and permissions."), path);
    if (!S_ISREG(about.st_mode))
        return fail_about(err, INVALID, NULL, N_("%s is not a file."), "%s", path);
    if ((uint64_t)about.st_size > limit)
        return fail_about(err, TOO_LARGE, NULL, N_("The file %s is too large."), "%s", path);
    size_t got;
    char *at = arena_alloc(arena, (size_t)about.st_size + 1);
    if (!read_all(fd, at, (size_t)about.st_size, &got))
        return fail_file(err, UNAVAILABLE, N_("The file %s cannot be read."), path);
    *bytes = (struct str){ at, got };
    return true;
}

static bool write_all(int fd, struct str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes = str_slice(bytes, (size_t)n, bytes.len);
    }
    return true;
}

bool folder_sync(const char *path, struct error *err)
{
    CLEANUP_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && fsync(fd) == 0)
        return true;
    return fail_file(err, UNAVAILABLE,
                     N_("The folder %s cannot be written to the disk; check the disk."), path);
}

/* The new name too must outlive a power cut. */
static bool sync_folder_of(const char *path, struct error *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == path ? 1 : slash ? (size_t)(slash - path) : 1;
    if (len >= sizeof folder)
        return fail_about(err, INVALID, NULL, N_("The name %s is too long."), "%s", path);
    memcpy(folder, slash ? path : ".", len);
    folder[len] = '\0';
    return folder_sync(folder, err);
}

bool file_write(const char *path, struct str bytes, unsigned mode, struct error *err)
{
    static const char message[] =
        N_("The file %s cannot be written; check the folder's permissions and free space.");
    char fresh[PATH_MAX];
    if ((size_t)snprintf(fresh, sizeof fresh, "%s.new-XXXXXX", path) >= sizeof fresh)
        return fail_about(err, INVALID, NULL, N_("The name %s is too long."), "%s", path);
    CLEANUP_FD int fd = mkostemp(fresh, O_CLOEXEC); /* 0600, and never what somebody put there */
    if (fd < 0)
        return fail_file(err, UNAVAILABLE, message, path);
    if (fchmod(fd, (mode_t)mode) < 0 || !write_all(fd, bytes) || fsync(fd) < 0
        || rename(fresh, path) < 0) {
        fail_file(err, UNAVAILABLE, message, path);
        unlink(fresh);
        return false;
    }
    return sync_folder_of(path, err);
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool folder_make(const char *path, struct error *err)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part)
        return fail_about(err, INVALID, NULL, N_("The name %s is too long."), "%s", path);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0750) < 0 && errno != EEXIST)
            return fail_file(err, UNAVAILABLE,
                             N_("The folder %s cannot be made; check its parent's permissions."),
                             path);
    }
    struct stat about;
    if (stat(path, &about) < 0 || !S_ISDIR(about.st_mode))
        return fail_about(err, INVALID, NULL, N_("%s is not a folder."), "%s", path);
    return true;
}

const char *path_in(struct arena *arena, const char *folder, const char *name)
{
    return str_format(arena, "%s/%s", folder, name).at;
}
