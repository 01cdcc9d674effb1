/* SPDX-License-Identifier: EUPL-1.2 */
/* The Nummervoorziening's keys change while pupils keep theirs: versions beside each other, and what
 * of them is left when one is retired. */
#include "platform/keys/registry.h"
#include "services/nummervoorziening/nummervoorziening.h"
#include "tests/unit/eck_world.h"

#define ROOT      "nummervoorziening"
#define SEAL      "nummervoorziening-seal"
#define STAM_1    "https://ketenid.nl/sppilot/"
#define ECK_1     "https://ketenid.nl/pilot/"
#define STAM_2    "https://ketenid.nl/sp2/"
#define ECK_2     "https://ketenid.nl/eck2/"

static const struct str new_prefixes[] = { { STAM_2, sizeof STAM_2 - 1 },
                                           { ECK_2, sizeof ECK_2 - 1 } };

static const struct statement bring_forward = SQL(
    "UPDATE key_version SET since = made WHERE since > made");

static bool write_sooner(struct tx *tx, void *with, struct error *err)
{
    (void)with;
    return db_do(tx, &bring_forward, NO_ARGS, NULL, err);
}

/* A rotation takes effect after some seconds; here, at once. */
static void let_it_begin(struct world *world)
{
    struct error err;
    CHECK_OK(db_write(world->app.db, world->t->arena, write_sooner, NULL, &err), err);
    CHECK_OK(registry_refresh(world->app.keeper, &err), err);
}

static void rotate(struct world *world, const char *key, const struct str *attributes)
{
    struct error err;
    int64_t number;
    instant from;
    CHECK_OK(registry_add(world->app.keeper, key, ENGINE_FILE, &number, &err), err);
    CHECK_OK(registry_rotate(world->app.keeper, key, attributes, &number, &from, &err), err);
    CHECK(from > instant_now());
    CHECK_INT(key_active(keeper_versions(world->app.keeper, key), instant_now())->number,
              number - 1);
    let_it_begin(world);
    CHECK_INT(key_active(keeper_versions(world->app.keeper, key), instant_now())->number, number);
}

static bool retire(struct world *world, const char *key, int64_t number, int64_t *needed,
                   struct error *err)
{
    return registry_retire(world->app.keeper, key, number, false, needed, err);
}

static int64_t renew(struct world *world, const char *key)
{
    struct error err;
    int64_t moved, total = 0;
    do {
        CHECK_OK(registry_renew(world->app.keeper, world->t->arena, key, &moved, &err), err);
        total += moved;
    } while (moved);
    return total;
}

static void substitute(struct world *world, struct str old, struct str new)
{
    struct answered answer =
        ask_soap(world, "replaceStampseudonym",
                 str_format(world->t->arena, "<e:hpgnOld>%.*s</e:hpgnOld><e:hpgnNew>%.*s</e:hpgnNew>",
                            FMT(old), FMT(new)));
    CHECK_STR(answer.actor, STR(""));
}

static void import(struct world *world, struct str rows)
{
    struct import_report report;
    struct error err;
    CHECK_OK(nummervoorziening_import(&world->app, world->t->arena, rows, world->now, NULL, &report,
                                      &err),
             err);
    CHECK_INT(report.refused, 0);
}

static struct str refused_eck_id(struct world *world, struct str stampseudonym)
{
    return ask_soap(world, "retrieveEckId",
                    str_format(world->t->arena,
                               "<e:stampseudonym>%.*s</e:stampseudonym><e:chainId>" CHAIN_ID
                               "</e:chainId><e:sectorId>" SECTOR_PO "</e:sectorId>",
                               FMT(stampseudonym)))
        .actor;
}

TEST_DB(after_a_rotation_a_pupil_has_a_new_stampseudonym_and_the_old_one_keeps_its_eck_id)
{
    struct world world = given_world(t);
    struct str hpgn = hpgn_of(&world, 1), old = stampseudonym_of(&world, hpgn);
    struct str old_eck = eck_id_of(&world, old, SECTOR_PO);
    rotate(&world, ROOT, new_prefixes);
    struct str new = stampseudonym_of(&world, hpgn);
    CHECK(str_starts(old, STR(STAM_1)) && str_starts(new, STR(STAM_2)));
    CHECK_STR(eck_id_of(&world, old, SECTOR_PO), old_eck);
    struct str new_eck = eck_id_of(&world, new, SECTOR_PO);
    CHECK(str_starts(new_eck, STR(ECK_2)));
    CHECK(memcmp(new_eck.at + strlen(ECK_2), old_eck.at + strlen(ECK_1), 128) != 0);
    world_restart(&world);
    CHECK_STR(stampseudonym_of(&world, hpgn), new);
    CHECK_STR(eck_id_of(&world, old, SECTOR_PO), old_eck);
    world_end(&world);
}

