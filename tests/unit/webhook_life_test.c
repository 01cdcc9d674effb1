/* SPDX-License-Identifier: EUPL-1.2 */
/* How long a message of a webhook is tried, by a clock of the test's own. */
#include "tests/test.h"

#include "platform/record/webhooks.h"

#define NOW  ((instant)1700000000 * SECOND)
#define HOOK STR("webhook1")

static const struct service *const services[] = { &platform_service, &record_service, NULL };

struct step {
    int64_t number;
    instant now;
    enum outcome outcome;
    bool all;
    struct delivery_rows due, found;
};

static bool do_add_hook(struct tx *tx, void *with, struct error *err)
{
    (void)with;
    return webhook_add(tx,
                       &(struct webhook){ .id = HOOK,
                                          .organisation = STR("board:1"),
                                          .address = STR("https://example.nl/"),
                                          .secret = STR("sealed"),
                                          .created = NOW },
                       err);
}

static bool do_add(struct tx *tx, void *with, struct error *err)
{
    const struct step *step = with;
    return delivery_add(tx,
                        &(struct delivery){ .webhook = HOOK,
                                            .number = step->number,
                                            .kind = STR("sector.board-changed"),
                                            .subject = STR("board:1"),
                                            .created = step->now },
                        err);
}

static bool do_load(struct tx *tx, void *with, struct error *err)
{
    struct step *step = with;
    int64_t total;
    return delivery_due(tx, step->now, 100, &step->due, err)
        && delivery_list(tx, HOOK, 100, 0, &step->found, &total, err);
}

static bool do_end(struct tx *tx, void *with, struct error *err)
{
    struct step *step = with;
    if (!do_load(tx, step, err))
        return false;
    for (size_t i = 0; i < step->found.len; i++)
        if (step->found.at[i].number == step->number)
            return delivery_ended(tx, &step->found.at[i], step->outcome, "status 503", step->now, err);
    return fail(err, NOT_FOUND, NULL, "no such delivery");
}

static bool do_retry(struct tx *tx, void *with, struct error *err)
{
    const struct step *step = with;
    return delivery_retry(tx, HOOK, step->number, step->all, step->now, err);
}

struct hook {
    struct test *t;
    struct db *db;
};

static struct step run(const struct hook *hook, db_work *work, struct step step)
{
    struct error err = { 0 };
    CHECK_OK(db_write(hook->db, hook->t->arena, work, &step, &err), err);
    return step;
}

static struct hook given_hook(struct test *t)
{
    struct hook hook = { .t = t };
    struct error err = { 0 };
    CHECK_OK(db_open_url(t->db_url, 4, &hook.db, &err), err);
    CHECK_OK(db_migrate(hook.db, t->arena, services, &err), err);
    run(&hook, do_add_hook, (struct step){ 0 });
    return hook;
}

static void given_message(const struct hook *hook, int64_t number, instant created)
{
    run(hook, do_add, (struct step){ .number = number, .now = created });
}

static void given_attempt(const struct hook *hook, int64_t number, enum outcome outcome, instant now)
{
    run(hook, do_end, (struct step){ .number = number, .now = now, .outcome = outcome });
}

/* "1 2!": numbers, with a mark where it has failed. */
static struct str states(const struct hook *hook)
{
    struct step step = run(hook, do_load, (struct step){ .now = NOW });
    struct str text = STR("");
    for (size_t i = step.found.len; i-- > 0;)
        text = str_format(hook->t->arena, "%.*s%s%lld%s", FMT(text), text.len ? " " : "",
                          (long long)step.found.at[i].number, step.found.at[i].failed ? "!" : "");
    return text;
}

static size_t due_at(const struct hook *hook, instant now)
{
    return run(hook, do_load, (struct step){ .now = now }).due.len;
}

