/* SPDX-License-Identifier: EUPL-1.2 */
/* Each test is a process of its own (main.c): it enters the sandbox for good. */
#include "platform/isolation/sandbox.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void enter(struct test *t, struct sandbox *sandbox)
{
    struct error err;
    sandbox->arena = t->arena;
    CHECK_OK(sandbox_enter(sandbox, &err), err);
}

/* Entered in a child, which tells by its exit status; `attempt` gives 0 or errno. */
static int result_inside(struct test *t, enum sandbox_profile profile, int (*attempt)(struct test *t))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct sandbox sandbox = { .profile = profile, .memory = (size_t)1 << 30 };
        if (profile == SANDBOX_SERVER)
            sandbox.arena = t->arena, sandbox_write(&sandbox, t->folder);
        if (profile == SANDBOX_KEEPER)
            sandbox.arena = t->arena, sandbox_read(&sandbox, t->folder);
        enter(t, &sandbox);
        _exit(attempt(t));
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int open_passwd(struct test *t)
{
    (void)t;
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
}

static int make_file(struct test *t)
{
    return open(str_format(t->arena, "%s/made", t->folder).at, O_RDWR | O_CREAT | O_CLOEXEC, 0600) < 0
               ? errno : 0;
}

static int run_program(struct test *t)
{
    (void)t;
    execl("/bin/true", "true", NULL);
    return errno;
}

static int make_socket(struct test *t)
{
    (void)t;
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 ? errno : 0;
}

static int make_raw_socket(struct test *t)
{
    (void)t;
    return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) < 0 ? errno : 0;
}

static int make_process(struct test *t)
{
    (void)t;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child < 0 ? errno : 0;
}

static int make_code(struct test *t)
{
    (void)t;
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                   == MAP_FAILED ? errno : 0;
}

static int bind_port(struct test *t)
{
    (void)t;
    struct sockaddr_in address = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ? errno : 0;
}

static int own_file(struct test *t)
{
    return open(str_format(t->arena, "%s/own", t->folder).at, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static int map_as_code(int fd)
{
    if (fd < 0 || ftruncate(fd, 4096) < 0)
        return errno == EPERM ? 200 : errno; /* too early */
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno : 0;
}

static int fetch_code_from_a_file(struct test *t)
{
    return map_as_code(own_file(t));
}

static int fetch_code_from_memory(struct test *t)
{
    (void)t;
    return map_as_code(memfd_create("code", MFD_CLOEXEC));
}

static int make_memory_file(struct test *t)
{
    (void)t;
    return memfd_create("file", MFD_CLOEXEC) < 0 ? errno : 0;
}

static int change_mode(struct test *t)
{
    return chmod(t->folder, 0700) < 0 ? errno : 0;
}

static int change_mode_at(struct test *t)
{
    return fchmodat(AT_FDCWD, t->folder, 0700, 0) < 0 ? errno : 0;
}

static int make_program(struct test *t)
{
    return fchmod(own_file(t), 0700) < 0 ? errno : 0;
}

static int close_to_others(struct test *t)
{
    return fchmod(own_file(t), 0600) < 0 ? errno : 0;
}

static int change_owner(struct test *t)
{
    return fchown(own_file(t), (uid_t)-1, getegid()) < 0 ? errno : 0;
}

static int change_times(struct test *t)
{
    return utimensat(AT_FDCWD, t->folder, NULL, 0) < 0 ? errno : 0;
}

static int signal_parent(struct test *t)
{
    (void)t;
    return kill(getppid(), 0) < 0 ? errno : 0;
}

static int hold_parent(struct test *t)
{
    (void)t;
    return (int)syscall(SYS_pidfd_open, getppid(), 0) < 0 ? errno : 0;
}

static int signal_by_descriptor(struct test *t)
{
    (void)t; /* the kernel looks at the descriptor first: EBADF is let through */
    return (int)syscall(SYS_pidfd_send_signal, -1, 0, NULL, 0) < 0 && errno != EBADF ? errno : 0;
}

/* Landlock looks at TCP alone. */
static int connect_by_several_ways(struct test *t)
{
    (void)t;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
    return fd < 0 ? (errno == EPROTONOSUPPORT ? EPERM : errno) : 0;
}

static struct sockaddr_in door;

static int connect_by_sending(struct test *t)
{
    (void)t;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&door, sizeof door) < 0 ? errno : 0;
}

static void open_door(void)
{
    socklen_t size = sizeof door;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    door = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    CHECK(bind(fd, (struct sockaddr *)&door, size) == 0 && listen(fd, 4) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&door, &size) == 0);
}

