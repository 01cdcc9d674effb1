/* SPDX-License-Identifier: EUPL-1.2 */
/* The keeper as a process of its own: forked from the server before that has a thread or a socket, it
 * holds the keys, has nothing else open, and does nothing but answer the server's messages. It ends
 * with its parent. */
#include "platform/keys/keeper_parts.h"

#include "base/log.h"
#include "platform/isolation/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define THREAD_STACK ((size_t)512 * 1024)
#define KEPT_ROOM    (4 * WIRE_PACKET) /* what a thread keeps between messages */

/* Packets */

bool wire_send(int fd, const char *at, size_t size)
{
    while (size) {
        size_t packet = size < WIRE_PACKET ? size : WIRE_PACKET;
        ssize_t sent = send(fd, at, packet, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent != (ssize_t)packet)
            return false;
        at += packet;
        size -= packet;
    }
    return true;
}

/* One packet; 0 when it is longer than the room, or there will be none any more. */
static size_t receive_packet(int fd, char *at, size_t room)
{
    for (;;) {
        ssize_t got = recv(fd, at, room, MSG_TRUNC);
        if (got < 0 && errno == EINTR)
            continue;
        return got < 0 || (size_t)got > room ? 0 : (size_t)got;
    }
}

static size_t whole_size(const char *at, size_t got)
{
    uint32_t size;
    if (got < sizeof size)
        return 0;
    memcpy(&size, at, sizeof size);
    return size >= got ? size : 0;
}

static bool receive_rest(int fd, char *at, size_t got, size_t size)
{
    while (got < size) {
        size_t more = receive_packet(fd, at + got, size - got);
        if (!more)
            return false;
        got += more;
    }
    return true;
}

size_t wire_receive(int fd, char *at, size_t most)
{
    size_t got = receive_packet(fd, at, most), size = whole_size(at, got);
    return size && size <= most && receive_rest(fd, at, got, size) ? size : 0;
}

/* There is no memory for this message: it is taken in and wiped, so that the answer is a refusal and the
 * next message can be read. Nothing of it may be taken for another one. */
static size_t pass_over(int fd, char *at, size_t room, size_t got, size_t size)
{
    while (got < size) {
        size_t more = receive_packet(fd, at, room);
        if (!more)
            return 0;
        got += more;
    }
    memset(at, 0, sizeof(struct wire_head));
    return sizeof(struct wire_head);
}

size_t wire_receive_any(int fd, char **at, size_t *room)
{
    size_t got = receive_packet(fd, *at, *room), size = whole_size(*at, got);
    if (size > *room && size <= WIRE_MAX) {
        char *larger = realloc(*at, size);
        if (!larger)
            return pass_over(fd, *at, *room, got, size);
        *at = larger;
        *room = size;
    }
    return size && size <= *room && receive_rest(fd, *at, got, size) ? size : 0;
}

/* The process */

struct attendant {
    const struct keeper *keeper;
    struct wire_state *state;
    int fd;
};

/* The server is gone, or this message cannot be answered by anybody: so there is nothing to stay for. */
_Noreturn static void leave(void)
{
    _exit(EXIT_SUCCESS);
}

/* A token's module opens its own files and sockets, wherever those are: it may do what a server may. */
static bool enter_sandbox(const struct keeper *keeper)
{
    struct arena arena = { 0 };
    struct error err;
    struct sandbox sandbox = { .profile = SANDBOX_KEEPER, .arena = &arena };
    bool module = keeper->token.module[0];
    sandbox_read(&sandbox, keeper->folder);
    if (module) {
        sandbox.profile = SANDBOX_KEEPER_MODULE;
        sandbox.connects_anywhere = true;
        sandbox_read(&sandbox, "/");
        for (struct str rest = str_of(keeper->token.writes); str_more(rest);)
            sandbox_write(&sandbox, str_c(&arena, str_trim(str_cut(&rest, ','))));
        if (keeper->token.pin_file[0])
            sandbox_write(&sandbox, keeper->token.pin_folder);
    }
    bool entered = sandbox_enter(&sandbox, &err);
    if (!entered)
        log_failure("keeper-not-confined", &err);
    arena_free(&arena);
    return entered;
}

