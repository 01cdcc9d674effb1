/* SPDX-License-Identifier: EUPL-1.2 */
/* The allow-lists of system calls, by libseccomp. A call that is not on the list traps: the handler
 * logs its name and lets it fail with EPERM, so that a mistake in a list costs one function and not
 * the service. Names that a machine's architecture does not have are passed over: the tables serve
 * amd64 (open, stat, clone) as well as arm64, that only has the younger ones. */
#include "base/log.h"
#include "platform/isolation/isolation.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define BIT(profile) (1u << SANDBOX_##profile)
#define MODULE  BIT(KEEPER_MODULE)
#define SERVER  (BIT(SERVER) | MODULE)
#define KEEPERS (BIT(KEEPER) | BIT(KEEPER_MODULE))
#define ALL     (BIT(SERVER) | KEEPERS | BIT(PARSER))

/* Names with blanks between. */
static const struct group {
    unsigned profiles;
    const char *calls;
} groups[] = {
    /* Memory, time, signals to oneself, the end; descriptors that are open. */
    { ALL, "brk munmap mremap madvise mincore "
           "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time restart_syscall "
           "rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack rt_sigpending "
           "futex futex_waitv set_robust_list get_robust_list rseq set_tid_address sched_yield "
           "sched_getaffinity getcpu membarrier getrandom getrusage sysinfo uname times "
           "getpid getppid gettid getuid geteuid getgid getegid getresuid getresgid getgroups "
           "getpriority getrlimit exit exit_group "
           "read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 "
           "close close_range fstat lseek poll ppoll select pselect6 pselect6_time64 "
           "dup dup2 dup3 pipe pipe2 eventfd2" },
    { SERVER | KEEPERS, "recvfrom recvmsg recvmmsg shutdown getsockname "
                        "getpeername getsockopt epoll_create1 epoll_ctl epoll_wait epoll_pwait "
                        "epoll_pwait2 pause rt_sigtimedwait rt_sigsuspend signalfd4 mlock mlock2 munlock "
                        "sched_getparam sched_getscheduler" },
    /* Files; which ones is Landlock's and the permissions' to say. */
    { SERVER, "open openat openat2 creat stat lstat newfstatat statx access faccessat faccessat2 "
              "readlink readlinkat getdents getdents64 getcwd statfs fstatfs fsync fdatasync "
              "sync_file_range ftruncate fallocate fadvise64 flock unlink unlinkat rename renameat "
              "renameat2 mkdir mkdirat rmdir umask copy_file_range sendfile splice" },
    /* The network: what is bound keeps listening; `listen` itself is over. */
    { SERVER, "connect accept accept4 bind setsockopt epoll_create alarm setitimer getitimer "
              "timerfd_create timerfd_settime timerfd_gettime inotify_init1 inotify_add_watch "
              "inotify_rm_watch wait4 waitid" },
    /* What is given to a parser (parser.c). */
    { BIT(SERVER), "memfd_create" },
};

/* What no file that is made needs: to be run, with another's rights, or written by everybody. */
#define MODES_REFUSED 07113

#define INET(protocol)                                                                             \
    { SERVER, SCMP_SYS(socket), 0, SCMP_CMP_EQ, AF_INET, 0, true, 2, protocol },                   \
    { SERVER, SCMP_SYS(socket), 0, SCMP_CMP_EQ, AF_INET6, 0, true, 2, protocol }

/* A condition on an argument, and where it has one on a second that this has a value; several rules of
 * one call stand beside each other. */
