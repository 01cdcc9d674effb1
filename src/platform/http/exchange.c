/* SPDX-License-Identifier: EUPL-1.2 */
/* One request and its answer, as MHD calls us: a first line (exchange_new), a head, pieces of a
 * body, the end of it (exchange_go_on, several times), and the end of all (exchange_done). */
#include "base/log.h"
#include "platform/app.h"
#include "platform/metrics.h"
#include "platform/http/server.h"

#include <stdlib.h>

/* The pool */

static struct exchange *take_exchange(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    struct exchange *exchange = server->pool;
    if (exchange) {
        server->pool = exchange->next;
        server->pool_size--;
    }
    pthread_mutex_unlock(&server->lock);
    return exchange ? exchange : calloc(1, sizeof *exchange);
}

static void drop_body(struct exchange *exchange)
{
    atomic_fetch_sub_explicit(&exchange->server->bodies, exchange->body_counted,
                              memory_order_relaxed);
    free(exchange->body);
    exchange->body = NULL;
    exchange->body_len = exchange->body_cap = exchange->body_counted = 0;
}

/* Keeps the arena's ordinary block for the next request. */
static void give_back(struct server *server, struct exchange *exchange)
{
    drop_body(exchange);
    arena_reset(&exchange->arena);
    struct arena arena = exchange->arena;
    *exchange = (struct exchange){ .arena = arena };
    pthread_mutex_lock(&server->lock);
    bool keep = server->pool_size < POOL_KEEPS;
    if (keep) {
        exchange->next = server->pool;
        server->pool = exchange;
        server->pool_size++;
    }
    pthread_mutex_unlock(&server->lock);
    if (keep)
        return;
    arena_free(&exchange->arena);
    free(exchange);
}

void exchange_free_pool(struct server *server)
{
    while (server->pool) {
        struct exchange *exchange = server->pool;
        server->pool = exchange->next;
        arena_free(&exchange->arena);
        free(exchange);
    }
    server->pool_size = 0;
}

/* The first line */

/* A number that is used once, spread over 64 bits (the finaliser of SplitMix64). */
static struct str new_name(struct server *server, struct arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t x = server->name_seed
                 + atomic_fetch_add_explicit(&server->name_count, 1, memory_order_relaxed);
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    char *name = arena_alloc(arena, 16);
    for (size_t i = 0; i < 16; i++, x >>= 4)
        name[i] = digits[x & 15];
    return (struct str){ name, 16 };
}

static bool set_up(struct exchange *exchange, const char *uri)
{
    jmp_buf rescue;
    struct arena *arena = &exchange->arena;
    arena->limit = exchange->server->memory_limit;
    arena->rescue = &rescue;
    memory_rescue(&rescue);
    volatile bool well = false; /* C17 7.13.2.1: what setjmp gives may not be assigned */
    if (setjmp(rescue) == 0) {
        exchange->raw = str_copy(arena, str_of(uri));
        exchange->request.target = exchange->raw;
        exchange->request.arena = arena;
        exchange->request.app = exchange->server->app;
        exchange->request.connection = exchange;
        exchange->request.id = new_name(exchange->server, arena);
        well = true;
    }
    arena->rescue = NULL;
    memory_rescue(NULL);
    return well;
}

/* From the first line on the clock of a request runs: its head may come in drips too. */
static void start_receiving(struct peer *peer, instant now)
{
    if (!peer)
        return;
    atomic_store_explicit(&peer->since, now, memory_order_relaxed);
    atomic_store_explicit(&peer->receiving, true, memory_order_relaxed);
}

void *exchange_new(void *with, const char *uri, struct MHD_Connection *mhd)
{
    struct server *server = with;
    struct exchange *exchange = take_exchange(server);
    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->mhd = mhd;
    exchange->started = instant_monotonic();
    atomic_fetch_add_explicit(&server->open, 1, memory_order_relaxed);
    if (set_up(exchange, uri)) {
        start_receiving(peer_of(mhd), exchange->started);
        return exchange;
    }
    atomic_fetch_sub_explicit(&server->open, 1, memory_order_relaxed);
    give_back(server, exchange);
    return NULL;
}

/* The answer */

/* From here on the clock runs for the reader: it may be slow, but not stand still, or take a byte now
 * and then. */
