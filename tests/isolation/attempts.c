/* SPDX-License-Identifier: EUPL-1.2 */
/* What somebody would try who runs code in the server: preloaded by tests/isolation/run, done when
 * SIGUSR2 comes, one line each on stderr. ATTEMPTS is the folder of the data, FOREIGN a process to
 * spy on, DOOR a port where it has no business. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char data[512];
static pid_t foreign;
static uint16_t door;

static int at(const char *format, const char *with, int flags)
{
    char path[600];
    snprintf(path, sizeof path, format, with);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int read_accounts(void)
{
    return at("%s", "/etc/passwd", O_RDONLY);
}

static int read_key(void)
{
    return at("%s/keys/accounts.1.key", data, O_RDONLY);
}

static int read_pin(void)
{
    return at("%s/token/pin", data, O_RDONLY);
}

static int read_settings(void)
{
    return at("%s/fundament.conf", data, O_RDONLY);
}

static int remove_key(void)
{
    char path[600];
    snprintf(path, sizeof path, "%s/keys/bait.key", data);
    return unlink(path) < 0 ? errno : 0;
}

static int write_certificate(void)
{
    return at("%s/tls/server.crt", data, O_WRONLY);
}

static int leave_file(void)
{
    return at("%s/../left", data, O_WRONLY | O_CREAT);
}

/* Without a new process, as code in the server could: it would be gone if it succeeded. */
static int run_program(void)
{
    int status = 0;
    pid_t child = fork();
    if (child > 0)
        return waitpid(child, &status, 0) < 0 ? errno : WEXITSTATUS(status);
    int problem = child < 0 ? errno : 0;
    execl("/bin/true", "true", (char *)NULL);
    if (child == 0)
        _exit(errno);
    return problem ? errno : 0;
}

static int trace(void)
{
    return ptrace(PTRACE_SEIZE, foreign, NULL, NULL) < 0 ? errno : 0;
}

static int read_memory(void)
{
    char byte;
    struct iovec here = { &byte, 1 }, there = { (void *)(uintptr_t)0x400000, 1 };
    /* EFAULT: the address is not there, but we were let in. */
    return process_vm_readv(foreign, &here, 1, &there, 1, 0) < 0 && errno != EFAULT ? errno : 0;
}

static int open_memory(void)
{
    char pid[24];
    snprintf(pid, sizeof pid, "%d", (int)foreign);
    return at("/proc/%s/mem", pid, O_RDONLY);
}

static int open_environment(void)
{
    char pid[24];
    snprintf(pid, sizeof pid, "%d", (int)foreign);
    return at("/proc/%s/environ", pid, O_RDONLY);
}

static int on_socket(int (*call)(int, const struct sockaddr *, socklen_t), uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int problem = call(fd, (const struct sockaddr *)&address, sizeof address) < 0 ? errno : 0;
    close(fd);
    return problem;
}

static int connect_elsewhere(void)
{
    return on_socket(connect, door);
}

static int bind_port(void)
{
    return on_socket(bind, 0);
}

static int open_raw_socket(void)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? errno : 0;
}

static int make_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
}

static int map_as_code(int fd)
{
    int problem = fd < 0 || ftruncate(fd, 4096) < 0 ? 250 : 0; /* too early: not what is tried */
    if (!problem && mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
        problem = errno;
    close(fd);
    return problem;
}

static int fetch_code_from_a_file(void)
{
    char path[600];
    snprintf(path, sizeof path, "%s/tmp/code", data);
    return map_as_code(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

static int fetch_code_from_memory(void)
{
    return map_as_code(memfd_create("code", MFD_CLOEXEC));
}

static int open_keys(void)
{
    char path[600];
    snprintf(path, sizeof path, "%s/keys", data);
    return chmod(path, 0700) < 0 ? errno : 0; /* as it is: others share the folder */
}

static int hold_another(void)
{
    int fd = (int)syscall(SYS_pidfd_open, foreign, 0);
    int problem = fd < 0 ? errno : 0;
    if (!problem && syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) < 0)
        problem = errno;
    close(fd);
    return problem;
}

/* A connection that is made by sending. */
static int send_elsewhere(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(door),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ssize_t sent = sendto(fd, "x", 1, MSG_FASTOPEN, (const struct sockaddr *)&address,
                          sizeof address);
    int problem = sent < 0 ? errno : 0;
    close(fd);
    return problem;
}

/* The child that is called "keeper": 0 when there is none. */
static pid_t keeper(void)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    close(fd);
    for (char *rest = text; len > 0 && *rest;) {
        char name[16] = "";
        pid_t child = (pid_t)strtol(rest, &rest, 10);
        rest += *rest == ' ';
        snprintf(path, sizeof path, "/proc/%d/comm", (int)child);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = fd < 0 ? 0 : read(fd, name, sizeof name - 1);
        close(fd);
        if (got > 0 && strncmp(name, "keeper", 6) == 0)
            return child;
    }
    return 0;
}

static int trace_keeper(void)
{
    pid_t pid = keeper();
    int problem = !pid ? ESRCH : ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 ? errno : 0;
    if (pid && !problem)
        ptrace(PTRACE_DETACH, pid, NULL, NULL);
    return problem;
}

static int open_keepers_memory(void)
{
    char pid[24];
    snprintf(pid, sizeof pid, "%d", (int)keeper());
    return at("/proc/%s/mem", pid, O_RDONLY);
}

static int signal_another(void)
{
    return kill(foreign, 0) < 0 ? errno : 0;
}

static const struct {
    const char *name;
    int (*run)(void);
} attempts[] = {
    { "read-accounts", read_accounts },
    { "read-key", read_key },
    { "read-pin", read_pin },
    { "read-settings", read_settings },
    { "remove-key", remove_key },
    { "write-certificate", write_certificate },
    { "leave-file", leave_file },
    { "run-program", run_program },
    { "trace", trace },
    { "read-memory", read_memory },
    { "open-memory", open_memory },
    { "open-environment", open_environment },
    { "connect-elsewhere", connect_elsewhere },
    { "bind-port", bind_port },
    { "open-raw-socket", open_raw_socket },
    { "make-code", make_code },
    { "trace-keeper", trace_keeper },
    { "open-keepers-memory", open_keepers_memory },
    { "fetch-code-from-a-file", fetch_code_from_a_file },
    { "fetch-code-from-memory", fetch_code_from_memory },
    { "open-keys", open_keys },
    { "hold-another", hold_another },
    { "send-elsewhere", send_elsewhere },
    { "signal-another", signal_another },
};

static void try_all(int number)
{
    char line[96];
    (void)number;
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        int len = snprintf(line, sizeof line, "attempt %s %d\n", attempts[i].name, attempts[i].run());
        if (write(STDERR_FILENO, line, (size_t)len) < 0)
            _exit(3);
    }
}

__attribute__((constructor)) static void listen_for_signal(void)
{
    const char *folder = getenv("ATTEMPTS"), *who = getenv("FOREIGN"), *port = getenv("DOOR");
    if (!folder || !who || !port)
        return;
    snprintf(data, sizeof data, "%s", folder);
    foreign = (pid_t)strtol(who, NULL, 10);
    door = (uint16_t)strtol(port, NULL, 10);
    signal(SIGUSR2, try_all);
}
