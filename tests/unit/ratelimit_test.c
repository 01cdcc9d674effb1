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
    struct ratelimit *limit = ratelimit_new(t->arena, 10, 30, NULL);
    CHECK_INT(take_many(limit, STR("a"), NOW, 100), 30);
    CHECK_INT(take_many(limit, STR("a"), NOW + SECOND, 100), 10);
    CHECK_INT(take_many(limit, STR("a"), NOW + 60 * SECOND, 100), 30);
}

TEST(one_client_does_not_use_up_another_ones_tokens)
{
    struct ratelimit *limit = ratelimit_new(t->arena, 1, 5, NULL);
    CHECK_INT(take_many(limit, STR("a"), NOW, 10), 5);
    CHECK_INT(take_many(limit, STR("b"), NOW, 10), 5);
}

TEST(who_must_wait_hears_how_long)
{
    struct ratelimit *limit = ratelimit_new(t->arena, 1, 1, NULL);
    int wait = 0;
    CHECK(ratelimit_take(limit, STR("a"), NOW, &wait));
    CHECK(!ratelimit_take(limit, STR("a"), NOW, &wait));
    CHECK_INT(wait, 1);
    CHECK(ratelimit_take(limit, STR("a"), NOW + SECOND, &wait));
}

TEST(a_clock_that_is_set_back_locks_nobody_out)
{
    struct ratelimit *limit = ratelimit_new(t->arena, 1, 2, NULL);
    int wait = 0;
    CHECK_INT(take_many(limit, STR("a"), NOW, 5), 2);
    CHECK(!ratelimit_take(limit, STR("a"), NOW - DAY, &wait));
    CHECK_INT(wait, 1);
    CHECK(ratelimit_take(limit, STR("a"), NOW - DAY + 2 * SECOND, &wait));
}

TEST(a_rate_of_nought_is_no_limit)
{
    int wait = 0;
    struct ratelimit *limit = ratelimit_new(t->arena, 0, 1, NULL);
    for (int i = 0; i < 1000; i++)
        CHECK(ratelimit_take(limit, STR("a"), NOW, &wait));
}

TEST(a_crowd_costs_no_more_memory)
{
    struct ratelimit *limit = ratelimit_new(t->arena, 100, 100, NULL);
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

/* ---- Several nodes ---- */

static const char KEY[RATELIMIT_KEY] = "the same for all";

static void tell(struct ratelimit *from, struct ratelimit *to, instant now)
{
    static struct taken taken[RATELIMIT_TOLD];
    size_t count = ratelimit_taken(from, taken);
    for (size_t i = 0; i < count; i++)
        ratelimit_add(to, &taken[i], now);
}

TEST(what_one_node_gave_out_is_missing_at_the_other)
{
    struct ratelimit *one = ratelimit_new(t->arena, 10, 30, KEY);
    struct ratelimit *other = ratelimit_new(t->arena, 10, 30, KEY);
    CHECK_INT(take_many(one, STR("a"), NOW, 20), 20);
    tell(one, other, NOW);
    CHECK_INT(take_many(other, STR("a"), NOW, 100), 10);
}

TEST(what_was_told_once_is_not_told_again)
{
    struct ratelimit *one = ratelimit_new(t->arena, 10, 30, KEY);
    struct ratelimit *other = ratelimit_new(t->arena, 10, 30, KEY);
    CHECK_INT(take_many(one, STR("a"), NOW, 20), 20);
    tell(one, other, NOW);
    tell(one, other, NOW);
    CHECK_INT(take_many(other, STR("a"), NOW, 100), 10);
}

static void tell_all(struct ratelimit **limits, int nodes, instant now)
{
    static struct taken told[RATELIMIT_TOLD];
    for (int i = 0; i < nodes; i++) {
        size_t count = ratelimit_taken(limits[i], told);
        for (int j = 0; j < nodes; j++)
            for (size_t k = 0; j != i && k < count; k++)
                ratelimit_add(limits[j], &told[k], now);
    }
}

/* The bound in the header: over a while, one rate for all nodes together, and a burst at each. */
TEST(a_client_that_asks_at_three_nodes_has_one_rate_in_the_end)
{
    enum { NODES = 3, SECONDS = 120, RATE = 50, BURST = 100 };
    struct ratelimit *limits[NODES];
    int taken = 0, wait = 0;
    for (int i = 0; i < NODES; i++)
        limits[i] = ratelimit_new(t->arena, RATE, BURST, KEY);
    for (instant at = 0; at < SECONDS * SECOND; at += SECOND / 100) {
        for (int i = 0; i < NODES; i++)
            taken += ratelimit_take(limits[i], STR("a"), NOW + at, &wait);
        if (at % SECOND == 0)
            tell_all(limits, NODES, NOW + at);
    }
    CHECK(taken >= SECONDS * RATE);
    CHECK(taken <= (SECONDS + NODES) * RATE + NODES * BURST);
}

TEST(a_client_that_asks_little_is_not_told_of_at_once)
{
    static struct taken taken[RATELIMIT_TOLD];
    struct ratelimit *limit = ratelimit_new(t->arena, 160, 160, KEY);
    CHECK_INT(take_many(limit, STR("a"), NOW, 10), 10);
    CHECK_INT(ratelimit_taken(limit, taken), 0);
    CHECK_INT(take_many(limit, STR("a"), NOW + SECOND, 1), 1);
    CHECK_INT(ratelimit_taken(limit, taken), 1);
    CHECK_INT(taken[0].count, 11);
}