static int listen_to_the_kernel(struct test *t)
{
    (void)t; /* 15: of devices that come and go */
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 15) < 0 ? errno : 0;
}

static int ask_for_addresses(struct test *t)
{
    (void)t;
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) < 0 ? errno : 0;
}

static void *nothing(void *with)
{
    return with;
}

static int make_thread(struct test *t)
{
    pthread_t thread;
    (void)t;
    int problem = pthread_create(&thread, NULL, nothing, NULL);
    return problem ? problem : pthread_join(thread, NULL);
}

#define CHECK_REFUSED(profile, attempt)                                                            \
    do {                                                                                           \
        int why_ = result_inside(t, profile, attempt);                                             \
        if (why_ != EPERM && why_ != EACCES)                                                       \
            test_fail(__FILE__, __LINE__, "%s in %s: %d", #attempt, #profile, why_);               \
    } while (0)
#define CHECK_ALLOWED(profile, attempt) CHECK_INT(result_inside(t, profile, attempt), 0)

/* The sanitizers' own calls are allowed there. */
static void skip_with_sanitizers(void)
{
#if defined(__SANITIZE_ADDRESS__)
    test_skip("sanitizers do what is refused here");
#endif
}

/* The attempts themselves are right: they succeed outside. */
TEST(outside_the_sandbox_everything_that_is_tried_succeeds)
{
    static int (*const attempts[])(struct test *) = {
        open_passwd, make_file, make_socket, make_process, make_thread, bind_port,
        fetch_code_from_a_file, fetch_code_from_memory, make_memory_file, change_mode,
        change_mode_at, make_program, close_to_others, change_owner, change_times, signal_parent,
        hold_parent, signal_by_descriptor, connect_by_sending, listen_to_the_kernel,
        ask_for_addresses,
    };
    open_door();
    for (size_t i = 0; i < count_of(attempts); i++)
        CHECK_INT(attempts[i](t), 0);
}

TEST(the_server_opens_its_own_files_alone)
{
    skip_with_sanitizers();
    CHECK_ALLOWED(SANDBOX_SERVER, make_file);
    CHECK_REFUSED(SANDBOX_SERVER, open_passwd);
}

TEST(the_server_has_threads_and_sockets_and_no_processes)
{
    skip_with_sanitizers();
    CHECK_ALLOWED(SANDBOX_SERVER, make_thread);
    CHECK_ALLOWED(SANDBOX_SERVER, make_socket);
    CHECK_REFUSED(SANDBOX_SERVER, make_process);
    CHECK_REFUSED(SANDBOX_SERVER, run_program);
    CHECK_REFUSED(SANDBOX_SERVER, make_raw_socket);
    CHECK_REFUSED(SANDBOX_SERVER, make_code);
    CHECK_REFUSED(SANDBOX_SERVER, bind_port);
}

TEST(nothing_becomes_code_in_the_server_keeper_or_parser)
{
    skip_with_sanitizers();
    CHECK_REFUSED(SANDBOX_SERVER, fetch_code_from_a_file);
    CHECK_REFUSED(SANDBOX_SERVER, fetch_code_from_memory);
    CHECK_ALLOWED(SANDBOX_SERVER, make_memory_file);
    CHECK_REFUSED(SANDBOX_KEEPER, make_memory_file);
    CHECK_REFUSED(SANDBOX_KEEPER_MODULE, make_memory_file);
    CHECK_REFUSED(SANDBOX_PARSER, make_memory_file);
    CHECK_REFUSED(SANDBOX_PARSER, make_code);
}

TEST(the_server_changes_no_permissions_but_of_a_file_that_it_has_open)
{
    skip_with_sanitizers();
    CHECK_REFUSED(SANDBOX_SERVER, change_mode);
    CHECK_REFUSED(SANDBOX_SERVER, change_mode_at);
    CHECK_REFUSED(SANDBOX_SERVER, make_program);
    CHECK_REFUSED(SANDBOX_SERVER, change_owner);
    CHECK_REFUSED(SANDBOX_SERVER, change_times);
    CHECK_ALLOWED(SANDBOX_SERVER, close_to_others);
}

TEST(no_other_process_is_reached)
{
    static const enum sandbox_profile profiles[] = { SANDBOX_SERVER, SANDBOX_KEEPER,
                                                     SANDBOX_KEEPER_MODULE, SANDBOX_PARSER };
    skip_with_sanitizers();
    for (size_t i = 0; i < count_of(profiles); i++) {
        CHECK_REFUSED(profiles[i], signal_parent);
        CHECK_REFUSED(profiles[i], hold_parent);
        CHECK_REFUSED(profiles[i], signal_by_descriptor);
    }
}

TEST(no_way_to_connect_goes_past_the_rules_for_ports)
{
    skip_with_sanitizers();
    open_door();
    CHECK_REFUSED(SANDBOX_SERVER, connect_by_several_ways);
    CHECK_REFUSED(SANDBOX_SERVER, connect_by_sending);
    CHECK_REFUSED(SANDBOX_SERVER, listen_to_the_kernel);
    CHECK_ALLOWED(SANDBOX_SERVER, ask_for_addresses);
}

static int read_own(struct test *t)
{
    return open(str_format(t->arena, "%s/own", t->folder).at, O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
}

static int write_own(struct test *t)
{
    return open(str_format(t->arena, "%s/own", t->folder).at, O_RDWR | O_CLOEXEC) < 0 ? errno : 0;
}

TEST(the_keeper_reads_the_files_that_are_named_and_writes_none)
{
    int fd = open(str_format(t->arena, "%s/own", t->folder).at, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK_ALLOWED(SANDBOX_KEEPER, read_own);
    CHECK_REFUSED(SANDBOX_KEEPER, write_own);
}

TEST(the_keeper_has_no_files_sockets_processes_or_programs)
{
    skip_with_sanitizers();
    CHECK_REFUSED(SANDBOX_KEEPER, open_passwd);
    CHECK_REFUSED(SANDBOX_KEEPER, make_file);
    CHECK_REFUSED(SANDBOX_KEEPER, make_socket);
    CHECK_REFUSED(SANDBOX_KEEPER, make_process);
    CHECK_REFUSED(SANDBOX_KEEPER, run_program);
    CHECK_REFUSED(SANDBOX_KEEPER, make_code);
}

TEST(the_parser_has_nothing_but_its_memory)
{
    skip_with_sanitizers();
    CHECK_REFUSED(SANDBOX_PARSER, open_passwd);
    CHECK_REFUSED(SANDBOX_PARSER, make_socket);
    CHECK_REFUSED(SANDBOX_PARSER, make_process);
    CHECK_REFUSED(SANDBOX_PARSER, make_thread);
    CHECK_REFUSED(SANDBOX_PARSER, run_program);
}

static int take_memory(struct test *t)
{
    (void)t;
    return !malloc((size_t)1 << 20) ? 1 : malloc((size_t)2 << 30) ? 2 : 0;
}

TEST(a_parser_gets_no_more_memory_than_it_may)
{
    skip_with_sanitizers();
    CHECK_ALLOWED(SANDBOX_PARSER, take_memory);
}

static _Atomic bool entered;

static void *open_when_entered(void *result)
{
    while (!atomic_load(&entered))
        usleep(1000);
    *(int *)result = open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
    return NULL;
}

static int open_in_threads(struct test *t)
{
    pthread_t threads[8];
    int results[8] = { 0 };
    for (size_t i = 0; i < count_of(threads); i++)
        pthread_create(&threads[i], NULL, open_when_entered, &results[i]);
    enter(t, &(struct sandbox){ .profile = SANDBOX_SERVER });
    atomic_store(&entered, true);
    for (size_t i = 0; i < count_of(threads); i++) {
        pthread_join(threads[i], NULL);
        if (results[i] != EACCES)
            return 1;
    }
    return 0;
}

TEST(threads_that_ran_before_are_in_the_sandbox_too)
{
    skip_with_sanitizers();
    pid_t child = fork();
    int status = 0;
    if (child == 0)
        _exit(open_in_threads(t));
    waitpid(child, &status, 0);
    CHECK_INT(status, 0);
}
static int ends[2];

static int go_on(struct test *t)
{
    char byte = 'a';
    (void)t;
    return write(ends[0], &byte, 1) == 1 && recv(ends[1], &byte, 1, 0) == 1
                   && malloc((size_t)4 << 20) ? 0 : 1;
}

TEST(a_keeper_goes_on_with_the_socket_that_it_has)
{
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    CHECK_ALLOWED(SANDBOX_KEEPER, go_on);
}