/* The message that ends the making of keys also ends the keeper's freedom: before it is answered. */
static void answered(struct attendant *attendant, bool was_ready)
{
    if (was_ready || !atomic_load(&attendant->state->ready) || !attendant->keeper->confined)
        return;
    if (!enter_sandbox(attendant->keeper))
        leave();
}

static void *attend(void *with)
{
    struct attendant *attendant = with;
    struct arena arena = { 0 };
    size_t room = WIRE_PACKET;
    char *message = malloc(room);
    while (message) {
        size_t size = wire_receive_any(attendant->fd, &message, &room);
        if (!size)
            break;
        bool was_ready = atomic_load(&attendant->state->ready);
        struct str answer = wire_answer(attendant->state, &arena, (struct str){ message, size });
        answered(attendant, was_ready);
        if (!wire_send(attendant->fd, answer.at, answer.len))
            break;
        arena_reset(&arena);
        if (room > KEPT_ROOM) {
            char *smaller = realloc(message, WIRE_PACKET);
            message = smaller ? smaller : message;
            room = smaller ? WIRE_PACKET : room;
        }
    }
    leave();
}

/* Everything but standard error (the log) and the channels, which stand in rising order. */
static void close_others(const int *kept, size_t count)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing >= 0) {
        dup2(nothing, STDIN_FILENO);
        dup2(nothing, STDOUT_FILENO);
    }
    unsigned from = STDERR_FILENO + 1;
    for (size_t i = 0; i < count; i++) {
        if ((unsigned)kept[i] > from)
            close_range(from, (unsigned)kept[i] - 1, 0);
        from = (unsigned)kept[i] + 1;
    }
    close_range(from, ~0U, 0);
}

/* All of its memory where the system lets it: what OpenSSL or a token's module makes of a key is then
 * never swapped either. Otherwise the keys' own pages are locked, each as it is made. */
static void lock_memory(void)
{
    struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
    setrlimit(RLIMIT_MEMLOCK, &limit); /* root may; for others the service manager has said it */
    bool may = getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
    if (!may || mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
        log_info("keeper-memory", { "locked", STR("keys only") },
                 { "advice", STR("LimitMEMLOCK=infinity locks all of it") });
}

static void shut_in(int parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        leave(); /* it ended before that was set */
    prctl(PR_SET_NAME, "keeper");
    prctl(PR_SET_DUMPABLE, 0);
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
}

static void start_attendants(const struct keeper *keeper, struct wire_state *state, const int *fds)
{
    static struct attendant attendants[CHANNELS_MAX];
    pthread_attr_t about;
    pthread_t thread;
    pthread_attr_init(&about);
    pthread_attr_setstacksize(&about, THREAD_STACK);
    for (size_t i = 0; i < keeper->channels; i++) {
        attendants[i] = (struct attendant){ keeper, state, fds[i] };
        if (pthread_create(&thread, &about, attend, &attendants[i]) != 0)
            leave();
    }
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

_Noreturn static void keep(const struct keeper *keeper, int parent, int *fds)
{
    static struct wire_state state;
    static struct arena arena;
    shut_in(parent);
    qsort(fds, keeper->channels, sizeof *fds, by_number);
    close_others(fds, keeper->channels);
    state.vault = vault_new(&arena, keeper->uses, keeper->count, keeper->folder, &keeper->token);
    vault_prepare(state.vault);
    lock_memory();
    start_attendants(keeper, &state, fds);
    for (;;)
        pause();
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

static bool open_channels(struct keeper *keeper, size_t count, int *theirs, struct error *err)
{
    for (; keeper->channels < count; keeper->channels++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
            return fail_internal(err, "no channel to the keeper: %s", strerror(errno));
        struct channel *channel = &keeper->channel[keeper->channels];
        pthread_mutex_init(&channel->lock, NULL);
        channel->fd = pair[0];
        theirs[keeper->channels] = pair[1];
    }
    return true;
}

bool keeper_fork(struct keeper *keeper, size_t channels, struct error *err)
{
    int theirs[CHANNELS_MAX], parent = getpid();
    if (!open_channels(keeper, channels, theirs, err)) {
        close_all(theirs, keeper->channels);
        return false;
    }
    int pid = fork();
    if (pid == 0)
        keep(keeper, parent, theirs);
    close_all(theirs, keeper->channels);
    if (pid < 0)
        return fail_internal(err, "the keeper cannot be started: %s", strerror(errno));
    keeper->pid = pid;
    return true;
}
