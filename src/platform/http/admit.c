/* SPDX-License-Identifier: EUPL-1.2 */
/* What can be said of a request before its body is read, in the network thread. */
#include "base/log.h"
#include "platform/http/server.h"

#include <arpa/inet.h>

struct framing {
    int lengths, encodings;
    bool strange;   /* a transfer coding other than chunked */
    struct str content_encoding;
};

static enum MHD_Result note_header(void *with, enum MHD_ValueKind kind, const char *key,
                                   const char *value)
{
    struct framing *framing = with;
    struct str name = str_of(key);
    (void)kind;
    if (str_eq_nocase(name, STR("Content-Length")))
        framing->lengths++;
    else if (str_eq_nocase(name, STR("Transfer-Encoding"))) {
        framing->encodings++;
        framing->strange |= !str_eq_nocase(str_of(value), STR("chunked"));
    } else if (str_eq_nocase(name, STR("Content-Encoding")))
        framing->content_encoding = str_of(value);
    return MHD_YES;
}

/* Where a proxy and we could differ on where a request ends, nobody goes on (RFC 9112, section 6.3). */
static bool check_framing(struct exchange *exchange, struct error *err)
{
    struct framing framing = { 0 };
    MHD_get_connection_values(exchange->mhd, MHD_HEADER_KIND, note_header, &framing);
    exchange->unclear = framing.strange || framing.lengths + framing.encodings > 1;
    if (exchange->unclear)
        return fail(err, INVALID, NULL, N_("The length of this request is not clear."));
    struct str coding = framing.content_encoding;
    if (coding.len && !str_eq_nocase(coding, STR("identity")))
        return fail(err, UNSUPPORTED, NULL,
                    N_("A compressed body is not accepted; send it as it is."));
    return true;
}

static bool check_host(struct request *request, struct error *err)
{
    request->host = request_header(request, "Host");
    if (host_valid(request->host))
        return true;
    request->host = STR("localhost");
    return fail(err, INVALID, "Host", N_("The Host header of this request is not a host."));
}

static bool fail_too_many(struct error *err, int retry_after)
{
    fail(err, TOO_MANY, NULL, N_("There are too many requests from here. Try again in a moment."));
    err->retry_after = retry_after;
    return false;
}

/* Who has one address of an IPv6 network has them all: the first 64 bits count (RFC 6177). */
static struct str limit_name(struct str peer, unsigned char network[static 16])
{
    char text[INET6_ADDRSTRLEN];
    if (!str_has(peer, ':') || peer.len >= sizeof text)
        return peer;
    memcpy(text, peer.at, peer.len);
    text[peer.len] = '\0';
    return inet_pton(AF_INET6, text, network) == 1 ? (struct str){ (const char *)network, 8 } : peer;
}

static bool check_address_limit(struct exchange *exchange, struct error *err)
{
    unsigned char network[16];
    int retry_after = 0;
    struct request *request = &exchange->request;
    return ratelimit_take(exchange->server->people_limit, limit_name(request->peer, network),
                          request->now, &retry_after)
           || fail_too_many(err, retry_after);
}

/* The limiter counts per second; its clock runs at a sixtieth here, so this one counts per minute. */
static bool check_login_limit(struct exchange *exchange, struct error *err)
{
    unsigned char network[16];
    int minutes = 0;
    struct request *request = &exchange->request;
    if (request->listener != PEOPLE || request->method != POST
        || !str_starts(str_of(request->route->path), STR(LOGIN_PATH)))
        return true;
    return ratelimit_take(exchange->server->login_limit, limit_name(request->peer, network),
                          request->now / 60, &minutes)
           || fail_too_many(err, minutes * 60);
}

static bool check_people_limit(struct exchange *exchange, struct error *err)
{
    return exchange->request.listener != PEOPLE || check_address_limit(exchange, err);
}

static bool find_route(struct exchange *exchange, struct error *err)
{
    struct request *request = &exchange->request;
    struct str rest = exchange->raw, raw_path = str_cut(&rest, '?');
    struct match match;
    bool found = router_find(exchange->server->router, request->arena, request->listener,
                             request->method, raw_path, &match, err);
    request->path = match.path;
    request->route = match.route;
    request->service = match.service;
    memcpy(request->params, match.params, sizeof match.params);
    if (!found && err->kind == NOT_ALLOWED)
        reply_header(request, "Allow", match.allow);
    return found;
}

/* Once per connection and load of the CA list; a proxy's header is looked at for every request. */
static const struct machine *look_at_machine(struct exchange *exchange)
{
    struct peer *peer = exchange->peer;
    struct server *server = exchange->server;
    if (peer->gate->proxied) {
        proxy_read_machine(exchange);
        return &exchange->machine;
    }
    if (peer->looked_at != tls_generation(server->tls))
        peer->looked_at = tls_check_session(
            server->tls,
            MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session,
            &peer->machine);
    return &peer->machine;
}

static bool check_machine(struct exchange *exchange, struct error *err)
{
    struct request *request = &exchange->request;
    int retry_after = 0;
    if (request->listener != MACHINES)
        return true;
    const struct machine *machine = look_at_machine(exchange);
    if (!machine_may_enter(machine, request->now, err)) /* it has only its address to be counted by */
        return check_address_limit(exchange, err) && request->route->open;
    request->client = &machine->client;
    return ratelimit_take(exchange->server->machine_limit, machine->client.fingerprint,
                          request->now, &retry_after)
           || fail_too_many(err, retry_after);
}

static size_t most_body(const struct route *route)
{
    if (route->body)
        return route->body;
    return route->method == POST || route->method == PUT ? BODY_FORM : 0;
}

bool fail_too_large(struct error *err, size_t limit)
{
    return fail_about(err, TOO_LARGE, NULL, N_("What was sent is too large; at most %s is accepted."),
                      "%zu kB", limit / 1024);
}

static bool check_body(struct exchange *exchange, struct error *err)
{
    struct request *request = &exchange->request;
    struct str length = request_header(request, "Content-Length");
    int64_t bytes = 0;
    exchange->body_limit = most_body(request->route);
    if (length.len == 0)
        return true;
    if (!str_to_int(length, 0, INT64_MAX, &bytes))
        return fail(err, INVALID, NULL, N_("The length of this request is not clear."));
    return (uint64_t)bytes <= exchange->body_limit || fail_too_large(err, exchange->body_limit);
}

/* A small body is read all the same: its refusal can then name the message that it answers. */
static bool is_large(const struct request *request)
{
    int64_t bytes = 0;
    if (request_header(request, "Transfer-Encoding").len)
        return true;
    return str_to_int(request_header(request, "Content-Length"), QUICK_BODY + 1, INT64_MAX, &bytes);
}

static bool check_sender(struct exchange *exchange, struct error *err)
{
    struct request *request = &exchange->request;
    if (!request->route->admit || !is_large(request))
        return true;
    exchange->turned_away = !request->route->admit(request, err);
    /* Not held while the body comes, which may take a minute. */
    if (request->tx)
        db_read_end(request->tx);
    request->tx = NULL;
    return !exchange->turned_away;
}

bool admit(struct exchange *exchange, struct error *err)
{
    struct request *request = &exchange->request;
    if (exchange->peer->gate->proxied)
        proxy_read_peer(exchange);
    return check_framing(exchange, err)
        && check_host(request, err)
        && check_people_limit(exchange, err)
        && find_route(exchange, err)
        && check_machine(exchange, err)
        && check_login_limit(exchange, err)
        && check_body(exchange, err)
        && check_sender(exchange, err);
}
