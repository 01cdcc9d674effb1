/* SPDX-License-Identifier: EUPL-1.2 */
/* Batches of the Nummervoorziening, from submit to erased. */
#include "platform/record/jobs.h"
#include "services/nummervoorziening/batch.h"
#include "tests/unit/eck_world.h"

#include <stdlib.h>

static struct str hpgn_list(struct world *world, int from, int to)
{
    struct buf out = { .arena = world->t->arena };
    for (int i = from; i < to; i++)
        buf_addf(&out, "<e:hpgnList><e:index>%d</e:index><e:hPgn>%.*s</e:hPgn></e:hpgnList>", i,
                 FMT(hpgn_of(world, i)));
    return buf_str(&out);
}

static struct str submit(struct world *world, struct str list)
{
    struct answered answer = ask_soap(world, "submitStampseudonymBatch", list);
    CHECK_STR(answer.actor, STR(""));
    CHECK(str_find(answer.text, STR("<submitBatchResponse ")) > 0);
    return part(answer, "batchIdentifier");
}

static void work(struct world *world)
{
    struct error err = { 0 };
    CHECK_OK(jobs_run_due(&world->app, &err), err);
}

static struct answered fetch(struct world *world, struct str id)
{
    return ask_soap(world, "retrieveBatch",
               str_format(world->t->arena, "<e:batchIdentifier>%.*s</e:batchIdentifier>", FMT(id)));
}

static int count(struct str text, const char *part_of_it)
{
    int found = 0;
    for (ptrdiff_t at; (at = str_find(text, str_of(part_of_it))) >= 0; found++)
        text = str_slice(text, (size_t)at + 1, text.len);
    return found;
}

TEST_DB(a_batch_is_answered_once_and_then_erased)
{
    struct world world = given_world(t);
    struct str id = submit(&world, hpgn_list(&world, 0, 25));
    CHECK_STR(fetch(&world, id).actor, STR("NotFinishedException"));
    work(&world);
    struct answered answer = fetch(&world, id);
    CHECK_STR(answer.actor, STR(""));
    CHECK_INT(count(answer.text, "<success>"), 25);
    struct str wanted = str_format(t->arena, "<index>7</index><value>%.*s</value>",
                                   FMT(stampseudonym_of(&world, hpgn_of(&world, 7))));
    CHECK(str_find(answer.text, wanted) > 0);
    CHECK_STR(fetch(&world, id).actor, STR("TemporaryBlockedException")); /* on its way */
    arrive(&world, &answer, true);
    CHECK_STR(fetch(&world, id).actor, STR("ContentAlreadyRetrievedException"));
    world_end(&world);
}

TEST_DB(a_command_beside_the_server_frees_no_delivery)
{
    struct world world = given_world(t);
    struct str id = submit(&world, hpgn_list(&world, 0, 3));
    work(&world);
    struct answered under_way = fetch(&world, id);
    world_run_command(&world);
    CHECK_STR(fetch(&world, id).actor, STR("TemporaryBlockedException"));
    arrive(&world, &under_way, true);
    CHECK_STR(fetch(&world, id).actor, STR("ContentAlreadyRetrievedException"));
    world_end(&world);
}

TEST_DB(an_answer_that_did_not_arrive_can_be_fetched_again)
{
    struct world world = given_world(t);
    struct str id = submit(&world, hpgn_list(&world, 0, 3));
    work(&world);
    struct answered broken = fetch(&world, id);
    arrive(&world, &broken, false);
    struct answered again = fetch(&world, id);
    CHECK_INT(count(again.text, "<success>"), 3);
    world_restart(&world); /* killed while it was sent */
    struct answered third = fetch(&world, id);
    CHECK_INT(count(third.text, "<success>"), 3);
    arrive(&world, &third, true);
    arrive(&world, &again, false); /* what comes late undoes nothing */
    CHECK_STR(fetch(&world, id).actor, STR("ContentAlreadyRetrievedException"));
    world_end(&world);
}

