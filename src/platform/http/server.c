/* SPDX-License-Identifier: EUPL-1.2 */
/* The gates: GNU libmicrohttpd daemons on sockets of ours, and their start, stop and reload. */
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "platform/app.h"
#include "platform/http/porch.h"
#include "platform/http/server.h"
#include "platform/keys/pki.h"
#include "platform/people/form_key.h"

#include <sys/resource.h>
#include <unistd.h>

#define HEAD_BYTES     ((size_t)32 * 1024) /* request line and headers, and MHD's own buffers */
#define THREAD_STACK   ((size_t)512 * 1024)
#define WORK_PER_WORKER 64                 /* so much work may wait; then it is 503 */
#define LOGIN_BURST    10
#define WATCHED_WITHIN MINUTE /* who asked /readyz so short ago is a load balancer that goes on asking */
#define KIBIBYTE       ((size_t)1024)
#define MEBIBYTE       ((size_t)1024 * 1024)

/* Setting up */

/* A connection is a descriptor; the system's usual 1,024 are few. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static const char *path_setting(const struct server *server, struct arena *arena, const char *name)
{
    struct str path = config_text(server->app->config, name);
    return path.len ? config_path(server->app->config, arena, str_c(arena, path)) : NULL;
}

/* The first start of an installation: a certificate of its own CA for this computer. It is only made
 * where the settings are as they came: a path that somebody chose must exist. */
static bool make_first_certificate(struct server *server, const struct tls_files *files,
                                   struct error *err)
{
    const struct config *config = server->app->config;
    struct str certificate, key, names[4] = { S("localhost"), S("127.0.0.1"), S("::1") };
    char host[256] = "";
    if (!files->certificate || file_exists(files->certificate) || file_exists(files->key)
        || !str_eq(config_text(config, "tls.certificate"), STR("tls/server.crt")))
        return true;
    const char *folder = config_path(config, &server->arena, "tls");
    gethostname(host, sizeof host - 1);
    names[3] = str_of(host);
    size_t count = names[3].len && !str_eq(names[3], names[0]) ? 4 : 3;
    return folder_make(folder, err) && pki_ensure_ca(&server->arena, folder, err)
        && pki_issue_server(&server->arena, folder, names, count, &certificate, &key, err)
        && file_write(files->key, key, 0600, err)
        && file_write(files->certificate, certificate, 0644, err);
}

static bool load_tls(struct server *server, struct error *err)
{
    struct arena *arena = &server->arena;
    struct tls_files files = {
        .certificate = path_setting(server, arena, "tls.certificate"),
        .key = path_setting(server, arena, "tls.key"),
        .ca = path_setting(server, arena, "machines.ca"),
        .crl = path_setting(server, arena, "machines.crl"),
    };
    if (files.certificate && !files.key)
        return fail(err, INVALID, "tls.key", N_("tls.certificate is set, but tls.key is empty."));
    return make_first_certificate(server, &files, err) && tls_new(arena, &files, &server->tls, err);
}

/* All nodes have this key, and hash the names of clients alike, so that they can count together. */
static void set_rates(struct server *server)
{
    const struct config *config = server->app->config;
    struct arena *arena = &server->arena;
    struct key key;
    int64_t machines = config_int(config, "limit.machines"), login = config_int(config, "limit.login");
    key_derive(server->form_key, "rate-limit", &key);
    _Static_assert(RATELIMIT_KEY <= sizeof key.bytes, "a part of the key");
    server->people_limit = ratelimit_new(arena, config_int(config, "limit.people"),
                                         config_int(config, "limit.people_burst"), key.bytes);
    server->machine_limit = ratelimit_new(arena, machines, machines, key.bytes);
    server->login_limit =
        ratelimit_new(arena, login, login < LOGIN_BURST ? login : LOGIN_BURST, key.bytes);
    explicit_bzero(&key, sizeof key);
}

static void set_limits(struct server *server)
{
    const struct config *config = server->app->config;
    server->memory_limit = (size_t)config_int(config, "http.memory") * MEBIBYTE;
    server->bodies_limit = (size_t)config_int(config, "http.bodies") * MEBIBYTE;
    server->crowd = crowd_new(&server->arena, config_int(config, "limit.connections"));
    server->request_limit = config_int(config, "http.request_seconds") * SECOND;
    server->slowest_reader = (size_t)config_int(config, "http.slowest_kib") * KIBIBYTE;
    server->idle_limit = config_int(config, "http.idle_seconds") * SECOND;
    random_bytes(&server->name_seed, sizeof server->name_seed);
}

