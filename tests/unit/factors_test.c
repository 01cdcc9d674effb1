/* SPDX-License-Identifier: EUPL-1.2 */
/* The rows of second factors, and who may take them away. */
#include "tests/test.h"

#include "platform/people/factor_store.h"
#include "platform/people/webauthn.h"
#include "platform/service.h"

static const struct service *const services[] = { &platform_service, &people_service,
                                                  &organisations_service, NULL };
static const struct session_limits limits = { .idle = HOUR, .lifetime = DAY };
static const instant now = 1800000000 * SECOND;

struct world {
    struct db *db;
    struct account ada, bob;
    struct session session;
    struct membership membership;
    struct recovery_set set;
    struct factors factors;
    struct str cookie, hash;
    struct passkey passkey;
    int64_t counter;
    bool fresh;
    const char *organisation;
};

static void must(struct test *t, struct world *world, db_work *work)
{
    struct error err = { 0 };
    CHECK_OK(db_write(world->db, t->arena, work, world, &err), err);
}

static bool add_people(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return account_add(tx, STR("ada"), STR("Ada"), STR(""), &world->ada, err)
           && account_add_role(tx, world->ada.id, ROLE_BOARD_ADMIN, STR("board:10001"), err)
           && account_add(tx, STR("bob"), STR("Bob"), STR(""), &world->bob, err)
           && account_add_role(tx, world->bob.id, ROLE_BOARD_MEMBER, STR("board:10001"), err);
}

static bool give_factors(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    struct new_session made = { world->bob.id, PROOF_FACTOR, STR("") };
    world->passkey = (struct passkey){
        .id = STR("p1"), .account = world->bob.id, .credential = STR("credential"),
        .public_key = STR("key"), .rp = STR("localhost"), .name = STR("Laptop"), .counter = 5,
        .created = now,
    };
    return totp_put(tx, world->bob.id, STR("sealed"), 100, now, err)
           && passkey_add(tx, &world->passkey, err)
           && recovery_put(tx, world->bob.id, &world->set, err)
           && session_start(tx, &made, now, &limits, &world->cookie, err);
}

static bool load(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return factors_load(tx, world->bob.id, &world->factors, err);
}

static struct world given_people(struct test *t)
{
    struct world world = { .organisation = "board:10001" };
    struct error err = { 0 };
    CHECK_OK(db_open_url(t->db_url, 4, &world.db, &err), err);
    CHECK_OK(db_migrate(world.db, t->arena, services, &err), err);
    must(t, &world, add_people);
    recovery_make(t->arena, world.bob.id, &world.set);
    must(t, &world, give_factors);
    world.membership = (struct membership){ .role = ROLE_BOARD_ADMIN,
                                            .organisation = STR("board:10001") };
    world.session = (struct session){ .account = world.ada.id, .membership_count = 1 };
    return world;
}

static bool spend_step(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return totp_spend(tx, world->bob.id, world->counter, &world->fresh, err);
}

TEST_DB(a_code_of_the_same_or_an_earlier_step_is_not_taken_again)
{
    static const struct {
        int64_t step;
        bool fresh;
    } tries[] = { { 100, false }, { 101, true }, { 101, false }, { 99, false }, { 102, true } };
    struct world world = given_people(t);
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        world.counter = tries[i].step;
        must(t, &world, spend_step);
        CHECK_INT(world.fresh, tries[i].fresh);
    }
    db_close(world.db);
}

static bool count_on(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return passkey_count(tx, STR("p1"), world->counter, now, &world->fresh, err);
}

TEST_DB(a_counter_that_stays_or_goes_back_is_a_copy)
{
    static const struct {
        int64_t counter;
        bool fresh;
    } tries[] = { { 5, false }, { 4, false }, { 0, false }, { 6, true }, { 6, false } };
    struct world world = given_people(t);
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        world.counter = tries[i].counter;
        must(t, &world, count_on);
        CHECK_INT(world.fresh, tries[i].fresh);
        CHECK(!tries[i].fresh || counter_may_follow(5, tries[i].counter));
    }
    db_close(world.db);
}

static bool add_again(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    struct passkey other = world->passkey;
    other.id = STR("p2");
    other.account = world->ada.id;
    return passkey_add(tx, &other, err);
}