/* As another node that serves would have it. */
static bool give_to_another(struct tx *tx, void *with, struct error *err)
{
    static const struct statement give = SQL(
        "UPDATE nummervoorziening_batch SET delivering_process = 'elsewhere:1:1'");
    static const struct statement alive = SQL(
        "INSERT INTO node (process, name, version, role, state, key_mark, started, last_seen,"
        " requests, running, processor, memory, answer)"
        " VALUES ('elsewhere:1:1', '', '', '', 'serving', '', 0, $1, 0, 0, 0, 0, 0)");
    static const struct statement let_all_be_due = SQL("UPDATE job SET run_at = 1");
    instant *now = with;
    return db_do(tx, &give, NO_ARGS, NULL, err) && db_do(tx, &let_all_be_due, NO_ARGS, NULL, err)
        && db_do(tx, &alive, ARGS(arg_int(*now)), NULL, err);
}

TEST_DB(a_node_that_starts_leaves_another_ones_delivery_alone)
{
    struct world world = given_world(t);
    struct error err;
    instant now = instant_now();
    struct str id = submit(&world, hpgn_list(&world, 0, 3));
    work(&world);
    struct answered under_way = fetch(&world, id);
    CHECK_OK(db_write(world.app.db, t->arena, give_to_another, &now, &err), err);
    world_restart(&world);
    CHECK_STR(fetch(&world, id).actor, STR("TemporaryBlockedException"));
    arrive(&world, &under_way, true);
    world_end(&world);
}

TEST_DB(a_delivery_of_a_lost_node_can_be_fetched_again)
{
    struct world world = given_world(t);
    struct error err;
    instant long_ago = instant_now() - HOUR;
    struct str id = submit(&world, hpgn_list(&world, 0, 3));
    work(&world);
    struct answered lost = fetch(&world, id);
    CHECK_OK(db_write(world.app.db, t->arena, give_to_another, &long_ago, &err), err);
    work(&world); /* the periodic job among it */
    struct answered again = fetch(&world, id);
    CHECK_INT(count(again.text, "<success>"), 3);
    arrive(&world, &again, true);
    arrive(&world, &lost, false);
    world_end(&world);
}

static bool do_statement(struct tx *tx, void *with, struct error *err)
{
    return db_do(tx, with, NO_ARGS, NULL, err);
}

TEST_DB(a_result_that_could_not_be_read_can_be_fetched_again)
{
    static const struct statement hide = SQL(
        "UPDATE nummervoorziening_batch_chunk SET number = number + 100");
    static const struct statement show = SQL(
        "UPDATE nummervoorziening_batch_chunk SET number = number - 100");
    struct world world = given_world(t);
    struct error err;
    struct str id = submit(&world, hpgn_list(&world, 0, 3));
    work(&world);
    CHECK_OK(db_write(world.app.db, t->arena, do_statement, (void *)&hide, &err), err);
    struct answered fault = fetch(&world, id);
    CHECK_INT(fault.status, 500);
    CHECK(!fault.after); /* that the fault arrives says nothing about the result */
    CHECK_OK(db_write(world.app.db, t->arena, do_statement, (void *)&show, &err), err);
    struct answered again = fetch(&world, id);
    CHECK_INT(count(again.text, "<success>"), 3);
    arrive(&world, &again, true);
    world_end(&world);
}

TEST_DB(a_bad_item_fails_alone_and_is_not_repeated)
{
    struct world world = given_world(t);
    struct str id = submit(
        &world, str_format(t->arena,
                           "<e:hpgnList><e:index>9</e:index><e:hPgn>063138219</e:hPgn></e:hpgnList>"
                           "<e:hpgnList><e:index>2147483647</e:index><e:hPgn/></e:hpgnList>%.*s",
                           FMT(hpgn_list(&world, 0, 2))));
    work(&world);
    struct answered answer = fetch(&world, id);
    CHECK_INT(count(answer.text, "<success>"), 2);
    CHECK_INT(count(answer.text, "<failed><index>9</index><errorMessage>InvalidHPgnException: "), 1);
    CHECK_INT(count(answer.text, "<failed><index>2147483647</index>"), 1);
    CHECK(str_find(answer.text, STR("063138219")) < 0);
    CHECK(str_find(answer.text, STR("<failed>")) > str_find(answer.text, STR("</success>")));
    arrive(&world, &answer, true);
    world_end(&world);
}