static void start_sending(struct exchange *exchange)
{
    const struct reply *reply = &exchange->request.reply;
    struct peer *peer = exchange->peer;
    size_t bytes = reply->fixed.at ? reply->fixed.len : reply->body.len;
    instant longest = (instant)(bytes / exchange->server->slowest_reader) * SECOND;
    atomic_store_explicit(&peer->since, instant_monotonic() + longest, memory_order_relaxed);
    atomic_store_explicit(&peer->receiving, true, memory_order_relaxed);
    atomic_store_explicit(&peer->answering, false, memory_order_relaxed);
}

static enum MHD_Result send_reply(struct exchange *exchange)
{
    unsigned status = 0;
    struct MHD_Response *response = reply_finish(exchange, &status);
    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_queue_response(exchange->mhd, status, response);
    MHD_destroy_response(response);
    exchange->sent = result == MHD_YES;
    start_sending(exchange);
    return result;
}

static void work(struct work *work)
{
    struct exchange *exchange =
        (struct exchange *)((char *)work - offsetof(struct exchange, work));
    answer(exchange);
    MHD_resume_connection(exchange->mhd);
}

static bool is_quick(const struct exchange *exchange)
{
    const struct route *route = exchange->request.route;
    if (exchange->refusal.kind != NO_ERROR)
        return true;
    return route->quick && exchange->body_len <= QUICK_BODY
           && (!route->is_quick || route->is_quick(&exchange->request));
}

/* The request is in. MHD calls again when the connection has been resumed. */
static enum MHD_Result run(struct exchange *exchange)
{
    exchange->request.body = (struct str){ exchange->body, exchange->body_len };
    atomic_store_explicit(&exchange->peer->answering, true, memory_order_relaxed);
    if (is_quick(exchange)) {
        answer(exchange);
        return send_reply(exchange);
    }
    exchange->stage = RUNNING;
    exchange->work.run = work;
    MHD_suspend_connection(exchange->mhd);
    if (workers_do(exchange->server->workers, &exchange->work))
        return MHD_YES;
    fail(&exchange->refusal, UNAVAILABLE, NULL,
         N_("There is too much to do at the moment. Try again in a moment."));
    exchange->refusal.retry_after = 1;
    answer(exchange);
    MHD_resume_connection(exchange->mhd);
    return MHD_YES;
}

/* Head and body */

static enum MHD_Result refuse_early(struct exchange *exchange)
{
    atomic_store_explicit(&exchange->peer->answering, true, memory_order_relaxed);
    answer(exchange);
    return send_reply(exchange);
}

/* Is what follows a refused head so short that reading it costs less than a new connection? */
static bool may_swallow(const struct exchange *exchange)
{
    int64_t bytes = 0;
    if (exchange->unclear)
        return false;
    struct str length = request_header(&exchange->request, "Content-Length");
    if (request_header(&exchange->request, "Transfer-Encoding").len
        || request_header(&exchange->request, "Expect").len)
        return false;
    return length.len == 0 || str_to_int(length, 0, SWALLOW_BODY, &bytes);
}

static bool admit_safely(struct exchange *exchange)
{
    jmp_buf rescue;
    exchange->arena.rescue = &rescue;
    memory_rescue(&rescue);
    volatile bool memory = false;
    if (setjmp(rescue) == 0) {
        if (admit(exchange, &exchange->refusal))
            exchange->refusal = (struct error){ 0 };
        memory = true;
    }
    exchange->arena.rescue = NULL;
    memory_rescue(NULL);
    return memory;
}

static enum MHD_Result begin(struct exchange *exchange, struct gate *gate, const char *method)
{
    struct request *request = &exchange->request;
    struct peer *peer = peer_of(exchange->mhd);
    if (!peer)
        return MHD_NO;
    exchange->begun = true;
    exchange->peer = peer;
    request->listener = gate->listener;
    request->method = method_parse(str_of(method));
    request->peer = str_of(peer->address);
    request->now = instant_now();
    if (!admit_safely(exchange))
        return MHD_NO;
    if (exchange->refusal.kind != NO_ERROR && !may_swallow(exchange))
        return refuse_early(exchange);
    return MHD_YES;
}

