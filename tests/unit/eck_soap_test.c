/* SPDX-License-Identifier: EUPL-1.2 */
/* The operations of the Nummervoorziening: single questions, who may ask, substitutions, import. */
#include "base/encoding.h"
#include "services/nummervoorziening/nummervoorziening.h"
#include "services/nummervoorziening/signup.h"
#include "services/nummervoorziening/store_use.h"
#include "tests/unit/eck_world.h"

#include <unistd.h>

#define PUPIL "9735dfd2235eaeb5f0300886bcc99c82ffc1d6420c4e0bde8de7218def2135fa"
#define HEX128                                                                                     \
    "d0f58d6544562db32383d9fbd7e7d1c6857f9eb8fdaf43db9ac4fac8f3c6897c"                             \
    "c6149985fe4a7b91b9be09a11c65b6bfd4d900357b0c96336b5521aaee261cf7"
#define OTHER128                                                                                   \
    "5889fc51565c5488833c42cb2b724c67107bb250be8ed99c881c89632adc37b0"                             \
    "5dd197ee95af1c75be47cb7f9a593ad9ddb2e1f25d2e52c90dbb8dcae4515763"

TEST_DB(ping_tells_version_two)
{
    struct world world = given_world(t);
    struct answered answer = ask_soap(&world, "ping", STR(""));
    CHECK_STR(part(answer, "available"), STR("true"));
    CHECK(str_starts(part(answer, "applicationVersion"), STR("2.0")));
    instant at;
    CHECK(instant_parse(part(answer, "systemTime"), &at));
    world_end(&world);
}

TEST_DB(a_pupil_has_one_stampseudonym_and_an_eck_id_per_sector)
{
    struct world world = given_world(t);
    struct str stam = stampseudonym_of(&world, STR(PUPIL));
    CHECK(str_starts(stam, STR("https://ketenid.nl/sppilot/")));
    struct str po = eck_id_of(&world, stam, SECTOR_PO), vo = eck_id_of(&world, stam, SECTOR_VO);
    CHECK(str_starts(po, STR("https://ketenid.nl/pilot/")));
    CHECK(!str_eq(po, vo));
    world_restart(&world); /* the same key, the same pseudonyms */
    CHECK_STR(stampseudonym_of(&world, STR(PUPIL)), stam);
    CHECK_STR(eck_id_of(&world, stam, SECTOR_PO), po);
    world_end(&world);
}

TEST_DB(a_pgn_in_the_place_of_an_hpgn_is_refused_and_not_repeated)
{
    struct world world = given_world(t);
    struct answered answer =
        ask_soap(&world, "retrieveStampseudonym", STR("<e:hpgn>063138219</e:hpgn>"));
    CHECK_STR(answer.actor, STR("InvalidHPgnException"));
    CHECK_INT(answer.status, 500);
    CHECK(str_find(answer.text, STR("063138219")) < 0);
    CHECK_STR(ask_soap(&world, "retrieveStampseudonym", STR("")).actor, STR("InvalidHPgnException"));
    CHECK_STR(ask_soap(&world, "retrieveStampseudonym",
                  STR("<e:hpgn>" PUPIL "</e:hpgn><e:hpgn>" PUPIL "</e:hpgn>"))
                  .actor,
              STR("InvalidRequestException"));
    CHECK_STR(ask_soap(&world, "retrieveStampseudonym",
                  STR("<e:hpgn>" PUPIL "</e:hpgn><e:pgn>1</e:pgn>"))
                  .actor,
              STR("InvalidRequestException"));
    world_end(&world);
}

static struct str eck_refusal(struct world *world, const char *stam, const char *chain,
                              const char *sector)
{
    return ask_soap(world, "retrieveEckId",
               str_format(world->t->arena,
                          "<e:stampseudonym>%s</e:stampseudonym><e:chainId>%s</e:chainId>"
                          "<e:sectorId>%s</e:sectorId>",
                          stam, chain, sector))
        .actor;
}

