/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of the HTTP server share; services include platform/http/http.h only.
 *
 *     gate        a listening socket: for people or machines, over TLS or from the proxy
 *     peer        somebody's connection through a gate
 *     exchange    one request and its answer; its memory is pooled
 *
 * The way of a request: server.c opens the gates; exchange.c collects head and body in the network
 * thread; admit.c may refuse it there; workers.c hands it to a thread (or not, when it is quick);
 * answer.c finds out who asks and calls the route; exchange.c sends the reply. */
#ifndef PLATFORM_SERVER_H
#define PLATFORM_SERVER_H

#include "platform/http/client.h"
#include "platform/http/crowd.h"
#include "platform/config.h"
#include "platform/http/http.h"
#include "platform/keys/keys.h"
#include "platform/http/ratelimit.h"
#include "platform/http/router.h"
#include "platform/http/tls.h"
#include "platform/http/workers.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#define FORM_COOKIE     "__Host-fundament_form"
#define FORM_TOKEN      "form_token" /* the hidden field of every form */
#define LOGIN_PATH      "/inloggen"

#define QUICK_BODY    ((size_t)64 * 1024)       /* a larger body is never answered in the network thread */
#define SWALLOW_BODY  ((uint64_t)1024 * 1024)   /* read past this much, to keep a connection usable */
#define LARGE_BODY    ((size_t)1024 * 1024)     /* from here on a body counts in the budget of all */
#define BODIES_RETRY  10                        /* seconds, when that budget is spent */
#define GATES         4
#define POOL_KEEPS    128                       /* exchanges kept for the next requests */

struct server;
struct porch;

struct gate {
    struct server *server;
    unsigned listener;             /* PEOPLE or MACHINES */
    bool proxied;                  /* plain HTTP from a reverse proxy */
    const char *name;              /* for the log */
    int fd;
    int port;                      /* 0: a Unix socket */
    const char *path;              /* of that socket */
    struct MHD_Daemon *daemon;
    struct porch *porch;           /* where load balancers are named; else NULL: MHD takes in itself */
};

struct peer {
    struct peer *next, *previous;  /* in the server's list of peers */
    struct gate *gate;
    int fd;
    char address[INET6_ADDRSTRLEN];
    uint64_t name;                   /* in the crowd; 0: not counted there */
    struct credentials *credentials; /* of its TLS session; NULL on a proxy gate */
    struct machine machine;          /* who showed a certificate, once looked at */
    uint64_t looked_at;              /* the generation of the CA list and CRL it was checked with */
    _Atomic instant since;           /* monotonic: when this request, its answer or the waiting for one began */
    _Atomic bool answering;          /* the request is in: no clock runs until the answer is ready */
    _Atomic bool receiving;          /* a head is in: its body is on its way, or its answer */
};

enum stage { ARRIVING, RUNNING, ANSWERED };

struct exchange {
    struct request request;
    struct arena arena;
    struct exchange *next;           /* in the pool */
    struct work work;                /* in the queue of the workers */
    struct server *server;
    struct peer *peer;
    struct MHD_Connection *mhd;
    struct str raw;                  /* the target as it came */
    struct error refusal;            /* kind NO_ERROR: the request may be answered */
    bool begun, sent;
    bool turned_away;                /* by its route's `admit` */
    bool unclear;                    /* nobody knows where this request ends: the last of its peer */
    enum stage stage;
    char *body;                      /* malloc'd: large ones grow without being copied */
    size_t body_len, body_cap, body_limit;
    size_t body_counted;             /* bytes of it that count in server->bodies */
    size_t swallowed;                /* bytes read of a body that was refused */
    instant started;                 /* monotonic */
    struct machine machine;          /* from the proxy's header */
    struct str form_cookie;          /* of csrf_token */
};

struct server {
    struct app *app;
    struct arena arena;
    struct router *router;
    struct tls *tls;                 /* NULL: only proxy gates */
    struct machine_cache *machines;  /* certificates that the proxy hands on */
    struct workers *workers;
    struct ratelimit *people_limit, *machine_limit, *login_limit;
    struct crowd *crowd;             /* connections by address; NULL: no limit */
    struct key *form_key;            /* behind form tokens */
    size_t memory_limit;             /* bytes that one request may hold */
    size_t bodies_limit;             /* bytes that all large bodies together may hold */
    _Atomic size_t bodies;           /* bytes that they hold now */
    instant request_limit;           /* how long head and body may take */
    instant idle_limit;
    size_t slowest_reader;           /* bytes a second of an answer that a client takes at least */
    uint64_t name_seed;
    _Atomic uint64_t name_count;     /* for request.id */
    struct gate gates[GATES];
    size_t gate_count;
    pthread_mutex_t lock;            /* of pool and peers */
    struct exchange *pool;
    size_t pool_size;
    struct peer *peers;
    _Atomic uint64_t answered;       /* requests since the start */
    _Atomic int64_t open;            /* exchanges between head and last byte */
    _Atomic bool draining;           /* /readyz says that we go; all else is answered as before */
    _Atomic bool stopping;
    _Atomic instant asked_ready;     /* monotonic: when somebody last asked /readyz; 0: nobody did */
    pthread_t watch;                 /* ends peers that take too long */
    bool watching;
    pthread_cond_t wake;             /* of the watch, when stopping */
};

/* exchange.c: what MHD calls. */
void *exchange_new(void *server, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result exchange_go_on(void *gate, struct MHD_Connection *mhd, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **exchange);
void exchange_done(void *gate, struct MHD_Connection *mhd, void **exchange,
                   enum MHD_RequestTerminationCode how);
void exchange_free_pool(struct server *server);

/* peer.c: connections come and go; the watch ends those that take too long. */
void peer_notify(void *gate, struct MHD_Connection *mhd, void **peer,
                 enum MHD_ConnectionNotificationCode code);
struct peer *peer_of(struct MHD_Connection *mhd);
/* May somebody from this address connect, or does it hold enough connections? */
enum MHD_Result peer_accept(void *gate, const struct sockaddr *from, socklen_t size);
bool watch_start(struct server *server, struct error *err);
void watch_stop(struct server *server);

/* listen.c. Is this IP address one of this computer's own? */
bool is_loopback(struct str address);
/* A listening socket of a gate. */
bool listen_at(struct gate *gate, struct str address, int64_t port, struct error *err);
bool listen_for_proxy(struct gate *gate, struct arena *arena, struct str where, struct error *err);

/* admit.c: everything that can be said before the body: false fills the exchange's refusal. */
bool admit(struct exchange *exchange, struct error *err);
bool fail_too_large(struct error *err, size_t limit);

/* proxy.c: the peer and the client certificate as the reverse proxy tells them. */
bool proxy_peer(struct arena *arena, struct str header, struct str *peer);   /* X-Forwarded-For */
bool proxy_certificate(struct arena *arena, struct str header, struct str *der);
void proxy_read_peer(struct exchange *exchange);
void proxy_read_machine(struct exchange *exchange);

/* answer.c: runs the route (or the refusal) and leaves the reply in the request. */
void answer(struct exchange *exchange);

/* reply.c */
struct MHD_Response *reply_finish(struct exchange *exchange, unsigned *status);

/* csrf.c */
bool csrf_check(struct request *request, struct error *err);

/* problem.c */
void reply_out_of_memory(struct request *request);
bool wants_page(const struct request *request);

/* request.c: the exchange of a request that came in through a gate; NULL in tests of handlers. */
struct exchange *request_exchange(const struct request *request);
enum language request_language(const struct request *request);
bool host_valid(struct str host);
enum language accepted_language(struct str header); /* of an Accept-Language header */

#endif
