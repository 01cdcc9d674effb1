/* SPDX-License-Identifier: EUPL-1.2 */
/* What the record of deeds costs: record-bench URL [SECONDS [KIND]]. On a new database with a sector as
 * large as that of the Netherlands, where schools have signed up and allowed vendors, 32 writers do deeds
 * of this program, by the functions that its pages call, for schools and boards taken by chance (each
 * writer has its own share of them, so that nobody waits for a row of another):
 *
 *     mandate   a board allows a vendor for a school, or ends it
 *     register  a person changes a board in the register
 *     row       when named: no deed of this program, but one row that is added; the worst that can be
 *
 * in turns with and without what record/ keeps of them (an audit row and an event each). In a turn
 * with, everything must be numbered, chained and filed before the clock stops. Which of both comes first
 * changes with each pair; what a pair lost is its share, and of all pairs the middle one counts.
 * Prints, with rates in deeds a second,
 *
 *     mandate_plain=... mandate_trail=... mandate_cost=... mandate_low=... mandate_high=...
 *
 * (cost, and its first and third quartile: 0.05 is 5 %) and the same for the others. Servers number
 * deeds as here: on PostgreSQL, a thread beside the writers (platform/record/inbox.h); on SQLite, at the
 * end of each commit; and that thread files them (platform/record/filing.h). The program is linked with --wrap=record_leave, so that nothing in the house needs
 * a switch that turns its record off. */
#include "base/instant.h"
#include "platform/record/audit.h"
#include "platform/record/chain.h"
#include "platform/record/events.h"
#include "platform/record/filing.h"
#include "sector/demo.h"
#include "services/nummervoorziening/signup.h"
#include "services/nummervoorziening/nummervoorziening.h"
#include "services/services.h"
#include "tests/load/record_register.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WRITERS = 32, SCHOOLS = 7200, SHARE = 2 * SCHOOLS / WRITERS, PAIRS_MAX = 100, DEEDS = 2 };
#define LONGEST (10 * SECOND) /* turn: what the clerk still has to do at its end weighs little */
#define WHO  "account:0c0c31ee-f5b6-4bf0-a8a7-2f06b3d8ee5a"

static const struct statement make_rows = SQL(
    "CREATE TABLE bench_row (number BIGINT NOT NULL PRIMARY KEY, what TEXT NOT NULL)");
static const struct statement add_row = SQL(
    "INSERT INTO bench_row (number, what) VALUES ($1, 'school:00AV was signed up by board:41804')");

/* As PostgreSQL itself does, some minutes after so many rows came. */
static const struct statement analyze = SQL("ANALYZE");

static atomic_bool leaves_nothing;
static atomic_int_fast64_t last_row;

void __wrap_record_leave(struct tx *tx, const struct record *record);
void __real_record_leave(struct tx *tx, const struct record *record);
void __wrap_record_leave(struct tx *tx, const struct record *record)
{
    if (!leaves_nothing)
        __real_record_leave(tx, record);
}

static _Noreturn void end(const struct error *err)
{
    fprintf(stderr, "record-bench: %s (%s)\n", err->message, err->detail);
    exit(1);
}

/* ---- Deeds ---- */

struct writer {
    struct db *db;
    db_work *deed;
    instant until;
    struct oin vendor;    /* whom nobody has allowed before */
    struct school schools[SHARE];
    bool allowed[SHARE];
    size_t count, at;      /* at: the school of this deed */
    unsigned chance;
    int64_t written;
};

static bool change_mandate(struct tx *tx, void *with, struct error *err)
{
    const struct writer *writer = with;
    const struct school *school = &writer->schools[writer->at];
    const struct decider decider = { STR(WHO), school->board };
    struct changes changes;
    instant now = instant_now();
    enum wish wish = writer->allowed[writer->at] ? WISH_END : WISH_ALLOW;
    return plan_changes(tx, &decider, &school->brin, 1, &writer->vendor, 1, wish, now, &changes,
                        err)
        && make_changes(tx, &decider, &changes, now, err);
}

static bool change_register(struct tx *tx, void *with, struct error *err)
{
    const struct writer *writer = with;
    struct str place = str_format(tx_arena(tx), "Plaats %lld", (long long)writer->written);
    return move_board(tx, STR(WHO), &writer->schools[writer->at].board, place, err);
}

static bool add_a_row(struct tx *tx, void *with, struct error *err)
{
    static const char what[] = "nummervoorziening.school-signed-up";
    struct str subject = STR("school:00AV"), board = STR("board:41804");
    instant now = instant_now();
    (void)with;
    return db_do(tx, &add_row, ARGS(arg_int(atomic_fetch_add(&last_row, 1))), NULL, err)
        && audit_add(tx, now, &(struct audit_entry){ STR(WHO), board, what, subject, STR("{}") }, err)
        && event_add_for(tx, now, &(struct event_entry){ what, subject, STR("{}"), board }, err);
}

static const struct {
    const char *name;
    db_work *deed;
} kinds[] = { { "mandate", change_mandate }, { "register", change_register }, { "row", add_a_row } };

/* ---- A turn ---- */