TEST_DB(each_part_of_a_question_for_an_eck_id_is_checked)
{
#define STAM "https://ketenid.nl/sppilot/" HEX128
    struct world world = given_world(t);
    CHECK_STR(eck_refusal(&world, STAM, CHAIN_ID, SECTOR_PO), STR(""));
    CHECK_STR(eck_refusal(&world, STAM, "invalidchainguid", SECTOR_PO),
              STR("InvalidChainIdException"));
    CHECK_STR(eck_refusal(&world, STAM, CHAIN_ID, "invalidsectorguid"),
              STR("InvalidSectorIdException"));
    CHECK_STR(eck_refusal(&world, "", CHAIN_ID, SECTOR_PO), STR("InvalidStampseudonymException"));
    CHECK_STR(eck_refusal(&world, "https://ketenid.nl/pilot/" HEX128, CHAIN_ID, SECTOR_PO),
              STR("InvalidStampseudonymException"));
    CHECK_STR(eck_refusal(&world, "https://elders.example/sp/" HEX128, CHAIN_ID, SECTOR_PO),
              STR("InvalidStampseudonymException"));
    world_end(&world);
}

TEST_DB(chains_and_sectors_are_listed_with_the_ids_of_the_field)
{
    struct world world = given_world(t);
    struct answered chains = ask_soap(&world, "retrieveChains", STR(""));
    struct answered sectors = ask_soap(&world, "retrieveSectors", STR(""));
    CHECK(str_find(chains.text, STR("<chain><id>" CHAIN_ID "</id><name>")) > 0);
    CHECK(str_find(sectors.text, STR("<sector><id>" SECTOR_PO "</id><name>po</name>")) > 0);
    CHECK(str_find(sectors.text, STR("<lastEdited>2017-01-01T00:00:00")) > 0);
    world_end(&world);
}

TEST_DB(only_an_admitted_vendor_may_ask_and_only_for_a_school_that_let_it)
{
    struct world world = given_world(t);
    static const struct {
        const char *oin, *from;
        bool may;
    } matrix[] = {
        { VENDOR, SCHOOL_FROM, true },        { OTHER_VENDOR, OTHER_FROM, true },
        { VENDOR, OTHER_FROM, false },        { OTHER_VENDOR, SCHOOL_FROM, false },
        { STRANGER, SCHOOL_FROM, false },     { VENDOR, NULL, false },
        { NULL, SCHOOL_FROM, false },         { "", SCHOOL_FROM, false },
        { "not an OIN at all.!.", SCHOOL_FROM, false },
        { VENDOR, "http://www.w3.org/2005/08/addressing/anonymous?oin=0000000700099ZZ00000", false },
    };
    for (size_t i = 0; i < count_of(matrix); i++) {
        world.oin = matrix[i].oin;
        world.from = matrix[i].from;
        CHECK_STR(refusal_of(&world, STR(PUPIL)),
                  matrix[i].may ? STR("") : STR("NotAllowedCallerException"));
    }
    world.oin = STRANGER;
    world.from = SCHOOL_FROM;
    CHECK_STR(ask_soap(&world, "ping", STR("")).actor, STR("NotAllowedCallerException"));
    world_end(&world);
}

struct deed {
    struct world *world;
    enum wish wish;
};

static bool end_permission(struct tx *tx, void *with, struct error *err)
{
    const struct deed *deed = with;
    struct decider decider = { STR("account:test"), { { '1', '0', '0', '2', '8' } } };
    struct brin brin = { { '1', '9', 'H', 'Y' } };
    struct oin oin;
    struct changes changes;
    return oin_parse(STR(VENDOR), &oin, err)
           && plan_changes(tx, &decider, &brin, 1, &oin, 1, deed->wish, deed->world->now, &changes,
                           err)
           && make_changes(tx, &decider, &changes, deed->world->now, err);
}

static void change(struct world *world, enum wish wish)
{
    struct deed deed = { world, wish };
    struct error err = { 0 };
    CHECK_OK(db_write(world->app.db, world->t->arena, end_permission, &deed, &err), err);
}