static struct str bad_list(struct world *world, int count_of_items)
{
    struct buf out = { .arena = world->t->arena };
    for (int i = 0; i < count_of_items; i++)
        buf_addf(&out, "<e:hpgnList><e:index>%d</e:index><e:hPgn>x</e:hPgn></e:hpgnList>", i);
    return buf_str(&out);
}

TEST_DB(a_batch_of_bad_items_is_answered_in_as_much_memory_as_its_text)
{
    struct world world = given_world(t);
    struct str id = submit(&world, bad_list(&world, 20000));
    work(&world);
    world.memory = (size_t)5 * 1024 * 1024;
    struct answered answer = fetch(&world, id);
    CHECK_INT(answer.status, 200);
    CHECK_INT(count(answer.text, "<failed>"), 20000);
    CHECK(str_find(answer.text, STR("<index>19999</index>")) > 0);
    arrive(&world, &answer, true);
    world_end(&world);
}

TEST_DB(a_batch_that_there_was_no_memory_for_can_be_fetched_again)
{
    struct world world = given_world(t);
    struct str id = submit(&world, hpgn_list(&world, 0, 2000));
    work(&world);
    world.memory = (size_t)256 * 1024;
    CHECK_INT(fetch(&world, id).status, 503);
    world.memory = 0;
    struct answered answer = fetch(&world, id);
    CHECK_STR(answer.actor, STR(""));
    CHECK_INT(count(answer.text, "<success>"), 2000);
    arrive(&world, &answer, true);
    world_end(&world);
}

static struct str eck_list(struct world *world, struct str first, struct str second,
                           const char *chain, const char *sector)
{
    return str_format(world->t->arena,
                      "<e:stampseudonymList><e:index>1</e:index><e:stampseudonym>%.*s"
                      "</e:stampseudonym></e:stampseudonymList>"
                      "<e:stampseudonymList><e:index>0</e:index><e:stampseudonym>%.*s"
                      "</e:stampseudonym></e:stampseudonymList>"
                      "<e:chainId>%s</e:chainId><e:sectorId>%s</e:sectorId>",
                      FMT(first), FMT(second), chain, sector);
}

TEST_DB(a_batch_gives_the_same_eck_ids_as_single_questions)
{
    struct world world = given_world(t);
    struct str stam = stampseudonym_of(&world, hpgn_of(&world, 1));
    struct answered submitted = ask_soap(&world, "submitEckIdBatch",
                                    eck_list(&world, stam, STR("bad"), CHAIN_ID, SECTOR_PO));
    work(&world);
    struct answered answer = fetch(&world, part(submitted, "batchIdentifier"));
    CHECK_STR(part(answer, "value"), eck_id_of(&world, stam, SECTOR_PO));
    CHECK(str_find(answer.text, STR("<failed><index>0</index><errorMessage>"
                                    "InvalidStampseudonymException: ")) > 0);
    arrive(&world, &answer, true);
    world_end(&world);
}

