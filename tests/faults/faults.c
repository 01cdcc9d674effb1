/* SPDX-License-Identifier: EUPL-1.2 */
/* Faults on demand, preloaded into a server by tests/faults/run: an allocation that fails, a disk that
 * gives errors. What is to fail stands in a file (FAULTS) that the test has mapped as well, so that
 * it is set between two requests without a word to the server. */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Beside each other as tests/faults/control.py has them. */
struct fault {
    _Atomic int64_t armed, seen, fail_at, forever, failed;
};
static struct control {
    _Atomic int64_t process;   /* only this one; 0: whoever has this loaded */
    struct fault memory, disk;
    _Atomic int64_t blocks;    /* allocated and not freed, in `process` */
    _Atomic int64_t calls;     /* of the disk: which fail, bits below */
    _Atomic int64_t error;     /* errno; 0: a short write */
    _Atomic int64_t smallest;  /* of memory: allocations of fewer bytes are not counted */
    char pattern[64];          /* part of the file's path */
} *control;

enum { WRITES = 1, SYNCS = 2, TRUNCATES = 4, OPENS = 8, RENAMES = 16, READS = 32 };

static _Thread_local bool inside; /* our own calls do not count */

static bool is_ours(void)
{
    int64_t process = control ? atomic_load(&control->process) : -1;
    return process == 0 || process == (int64_t)getpid();
}

static bool due(struct fault *fault)
{
    if (!atomic_load(&fault->armed))
        return false;
    int64_t number = atomic_fetch_add(&fault->seen, 1) + 1, at = atomic_load(&fault->fail_at);
    bool fails = at && (number == at || (number > at && atomic_load(&fault->forever)));
    if (fails)
        atomic_fetch_add(&fault->failed, 1);
    return fails;
}

static void tell(const char *what)
{
    void *frames[40];
    if (!getenv("FAULTS_TRACE"))
        return;
    dprintf(STDERR_FILENO, "fault: %s\n", what);
    backtrace_symbols_fd(frames, backtrace(frames, 40), STDERR_FILENO);
}

/* ---- Memory ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *at);

static bool memory_fails(size_t size)
{
    if (!control || inside || !is_ours() || (int64_t)size < atomic_load(&control->smallest))
        return false;
    inside = true;
    bool fails = due(&control->memory);
    if (fails)
        tell("memory");
    inside = false;
    if (fails)
        errno = ENOMEM;
    return fails;
}

static void *counted(void *at)
{
    if (at && control && is_ours())
        atomic_fetch_add(&control->blocks, 1);
    return at;
}

void *malloc(size_t size)
{
    return memory_fails(size) ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return memory_fails(count * size) ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
    if (old && size == 0) {
        free(old);
        return NULL;
    }
    if (memory_fails(size))
        return NULL;
    return old ? __libc_realloc(old, size) : counted(__libc_realloc(old, size));
}

void *reallocarray(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, bytes);
}

void *memalign(size_t align, size_t size)
{
    return memory_fails(size) ? NULL : counted(__libc_memalign(align, size));
}

void *aligned_alloc(size_t align, size_t size)
{
    return memalign(align, size);
}

int posix_memalign(void **at, size_t align, size_t size)
{
    *at = memalign(align, size);
    return *at ? 0 : ENOMEM;
}

void free(void *at)
{
    if (at && control && is_ours())
        atomic_fetch_sub(&control->blocks, 1);
    __libc_free(at);
}

/* ---- The disk ---- */

static bool path_fails(int call, const char *path)
{
    if (!control || inside || !is_ours() || !atomic_load(&control->disk.armed)
        || !(atomic_load(&control->calls) & call) || !strstr(path, control->pattern))
        return false;
    inside = true;
    bool fails = due(&control->disk);
    if (fails)
        tell(path);
    inside = false;
    if (fails)
        errno = (int)atomic_load(&control->error);
    return fails;
}

static bool fd_fails(int call, int fd)
{
    char link[40], path[512];
    if (!control || !atomic_load(&control->disk.armed) || !(atomic_load(&control->calls) & call))
        return false;
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    errno = kept;
    path[len > 0 ? len : 0] = '\0';
    return path_fails(call, path);
}

/* Half of what was asked, when it is to be a short one; else -1. */
static ssize_t half(long (*write_some)(int, const void *, size_t, off_t), int fd, const void *bytes,
                    size_t size, off_t at)
{
    if (atomic_load(&control->error) != 0 || size < 2)
        return -1;
    return write_some(fd, bytes, size / 2, at);
}

static long raw_write(int fd, const void *bytes, size_t size, off_t at)
{
    (void)at;
    return syscall(SYS_write, fd, bytes, size);
}

static long raw_pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return syscall(SYS_pwrite64, fd, bytes, size, at);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    return fd_fails(WRITES, fd) ? half(raw_write, fd, bytes, size, 0) : raw_write(fd, bytes, size, 0);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
    return fd_fails(WRITES, fd) ? half(raw_pwrite, fd, bytes, size, at)
                                : raw_pwrite(fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return pwrite64(fd, bytes, size, at);
}

ssize_t pread64(int fd, void *bytes, size_t size, off_t at)
{
    return fd_fails(READS, fd) ? -1 : syscall(SYS_pread64, fd, bytes, size, at);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t at)
{
    return pread64(fd, bytes, size, at);
}

int fsync(int fd)
{
    return fd_fails(SYNCS, fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return fd_fails(SYNCS, fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int ftruncate64(int fd, off_t size)
{
    return fd_fails(TRUNCATES, fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

int fallocate64(int fd, int mode, off_t from, off_t size)
{
    return fd_fails(TRUNCATES, fd) ? -1 : (int)syscall(SYS_fallocate, fd, mode, from, size);
}

int fallocate(int fd, int mode, off_t from, off_t size)
{
    return fallocate64(fd, mode, from, size);
}

int rename(const char *from, const char *to)
{
    return path_fails(RENAMES, to) ? -1
                                   : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int open_path(int folder, const char *path, int flags, mode_t mode)
{
    return path_fails(OPENS, path) ? -1 : (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define MODE_OF(flags)                                                                             \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode = va_arg(rest, mode_t);                                                               \
        va_end(rest);                                                                              \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_path(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_path(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_path(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_path(folder, path, flags, mode);
}

/* ---- ---- */

/* Where the server fell: the test tells our own falls from those of libraries by it. */
static void tell_fall(int number)
{
    void *frames[60];
    inside = true;
    dprintf(STDERR_FILENO, "fell by signal %d\n", number);
    backtrace_symbols_fd(frames, backtrace(frames, 60), STDERR_FILENO);
    signal(number, SIG_DFL);
    raise(number);
}

__attribute__((constructor)) static void take_control(void)
{
    const char *path = getenv("FAULTS");
    void *frames[2];
    inside = true;
    backtrace(frames, 2); /* loads its library now */
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
    if (fd >= 0) {
        void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        control = at == MAP_FAILED ? NULL : at;
    }
    inside = false;
    if (control) {
        signal(SIGSEGV, tell_fall);
        signal(SIGABRT, tell_fall);
    }
}
