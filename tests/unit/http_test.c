/* SPDX-License-Identifier: EUPL-1.2 */
/* The server over real sockets: what every client sees. */
#include "tests/unit/http_world.h"

#include "base/file.h"
#include "base/instant.h"
#include "platform/people/accounts.h"

#include <unistd.h>

#define HOST "Host: localhost\n"
#define GET_(path) "GET " path " HTTP/1.1\n" HOST "\n"

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) >= 0;
}

TEST(health_is_answered_on_both_listeners)
{
    struct world *world = given_server(t, "");
    struct answer people = ask(t, world->people, NULL, GET_("/healthz"));
    struct answer machines = ask(t, world->machines, NULL, GET_("/healthz"));
    CHECK_INT(people.status, 200);
    CHECK_STR(people.body, STR("ok\n"));
    CHECK_INT(machines.status, 200);
    end_server(world);
}

TEST(every_answer_has_the_security_headers)
{
    static const char *const paths[] = { GET_("/healthz"), GET_("/nothing"), GET_("/test/broken"),
                                         GET_("/test/name/x") };
    struct world *world = given_server(t, "");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct answer answer = ask(t, world->people, NULL, paths[i]);
        CHECK(has(answer_header(&answer, "Content-Security-Policy"), "default-src 'none'"));
        CHECK(!has(answer_header(&answer, "Content-Security-Policy"), "unsafe"));
        CHECK_STR(answer_header(&answer, "X-Content-Type-Options"), STR("nosniff"));
        CHECK(has(answer_header(&answer, "Strict-Transport-Security"), "max-age="));
        CHECK_STR(answer_header(&answer, "Referrer-Policy"), STR("same-origin"));
        CHECK_STR(answer_header(&answer, "Cache-Control"), STR("no-store"));
    }
    end_server(world);
}

TEST(a_connection_is_used_again)
{
    struct world *world = given_server(t, "");
    struct http_client *client = client_open(t, world->people, NULL);
    for (int i = 0; i < 50; i++) {
        CHECK_INT(client_ask(client, GET_("/healthz")).status, 200);
        CHECK_STR(client_ask(client, GET_("/test/name/a%20b")).body, STR("a b"));
        CHECK_INT(client_ask(client, GET_("/nothing")).status, 404);
    }
    client_close(client);
    end_server(world);
}

TEST(pipelined_requests_are_answered_in_order)
{
    struct world *world = given_server(t, "");
    struct http_client *client = client_open(t, world->people, NULL);
    CHECK(client_send(client, STR("GET /test/name/1 HTTP/1.1\r\nHost: a\r\n\r\n"
                                  "GET /test/name/2 HTTP/1.1\r\nHost: a\r\n\r\n"
                                  "GET /test/name/3 HTTP/1.1\r\nHost: a\r\n\r\n")));
    CHECK_STR(client_read(client).body, STR("1"));
    CHECK_STR(client_read(client).body, STR("2"));
    CHECK_STR(client_read(client).body, STR("3"));
    client_close(client);
    end_server(world);
}

TEST(head_has_the_headers_and_no_body)
{
    struct world *world = given_server(t, "");
    struct http_client *client = client_open(t, world->people, NULL);
    CHECK(client_send(client, STR("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
                                  "GET /test/name/next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")));
    struct answer head = client_read(client);
    CHECK_INT(head.status, 200);
    CHECK_STR(answer_header(&head, "Content-Length"), STR("3"));
    /* With a body, these would have been its bytes: */
    CHECK_STR(head.body, STR("HTT"));
    client_close(client);
    end_server(world);
}

TEST(our_own_fault_tells_nothing_of_the_inside)
{
    struct world *world = given_server(t, "");
    struct answer answer = ask(t, world->people, NULL, GET_("/test/broken"));
    CHECK_INT(answer.status, 500);
    CHECK(!has(answer.body, "the test asked for it"));
    CHECK(has(answer.body, "urn:request:"));
    end_server(world);
}

