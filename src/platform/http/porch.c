/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/http/porch.h"

#include "base/instant.h"
#include "base/list.h"
#include "base/log.h"
#include "platform/http/proxy_protocol.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE  (5 * SECOND) /* for a header: a load balancer sends it at once */
#define EVENTS    64
#define PROXIES   16
#define FULL_REST 50000        /* microseconds, when the process has no descriptor left */

/* Somebody of whom the header is still awaited. */
struct guest {
    struct guest *next, *previous;
    int fd;
    instant since; /* monotonic */
};

struct porch {
    int listening, epoll, ending;
    struct in6_addr proxies[PROXIES];
    size_t proxy_count;
    struct MHD_Daemon *daemon;
    struct guest *first, *last; /* in order of arrival */
    pthread_t thread;
    bool running;
};

/* ------------------------------------------------------------------ addresses */

/* An IPv4 address is compared in its IPv6 form: a socket for `::` shows it so. */
static bool address_parse(struct str text, struct in6_addr *address)
{
    char c[INET6_ADDRSTRLEN + 8];
    struct in_addr v4;
    int len = snprintf(c, sizeof c, "%.*s", FMT(text));
    if (len < 0 || (size_t)len >= sizeof c)
        return false;
    if (inet_pton(AF_INET6, c, address) == 1)
        return true;
    if (inet_pton(AF_INET, c, &v4) != 1)
        return false;
    *address = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
    memcpy(&address->s6_addr[12], &v4, sizeof v4);
    return true;
}

static bool address_of(const struct sockaddr_storage *peer, struct in6_addr *address)
{
    if (peer->ss_family == AF_INET6) {
        *address = ((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
        return true;
    }
    if (peer->ss_family != AF_INET)
        return false;
    *address = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
    memcpy(&address->s6_addr[12], &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
    return true;
}

static bool is_proxy(const struct porch *porch, const struct sockaddr_storage *peer)
{
    struct in6_addr address;
    if (!address_of(peer, &address))
        return false;
    for (size_t i = 0; i < porch->proxy_count; i++)
        if (memcmp(&porch->proxies[i], &address, sizeof address) == 0)
            return true;
    return false;
}

static socklen_t size_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

/* ------------------------------------------------------------------ guests */

static void join(struct porch *porch, struct guest *guest)
{
    guest->previous = porch->last;
    if (porch->last)
        porch->last->next = guest;
    else
        porch->first = guest;
    porch->last = guest;
}

static void forget(struct porch *porch, struct guest *guest)
{
    if (guest->previous)
        guest->previous->next = guest->next;
    else
        porch->first = guest->next;
    if (guest->next)
        guest->next->previous = guest->previous;
    else
        porch->last = guest->previous;
    epoll_ctl(porch->epoll, EPOLL_CTL_DEL, guest->fd, NULL);
    free(guest);
}

static void turn_away(struct porch *porch, struct guest *guest, const char *why)
{
    int fd = guest->fd;
    forget(porch, guest);
    close(fd);
    log_warn("proxy-header-refused", { "why", str_of(why) });
}

/* The daemon owns the socket from here on, also when it refuses it. */
static void let_in(struct porch *porch, int fd, const struct sockaddr_storage *client)
{
    MHD_add_connection(porch->daemon, fd, (const struct sockaddr *)client, size_of(client));
}

static void await_header(struct porch *porch, int fd)
{
    struct guest *guest = calloc(1, sizeof *guest);
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = guest };
    if (!guest || epoll_ctl(porch->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        free(guest);
        close(fd);
        return;
    }
    guest->fd = fd;
    guest->since = instant_monotonic();
    join(porch, guest);
}

/* Looks without taking: what follows the header is TLS, and not ours. */
static void look_at(struct porch *porch, struct guest *guest)
{
    char bytes[PROXY_HEADER_MOST];
    struct sockaddr_storage client = { 0 };
    socklen_t size = sizeof client;
    size_t len = 0;
    int fd = guest->fd;
    ssize_t got = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        turn_away(porch, guest, "closed");
        return;
    }
    enum proxy_header told = proxy_header_read((struct str){ bytes, (size_t)got }, &len, &client);
    if (told == PROXY_MORE)
        return;
    if (told == PROXY_WRONG || recv(fd, bytes, len, MSG_DONTWAIT) != (ssize_t)len
        || (told == PROXY_ITSELF && getpeername(fd, (struct sockaddr *)&client, &size) != 0)) {
        turn_away(porch, guest, "not version 2 of the PROXY protocol");
        return;
    }
    forget(porch, guest);
    let_in(porch, fd, &client);
}

static void end_late(struct porch *porch)
{
    instant now = instant_monotonic();
    while (porch->first && now - porch->first->since > PATIENCE)
        turn_away(porch, porch->first, "too slow");
}

/* ------------------------------------------------------------------ the thread */

static void take_in(struct porch *porch)
{
    for (int i = 0; i < EVENTS; i++) {
        struct sockaddr_storage peer = { 0 };
        socklen_t size = sizeof peer;
        int fd = accept4(porch->listening, (struct sockaddr *)&peer, &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                usleep(FULL_REST); /* somebody must close one first */
            return;
        }
        if (is_proxy(porch, &peer))
            await_header(porch, fd);
        else
            let_in(porch, fd, &peer);
    }
}

static void *stand(void *with)
{
    struct porch *porch = with;
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(porch->epoll, events, EVENTS, 1000);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &porch->ending)
                return NULL;
            if (events[i].data.ptr == &porch->listening)
                take_in(porch);
            else
                look_at(porch, events[i].data.ptr);
        }
        end_late(porch);
    }
}

