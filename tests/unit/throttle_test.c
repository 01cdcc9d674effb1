/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/people/throttle.h"

#include <stdio.h>

static const struct str ada = S("ada"), here = S("192.0.2.1"), there = S("192.0.2.2");

TEST(a_few_failures_cost_nothing_and_more_cost_ever_longer)
{
    struct throttle *throttle = throttle_new(t->arena);
    instant now = HOUR;
    static const int waits[] = { 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60 };
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        throttle_failed(throttle, ada, here, now);
        CHECK_INT(throttle_wait(throttle, ada, here, now), waits[i]);
        now += waits[i] * SECOND;
        CHECK_INT(throttle_wait(throttle, ada, here, now), 0);
    }
}

TEST(a_guesser_elsewhere_does_not_keep_the_owner_out)
{
    struct throttle *throttle = throttle_new(t->arena);
    for (int i = 0; i < 100; i++)
        throttle_failed(throttle, ada, there, HOUR);
    CHECK(throttle_wait(throttle, ada, there, HOUR) > 0);
    CHECK_INT(throttle_wait(throttle, ada, here, HOUR), 0);
    CHECK_INT(throttle_wait(throttle, STR("bob"), there, HOUR), 0);
}

TEST(the_right_password_and_time_wipe_the_slate)
{
    struct throttle *throttle = throttle_new(t->arena);
    for (int i = 0; i < 10; i++)
        throttle_failed(throttle, ada, here, HOUR);
    throttle_forget(throttle, ada, here);
    CHECK_INT(throttle_wait(throttle, ada, here, HOUR), 0);
    for (int i = 0; i < 10; i++)
        throttle_failed(throttle, ada, here, HOUR);
    throttle_failed(throttle, ada, here, 3 * HOUR);
    CHECK_INT(throttle_wait(throttle, ada, here, 3 * HOUR), 0);
}

TEST(many_other_failures_use_no_more_room)
{
    struct throttle *throttle = throttle_new(t->arena);
    size_t held = t->arena->held;
    for (int i = 0; i < 20000; i++) {
        char name[16];
        int len = snprintf(name, sizeof name, "user%d", i);
        throttle_failed(throttle, (struct str){ name, (size_t)len }, here, HOUR + i);
    }
    CHECK_INT(t->arena->held, held);
}

TEST(only_so_many_passwords_are_checked_at_once)
{
    struct throttle *throttle = throttle_new(t->arena);
    for (int i = 0; i < CHECKS_AT_ONCE; i++)
        CHECK(throttle_enter(throttle));
    CHECK(!throttle_enter(throttle));
    CHECK(!throttle_enter(throttle));
    throttle_leave(throttle);
    CHECK(throttle_enter(throttle));
}