/* Gates */

/* A porch takes connections in where load balancers tell who connected. */
static bool make_porch(struct gate *gate, struct error *err)
{
    struct str proxies = config_text(gate->server->app->config, "listen.proxies");
    return gate->proxied || !proxies.len
           || porch_new(&gate->server->arena, gate->fd, proxies, &gate->porch, err);
}

static bool start_daemon(struct gate *gate, struct error *err)
{
    struct server *server = gate->server;
    const struct config *config = server->app->config;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC
                     | (gate->proxied ? 0 : MHD_USE_TLS)
                     | (gate->porch ? MHD_USE_NO_LISTEN_SOCKET : 0);
    struct MHD_OptionItem options[] = {
        { MHD_OPTION_THREAD_POOL_SIZE, config_int(config, "http.threads"), NULL },
        { MHD_OPTION_THREAD_STACK_SIZE, THREAD_STACK, NULL },
        { MHD_OPTION_CONNECTION_LIMIT, config_int(config, "http.connections"), NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, config_int(config, "http.idle_seconds"), NULL },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEAD_BYTES, NULL },
        { MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
        { MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)exchange_new, server },
        { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)exchange_done, gate },
        { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)peer_notify, gate },
        { gate->proxied ? MHD_OPTION_END : MHD_OPTION_HTTPS_PRIORITIES, 0, TLS_PRIORITIES },
        /* Never asked: peer.c gives each session its own credentials, which can be reloaded. MHD
         * wants to see that there is something. */
        { MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(intptr_t)tls_no_certificate },
        { MHD_OPTION_END, 0, NULL },
    };
    gate->daemon = MHD_start_daemon(flags, 0, peer_accept, gate,
                                    exchange_go_on, gate, MHD_OPTION_ARRAY, options,
                                    gate->porch ? MHD_OPTION_END : MHD_OPTION_LISTEN_SOCKET,
                                    gate->fd, MHD_OPTION_END);
    if (!gate->daemon)
        return fail_internal(err, "libmicrohttpd does not start for %s", gate->name);
    if (gate->porch && !porch_open(gate->porch, gate->daemon, err))
        return false;
    log_info("listening", { "gate", str_of(gate->name) }, { "port", LOG_NUMBER(gate->port) },
             { "path", str_of(gate->path ? gate->path : "-") });
    return true;
}

static bool open_gate(struct server *server, unsigned listener, const char *name,
                      const char *port_setting, struct error *err)
{
    const struct config *config = server->app->config;
    struct gate *gate = &server->gates[server->gate_count];
    *gate = (struct gate){ .server = server, .listener = listener, .name = name };
    if (!listen_at(gate, config_text(config, "listen.address"), config_int(config, port_setting),
                   err))
        return false;
    server->gate_count++;
    return make_porch(gate, err);
}

static bool open_proxy_gate(struct server *server, unsigned listener, const char *name,
                            struct error *err)
{
    struct str where = config_text(server->app->config, name);
    struct gate *gate = &server->gates[server->gate_count];
    if (where.len == 0)
        return true;
    *gate = (struct gate){ .server = server, .listener = listener, .name = name, .proxied = true };
    if (!listen_for_proxy(gate, &server->arena, where, err))
        return false;
    server->gate_count++;
    return true;
}

static bool open_gates(struct server *server, struct error *err)
{
    const struct config *config = server->app->config;
    bool tls = config_text(config, "tls.certificate").len > 0;
    bool machines = config_text(config, "machines.ca").len > 0;
    return (!tls || open_gate(server, PEOPLE, "people", "people.port", err))
        && (!tls || !machines || open_gate(server, MACHINES, "machines", "machines.port", err))
        && open_proxy_gate(server, PEOPLE, "proxy.people", err)
        && open_proxy_gate(server, MACHINES, "proxy.machines", err)
        && (server->gate_count
            || fail(err, INVALID, NULL, N_("There is nothing to listen on: set tls.certificate, "
                                           "proxy.people or proxy.machines.")));
}

