/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "base/process.h"
#include "platform/nodes/nodes.h"
#include "platform/nodes/store.h"
#include "platform/service.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct service *const services[] = { &nodes_service, NULL };

static struct db *given_db(struct test *t)
{
    struct db *db;
    struct error err;
    CHECK_OK(db_open_url(t->db_url, 8, &db, &err), err);
    CHECK_OK(db_migrate(db, t->arena, services, &err), err);
    return db;
}

static struct node_row row(const char *process, const char *state, instant last_seen)
{
    return (struct node_row){ .process = str_of(process), .name = STR("one"),
                              .version = STR("1"),        .role = STR("all"),
                              .state = str_of(state),     .key_mark = STR("0"),
                              .started = last_seen - DAY, .last_seen = last_seen };
}

static bool do_put(struct tx *tx, void *with, struct error *err)
{
    return nodes_put(tx, with, err);
}

static void given_node(struct test *t, struct db *db, struct node_row node)
{
    struct error err;
    CHECK_OK(db_write(db, t->arena, do_put, &node, &err), err);
}

struct question {
    struct str process;
    instant now;
    bool gone;
};

static bool do_ask(struct tx *tx, void *with, struct error *err)
{
    struct question *question = with;
    return node_has_gone(tx, question->process, question->now, &question->gone, err);
}

static bool has_gone(struct test *t, struct db *db, const char *process, instant now)
{
    struct error err;
    struct question question = { str_of(process), now, false };
    CHECK_OK(db_read(db, t->arena, do_ask, &question, &err), err);
    return question.gone;
}

TEST_DB(a_node_has_gone_when_it_signed_off_or_fell_silent)
{
    struct db *db = given_db(t);
    instant now = instant_now();
    given_node(t, db, row("elsewhere:1:1", "serving", now - SECOND));
    given_node(t, db, row("elsewhere:2:1", "leaving", now - SECOND));
    given_node(t, db, row("elsewhere:3:1", "stopped", now - SECOND));
    given_node(t, db, row("elsewhere:4:1", "serving", now - NODE_SILENT - SECOND));
    CHECK(!has_gone(t, db, "elsewhere:1:1", now));
    CHECK(!has_gone(t, db, "elsewhere:2:1", now));
    CHECK(has_gone(t, db, "elsewhere:3:1", now));
    CHECK(has_gone(t, db, "elsewhere:4:1", now));
    CHECK(has_gone(t, db, "elsewhere:5:1", now));
    db_close(db);
}

TEST_DB(a_process_of_this_computer_that_ended_has_gone_at_once)
{
    struct db *db = given_db(t);
    instant now = instant_now();
    int names[2];
    char name[256] = "";
    CHECK(pipe(names) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct str mine = process_name(t->arena);
        _exit(write(names[1], mine.at, mine.len) == (ssize_t)mine.len ? 0 : 1);
    }
    CHECK(waitpid(child, NULL, 0) == child);
    CHECK(read(names[0], name, sizeof name - 1) > 0);
    given_node(t, db, row(name, "serving", now));
    CHECK(has_gone(t, db, name, now));
    const char *self = str_c(t->arena, process_name(t->arena));
    given_node(t, db, row(self, "serving", now));
    CHECK(!has_gone(t, db, self, now));
    db_close(db);
}

struct exchange {
    struct node_rate rate;
    instant now;
    struct node_rates heard;
};

static bool do_tell(struct tx *tx, void *with, struct error *err)
{
    struct exchange *exchange = with;
    return nodes_put_rate(tx, &exchange->rate, exchange->now, err);
}

static bool do_hear(struct tx *tx, void *with, struct error *err)
{
    struct exchange *exchange = with;
    return nodes_rates_since(tx, exchange->rate.process, exchange->now, &exchange->heard, err);
}

TEST_DB(the_last_rates_of_other_nodes_are_heard_in_their_order)
{
    struct db *db = given_db(t);
    struct error err;
    struct exchange exchange = { .now = 1000 };
    for (int64_t beat = 1; beat <= RATE_SLOTS + 2; beat++) {
        exchange.rate = (struct node_rate){ STR("one"), STR("xx"), beat };
        CHECK_OK(db_write(db, t->arena, do_tell, &exchange, &err), err);
    }
    CHECK_OK(db_read(db, t->arena, do_hear, &exchange, &err), err);
    CHECK_INT(exchange.heard.len, 0); /* one's own are known */
    exchange.rate.process = STR("other");
    CHECK_OK(db_read(db, t->arena, do_hear, &exchange, &err), err);
    CHECK_INT(exchange.heard.len, RATE_SLOTS);
    for (int64_t i = 0; i < RATE_SLOTS; i++)
        CHECK_INT(exchange.heard.at[i].beat, i + 3);
    exchange.now = 1001;
    CHECK_OK(db_read(db, t->arena, do_hear, &exchange, &err), err);
    CHECK_INT(exchange.heard.len, 0);
    db_close(db);
}

static bool do_count(struct tx *tx, void *with, struct error *err)
{
    return db_standbys(tx, with, err);
}

TEST_DB(a_database_without_standbys_says_so)
{
    struct db *db = given_db(t);
    struct error err;
    struct db_standbys standbys;
    CHECK_OK(db_read(db, t->arena, do_count, &standbys, &err), err);
    CHECK_INT(standbys.count, db_is_postgres(db) ? 0 : -1);
    CHECK_INT(standbys.lag, -1);
    db_close(db);
}