static const struct rule {
    unsigned profiles;
    int call;
    unsigned argument;
    enum scmp_compare compare;
    scmp_datum_t a, b;
    bool also;
    unsigned second;
    scmp_datum_t value;
} rules[] = {
    /* No code is made or fetched: neither from memory nor from a file, which the server could have
     * written itself. What it may need of libraries is there before (sandbox_server.c). A PKCS#11
     * module may fetch its own from files, and has no place in memory to make one. */
    { ALL, SCMP_SYS(mmap), 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 },
    { MODULE, SCMP_SYS(mmap), 3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0 },
    { ALL, SCMP_SYS(mprotect), 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 },
    /* Landlock does not look at permissions: so only those of a file that is open. */
    { SERVER, SCMP_SYS(fchmod), 1, SCMP_CMP_MASKED_EQ, MODES_REFUSED, 0 },
    /* Threads, never a process (clone3, whose flags a filter cannot see, is answered ENOSYS: glibc
     * then calls clone). */
    { SERVER | KEEPERS, SCMP_SYS(clone), 0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD },
    /* A keeper reads key files of its own folder, when a key gets another version; which folder that is
     * is Landlock's to say. */
    { BIT(KEEPER), SCMP_SYS(openat), 2, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
    { BIT(KEEPER), SCMP_SYS(newfstatat), 3, SCMP_CMP_EQ, AT_EMPTY_PATH, 0 }, /* fstat */
    { SERVER, SCMP_SYS(socket), 0, SCMP_CMP_EQ, AF_UNIX, 0 },
    /* Landlock knows the ports of TCP alone: no other protocol that connects like it, and no connection
     * that is made by sending. */
    INET(0), INET(IPPROTO_TCP), INET(IPPROTO_UDP),
    { SERVER | KEEPERS, SCMP_SYS(sendto), 3, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0 },
    { SERVER | KEEPERS, SCMP_SYS(sendmsg), 2, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0 },
    { SERVER | KEEPERS, SCMP_SYS(sendmmsg), 3, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0 },
    /* Which addresses are there. */
    { SERVER, SCMP_SYS(socket), 0, SCMP_CMP_EQ, AF_NETLINK, 0, true, 2, NETLINK_ROUTE },
    { SERVER, SCMP_SYS(socketpair), 0, SCMP_CMP_EQ, AF_UNIX, 0 },
    { ALL, SCMP_SYS(ioctl), 1, SCMP_CMP_EQ, TCGETS, 0 }, /* isatty */
    { SERVER, SCMP_SYS(ioctl), 1, SCMP_CMP_EQ, FIONBIO, 0 },
    { SERVER, SCMP_SYS(ioctl), 1, SCMP_CMP_EQ, FIONREAD, 0 },
    { ALL, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, F_GETFD, 0 },
    { ALL, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, F_SETFD, 0 },
    { ALL, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, F_GETFL, 0 },
    { ALL, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, F_SETFL, 0 },
    { ALL, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, F_DUPFD_CLOEXEC, 0 },
    { SERVER, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, F_DUPFD, 0 },
    { SERVER, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, F_GETLK, 0 },
    { SERVER, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, F_SETLK, 0 },
    { SERVER, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, F_SETLKW, 0 },
    { SERVER, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, F_ADD_SEALS, 0 },
    { SERVER, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, F_GET_SEALS, 0 },
    { ALL, SCMP_SYS(prctl), 0, SCMP_CMP_EQ, PR_SET_NAME, 0 },
    { ALL, SCMP_SYS(prctl), 0, SCMP_CMP_EQ, PR_GET_NAME, 0 },
    { ALL, SCMP_SYS(prlimit64), 2, SCMP_CMP_EQ, 0, 0 }, /* only reads */
};

/* Of the process alone, for abort(). */
static const char to_itself[] = "tgkill kill";

#if SANITIZED
static const char sanitizers[] = "ptrace clone wait4 waitid prctl kill tkill tgkill sched_setaffinity "
                                 "setrlimit prlimit64 personality openat open readlink readlinkat "
                                 "newfstatat stat getdents64 mmap mprotect rt_sigtimedwait socketpair";
#endif

/* ---- What is refused ---- */

#define CALLS      512
#define SAID_TIMES 3 /* a line for each of the first ones of a call; then it is known */

static const char *names[CALLS]; /* made before the filter: the handler may not allocate */
static _Atomic unsigned said[CALLS];

static void learn_names(void)
{
    for (int i = 0; i < CALLS; i++)
        if (!names[i])
            names[i] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
}

static void set_result(ucontext_t *context, long result)
{
#if defined(__x86_64__)
    context->uc_mcontext.gregs[REG_RAX] = result;
#elif defined(__aarch64__)
    context->uc_mcontext.regs[0] = (unsigned long long)result;
#else
#error "name the register of a system call's result on this architecture"
#endif
}

static void on_refusal(int number, siginfo_t *info, void *context)
{
    int kept = errno, call = info->si_syscall;
    (void)number;
    bool known = call >= 0 && call < CALLS;
    if (!known || atomic_fetch_add(&said[call], 1) < SAID_TIMES)
        log_error("sandbox-refused", { "call", str_of(known && names[call] ? names[call] : "?") },
                  { "number", LOG_NUMBER(call) });
    set_result(context, -EPERM);
    errno = kept;
}

static void catch_refusals(void)
{
    struct sigaction action = { .sa_sigaction = on_refusal, .sa_flags = SA_SIGINFO | SA_NODEFER };
    sigemptyset(&action.sa_mask);
    sigaction(SIGSYS, &action, NULL);
}

/* ---- The filter ---- */

static int allow_names(scmp_filter_ctx filter, const char *list)
{
    struct str rest = str_of(list);
    char name[40];
    int problem = 0;
    while (str_more(rest) && !problem) {
        struct str word = str_cut(&rest, ' ');
        if (!word.len || word.len >= sizeof name)
            continue;
        memcpy(name, word.at, word.len);
        name[word.len] = '\0';
        int call = seccomp_syscall_resolve_name(name);
        if (call >= 0) /* below: not on this architecture, or younger than the library */
            problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
    }
    return problem;
}

/* A file's owner is who it is; SQLite asks for that as root. */
static int allow_to_own(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fchown), 2,
                            SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)geteuid()),
                            SCMP_A2(SCMP_CMP_EQ, (scmp_datum_t)getegid()));
}

