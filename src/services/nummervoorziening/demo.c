/* SPDX-License-Identifier: EUPL-1.2 */
/* Demo boards that signed up, vendors that may ask, and the counts of some weeks. No pseudonym is
 * made: what is asked in a demo is asked by whoever tries it. */
#include "services/nummervoorziening/demo.h"

#include "sector/demo.h"
#include "services/nummervoorziening/signup.h"
#include "services/nummervoorziening/store_use.h"

#define VENDORS       5    /* that are admitted */
#define DAYS          90   /* of counts */
#define SCHOOLS_ONCE  200  /* in one transaction */
#define COUNTED       60   /* schools that get counts: enough to look at */
#define GROWTH_MONTHS 14

struct seeding {
    int64_t from, to; /* schools */
    instant now;
};

/* A number from 0 to `most`-1 that is the same for the same place and day. */
static int64_t dice(int64_t school, int64_t vendor, int64_t day, int64_t most)
{
    uint64_t x = (uint64_t)(school * 7919 + vendor * 104729 + day * 1299709) + 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (int64_t)((x ^ (x >> 31)) % (uint64_t)most);
}

static bool admit_vendors(struct tx *tx, void *with, struct error *err)
{
    const struct seeding *seeding = with;
    for (int64_t i = 0; i < VENDORS; i++) {
        struct oin oin = demo_vendor(i);
        struct access access;
        struct vendor vendor = { 0 };
        bool found;
        if (!nv_find_access(tx, &oin, NULL, seeding->now, &access, err)
            || !sector_find_vendor(tx, &oin, &vendor, &found, err))
            return false;
        if (found && !access.caller
            && !admit_caller(tx, STR("command:demo"), &oin, vendor.name, seeding->now, err))
            return false;
    }
    return true;
}

/* Two of three schools are signed up; the first vendor may ask for each of them. */
static bool sign_up_school(struct tx *tx, const struct seeding *seeding, int64_t number,
                           struct error *err)
{
    struct brin brin = demo_brin(number);
    struct school school;
    struct oin vendors[VENDORS];
    struct changes changes;
    bool found;
    size_t count = 0;
    if (number % 3 == 2)
        return true;
    for (int64_t i = 0; i < VENDORS; i++)
        if (i == 0 || dice(number, i, 0, 3) == 0)
            vendors[count++] = demo_vendor(i);
    if (!sector_find_school(tx, &brin, &school, &found, err))
        return false;
    struct decider decider = { STR("command:demo"), school.board };
    return !found
           || (plan_changes(tx, &decider, &brin, 1, vendors, count, WISH_ALLOW, seeding->now,
                            &changes, err)
               && make_changes(tx, &decider, &changes, seeding->now, err));
}

static bool sign_up_schools(struct tx *tx, void *with, struct error *err)
{
    const struct seeding *seeding = with;
    for (int64_t number = seeding->from; number < seeding->to; number++)
        if (!sign_up_school(tx, seeding, number, err))
            return false;
    return true;
}

static bool count_day(struct tx *tx, const struct seeding *seeding, int64_t school,
                      int64_t ago, struct error *err)
{
    char text[DAY_TEXT];
    instant at = seeding->now - ago * DAY;
    bool weekend = (at / DAY + 3) % 7 >= 5; /* 1970-01-01 was a Thursday */
    for (int64_t i = 0; i < VENDORS && !weekend; i++) {
        int64_t asked = dice(school, i, at / DAY, 140) - 40;
        if (asked <= 0 || (i > 0 && dice(school, i, 0, 3) != 0))
            continue;
        struct use_row row = {
            .school = demo_brin(school),
            .vendor = demo_vendor(i),
            .day = instant_day(at, text),
            .operation = STR("retrieveEckId"),
            .calls = asked,
            .pseudonyms = asked,
        };
        if (!nv_add_use(tx, &row, err))
            return false;
    }
    return true;
}

static bool count_weeks(struct tx *tx, void *with, struct error *err)
{
    const struct seeding *seeding = with;
    for (int64_t school = seeding->from; school < seeding->to; school++)
        for (int64_t ago = 1; school % 3 != 2 && ago <= DAYS; ago++)
            if (!count_day(tx, seeding, school, ago, err))
                return false;
    return true;
}

/* Growth since January, from hashes that belong to nobody: so many new ones in each month. */
static bool grow_month(struct tx *tx, const struct seeding *seeding, const struct concept *sector,
                       int64_t place, struct str month, int64_t ago, struct error *err)
{
    struct sketch sketch = { 0 };
    int64_t year, count = seeding->to * (place == 0 ? 31 : 17) + dice(place, 3, ago, 90);
    for (int64_t i = 0; i < count; i++) {
        uint64_t high = (uint64_t)dice(place, i, ago, INT32_MAX);
        uint64_t low = (uint64_t)dice(i, place, ago + 1000, INT32_MAX);
        sketch_add(&sketch, high << 33 ^ low << 2);
    }
    return str_to_int(str_slice(month, 0, 4), 0, 9999, &year)
           && nv_merge_sketch(tx, sector->id, year, month, &sketch, err);
}

static bool grow(struct tx *tx, void *with, struct error *err)
{
    const struct seeding *seeding = with;
    struct concepts sectors;
    char text[DAY_TEXT];
    if (!nv_concepts(tx, SECTOR, &sectors, err))
        return false;
    for (int64_t ago = GROWTH_MONTHS; ago >= 0; ago--) {
        struct str month = str_slice(instant_day(seeding->now - ago * 30 * DAY, text), 0, 7);
        for (size_t i = 0; i < sectors.len; i++) {
            bool is_po = str_eq(sectors.at[i].name, STR("po"));
            if (!is_po && !str_eq(sectors.at[i].name, STR("vo")))
                continue;
            if (!grow_month(tx, seeding, &sectors.at[i], is_po ? 0 : 1, month, ago, err))
                return false;
        }
    }
    return true;
}

static bool look_for_signups(struct tx *tx, void *with, struct error *err)
{
    return nv_is_empty(tx, with, err);
}

bool seed_demo(struct app *app, struct arena *arena, int64_t schools, struct error *err)
{
    struct seeding seeding = { .now = instant_now() };
    bool fresh; /* counts are added once: a second run changes nothing */
    if (!db_read(app->db, arena, look_for_signups, &fresh, err)
        || !db_write(app->db, arena, admit_vendors, &seeding, err))
        return false;
    for (; seeding.from < schools; seeding.from = seeding.to) {
        seeding.to = seeding.from + SCHOOLS_ONCE < schools ? seeding.from + SCHOOLS_ONCE : schools;
        if (!db_write(app->db, arena, sign_up_schools, &seeding, err))
            return false;
    }
    seeding.from = 0;
    seeding.to = schools < COUNTED ? schools : COUNTED;
    return !fresh
           || (db_write(app->db, arena, count_weeks, &seeding, err)
               && db_write(app->db, arena, grow, &seeding, err));
}
