/* SPDX-License-Identifier: EUPL-1.2 */
/* For whom a person works now, and an operator who acts for a board. */
#include "tests/test.h"

#include "base/file.h"
#include "base/list.h"
#include "base/random.h"
#include "platform/organisations/acting.h"
#include "platform/organisations/invitations.h"
#include "platform/organisations/organisations.h"
#include "platform/organisations/working.h"
#include "platform/record/audit.h"
#include "platform/service.h"
#include "services/services.h"

static const struct session_limits limits = { .idle = 30 * MINUTE, .lifetime = 12 * HOUR };

struct world {
    struct test *t;
    struct app app;
    struct account account;
    struct str cookie;
    const struct session *session;
    struct acting_start start;
    struct str organisation;
    struct acted_list acted;
    struct str detail, on_behalf;
    instant now;
};

static void must(struct world *world, db_work *work)
{
    struct error err = { 0 };
    CHECK_OK(db_write(world->app.db, world->t->arena, work, world, &err), err);
}

static bool add_account(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return account_add(tx, STR("ada"), STR("Ada L."), STR(""), &world->account, err)
           && session_start(tx, &(struct new_session){ world->account.id, PROOF_FACTOR, STR("") },
                          world->now, &limits, &world->cookie, err);
}

static bool load(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return session_load(tx, world->cookie, world->now, &world->session, err);
}

static struct world given_ada(struct test *t)
{
    struct world world = { .t = t, .now = instant_now() };
    struct error err = { 0 };
    struct str text = str_format(t->arena, "database = %.*s\nlog.level = error\n", FMT(t->db_url));
    CHECK_OK(file_write(str_format(t->arena, "%s/fundament.conf", t->folder).at, text, 0600, &err),
             err);
    CHECK_OK(app_open(t->arena, t->folder, all_services, true, &world.app, &err), err);
    must(&world, add_account);
    return world;
}

struct gift {
    struct str account, organisation;
    enum role role;
};

static bool write_gift(struct tx *tx, void *with, struct error *err)
{
    const struct gift *gift = with;
    return account_add_role(tx, gift->account, gift->role, gift->organisation, err);
}

static void give(struct world *world, enum role role, const char *organisation)
{
    struct gift gift = { world->account.id, str_of(organisation), role };
    struct error err = { 0 };
    CHECK_OK(db_write(world->app.db, world->t->arena, write_gift, &gift, &err), err);
}

static bool choose(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return working_choose(tx, session_hash(tx_arena(tx), world->cookie), world->organisation, err);
}

static void choose_for(struct world *world, const char *organisation)
{
    world->organisation = str_of(organisation);
    must(world, choose);
    must(world, load);
}

/* ---- Working for one of several ---- */

TEST_DB(who_works_for_two_boards_works_for_one_at_a_time)
{
    struct world world = given_ada(t);
    give(&world, ROLE_BOARD_ADMIN, "board:10001");
    give(&world, ROLE_BOARD_MEMBER, "board:10002");
    must(&world, load);
    CHECK(session_acts_for(world.session, ROLE_BOARD_ADMIN, STR("board:10001")));
    CHECK(!session_acts_for(world.session, ROLE_BOARD_MEMBER, STR("board:10002")));
    choose_for(&world, "board:10002");
    CHECK(session_acts_for(world.session, ROLE_BOARD_MEMBER, STR("board:10002")));
    CHECK(!session_has(world.session, ROLE_BOARD_ADMIN));
    CHECK_STR(session_organisation(world.session, ROLE_BOARD_MEMBER), STR("board:10002"));
    app_close(&world.app);
}

