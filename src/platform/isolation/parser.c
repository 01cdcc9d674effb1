/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/isolation/parser.h"

#include "base/instant.h"
#include "base/list.h"
#include "base/log.h"
#include "platform/isolation/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS      30                          /* of processor time */
#define PATIENCE     (4 * SECONDS * SECOND)      /* of waiting: the machine may be busy */
#define ROOM         ((size_t)256 * 1024 * 1024) /* of address space, beside what the file needs */
#define ARGUMENTS    16
#define RESULT_SPARE ((size_t)64 * 1024)
#define KINDS        16

enum outcome { MADE = 1, REFUSED, NO_MEMORY };

/* What the helper is asked; the file and the pipe come with it. */
struct errand {
    uint32_t kind;
    uint32_t arguments_len;
    uint64_t size;
    char arguments[ARGUMENTS];
};

/* How an answer begins; `size` bytes follow. */
struct answer_head {
    uint32_t outcome;
    uint32_t refusal;
    uint64_t size;
};

static struct {
    const struct parser *kinds[KINDS];
    size_t count;
    int helper; /* the socket to it; 0: there is none */
} parsers;

/* ---- The child ---- */

static void put_all(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(1); /* nobody waits for it any more */
        at += n;
        size -= (size_t)n;
    }
}

_Noreturn static void answer(int pipe, enum outcome outcome, int refusal, struct str result)
{
    struct answer_head head = { (uint32_t)outcome, (uint32_t)refusal, result.len };
    put_all(pipe, &head, sizeof head);
    put_all(pipe, result.at, result.len);
    _exit(0);
}

_Noreturn static void work(const struct errand *errand, int file, int pipe)
{
    struct arena arena = { 0 };
    struct error err;
    jmp_buf rescue;
    const struct parser *parser = parsers.kinds[errand->kind];
    size_t size = (size_t)errand->size;
    struct sandbox limits = { .profile = SANDBOX_PARSER,
                              .memory = ROOM + 2 * size + size * parser->growth,
                              .seconds = SECONDS };
    const char *at = size ? mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0) : "";
    alarm((unsigned)(PATIENCE / SECOND)); /* nobody waits longer, and the limit counts no sleep */
    if (at == MAP_FAILED)
        answer(pipe, NO_MEMORY, 0, STR(""));
    if (!sandbox_enter(&limits, &err)) {
        log_failure("parser-not-confined", &err);
        _exit(1);
    }
    arena.rescue = &rescue;
    memory_rescue(&rescue);
    if (setjmp(rescue))
        answer(pipe, NO_MEMORY, 0, STR(""));
    struct buf result = { .arena = &arena };
    struct str arguments = { errand->arguments, errand->arguments_len };
    int refusal = parser->run(&arena, arguments, (struct str){ at, size }, &result);
    answer(pipe, refusal == PARSED ? MADE : REFUSED, refusal,
           refusal == PARSED ? buf_str(&result) : STR(""));
}

/* ---- The helper ---- */

/* False: whoever asked is gone. */
static bool take_errand(int socket, struct errand *errand, int fds[static 2])
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct iovec bytes = { errand, sizeof *errand };
    struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control,
                              .msg_controllen = sizeof control };
    ssize_t got;
    do
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    struct cmsghdr *sent = CMSG_FIRSTHDR(&message);
    if (got != sizeof *errand || !sent || sent->cmsg_len != CMSG_LEN(2 * sizeof(int)))
        return false;
    memcpy(fds, CMSG_DATA(sent), 2 * sizeof(int));
    return errand->kind < parsers.count && errand->arguments_len <= ARGUMENTS;
}

_Noreturn static void help(int socket)
{
    struct errand errand;
    int fds[2];
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_NAME, "parsers");
    signal(SIGCHLD, SIG_IGN); /* children need no wait */
    while (take_errand(socket, &errand, fds)) {
        pid_t child = fork();
        if (child == 0) {
            close(socket);
            work(&errand, fds[0], fds[1]);
        }
        close(fds[0]);
        close(fds[1]);
    }
    _exit(0);
}

bool parsers_start(const struct parser *const *kinds, size_t count, struct error *err)
{
    int ends[2];
    if (parsers.helper)
        return true;
    if (count > KINDS)
        return fail_internal(err, "more than %d kinds of parsers", KINDS);
    for (size_t i = 0; i < count; i++)
        parsers.kinds[i] = kinds[i];
    parsers.count = count;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fail_internal(err, "socketpair: %s", strerror(errno));
    pid_t helper = fork();
    if (helper == 0) {
        close(ends[0]);
        help(ends[1]);
    }
    close(ends[1]);
    if (helper > 0) {
        parsers.helper = ends[0];
        return true;
    }
    close(ends[0]);
    return fail_internal(err, "fork: %s", strerror(errno));
}

/* ---- Asking ---- */

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define CLEANUP_FD __attribute__((cleanup(close_fd)))

static bool unavailable(struct error *err, const char *what)
{
    int why = errno;
    fail(err, UNAVAILABLE, NULL, N_("The file cannot be read just now. Try again in a moment."));
    return fail_detail(err, "parser: %s: %s", what, strerror(why));
}

