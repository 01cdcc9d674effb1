/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/app.h"
#include "platform/http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG          1024
#define PROXY_SOCKET_MODE 0660 /* the proxy's user shares a group with ours, and nobody else may */

static bool fail_listen(struct error *err, const char *where, int problem)
{
    if (problem == EADDRINUSE)
        return fail_about(err, UNAVAILABLE, NULL,
                          N_("%s is already in use by another program: stop that one, or choose "
                             "another in the configuration."),
                          "%s", where);
    if (problem == EACCES)
        return fail_about(err, FORBIDDEN, NULL,
                          N_("%s may not be opened by this user; choose a port above 1023."), "%s",
                          where);
    fail_about(err, INVALID, NULL, N_("%s cannot be opened to listen on."), "%s", where);
    return fail_detail(err, "%s", strerror(problem));
}

static int open_socket(const struct sockaddr *address, socklen_t size, int *problem)
{
    int on = 1, off = 0;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *problem = errno;
    if (fd < 0)
        return -1;
    if (address->sa_family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->sa_family == AF_INET6) /* `::` is IPv4 too */
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, address, size) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    *problem = errno;
    close(fd);
    return -1;
}

static int port_of(int fd)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0)
        return 0;
    if (bound.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)(const void *)&bound)->sin_port);
    if (bound.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)&bound)->sin6_port);
    return 0;
}

/* A literal address; no name is looked up. */
static struct addrinfo *read_address(struct str address, int64_t port)
{
    char host[INET6_ADDRSTRLEN + 1], service[8];
    struct addrinfo *found = NULL;
    const struct addrinfo wanted = {
        .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
    };
    snprintf(host, sizeof host, "%.*s", FMT(str_slice(address, 0, sizeof host - 1)));
    snprintf(service, sizeof service, "%lld", (long long)port);
    return getaddrinfo(host, service, &wanted, &found) == 0 ? found : NULL;
}

bool listen_at(struct gate *gate, struct str address, int64_t port, struct error *err)
{
    char where[80];
    int problem = 0;
    struct addrinfo *found = read_address(address, port);
    if (!found)
        return fail_about(err, INVALID, "listen.address",
                          N_("listen.address must be an address like 127.0.0.1 or ::, not %s."),
                          "%.*s", FMT(str_slice(address, 0, 60)));
    gate->fd = open_socket(found->ai_addr, found->ai_addrlen, &problem);
    freeaddrinfo(found);
    if (gate->fd < 0 && problem == EAFNOSUPPORT && str_eq(address, STR("::")))
        return listen_at(gate, STR("0.0.0.0"), port, err); /* a computer without IPv6 */
    snprintf(where, sizeof where, "%.*s port %lld", FMT(str_slice(address, 0, 48)),
             (long long)port);
    if (gate->fd < 0)
        return fail_listen(err, where, problem);
    gate->port = port_of(gate->fd);
    return true;
}

/* A socket that an earlier run left behind is removed; anything else in its place is not. */
static void remove_old_socket(const char *path)
{
    struct stat about;
    if (lstat(path, &about) == 0 && S_ISSOCK(about.st_mode))
        unlink(path);
}

static bool listen_at_path(struct gate *gate, const char *path, struct error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int problem = 0;
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof address.sun_path)
        return fail_about(err, INVALID, NULL, N_("The path of the socket %s is too long."), "%.60s",
                          path);
    memcpy(address.sun_path, path, len + 1);
    remove_old_socket(path);
    mode_t before = umask(0777 & ~PROXY_SOCKET_MODE);
    gate->fd = open_socket((const struct sockaddr *)&address, sizeof address, &problem);
    umask(before);
    return gate->fd >= 0 || fail_listen(err, path, problem);
}

bool is_loopback(struct str address)
{
    return str_starts(address, STR("127.")) || str_eq(address, STR("::1"));
}

/* May the proxy be on another computer? Only those may connect that proxy.from names (peer.c). */
static bool is_named(const struct gate *gate)
{
    return config_text(gate->server->app->config, "proxy.from").len > 0;
}

bool listen_for_proxy(struct gate *gate, struct arena *arena, struct str where, struct error *err)
{
    if (str_starts(where, STR("unix:"))) {
        gate->path = str_c(arena, str_slice(where, 5, where.len));
        return listen_at_path(gate, gate->path, err);
    }
    size_t colon = where.len;
    while (colon > 0 && where.at[colon - 1] != ':')
        colon--;
    struct str address = str_slice(where, 0, colon ? colon - 1 : 0);
    if (str_starts(address, STR("[")) && str_ends(address, STR("]")))
        address = str_slice(address, 1, address.len - 1);
    int64_t port;
    if ((!is_loopback(address) && !is_named(gate))
        || !str_to_int(str_slice(where, colon, where.len), 0, 65535, &port))
        return fail_about(err, INVALID, gate->listener == PEOPLE ? "proxy.people" : "proxy.machines",
                          N_("A proxy's gate is unix:/PATH or a port on this computer, like "
                             "127.0.0.1:8080, not %s. For a proxy on another computer, name its "
                             "address in proxy.from."),
                          "%.*s", FMT(str_slice(where, 0, 60)));
    return listen_at(gate, address, port, err);
}
