/* SPDX-License-Identifier: EUPL-1.2 */
/* The signs of life of this process, and what it hears of the others. */
#include "platform/nodes/nodes.h"

#include "base/log.h"
#include "base/process.h"
#include "base/wait.h"
#include "platform/http/sharing.h"
#include "platform/nodes/state.h"
#include "platform/nodes/store.h"
#include "platform/service.h"
#include "platform/version.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define FORGET_AFTER DAY          /* nodes that were not heard of */
#define RATES_LAST   (5 * SECOND) /* older rates are not counted in any more */
#define NODES_HEARD  64           /* of so many others the last beat is remembered */

/* Up to which beat another node's rates were counted in. */
struct heard {
    char process[PROCESS_HOST + 48];
    int64_t beat;
};

struct beating {
    struct app *app;
    struct arena arena;       /* of the row's texts and what is still to be told */
    struct node_row row;
    int64_t beat;
    struct arena telling;     /* of `taken` */
    struct buf taken;         /* given out and not yet told; kept while the database is away */
    struct heard heard[NODES_HEARD];
    size_t heard_count;
    instant cpu, at;          /* of the last measurement */
    int64_t answered;
    pthread_mutex_t lock;     /* of what follows */
    pthread_cond_t wake;
    pthread_t thread;
    bool stopping, hurry;
};

/* ---- Measuring ---- */

static instant cpu_used(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * SECOND + usage.ru_utime.tv_usec
           + usage.ru_stime.tv_usec;
}

static int64_t memory_used(void)
{
    long long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "re");
    if (!statm)
        return 0;
    if (fscanf(statm, "%*s %lld", &pages) != 1)
        pages = 0;
    fclose(statm);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

static void measure(struct beating *beating)
{
    struct server_load load;
    struct node_row *row = &beating->row;
    instant at = instant_monotonic(), cpu = cpu_used(), passed = at - beating->at;
    server_load(beating->app->server, &load);
    if (beating->at && passed > 0) {
        row->requests = (load.answered - beating->answered) * SECOND / passed;
        row->processor = (cpu - beating->cpu) * 1000 / passed;
    }
    row->running = load.running;
    row->memory = memory_used();
    row->last_seen = instant_now();
    if (load.draining)
        row->state = STR("leaving");
    beating->at = at;
    beating->cpu = cpu;
    beating->answered = load.answered;
}

/* ---- One sign of life ---- */

struct beat {
    struct beating *beating;
    bool first, clean_up;
    int64_t others;
    struct node_rates rates;
};

/* What a predecessor on this computer left need not look like a silent node. */
static bool remove_dead(struct tx *tx, const struct beating *beating, struct error *err)
{
    struct node_rows nodes;
    if (!nodes_list(tx, &nodes, err))
        return false;
    for (size_t i = 0; i < nodes.len; i++)
        if (process_has_ended(tx_arena(tx), nodes.at[i].process)
            && str_eq(nodes.at[i].name, beating->row.name)
            && !nodes_remove(tx, nodes.at[i].process, err))
            return false;
    return true;
}

static bool tell_rates(struct tx *tx, const struct beating *beating, struct error *err)
{
    struct node_rate rate = { .process = beating->row.process,
                              .taken = buf_str(&beating->taken),
                              .beat = beating->beat };
    return rate.taken.len == 0 || nodes_put_rate(tx, &rate, beating->row.last_seen, err);
}

static bool do_beat(struct tx *tx, void *with, struct error *err)
{
    struct beat *beat = with;
    const struct beating *beating = beat->beating;
    const struct node_row *row = &beating->row;
    instant now = row->last_seen;
    return (!beat->first || remove_dead(tx, beating, err))
        && nodes_put(tx, row, err)
        && (!beat->clean_up || nodes_remove_old(tx, now - FORGET_AFTER, err))
        && nodes_count_others(tx, row->process, now - NODE_SILENT, &beat->others, err)
        && (beat->others == 0
            || (tell_rates(tx, beating, err)
                && nodes_rates_since(tx, row->process, now - RATES_LAST, &beat->rates, err)));
}

/* The place to remember this process's last beat; the oldest is forgotten when there are too many. */
static struct heard *heard_of(struct beating *beating, struct str process)
{
    for (size_t i = 0; i < beating->heard_count; i++)
        if (str_eq(str_of(beating->heard[i].process), process))
            return &beating->heard[i];
    if (beating->heard_count == NODES_HEARD)
        memmove(beating->heard, beating->heard + 1,
                --beating->heard_count * sizeof *beating->heard);
    struct heard *heard = &beating->heard[beating->heard_count++];
    *heard = (struct heard){ .beat = 0 };
    process = str_slice(process, 0, sizeof heard->process - 1);
    memcpy(heard->process, process.at, process.len);
    return heard;
}

static void count_in(struct beating *beating, const struct node_rates *rates)
{
    for (size_t i = 0; i < rates->len; i++) {
        struct heard *heard = heard_of(beating, rates->at[i].process);
        if (rates->at[i].beat <= heard->beat)
            continue;
        server_rates_add(beating->app->server, rates->at[i].taken, instant_now());
        heard->beat = rates->at[i].beat;
    }
}

static void forget_told(struct beating *beating)
{
    arena_reset(&beating->telling);
    beating->taken = (struct buf){ .arena = &beating->telling };
}