TEST_DB(what_a_board_ends_has_ended_and_can_be_given_again)
{
    struct world world = given_world(t);
    static const enum wish ends[] = { WISH_END, WISH_SIGN_OFF };
    for (size_t i = 0; i < count_of(ends); i++) {
        world.now += SECOND;
        change(&world, ends[i]);
        world.now += SECOND;
        CHECK_STR(refusal_of(&world, STR(PUPIL)), STR("NotAllowedCallerException"));
        change(&world, WISH_ALLOW);
        CHECK_STR(refusal_of(&world, STR(PUPIL)), STR(""));
    }
    world_end(&world);
}

static bool plan_for_other_board(struct tx *tx, void *with, struct error *err)
{
    struct decider decider = { STR("account:test"), { { '9', '9', '9', '9', '9' } } };
    struct brin brin = { { '1', '9', 'H', 'Y' } };
    struct oin oin = { 0 };
    struct changes changes;
    const struct world *world = with;
    return plan_changes(tx, &decider, &brin, 1, &oin, 1, WISH_ALLOW, world->now, &changes, err);
}

TEST_DB(a_board_cannot_sign_up_the_school_of_another)
{
    struct world world = given_world(t);
    struct error err = { 0 };
    CHECK(!db_read(world.app.db, t->arena, plan_for_other_board, &world, &err));
    CHECK_INT(err.kind, FORBIDDEN);
    world_end(&world);
}

/* Substitutions. */

static struct answered replace(struct world *world, int old_number, int new_number,
                               const char *date)
{
    struct str when = date ? str_format(world->t->arena, "<e:effectiveDate>%s</e:effectiveDate>",
                                        date)
                           : STR("");
    return ask_soap(world, "replaceStampseudonym",
               str_format(world->t->arena,
                          "<e:hpgnOld>%.*s</e:hpgnOld><e:hpgnNew>%.*s</e:hpgnNew>%.*s",
                          FMT(hpgn_of(world, old_number)), FMT(hpgn_of(world, new_number)),
                          FMT(when)));
}

static const char *in_days(struct world *world, int days)
{
    char text[INSTANT_TEXT];
    return str_c(world->t->arena, instant_format(world->now + days * DAY, text));
}

TEST_DB(a_new_hpgn_goes_on_with_the_old_pseudonym_and_the_old_is_blocked)
{
    struct world world = given_world(t);
    struct str before = stampseudonym_of(&world, hpgn_of(&world, 1));
    CHECK_STR(part(replace(&world, 1, 2, NULL), "stampseudonym"), before);
    CHECK_STR(stampseudonym_of(&world, hpgn_of(&world, 2)), before);
    CHECK_STR(refusal_of(&world, hpgn_of(&world, 1)), STR("BlockedHPgnException"));
    CHECK_STR(part(replace(&world, 1, 2, NULL), "stampseudonym"), before); /* again is fine */
    world_end(&world);
}

TEST_DB(a_chain_of_substitutions_gives_the_oldest_pseudonym)
{
    struct world world = given_world(t);
    struct str oldest = stampseudonym_of(&world, hpgn_of(&world, 1));
    CHECK_STR(part(replace(&world, 1, 2, NULL), "stampseudonym"), oldest);
    CHECK_STR(part(replace(&world, 2, 3, NULL), "stampseudonym"), oldest);
    CHECK_STR(stampseudonym_of(&world, hpgn_of(&world, 3)), oldest);
    CHECK_STR(refusal_of(&world, hpgn_of(&world, 2)), STR("BlockedHPgnException"));
    world_end(&world);
}

TEST_DB(a_substitution_of_the_future_changes_nothing_yet)
{
    struct world world = given_world(t);
    struct str old_own = stampseudonym_of(&world, hpgn_of(&world, 1));
    struct str new_own = stampseudonym_of(&world, hpgn_of(&world, 2));
    CHECK_STR(part(replace(&world, 1, 2, in_days(&world, 365)), "stampseudonym"), new_own);
    CHECK_STR(stampseudonym_of(&world, hpgn_of(&world, 2)), new_own);
    CHECK_STR(stampseudonym_of(&world, hpgn_of(&world, 1)), old_own);
    world.now += 366 * DAY; /* the day comes */
    CHECK_STR(stampseudonym_of(&world, hpgn_of(&world, 2)), old_own);
    CHECK_STR(refusal_of(&world, hpgn_of(&world, 1)), STR("BlockedHPgnException"));
    world_end(&world);
}

