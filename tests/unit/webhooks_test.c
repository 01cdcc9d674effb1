/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/record/webhooks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

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
        "fe80::1", "febf::1", "ff02::1", "2001:db8::1", "2002:7f00:1::1", "4000::1",
        "8000::1", "3fff::1",
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

/* ---- Several at once ---- */

static const struct service *const services[] = { &platform_service, &record_service, NULL };

struct world {
    struct db *db;
    _Atomic int done; /* of two: so many have done their deed, and not yet committed it */
};

struct deed {
    struct world *world;
    struct webhook webhook;
    bool waits;
    struct error err;
    bool well;
};

static struct world given_base(struct test *t)
{
    struct world world = { .db = NULL };
    struct error err = { 0 };
    CHECK_OK(db_open_url(t->db_url, 4, &world.db, &err), err);
    CHECK_OK(db_migrate(world.db, t->arena, services, &err), err);
    return world;
}

static bool add(struct tx *tx, void *with, struct error *err)
{
    const struct deed *deed = with;
    if (!webhook_add(tx, &deed->webhook, err))
        return false;
    atomic_fetch_add(&deed->world->done, 1);
    /* Long enough for the other to do the same, unless it waits for this one. */
    for (int i = 0; deed->waits && i < 60 && atomic_load(&deed->world->done) < 2; i++)
        usleep(5000);
    return true;
}

static bool change(struct tx *tx, void *with, struct error *err)
{
    const struct deed *deed = with;
    return webhook_hold(tx, deed->webhook.id, err)
           && webhook_put_target(tx, &deed->webhook, err)
           && webhook_put_active(tx, &deed->webhook, err);
}

static bool renew(struct tx *tx, void *with, struct error *err)
{
    const struct deed *deed = with;
    return webhook_hold(tx, deed->webhook.id, err)
           && webhook_put_secret(tx, &deed->webhook, err);
}

static bool try_it(struct tx *tx, void *with, struct error *err)
{
    const struct deed *deed = with;
    const struct delivery delivery = { .webhook = deed->webhook.id, .number = -1,
                                       .kind = STR("webhook.test") };
    return webhook_hold(tx, deed->webhook.id, err) && delivery_add(tx, &delivery, err);
}

static bool take_away(struct tx *tx, void *with, struct error *err)
{
    const struct deed *deed = with;
    return webhook_hold(tx, deed->webhook.id, err) && webhook_remove(tx, deed->webhook.id, err);
}

static bool load(struct tx *tx, void *with, struct error *err)
{
    struct deed *deed = with;
    bool found;
    return webhook_find(tx, deed->webhook.id, &deed->webhook, &found, err)
           && (found || fail(err, NOT_FOUND, NULL, "gone"));
}

static bool run(struct test *t, struct deed *deed, db_work *work)
{
    return db_write(deed->world->db, t->arena, work, deed, &deed->err);
}

static struct deed deed_of(struct test *t, struct world *world, int number)
{
    return (struct deed){ .world = world,
                          .webhook = { .id = str_format(t->arena, "webhook%d", number),
                                       .organisation = STR("board:1"),
                                       .address = STR("https://example.nl/"), .active = true,
                                       .secret = STR("first") } };
}

TEST_DB(a_webhook_that_was_removed_meanwhile_is_not_made_again)
{
    static db_work *const works[] = { change, renew, try_it, take_away };
    struct world world = given_base(t);
    struct deed deed = deed_of(t, &world, 1);
    CHECK_OK(run(t, &deed, add), deed.err);
    CHECK_OK(run(t, &deed, take_away), deed.err);
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        CHECK(!run(t, &deed, works[i]));
        CHECK_INT(deed.err.kind, NOT_FOUND);
    }
    CHECK(!run(t, &deed, load));
    db_close(world.db);
}

TEST_DB(who_changes_an_address_keeps_the_secret_that_was_renewed_meanwhile)
{
    struct world world = given_base(t);
    struct deed one = deed_of(t, &world, 1), other = one;
    CHECK_OK(run(t, &one, add), one.err);
    one.webhook.secret = STR("second");
    one.webhook.old_until = 7;
    CHECK_OK(run(t, &one, renew), one.err);
    other.webhook.address = STR("https://example.org/");
    CHECK_OK(run(t, &other, change), other.err);
    CHECK_OK(run(t, &other, load), other.err);
    CHECK_STR(other.webhook.address, STR("https://example.org/"));
    CHECK_STR(other.webhook.secret, STR("second"));
    CHECK_STR(other.webhook.old_secret, STR("first"));
    CHECK_INT(other.webhook.old_until, 7);
    db_close(world.db);
}

TEST_DB(a_secret_that_is_of_no_use_any_more_is_not_kept_beside_the_new_one)
{
    struct world world = given_base(t);
    struct deed deed = deed_of(t, &world, 1);
    CHECK_OK(run(t, &deed, add), deed.err);
    deed.webhook.secret = STR("second");
    CHECK_OK(run(t, &deed, renew), deed.err);
    CHECK_OK(run(t, &deed, load), deed.err);
    CHECK_STR(deed.webhook.secret, STR("second"));
    CHECK_INT(deed.webhook.old_secret.len, 0);
    db_close(world.db);
}

static void *add_apart(void *with)
{
    struct deed *deed = with;
    struct arena arena = { 0 };
    deed->well = db_write(deed->world->db, &arena, add, deed, &deed->err);
    arena_free(&arena);
    return NULL;
}

TEST_DB(two_who_add_the_last_webhook_at_once_do_not_both_get_it)
{
    struct world world = given_base(t);
    struct deed last[2];
    pthread_t threads[2];
    for (int i = 0; i < WEBHOOKS_MOST - 1; i++) {
        struct deed deed = deed_of(t, &world, i);
        CHECK_OK(run(t, &deed, add), deed.err);
    }
    atomic_store(&world.done, 0);
    for (int i = 0; i < 2; i++) {
        last[i] = deed_of(t, &world, WEBHOOKS_MOST + i);
        last[i].waits = true;
        CHECK(pthread_create(&threads[i], NULL, add_apart, &last[i]) == 0);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(last[0].well + last[1].well, 1);
    CHECK_INT(last[last[0].well ? 1 : 0].err.kind, CONFLICT);
    db_close(world.db);
}