TEST_DB(a_wrong_batch_is_refused_when_it_is_submitted)
{
    struct world world = given_world(t);
    struct str stam = stampseudonym_of(&world, hpgn_of(&world, 1));
    CHECK_STR(ask_soap(&world, "submitStampseudonymBatch", STR("")).actor, STR("EmptyBatchException"));
    CHECK_STR(ask_soap(&world, "submitEckIdBatch",
                  STR("<e:chainId>" CHAIN_ID "</e:chainId><e:sectorId>" SECTOR_PO "</e:sectorId>"))
                  .actor,
              STR("EmptyBatchException"));
    CHECK_STR(ask_soap(&world, "submitEckIdBatch",
                  eck_list(&world, stam, stam, "invalidchainguid", SECTOR_PO))
                  .actor,
              STR("InvalidChainIdException"));
    CHECK_STR(ask_soap(&world, "submitEckIdBatch", eck_list(&world, stam, stam, CHAIN_ID, "nosector"))
                  .actor,
              STR("InvalidSectorIdException"));
    world_end(&world);
}

TEST_DB(an_index_is_a_number_from_zero_that_stands_there_once)
{
    static const char *const bad[] = { "-1", "2147483648", "1e3", "", "0x1", "9223372036854775808" };
    struct world world = given_world(t);
    for (size_t i = 0; i < count_of(bad); i++)
        CHECK_STR(ask_soap(&world, "submitStampseudonymBatch",
                      str_format(t->arena,
                                 "<e:hpgnList><e:index>%s</e:index><e:hPgn>x</e:hPgn></e:hpgnList>",
                                 bad[i]))
                      .actor,
                  STR("InvalidIndexException"));
    struct str twice = str_format(t->arena, "%.*s%.*s", FMT(hpgn_list(&world, 0, 9)),
                                  FMT(hpgn_list(&world, 3, 4)));
    CHECK_STR(ask_soap(&world, "submitStampseudonymBatch", twice).actor, STR("InvalidIndexException"));
    world_end(&world);
}

TEST_DB(a_batch_is_for_the_vendor_and_the_school_that_submitted_it)
{
    struct world world = given_world(t);
    struct str id = submit(&world, hpgn_list(&world, 0, 1));
    work(&world);
    world.oin = OTHER_VENDOR;
    world.from = OTHER_FROM;
    CHECK_STR(fetch(&world, id).actor, STR("InvalidBatchIdentifierException"));
    world.oin = VENDOR;
    world.from = SCHOOL_FROM;
    CHECK_STR(fetch(&world, STR("")).actor, STR("InvalidBatchIdentifierException"));
    CHECK_STR(fetch(&world, STR("invalid_batch_identifier")).actor,
              STR("InvalidBatchIdentifierException"));
    CHECK_STR(fetch(&world, STR("0123456789abcdef0123456789abcdef")).actor,
              STR("InvalidBatchIdentifierException"));
    struct answered answer = fetch(&world, id);
    CHECK_STR(answer.actor, STR(""));
    arrive(&world, &answer, true);
    world_end(&world);
}

TEST_DB(a_vendor_may_submit_so_many_batches_a_day)
{
    struct world world = given_world(t);
    struct nummervoorziening *service = nummervoorziening_state(&world.app);
    service->batch_daily = 2;
    submit(&world, hpgn_list(&world, 0, 1));
    submit(&world, hpgn_list(&world, 0, 1));
    CHECK_STR(ask_soap(&world, "submitStampseudonymBatch", hpgn_list(&world, 0, 1)).actor,
              STR("LimitDailyBatchSubmissionsExceededException"));
    world.now += DAY;
    submit(&world, hpgn_list(&world, 0, 1));
    world_end(&world);
}

TEST_DB(a_batch_has_no_more_items_than_allowed)
{
    struct world world = given_world(t);
    struct nummervoorziening *service = nummervoorziening_state(&world.app);
    service->batch_items = 3;
    submit(&world, hpgn_list(&world, 0, 3));
    CHECK_STR(ask_soap(&world, "submitStampseudonymBatch", hpgn_list(&world, 0, 4)).actor,
              STR("BatchTooLargeException"));
    world_end(&world);
}

static bool expire(struct tx *tx, void *with, struct error *err)
{
    const struct world *world = with;
    int64_t removed;
    return nv_remove_expired(tx, world->now, &removed, err);
}

