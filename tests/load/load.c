/* SPDX-License-Identifier: EUPL-1.2 */
/* A load generator: asks the same thing over and over on some kept-alive TLS connections, one
 * request at a time on each, and tells how fast the answers came.
 *
 *     load [-c CONNECTIONS] [-n REQUESTS] [-s SECONDS] [-C CERT.pem -K KEY.pem] [-H 'Name: value']
 *          [-l FILE] https://HOST:PORT/PATH
 *
 * With -l each line of the file is a body, posted in turn. It stops after the requests or the
 * seconds, whichever comes first, and prints one line of name=value; latencies in microseconds. One
 * thread, non-blocking OpenSSL, epoll. The server's certificate is not verified: it is for the
 * loopback. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/list.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BODIES_LIMIT ((size_t)256 * 1024 * 1024)
#define ANSWER_LIMIT ((size_t)256 * 1024)
#define EVENTS       64
#define MICROSECONDS 1000000

struct messages {
    list_of(struct str);
};

struct latencies {
    list_of(uint32_t);
};

struct plan {
    struct arena *arena;
    struct str host, port, path;
    const char *certificate, *key, *bodies;
    struct buf headers;
    long connections, requests, seconds;
};

struct run {
    const struct plan *plan;
    struct messages messages;
    SSL_CTX *tls;
    struct addrinfo *address;
    int epoll;
    long sent, answered, errors, open;
    long classes[6];             /* by the first digit of the status */
    size_t received;             /* bytes of answers, with their heads */
    struct latencies latencies;
    int64_t began, ends;
};

enum phase { CONNECTING, SENDING, RECEIVING, CLOSED };

struct connection {
    SSL *ssl;
    int socket;
    enum phase phase;
    struct str left;             /* what must still be sent */
    int64_t asked;
    char *answer;
    size_t got, whole;           /* bytes had; bytes of the whole answer, 0 while unknown */
};

static int64_t microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MICROSECONDS + now.tv_nsec / 1000;
}

_Noreturn static void stop(const char *why)
{
    fprintf(stderr, "load: %s\n", why);
    exit(1);
}

/* ---- what is asked ---- */

static struct str message(const struct plan *plan, struct str body)
{
    struct buf out = { .arena = plan->arena };
    buf_addf(&out, "%s %.*s HTTP/1.1\r\nHost: %.*s:%.*s\r\n", plan->bodies ? "POST" : "GET",
               FMT(plan->path), FMT(plan->host), FMT(plan->port));
    buf_add(&out, buf_str(&plan->headers));
    if (plan->bodies)
        buf_addf(&out, "Content-Length: %zu\r\n", body.len);
    buf_lit(&out, "\r\n");
    buf_add(&out, body);
    return buf_str(&out);
}

static struct messages make_messages(const struct plan *plan)
{
    struct messages messages = { 0 };
    struct error err;
    struct str text;
    if (!plan->bodies) {
        *list_add(plan->arena, &messages) = message(plan, STR(""));
        return messages;
    }
    if (!file_read(plan->arena, plan->bodies, BODIES_LIMIT, &text, &err))
        stop("the file with bodies cannot be read");
    for (text = str_trim(text); str_more(text);)
        *list_add(plan->arena, &messages) = message(plan, str_cut(&text, '\n'));
    if (messages.len == 0)
        stop("the file with bodies is empty");
    return messages;
}

/* ---- one connection ---- */

static bool may_ask(const struct run *run)
{
    return run->sent < run->plan->requests && microseconds() < run->ends;
}

static void close_connection(struct run *run, struct connection *connection, bool broken)
{
    if (broken)
        run->errors++;
    run->open--;
    SSL_free(connection->ssl);
    close(connection->socket);
    connection->phase = CLOSED;
}

static void ask(struct run *run, struct connection *connection)
{
    if (!may_ask(run)) {
        close_connection(run, connection, false);
        return;
    }
    connection->left = run->messages.at[(size_t)run->sent++ % run->messages.len];
    connection->got = connection->whole = 0;
    connection->asked = microseconds();
    connection->phase = SENDING;
}