static bool start_daemons(struct server *server, struct error *err)
{
    for (size_t i = 0; i < server->gate_count; i++)
        if (!start_daemon(&server->gates[i], err))
            return false;
    return true;
}

/* Stopping */

static void stop_accepting(struct server *server)
{
    for (size_t i = 0; i < server->gate_count; i++) {
        struct gate *gate = &server->gates[i];
        if (gate->porch)
            porch_close(gate->porch);
        else if (gate->daemon)
            MHD_quiesce_daemon(gate->daemon);
        shutdown(gate->fd, SHUT_RDWR); /* who comes now is refused */
        if (gate->path)
            unlink(gate->path);
    }
}

static void wait_for_requests(struct server *server, instant grace)
{
    instant until = instant_monotonic() + grace;
    while (atomic_load(&server->open) > 0 && instant_monotonic() < until)
        usleep(5000);
}

/* MHD's threads take the listening socket out of their sets in their own time, and end the process
 * where it is closed already: so it is closed after them. */
static void close_gates(struct server *server)
{
    for (size_t i = 0; i < server->gate_count; i++) {
        if (server->gates[i].daemon)
            MHD_stop_daemon(server->gates[i].daemon);
        close(server->gates[i].fd);
    }
}

/* Workers end what they took on before the daemons go: MHD may not be stopped under a suspended
 * connection. Whoever still sends or receives by then is cut off. */
static void close_all(struct server *server, instant grace)
{
    atomic_store(&server->draining, true);
    atomic_store(&server->stopping, true);
    stop_accepting(server);
    wait_for_requests(server, grace);
    if (server->workers)
        workers_stop(server->workers);
    watch_stop(server);
    close_gates(server);
    exchange_free_pool(server);
    crowd_free(server->crowd);
    if (server->tls)
        tls_free(server->tls);
    if (server->form_key)
        key_free(server->form_key);
    struct arena arena = server->arena; /* the server itself lies in it */
    arena_free(&arena);
}

static bool open_all(struct server *server, struct error *err)
{
    set_limits(server);
    server->machines = machine_cache_new(&server->arena);
    if (!load_tls(server, err) || !form_key_load(server->app, &server->form_key, err))
        return false;
    set_rates(server);
    return router_new(&server->arena, server->app->services, &server->router, err)
        && open_gates(server, err);
}

static bool start_all(struct server *server, struct error *err)
{
    int64_t workers = config_int(server->app->config, "http.workers");
    return workers_start(&server->arena, workers, (size_t)workers * WORK_PER_WORKER,
                         &server->workers, err)
        && watch_start(server, err) && start_daemons(server, err);
}

bool server_open(struct app *app, struct error *err)
{
    struct arena arena = { 0 };
    struct server *server = arena_new(&arena, struct server);
    server->arena = arena;
    server->app = app;
    pthread_mutex_init(&server->lock, NULL);
    raise_descriptors();
    app->server = server;
    if (open_all(server, err))
        return true;
    app->server = NULL;
    close_all(server, 0);
    return false;
}

int64_t server_drain(struct app *app)
{
    struct server *server = app->server;
    instant asked = atomic_load(&server->asked_ready);
    atomic_store(&server->draining, true);
    bool watched = asked && instant_monotonic() - asked < WATCHED_WITHIN;
    return watched ? config_int(app->config, "server.drain_seconds") : 0;
}

bool server_start(struct app *app, struct error *err)
{
    bool open = app->server && !app->server->workers; /* and not one that runs already */
    if (!open && !server_open(app, err))
        return false;
    if (start_all(app->server, err))
        return true;
    server_stop(app, 0);
    return false;
}

void server_stop(struct app *app, instant grace)
{
    if (!app->server)
        return;
    close_all(app->server, grace);
    app->server = NULL;
}

bool server_hangs(struct server *server, instant limit)
{
    return workers_hang(server->workers, limit);
}

bool server_reload(struct app *app, struct error *err)
{
    return tls_reload(app->server->tls, err);
}

int server_port(const struct server *server, enum listener listener)
{
    for (size_t i = 0; i < server->gate_count; i++)
        if (server->gates[i].listener == (unsigned)listener && !server->gates[i].proxied)
            return server->gates[i].port;
    return 0;
}
