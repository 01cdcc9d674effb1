/* SPDX-License-Identifier: EUPL-1.2 */
/* What the trail of deeds costs: record-bench URL [SECONDS]. 32 writers do deeds on the (empty) database,
 * in turns without and with an audit row and an event, and in the end all rows must be chained: the time
 * for that counts. A small deed is one row; a deed as they are looks something up, adds a row and changes
 * one. Prints, in deeds a second,
 *
 *     small_plain=...  small_trail=...  deed_plain=...  deed_trail=...
 *
 * and the shares that the trail costs. Servers number rows as here: on PostgreSQL, a thread beside the
 * writers (platform/record/inbox.h); on SQLite, at the end of each commit. */
#include "base/instant.h"
#include "platform/record/audit.h"
#include "platform/record/events.h"
#include "platform/record/inbox.h"
#include "platform/service.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WRITERS = 32, TURNS = 4, THINGS = 1000 };

static const struct migration platform_schema[] = { { 1, "platform/schema/001-platform.sql" }, { 0 } };
static const struct migration record_schema[] = {
    { 1, "platform/record/schema/001-record.sql" },
    { 2, "platform/record/schema/002-audit-guard-sqlite.sql",
      .postgres = "platform/record/schema/002-audit-guard-postgres.sql" },
    { 0 },
};
static const struct service platform_only = { .name = "platform", .migrations = platform_schema };
static const struct service record_only = { .name = "record", .migrations = record_schema };
static const struct service *const services[] = { &platform_only, &record_only, NULL };

static const struct statement make_deeds = SQL(
    "CREATE TABLE deed (number BIGINT NOT NULL PRIMARY KEY, what TEXT NOT NULL)");
static const struct statement make_things = SQL(
    "CREATE TABLE thing (number BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL)");
static const struct statement add_deed = SQL("INSERT INTO deed (number, what) VALUES ($1, $2)");
static const struct statement add_thing = SQL("INSERT INTO thing (number, version) VALUES ($1, 0)");
static const struct statement find_thing = SQL("SELECT version FROM thing WHERE number = $1");
static const struct statement change_thing = SQL(
    "UPDATE thing SET version = version + 1 WHERE number = $1");

static _Noreturn void end(const struct error *err)
{
    fprintf(stderr, "record-bench: %s (%s)\n", err->message, err->detail);
    exit(1);
}

struct writer {
    struct db *db;
    atomic_int_fast64_t *last;
    instant until;
    bool whole, trail; /* as deeds are, and with what they leave behind */
    int64_t written;
};

static bool leave_trail(struct tx *tx, struct error *err)
{
    static const char what[] = "nummervoorziening.school-signed-up";
    instant now = instant_now();
    struct str subject = STR("school:00AV"), board = STR("board:41804");
    return audit_add(tx, now,
                     &(struct audit_entry){ STR("account:0c0c31ee-f5b6-4bf0-a8a7-2f06b3d8ee5a"), board,
                                            what, subject, STR("{}") },
                     err)
        && event_add_for(tx, now, &(struct event_entry){ what, subject, STR("{}"), board }, err);
}

static bool do_deed(struct tx *tx, void *with, struct error *err)
{
    const struct writer *writer = with;
    int64_t number = atomic_fetch_add(writer->last, 1), version;
    struct arg thing = arg_int(number % THINGS);
    if (writer->whole
        && (!db_number(tx, &find_thing, ARGS(thing), 0, &version, err)
            || !db_do(tx, &change_thing, ARGS(thing), NULL, err)))
        return false;
    return db_do(tx, &add_deed,
                 ARGS(arg_int(number), arg_text(STR("school:00AV was signed up by board:41804"))),
                 NULL, err)
        && (!writer->trail || leave_trail(tx, err));
}

static void *do_deeds(void *with)
{
    struct writer *writer = with;
    struct arena arena = { 0 };
    struct error err;
    while (instant_monotonic() < writer->until) {
        if (!db_write(writer->db, &arena, do_deed, writer, &err))
            end(&err);
        writer->written++;
        arena_reset(&arena);
    }
    arena_free(&arena);
    return NULL;
}

/* As the thread of a server does. */
static void *number_deeds(void *with)
{
    const struct writer *writer = with;
    struct error err;
    while (instant_monotonic() < writer->until) {
        nanosleep(&(struct timespec){ .tv_nsec = 500 * 1000 * 1000 }, NULL);
        if (!inbox_empty(writer->db, &err))
            end(&err);
    }
    if (!inbox_empty(writer->db, &err))
        end(&err);
    return NULL;
}

/* Adds to `*written` and `*spent`. */
static void take_turn(struct writer turn, instant length, int64_t *written, instant *spent)
{
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS], numbering;
    instant start = instant_monotonic();
    turn.until = start + length;
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = turn;
        pthread_create(&threads[i], NULL, do_deeds, &writers[i]);
    }
    if (turn.trail)
        pthread_create(&numbering, NULL, number_deeds, &turn);
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        *written += writers[i].written;
    }
    if (turn.trail)
        pthread_join(numbering, NULL);
    *spent += instant_monotonic() - start;
}

static bool do_make(struct tx *tx, void *with, struct error *err)
{
    (void)with;
    if (!db_do(tx, &make_deeds, NO_ARGS, NULL, err) || !db_do(tx, &make_things, NO_ARGS, NULL, err))
        return false;
    for (int i = 0; i < THINGS; i++)
        if (!db_do(tx, &add_thing, ARGS(arg_int(i)), NULL, err))
            return false;
    return true;
}

static bool do_verify(struct tx *tx, void *with, struct error *err)
{
    return audit_verify(tx, with, err);
}

static void measure(struct db *db, instant length)
{
    static const char *const names[2][2] = { { "small_plain", "small_trail" },
                                             { "deed_plain", "deed_trail" } };
    int64_t written[2][2] = { 0 };
    instant spent[2][2] = { 0 };
    atomic_int_fast64_t last = 0;
    for (int turn = 0; turn < TURNS; turn++)
        for (int whole = 0; whole < 2; whole++)
            for (int trail = 0; trail < 2; trail++)
                take_turn((struct writer){ .db = db, .last = &last, .whole = whole, .trail = trail },
                          length, &written[whole][trail], &spent[whole][trail]);
    for (int whole = 0; whole < 2; whole++) {
        double rates[2];
        for (int trail = 0; trail < 2; trail++) {
            rates[trail] = (double)written[whole][trail] * SECOND / (double)spent[whole][trail];
            printf("%s=%.0f\n", names[whole][trail], rates[trail]);
        }
        printf("%s=%.3f\n", whole ? "deed_cost" : "small_cost", 1 - rates[1] / rates[0]);
    }
}

int main(int argc, char **argv)
{
    struct arena arena = { 0 };
    struct error err = { 0 };
    struct db *db;
    int64_t seconds = 4, checked;
    if (argc < 2 || (argc > 2 && !str_to_int(str_of(argv[2]), 1, 600, &seconds))) {
        fputs("usage: record-bench URL [SECONDS]\n", stderr);
        return 1;
    }
    if (!db_open_url(str_of(argv[1]), WRITERS + 2, &db, &err)
        || !db_migrate(db, &arena, services, &err) || !db_write(db, &arena, do_make, NULL, &err))
        end(&err);
    db_number_later(db, db_is_postgres(db));
    measure(db, seconds * SECOND / TURNS);
    if (!db_read(db, &arena, do_verify, &checked, &err))
        end(&err);
    printf("chained=%lld\n", (long long)checked);
    db_close(db);
    arena_free(&arena);
    return 0;
}
