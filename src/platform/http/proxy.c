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

void proxy_read_peer(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    unsigned char address[sizeof(struct in6_addr)];
    struct str rest = lines_of(exchange, STR("X-Forwarded-For")).last, last = rest;
    request->peer = STR("proxy");
    while (str_more(rest))
        last = str_cut(&rest, ',');
    last = str_trim(last);
    const char *text = str_c(exchange->request.arena, str_slice(last, 0, INET6_ADDRSTRLEN));
    if (inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1)
        request->peer = last;
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
static bool decode(struct arena *arena, struct str header, struct str *der)
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
    if (!two && header.len && decode(exchange->request.arena, header, &der) && der.len)
        check(exchange->server, der, &exchange->machine);
}
