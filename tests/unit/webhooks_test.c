/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/record/webhooks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

TEST(a_signature_is_that_of_the_convention_s_own_example)
{
    struct str signature;
    struct error err;
    CHECK_OK(webhook_sign(t->arena, STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                          STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330,
                          STR("{\"test\": 2432232314}"), &signature, &err),
             err);
    CHECK_STR(signature, STR("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
}

TEST(new_secrets_differ_and_sign)
{
    struct str one = webhook_new_secret(t->arena), other = webhook_new_secret(t->arena), signature;
    struct error err;
    CHECK(str_starts(one, STR("whsec_")));
    CHECK_INT(one.len, 6 + 44);
    CHECK(!str_eq(one, other));
    CHECK(webhook_sign(t->arena, one, STR("a"), 1, STR("{}"), &signature, &err));
}

static bool is_public(const char *text)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return address_is_public((const struct sockaddr *)&v4);
    CHECK(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1);
    return address_is_public((const struct sockaddr *)&v6);
}

TEST(addresses_that_are_not_of_the_internet_at_large_are_known)
{
    static const char *const inner[] = {
        "127.0.0.1", "127.255.255.255", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255",
        "192.168.0.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "198.18.0.1",
        "198.19.255.255", "224.0.0.1", "255.255.255.255", "192.0.2.1", "203.0.113.9",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1", "fc00::1", "fdff::1",
        "fe80::1", "febf::1", "ff02::1", "2001:db8::1", "2002:7f00:1::1",
    };
    static const char *const outer[] = {
        "8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "192.167.1.1",
        "198.17.0.1", "198.20.0.1", "223.255.255.255", "11.0.0.1", "2a00:1450:4001::1",
        "2001:67c:2e8::1",
    };
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
        if (is_public(inner[i]))
            test_fail(__FILE__, __LINE__, "%s counts as public", inner[i]);
    for (size_t i = 0; i < sizeof outer / sizeof *outer; i++)
        if (!is_public(outer[i]))
            test_fail(__FILE__, __LINE__, "%s does not count as public", outer[i]);
}

TEST(an_address_is_https_on_a_usual_port_and_nothing_else)
{
    static const char *const bad[] = {
        "", "example.nl", "http://example.nl/", "ftp://example.nl/", "https://",
        "https://user@example.nl/", "https://user:word@example.nl/", "https://example.nl/#part",
        "https://example.nl:22/", "https://example.nl:99999/", "https://exa mple.nl/",
        "https://example.nl/\r\nx: y", "file:///etc/passwd", "javascript:alert(1)",
    };
    static const char *const good[] = { "https://example.nl", "https://example.nl/hook?x=1",
                                        "https://www.example.nl:8443/", "https://[2a00::1]/" };
    struct error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (webhook_address_check(str_of(bad[i]), false, &err))
            test_fail(__FILE__, __LINE__, "%s was allowed", bad[i]);
        CHECK_INT(err.kind, INVALID);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK_OK(webhook_address_check(str_of(good[i]), false, &err), err);
    CHECK_OK(webhook_address_check(STR("http://localhost:8080/"), true, &err), err);
}

static bool wants(const char *organisation, const char *kinds, bool active)
{
    const struct webhook webhook = { .organisation = str_of(organisation),
                                     .kinds = str_of(kinds),
                                     .active = active,
                                     .created = 5 };
    const struct event event = { .at = 5,
                                 .kind = STR("sector.school-changed"),
                                 .organisations = STR("board:41804 vendor:00000003272448340204") };
    return webhook_wants(&webhook, &event);
}

TEST(a_webhook_gets_only_what_it_may_see_and_asked_for)
{
    CHECK(wants("board:41804", "", true));
    CHECK(wants("vendor:00000003272448340204", "sector.school-changed", true));
    CHECK(wants("", "other.kind sector.school-changed", true));
    CHECK(!wants("board:4180", "", true));
    CHECK(!wants("board:41805", "", true));
    CHECK(!wants("board:41804", "sector.board-changed", true));
    CHECK(!wants("board:41804", "", false));
}

TEST(the_pause_after_failures_grows_to_hours_and_no_further)
{
    CHECK(webhook_backoff(0) >= 5 * SECOND && webhook_backoff(0) < 7 * SECOND);
    CHECK(webhook_backoff(4) >= 80 * SECOND);
    CHECK(webhook_backoff(1000) >= 3 * HOUR && webhook_backoff(1000) < 4 * HOUR);
}

TEST(a_message_has_the_same_id_and_body_on_every_attempt)
{
    struct delivery delivery = { .webhook = STR("00112233445566778899aabb"),
                                 .number = 12,
                                 .kind = STR("sector.school-changed"),
                                 .subject = STR("school:00AV"),
                                 .at = 0 };
    CHECK_STR(delivery_id(t->arena, &delivery), STR("msg_00112233445566778899aabb_12"));
    struct str body = delivery_body(t->arena, &delivery);
    delivery.attempts = 7;
    CHECK_STR(delivery_body(t->arena, &delivery), body);
    CHECK_STR(body, STR("{\"id\":\"msg_00112233445566778899aabb_12\",\"number\":12,"
                        "\"kind\":\"sector.school-changed\",\"subject\":\"school:00AV\","
                        "\"time\":\"1970-01-01T00:00:00.000Z\"}"));
}
