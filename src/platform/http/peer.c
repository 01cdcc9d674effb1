/* SPDX-License-Identifier: EUPL-1.2 */
/* Connections come and go. MHD closes those on which nothing is sent; the watch ends those that send
 * just enough not to be idle and never finish (a request line, a body or a handshake in drips), or
 * read so little. */
#include "base/log.h"
#include "base/wait.h"
#include "platform/app.h"
#include "platform/http/server.h"
#include "platform/metrics.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

#define GONE_AFTER (2 * SECOND)
#define GONE_EVERY 4 /* seconds: a system call for each waiting connection */

static void read_address(const struct sockaddr *from, char out[static INET6_ADDRSTRLEN])
{
    static const char mapped[] = "::ffff:";
    char text[INET6_ADDRSTRLEN] = "local";
    if (from && from->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)from;
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    } else if (from && from->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)from;
        inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    }
    const char *start = text;
    if (strncmp(text, mapped, sizeof mapped - 1) == 0 && strchr(text, '.'))
        start += sizeof mapped - 1;
    memcpy(out, start, strlen(start) + 1);
}

static void join(struct server *server, struct peer *peer)
{
    pthread_mutex_lock(&server->lock);
    peer->next = server->peers;
    if (peer->next)
        peer->next->previous = peer;
    server->peers = peer;
    pthread_mutex_unlock(&server->lock);
}

static void leave(struct server *server, struct peer *peer)
{
    pthread_mutex_lock(&server->lock);
    if (peer->previous)
        peer->previous->next = peer->next;
    else
        server->peers = peer->next;
    if (peer->next)
        peer->next->previous = peer->previous;
    pthread_mutex_unlock(&server->lock);
}

/* What a proxy says is believed: so nobody else may speak at its gate. */
static bool is_proxy(const struct server *server, const struct sockaddr *from)
{
    char text[INET6_ADDRSTRLEN];
    read_address(from, text);
    if (is_loopback(str_of(text)) || strcmp(text, "local") == 0)
        return true;
    for (struct str rest = config_text(server->app->config, "proxy.from"); str_more(rest);)
        if (str_eq(str_trim(str_cut(&rest, ',')), str_of(text)))
            return true;
    log_warn("stranger-at-the-proxys-gate", { "address", str_of(text) });
    return false;
}

/* Before anything is kept of it. Those who connect at the very same moment may be a few more. */
enum MHD_Result peer_accept(void *with, const struct sockaddr *from, socklen_t size)
{
    const struct gate *gate = with;
    struct server *server = gate->server;
    (void)size;
    if (gate->proxied)
        return is_proxy(server, from) ? MHD_YES : MHD_NO;
    if (crowd_has_room(server->crowd, crowd_name(from)))
        return MHD_YES;
    metrics_count(server->app->metrics, "fundament_connections_refused_total",
                  "Connections that were refused because their address held limit.connections.",
                  "listener", gate->name, 1);
    return MHD_NO;
}

static struct peer *arrive(struct gate *gate, struct MHD_Connection *mhd)
{
    const struct sockaddr *from =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    peer->gate = gate;
    peer->since = instant_monotonic();
    peer->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    read_address(from, peer->address);
    if (!gate->proxied && crowd_enter(gate->server->crowd, crowd_name(from)))
        peer->name = crowd_name(from);
    if (!gate->proxied)
        peer->credentials = tls_dress(
            gate->server->tls,
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session,
            gate->listener == MACHINES);
    join(gate->server, peer);
    return peer;
}

void peer_notify(void *with, struct MHD_Connection *mhd, void **context,
                 enum MHD_ConnectionNotificationCode code)
{
    struct gate *gate = with;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = arrive(gate, mhd);
        return;
    }
    struct peer *peer = *context;
    if (!peer)
        return;
    *context = NULL;
    leave(gate->server, peer);
    crowd_leave(gate->server->crowd, peer->name);
    if (peer->credentials)
        credentials_release(peer->credentials);
    free(peer);
}

struct peer *peer_of(struct MHD_Connection *mhd)
{
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The watch */

static bool is_overdue(const struct server *server, struct peer *peer, instant now)
{
    instant since = atomic_load_explicit(&peer->since, memory_order_relaxed);
    instant allowed = server->request_limit;
    if (atomic_load_explicit(&peer->answering, memory_order_relaxed))
        return false;
    if (!atomic_load_explicit(&peer->receiving, memory_order_relaxed))
        allowed += server->idle_limit;
    return now - since > allowed;
}

/* Whose request is not in and who will send no more. libmicrohttpd misses an end that comes together
 * with the last bytes, and would keep the connection until it times out. While an answer is under way
 * `since` lies ahead: who has closed its side may still read. */
static bool is_gone(struct peer *peer, instant now)
{
    char byte;
    if (atomic_load_explicit(&peer->answering, memory_order_relaxed)
        || now - atomic_load_explicit(&peer->since, memory_order_relaxed) < GONE_AFTER)
        return false;
    return recv(peer->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* The lock is held: a peer leaves the list before its socket is closed. */
static void end_overdue(struct server *server, bool look_for_gone)
{
    instant now = instant_monotonic();
    for (struct peer *peer = server->peers; peer; peer = peer->next) {
        if (look_for_gone && is_gone(peer, now))
            shutdown(peer->fd, SHUT_RDWR);
        if (!is_overdue(server, peer, now))
            continue;
        shutdown(peer->fd, SHUT_RDWR);
        log_warn("request-too-slow", { "listener", str_of(peer->gate->name) });
    }
}

static void *watch(void *with)
{
    struct server *server = with;
    unsigned ticks = 0;
    pthread_mutex_lock(&server->lock);
    while (server->watching) {
        const struct timespec until = wait_until(SECOND);
        wait_at(&server->wake, &server->lock, &until);
        if (server->watching)
            end_overdue(server, ++ticks % GONE_EVERY == 0);
    }
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

bool watch_start(struct server *server, struct error *err)
{
    wait_init(&server->wake);
    server->watching = true;
    if (pthread_create(&server->watch, NULL, watch, server) == 0)
        return true;
    server->watching = false;
    return fail_internal(err, "no thread for the watch");
}

void watch_stop(struct server *server)
{
    if (!server->watching)
        return;
    pthread_mutex_lock(&server->lock);
    server->watching = false;
    pthread_cond_signal(&server->wake);
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->watch, NULL);
}
