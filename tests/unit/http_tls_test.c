/* SPDX-License-Identifier: EUPL-1.2 */
/* TLS and client certificates, over real sockets. */
#include "tests/unit/http_world.h"

#include "base/encoding.h"
#include "base/file.h"
#include "base/instant.h"
#include "platform/keys/pki.h"

#include <gnutls/gnutls.h>

#define HOST "Host: localhost\n"
#define WHO  "GET /test/peer HTTP/1.1\n" HOST "\n"

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) >= 0;
}

static void check_refused(struct test *t, struct world *world, const struct pem *pem,
                          const char *why)
{
    struct answer answer = ask(t, world->machines, pem, "GET /test/peer HTTP/1.1\n" HOST
                                                        "Accept-Language: en\n\n");
    CHECK_INT(answer.status, 403);
    CHECK(has(answer.body, "\"code\":\"client-certificate\""));
    CHECK(has(answer.body, why));
}

TEST(a_machine_is_known_by_its_certificate)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10);
    struct http_client *client = client_open(t, world->machines, &good);
    for (int i = 0; i < 3; i++)
        CHECK_STR(client_ask(client, WHO).body, STR("127.0.0.1 " GOOD_OIN " nl"));
    client_close(client);
    end_server(world);
}

TEST(a_machine_without_a_good_certificate_hears_why)
{
    struct world *world = given_server(t, "");
    struct pem expired = given_client(t, world, 20, 10), early = given_client(t, world, -5, 10);
    struct pem stranger = given_stranger(t);
    check_refused(t, world, NULL, "none was sent");
    check_refused(t, world, &stranger, "was not issued by a CA that is trusted here");
    check_refused(t, world, &expired, "has expired");
    check_refused(t, world, &early, "is not valid yet");
    end_server(world);
}

TEST(a_server_certificate_is_no_client_certificate)
{
    struct world *world = given_server(t, "");
    struct pem pem;
    struct error err;
    const struct str names[] = { S("localhost") };
    CHECK_OK(pki_issue_server(t->arena, str_format(t->arena, "%s/tls", t->folder).at, names, 1,
                              &pem.certificate, &pem.key, &err),
             err);
    check_refused(t, world, &pem, "lacks clientAuth");
    end_server(world);
}

TEST(a_revoked_certificate_is_refused_from_the_reload_on_also_on_an_open_connection)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10), bad = given_client(t, world, 0, 10);
    end_server(world);
    struct str crl;
    struct error err;
    crl = given_crl(t, str_format(t->arena, "%s/tls", t->folder).at, NULL, 0, instant_now());
    CHECK_OK(file_write(str_format(t->arena, "%s/tls/list.crl", t->folder).at, crl, 0644, &err),
             err);
    world = given_server(t, "machines.crl = tls/list.crl\n");
    struct http_client *open = client_open(t, world->machines, &bad);
    CHECK_INT(client_ask(open, WHO).status, 200);
    given_revoked(t, world, &bad, 1);
    CHECK_INT(client_ask(open, WHO).status, 403);
    check_refused(t, world, &bad, "has been revoked");
    CHECK_INT(ask(t, world->machines, &good, WHO).status, 200);
    client_close(open);
    end_server(world);
}

TEST(a_resumed_session_knows_its_machine_and_is_checked_again)
{
    struct str crl;
    struct error err;
    struct world *world = given_server(t, "");
    struct pem pem = given_client(t, world, 0, 10);
    end_server(world);
    crl = given_crl(t, str_format(t->arena, "%s/tls", t->folder).at, NULL, 0, instant_now());
    CHECK_OK(file_write(str_format(t->arena, "%s/tls/list.crl", t->folder).at, crl, 0644, &err),
             err);
    world = given_server(t, "machines.crl = tls/list.crl\n");
    struct http_client *first = client_open(t, world->machines, &pem);
    CHECK_INT(client_ask(first, WHO).status, 200);
    struct str ticket = client_ticket(first);
    client_close(first);
    struct http_client *second = client_resume(t, world->machines, &pem, ticket);
    CHECK(client_was_resumed(second));
    CHECK_STR(client_ask(second, WHO).body, STR("127.0.0.1 " GOOD_OIN " nl"));
    ticket = client_ticket(second);
    client_close(second);
    given_revoked(t, world, &pem, 1);
    struct http_client *third = client_resume(t, world->machines, &pem, ticket);
    CHECK(client_was_resumed(third));
    CHECK_INT(client_ask(third, WHO).status, 403);
    client_close(third);
    end_server(world);
}