TEST_DB(a_choice_of_a_board_leaves_the_vendor_and_the_schools)
{
    struct world world = given_ada(t);
    give(&world, ROLE_BOARD_ADMIN, "board:10001");
    give(&world, ROLE_BOARD_ADMIN, "board:10002");
    give(&world, ROLE_SCHOOL_ICT, "school:90AA");
    give(&world, ROLE_SCHOOL_ICT, "school:90AB");
    give(&world, ROLE_VENDOR, "vendor:00000003000000000001");
    choose_for(&world, "board:10002");
    CHECK_STR(session_organisation(world.session, ROLE_VENDOR),
              STR("vendor:00000003000000000001"));
    CHECK(session_acts_for(world.session, ROLE_SCHOOL_ICT, STR("school:90AA")));
    CHECK(session_acts_for(world.session, ROLE_SCHOOL_ICT, STR("school:90AB")));
    app_close(&world.app);
}

static bool log_in_again(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return session_start(tx, &(struct new_session){ world->account.id, PROOF_FACTOR, STR("") },
                          world->now, &limits, &world->cookie, err);
}

TEST_DB(a_choice_counts_in_its_own_session_only)
{
    struct world world = given_ada(t);
    give(&world, ROLE_BOARD_ADMIN, "board:10001");
    give(&world, ROLE_BOARD_ADMIN, "board:10002");
    choose_for(&world, "board:10002");
    must(&world, log_in_again);
    must(&world, load);
    CHECK_STR(session_organisation(world.session, ROLE_BOARD_ADMIN), STR("board:10001"));
    app_close(&world.app);
}

TEST_DB(a_choice_of_a_board_whose_role_was_taken_away_gives_nothing)
{
    struct world world = given_ada(t);
    give(&world, ROLE_BOARD_ADMIN, "board:10001");
    give(&world, ROLE_BOARD_MEMBER, "board:10002");
    choose_for(&world, "board:10003");
    CHECK(!session_acts_for(world.session, ROLE_BOARD_MEMBER, STR("board:10003")));
    CHECK(session_acts_for(world.session, ROLE_BOARD_ADMIN, STR("board:10001")));
    app_close(&world.app);
}

/* ---- Acting ---- */

static bool begin(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    world->start.token_hash = session_hash(tx_arena(tx), world->cookie);
    world->start.account = world->account.id;
    world->start.now = world->now;
    world->start.id = random_token(tx_arena(tx), 12);
    return acting_begin(tx, &world->start, err);
}

static bool end(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return acting_end(tx, world->account.id, world->session->acting, world->now, err);
}

static bool list(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return acting_list(tx, STR("board:10001"), 10, &world->acted, err);
}

static struct world given_acting(struct test *t)
{
    struct world world = given_ada(t);
    give(&world, ROLE_OPERATOR, "");
    world.start.organisation = STR("board:10001");
    world.start.reason = STR("Asked by telephone to sign up a school");
    must(&world, begin);
    must(&world, load);
    return world;
}

TEST_DB(an_operator_who_acts_decides_for_that_board_and_is_no_operator)
{
    struct world world = given_acting(t);
    CHECK(session_acts_for(world.session, ROLE_BOARD_ADMIN, STR("board:10001")));
    CHECK(!session_acts_for(world.session, ROLE_BOARD_MEMBER, STR("board:10002")));
    CHECK(!session_has(world.session, ROLE_OPERATOR));
    CHECK_STR(world.session->acting->reason, STR("Asked by telephone to sign up a school"));
    app_close(&world.app);
}

static const struct session_limits long_limits = { .idle = 12 * HOUR, .lifetime = 12 * HOUR };

static bool stay_long(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    return session_touch(tx, world->cookie, world->now, &long_limits, err);
}

TEST_DB(acting_ends_after_an_hour)
{
    struct world world = given_acting(t);
    instant ends = world.session->acting->ends;
    CHECK_INT(ends - world.session->acting->started, HOUR);
    world.now += MINUTE;
    must(&world, stay_long);
    world.now = ends - SECOND;
    must(&world, load);
    CHECK(world.session->acting != NULL);
    world.now = ends;
    must(&world, load);
    CHECK(world.session && world.session->acting == NULL);
    CHECK(!session_has(world.session, ROLE_BOARD_MEMBER));
    app_close(&world.app);
}

