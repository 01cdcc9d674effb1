/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/http/ratelimit.h"

#define NOW ((instant)1700000000 * SECOND)

static int take_many(struct ratelimit *limit, struct str client, instant now, int count)
{
    int taken = 0, wait = 0;
    for (int i = 0; i < count; i++)
        taken += ratelimit_take(limit, client, now, &wait);
    return taken;
}

TEST(a_client_has_its_burst_and_then_its_rate)
{
    struct ratelimit *limit = ratelimit_new(t->arena, 10, 30);
    CHECK_INT(take_many(limit, STR("a"), NOW, 100), 30);
    CHECK_INT(take_many(limit, STR("a"), NOW + SECOND, 100), 10);
    CHECK_INT(take_many(limit, STR("a"), NOW + 60 * SECOND, 100), 30);
}

TEST(one_client_does_not_use_up_another_ones_tokens)
{
    struct ratelimit *limit = ratelimit_new(t->arena, 1, 5);
    CHECK_INT(take_many(limit, STR("a"), NOW, 10), 5);
    CHECK_INT(take_many(limit, STR("b"), NOW, 10), 5);
}

TEST(who_must_wait_hears_how_long)
{
    struct ratelimit *limit = ratelimit_new(t->arena, 1, 1);
    int wait = 0;
    CHECK(ratelimit_take(limit, STR("a"), NOW, &wait));
    CHECK(!ratelimit_take(limit, STR("a"), NOW, &wait));
    CHECK_INT(wait, 1);
    CHECK(ratelimit_take(limit, STR("a"), NOW + SECOND, &wait));
}

TEST(a_clock_that_is_set_back_locks_nobody_out)
{
    struct ratelimit *limit = ratelimit_new(t->arena, 1, 2);
    int wait = 0;
    CHECK_INT(take_many(limit, STR("a"), NOW, 5), 2);
    CHECK(!ratelimit_take(limit, STR("a"), NOW - DAY, &wait));
    CHECK_INT(wait, 1);
    CHECK(ratelimit_take(limit, STR("a"), NOW - DAY + 2 * SECOND, &wait));
}

TEST(a_rate_of_nought_is_no_limit)
{
    int wait = 0;
    struct ratelimit *limit = ratelimit_new(t->arena, 0, 1);
    for (int i = 0; i < 1000; i++)
        CHECK(ratelimit_take(limit, STR("a"), NOW, &wait));
}

TEST(a_crowd_costs_no_more_memory)
{
    struct ratelimit *limit = ratelimit_new(t->arena, 100, 100);
    size_t held = t->arena->held;
    int wait = 0, refused = 0;
    for (int i = 0; i < 200000; i++) {
        char name[16];
        memcpy(name, &i, sizeof i);
        refused += !ratelimit_take(limit, (struct str){ name, sizeof i }, NOW + i, &wait);
    }
    CHECK_INT(refused, 0);
    CHECK_INT(t->arena->held, held);
}