static void *do_deeds(void *with)
{
    struct writer *writer = with;
    struct arena arena = { 0 };
    struct error err;
    while (instant_monotonic() < writer->until) {
        if (!db_write(writer->db, &arena, writer->deed, writer, &err))
            end(&err);
        writer->allowed[writer->at] ^= writer->deed == change_mandate;
        writer->at = (size_t)rand_r(&writer->chance) % writer->count;
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
    struct app app = { .db = writer->db, .services = all_services };
    struct error err;
    instant filed = instant_monotonic();
    while (instant_monotonic() < writer->until) {
        nanosleep(&(struct timespec){ .tv_nsec = SECOND / 2 * 1000 }, NULL);
        if (!record_tidy(&app, &filed, &err))
            end(&err);
    }
    if (!record_settle(&app, &err))
        end(&err);
    return NULL;
}

/* Returns the rate, in deeds a second. */
static double take_turn(struct writer *writers, db_work *deed, instant length, bool trail)
{
    pthread_t threads[WRITERS], numbering;
    int64_t written = 0;
    instant start = instant_monotonic();
    leaves_nothing = !trail;
    for (int i = 0; i < WRITERS; i++) {
        writers[i].deed = deed;
        writers[i].until = start + length;
        written -= writers[i].written;
        pthread_create(&threads[i], NULL, do_deeds, &writers[i]);
    }
    if (trail)
        pthread_create(&numbering, NULL, number_deeds, &writers[0]);
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        written += writers[i].written;
    }
    if (trail)
        pthread_join(numbering, NULL);
    return (double)written * SECOND / (double)(instant_monotonic() - start);
}

/* ---- All turns ---- */

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void measure(struct writer *writers, size_t kind, instant length, size_t pairs)
{
    double rates[2][PAIRS_MAX], costs[PAIRS_MAX];
    for (size_t pair = 0; pair < pairs; pair++) {
        for (size_t turn = 0; turn < 2; turn++) {
            size_t trail = (turn + pair) % 2;
            rates[trail][pair] = take_turn(writers, kinds[kind].deed, length, trail);
        }
        costs[pair] = 1 - rates[1][pair] / rates[0][pair];
    }
    qsort(rates[0], pairs, sizeof(double), by_size);
    qsort(rates[1], pairs, sizeof(double), by_size);
    qsort(costs, pairs, sizeof(double), by_size);
    const char *name = kinds[kind].name;
    printf("%s_plain=%.0f %s_trail=%.0f %s_cost=%.3f %s_low=%.3f %s_high=%.3f\n", name,
           rates[0][pairs / 2], name, rates[1][pairs / 2], name, costs[pairs / 2], name,
           costs[pairs / 4], name, costs[pairs * 3 / 4]);
    fflush(stdout);
}

/* ---- The world ---- */

/* A board is of one writer. */
static bool find_schools(struct tx *tx, void *with, struct error *err)
{
    struct writer *writers = with;
    for (int64_t i = 0; i < SCHOOLS; i++) {
        struct brin brin = demo_brin(i);
        struct school school;
        int64_t board;
        bool found;
        if (!sector_find_school(tx, &brin, &school, &found, err))
            return false;
        if (!found || !str_to_int(ID_STR(school.board), 0, INT64_MAX, &board))
            return fail_internal(err, "school %lld is not there", (long long)i);
        struct writer *writer = &writers[board % WRITERS];
        if (writer->count < SHARE)
            writer->schools[writer->count++] = school;
    }
    return true;
}

static bool do_prepare(struct tx *tx, void *with, struct error *err)
{
    const bool is_postgres = db_is_postgres(with);
    return db_do(tx, &make_rows, NO_ARGS, NULL, err)
        && (!is_postgres || db_do(tx, &analyze, NO_ARGS, NULL, err));
}

static bool do_verify(struct tx *tx, void *with, struct error *err)
{
    return audit_verify(tx, with, err);
}

static void make_world(struct str url, struct arena *arena, struct writer *writers)
{
    struct error err = { 0 };
    struct db *db;
    if (!db_open_url(url, WRITERS + 2, &db, &err) || !db_migrate(db, arena, all_services, &err))
        end(&err);
    struct app app = { .arena = arena, .db = db, .services = all_services };
    if (!sector_seed_demo(&app, arena, SCHOOLS, &err)
        || !nummervoorziening_service.seed_demo(&app, arena, SCHOOLS, &err)
        || !db_write(db, arena, do_prepare, db, &err)
        || !db_read(db, arena, find_schools, writers, &err))
        end(&err);
    for (int i = 0; i < WRITERS; i++) {
        writers[i].db = db;
        writers[i].vendor = demo_vendor(DEMO_VENDORS);
        writers[i].chance = (unsigned)i;
    }
    db_number_later(db, db_is_postgres(db));
}

int main(int argc, char **argv)
{
    struct arena arena = { 0 };
    struct error err = { 0 };
    static struct writer writers[WRITERS];
    int64_t seconds = 160, checked;
    if (argc < 2 || (argc > 2 && !str_to_int(str_of(argv[2]), 2, 1000, &seconds))) {
        fputs("usage: record-bench URL [SECONDS [KIND]]\n", stderr);
        return 1;
    }
    make_world(str_of(argv[1]), &arena, writers);
    instant each = seconds * SECOND / (argc < 4 ? DEEDS : 1); /* for this kind */
    instant length = each / 2 < LONGEST ? each / 2 : LONGEST;
    for (size_t kind = 0; kind < count_of(kinds); kind++)
        if (argc < 4 ? kind < DEEDS : strcmp(argv[3], kinds[kind].name) == 0)
            measure(writers, kind, length, (size_t)(each / length / 2));
    if (!db_read(writers[0].db, &arena, do_verify, &checked, &err))
        end(&err);
    printf("chained=%lld\n", (long long)checked);
    db_close(writers[0].db);
    arena_free(&arena);
    return 0;
}