TEST_DB(acting_that_was_ended_gives_nothing_any_more)
{
    struct world world = given_acting(t);
    must(&world, end);
    must(&world, load);
    CHECK(world.session->acting == NULL);
    CHECK(!session_has(world.session, ROLE_BOARD_MEMBER));
    CHECK(session_has(world.session, ROLE_OPERATOR));
    app_close(&world.app);
}

static bool take_operator(struct tx *tx, void *with, struct error *err)
{
    static const struct statement take = SQL("DELETE FROM membership WHERE account = $1");
    const struct world *world = with;
    return db_do(tx, &take, ARGS(arg_text(world->account.id)), NULL, err);
}

TEST_DB(who_is_no_operator_any_more_acts_no_more)
{
    struct world world = given_acting(t);
    must(&world, take_operator);
    must(&world, load);
    CHECK(world.session->acting == NULL);
    CHECK(!session_has(world.session, ROLE_BOARD_MEMBER));
    app_close(&world.app);
}

static bool do_something(struct tx *tx, void *with, struct error *err)
{
    struct world *world = with;
    const struct audit_entry entry = { .who = STR("account:x"), .on_behalf = STR("board:other"),
                                       .what = "test.done", .detail = STR("{\"n\":1}") };
    tx_set_acting(tx, world->session->acting);
    return audit_add(tx, world->now, &entry, err);
}

static bool read_last(struct tx *tx, void *with, struct error *err)
{
    static const struct statement last =
        SQL("SELECT on_behalf, detail FROM audit ORDER BY number DESC LIMIT 1");
    struct world *world = with;
    struct rows rows;
    if (!db_query(tx, &last, NO_ARGS, &rows, err))
        return false;
    CHECK(rows_next(&rows));
    world->on_behalf = row_text(&rows, 0);
    world->detail = row_text(&rows, 1);
    return rows_end(&rows, err);
}

TEST_DB(what_is_done_while_acting_is_recorded_in_the_boards_name)
{
    struct world world = given_acting(t);
    must(&world, do_something);
    must(&world, read_last);
    CHECK_STR(world.on_behalf, STR("board:10001"));
    CHECK_STR(world.detail, str_format(t->arena, "{\"acting\":\"%.*s\",\"n\":1}",
                                       FMT(world.session->acting->id)));
    app_close(&world.app);
}

TEST_DB(the_board_reads_who_acted_for_it_when_and_why)
{
    struct world world = given_acting(t);
    world.now += 5 * MINUTE;
    must(&world, end);
    must(&world, list);
    CHECK_INT(world.acted.len, 1);
    CHECK_STR(world.acted.at[0].name, STR("Ada L."));
    CHECK_STR(world.acted.at[0].reason, STR("Asked by telephone to sign up a school"));
    CHECK_INT(world.acted.at[0].until - world.acted.at[0].started, 5 * MINUTE);
    app_close(&world.app);
}

TEST(a_reason_to_act_is_some_words_without_an_address)
{
    struct error err = { 0 };
    CHECK(acting_reason_allowed(STR("asked by telephone"), &err));
    static const char *const wrong[] = { "", "x", "help  desk", "one\ntwo three four",
                                         "asked by ada@school.nl today" };
    for (size_t i = 0; i < count_of(wrong); i++) {
        CHECK(!acting_reason_allowed(str_of(wrong[i]), &err));
        CHECK_INT(err.kind, INVALID);
    }
}

/* ---- What somebody sent before they lost the role for it ---- */

struct sent {
    struct world *world;
    struct invite invite;
    struct error why; /* of looking at its link: NO_ERROR while it is open */
    enum role role;   /* that the sender loses */
};

static struct actor at_the_command_line(const struct world *world)
{
    return (struct actor){ .app = &world->app, .who = STR("command:test"), .now = world->now };
}

static bool write_sent(struct tx *tx, void *with, struct error *err)
{
    static const struct statement by_ada = SQL("UPDATE invitation SET invited_by = $1");
    struct sent *sent = with;
    return invite_write(tx, &sent->invite, err)
           && db_do(tx, &by_ada, ARGS(arg_text(sent->world->account.id)), NULL, err);
}