TEST_DB(a_stampseudonym_of_a_retired_version_is_refused_and_the_new_one_goes_on)
{
    struct world world = given_world(t);
    struct str hpgn = hpgn_of(&world, 1), old = stampseudonym_of(&world, hpgn);
    int64_t needed;
    struct error err;
    CHECK(!retire(&world, ROOT, 1, &needed, &err)); /* it is the active one */
    rotate(&world, ROOT, new_prefixes);
    CHECK_OK(retire(&world, ROOT, 1, &needed, &err), err);
    CHECK_STR(refused_eck_id(&world, old), STR("InvalidStampseudonymException"));
    eck_id_of(&world, stampseudonym_of(&world, hpgn), SECTOR_PO);
    CHECK(!retire(&world, ROOT, 1, &needed, &err));
    CHECK_INT(err.kind, GONE);
    world_end(&world);
}

TEST_DB(a_substitution_keeps_its_stampseudonym_over_a_rotation_and_a_retirement)
{
    struct world world = given_world(t);
    struct str old = hpgn_of(&world, 1), new = hpgn_of(&world, 2);
    struct str stam = stampseudonym_of(&world, old);
    int64_t needed;
    struct error err;
    substitute(&world, old, new);
    rotate(&world, ROOT, new_prefixes);
    CHECK_STR(stampseudonym_of(&world, new), stam);
    CHECK_STR(refusal_of(&world, old), STR("BlockedHPgnException"));
    CHECK(!retire(&world, ROOT, 1, &needed, &err));
    CHECK_INT(needed, 1);
    CHECK_INT(renew(&world, ROOT), 1);
    CHECK_OK(retire(&world, ROOT, 1, &needed, &err), err);
    CHECK_STR(stampseudonym_of(&world, new), stam);
    CHECK(str_starts(eck_id_of(&world, stam, SECTOR_PO), STR(ECK_2)));
    CHECK_INT(renew(&world, ROOT), 0);
    world_end(&world);
}

TEST_DB(an_imported_pair_stays_what_it_is_over_a_rotation_and_a_retirement)
{
    struct world world = given_world(t);
    struct str hpgn = hpgn_of(&world, 7);
    struct str stam = str_format(t->arena, "https://elders.example/sp/%0128x", 7);
    int64_t needed;
    struct error err;
    import(&world, str_format(t->arena, "%.*s;%.*s\n", FMT(hpgn), FMT(stam)));
    struct str eck = eck_id_of(&world, stam, SECTOR_PO);
    rotate(&world, ROOT, new_prefixes);
    CHECK_STR(stampseudonym_of(&world, hpgn), stam);
    CHECK(!str_eq(eck_id_of(&world, stam, SECTOR_PO), eck)); /* derived: by the active version */
    CHECK_OK(retire(&world, ROOT, 1, &needed, &err), err);
    CHECK_STR(stampseudonym_of(&world, hpgn), stam);
    world_end(&world);
}

TEST_DB(what_is_sealed_is_counted_and_sealed_again_before_its_key_can_be_retired)
{
    struct world world = given_world(t);
    struct str hpgn = hpgn_of(&world, 7), old = hpgn_of(&world, 1), new = hpgn_of(&world, 2);
    struct str stam = str_format(t->arena, "https://elders.example/sp/%0128x", 7);
    int64_t needed;
    struct error err;
    import(&world, str_format(t->arena, "%.*s;%.*s\n", FMT(hpgn), FMT(stam)));
    substitute(&world, old, new);
    struct str kept = stampseudonym_of(&world, new);
    rotate(&world, SEAL, NULL);
    CHECK_STR(stampseudonym_of(&world, hpgn), stam); /* the previous version still opens */
    CHECK(!retire(&world, SEAL, 1, &needed, &err));
    CHECK_INT(needed, 3); /* the pair, the stampseudoniem that is known, the substitution */
    CHECK(strstr(err.message, "renew"));
    CHECK_INT(renew(&world, SEAL), 3);
    CHECK_OK(retire(&world, SEAL, 1, &needed, &err), err);
    world_restart(&world);
    CHECK_STR(stampseudonym_of(&world, hpgn), stam);
    CHECK_STR(stampseudonym_of(&world, new), kept);
    world_end(&world);
}

TEST_DB(prefixes_of_another_version_are_refused_and_so_is_a_rotation_without_a_next_version)
{
    struct world world = given_world(t);
    int64_t number;
    instant from;
    struct error err;
    const struct str of_version_1[] = { { STAM_1, sizeof STAM_1 - 1 }, new_prefixes[1] };
    const struct str no_address[] = { { "sp", 2 }, new_prefixes[1] };
    CHECK(!registry_rotate(world.app.keeper, ROOT, new_prefixes, &number, &from, &err));
    CHECK_OK(registry_add(world.app.keeper, ROOT, ENGINE_FILE, &number, &err), err);
    CHECK(!registry_add(world.app.keeper, ROOT, ENGINE_FILE, &number, &err));
    CHECK(!registry_rotate(world.app.keeper, ROOT, of_version_1, &number, &from, &err));
    CHECK_INT(err.kind, CONFLICT);
    CHECK(!registry_rotate(world.app.keeper, ROOT, no_address, &number, &from, &err));
    CHECK_INT(err.kind, INVALID);
    CHECK(!registry_add(world.app.keeper, "nummervoorziening-lookup", ENGINE_FILE, &number, &err));
    world_end(&world);
}