TEST_DB(a_waiting_substitution_can_be_moved_but_not_taken_by_another)
{
    struct world world = given_world(t);
    struct str old_own = stampseudonym_of(&world, hpgn_of(&world, 1));
    replace(&world, 1, 2, in_days(&world, 100));
    CHECK_STR(replace(&world, 1, 3, NULL).actor, STR("InvalidSubstitutionException"));
    CHECK_STR(replace(&world, 2, 1, NULL).actor, STR("InvalidSubstitutionException")); /* a ring */
    CHECK_STR(part(replace(&world, 1, 2, NULL), "stampseudonym"), old_own);
    CHECK_STR(refusal_of(&world, hpgn_of(&world, 1)), STR("BlockedHPgnException"));
    world_end(&world);
}

TEST_DB(a_waiting_link_in_a_chain_counts_from_its_day)
{
    struct world world = given_world(t);
    struct str first = stampseudonym_of(&world, hpgn_of(&world, 1));
    struct str second = stampseudonym_of(&world, hpgn_of(&world, 2));
    replace(&world, 1, 2, in_days(&world, 10));
    CHECK_STR(part(replace(&world, 2, 3, NULL), "stampseudonym"), second);
    world.now += 11 * DAY;
    CHECK_STR(stampseudonym_of(&world, hpgn_of(&world, 3)), first);
    world_end(&world);
}

TEST_DB(impossible_substitutions_are_refused_and_change_nothing)
{
    struct world world = given_world(t);
    struct str third = stampseudonym_of(&world, hpgn_of(&world, 3));
    replace(&world, 1, 2, NULL);
    CHECK_STR(replace(&world, 5, 5, NULL).actor, STR("InvalidSubstitutionException"));
    CHECK_STR(replace(&world, 2, 1, NULL).actor, STR("BlockedHPgnException")); /* a ring */
    CHECK_STR(replace(&world, 1, 3, NULL).actor, STR("BlockedHPgnException"));
    CHECK_STR(replace(&world, 3, 2, NULL).actor, STR("InvalidSubstitutionException"));
    CHECK_STR(stampseudonym_of(&world, hpgn_of(&world, 3)), third);
    CHECK_STR(refusal_of(&world, hpgn_of(&world, 2)), STR(""));
    world_end(&world);
}

TEST_DB(an_effective_date_has_a_zone_and_is_not_too_far_ahead)
{
    struct world world = given_world(t);
    static const char *const bad[] = { "", "2026-12-01", "2026-12-01T00:00:00",
                                       "9999-01-01T00:00:00Z", "soon", "2026-13-01T00:00:00Z" };
    for (size_t i = 0; i < count_of(bad); i++)
        CHECK_STR(replace(&world, 1, 2, bad[i]).actor, STR("InvalidEffectiveDateException"));
    struct str before = stampseudonym_of(&world, hpgn_of(&world, 1));
    CHECK_STR(part(replace(&world, 1, 2, "2020-08-01T00:00:00+02:00"), "stampseudonym"), before);
    CHECK_STR(refusal_of(&world, hpgn_of(&world, 1)), STR("BlockedHPgnException"));
    world_end(&world);
}

TEST_DB(a_substitution_takes_an_hpgn_in_both_places)
{
    struct world world = given_world(t);
    CHECK_STR(ask_soap(&world, "replaceStampseudonym",
                  STR("<e:hpgnOld>063138219</e:hpgnOld><e:hpgnNew>" PUPIL "</e:hpgnNew>"))
                  .actor,
              STR("InvalidHPgnException"));
    CHECK_STR(ask_soap(&world, "replaceStampseudonym", STR("<e:hpgnOld>" PUPIL "</e:hpgnOld>")).actor,
              STR("InvalidHPgnException"));
    world_end(&world);
}

