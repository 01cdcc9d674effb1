/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/use.h"

#include "base/log.h"
#include "base/wait.h"
#include "services/nummervoorziening/store_use.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

/* The sketch. */

bool sketch_add(struct sketch *sketch, uint64_t hash)
{
    uint64_t rest = hash << SKETCH_BITS;
    size_t place = (size_t)(hash >> (64 - SKETCH_BITS));
    int rank = rest ? __builtin_clzll(rest) + 1 : 64 - SKETCH_BITS + 1;
    if (sketch->registers[place] >= rank)
        return false;
    sketch->registers[place] = (unsigned char)rank;
    return true;
}

void sketch_merge(struct sketch *into, const struct sketch *from)
{
    for (size_t i = 0; i < SKETCH_REGISTERS; i++)
        if (from->registers[i] > into->registers[i])
            into->registers[i] = from->registers[i];
}

int64_t sketch_estimate(const struct sketch *sketch)
{
    const double m = SKETCH_REGISTERS, alpha = 0.7213 / (1 + 1.079 / m);
    double sum = 0;
    size_t zero = 0;
    for (size_t i = 0; i < SKETCH_REGISTERS; i++) {
        sum += ldexp(1, -(int)sketch->registers[i]);
        zero += sketch->registers[i] == 0;
    }
    double estimate = alpha * m * m / sum;
    if (estimate <= 2.5 * m && zero > 0) /* linear counting for the small numbers */
        estimate = m * log(m / (double)zero);
    return (int64_t)llround(estimate);
}

/* The counts: two tables that change places at each flush, so that counting waits for no database. */

struct count {
    const char *operation;
    const char *code;       /* of a refusal; NULL for a count of use */
    struct oin vendor;
    struct brin school;
    int64_t day;            /* days since 1970 */
    int64_t calls, pseudonyms;
};

struct counts {
    struct arena arena;
    struct count *at;
    size_t len, cap;
    uint32_t *slots;        /* place in `at`, plus 1; 0 is free */
    size_t slot_count;      /* a power of two */
};

struct sector_sketch {
    char id[256];
    size_t id_len;
    int64_t year;
    instant seen;
    bool dirty;
    struct sketch sketch;
    struct sector_sketch *next;
};

struct use {
    struct db *db;
    pthread_mutex_t lock;       /* of all below */
    pthread_cond_t wake;
    pthread_mutex_t flush_lock; /* one flush at a time; taken before `lock` */
    pthread_t thread;
    bool running, stopping;
    struct counts tables[2];
    struct counts *now, *taken; /* being filled; being written */
    struct sector_sketch *sketches;
};

static uint64_t count_hash(const struct count *count)
{
    uint64_t hash = str_hash(ID_STR(count->vendor)) * 31 + str_hash(ID_STR(count->school));
    hash = hash * 31 + (uint64_t)(uintptr_t)count->operation;
    hash = hash * 31 + (uint64_t)(uintptr_t)count->code;
    return (hash * 31 + (uint64_t)count->day) * 0x9e3779b97f4a7c15u;
}

static bool same_count(const struct count *a, const struct count *b)
{
    return a->operation == b->operation && a->code == b->code && a->day == b->day
           && memcmp(&a->vendor, &b->vendor, sizeof a->vendor) == 0
           && memcmp(&a->school, &b->school, sizeof a->school) == 0;
}

static uint32_t *find_slot(struct counts *counts, const struct count *count)
{
    size_t mask = counts->slot_count - 1, i = (size_t)(count_hash(count) >> 20) & mask;
    while (counts->slots[i] && !same_count(&counts->at[counts->slots[i] - 1], count))
        i = (i + 1) & mask;
    return &counts->slots[i];
}

static void grow_slots(struct counts *counts)
{
    size_t wanted = counts->slot_count ? counts->slot_count * 2 : 256;
    counts->slots = arena_array(&counts->arena, uint32_t, wanted);
    counts->slot_count = wanted;
    for (size_t i = 0; i < counts->len; i++)
        *find_slot(counts, &counts->at[i]) = (uint32_t)i + 1;
}

static void add_count(struct counts *counts, const struct count *count)
{
    if (counts->len * 2 >= counts->slot_count)
        grow_slots(counts);
    uint32_t *slot = find_slot(counts, count);
    if (!*slot) {
        *list_add(&counts->arena, counts) = *count;
        *slot = (uint32_t)counts->len;
        return;
    }
    counts->at[*slot - 1].calls += count->calls;
    counts->at[*slot - 1].pseudonyms += count->pseudonyms;
}