static bool put_in_memory(struct str bytes, int *file, struct error *err)
{
    *file = memfd_create("upload", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    while (*file >= 0 && bytes.len) {
        ssize_t n = write(*file, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return unavailable(err, "memory file");
        bytes = str_slice(bytes, (size_t)n, bytes.len);
    }
    if (*file >= 0 && fcntl(*file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0)
        return true;
    return unavailable(err, "memory file");
}

static bool send_errand(const struct errand *errand, int file, int pipe, struct error *err)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control = { .head = { .cmsg_len = CMSG_LEN(2 * sizeof(int)), .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS } };
    int fds[2] = { file, pipe };
    memcpy(CMSG_DATA(&control.head), fds, sizeof fds);
    struct errand copy = *errand;
    struct iovec bytes = { &copy, sizeof copy };
    struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control,
                              .msg_controllen = sizeof control };
    return sendmsg(parsers.helper, &message, MSG_NOSIGNAL) == sizeof copy
           || unavailable(err, "no helper");
}

/* Up to `size` bytes; fewer when the child ended or time is up. */
static size_t take(int pipe, void *into, size_t size, instant until)
{
    size_t got = 0;
    while (got < size) {
        instant left = until - instant_monotonic();
        struct pollfd wait = { .fd = pipe, .events = POLLIN };
        int ready = left > 0 ? poll(&wait, 1, (int)(left / 1000) + 1) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            break;
        ssize_t n = read(pipe, (char *)into + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}

static bool too_much(struct error *err, const struct parser *parser, const char *why)
{
    log_warn("parser-ended", { "parser", str_of(parser->name) }, { "why", str_of(why) });
    return fail(err, TOO_LARGE, NULL,
                N_("This file cannot be read: it takes too much memory or time, or ends the program "
                   "that reads it. Offer it in smaller parts."));
}

static bool refuse(struct error *err, const struct parser *parser, uint32_t number)
{
    for (uint32_t i = 0; parser->refusals && parser->refusals[i]; i++)
        if (i + 1 == number)
            return fail(err, INVALID, NULL, parser->refusals[i]);
    return too_much(err, parser, "an odd refusal");
}

/* Nothing in an answer is believed: the child may be somebody else's by now. */
static bool take_answer(struct arena *arena, const struct parser *parser, size_t input, int pipe,
                        struct str *result, struct error *err)
{
    instant until = instant_monotonic() + PATIENCE;
    struct answer_head head;
    if (take(pipe, &head, sizeof head, until) != sizeof head)
        return too_much(err, parser, "it gave no answer");
    if (head.outcome == REFUSED)
        return refuse(err, parser, head.refusal);
    if (head.outcome != MADE)
        return too_much(err, parser, head.outcome == NO_MEMORY ? "memory" : "an odd answer");
    if (head.size > input * parser->growth + RESULT_SPARE)
        return too_much(err, parser, "an answer that is too long");
    char *at = arena_alloc(arena, (size_t)head.size + 1);
    *result = (struct str){ at, (size_t)head.size };
    if (take(pipe, at, result->len, until) != result->len || !parser->check(*result))
        return too_much(err, parser, "an answer that is not one");
    return true;
}

struct awaited {
    struct arena *arena;
    const struct parser *parser;
    size_t input;
    int pipe;
    struct str *result;
    bool taken;
    struct error *err;
};

static void await_answer(void *with)
{
    struct awaited *awaited = with;
    awaited->taken = take_answer(awaited->arena, awaited->parser, awaited->input, awaited->pipe,
                                 awaited->result, awaited->err);
}

static bool run_here(struct arena *arena, const struct parser *parser, struct str arguments,
                     struct str bytes, struct str *result, struct error *err)
{
    struct buf out = { .arena = arena };
    int refusal = parser->run(arena, arguments, bytes, &out);
    *result = buf_str(&out);
    return refusal == PARSED || refuse(err, parser, (uint32_t)refusal);
}

bool parser_run(struct arena *arena, const struct parser *parser, struct str arguments,
                struct str bytes, struct str *result, struct error *err)
{
    struct errand errand = { .size = bytes.len, .arguments_len = (uint32_t)arguments.len };
    CLEANUP_FD int file = -1;
    int ends[2];
    if (!parsers.helper)
        return run_here(arena, parser, arguments, bytes, result, err);
    while (errand.kind < parsers.count && parsers.kinds[errand.kind] != parser)
        errand.kind++;
    if (errand.kind == parsers.count || arguments.len > ARGUMENTS)
        return fail_internal(err, "the parser %s is not known to the helper", parser->name);
    memcpy(errand.arguments, arguments.at, arguments.len);
    if (!put_in_memory(bytes, &file, err))
        return false;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return unavailable(err, "pipe");
    bool sent = send_errand(&errand, file, ends[1], err);
    close(ends[1]);
    struct awaited awaited = { arena, parser, bytes.len, ends[0], result, false, err };
    if (sent && !memory_guard(arena, await_answer, &awaited)) /* the pipe is closed then too */
        awaited.taken = unavailable(err, "memory");
    close(ends[0]);
    return awaited.taken;
}
