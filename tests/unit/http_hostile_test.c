/* SPDX-License-Identifier: EUPL-1.2 */
/* Clients that send too much, too slowly, unclearly, or not to the end. */
#include "tests/unit/http_world.h"

#include "base/buf.h"
#include "base/instant.h"
#include "platform/http/crowd.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HOST "Host: localhost\n"

static struct str many(struct test *t, size_t count)
{
    struct buf out = { .arena = t->arena };
    if (count)
        memset(buf_room(&out, count), 'x', count);
    out.len = count;
    return buf_str(&out);
}

static struct answer post(struct test *t, struct http_client *client, const char *path,
                          const char *more, struct str body)
{
    struct str head = str_format(t->arena, "POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n",
                                 path, more, body.len);
    if (!client_send(client, head) || !client_send(client, body))
        return client_read(client);
    return client_read(client);
}

TEST(a_body_arrives_whole_in_the_network_thread_and_in_a_worker)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10);
    struct http_client *client = client_open(t, world->machines, &good);
    static const size_t sizes[] = { 0, 1, 1023, 16384, 65536, 65537, 100 * 1024 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct str body = many(t, sizes[i]);
        CHECK_STR(post(t, client, "/test/echo", "", body).body, body);
        CHECK_STR(post(t, client, "/test/echo-quick", "", body).body, body);
    }
    client_close(client);
    end_server(world);
}

TEST(a_body_that_is_too_large_is_refused_and_the_connection_goes_on)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10);
    struct http_client *client = client_open(t, world->machines, &good);
    CHECK_INT(post(t, client, "/test/echo", "", many(t, 100 * 1024 + 1)).status, 413);
    CHECK_INT(post(t, client, "/test/echo", "", many(t, 10)).status, 200);
    client_close(client);
    end_server(world);
}

TEST(a_huge_body_is_refused_before_it_is_sent)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10);
    struct http_client *client = client_open(t, world->machines, &good);
    CHECK_INT(client_ask(client, "POST /test/echo HTTP/1.1\n" HOST "Content-Length: 99999999999\n\n")
                  .status,
              413);
    client_close(client);
    client = client_open(t, world->machines, &good);
    CHECK_INT(client_ask(client, "POST /test/echo HTTP/1.1\n" HOST
                                 "Expect: 100-continue\nContent-Length: 200000\n\n")
                  .status,
              413);
    client_close(client);
    end_server(world);
}

TEST(a_chunked_body_is_read_and_counted)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10);
    struct http_client *client = client_open(t, world->machines, &good);
    struct answer answer = client_ask(client, "POST /test/echo HTTP/1.1\n" HOST
                                              "Transfer-Encoding: chunked\n\n"
                                              "3\nabc\n2\nde\n0\n\n");
    CHECK_STR(answer.body, STR("abcde"));
    struct str piece = many(t, 0x8000);
    CHECK(client_send(client, STR("POST /test/echo HTTP/1.1\r\nHost: a\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n")));
    for (int i = 0; i < 4; i++)
        CHECK(client_send(client, STR("8000\r\n")) && client_send(client, piece)
              && client_send(client, STR("\r\n")));
    CHECK(client_send(client, STR("0\r\n\r\n")));
    CHECK_INT(client_read(client).status, 413);
    client_close(client);
    end_server(world);
}

TEST(a_large_upload_arrives_whole)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10);
    struct http_client *client = client_open(t, world->machines, &good);
    struct str body = many(t, 40 * 1024 * 1024);
    struct answer answer = post(t, client, "/test/upload", "", body);
    CHECK_INT(answer.status, 200);
    CHECK(str_eq(answer.body, body));
    client_close(client);
    end_server(world);
}

TEST(who_may_not_send_is_turned_away_after_the_head)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10);
    struct http_client *client = client_open(t, world->machines, &good);
    struct answer answer = client_ask(client, "POST /test/turned-away HTTP/1.1\n" HOST
                                              "Content-Length: 50000000\n\n");
    CHECK_INT(answer.status, 403);
    CHECK_STR(answer_header(&answer, "Content-Type"), STR("application/problem+json"));
    client_close(client);
    client = client_open(t, world->machines, &good);
    answer = client_ask(client, "POST /test/turned-away-in-its-words HTTP/1.1\n" HOST
                                "Transfer-Encoding: chunked\n\n");
    CHECK_INT(answer.status, 403);
    CHECK_STR(answer_header(&answer, "Content-Type"), STR("text/x-refusal"));
    client_close(client);
    end_server(world);
}

TEST(a_small_body_is_read_before_its_sender_is_judged)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10);
    struct http_client *client = client_open(t, world->machines, &good);
    CHECK_STR(post(t, client, "/test/turned-away", "", STR("abc")).body, STR("abc"));
    client_close(client);
    end_server(world);
}

