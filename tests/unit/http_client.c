/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/http_client.h"

#include "base/buf.h"
#include "base/instant.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 20000

struct http_client {
    struct arena *arena;
    int fd;
    gnutls_session_t session; /* NULL: plain */
    gnutls_certificate_credentials_t credentials;
    struct buf got;
};

static struct http_client *connect_to(struct test *t, const struct sockaddr *address, socklen_t size)
{
    struct http_client *client = arena_new(t->arena, struct http_client);
    struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
    client->arena = t->arena;
    client->got.arena = t->arena;
    client->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(client->fd, address, size) != 0)
        test_fail(__FILE__, __LINE__, "connect: %s", strerror(errno));
    return client;
}

struct http_client *client_open_plain(struct test *t, int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
    };
    return connect_to(t, (const struct sockaddr *)&address, sizeof address);
}

struct http_client *client_open_unix(struct test *t, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, path, strlen(path) + 1);
    return connect_to(t, (const struct sockaddr *)&address, sizeof address);
}

static gnutls_datum_t datum(struct str s)
{
    return (gnutls_datum_t){ (unsigned char *)(uintptr_t)s.at, (unsigned)s.len };
}

/* On a connection that is open already; ends it when the handshake is refused. */
static struct http_client *shake_hands_on(struct http_client *client, const struct pem *pem,
                                          const char *priorities, struct str ticket)
{
    gnutls_certificate_allocate_credentials(&client->credentials);
    if (pem) {
        gnutls_datum_t certificate = datum(pem->certificate), key = datum(pem->key);
        if (gnutls_certificate_set_x509_key_mem(client->credentials, &certificate, &key,
                                                GNUTLS_X509_FMT_PEM)
            < 0)
            test_fail(__FILE__, __LINE__, "the test's certificate is not one");
    }
    gnutls_init(&client->session, GNUTLS_CLIENT);
    gnutls_priority_set_direct(client->session, priorities, NULL);
    gnutls_credentials_set(client->session, GNUTLS_CRD_CERTIFICATE, client->credentials);
    if (ticket.len)
        gnutls_session_set_data(client->session, ticket.at, ticket.len);
    gnutls_transport_set_int(client->session, client->fd);
    gnutls_handshake_set_timeout(client->session, PATIENCE_MS);
    int result;
    do
        result = gnutls_handshake(client->session);
    while (result < 0 && !gnutls_error_is_fatal(result));
    if (result == 0)
        return client;
    client_close(client);
    return NULL;
}

static struct http_client *shake_hands(struct test *t, int port, const struct pem *pem,
                                       const char *priorities, struct str ticket)
{
    return shake_hands_on(client_open_plain(t, port), pem, priorities, ticket);
}

struct http_client *client_secure(struct http_client *client)
{
    return shake_hands_on(client, NULL, "NORMAL", STR(""));
}

struct http_client *client_try(struct test *t, int port, const struct pem *pem,
                               const char *priorities)
{
    return shake_hands(t, port, pem, priorities, STR(""));
}

struct http_client *client_resume(struct test *t, int port, const struct pem *pem,
                                  struct str ticket)
{
    struct http_client *client = shake_hands(t, port, pem, "NORMAL", ticket);
    if (!client)
        test_fail(__FILE__, __LINE__, "the TLS handshake failed");
    return client;
}

struct str client_ticket(struct http_client *client)
{
    gnutls_datum_t data = { NULL, 0 };
    if (gnutls_session_get_data2(client->session, &data) < 0)
        return STR("");
    struct str ticket = str_copy(client->arena, (struct str){ (const char *)data.data, data.size });
    gnutls_free(data.data);
    return ticket;
}

bool client_was_resumed(struct http_client *client)
{
    return gnutls_session_is_resumed(client->session) != 0;
}

struct http_client *client_open(struct test *t, int port, const struct pem *pem)
{
    struct http_client *client = client_try(t, port, pem, "NORMAL");
    if (!client)
        test_fail(__FILE__, __LINE__, "the TLS handshake failed");
    return client;
}

