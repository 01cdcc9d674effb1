/* SPDX-License-Identifier: EUPL-1.2 */
/* Who may give which role: the whole table, and what it must never allow. */
#include "tests/test.h"

#include "base/list.h"
#include "platform/organisations/grants.h"
#include "platform/organisations/organisations.h"
#include "platform/service.h"

#define BOARD        "board:10001"
#define OTHER_BOARD  "board:10002"
#define SCHOOL       "school:90AA" /* of BOARD */
#define OTHER_SCHOOL "school:90BB" /* of OTHER_BOARD */
#define VENDOR       "vendor:1"
#define OTHER_VENDOR "vendor:2"

static bool find(struct tx *tx, struct str id, struct organisation *organisation, bool *found,
                 struct error *err)
{
    (void)tx, (void)err;
    *organisation = (struct organisation){ id, id };
    *found = !str_ends(id, STR("gone"));
    return true;
}

static bool schools_of(struct tx *tx, struct str id, struct organisation_list *schools,
                       struct error *err)
{
    static struct organisation own = { S(SCHOOL), S("A school") };
    static struct organisation others = { S(OTHER_SCHOOL), S("Another school") };
    (void)tx, (void)err;
    *schools = (struct organisation_list){ 0 };
    if (str_eq(id, STR(BOARD)))
        *schools = (struct organisation_list){ { .at = &own, .len = 1 } };
    if (str_eq(id, STR(OTHER_BOARD)))
        *schools = (struct organisation_list){ { .at = &others, .len = 1 } };
    return true;
}

static const struct organisations known = { .find = find, .schools_of = schools_of };
static const struct service sector = { .name = "sector", .organisations = &known };
static const struct service *const services[] = { &sector, NULL };

static const struct {
    enum role role;
    const char *organisation;
} gifts[] = {
    { ROLE_BOARD_MEMBER, BOARD },        { ROLE_BOARD_ADMIN, BOARD },
    { ROLE_BOARD_MEMBER, OTHER_BOARD },  { ROLE_BOARD_ADMIN, OTHER_BOARD },
    { ROLE_SCHOOL_ICT, SCHOOL },         { ROLE_SCHOOL_ICT, OTHER_SCHOOL },
    { ROLE_VENDOR, VENDOR },             { ROLE_VENDOR, OTHER_VENDOR },
    { ROLE_OPERATOR, "" },
};

/* One column a gift, in the order above. */
static const struct {
    enum role role;
    const char *organisation, *may;
} givers[] = {
    { ROLE_BOARD_MEMBER, BOARD, "---------" }, { ROLE_BOARD_ADMIN, BOARD, "yy--y----" },
    { ROLE_SCHOOL_ICT, SCHOOL, "---------" },  { ROLE_VENDOR, VENDOR, "------y--" },
    { ROLE_OPERATOR, "", "yyyyyyyyy" },
};

static bool may_give(const struct membership *membership, enum role role, const char *organisation)
{
    struct app app = { .services = services };
    struct session session = { .memberships = membership, .membership_count = 1 };
    struct error err = { 0 };
    bool allowed;
    CHECK_OK(grants_allow(&app, NULL, &session, role, str_of(organisation), &allowed, &err), err);
    return allowed;
}

TEST(the_whole_table_of_who_may_give_what)
{
    for (size_t i = 0; i < count_of(givers); i++)
        for (size_t j = 0; j < count_of(gifts); j++) {
            struct membership giver = { givers[i].role, str_of(givers[i].organisation), false };
            bool may = may_give(&giver, gifts[j].role, gifts[j].organisation);
            if (may != (givers[i].may[j] == 'y'))
                test_fail(__FILE__, __LINE__, "%s of %s and %s of %s", role_name(givers[i].role),
                          givers[i].organisation, role_name(gifts[j].role), gifts[j].organisation);
        }
}

TEST(a_role_is_never_given_for_an_organisation_of_another_kind)
{
    static const char *const organisations[] = { "", BOARD, SCHOOL, VENDOR, "odd", "odd:1" };
    struct membership operator = { ROLE_OPERATOR, STR(""), false };
    int given = 0;
    for (enum role role = ROLE_ANYONE; role < ROLES; role++)
        for (size_t i = 0; i < count_of(organisations); i++)
            given += may_give(&operator, role, organisations[i]);
    CHECK_INT(given, 5); /* each role for its own kind */
}

TEST(an_organisation_that_is_gone_gets_no_roles)
{
    struct membership operator = { ROLE_OPERATOR, STR(""), false };
    CHECK(!may_give(&operator, ROLE_BOARD_ADMIN, "board:gone"));
}

TEST(who_works_for_another_organisation_now_gives_no_roles_of_this_one)
{
    struct membership aside = { ROLE_BOARD_ADMIN, STR(BOARD), true };
    CHECK(!may_give(&aside, ROLE_BOARD_MEMBER, BOARD));
    CHECK(!may_give(&aside, ROLE_SCHOOL_ICT, SCHOOL));
}