TEST(an_old_revocation_list_still_counts)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10), bad = given_client(t, world, 0, 10);
    struct error err;
    struct str crl, tls = str_format(t->arena, "%s/tls", t->folder);
    end_server(world);
    crl = given_crl(t, tls.at, &bad.certificate, 1, instant_now() - 400 * DAY);
    CHECK_OK(file_write(str_format(t->arena, "%.*s/list.crl", FMT(tls)).at, crl, 0644, &err), err);
    world = given_server(t, "machines.crl = tls/list.crl\n");
    CHECK_INT(ask(t, world->machines, &good, WHO).status, 200);
    CHECK_INT(ask(t, world->machines, &bad, WHO).status, 403);
    end_server(world);
}

TEST(a_revocation_list_of_another_ca_is_refused)
{
    struct world *world = given_server(t, "");
    struct error err;
    struct str crl;
    struct pem stranger = given_stranger(t); /* makes the other CA */
    const char *list = str_format(t->arena, "%s/tls/list.crl", t->folder).at;
    end_server(world);
    crl = given_crl(t, str_format(t->arena, "%s/tls", t->folder).at, NULL, 0, instant_now());
    CHECK_OK(file_write(list, crl, 0644, &err), err);
    world = given_server(t, "machines.crl = tls/list.crl\n");
    crl = given_crl(t, str_format(t->arena, "%s/other", t->folder).at, &stranger.certificate, 1,
                    instant_now() - 400 * DAY);
    CHECK_OK(file_write(list, crl, 0644, &err), err);
    CHECK(!server_reload(&world->app, &err));
    CHECK_STR(str_of(err.field), STR("machines.crl"));
    end_server(world);
}

TEST(a_broken_reload_keeps_what_was_loaded)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10);
    struct error err;
    const char *ca = str_format(t->arena, "%s/tls/demo-ca.crt", t->folder).at;
    CHECK_OK(file_write(ca, STR("not a certificate"), 0644, &err), err);
    CHECK(!server_reload(&world->app, &err));
    CHECK(str_find(str_of(err.subject), STR("demo-ca.crt")) >= 0);
    CHECK_INT(ask(t, world->machines, &good, WHO).status, 200);
    end_server(world);
}

TEST(a_new_ca_counts_after_a_reload)
{
    struct world *world = given_server(t, "");
    struct pem stranger = given_stranger(t);
    struct str own, other;
    struct error err;
    struct http_client *open = client_open(t, world->machines, &stranger);
    CHECK_INT(client_ask(open, WHO).status, 403);
    const char *ca = str_format(t->arena, "%s/tls/demo-ca.crt", t->folder).at;
    CHECK_OK(file_read(t->arena, ca, 100000, &own, &err), err);
    CHECK_OK(file_read(t->arena, str_format(t->arena, "%s/other/demo-ca.crt", t->folder).at, 100000,
                       &other, &err),
             err);
    struct str both = str_format(t->arena, "%.*s%.*s", FMT(own), FMT(other));
    CHECK_OK(file_write(ca, both, 0644, &err), err);
    CHECK_OK(server_reload(&world->app, &err), err);
    CHECK_INT(client_ask(open, WHO).status, 200);
    CHECK_INT(ask(t, world->machines, &stranger, WHO).status, 200);
    client_close(open);
    end_server(world);
}

