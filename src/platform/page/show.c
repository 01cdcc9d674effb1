/* SPDX-License-Identifier: EUPL-1.2 */
/* Numbers and times as people read them. */
#include "platform/page/page.h"

#include <stdio.h>
#include <time.h>

struct str show_number(struct arena *arena, enum language language, int64_t number)
{
    struct buf plain = { .arena = arena }, out = { .arena = arena };
    buf_int(&plain, number);
    size_t sign = number < 0;
    for (size_t i = 0; i < plain.len; i++) {
        if (i > sign && (plain.len - i) % 3 == 0)
            buf_byte(&out, language == ENGLISH ? ',' : '.');
        buf_byte(&out, plain.at[i]);
    }
    return buf_str(&out);
}

static struct tm utc(instant at)
{
    time_t seconds = (time_t)(at / SECOND - (at % SECOND < 0));
    struct tm parts;
    if (!gmtime_r(&seconds, &parts))
        parts = (struct tm){ .tm_mday = 1 };
    return parts;
}

/* Of a month with 31 days. */
static int last_sunday(const struct tm *parts)
{
    int weekday_of_31st = (parts->tm_wday + 31 - parts->tm_mday) % 7;
    return 31 - weekday_of_31st;
}

/* Summer time runs from the last Sunday of March, 01:00 UTC, to that of October (Directive
 * 2000/84/EC). Done here, for the server's own time zone is another matter. */
static bool is_summer(const struct tm *parts)
{
    bool march = parts->tm_mon == 2, october = parts->tm_mon == 9;
    if (!march && !october)
        return parts->tm_mon > 2 && parts->tm_mon < 9;
    int sunday = last_sunday(parts);
    bool past = parts->tm_mday > sunday || (parts->tm_mday == sunday && parts->tm_hour >= 1);
    return march ? past : !past;
}

static struct tm dutch_time(instant at)
{
    struct tm parts = utc(at);
    return utc(at + (is_summer(&parts) ? 2 : 1) * HOUR);
}

static struct str day_text(struct arena *arena, enum language language, const struct tm *parts)
{
    static const char *const months[] = {
        N_("January"), N_("February"), N_("March"),     N_("April"),   N_("May"),
        N_("June"),    N_("July"),     N_("August"),    N_("September"), N_("October"),
        N_("November"), N_("December"),
    };
    return str_format(arena, "%d %s %d", parts->tm_mday,
                      translate(language, months[parts->tm_mon]), parts->tm_year + 1900);
}

struct str show_day(struct arena *arena, enum language language, instant at)
{
    struct tm parts = dutch_time(at);
    return day_text(arena, language, &parts);
}

struct str show_time(struct arena *arena, enum language language, instant at)
{
    struct tm parts = dutch_time(at);
    struct str day = day_text(arena, language, &parts);
    return str_format(arena, "%.*s, %02d:%02d", FMT(day), parts.tm_hour, parts.tm_min);
}