TEST(a_wrong_method_is_told_the_right_ones)
{
    struct world *world = given_server(t, "");
    struct answer answer = ask(t, world->people, NULL, "DELETE /test/form HTTP/1.1\n" HOST "\n");
    CHECK_INT(answer.status, 405);
    CHECK_STR(answer_header(&answer, "Allow"), STR("GET, HEAD, POST"));
    CHECK_INT(ask(t, world->people, NULL, "BREW /test/form HTTP/1.1\n" HOST "\n").status, 405);
    end_server(world);
}

TEST(a_request_without_a_sound_host_is_refused)
{
    struct world *world = given_server(t, "");
    CHECK_INT(ask(t, world->people, NULL, "GET /healthz HTTP/1.1\n\n").status, 400);
    CHECK_INT(ask(t, world->people, NULL, "GET /healthz HTTP/1.1\nHost: a b\n\n").status, 400);
    CHECK_INT(ask(t, world->people, NULL, "GET /healthz HTTP/1.1\nHost: a/b\n\n").status, 400);
    CHECK_INT(ask(t, world->people, NULL, "GET /healthz HTTP/1.1\nHost: [::1]:8443\n\n").status, 200);
    end_server(world);
}

TEST(a_handler_that_takes_too_much_memory_costs_only_its_own_request)
{
    struct world *world = given_server(t, "http.memory = 16\n");
    struct http_client *client = client_open(t, world->people, NULL);
    CHECK_INT(client_ask(client, GET_("/test/memory")).status, 503);
    CHECK_INT(client_ask(client, GET_("/test/name/x")).status, 200);
    client_close(client);
    end_server(world);
}

TEST(a_redirect_stays_on_this_site)
{
    struct world *world = given_server(t, "");
    struct http_client *client = client_open(t, world->people, NULL);
    struct answer own = client_ask(client, GET_("/test/redirect?to=/scholen%3Fq%3Dx"));
    CHECK_INT(own.status, 303);
    CHECK_STR(answer_header(&own, "Location"), STR("/scholen?q=x"));
    static const char *const elsewhere[] = {
        GET_("/test/redirect?to=//evil.example"), GET_("/test/redirect?to=https://evil.example"),
        GET_("/test/redirect?to=/%5Cevil.example"), GET_("/test/redirect?to=/a%0D%0AX:%20y"),
        GET_("/test/redirect?to="),
    };
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        struct answer answer = client_ask(client, elsewhere[i]);
        CHECK_STR(answer_header(&answer, "Location"), STR("/"));
    }
    client_close(client);
    end_server(world);
}

TEST(who_is_not_logged_in_is_sent_to_log_in_and_back)
{
    struct world *world = given_server(t, "");
    struct answer page = ask(t, world->people, NULL,
                             "GET /test/operator?a=1 HTTP/1.1\n" HOST "Accept: text/html\n\n");
    CHECK_INT(page.status, 303);
    CHECK_STR(answer_header(&page, "Location"), STR("/inloggen?naar=%2Ftest%2Foperator%3Fa%3D1"));
    CHECK_INT(ask(t, world->people, NULL, GET_("/test/operator")).status, 401);
    end_server(world);
}