TEST(a_new_server_certificate_counts_for_new_connections)
{
    struct world *world = given_server(t, "");
    struct http_client *before = client_open(t, world->people, NULL);
    struct str certificate, key, first = client_peer(before);
    struct error err;
    const struct str names[] = { S("localhost"), S("renewed.example") };
    CHECK_OK(pki_issue_server(t->arena, str_format(t->arena, "%s/tls", t->folder).at, names, 2,
                              &certificate, &key, &err),
             err);
    CHECK_OK(file_write(str_format(t->arena, "%s/tls/server.crt", t->folder).at, certificate, 0644,
                        &err),
             err);
    CHECK_OK(file_write(str_format(t->arena, "%s/tls/server.key", t->folder).at, key, 0600, &err),
             err);
    CHECK_OK(server_reload(&world->app, &err), err);
    struct http_client *after = client_open(t, world->people, NULL);
    CHECK(!str_eq(first, client_peer(after)));
    CHECK_INT(client_ask(before, WHO).status, 200);
    CHECK_INT(client_ask(after, WHO).status, 200);
    client_close(before);
    client_close(after);
    end_server(world);
}

TEST(old_tls_is_refused)
{
    static const char *const good[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.3",
                                        "NORMAL:-VERS-ALL:+VERS-TLS1.2" };
    static const char *const bad[] = {
        "NORMAL:-VERS-ALL:+VERS-TLS1.1", "NORMAL:-VERS-ALL:+VERS-TLS1.0",
        "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA",
        "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC",
    };
    struct world *world = given_server(t, "");
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct http_client *client = client_try(t, world->people, NULL, good[i]);
        CHECK(client);
        CHECK_INT(client_ask(client, WHO).status, 200);
        client_close(client);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!client_try(t, world->people, NULL, bad[i]));
    end_server(world);
}

TEST(people_are_never_asked_for_a_certificate)
{
    struct world *world = given_server(t, "");
    struct pem pem = given_client(t, world, 0, 10);
    struct http_client *people = client_open(t, world->people, &pem);
    struct http_client *machines = client_open(t, world->machines, &pem);
    CHECK(!client_was_asked(people));
    CHECK(client_was_asked(machines));
    client_close(people);
    client_close(machines);
    end_server(world);
}

TEST(the_proxys_headers_are_nothing_on_a_tls_listener)
{
    struct world *world = given_server(t, "");
    struct pem good = given_client(t, world, 0, 10);
    struct str request =
        str_format(t->arena, "GET /test/peer HTTP/1.1\n" HOST "X-Forwarded-For: 192.0.2.9\n"
                             "X-Client-Certificate: %.*s\n\n",
                   FMT(percent_encode(t->arena, good.certificate)));
    CHECK_INT(ask(t, world->machines, NULL, request.at).status, 403);
    CHECK_STR(ask(t, world->people, NULL, request.at).body, STR("127.0.0.1 - nl"));
    end_server(world);
}

static struct str without_marks(struct test *t, struct str pem)
{
    struct buf out = { .arena = t->arena };
    while (str_more(pem)) {
        struct str line = str_cut(&pem, '\n');
        if (!str_starts(line, STR("-----")))
            buf_add(&out, line);
    }
    return buf_str(&out);
}