/* Large bodies share one budget, so that a few senders cannot take all memory. */
static bool count_body(struct exchange *exchange, size_t cap)
{
    struct server *server = exchange->server;
    size_t more = cap - exchange->body_counted;
    if (cap <= LARGE_BODY)
        return true;
    size_t before = atomic_fetch_add_explicit(&server->bodies, more, memory_order_relaxed);
    exchange->body_counted = cap;
    if (before <= server->bodies_limit && more <= server->bodies_limit - before)
        return true;
    fail(&exchange->refusal, UNAVAILABLE, NULL,
         N_("There is too much to do at the moment. Try again in a moment."));
    exchange->refusal.retry_after = BODIES_RETRY;
    return false;
}

/* Grown by doubling, to the limit: what a sender only announces costs nothing. False, with a
 * refusal, when there is no memory for it. */
static bool make_room(struct exchange *exchange, size_t size)
{
    size_t needed = exchange->body_len + size, cap = exchange->body_cap ? exchange->body_cap : 1024;
    if (needed <= exchange->body_cap)
        return true;
    while (cap < needed)
        cap *= 2;
    if (cap > exchange->body_limit)
        cap = exchange->body_limit;
    if (!count_body(exchange, cap))
        return false;
    char *grown = realloc(exchange->body, cap);
    if (!grown)
        return fail(&exchange->refusal, UNAVAILABLE, NULL,
                    N_("There is too much to do at the moment. Try again in a moment."));
    exchange->body = grown;
    exchange->body_cap = cap;
    return true;
}

static enum MHD_Result receive(struct exchange *exchange, const char *bytes, size_t size)
{
    bool refused = exchange->refusal.kind != NO_ERROR;
    if (!refused && size > exchange->body_limit - exchange->body_len)
        refused = !fail_too_large(&exchange->refusal, exchange->body_limit);
    refused = refused || !make_room(exchange, size);
    if (refused) {
        drop_body(exchange);
        /* Read on for a while, so that the sender gets to hear why. */
        exchange->swallowed += size;
        return exchange->swallowed > SWALLOW_BODY ? MHD_NO : MHD_YES;
    }
    memcpy(exchange->body + exchange->body_len, bytes, size);
    exchange->body_len += size;
    return MHD_YES;
}

enum MHD_Result exchange_go_on(void *with, struct MHD_Connection *mhd, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **context)
{
    struct exchange *exchange = *context;
    (void)mhd, (void)url, (void)version;
    if (!exchange)
        return MHD_NO;
    if (!exchange->begun)
        return begin(exchange, with, method);
    if (*upload_size) {
        size_t size = *upload_size;
        *upload_size = 0;
        return receive(exchange, upload, size);
    }
    return exchange->stage == ANSWERED ? send_reply(exchange) : run(exchange);
}

/* The end */

static void note_end(const struct exchange *exchange, bool whole)
{
    const struct request *request = &exchange->request;
    const char *route = request->route ? request->route->path : "none";
    int status = request->reply.status ? request->reply.status : 200;
    instant took = instant_monotonic() - exchange->started;
    if (exchange->sent)
        metrics_request(request->app->metrics, route, status, took);
    log_debug("request", { "listener", str_of(exchange->peer->gate->name) },
              { "method", str_of(method_name(request->method)) }, { "route", str_of(route) },
              { "status", LOG_NUMBER(exchange->sent ? status : 0) },
              { "microseconds", LOG_NUMBER(took) }, { "whole", str_of(whole ? "yes" : "no") },
              { "request", request->id });
}

void exchange_done(void *with, struct MHD_Connection *mhd, void **context,
                   enum MHD_RequestTerminationCode how)
{
    struct exchange *exchange = *context;
    (void)with, (void)mhd;
    if (!exchange)
        return;
    *context = NULL;
    struct server *server = exchange->server;
    bool whole = exchange->sent && how == MHD_REQUEST_TERMINATED_COMPLETED_OK;
    reply_ended(&exchange->request, whole);
    if (exchange->peer) {
        note_end(exchange, whole);
        atomic_store_explicit(&exchange->peer->since, instant_monotonic(), memory_order_relaxed);
        atomic_store_explicit(&exchange->peer->receiving, false, memory_order_relaxed);
        atomic_store_explicit(&exchange->peer->answering, false, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&server->answered, 1, memory_order_relaxed);
    give_back(server, exchange);
    atomic_fetch_sub_explicit(&server->open, 1, memory_order_relaxed);
}
