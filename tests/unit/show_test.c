/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/page/page.h"

TEST(a_number_is_shown_in_groups_of_three)
{
    CHECK_STR(show_number(t->arena, DUTCH, 0), STR("0"));
    CHECK_STR(show_number(t->arena, DUTCH, 999), STR("999"));
    CHECK_STR(show_number(t->arena, DUTCH, 1000), STR("1.000"));
    CHECK_STR(show_number(t->arena, ENGLISH, -1234567), STR("-1,234,567"));
    CHECK_STR(show_number(t->arena, DUTCH, -123), STR("-123"));
    CHECK_STR(show_number(t->arena, ENGLISH, INT64_MIN), STR("-9,223,372,036,854,775,808"));
}

static struct str shown(struct test *t, struct str text)
{
    instant at;
    CHECK(instant_parse(text, &at));
    return show_time(t->arena, DUTCH, at);
}

TEST(a_time_is_shown_as_the_clock_in_the_netherlands)
{
    CHECK_STR(shown(t, STR("2026-01-15T12:00:00Z")), STR("15 januari 2026, 13:00"));
    CHECK_STR(shown(t, STR("2026-07-01T22:30:00Z")), STR("2 juli 2026, 00:30"));
    CHECK_STR(shown(t, STR("2026-03-29T00:59:59Z")), STR("29 maart 2026, 01:59"));
    CHECK_STR(shown(t, STR("2026-03-29T01:00:00Z")), STR("29 maart 2026, 03:00"));
    CHECK_STR(shown(t, STR("2026-10-25T00:59:59Z")), STR("25 oktober 2026, 02:59"));
    CHECK_STR(shown(t, STR("2026-10-25T01:00:00Z")), STR("25 oktober 2026, 02:00"));
    CHECK_STR(shown(t, STR("2026-12-31T23:30:00Z")), STR("1 januari 2027, 00:30"));
    CHECK_STR(shown(t, STR("1969-12-31T23:59:59.5Z")), STR("1 januari 1970, 00:59"));
    instant at;
    CHECK(day_parse(STR("2026-11-23"), &at));
    CHECK_STR(show_day(t->arena, ENGLISH, at), STR("23 November 2026"));
}