static void empty_counts(struct counts *counts)
{
    arena_reset(&counts->arena);
    counts->at = NULL;
    counts->len = counts->cap = 0;
    counts->slots = NULL;
    counts->slot_count = 0;
}

/* Writing. */

static struct str day_text(int64_t day, char text[static DAY_TEXT])
{
    return instant_day((instant)day * DAY, text);
}

static bool write_count(struct tx *tx, const struct count *count, struct error *err)
{
    char text[DAY_TEXT];
    struct str day = day_text(count->day, text);
    if (count->code)
        return nv_add_refusals(tx, day, str_of(count->operation), str_of(count->code),
                               count->calls, err);
    return nv_add_use(tx,
                      &(struct use_row){ .school = count->school,
                                         .vendor = count->vendor,
                                         .day = day,
                                         .operation = str_of(count->operation),
                                         .calls = count->calls,
                                         .pseudonyms = count->pseudonyms },
                      err);
}

/* Rows are written in one order by all nodes, so that they do not wait for each other in a ring. */
static int compare_counts(const void *a, const void *b)
{
    const struct count *x = a, *y = b;
    int order = memcmp(&x->school, &y->school, sizeof x->school);
    order = order ? order : (x->day > y->day) - (x->day < y->day);
    order = order ? order : memcmp(&x->vendor, &y->vendor, sizeof x->vendor);
    order = order ? order : strcmp(x->operation, y->operation);
    return order ? order : strcmp(x->code ? x->code : "", y->code ? y->code : "");
}

struct flush {
    struct counts *counts;
    struct sector_sketch *sketches; /* copies of the changed ones */
};

static bool write_sketch(struct tx *tx, const struct sector_sketch *sketch, struct error *err)
{
    char text[DAY_TEXT];
    struct str day = instant_day(sketch->seen, text);
    return nv_merge_sketch(tx, (struct str){ sketch->id, sketch->id_len }, sketch->year,
                           str_slice(day, 0, strlen("2026-11")), &sketch->sketch, err);
}

static bool write_flush(struct tx *tx, void *with, struct error *err)
{
    const struct flush *flush = with;
    for (size_t i = 0; i < flush->counts->len; i++)
        if (!write_count(tx, &flush->counts->at[i], err))
            return false;
    for (const struct sector_sketch *s = flush->sketches; s; s = s->next)
        if (!write_sketch(tx, s, err))
            return false;
    return true;
}

static struct sector_sketch *take_sketches(struct use *use, struct arena *arena)
{
    struct sector_sketch *taken = NULL;
    for (struct sector_sketch *s = use->sketches; s; s = s->next) {
        if (!s->dirty)
            continue;
        struct sector_sketch *copy = arena_copy(arena, s, sizeof *s);
        copy->next = taken;
        taken = copy;
        s->dirty = false;
    }
    return taken;
}

static void mark_dirty(struct use *use)
{
    pthread_mutex_lock(&use->lock);
    for (struct sector_sketch *s = use->sketches; s; s = s->next)
        s->dirty = true;
    pthread_mutex_unlock(&use->lock);
}

struct taking {
    struct use *use;
    struct arena *arena;
    struct sector_sketch *sketches;
};

static void take_under_lock(void *with)
{
    struct taking *taking = with;
    taking->sketches = take_sketches(taking->use, taking->arena);
}

bool use_flush(struct use *use, struct error *err)
{
    struct arena arena = { 0 };
    struct taking taking = { use, &arena, NULL };
    pthread_mutex_lock(&use->flush_lock);
    pthread_mutex_lock(&use->lock);
    if (use->taken->len == 0) { /* otherwise the last flush failed: these go first */
        struct counts *filled = use->now;
        use->now = use->taken;
        use->taken = filled;
    }
    bool taken = memory_guard(&arena, take_under_lock, &taking);
    struct flush flush = { .counts = use->taken, .sketches = taking.sketches };
    pthread_mutex_unlock(&use->lock);
    if (!taken)
        mark_dirty(use); /* they are taken the next time */
    bool ok = true;
    if (flush.counts->len > 0 || flush.sketches) {
        if (flush.counts->len > 0)
            qsort(flush.counts->at, flush.counts->len, sizeof *flush.counts->at, compare_counts);
        ok = db_write(use->db, &arena, write_flush, &flush, err);
        if (ok)
            empty_counts(use->taken);
        else
            mark_dirty(use);
    }
    pthread_mutex_unlock(&use->flush_lock);
    arena_free(&arena);
    return ok;
}

static void flush_and_log(struct use *use)
{
    struct error err;
    if (!use_flush(use, &err))
        log_failure("use-not-written", &err);
}

