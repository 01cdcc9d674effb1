/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/people/factor_store.h"
#include "platform/service.h"

static const struct migration migrations[] = {
    { 1, "platform/schema/001-platform.sql" },
    { 0 },
};
static const struct service platform_tables = { .name = "platform", .migrations = migrations };
static const struct service *const services[] = { &platform_tables, &people_service, NULL };
static const struct session_limits limits = { .idle = 30 * MINUTE, .lifetime = 12 * HOUR };

static const instant morning = 1800000000 * SECOND;

struct world {
    struct db *db;
    struct account account;
    struct str cookie;
    struct session_uses uses;
    const struct session *session;
    instant now;
    enum proof proof;
};

typedef bool step(struct tx *tx, void *with, struct error *err);

static void must(struct test *t, struct world *world, step *run)
{
    struct error err = { 0 };
    CHECK_OK(db_write(world->db, t->arena, run, world, &err), err);
}

static bool add_ada(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return account_add(tx, STR("Ada@School"), STR("Ada L."), STR(""), &world->account, err)
           && account_add_role(tx, world->account.id, ROLE_BOARD_ADMIN, STR("board:10001"), err)
           && account_add_role(tx, world->account.id, ROLE_VENDOR, STR("vendor:1"), err);
}

static bool log_in(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    struct new_session made = { world->account.id, world->proof, STR("Firefox Windows") };
    return session_start(tx, &made, world->now, &limits, &world->cookie, err);
}

static bool look(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return session_load(tx, world->cookie, world->now, &world->session, err);
}

static bool touch(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return session_touch(tx, world->cookie, world->now, &limits, err);
}

static bool list(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return session_list(tx, world->account.id, world->cookie, world->now, &world->uses, err);
}

static bool end(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return session_end(tx, world->cookie, err);
}

static bool end_others(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return session_end_others(tx, world->account.id, world->cookie, err);
}

static struct world given_ada(struct test *t)
{
    struct world world = { .now = morning, .proof = PROOF_FACTOR };
    struct error err = { 0 };
    CHECK_OK(db_open_url(t->db_url, 4, &world.db, &err), err);
    CHECK_OK(db_migrate(world.db, t->arena, services, &err), err);
    must(t, &world, add_ada);
    return world;
}

TEST(a_password_is_known_by_its_hash_only)
{
    struct str hash = password_hash(t->arena, STR("correct horse battery"));
    CHECK(str_starts(hash, STR("$argon2id$v=19$m=19456,t=2,p=1$")));
    CHECK(password_check(t->arena, hash, STR("correct horse battery")));
    CHECK(!password_check(t->arena, hash, STR("correct horse batterz")));
    CHECK(!password_check(t->arena, STR(""), STR("")));
    CHECK(!password_check(t->arena, STR("no hash at all"), STR("")));
    CHECK(!str_eq(hash, password_hash(t->arena, STR("correct horse battery"))));
}

TEST(a_role_has_one_name)
{
    for (enum role role = ROLE_BOARD_MEMBER; role < ROLES; role++) {
        enum role parsed = ROLE_ANYONE;
        CHECK(role_parse(str_of(role_name(role)), &parsed));
        CHECK_INT(parsed, role);
    }
    enum role parsed;
    CHECK(!role_parse(STR(""), &parsed));
    CHECK(!role_parse(STR("admin"), &parsed));
}

TEST_DB(a_login_is_found_in_any_case_and_taken_once)
{
    struct world world = given_ada(t);
    struct error err = { 0 };
    CHECK_STR(world.account.login, STR("ada@school"));
    CHECK(!db_write(world.db, t->arena, add_ada, &world, &err));
    CHECK_INT(err.kind, CONFLICT);
    db_close(world.db);
}

static bool add_odd_logins(struct tx *tx, void *with, struct error *err)
{
    static const struct str odd[] = { S(""), S("a b"), S("a\n"), S("\xc3\xa9") };
    struct world *world = with;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (account_add(tx, odd[i], STR("x"), STR(""), &world->account, err))
            return true;
    return false;
}

static bool add_role_without_organisation(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return account_add_role(tx, world->account.id, ROLE_VENDOR, STR("board:10001"), err)
           || account_add_role(tx, world->account.id, ROLE_BOARD_ADMIN, STR("board:"), err)
           || account_add_role(tx, world->account.id, ROLE_OPERATOR, STR("board:1"), err)
           || account_add_role(tx, world->account.id, ROLE_PERSON, STR(""), err);
}

TEST_DB(an_odd_login_or_role_is_refused)
{
    struct world world = given_ada(t);
    struct error err = { 0 };
    CHECK(!db_write(world.db, t->arena, add_odd_logins, &world, &err));
    CHECK_INT(err.kind, INVALID);
    CHECK(!db_write(world.db, t->arena, add_role_without_organisation, &world, &err));
    CHECK_INT(err.kind, INVALID);
    db_close(world.db);
}

TEST_DB(a_session_knows_its_person_and_roles)
{
    struct world world = given_ada(t);
    must(t, &world, log_in);
    CHECK_INT(world.cookie.len, 43);
    must(t, &world, look);
    const struct session *session = world.session;
    CHECK(session);
    CHECK_STR(session->name, STR("Ada L."));
    CHECK(session_has(session, ROLE_BOARD_MEMBER));
    CHECK(session_has(session, ROLE_PERSON));
    CHECK(!session_has(session, ROLE_OPERATOR));
    CHECK(session_acts_for(session, ROLE_BOARD_MEMBER, STR("board:10001")));
    CHECK(!session_acts_for(session, ROLE_BOARD_MEMBER, STR("board:10002")));
    CHECK_STR(session_organisation(session, ROLE_VENDOR), STR("vendor:1"));
    CHECK(!session_has(NULL, ROLE_PERSON) && session_has(NULL, ROLE_ANYONE));
    db_close(world.db);
}