TEST_DB(a_message_without_a_receipt_is_tried_for_three_days_and_then_has_failed)
{
    static const enum outcome outcomes[] = { OUTCOME_ILL, OUTCOME_REFUSED };
    struct hook hook = given_hook(t);
    for (int i = 0; i < 2; i++) {
        given_message(&hook, 1, NOW);
        given_attempt(&hook, 1, outcomes[i], NOW + 3 * DAY - SECOND);
        CHECK_STR(states(&hook), STR("1"));
        CHECK_INT(due_at(&hook, NOW + 4 * DAY), 1);
        given_attempt(&hook, 1, outcomes[i], NOW + 3 * DAY);
        CHECK_STR(states(&hook), STR("1!"));
        CHECK_INT(due_at(&hook, NOW + 100 * DAY), 0); /* until somebody asks */
        given_attempt(&hook, 1, OUTCOME_DELIVERED, NOW);
    }
    db_close(hook.db);
}

TEST_DB(a_receiver_that_stays_ill_fails_all_that_waited_three_days)
{
    struct hook hook = given_hook(t);
    for (int64_t number = 1; number <= 3; number++)
        given_message(&hook, number, NOW + (number - 1) * DAY);
    given_attempt(&hook, 1, OUTCOME_ILL, NOW + 4 * DAY);
    CHECK_STR(states(&hook), STR("1! 2! 3"));
    struct step step = run(&hook, do_load, (struct step){ .now = NOW });
    for (size_t i = 1; i < step.found.len; i++) /* the newest first: it was not tried yet */
        CHECK_STR(step.found.at[i].reason, STR("status 503"));
    db_close(hook.db);
}

TEST_DB(one_that_is_refused_fails_nothing_behind_it)
{
    struct hook hook = given_hook(t);
    given_message(&hook, 1, NOW);
    given_message(&hook, 2, NOW);
    given_attempt(&hook, 1, OUTCOME_REFUSED, NOW + 3 * DAY);
    CHECK_STR(states(&hook), STR("1! 2"));
    db_close(hook.db);
}

TEST_DB(all_that_failed_can_be_sent_again_as_if_it_were_new)
{
    struct hook hook = given_hook(t);
    const instant later = NOW + 10 * DAY;
    for (int64_t number = 1; number <= 3; number++)
        given_message(&hook, number, NOW);
    given_message(&hook, 4, later); /* waits its turn, failed or not */
    given_attempt(&hook, 1, OUTCOME_ILL, later);
    CHECK_STR(states(&hook), STR("1! 2! 3! 4"));
    run(&hook, do_retry, (struct step){ .all = true, .now = later });
    CHECK_STR(states(&hook), STR("1 2 3 4"));
    CHECK_INT(due_at(&hook, later), 1); /* also when its receiver was left alone a moment ago */
    given_attempt(&hook, 1, OUTCOME_DELIVERED, later);
    given_attempt(&hook, 2, OUTCOME_REFUSED, later);
    struct step step = run(&hook, do_load, (struct step){ .now = later });
    CHECK_INT(step.found.at[2].number, 2);
    CHECK_INT(step.found.at[2].attempts, 1);
    CHECK(step.found.at[2].not_before < later + 10 * SECOND); /* short pauses first, again */
    given_attempt(&hook, 2, OUTCOME_REFUSED, later + 3 * DAY - SECOND);
    CHECK_STR(states(&hook), STR("2 3 4"));
    given_attempt(&hook, 2, OUTCOME_REFUSED, later + 3 * DAY);
    CHECK_STR(states(&hook), STR("2! 3 4"));
    db_close(hook.db);
}

TEST_DB(one_that_failed_can_be_sent_again_alone)
{
    struct hook hook = given_hook(t);
    given_message(&hook, 1, NOW);
    given_message(&hook, 2, NOW);
    given_attempt(&hook, 1, OUTCOME_ILL, NOW + 3 * DAY);
    CHECK_STR(states(&hook), STR("1! 2!"));
    run(&hook, do_retry, (struct step){ .number = 2, .now = NOW + 3 * DAY });
    CHECK_STR(states(&hook), STR("1! 2"));
    db_close(hook.db);
}
