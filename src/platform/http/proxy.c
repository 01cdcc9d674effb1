/* SPDX-License-Identifier: EUPL-1.2 */
/* Behind a reverse proxy that ends TLS. What it says counts on its own gate only, a Unix socket or
 * a port on the loopback; elsewhere these headers are as any other. The certificate is checked here
 * again: the proxy only carries it. */
#include "base/encoding.h"
#include "platform/http/server.h"

#include <arpa/inet.h>

#define CERTIFICATE_BYTES ((size_t)16 * 1024)

struct lines {
    struct str name, last;
    size_t count;
};

static enum MHD_Result note_line(void *with, enum MHD_ValueKind kind, const char *key,
                                 const char *value)
{
    struct lines *lines = with;
    (void)kind;
    if (!str_eq_nocase(str_of(key), lines->name))
        return MHD_YES;
    lines->last = value ? str_of(value) : STR("");
    lines->count++;
    return MHD_YES;
}

/* A client may send such a header too, and a proxy may put its own behind it: as one more element of
 * the line (nginx), or as a line of its own (HAProxy). */
static struct lines lines_of(const struct exchange *exchange, struct str name)
{
    struct lines lines = { .name = name };
    MHD_get_connection_values(exchange->mhd, MHD_HEADER_KIND, note_line, &lines);
    return lines;
}

/* The last element is the proxy's own word; those before it are anybody's. */
bool proxy_peer(struct arena *arena, struct str header, struct str *peer)
{
    unsigned char address[sizeof(struct in6_addr)];
    struct str last = header;
    while (str_more(header))
        last = str_cut(&header, ',');
    last = str_trim(last);
    if (last.len >= INET6_ADDRSTRLEN || str_has(last, '\0'))
        return false;
    /* IPv4 as a socket for IPv6 shows it: else all of it would count as one network. */
    if (str_starts(last, STR("::ffff:")) && str_has(last, '.'))
        last = str_slice(last, 7, last.len);
    const char *text = str_c(arena, last);
    *peer = last;
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

void proxy_read_peer(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    struct str peer, header = lines_of(exchange, STR("X-Forwarded-For")).last;
    request->peer = proxy_peer(request->arena, header, &peer) ? peer : STR("proxy");
}

static bool pem_to_der(struct arena *arena, struct str pem, struct str *der)
{
    gnutls_datum_t in = { (unsigned char *)(uintptr_t)pem.at, (unsigned)pem.len }, out;
    if (gnutls_pem_base64_decode2("CERTIFICATE", &in, &out) < 0)
        return false;
    *der = (struct str){ arena_copy(arena, out.data, out.size), out.size };
    gnutls_free(out.data);
    return true;
}

/* nginx: $ssl_client_escaped_cert, a PEM text percent-encoded. HAProxy: ssl_c_der,base64. */
bool proxy_certificate(struct arena *arena, struct str header, struct str *der)
{
    struct str text;
    if (header.len > CERTIFICATE_BYTES)
        return false;
    if (!str_starts(header, STR("-----BEGIN")))
        return base64_decode(arena, header, der);
    return percent_decode(arena, header, false, &text) && pem_to_der(arena, text, der);
}

static void check(struct server *server, struct str der, struct machine *machine)
{
    char fingerprint[65];
    uint64_t generation = tls_generation(server->tls);
    certificate_fingerprint(der, fingerprint);
    if (machine_cache_get(server->machines, (struct str){ fingerprint, 64 }, generation, machine))
        return;
    generation = tls_check_der(server->tls, der, machine);
    machine_cache_put(server->machines, generation, machine);
}

void proxy_read_machine(struct exchange *exchange)
{
    struct lines lines = lines_of(exchange, STR("X-Client-Certificate"));
    struct str der, header = str_trim(lines.last);
    bool two = lines.count > 1; /* one is not the proxy's, and nobody can say which */
    exchange->machine =
        (struct machine){ .state = two || header.len ? MACHINE_UNREADABLE : MACHINE_NONE };
    if (!two && header.len && proxy_certificate(exchange->request.arena, header, &der)
        && der.len)
        check(exchange->server, der, &exchange->machine);
}