TEST_DB(a_wrong_cookie_is_nobody)
{
    struct world world = given_ada(t);
    must(t, &world, log_in);
    char *other = str_c(t->arena, world.cookie);
    other[7] = other[7] == 'A' ? 'B' : 'A';
    world.cookie = str_of(other);
    must(t, &world, look);
    CHECK(!world.session);
    world.cookie = STR("");
    must(t, &world, look);
    CHECK(!world.session);
    db_close(world.db);
}

TEST_DB(an_idle_session_ends_and_a_used_one_goes_on)
{
    struct world world = given_ada(t);
    must(t, &world, log_in);
    world.now = morning + 29 * MINUTE;
    must(t, &world, look);
    CHECK(world.session && world.session->touch);
    must(t, &world, touch);
    must(t, &world, look);
    CHECK(world.session && !world.session->touch);
    world.now = morning + 58 * MINUTE;
    must(t, &world, look);
    CHECK(world.session);
    world.now = morning + 59 * MINUTE;
    must(t, &world, look);
    CHECK(!world.session);
    db_close(world.db);
}

TEST_DB(a_session_ends_after_its_lifetime_however_much_it_is_used)
{
    struct world world = given_ada(t);
    must(t, &world, log_in);
    for (world.now = morning; world.now < morning + 12 * HOUR; world.now += 20 * MINUTE) {
        must(t, &world, look);
        CHECK(world.session);
        must(t, &world, touch);
    }
    must(t, &world, look);
    CHECK(!world.session);
    db_close(world.db);
}

TEST_DB(logging_out_ends_one_session_and_elsewhere_the_others)
{
    struct world world = given_ada(t);
    must(t, &world, log_in);
    must(t, &world, log_in);
    must(t, &world, log_in);
    must(t, &world, list);
    CHECK_INT(world.uses.len, 3);
    must(t, &world, end_others);
    must(t, &world, list);
    CHECK_INT(world.uses.len, 1);
    CHECK(world.uses.at[0].here);
    must(t, &world, end);
    must(t, &world, look);
    CHECK(!world.session);
    db_close(world.db);
}

/* ---- What a password alone gives ---- */

TEST_DB(a_password_alone_gives_no_role_to_who_needs_a_second_factor)
{
    struct world world = given_ada(t);
    world.proof = PROOF_PASSWORD;
    must(t, &world, log_in);
    must(t, &world, look);
    CHECK(world.session && world.session->factor_missing);
    CHECK(!session_has(world.session, ROLE_BOARD_ADMIN));
    CHECK(!session_has(world.session, ROLE_VENDOR)); /* which would need none */
    CHECK(session_has(world.session, ROLE_PERSON));
    db_close(world.db);
}

static bool prove(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return session_prove(tx, world->cookie, PROOF_FACTOR, world->now, err);
}

TEST_DB(proof_of_a_second_factor_gives_the_roles)
{
    struct world world = given_ada(t);
    world.proof = PROOF_PASSWORD;
    must(t, &world, log_in);
    world.now += MINUTE;
    must(t, &world, prove);
    must(t, &world, look);
    CHECK(!world.session->factor_missing);
    CHECK(session_has(world.session, ROLE_BOARD_ADMIN));
    CHECK_INT(world.session->proven, world.now);
    db_close(world.db);
}

static bool add_totp(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return totp_put(tx, world->account.id, STR("sealed"), 1, world->now, err);
}

TEST_DB(a_session_of_a_password_ends_when_the_account_has_a_factor)
{
    struct world world = given_ada(t);
    world.proof = PROOF_PASSWORD;
    must(t, &world, log_in);
    must(t, &world, add_totp);
    must(t, &world, look);
    CHECK(!world.session);
    db_close(world.db);
}

static bool add_bob(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return account_add(tx, STR("bob"), STR("Bob"), STR(""), &world->account, err)
           && account_add_role(tx, world->account.id, ROLE_VENDOR, STR("vendor:1"), err);
}

TEST_DB(other_roles_do_with_a_password)
{
    struct world world = given_ada(t);
    world.proof = PROOF_PASSWORD;
    must(t, &world, add_bob);
    must(t, &world, log_in);
    must(t, &world, look);
    CHECK(!world.session->factor_missing);
    CHECK(session_has(world.session, ROLE_VENDOR));
    db_close(world.db);
}

/* ---- Ending one ---- */

static bool end_one(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    struct str id = world->uses.at[world->uses.at[0].here ? 1 : 0].id;
    return session_end_one(tx, world->account.id, id, err);
}

TEST_DB(one_session_is_ended_by_its_name)
{
    struct world world = given_ada(t);
    must(t, &world, log_in);
    must(t, &world, log_in);
    must(t, &world, list);
    CHECK_STR(world.uses.at[0].browser, STR("Firefox Windows"));
    must(t, &world, end_one);
    must(t, &world, list);
    CHECK_INT(world.uses.len, 1);
    CHECK(world.uses.at[0].here);
    db_close(world.db);
}

TEST_DB(a_session_of_another_person_cannot_be_ended)
{
    struct world world = given_ada(t);
    struct error err = { 0 };
    must(t, &world, log_in);
    must(t, &world, log_in);
    must(t, &world, list);
    must(t, &world, add_bob);
    CHECK(!db_write(world.db, t->arena, end_one, &world, &err));
    CHECK_INT(err.kind, NOT_FOUND);
    db_close(world.db);
}