/* Connections that are open at the same time and of which the last is refused. */
static void check_places(struct test *t, struct world *world, int port, size_t places)
{
    struct http_client *clients[8];
    CHECK(places < sizeof clients / sizeof *clients);
    for (size_t i = 0; i < places; i++) {
        clients[i] = client_open(t, port, NULL);
        CHECK_INT(client_ask(clients[i], "GET /healthz HTTP/1.1\n" HOST "\n").status, 200);
    }
    CHECK(!client_try(t, port, NULL, "NORMAL"));
    client_close(clients[0]);
    struct http_client *next = NULL; /* its place is free once the server has seen the end */
    for (int i = 0; i < 100 && !next; i++, usleep(10000))
        next = client_try(t, port, NULL, "NORMAL");
    CHECK(next);
    CHECK_INT(client_ask(next, "GET /healthz HTTP/1.1\n" HOST "\n").status, 200);
    client_close(next);
    for (size_t i = 1; i < places; i++)
        client_close(clients[i]);
    (void)world;
}

TEST(one_address_cannot_take_all_connections)
{
    struct world *world = given_server(t, "limit.connections = 3\n");
    check_places(t, world, world->people, 3);
    end_server(world);
}

TEST(an_address_has_its_places_on_both_listeners_together)
{
    struct world *world = given_server(t, "limit.connections = 3\n");
    struct http_client *first = client_open(t, world->machines, NULL);
    CHECK_INT(client_ask(first, "GET /healthz HTTP/1.1\n" HOST "\n").status, 200);
    check_places(t, world, world->people, 2);
    client_close(first);
    end_server(world);
}

static uint64_t name_of(const char *address)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        return crowd_name((const struct sockaddr *)&v4);
    CHECK(inet_pton(AF_INET6, address, &v6.sin6_addr) == 1);
    return crowd_name((const struct sockaddr *)&v6);
}

TEST(addresses_of_one_ipv6_network_are_one)
{
    CHECK(name_of("2001:db8:1:2::1") == name_of("2001:db8:1:2:ffff::9"));
    CHECK(name_of("2001:db8:1:2::1") != name_of("2001:db8:1:3::1"));
    CHECK(name_of("::ffff:192.0.2.1") == name_of("192.0.2.1"));
    CHECK(name_of("192.0.2.1") != name_of("192.0.2.2"));
    CHECK(name_of("::1") != 0);
    CHECK(crowd_name(NULL) == 0);
}

TEST(a_compressed_body_is_refused)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10);
    struct http_client *client = client_open(t, world->machines, &good);
    CHECK_INT(post(t, client, "/test/echo", "Content-Encoding: gzip\r\n", STR("x")).status, 415);
    CHECK_INT(post(t, client, "/test/echo", "Content-Encoding: identity\r\n", STR("x")).status, 200);
    client_close(client);
    end_server(world);
}

TEST(a_request_of_which_the_end_is_unclear_is_refused)
{
    static const char *const heads[] = {
        "Content-Length: 1\nContent-Length: 2\n",
        "Content-Length: 4\nTransfer-Encoding: chunked\n",
        "Transfer-Encoding: gzip, chunked\n",
        "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n",
        "Content-Length: -1\n",
        "Content-Length: +1\n",
        "Content-Length: 1x\n",
    };
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct str request = str_format(
            t->arena, "POST /test/echo HTTP/1.1\n" HOST "%s\n0\n\nGET /smuggled HTTP/1.1\n" HOST "\n",
            heads[i]);
        struct http_client *client = client_open(t, world->machines, &good);
        struct answer answer = client_ask(client, request.at);
        if (answer.status != 400)
            test_fail(__FILE__, __LINE__, "%s gave %d", heads[i], answer.status);
        CHECK_INT(client_read(client).status, 0);
        client_close(client);
    }
    end_server(world);
}

TEST(too_many_headers_are_refused)
{
    struct world *world = given_server(t, "");
    struct http_client *client = client_open(t, world->people, NULL);
    struct str head = str_format(t->arena, "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: %.*s\r\n\r\n",
                                 FMT(many(t, 60000)));
    client_send(client, head);
    struct answer answer = client_read(client);
    CHECK(answer.status == 431 || answer.status == 413);
    client_close(client);
    client = client_open(t, world->people, NULL);
    client_send(client, str_format(t->arena, "GET /%.*s HTTP/1.1\r\nHost: a\r\n\r\n",
                                   FMT(many(t, 60000))));
    answer = client_read(client);
    CHECK(answer.status == 414 || answer.status == 431);
    client_close(client);
    CHECK_INT(ask(t, world->people, NULL, "GET /healthz HTTP/1.1\n" HOST "\n").status, 200);
    end_server(world);
}