/* Import. */

struct refused_lines {
    int count;
    size_t last;
    bool told_value;
};

static void note_refusal(void *with, size_t line, const struct error *why)
{
    struct refused_lines *refused = with;
    refused->count++;
    refused->last = line;
    refused->told_value |= strstr(why->subject, "063138219") || strstr(why->detail, "063138219");
}

static struct import_report import(struct world *world, struct str csv,
                                   struct refused_lines *refused)
{
    struct import_listener listener = { .refuse = note_refusal, .with = refused };
    struct import_report report;
    struct error err = { 0 };
    CHECK_OK(nummervoorziening_import(&world->app, world->t->arena, csv, world->now, &listener,
                                      &report, &err),
             err);
    return report;
}

TEST_DB(an_imported_pair_wins_over_derivation)
{
    struct world world = given_world(t);
    struct refused_lines refused = { 0 };
    struct str foreign = STR("https://id.school/sppilot/" HEX128);
    struct import_report report = import(
        &world,
        STR("hpgn;stampseudonym\r\n" PUPIL ";https://id.school/sppilot/" HEX128 "\r\n"
            "stampseudonym;chain;sector;eckid\r\nhttps://id.school/sppilot/" HEX128 ";" CHAIN_ID
            ";" SECTOR_PO ";https://id.school/pilot/" OTHER128 "\r\n"),
        &refused);
    CHECK_INT(report.added, 2);
    CHECK_INT(report.refused, 0);
    CHECK_STR(stampseudonym_of(&world, STR(PUPIL)), foreign);
    CHECK_STR(eck_id_of(&world, foreign, SECTOR_PO), STR("https://id.school/pilot/" OTHER128));
    /* known here from now on, so other sectors are derived */
    CHECK(str_starts(eck_id_of(&world, foreign, SECTOR_VO), STR("https://ketenid.nl/pilot/")));
    replace(&world, 4, 5, NULL);
    world_end(&world);
}

TEST_DB(importing_again_changes_nothing_and_another_pseudonym_is_refused)
{
    struct world world = given_world(t);
    struct refused_lines refused = { 0 };
    struct str csv = STR(PUPIL ";https://ketenid.nl/sppilot/" HEX128 "\n");
    CHECK_INT(import(&world, csv, &refused).added, 1);
    struct import_report again = import(&world, csv, &refused);
    CHECK_INT(again.unchanged, 1);
    CHECK_INT(again.added, 0);
    struct import_report other =
        import(&world,
               STR(PUPIL ";https://ketenid.nl/sppilot/" HEX128 "\n" PUPIL
                         ";https://ketenid.nl/sppilot/" OTHER128 "\n"),
               &refused);
    CHECK_INT(other.unchanged, 1);
    CHECK_INT(other.refused, 1);
    CHECK_INT(refused.last, 2);
    CHECK_STR(stampseudonym_of(&world, STR(PUPIL)), STR("https://ketenid.nl/sppilot/" HEX128));
    world_end(&world);
}

TEST_DB(bad_rows_are_refused_by_line_and_never_repeated)
{
    struct world world = given_world(t);
    struct refused_lines refused = { 0 };
    struct import_report report =
        import(&world,
               STR("063138219;https://ketenid.nl/sppilot/" HEX128 "\n"
                   "one;two;three\n" PUPIL ";063138219\n"
                   "https://ketenid.nl/sppilot/" HEX128 ";nochain;" SECTOR_PO
                   ";https://ketenid.nl/pilot/" OTHER128 "\n" PUPIL
                   ";https://ketenid.nl/sppilot/" HEX128 "\n"),
               &refused);
    CHECK_INT(report.refused, 4);
    CHECK_INT(report.added, 1);
    CHECK_INT(refused.count, 4);
    CHECK(!refused.told_value);
    world_end(&world);
}

/* Counts and growth. */

