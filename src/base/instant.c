/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/instant.h"

#include <stdio.h>
#include <time.h>

static instant read_clock(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (instant)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

instant instant_now(void)
{
    return read_clock(CLOCK_REALTIME);
}

instant instant_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* Days since 1970-01-01 of a proleptic Gregorian date (the era arithmetic of 400-year cycles). */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

/* The other way round. gmtime_r would take a lock and may read /etc/localtime under it: the log must
 * be written also from a signal handler, and where no file may be opened. */
static struct tm civil(instant at)
{
    int64_t seconds = at / SECOND - (at % SECOND < 0);
    int64_t days = seconds / 86400 - (seconds % 86400 < 0), of_day = seconds - days * 86400;
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* from March */
    return (struct tm){
        .tm_year = (int)(year_of_era + era * 400 + (month >= 10) - 1900),
        .tm_mon = (int)(month < 10 ? month + 2 : month - 10),
        .tm_mday = (int)(day_of_year - (153 * month + 2) / 5 + 1),
        .tm_hour = (int)(of_day / 3600),
        .tm_min = (int)(of_day / 60 % 60),
        .tm_sec = (int)(of_day % 60),
    };
}

struct str instant_format(instant at, char text[static INSTANT_TEXT])
{
    struct tm t = civil(at);
    int milliseconds = (int)(((at % SECOND) + SECOND) % SECOND / 1000);
    int len = snprintf(text, INSTANT_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900,
                       t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, milliseconds);
    return (struct str){ text, (size_t)len };
}

struct str instant_day(instant at, char text[static DAY_TEXT])
{
    struct tm t = civil(at);
    int len =
        snprintf(text, DAY_TEXT, "%04d-%02d-%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
    return (struct str){ text, (size_t)len };
}

/* Takes exactly `digits` digits from the front of `*s`, within min..max. */
static bool take_number(struct str *s, size_t digits, int64_t min, int64_t max, int64_t *number)
{
    struct str part = str_slice(*s, 0, digits);
    if (part.len != digits || part.at[0] == '-' || !str_to_int(part, min, max, number))
        return false;
    *s = str_slice(*s, digits, s->len);
    return true;
}

static bool take_char(struct str *s, char c)
{
    if (s->len == 0 || s->at[0] != c)
        return false;
    *s = str_slice(*s, 1, s->len);
    return true;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int64_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_day(struct str *s, int64_t *days)
{
    int64_t year, month, day;
    if (!take_number(s, 4, 1900, 9999, &year) || !take_char(s, '-')
        || !take_number(s, 2, 1, 12, &month) || !take_char(s, '-')
        || !take_number(s, 2, 1, days_in_month(year, month), &day))
        return false;
    *days = days_from_civil(year, month, day);
    return true;
}

static bool take_fraction(struct str *s, int64_t *microseconds)
{
    *microseconds = 0;
    if (!take_char(s, '.'))
        return true;
    int64_t unit = 100000;
    if (s->len == 0 || !is_digit(s->at[0]))
        return false;
    for (; s->len && is_digit(s->at[0]); *s = str_slice(*s, 1, s->len), unit /= 10)
        *microseconds += (s->at[0] - '0') * unit;
    return true;
}

static bool take_zone(struct str *s, int64_t *minutes)
{
    int64_t hour, minute;
    *minutes = 0;
    if (take_char(s, 'Z'))
        return true;
    int64_t sign = s->len && s->at[0] == '-' ? -1 : 1;
    if (!take_char(s, '+') && !take_char(s, '-'))
        return false;
    if (!take_number(s, 2, 0, 14, &hour) || !take_char(s, ':')
        || !take_number(s, 2, 0, 59, &minute))
        return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

bool instant_parse(struct str text, instant *at)
{
    int64_t days, hour, minute, second, microseconds, zone;
    if (!take_day(&text, &days) || !take_char(&text, 'T') || !take_number(&text, 2, 0, 23, &hour)
        || !take_char(&text, ':') || !take_number(&text, 2, 0, 59, &minute)
        || !take_char(&text, ':') || !take_number(&text, 2, 0, 59, &second)
        || !take_fraction(&text, &microseconds) || !take_zone(&text, &zone) || text.len)
        return false;
    *at = days * DAY + hour * HOUR + (minute - zone) * MINUTE + second * SECOND + microseconds;
    return true;
}

bool day_parse(struct str text, instant *at)
{
    int64_t days;
    if (!take_day(&text, &days) || text.len)
        return false;
    *at = days * DAY;
    return true;
}