TEST(a_body_that_drips_is_cut_off)
{
    struct world *world = given_server(t, "http.request_seconds = 1\n");
    struct pem good = given_client(t, world, 0, 10);
    struct http_client *client = client_open(t, world->machines, &good);
    CHECK(client_send(client, STR("POST /test/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")));
    instant start = instant_monotonic();
    while (instant_monotonic() - start < 15 * SECOND && client_send(client, STR("x")))
        usleep(100000);
    CHECK_INT(client_read(client).status, 0);
    CHECK(instant_monotonic() - start < 15 * SECOND);
    client_close(client);
    end_server(world);
}

TEST(a_head_that_drips_is_cut_off)
{
    struct world *world = given_server(t, "http.request_seconds = 1\nhttp.idle_seconds = 1\n");
    struct http_client *client = client_open(t, world->people, NULL);
    instant start = instant_monotonic();
    client_send(client, STR("GET /"));
    while (instant_monotonic() - start < 15 * SECOND && client_send(client, STR("x")))
        usleep(100000);
    CHECK(instant_monotonic() - start < 15 * SECOND);
    client_close(client);
    end_server(world);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path));
    CHECK_INT(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

TEST(a_client_that_reads_in_drips_is_cut_off)
{
    static const char request[] = "GET /test/much HTTP/1.1\r\nHost: a\r\n\r\n";
    struct str path = str_format(t->arena, "%s/people.sock", t->folder);
    struct world *world =
        given_server(t, str_format(t->arena, "http.request_seconds = 1\nhttp.slowest_kib = 65536\n"
                                             "proxy.people = unix:%s\n",
                                   path.at).at);
    char bytes[4096];
    int fd = connect_to(path.at);
    CHECK_INT(write(fd, request, sizeof request - 1), (int)sizeof request - 1);
    instant start = instant_monotonic();
    while (instant_monotonic() - start < 15 * SECOND && read(fd, bytes, sizeof bytes) > 0)
        usleep(50000);
    CHECK(instant_monotonic() - start < 15 * SECOND);
    close(fd);
    end_server(world);
    CHECK_INT(after_broken(), 1);
}

TEST(connections_that_break_in_a_body_leave_nothing_behind)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10);
    for (int i = 0; i < 20; i++) {
        struct http_client *client = client_open(t, world->machines, &good);
        client_send(client, STR("POST /test/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n"));
        client_send(client, many(t, 20000));
        client_close(client);
    }
    CHECK_INT(ask(t, world->machines, &good, "GET /test/peer HTTP/1.1\n" HOST "\n").status, 200);
    instant start = instant_monotonic();
    end_server(world); /* would wait its whole grace for an exchange that was lost */
    CHECK(instant_monotonic() - start < 4 * SECOND);
}

TEST(connections_that_break_while_a_worker_answers_leave_nothing_behind)
{
    struct world *world = given_server(t, "");
    for (int i = 0; i < 10; i++) {
        struct http_client *client = client_open(t, world->people, NULL);
        client_send(client, STR("GET /test/slow HTTP/1.1\r\nHost: a\r\n\r\n"));
        client_close(client);
    }
    CHECK_INT(ask(t, world->people, NULL, "GET /test/slow HTTP/1.1\n" HOST "\n").status, 200);
    end_server(world);
}

TEST(bytes_that_are_no_tls_hurt_nobody)
{
    struct world *world = given_server(t, "");
    struct http_client *client = client_open_plain(t, world->people);
    client_send(client, STR("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK_INT(client_read(client).status, 0);
    client_close(client);
    CHECK_INT(ask(t, world->people, NULL, "GET /healthz HTTP/1.1\n" HOST "\n").status, 200);
    end_server(world);
}

/* Client and server are one process here: two descriptors a connection. */
TEST(thousands_of_idle_connections_leave_room_for_work)
{
    struct rlimit limit;
    size_t wanted = 10000;
    struct str settings = str_format(t->arena,
                                     "http.connections = 12000\nhttp.idle_seconds = 600\n"
                                     "proxy.people = unix:%s/people.sock\n",
                                     t->folder);
    struct world *world = given_server(t, settings.at);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 2 * wanted + 200) {
        wanted = (size_t)(limit.rlim_cur - 200) / 2;
        printf("  %zu idle connections: ulimit -n is %llu\n", wanted,
               (unsigned long long)limit.rlim_cur);
    }
    const char *path = str_format(t->arena, "%s/people.sock", t->folder).at;
    struct http_client **idle = arena_array(t->arena, struct http_client *, wanted);
    for (size_t i = 0; i < wanted; i++)
        idle[i] = client_open_unix(t, path);
    for (size_t i = 0; i < wanted; i += wanted / 20)
        CHECK_INT(client_ask(idle[i], "GET /healthz HTTP/1.1\n" HOST "\n").status, 200);
    CHECK_INT(ask(t, world->people, NULL, "GET /test/peer HTTP/1.1\n" HOST "\n").status, 200);
    for (size_t i = 0; i < wanted; i++)
        client_close(idle[i]);
    end_server(world);
}