static bool watch(struct porch *porch, int *fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = fd };
    return epoll_ctl(porch->epoll, EPOLL_CTL_ADD, *fd, &event) == 0;
}

bool porch_new(struct arena *arena, int fd, struct str proxies, struct porch **made,
               struct error *err)
{
    struct porch *porch = arena_new(arena, struct porch);
    *porch = (struct porch){ .listening = fd, .epoll = -1, .ending = -1 };
    for (struct str rest = proxies; str_more(rest);) {
        struct str one = str_trim(str_cut(&rest, ','));
        if (porch->proxy_count == PROXIES || !address_parse(one, &porch->proxies[porch->proxy_count]))
            return fail_about(err, INVALID, "listen.proxies",
                              N_("listen.proxies must be at most 16 addresses like 192.0.2.13 with commas "
                                 "between them, not %s."),
                              "%.*s", FMT(str_slice(one, 0, 60)));
        porch->proxy_count++;
    }
    *made = porch;
    return true;
}

bool porch_open(struct porch *porch, struct MHD_Daemon *daemon, struct error *err)
{
    porch->daemon = daemon;
    porch->epoll = epoll_create1(EPOLL_CLOEXEC);
    porch->ending = eventfd(0, EFD_CLOEXEC);
    if (porch->epoll < 0 || porch->ending < 0 || !watch(porch, &porch->listening)
        || !watch(porch, &porch->ending))
        return fail_internal(err, "the porch: %s", strerror(errno));
    if (pthread_create(&porch->thread, NULL, stand, porch) != 0)
        return fail_internal(err, "no thread for the porch");
    porch->running = true;
    return true;
}

void porch_close(struct porch *porch)
{
    uint64_t one = 1;
    if (porch->running && write(porch->ending, &one, sizeof one) == sizeof one)
        pthread_join(porch->thread, NULL);
    porch->running = false;
    while (porch->first) {
        int fd = porch->first->fd;
        forget(porch, porch->first);
        close(fd);
    }
    if (porch->epoll >= 0)
        close(porch->epoll);
    if (porch->ending >= 0)
        close(porch->ending);
    porch->epoll = porch->ending = -1;
}