/* The length of the whole answer, once its head is there. An answer without Content-Length counts as
 * an error: it is not what this tool measures. */
static bool find_length(struct connection *connection)
{
    char *end = memmem(connection->answer, connection->got, "\r\n\r\n", 4);
    if (!end)
        return true;
    *end = '\0';
    const char *length = strcasestr(connection->answer, "\r\nContent-Length:");
    size_t head = (size_t)(end - connection->answer) + 4;
    if (!length)
        return false;
    connection->whole = head + strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
    return true;
}

static void count_answer(struct run *run, struct connection *connection)
{
    static const size_t status_at = sizeof "HTTP/1.1 " - 1;
    int class = connection->answer[status_at] - '0';
    run->classes[class >= 1 && class <= 5 ? class : 0]++;
    run->answered++;
    run->received += connection->whole;
    *list_add(run->plan->arena, &run->latencies) =
        (uint32_t)(microseconds() - connection->asked);
}

/* Bytes that do not fit in the room of a connection are counted and dropped: only the head matters. */
static bool receive(struct run *run, struct connection *connection, int *result)
{
    char spill[16 * 1024];
    bool full = connection->got >= ANSWER_LIMIT - 1;
    char *to = full ? spill : connection->answer + connection->got;
    size_t room = full ? sizeof spill : ANSWER_LIMIT - 1 - connection->got;
    *result = SSL_read(connection->ssl, to, (int)room);
    if (*result <= 0)
        return false;
    connection->got += (size_t)*result;
    if (!connection->whole && !find_length(connection)) {
        close_connection(run, connection, true);
        return true;
    }
    if (connection->whole && connection->got >= connection->whole) {
        count_answer(run, connection);
        ask(run, connection);
    }
    return true;
}

static bool send_rest(struct connection *connection, int *result)
{
    *result = SSL_write(connection->ssl, connection->left.at, (int)connection->left.len);
    if (*result <= 0)
        return false;
    connection->left = str_slice(connection->left, (size_t)*result, connection->left.len);
    if (connection->left.len == 0)
        connection->phase = RECEIVING;
    return true;
}

static bool shake_hands(struct run *run, struct connection *connection, int *result)
{
    *result = SSL_connect(connection->ssl);
    if (*result != 1)
        return false;
    ask(run, connection);
    return true;
}

/* Goes on until the socket has no more to give or take. */
static void go_on(struct run *run, struct connection *connection)
{
    while (connection->phase != CLOSED) {
        int result = 0;
        bool went = connection->phase == CONNECTING ? shake_hands(run, connection, &result)
                    : connection->phase == SENDING  ? send_rest(connection, &result)
                                                    : receive(run, connection, &result);
        if (went)
            continue;
        int why = SSL_get_error(connection->ssl, result);
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
            close_connection(run, connection, true);
        return;
    }
}

static void open_connection(struct run *run, struct connection *connection)
{
    int one = 1;
    connection->answer = arena_alloc(run->plan->arena, ANSWER_LIMIT);
    connection->socket = socket(run->address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection->socket, run->address->ai_addr, run->address->ai_addrlen) != 0)
        stop("cannot connect");
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(connection->socket, F_SETFL, O_NONBLOCK);
    connection->ssl = SSL_new(run->tls);
    SSL_set_fd(connection->ssl, connection->socket);
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection };
    epoll_ctl(run->epoll, EPOLL_CTL_ADD, connection->socket, &event);
    run->open++;
}

/* ---- the run ---- */

static SSL_CTX *make_tls(const struct plan *plan)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (plan->certificate
        && (SSL_CTX_use_certificate_chain_file(tls, plan->certificate) != 1
            || SSL_CTX_use_PrivateKey_file(tls, plan->key, SSL_FILETYPE_PEM) != 1))
        stop("the client certificate or its key cannot be used");
    return tls;
}

