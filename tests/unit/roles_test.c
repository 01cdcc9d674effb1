/* SPDX-License-Identifier: EUPL-1.2 */
/* Deeds of two people at the same moment, of which each alone would be allowed. */
#include "tests/test.h"

#include "base/list.h"
#include "platform/organisations/organisations.h"
#include "platform/organisations/roles.h"
#include "platform/service.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define BOARD "board:10001"

static bool find(struct tx *tx, struct str id, struct organisation *organisation, bool *found,
                 struct error *err)
{
    (void)tx, (void)err;
    *organisation = (struct organisation){ id, id };
    *found = true;
    return true;
}

static bool schools_of(struct tx *tx, struct str id, struct organisation_list *schools,
                       struct error *err)
{
    (void)tx, (void)id, (void)err;
    *schools = (struct organisation_list){ 0 };
    return true;
}

static const struct organisations known = { find, schools_of, NULL };
static const struct service sector = { .name = "sector", .organisations = &known };
static const struct service *const services[] = { &platform_service, &record_service,
                                                  &people_service, &organisations_service, &sector,
                                                  NULL };

struct world {
    struct test *t;
    struct app app;
    struct membership role;
    struct account accounts[2];
    db_work *deed;
    _Atomic int done; /* of the two: so many have done their deed, and not yet committed it */
};

struct person {
    struct world *world;
    size_t number, other;
    struct error err;
    bool well;
};

static bool add_both(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    static const char *const logins[] = { "ada", "bo" };
    for (size_t i = 0; i < count_of(logins); i++)
        if (!account_add(tx, str_of(logins[i]), str_of(logins[i]), STR(""), &world->accounts[i], err)
            || !account_add_role(tx, world->accounts[i].id, world->role.role,
                                 world->role.organisation, err))
            return false;
    return true;
}

static struct world *given_two(struct test *t, enum role role, const char *organisation)
{
    struct world *world = arena_new(t->arena, struct world);
    struct error err = { 0 };
    *world = (struct world){ .t = t, .role = { role, str_of(organisation), false },
                             .app = { .services = services } };
    CHECK_OK(db_open_url(t->db_url, 4, &world->app.db, &err), err);
    CHECK_OK(db_migrate(world->app.db, t->arena, services, &err), err);
    CHECK_OK(db_write(world->app.db, t->arena, add_both, world, &err), err);
    return world;
}

/* Holds the transaction open until the other has done the same, or evidently waits for this one. */
static void wait_for_the_other(struct world *world)
{
    atomic_fetch_add(&world->done, 1);
    for (int i = 0; i < 100 && atomic_load(&world->done) < 2; i++)
        usleep(5000);
}

static bool act(struct tx *tx, struct person *person, bool disables, struct error *err)
{
    struct world *world = person->world;
    const struct session session = { .account = world->accounts[person->number].id,
                                     .memberships = &world->role, .membership_count = 1 };
    const struct actor actor = { &world->app, &session, STR("account:test"), instant_now() };
    struct str other = world->accounts[person->other].id;
    if (!(disables ? account_set_disabled(tx, &actor, other, true, err)
                   : role_take(tx, &actor, other, world->role.role, world->role.organisation, err)))
        return false;
    wait_for_the_other(world);
    return true;
}

static bool take_the_others_role(struct tx *tx, void *with, struct error *err)
{
    return act(tx, with, false, err);
}

static bool disable_the_other(struct tx *tx, void *with, struct error *err)
{
    return act(tx, with, true, err);
}

static void *do_deed(void *with)
{
    struct person *person = with;
    struct arena arena = { 0 };
    person->well = db_write(person->world->app.db, &arena, person->world->deed, person, &person->err);
    arena_free(&arena);
    return NULL;
}

static void check_that_one_stays(struct world *world, db_work *deed)
{
    pthread_t threads[2];
    struct person people[2] = { { world, 0, 1, { 0 }, false }, { world, 1, 0, { 0 }, false } };
    world->deed = deed;
    for (size_t i = 0; i < count_of(threads); i++)
        CHECK(pthread_create(&threads[i], NULL, do_deed, &people[i]) == 0);
    for (size_t i = 0; i < count_of(threads); i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(people[0].well + people[1].well, 1);
    CHECK_INT(people[people[0].well ? 1 : 0].err.kind, CONFLICT);
    db_close(world->app.db);
}

TEST_DB(of_two_administrators_who_remove_each_other_one_stays)
{
    check_that_one_stays(given_two(t, ROLE_BOARD_ADMIN, BOARD), take_the_others_role);
}

TEST_DB(of_two_operators_who_remove_each_other_one_stays)
{
    check_that_one_stays(given_two(t, ROLE_OPERATOR, ""), take_the_others_role);
}

TEST_DB(of_two_operators_who_disable_each_other_one_stays)
{
    check_that_one_stays(given_two(t, ROLE_OPERATOR, ""), disable_the_other);
}