static void wait_a_second(struct use *use)
{
    const struct timespec until = wait_until(SECOND);
    wait_at(&use->wake, &use->lock, &until);
}

static void *flush_each_second(void *with)
{
    struct use *use = with;
    pthread_mutex_lock(&use->lock);
    while (!use->stopping) {
        wait_a_second(use);
        pthread_mutex_unlock(&use->lock);
        flush_and_log(use);
        pthread_mutex_lock(&use->lock);
    }
    pthread_mutex_unlock(&use->lock);
    return NULL;
}

/* The thread starts with the first count: a command that asks nothing needs none. */
static void need_thread(struct use *use)
{
    if (!use->running && !use->stopping)
        use->running = pthread_create(&use->thread, NULL, flush_each_second, use) == 0;
}

struct use *use_new(struct db *db)
{
    struct use *use = calloc(1, sizeof *use);
    if (!use)
        abort();
    use->db = db;
    use->now = &use->tables[0];
    use->taken = &use->tables[1];
    pthread_mutex_init(&use->lock, NULL);
    pthread_mutex_init(&use->flush_lock, NULL);
    pthread_cond_init(&use->wake, NULL);
    return use;
}

static void free_use(struct use *use)
{
    while (use->sketches) {
        struct sector_sketch *next = use->sketches->next;
        free(use->sketches);
        use->sketches = next;
    }
    arena_free(&use->tables[0].arena);
    arena_free(&use->tables[1].arena);
    pthread_mutex_destroy(&use->lock);
    pthread_mutex_destroy(&use->flush_lock);
    pthread_cond_destroy(&use->wake);
    free(use);
}

void use_stop(struct use *use)
{
    pthread_mutex_lock(&use->lock);
    use->stopping = true;
    pthread_cond_signal(&use->wake);
    bool running = use->running;
    pthread_mutex_unlock(&use->lock);
    if (running)
        pthread_join(use->thread, NULL);
    flush_and_log(use); /* what failed before, and what came while the thread ended */
    if (use->now->len > 0)
        flush_and_log(use);
    free_use(use);
}

/* Counting. */

struct counting {
    struct use *use;
    const struct count *one;
};

static void count_under_lock(void *with)
{
    struct counting *counting = with;
    add_count(counting->use->now, counting->one);
    need_thread(counting->use);
}

/* A count for which there is no memory is lost; the answer that is counted is not. */
static void count(struct use *use, const struct count *one)
{
    struct counting counting = { use, one };
    pthread_mutex_lock(&use->lock);
    bool counted = memory_guard(&use->now->arena, count_under_lock, &counting);
    pthread_mutex_unlock(&use->lock);
    if (!counted)
        log_error("use-not-counted", { "operation", str_of(one->operation) });
}

void use_count(struct use *use, const struct oin *vendor, const struct brin *school,
               const char *operation, int64_t pseudonyms, instant now)
{
    count(use, &(struct count){ .operation = operation,
                                .vendor = *vendor,
                                .school = *school,
                                .day = now / DAY,
                                .calls = 1,
                                .pseudonyms = pseudonyms });
}

void use_refused(struct use *use, const char *operation, const char *code, instant now)
{
    count(use, &(struct count){
                   .operation = operation, .code = code, .day = now / DAY, .calls = 1 });
}

static int64_t year_of(instant at)
{
    char text[DAY_TEXT];
    int64_t year = 0;
    str_to_int(str_slice(instant_day(at, text), 0, 4), 0, 9999, &year);
    return year;
}

static struct sector_sketch *find_sketch(struct use *use, struct str sector, int64_t year)
{
    for (struct sector_sketch *s = use->sketches; s; s = s->next)
        if (s->year == year && str_eq(sector, (struct str){ s->id, s->id_len }))
            return s;
    struct sector_sketch *new =
        sector.len <= sizeof new->id ? calloc(1, sizeof *new) : NULL;
    if (!new)
        return NULL;
    memcpy(new->id, sector.at, sector.len);
    new->id_len = sector.len;
    new->year = year;
    new->next = use->sketches;
    return use->sketches = new;
}

void use_seen(struct use *use, struct str sector, const struct lookup *lookup, instant now)
{
    uint64_t hash; /* a MAC's bytes are uniform */
    memcpy(&hash, lookup->bytes, sizeof hash);
    pthread_mutex_lock(&use->lock);
    struct sector_sketch *sketch = find_sketch(use, sector, year_of(now));
    if (sketch && sketch_add(&sketch->sketch, hash)) {
        sketch->dirty = true;
        sketch->seen = now;
    }
    need_thread(use);
    pthread_mutex_unlock(&use->lock);
}