TEST_DB(a_passkey_belongs_to_one_account)
{
    struct world world = given_people(t);
    struct error err = { 0 };
    CHECK(!db_write(world.db, t->arena, add_again, &world, &err));
    CHECK_INT(err.kind, CONFLICT);
    db_close(world.db);
}

static bool spend_code(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return recovery_spend(tx, world->bob.id, world->hash, now, &world->fresh, err);
}

static bool renew(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    struct recovery_set set;
    recovery_make(tx_arena(tx), world->bob.id, &set);
    return recovery_put(tx, world->bob.id, &set, err);
}

static bool see_used(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return recovery_used(tx, world->bob.id, &world->counter, err);
}

TEST_DB(a_recovery_code_works_once_and_in_any_writing)
{
    struct world world = given_people(t);
    struct str code = world.set.codes[4], spaced = str_slice(code, 0, 9);
    CHECK_INT(code.len, 19);
    CHECK(!recovery_hash(t->arena, world.bob.id, spaced, &world.hash));
    CHECK(recovery_hash(t->arena, world.bob.id,
                        str_format(t->arena, " %.*s %.*s ", FMT(spaced),
                                   FMT(str_slice(code, 9, code.len))), &world.hash));
    CHECK_STR(world.hash, world.set.hashes[4]);
    must(t, &world, spend_code);
    CHECK(world.fresh);
    must(t, &world, spend_code);
    CHECK(!world.fresh);
    must(t, &world, load);
    CHECK_INT(world.factors.recovery_left, RECOVERY_CODES - 1);
    db_close(world.db);
}

TEST_DB(a_fresh_set_replaces_the_old_and_hides_no_use)
{
    struct world world = given_people(t);
    world.hash = world.set.hashes[0];
    must(t, &world, spend_code);
    must(t, &world, renew);
    must(t, &world, load);
    CHECK_INT(world.factors.recovery_left, RECOVERY_CODES);
    must(t, &world, see_used);
    CHECK_INT(world.counter, now);
    world.hash = world.set.hashes[1];
    must(t, &world, spend_code);
    CHECK(!world.fresh);
    db_close(world.db);
}

static bool spend_challenge(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return challenge_spend(tx, STR("challenge"), now + MINUTE, now, &world->fresh, err);
}

TEST_DB(a_challenge_is_answered_once)
{
    struct world world = given_people(t);
    must(t, &world, spend_challenge);
    CHECK(world.fresh);
    must(t, &world, spend_challenge);
    CHECK(!world.fresh);
    db_close(world.db);
}

/* ---- Taking them away ---- */

static bool reset(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    world->session.memberships = &world->membership;
    return factors_reset_colleague(tx, now, &world->session, str_of(world->organisation),
                                   world->bob.id, err);
}

static bool see_session(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    const struct session *session;
    bool read = session_load(tx, world->cookie, now, &session, err);
    world->fresh = session != NULL;
    return read;
}

TEST_DB(an_administrator_resets_a_colleague)
{
    struct world world = given_people(t);
    must(t, &world, reset);
    must(t, &world, load);
    CHECK(!factors_any(&world.factors) && !world.factors.recovery_left);
    must(t, &world, see_session);
    CHECK(!world.fresh);
    db_close(world.db);
}

static enum error_kind refusal(struct test *t, struct world *world)
{
    struct error err = { 0 };
    bool done = db_write(world->db, t->arena, reset, world, &err);
    return done ? NO_ERROR : err.kind;
}

static bool give_bob_more(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return account_add_role(tx, world->bob.id, ROLE_OPERATOR, STR(""), err);
}

TEST_DB(others_are_not_reset)
{
    struct world world = given_people(t);
    world.organisation = "board:10002"; /* for which Ada does not decide */
    CHECK_INT(refusal(t, &world), FORBIDDEN);
    world.organisation = "board:10001";
    world.membership.role = ROLE_BOARD_MEMBER;
    CHECK_INT(refusal(t, &world), FORBIDDEN);
    world.membership.role = ROLE_BOARD_ADMIN;
    must(t, &world, give_bob_more); /* now the operator is asked */
    CHECK_INT(refusal(t, &world), FORBIDDEN);
    world.bob.id = STR("nobody");
    CHECK_INT(refusal(t, &world), NOT_FOUND);
    world.bob.id = world.ada.id; /* oneself */
    CHECK_INT(refusal(t, &world), FORBIDDEN);
    db_close(world.db);
}