static bool give_sign(struct beating *beating, struct error *err)
{
    struct arena arena = { 0 };
    struct beat beat = { .beating = beating,
                         .first = beating->beat == 0,
                         .clean_up = beating->beat % 3600 == 0 };
    beating->beat++;
    measure(beating);
    if (beating->taken.len == 0)
        server_rates_taken(beating->app->server, &beating->taken);
    instant asked = instant_monotonic();
    bool ok = db_write(beating->app->db, &arena, do_beat, &beat, err);
    if (ok) {
        beating->row.answer = instant_monotonic() - asked;
        count_in(beating, &beat.rates);
        forget_told(beating);
    }
    arena_free(&arena);
    return ok;
}

/* ---- The thread ---- */

static instant beat_every(const struct beating *beating)
{
    return db_is_postgres(beating->app->db) ? BEAT_EVERY : BEAT_EVERY_SQLITE;
}

/* False: it is time to end. */
static bool wait_for_turn(struct beating *beating)
{
    const struct timespec until = wait_until(beat_every(beating));
    pthread_mutex_lock(&beating->lock);
    while (!beating->stopping && !beating->hurry
           && wait_at(&beating->wake, &beating->lock, &until))
        ;
    beating->hurry = false;
    bool go_on = !beating->stopping;
    pthread_mutex_unlock(&beating->lock);
    return go_on;
}

static void *keep_beating(void *with)
{
    struct beating *beating = with;
    bool well = true;
    while (wait_for_turn(beating)) {
        struct error err;
        bool ok = give_sign(beating, &err);
        if (!ok && well) /* once for each time that the database is away */
            log_failure("sign-of-life-not-given", &err);
        well = ok;
    }
    return NULL;
}

static void notify(struct beating *beating, bool stop)
{
    pthread_mutex_lock(&beating->lock);
    beating->hurry = true;
    beating->stopping |= stop;
    pthread_cond_signal(&beating->wake);
    pthread_mutex_unlock(&beating->lock);
}

/* ---- Start and end ---- */

/* The services behind the platform's own parts. */
static struct str role_of(const struct app *app, struct arena *arena)
{
    struct buf role = { .arena = arena };
    bool behind = false;
    for (size_t i = 0; app->services[i]; i++) {
        if (behind && app->services[i] != &operation_service)
            buf_addf(&role, "%s%s", role.len ? ", " : "", app->services[i]->name);
        behind |= app->services[i] == &nodes_service;
    }
    return buf_str(&role);
}

static void fill_row(struct beating *beating)
{
    const struct app *app = beating->app;
    struct arena *arena = &beating->arena;
    char *mark = arena_alloc(arena, KEY_MARK);
    struct str name = config_text(app->config, "node.name");
    server_key_mark(app->server, mark);
    beating->row = (struct node_row){
        .process = process_name(arena),
        .name = name.len ? name : process_host(arena),
        .version = STR(FUNDAMENT_VERSION),
        .role = role_of(app, arena),
        .state = STR("serving"),
        .key_mark = { mark, KEY_MARK },
        .started = instant_now(),
    };
}

static void make_lock(struct beating *beating)
{
    wait_init(&beating->wake);
    pthread_mutex_init(&beating->lock, NULL);
}

static void end(struct beating *beating)
{
    pthread_cond_destroy(&beating->wake);
    pthread_mutex_destroy(&beating->lock);
    arena_free(&beating->telling);
    arena_free(&beating->arena);
    free(beating);
}

static struct nodes *nodes_of(const struct app *app)
{
    return app_state(app, &nodes_service);
}

bool nodes_start(struct app *app, struct error *err)
{
    struct nodes *nodes = nodes_of(app);
    struct beating *beating = calloc(1, sizeof *beating);
    if (!beating)
        return fail(err, UNAVAILABLE, NULL,
                    N_("There is not enough memory for this. Ask for less at a time."));
    beating->app = app;
    make_lock(beating);
    fill_row(beating);
    forget_told(beating);
    if (!give_sign(beating, err)) {
        end(beating);
        return false;
    }
    if (pthread_create(&beating->thread, NULL, keep_beating, beating) != 0) {
        end(beating);
        return fail_internal(err, "no thread for the signs of life");
    }
    nodes->beating = beating;
    return true;
}

void nodes_leave(struct app *app)
{
    struct nodes *nodes = nodes_of(app);
    if (nodes->beating)
        notify(nodes->beating, false);
}

void nodes_quiet(struct app *app)
{
    struct beating *beating = nodes_of(app)->beating;
    if (!beating || beating->stopping)
        return;
    notify(beating, true);
    pthread_join(beating->thread, NULL);
}

static bool sign_off(struct tx *tx, void *with, struct error *err)
{
    const struct beating *beating = with;
    return nodes_put(tx, &beating->row, err);
}

void nodes_stop(struct app *app)
{
    struct nodes *nodes = nodes_of(app);
    struct beating *beating = nodes->beating;
    struct arena arena = { 0 };
    struct error err;
    if (!beating)
        return;
    nodes_quiet(app);
    nodes->beating = NULL;
    beating->row.state = STR("stopped");
    beating->row.last_seen = instant_now();
    beating->row.requests = beating->row.running = beating->row.processor = 0;
    if (!db_write(app->db, &arena, sign_off, beating, &err))
        log_failure("not-signed-off", &err);
    arena_free(&arena);
    end(beating);
}

bool node_has_gone(struct tx *tx, struct str process, instant now, bool *gone, struct error *err)
{
    struct node_row node;
    bool found;
    *gone = process_has_ended(tx_arena(tx), process);
    if (*gone)
        return true;
    if (!nodes_find(tx, process, &node, &found, err))
        return false;
    *gone = !found || str_eq(node.state, STR("stopped")) || node.last_seen < now - NODE_SILENT;
    return true;
}