static struct sent given_sent(struct world *world, enum role role, const char *organisation)
{
    struct sent sent = { .world = world, .role = ROLE_BOARD_ADMIN };
    struct error err = { 0 };
    sent.invite = (struct invite){ .actor = at_the_command_line(world), .role = role,
                                   .organisation = str_of(organisation), .name = STR("Bo"),
                                   .address = STR("bo@school.example"),
                                   .base = STR("https://fundament.example") };
    CHECK_OK(invite_prepare(&world->app, world->t->arena, &sent.invite, &err), err);
    CHECK_OK(db_write(world->app.db, world->t->arena, write_sent, &sent, &err), err);
    return sent;
}

static bool take_role(struct tx *tx, void *with, struct error *err)
{
    const struct sent *sent = with;
    struct actor actor = at_the_command_line(sent->world);
    return role_take(tx, &actor, sent->world->account.id, sent->role, STR("board:10001"), err);
}

static bool disable(struct tx *tx, void *with, struct error *err)
{
    const struct sent *sent = with;
    struct actor actor = at_the_command_line(sent->world);
    return account_set_disabled(tx, &actor, sent->world->account.id, true, err);
}

static bool open_link(struct tx *tx, void *with, struct error *err)
{
    struct sent *sent = with;
    struct invitation found;
    struct str link = sent->invite.link;
    (void)err;
    sent->why = (struct error){ 0 };
    invitation_of_token(&sent->world->app, tx, str_slice(link, link.len - 43, link.len),
                        sent->world->now, &found, &sent->why);
    return true;
}

static enum error_kind link_after(struct sent *sent, db_work *deed)
{
    struct error err = { 0 };
    struct world *world = sent->world;
    CHECK_OK(db_write(world->app.db, world->t->arena, deed, sent, &err), err);
    CHECK_OK(db_write(world->app.db, world->t->arena, open_link, sent, &err), err);
    return sent->why.kind;
}

TEST_DB(an_invitation_ends_with_the_role_of_who_sent_it)
{
    struct world world = given_ada(t);
    give(&world, ROLE_BOARD_ADMIN, "board:10001");
    struct sent sent = given_sent(&world, ROLE_BOARD_ADMIN, "board:10001");
    CHECK_INT(link_after(&sent, open_link), NO_ERROR);
    CHECK_INT(link_after(&sent, take_role), GONE);
    app_close(&world.app);
}

TEST_DB(an_invitation_for_a_school_ends_with_its_boards_role)
{
    struct world world = given_ada(t);
    give(&world, ROLE_BOARD_ADMIN, "board:10001");
    struct sent sent = given_sent(&world, ROLE_SCHOOL_ICT, "school:90AA");
    CHECK_INT(link_after(&sent, take_role), GONE);
    app_close(&world.app);
}

TEST_DB(an_invitation_ends_when_its_senders_account_is_disabled)
{
    struct world world = given_ada(t);
    struct sent sent = given_sent(&world, ROLE_VENDOR, "vendor:1");
    CHECK_INT(link_after(&sent, disable), GONE);
    app_close(&world.app);
}

TEST_DB(an_invitation_of_another_organisation_stays)
{
    struct world world = given_ada(t);
    give(&world, ROLE_BOARD_ADMIN, "board:10001");
    struct sent sent = given_sent(&world, ROLE_BOARD_MEMBER, "board:20002");
    CHECK_INT(link_after(&sent, take_role), NO_ERROR);
    app_close(&world.app);
}

TEST_DB(a_role_that_invites_nobody_takes_no_invitation_with_it)
{
    struct world world = given_ada(t);
    give(&world, ROLE_BOARD_MEMBER, "board:10001");
    struct sent sent = given_sent(&world, ROLE_BOARD_MEMBER, "board:10001");
    sent.role = ROLE_BOARD_MEMBER;
    CHECK_INT(link_after(&sent, take_role), NO_ERROR);
    app_close(&world.app);
}