TEST(a_form_counts_only_with_its_token_and_cookie)
{
    struct world *world = given_server(t, "");
    struct http_client *client = client_open(t, world->people, NULL);
    struct answer shown = client_ask(client, GET_("/test/form"));
    struct str cookie = answer_header(&shown, "Set-Cookie"), rest = cookie;
    CHECK(has(cookie, "; HttpOnly; Secure; SameSite=Lax"));
    cookie = str_cut(&rest, ';');
    struct str body = str_format(t->arena, "form_token=%.*s", FMT(shown.body));
    const struct {
        struct str cookie, body;
        const char *more;
        int status;
    } cases[] = {
        { cookie, body, "", 200 },
        { cookie, body, "Origin: https://localhost\n", 200 },
        { cookie, body, "Sec-Fetch-Site: same-origin\n", 200 },
        { cookie, body, "Origin: https://evil.example\n", 403 },
        { cookie, body, "Origin: null\n", 403 },
        { cookie, body, "Origin: http://localhost\n", 403 },
        { cookie, body, "Sec-Fetch-Site: cross-site\n", 403 },
        { cookie, body, "Cookie: __Host-fundament_session=another\n", 403 },
        { cookie, STR("form_token=AAAA"), "", 403 },
        { cookie, STR("form_token="), "", 403 },
        { cookie, STR("a=b"), "", 403 },
        { STR("__Host-fundament_form=AAAAAAAAAAAAAAAAAAAAAA"), body, "", 403 },
        { STR("other=1"), body, "", 403 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool more_cookie = has(str_of(cases[i].more), "Cookie: ");
        struct str request = str_format(
            t->arena,
            "POST /test/form HTTP/1.1\n" HOST "Content-Type: application/x-www-form-urlencoded\n"
            "%s%s%.*s\nContent-Length: %zu\n\n%.*s",
            more_cookie ? "Cookie: __Host-fundament_session=another; " : cases[i].more,
            more_cookie ? "" : "Cookie: ", FMT(cases[i].cookie), cases[i].body.len,
            FMT(cases[i].body));
        struct answer answer = client_ask(client, request.at);
        if (answer.status != cases[i].status)
            test_fail(__FILE__, __LINE__, "case %zu: %d", i, answer.status);
    }
    CHECK_INT(client_ask(client, "POST /test/no-csrf HTTP/1.1\n" HOST "Content-Length: 2\n\nhi").status,
              200);
    client_close(client);
    end_server(world);
}

TEST(too_many_requests_are_told_to_wait)
{
    struct world *world = given_server(t, "limit.people = 1\nlimit.people_burst = 3\n");
    struct http_client *client = client_open(t, world->people, NULL);
    struct answer answer = { 0 };
    for (int i = 0; i < 10; i++)
        answer = client_ask(client, GET_("/healthz"));
    CHECK_INT(answer.status, 429);
    CHECK_STR(answer_header(&answer, "Retry-After"), STR("1"));
    client_close(client);
    end_server(world);
}

TEST(a_machine_without_a_certificate_is_counted_by_its_address)
{
    struct world *world = given_server(t, "limit.people = 1\nlimit.people_burst = 3\n");
    struct pem good = given_client(t, world, 0, 10);
    const char *const paths[] = { GET_("/healthz"), GET_("/test/peer") };
    for (size_t p = 0; p < 2; p++) {
        struct http_client *client = client_open(t, world->machines, NULL);
        struct answer answer = { 0 };
        for (int i = 0; i < 10; i++)
            answer = client_ask(client, paths[p]);
        CHECK_INT(answer.status, 429);
        client_close(client);
    }
    CHECK_INT(ask(t, world->machines, &good, GET_("/healthz")).status, 200);
    end_server(world);
}

TEST(metrics_are_for_the_operator_and_for_the_machine_that_is_named)
{
    struct world *world = given_server(t, "");
    struct pem client = given_client(t, world, 0, 10);
    CHECK_INT(ask(t, world->people, NULL, GET_("/metrics")).status, 401);
    CHECK_INT(ask(t, world->machines, NULL, GET_("/metrics")).status, 403);
    CHECK_INT(ask(t, world->machines, &client, GET_("/metrics")).status, 403);
    end_server(world);
    world = given_server(t, "metrics.client = " GOOD_OIN "\n");
    /* A request counts when its last byte is sent, which its client may see a moment earlier. */
    struct answer answer = { 0 };
    for (int i = 0; i < 100 && !has(answer.body, "fundament_request_seconds"); i++)
        answer = ask(t, world->machines, &client, GET_("/metrics"));
    CHECK_INT(answer.status, 200);
    CHECK(has(answer.body, "fundament_request_seconds"));
    end_server(world);
    world = given_server(t, "metrics.open = yes\n");
    CHECK_INT(ask(t, world->people, NULL, GET_("/metrics")).status, 200);
    end_server(world);
}

TEST(readiness_and_the_openapi_document_are_open)
{
    struct world *world = given_server(t, "");
    CHECK_STR(ask(t, world->machines, NULL, GET_("/readyz")).body, STR("ready\n"));
    struct answer api = ask(t, world->people, NULL, GET_("/api/v1/openapi.json"));
    CHECK_INT(api.status, 200);
    CHECK(has(api.body, "\"openapi\":\"3.1.0\""));
    CHECK(has(api.body, "\"url\":\"https://localhost\""));
    end_server(world);
}

TEST(a_port_that_is_taken_is_said)
{
    struct world *world = given_server(t, "");
    struct app second = world->app;
    struct error err;
    struct str text = str_format(t->arena, "people.port = %d\nmachines.port = 0\n", world->people);
    CHECK_OK(file_write(str_format(t->arena, "%s/fundament.conf", t->folder).at, text, 0600, &err),
             err);
    CHECK_OK(config_load(t->arena, t->folder, second.services, &second.config, &err), err);
    CHECK(!server_start(&second, &err));
    CHECK(str_find(str_of(err.message), STR("already in use")) > 0);
    CHECK_INT(ask(t, world->people, NULL, GET_("/healthz")).status, 200);
    end_server(world);
}

TEST(a_server_that_drains_serves_on_and_sends_the_load_balancer_away)
{
    struct world *world = given_server(t, "server.drain_seconds = 7\n");
    CHECK_INT(server_drain(&world->app), 0); /* nobody watches */
    CHECK_INT(ask(t, world->people, NULL, GET_("/readyz")).status, 503);
    CHECK_INT(server_drain(&world->app), 7);
    struct answer page = ask(t, world->people, NULL, GET_("/healthz"));
    CHECK_INT(page.status, 200);
    CHECK_STR(answer_header(&page, "Connection"), STR("close"));
    end_server(world);
}

TEST(a_stop_lets_the_running_request_end)
{
    struct world *world = given_server(t, "");
    struct http_client *client = client_open(t, world->people, NULL);
    CHECK(client_send(client, STR("GET /test/slow HTTP/1.1\r\nHost: a\r\n\r\n")));
    usleep(100000);
    end_server(world);
    struct answer answer = client_read(client);
    CHECK_INT(answer.status, 200);
    CHECK_STR(answer.body, STR("done"));
    client_close(client);
}

TEST(after_a_reply_its_sender_hears_whether_all_was_sent)
{
    struct world *world = given_server(t, "");
    struct http_client *client = client_open(t, world->people, NULL);
    struct answer answer = client_ask(client, GET_("/test/much"));
    CHECK_INT(answer.body.len, 32 * 1024 * 1024);
    client_close(client);
    client = client_open(t, world->people, NULL);
    CHECK(client_send(client, STR("GET /test/much HTTP/1.1\r\nHost: a\r\n\r\n")));
    usleep(300000); /* the handler has run; this much does not fit in the socket's buffers */
    client_close(client);
    end_server(world);
    CHECK_INT(after_whole(), 1);
    CHECK_INT(after_broken(), 1);
}
TEST(a_problem_is_json_for_programs_and_a_page_for_browsers)
{
    struct world *world = given_server(t, "");
    struct answer json = ask(t, world->people, NULL, GET_("/nothing"));
    CHECK_INT(json.status, 404);
    CHECK_STR(answer_header(&json, "Content-Type"), STR("application/problem+json"));
    CHECK(has(json.body, "\"status\":404") && has(json.body, "\"title\":\"Niet gevonden\""));
    struct answer english = ask(t, world->people, NULL,
                                "GET /nothing HTTP/1.1\n" HOST "Accept-Language: en-GB, nl;q=0.5\n\n");
    CHECK(has(english.body, "\"title\":\"Not found\""));
    struct answer page = ask(t, world->people, NULL,
                             "GET /nothing HTTP/1.1\n" HOST "Accept: text/html\n\n");
    CHECK_INT(page.status, 404);
    CHECK(has(answer_header(&page, "Content-Type"), "text/html"));
    CHECK(has(page.body, "Niet gevonden"));
    end_server(world);
}

TEST(log_in_attempts_are_counted_by_the_minute)
{
    struct world *world = given_server(t, "limit.login = 3\n");
    struct http_client *client = client_open(t, world->people, NULL);
    struct answer answer = { 0 };
    int let_in = 0;
    for (int i = 0; i < 6; i++) {
        answer = client_ask(client, "POST /inloggen HTTP/1.1\n" HOST "Content-Length: 0\n\n");
        let_in += answer.status != 429;
    }
    CHECK_INT(let_in, 3);
    CHECK_INT(answer.status, 429);
    CHECK_STR(answer_header(&answer, "Retry-After"), STR("60"));
    client_close(client);
    end_server(world);
}


static bool add_people(struct tx *tx, void *with, struct error *err)
{
    struct str *cookies = with; /* an operator's, and somebody's without a role */
    const struct session_limits limits = { .idle = HOUR, .lifetime = DAY };
    struct account operator, other;
    return account_add(tx, STR("operator"), STR("O"), STR(""), &operator, err)
        && account_add_role(tx, operator.id, ROLE_OPERATOR, STR(""), err)
        && account_add(tx, STR("other"), STR("X"), STR(""), &other, err)
        && session_start(tx, &(struct new_session){ operator.id, PROOF_FACTOR, STR("") },
                         instant_now(), &limits, &cookies[0], err)
        && session_start(tx, &(struct new_session){ other.id, PROOF_FACTOR, STR("") },
                         instant_now(), &limits, &cookies[1], err);
}

TEST(a_role_opens_its_routes_and_no_others)
{
    struct world *world = given_server(t, "");
    struct str cookies[2];
    struct error err;
    CHECK_OK(db_write(world->app.db, t->arena, add_people, cookies, &err), err);
    const struct {
        struct str cookie;
        int status;
    } cases[] = { { cookies[0], 200 }, { cookies[1], 403 }, { STR("AAAA"), 401 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str request = str_format(t->arena, "GET /test/operator HTTP/1.1\n" HOST
                                                  "Cookie: taal=en; __Host-fundament_session=%.*s\n\n",
                                        FMT(cases[i].cookie));
        struct answer answer = ask(t, world->people, NULL, request.at);
        CHECK_INT(answer.status, cases[i].status);
        if (answer.status == 200)
            CHECK_STR(answer.body, STR("127.0.0.1 - en"));
    }
    end_server(world);
}

TEST(the_style_sheet_may_be_kept_for_good_by_its_tag)
{
    struct world *world = given_server(t, "");
    struct http_client *client = client_open(t, world->people, NULL);
    struct answer plain = client_ask(client, GET_("/static/fundament.css"));
    CHECK_INT(plain.status, 200);
    CHECK_STR(answer_header(&plain, "Content-Type"), STR("text/css; charset=utf-8"));
    CHECK(!has(answer_header(&plain, "Cache-Control"), "immutable"));
    struct str etag = answer_header(&plain, "ETag"), tag = str_slice(etag, 1, etag.len - 1);
    struct answer tagged = client_ask(
        client, str_format(t->arena, GET_("/static/fundament.css?v=%.*s"), FMT(tag)).at);
    CHECK(has(answer_header(&tagged, "Cache-Control"), "immutable"));
    CHECK_STR(tagged.body, plain.body);
    struct answer same = client_ask(client, str_format(t->arena,
                                                       "GET /static/fundament.css HTTP/1.1\n" HOST
                                                       "If-None-Match: \"x\", W/%.*s\n\n",
                                                       FMT(etag))
                                                .at);
    CHECK_INT(same.status, 304);
    CHECK_INT(same.body.len, 0);
    static const char *const nothing[] = {
        GET_("/static/absent.css"), GET_("/static/..%2Fplatform%2Fnl.po"), GET_("/static/.css"),
        GET_("/static/meson.build"),
    };
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        CHECK_INT(client_ask(client, nothing[i]).status, 404);
    client_close(client);
    end_server(world);
}