static int allow_to_itself(scmp_filter_ctx filter)
{
    struct str rest = str_of(to_itself);
    int problem = 0;
    while (str_more(rest) && !problem) {
        char name[16] = "";
        struct str word = str_cut(&rest, ' ');
        memcpy(name, word.at, word.len);
        problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(name), 1,
                                   SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    }
    return problem;
}

/* Without the trap: glibc blocks all signals around them, and a trap that is blocked kills. */
static int refuse_processes(scmp_filter_ctx filter, unsigned profile)
{
    int problem = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
#if SANITIZED
    return problem;
#endif
    if (problem)
        return problem;
    if (profile & BIT(PARSER))
        return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 0);
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
}

static int add_rules(scmp_filter_ctx filter, unsigned profile)
{
    int problem = 0;
    for (size_t i = 0; i < count_of(groups) && !problem; i++)
        if (groups[i].profiles & profile)
            problem = allow_names(filter, groups[i].calls);
    for (size_t i = 0; i < count_of(rules) && !problem; i++) {
        const struct rule *rule = &rules[i];
        const struct scmp_arg_cmp conditions[] = {
            SCMP_CMP(rule->argument, rule->compare, rule->a, rule->b),
            SCMP_CMP(rule->second, SCMP_CMP_EQ, rule->value),
        };
        if (rule->call >= 0 && rule->profiles & profile)
            problem = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rule->call,
                                             rule->also ? 2 : 1, conditions);
    }
    if (!problem && profile & SERVER)
        problem = allow_to_own(filter);
    if (!problem)
        problem = allow_to_itself(filter);
    if (!problem)
        problem = refuse_processes(filter, profile);
#if SANITIZED
    if (!problem)
        problem = allow_names(filter, sanitizers);
#endif
    return problem;
}

static int load(scmp_filter_ctx filter, unsigned profile)
{
    int problem = add_rules(filter, profile);
    if (!problem)
        problem = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (!problem)
        problem = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (!problem) /* a tree instead of a list: a call costs some ten comparisons, not a hundred */
        problem = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    return problem ? problem : seccomp_load(filter);
}

static bool kernel_has_seccomp(void)
{
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0
           && (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) == 0 || errno == EFAULT);
}

bool seccomp_enter(enum sandbox_profile profile, const char **missing, struct error *err)
{
    if (!kernel_has_seccomp()) {
        *missing = "seccomp: system calls are not filtered";
        return true;
    }
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
    if (!filter)
        return fail_internal(err, "libseccomp does not start");
    learn_names();
    catch_refusals();
    int problem = load(filter, 1u << profile);
    seccomp_release(filter);
    return problem == 0 || fail_internal(err, "seccomp: %s", strerror(-problem));
}
