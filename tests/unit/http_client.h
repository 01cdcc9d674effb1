/* SPDX-License-Identifier: EUPL-1.2 */
/* A small HTTP client for tests of the server: it sends the bytes that it is given, also wrong ones,
 * over TLS or plain, and reads one answer at a time. Every wait ends after some seconds. */
#ifndef TESTS_UNIT_HTTP_CLIENT_H
#define TESTS_UNIT_HTTP_CLIENT_H

#include "tests/test.h"

struct pem {
    struct str certificate, key;
};

struct answer {
    int status;           /* 0: the connection ended without one */
    struct str head, body;
};

struct http_client;

/* Connects to a port of the loopback. `pem` may be NULL: no certificate. */
struct http_client *client_open(struct test *t, int port, const struct pem *pem);
struct http_client *client_open_plain(struct test *t, int port);
struct http_client *client_open_unix(struct test *t, const char *path);
/* NULL when the handshake is refused. */
struct http_client *client_try(struct test *t, int port, const struct pem *pem,
                               const char *priorities);

/* Begins TLS on a plain connection; NULL when the handshake is refused. */
struct http_client *client_secure(struct http_client *client);

/* The server's certificate (DER), and whether it asked for one of ours. */
struct str client_peer(struct http_client *client);
bool client_was_asked(struct http_client *client);

/* What a next connection needs to take up this one's session; empty when the server gave no ticket.
 * A client that came with one says whether the server took it. */
struct str client_ticket(struct http_client *client);
struct http_client *client_resume(struct test *t, int port, const struct pem *pem,
                                  struct str ticket);
bool client_was_resumed(struct http_client *client);

bool client_send(struct http_client *client, struct str bytes);
struct answer client_read(struct http_client *client);
void client_close(struct http_client *client);

/* Sends and reads on an open connection; the text is the whole request with \n for CR LF. */
struct answer client_ask(struct http_client *client, const char *request);

/* The same on a connection of its own. */
struct answer ask(struct test *t, int port, const struct pem *pem, const char *request);

/* A header of an answer; empty when it is not there. */
struct str answer_header(const struct answer *answer, const char *name);

#endif