TEST_DB(a_batch_that_nobody_fetches_is_erased)
{
    struct world world = given_world(t);
    struct error err = { 0 };
    struct str id = submit(&world, hpgn_list(&world, 0, 2));
    work(&world);
    world.now += 8 * DAY;
    CHECK_OK(db_write(world.app.db, t->arena, expire, &world, &err), err);
    CHECK_STR(fetch(&world, id).actor, STR("ContentRemovedException"));
    world_end(&world);
}

TEST_DB(a_batch_whose_delivery_never_ended_is_erased_too)
{
    struct world world = given_world(t);
    struct error err = { 0 };
    struct str id = submit(&world, hpgn_list(&world, 0, 2));
    work(&world);
    world.now += 7 * DAY - MINUTE;
    free(fetch(&world, id).after_with); /* and nobody hears how that ended */
    world.now += 2 * MINUTE;
    CHECK_OK(db_write(world.app.db, t->arena, expire, &world, &err), err);
    CHECK_STR(fetch(&world, id).actor, STR("TemporaryBlockedException"));
    world.now += HOUR;
    CHECK_OK(db_write(world.app.db, t->arena, expire, &world, &err), err);
    CHECK_STR(fetch(&world, id).actor, STR("ContentRemovedException"));
    world_end(&world);
}

/* The work on one chunk, as if the process died between it and the end of the job. */
struct chunk_again {
    struct str batch, sealed;
    int64_t number, failed;
};

static bool take_chunk(struct tx *tx, void *with, struct error *err)
{
    struct chunk_again *again = with;
    return nv_next_chunk(tx, again->batch, &again->number, &again->sealed, err);
}

static bool finish_chunk(struct tx *tx, void *with, struct error *err)
{
    const struct chunk_again *again = with;
    return nv_finish_chunk(tx, again->batch, again->number, again->sealed, again->failed,
                           instant_now(), err);
}

static bool find_batch(struct tx *tx, void *with, struct error *err)
{
    bool found;
    struct batch *batch = with;
    return nv_find_batch(tx, batch->id, batch, &found, err);
}

TEST_DB(a_chunk_that_is_done_twice_counts_once)
{
    struct world world = given_world(t);
    struct error err = { 0 };
    struct chunk_again again = { .batch = submit(&world, hpgn_list(&world, 0, CHUNK_ITEMS + 5)) };
    CHECK_OK(db_read(world.app.db, t->arena, take_chunk, &again, &err), err);
    CHECK_INT(again.number, 0);
    work(&world); /* both chunks */
    again.failed = 77;
    CHECK_OK(db_write(world.app.db, t->arena, finish_chunk, &again, &err), err);
    struct batch batch = { .id = again.batch };
    CHECK_OK(db_read(world.app.db, t->arena, find_batch, &batch, &err), err);
    CHECK_INT(batch.chunks_done, 2);
    CHECK_INT(batch.failed, 0);
    CHECK_INT(batch.state, FINISHED);
    struct answered answer = fetch(&world, again.batch);
    CHECK_INT(count(answer.text, "<success>"), CHUNK_ITEMS + 5);
    arrive(&world, &answer, true);
    world_end(&world);
}

TEST_DB(a_batch_of_a_replaced_hpgn_says_so)
{
    struct world world = given_world(t);
    ask_soap(&world, "replaceStampseudonym",
        str_format(t->arena, "<e:hpgnOld>%.*s</e:hpgnOld><e:hpgnNew>%.*s</e:hpgnNew>",
                   FMT(hpgn_of(&world, 0)), FMT(hpgn_of(&world, 1))));
    struct str id = submit(&world, hpgn_list(&world, 0, 2));
    work(&world);
    struct answered answer = fetch(&world, id);
    CHECK(str_find(answer.text,
                   STR("<failed><index>0</index><errorMessage>BlockedHPgnException: ")) > 0);
    CHECK_STR(part(answer, "value"), stampseudonym_of(&world, hpgn_of(&world, 1)));
    arrive(&world, &answer, true);
    world_end(&world);
}