struct str client_peer(struct http_client *client)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(client->session, &count);
    if (!count)
        return STR("");
    return str_copy(client->arena, (struct str){ (const char *)chain[0].data, chain[0].size });
}

bool client_was_asked(struct http_client *client)
{
    return gnutls_certificate_client_get_request_status(client->session) != 0;
}

bool client_send(struct http_client *client, struct str bytes)
{
    while (bytes.len) {
        ssize_t sent = client->session ? gnutls_record_send(client->session, bytes.at, bytes.len)
                                       : send(client->fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (sent == GNUTLS_E_AGAIN || sent == GNUTLS_E_INTERRUPTED)
            continue;
        if (sent <= 0)
            return false;
        bytes = str_slice(bytes, (size_t)sent, bytes.len);
    }
    return true;
}

/* TLS 1.3 sends tickets among the data: GnuTLS then asks to be called again. */
static bool receive_more(struct http_client *client)
{
    char bytes[16384];
    ssize_t got;
    instant until = instant_monotonic() + PATIENCE_MS * 1000;
    do
        got = client->session ? gnutls_record_recv(client->session, bytes, sizeof bytes)
                              : recv(client->fd, bytes, sizeof bytes, 0);
    while (client->session && got < 0 && !gnutls_error_is_fatal((int)got)
           && instant_monotonic() < until);
    if (got <= 0)
        return false;
    buf_add(&client->got, (struct str){ bytes, (size_t)got });
    return true;
}

struct str answer_header(const struct answer *answer, const char *name)
{
    struct str rest = answer->head;
    str_cut(&rest, '\n');
    while (str_more(rest)) {
        struct str value = str_cut(&rest, '\n'), found = str_cut(&value, ':');
        if (str_eq_nocase(str_trim(found), str_of(name)))
            return str_trim(value);
    }
    return STR("");
}

struct answer client_read(struct http_client *client)
{
    struct answer answer = { 0 };
    ptrdiff_t end;
    while ((end = str_find(buf_str(&client->got), STR("\r\n\r\n"))) < 0)
        if (!receive_more(client))
            return answer;
    size_t head = (size_t)end + 4;
    answer.head = str_copy(client->arena, str_slice(buf_str(&client->got), 0, head));
    int64_t status = 0, length = 0;
    str_to_int(str_slice(answer.head, 9, 12), 100, 599, &status);
    str_to_int(answer_header(&answer, "Content-Length"), 0, INT32_MAX, &length);
    if (status == 100) { /* a mere Continue */
        client->got.at += head;
        client->got.len -= head;
        client->got.cap -= head;
        return client_read(client);
    }
    size_t whole = head + (status == 304 ? 0 : (size_t)length);
    while (client->got.len < whole)
        if (!receive_more(client))
            return answer;
    answer.body = str_copy(client->arena, str_slice(buf_str(&client->got), head, whole));
    answer.status = (int)status;
    struct buf rest = { .arena = client->arena };
    buf_add(&rest, str_slice(buf_str(&client->got), whole, client->got.len));
    client->got = rest;
    return answer;
}

void client_close(struct http_client *client)
{
    if (client->session) {
        gnutls_deinit(client->session);
        gnutls_certificate_free_credentials(client->credentials);
    }
    close(client->fd);
}

struct answer client_ask(struct http_client *client, const char *request)
{
    struct buf out = { .arena = client->arena };
    for (const char *at = request; *at; at++) {
        if (*at == '\n')
            buf_byte(&out, '\r');
        buf_byte(&out, *at);
    }
    if (!client_send(client, buf_str(&out)))
        return (struct answer){ 0 };
    return client_read(client);
}

struct answer ask(struct test *t, int port, const struct pem *pem, const char *request)
{
    struct http_client *client = client_open(t, port, pem);
    struct answer answer = client_ask(client, request);
    client_close(client);
    return answer;
}