TEST(a_proxy_hands_on_the_peer_and_its_certificate)
{
    struct str settings = str_format(t->arena,
                                     "proxy.machines = unix:%s/machines.sock\n"
                                     "proxy.people = unix:%s/people.sock\n",
                                     t->folder, t->folder);
    struct world *world = given_server(t, settings.at);
    struct pem good = given_client(t, world, 0, 10), stranger = given_stranger(t);
    struct http_client *proxy =
        client_open_unix(t, str_format(t->arena, "%s/machines.sock", t->folder).at);
    const struct {
        struct str header;
        int status;
    } cases[] = {
        { percent_encode(t->arena, good.certificate), 200 },  /* nginx */
        { without_marks(t, good.certificate), 200 },          /* HAProxy */
        { percent_encode(t->arena, good.certificate), 200 },  /* from the cache */
        { percent_encode(t->arena, stranger.certificate), 403 },
        { STR(""), 403 },
        { STR("AAAA"), 403 },
        { STR("-----BEGIN%20CERTIFICATE-----"), 403 },
        { STR("!!"), 403 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str request =
            str_format(t->arena, "GET /test/peer HTTP/1.1\n" HOST
                                 "X-Forwarded-For: 203.0.113.1, 192.0.2.9\n"
                                 "X-Client-Certificate: %.*s\n\n",
                       FMT(cases[i].header));
        struct answer answer = client_ask(proxy, request.at);
        CHECK_INT(answer.status, cases[i].status);
        if (answer.status == 200)
            CHECK_STR(answer.body, STR("192.0.2.9 " GOOD_OIN " nl"));
    }
    client_close(proxy);
    struct http_client *people =
        client_open_unix(t, str_format(t->arena, "%s/people.sock", t->folder).at);
    CHECK_STR(client_ask(people, "GET /test/peer HTTP/1.1\n" HOST
                                 "X-Forwarded-For: ::ffff:192.0.2.9\n\n").body,
              STR("192.0.2.9 - nl")); /* else all of IPv4 would be one network */
    CHECK_STR(client_ask(people, "GET /test/peer HTTP/1.1\n" HOST "X-Forwarded-For: ::1\n\n").body,
              STR("::1 - nl"));
    CHECK_STR(client_ask(people, "GET /test/peer HTTP/1.1\n" HOST "X-Forwarded-For: nonsense\n\n").body,
              STR("proxy - nl"));
    client_close(people);
    end_server(world);
}

TEST(a_client_cannot_speak_for_the_proxy)
{
    struct str settings = str_format(t->arena, "proxy.machines = unix:%s/machines.sock\n", t->folder);
    struct world *world = given_server(t, settings.at);
    struct pem good = given_client(t, world, 0, 10);
    struct str certificate = percent_encode(t->arena, good.certificate);
    struct http_client *proxy =
        client_open_unix(t, str_format(t->arena, "%s/machines.sock", t->folder).at);
    /* As a proxy that adds lines and leaves the client's own. */
    struct str spoofed = str_format(t->arena, "GET /test/peer HTTP/1.1\n" HOST
                                              "X-Forwarded-For: 198.51.100.7\n"
                                              "X-Forwarded-For: 192.0.2.9\n"
                                              "X-Client-Certificate: %.*s\n\n",
                                    FMT(certificate));
    CHECK_STR(client_ask(proxy, spoofed.at).body, STR("192.0.2.9 " GOOD_OIN " nl"));
    const char *const others[] = { "", "AAAA", "x" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct str before = str_format(t->arena, "GET /test/peer HTTP/1.1\n" HOST
                                                 "X-Client-Certificate: %.*s\n"
                                                 "X-Client-Certificate: %s\n\n",
                                       FMT(certificate), others[i]);
        struct str behind = str_format(t->arena, "GET /test/peer HTTP/1.1\n" HOST
                                                 "X-Client-Certificate: %s\n"
                                                 "x-client-certificate: %.*s\n\n",
                                       others[i], FMT(certificate));
        CHECK_INT(client_ask(proxy, before.at).status, 403);
        CHECK_INT(client_ask(proxy, behind.at).status, 403);
    }
    client_close(proxy);
    end_server(world);
}

TEST(a_proxys_gate_on_another_computer_is_refused)
{
    struct world *world = given_server(t, "");
    struct app second = world->app;
    struct error err;
    CHECK_OK(file_write(str_format(t->arena, "%s/fundament.conf", t->folder).at,
                        STR("people.port = 0\nmachines.port = 0\nproxy.people = 0.0.0.0:8080\n"),
                        0600, &err),
             err);
    CHECK_OK(config_load(t->arena, t->folder, second.services, &second.config, &err), err);
    CHECK(!server_start(&second, &err));
    CHECK_STR(str_of(err.field), STR("proxy.people"));
    end_server(world);
}