static void run_plan(struct run *run)
{
    struct epoll_event events[EVENTS];
    size_t count = (size_t)run->plan->connections;
    struct connection *connections = arena_array(run->plan->arena, struct connection, count);
    run->ends = INT64_MAX;
    for (size_t i = 0; i < count; i++)
        open_connection(run, &connections[i]);
    run->began = microseconds();
    run->ends = run->began + run->plan->seconds * MICROSECONDS;
    while (run->open > 0) {
        int ready = epoll_wait(run->epoll, events, EVENTS, 30 * 1000);
        if (ready == 0)
            stop("no answer for 30 seconds");
        for (int i = 0; i < ready; i++)
            go_on(run, events[i].data.ptr);
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static uint32_t part(const struct latencies *latencies, size_t per_mille)
{
    return latencies->len ? latencies->at[(latencies->len - 1) * per_mille / 1000] : 0;
}

static void report(struct run *run)
{
    double seconds = (double)(microseconds() - run->began) / MICROSECONDS;
    if (run->latencies.len)
        qsort(run->latencies.at, run->latencies.len, sizeof *run->latencies.at, by_size);
    printf("requests=%ld seconds=%.3f rate=%.0f errors=%ld bytes=%zu", run->answered, seconds,
           (double)run->answered / seconds, run->errors, run->received);
    printf(" p50=%u p99=%u max=%u", part(&run->latencies, 500), part(&run->latencies, 990),
           part(&run->latencies, 1000));
    for (int class = 0; class <= 5; class++)
        printf(" %dxx=%ld", class, run->classes[class]);
    printf("\n");
}

/* ---- the command line ---- */

static long number(const char *text)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || *end || value < 1)
        stop("a number must be a whole number above 0");
    return value;
}

static void read_url(struct plan *plan, const char *url)
{
    struct str rest = str_of(url);
    if (!str_starts(rest, STR("https://")))
        stop("the address must start with https://");
    rest = str_slice(rest, strlen("https://"), rest.len);
    struct str authority = str_cut(&rest, '/');
    plan->host = str_cut(&authority, ':');
    plan->port = str_more(authority) ? authority : STR("443");
    plan->path = str_format(plan->arena, "/%.*s", FMT(rest));
}

static void read_command(struct plan *plan, int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "c:n:s:C:K:H:l:")) != -1) {
        switch (option) {
        case 'c': plan->connections = number(optarg); break;
        case 'n': plan->requests = number(optarg); break;
        case 's': plan->seconds = number(optarg); break;
        case 'C': plan->certificate = optarg; break;
        case 'K': plan->key = optarg; break;
        case 'H': buf_addf(&plan->headers, "%s\r\n", optarg); break;
        case 'l': plan->bodies = optarg; break;
        default: stop("see the top of tests/load/load.c");
        }
    }
    if (optind != argc - 1 || !plan->certificate != !plan->key)
        stop("see the top of tests/load/load.c");
    read_url(plan, argv[optind]);
}

int main(int argc, char **argv)
{
    struct arena arena = { 0 };
    struct plan plan = { .arena = &arena, .headers = { .arena = &arena },
                         .connections = 16, .requests = 1000000000, .seconds = 10 };
    struct run run = { .plan = &plan };
    signal(SIGPIPE, SIG_IGN);
    read_command(&plan, argc, argv);
    run.messages = make_messages(&plan);
    run.tls = make_tls(&plan);
    run.epoll = epoll_create1(EPOLL_CLOEXEC);
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct str host = str_format(&arena, "%.*s", FMT(plan.host));
    struct str port = str_format(&arena, "%.*s", FMT(plan.port));
    if (getaddrinfo(host.at, port.at, &hints, &run.address) != 0)
        stop("no such host");
    run_plan(&run);
    report(&run);
    freeaddrinfo(run.address);
    SSL_CTX_free(run.tls);
    close(run.epoll);
    arena_free(&arena);
    return run.errors || run.answered == 0 ? 1 : 0;
}
