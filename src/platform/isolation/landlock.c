/* SPDX-License-Identifier: EUPL-1.2 */
/* Landlock (Linux 5.13 and later) by its system calls; no library has them. The kernel says which
 * version of the interface (ABI) it has; what it does not know is left out of the rules. */
#include "platform/isolation/isolation.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* <linux/landlock.h> of Debian 12 ends at ABI 2: so the interface stands here. */
#define FS_EXECUTE    (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE  (1ull << 2)
#define FS_READ_DIR   (1ull << 3)
#define FS_REMOVE_DIR (1ull << 4)
#define FS_REMOVE     (1ull << 5)
#define FS_MAKE_DIR   (1ull << 7)
#define FS_MAKE_FILE  (1ull << 8)
#define FS_FIRST_ABI  ((1ull << 13) - 1)
#define FS_REFER      (1ull << 13) /* ABI 2: rename between folders */
#define FS_TRUNCATE   (1ull << 14) /* ABI 3 */
#define FS_IOCTL_DEV  (1ull << 15) /* ABI 5 */
#define NET_BIND      (1ull << 0)  /* ABI 4 */
#define NET_CONNECT   (1ull << 1)
#define SCOPE_UNIX    (1ull << 0)  /* ABI 6: no abstract Unix socket of others */

#define READS  (FS_READ_FILE | FS_READ_DIR)
#define WRITES (FS_WRITE_FILE | FS_TRUNCATE | FS_MAKE_FILE | FS_MAKE_DIR | FS_REMOVE | FS_REMOVE_DIR)
#define OF_A_FILE (FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE)

#define CREATE_VERSION 1u
enum { RULE_PATH = 1, RULE_PORT = 2 };

struct attributes {
    uint64_t fs, net, scoped;
};
struct path_rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));
struct port_rule {
    uint64_t allowed, port;
};

/* The first attribute is all that the first ABI knows of; a longer structure is refused there only
 * when what it does not know is not zero. */
static struct attributes handled_by(int abi, const struct sandbox *sandbox)
{
    struct attributes all = { .fs = FS_FIRST_ABI };
    all.fs |= abi >= 2 ? FS_REFER : 0;
    all.fs |= abi >= 3 ? FS_TRUNCATE : 0;
    all.fs |= abi >= 5 ? FS_IOCTL_DEV : 0;
    all.net = abi >= 4 ? NET_BIND | (sandbox->connects_anywhere ? 0 : NET_CONNECT) : 0;
    all.scoped = abi >= 6 ? SCOPE_UNIX : 0;
    return all;
}

static bool allow_path(int rules, const struct attributes *all, const struct sandbox_path *path,
                       struct error *err)
{
    struct stat about;
    int fd = open(path->path, O_PATH | O_CLOEXEC);
    if (fd < 0) /* not there, or not ours to see: then it needs no rule */
        return true;
    uint64_t allowed = path->names ? FS_READ_DIR : READS | (path->writes ? WRITES : 0);
    if (fstat(fd, &about) == 0 && !S_ISDIR(about.st_mode))
        allowed &= OF_A_FILE;
    struct path_rule rule = { .allowed = allowed & all->fs, .parent = fd };
    long added = syscall(SYS_landlock_add_rule, rules, RULE_PATH, &rule, 0);
    int problem = errno;
    close(fd);
    return added == 0 || fail_internal(err, "Landlock refuses %s: %s", path->path, strerror(problem));
}

static bool allow_port(int rules, uint16_t port, struct error *err)
{
    struct port_rule rule = { .allowed = NET_CONNECT, .port = port };
    return syscall(SYS_landlock_add_rule, rules, RULE_PORT, &rule, 0) == 0
           || fail_internal(err, "Landlock refuses port %d: %s", port, strerror(errno));
}

static bool add_rules(int rules, const struct attributes *all, const struct sandbox *sandbox,
                      struct error *err)
{
    for (size_t i = 0; i < sandbox->paths.len; i++)
        if (!allow_path(rules, all, &sandbox->paths.at[i], err))
            return false;
    for (size_t i = 0; (all->net & NET_CONNECT) && i < sandbox->connects.len; i++)
        if (!allow_port(rules, sandbox->connects.at[i], err))
            return false;
    return true;
}

int landlock_rules(const struct sandbox *sandbox, const char **missing, struct error *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
    if (abi <= 0) {
        *missing = "Landlock: files and ports are not confined";
        return -1;
    }
    if (abi < 4)
        *missing = "Landlock ABI 4: TCP ports are not confined";
    struct attributes all = handled_by((int)abi, sandbox);
    size_t size = abi >= 6 ? sizeof all : abi >= 4 ? 2 * sizeof all.fs : sizeof all.fs;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
    if (rules < 0) {
        fail_internal(err, "Landlock: %s", strerror(errno));
        return -1;
    }
    if (add_rules(rules, &all, sandbox, err))
        return rules;
    close(rules);
    return -1;
}

int landlock_restrict(int rules)
{
    return syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? -errno : 0;
}