static bool read_counts(struct tx *tx, void *with, struct error *err)
{
    struct use_rows *rows = with;
    struct board_number board = { { '1', '0', '0', '2', '8' } };
    return nv_use_of_board(tx, &board, STR("2000-01-01"), rows, err);
}

static bool read_growth(struct tx *tx, void *with, struct error *err)
{
    return nv_growth(tx, with, err);
}

TEST_DB(what_is_asked_is_counted_per_vendor_and_school)
{
    struct world world = given_world(t);
    struct use_rows rows;
    struct growths growths;
    struct error err = { 0 };
    struct str stam = stampseudonym_of(&world, STR(PUPIL));
    for (int i = 0; i < 5; i++)
        eck_id_of(&world, stam, SECTOR_PO);
    refusal_of(&world, STR("bad")); /* a refusal is no question that was answered */
    struct nummervoorziening *service = nummervoorziening_state(&world.app);
    CHECK_OK(use_flush(service->use, &err), err);
    CHECK_OK(db_read(world.app.db, t->arena, read_counts, &rows, &err), err);
    CHECK_INT(rows.len, 1);
    CHECK_INT(rows.at[0].pseudonyms, 6);
    CHECK_STR(ID_STR(rows.at[0].vendor), STR(VENDOR));
    CHECK_OK(db_read(world.app.db, t->arena, read_growth, &growths, &err), err);
    CHECK_INT(growths.len, 1);
    CHECK_INT(growths.at[0].estimate, 1); /* five times the same pupil */
    world_end(&world);
}

TEST_DB(counts_that_were_not_yet_written_are_written_at_the_end)
{
    struct world world = given_world(t);
    struct use_rows rows;
    struct error err = { 0 };
    stampseudonym_of(&world, STR(PUPIL));
    world_restart(&world);
    CHECK_OK(db_read(world.app.db, t->arena, read_counts, &rows, &err), err);
    CHECK_INT(rows.len, 1);
    world_end(&world);
}

TEST_DB(a_lost_key_is_an_error_and_not_a_new_key)
{
    struct world world = given_world(t);
    struct error err = { 0 };
    struct app app;
    world_end(&world);
    CHECK_INT(unlink(str_format(t->arena, "%s/keys/nummervoorziening.1.key", t->folder).at), 0);
    CHECK(!app_open(t->arena, t->folder, (const struct service *const *)world.app.services, false,
                    &app, &err));
    CHECK(err.message && strstr(err.message, "backup"));
}

struct plan {
    const char *board, *school;
    instant now;
    struct changes changes;
};

static bool plan_often(struct tx *tx, void *with, struct error *err)
{
    struct plan *plan = with;
    struct decider decider = { .who = STR("account:test") };
    struct brin school, schools[50];
    struct oin vendor, vendors[50];
    if (!board_number_parse(str_of(plan->board), &decider.board, err)
        || !brin_parse(str_of(plan->school), &school, err)
        || !oin_parse(STR(OTHER_VENDOR), &vendor, err))
        return false;
    for (int i = 0; i < 50; i++) {
        schools[i] = school;
        vendors[i] = vendor;
    }
    return plan_changes(tx, &decider, schools, 50, vendors, 50, WISH_ALLOW, plan->now,
                        &plan->changes, err);
}

TEST_DB(a_school_and_a_vendor_that_are_named_often_are_one_change)
{
    struct world world = given_world(t);
    struct error err = { 0 };
    struct plan plan = { .board = "10028", .school = SCHOOL, .now = world.now };
    CHECK_OK(db_read(world.app.db, t->arena, plan_often, &plan, &err), err);
    CHECK_INT(plan.changes.len, 1);
    world_end(&world);
}

TEST_DB(a_board_cannot_change_another_boards_school)
{
    struct world world = given_world(t);
    struct error err = { 0 };
    struct plan plan = { .board = "10029", .school = SCHOOL, .now = world.now };
    CHECK(!db_read(world.app.db, t->arena, plan_often, &plan, &err));
    CHECK_INT(err.kind, FORBIDDEN);
    world_end(&world);
}
