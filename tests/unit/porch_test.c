/* SPDX-License-Identifier: EUPL-1.2 */
/* What a load balancer tells before a connection: who connected. */
#include "tests/unit/http_world.h"

#include "platform/http/proxy_protocol.h"
#include "platform/keys/keeper.h"

#include <arpa/inet.h>
#include <unistd.h>

#define SIGN       "\r\n\r\n\0\r\nQUIT\n"
#define FROM_V4    SIGN "\x21\x11\0\x0c" "\xcb\0\x71\x05" "\xc0\0\2\x0b" "\x12\x34" "\x20\xfb"
#define FROM_V6                                                                                    \
    SIGN "\x21\x21\0\x24" "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7"                               \
         "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1" "\x12\x34" "\x20\xfb"
#define ITSELF     SIGN "\x20\0\0\0"
#define WHO        "GET /test/peer HTTP/1.1\nHost: localhost\n\n"
#define SERVED     "listen.proxies = 192.0.2.1, 127.0.0.1\n"

static struct str peer_told(struct test *t, struct world *world, struct str preface)
{
    struct http_client *client = client_open_plain(t, world->people);
    CHECK(client_send(client, preface));
    client = client_secure(client);
    CHECK(client != NULL);
    struct answer answer = client_ask(client, WHO);
    client_close(client);
    CHECK_INT(answer.status, 200);
    return answer.body;
}

TEST(a_load_balancer_tells_who_connected)
{
    struct world *world = given_server(t, SERVED);
    CHECK(str_starts(peer_told(t, world, STR(FROM_V4)), STR("203.0.113.5 ")));
    CHECK(str_starts(peer_told(t, world, STR(FROM_V6)), STR("2001:db8::7 ")));
    CHECK(str_starts(peer_told(t, world, STR(ITSELF)), STR("127.0.0.1 ")));
    end_server(world);
}

TEST(a_header_in_drips_is_taken_and_what_follows_it_is_not)
{
    struct world *world = given_server(t, SERVED);
    struct str header = STR(FROM_V4);
    struct http_client *client = client_open_plain(t, world->people);
    for (size_t i = 0; i < header.len; i++) {
        CHECK(client_send(client, str_slice(header, i, i + 1)));
        usleep(1000);
    }
    client = client_secure(client);
    CHECK(client != NULL);
    CHECK(str_starts(client_ask(client, WHO).body, STR("203.0.113.5 ")));
    client_close(client);
    end_server(world);
}

TEST(a_load_balancer_without_the_header_is_refused)
{
    struct world *world = given_server(t, SERVED);
    static const struct str wrong[] = {
        S("GET / HTTP/1.1\r\n\r\n"),
        S("PROXY TCP4 203.0.113.5 192.0.2.11 4660 8443\r\n"),
        S(SIGN "\x11\x11\0\x0c" "\xcb\0\x71\x05" "\xc0\0\2\x0b" "\x12\x34" "\x20\xfb"),
        S(SIGN "\x21\x11\0\x04" "\xcb\0\x71\x05"),
        S(SIGN "\x21\x31\0\x04" "\xcb\0\x71\x05"),
        S(SIGN "\x21\x11\xff\xff"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct http_client *client = client_open_plain(t, world->people);
        client_send(client, wrong[i]);
        CHECK(client_secure(client) == NULL);
    }
    CHECK(client_secure(client_open_plain(t, world->people)) == NULL); /* TLS at once */
    CHECK(str_starts(peer_told(t, world, STR(FROM_V4)), STR("203.0.113.5 ")));
    end_server(world);
}

TEST(who_is_no_load_balancer_cannot_name_another_address)
{
    struct world *world = given_server(t, "listen.proxies = 192.0.2.1\n");
    struct http_client *client = client_open_plain(t, world->people);
    client_send(client, STR(FROM_V4));
    CHECK(client_secure(client) == NULL);
    CHECK(str_starts(peer_told(t, world, STR("")), STR("127.0.0.1 ")));
    end_server(world);
}

TEST(load_balancers_that_are_no_addresses_are_refused)
{
    static const char *const wrong[] = { "here", "192.0.2.1,", "192.0.2.0/24", "1.2.3.4.5" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct app app;
        struct error err;
        CHECK(!try_server(t, &app, str_format(t->arena, "listen.proxies = %s\n", wrong[i]).at, &err));
        CHECK_INT(err.kind, INVALID);
        CHECK_STR(str_of(err.field), STR("listen.proxies"));
        keeper_close(app.keeper);
        db_close(app.db);
    }
}

TEST(a_header_is_read_as_long_as_it_is)
{
    struct str header = STR(FROM_V4 "TLS follows");
    struct sockaddr_storage client;
    size_t len = 0, whole = sizeof FROM_V4 - 1;
    for (size_t i = 0; i < whole; i++)
        CHECK_INT(proxy_header_read(str_slice(header, 0, i), &len, &client), PROXY_MORE);
    CHECK_INT(proxy_header_read(header, &len, &client), PROXY_CLIENT);
    CHECK_INT(len, whole);
    const struct sockaddr_in *v4 = (const void *)&client;
    CHECK_INT(ntohs(v4->sin_port), 0x1234);
}
