/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/metrics.h"

#include "base/list.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define SERIES_MAX 512
#define SLOTS      1024 /* of the hash table; a power of two, twice SERIES_MAX */
#define SHARDS     8    /* threads that count at once seldom share a cache line */
#define CACHE_LINE 64

/* Upper bounds of the buckets, in microseconds; one more bucket holds the rest. */
static const struct {
    instant most;
    const char *seconds;
} bounds[] = {
    { 250, "0.00025" },  { 500, "0.0005" },  { 1000, "0.001" },   { 2500, "0.0025" },
    { 5000, "0.005" },   { 10000, "0.01" },  { 25000, "0.025" },  { 50000, "0.05" },
    { 100000, "0.1" },   { 250000, "0.25" }, { 500000, "0.5" },   { 1000000, "1" },
    { 2500000, "2.5" },  { 10000000, "10" },
};
#define BUCKETS (count_of(bounds) + 1)

enum metric_kind { COUNTER, HISTOGRAM };
static const char *const kind_names[] = { "counter", "histogram" };

struct shard {
    _Alignas(CACHE_LINE) _Atomic uint64_t number; /* a counter; of a histogram the microseconds */
    _Atomic uint64_t bucket[BUCKETS];
};

/* One line of /metrics, or the lines of one histogram. */
struct series {
    enum metric_kind kind;
    const char *name, *help;
    const char *label, *value;   /* NULL: without a label */
    const char *status;          /* a histogram's second label, "2xx" */
    _Atomic int64_t level;       /* of a gauge */
    struct shard *shards;        /* of the others: SHARDS of them */
};

struct metrics {
    pthread_mutex_t lock;        /* held to add a series, never to count */
    struct arena arena;          /* its own, behind the lock: any thread may add a series */
    size_t count;
    _Atomic uint64_t lost;
    _Atomic(struct series *) slots[SLOTS];
};

static void free_arena(void *arena)
{
    arena_free(arena);
}

struct metrics *metrics_new(struct arena *arena)
{
    struct metrics *metrics = arena_new(arena, struct metrics);
    pthread_mutex_init(&metrics->lock, NULL);
    arena_defer(arena, free_arena, &metrics->arena);
    return metrics;
}

static size_t shard_of_thread(void)
{
    static _Atomic size_t threads;
    static _Thread_local size_t mine; /* 1 + the shard; 0: not yet given */
    if (!mine)
        mine = 1 + atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % SHARDS;
    return mine - 1;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_series(const struct series *series, const struct series *wanted)
{
    return same(series->name, wanted->name) && same(series->value, wanted->value)
           && same(series->status, wanted->status);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; text && *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    return (hash ^ 0xff) * 0x100000001b3;
}

/* The slot of this series, or the free one where it belongs. */
static size_t find_slot(struct metrics *metrics, const struct series *wanted)
{
    uint64_t hash = hash_text(hash_text(0xcbf29ce484222325, wanted->name), wanted->value);
    size_t slot = hash_text(hash, wanted->status) % SLOTS;
    for (;; slot = (slot + 1) % SLOTS) {
        struct series *series = atomic_load_explicit(&metrics->slots[slot], memory_order_acquire);
        if (!series || is_series(series, wanted))
            return slot;
    }
}

/* The memory of shards starts on a cache line, which an arena does not promise. */
static struct shard *new_shards(struct arena *arena)
{
    char *at = arena_alloc(arena, (SHARDS + 1) * sizeof(struct shard));
    return (struct shard *)(void *)(at + (CACHE_LINE - (uintptr_t)at % CACHE_LINE) % CACHE_LINE);
}

struct adding {
    struct metrics *metrics;
    const struct series *wanted;
    struct series *series;
};

static void add_under_lock(void *with)
{
    struct adding *adding = with;
    struct metrics *metrics = adding->metrics;
    size_t slot = find_slot(metrics, adding->wanted); /* again: another thread may have added it */
    struct series *series = atomic_load_explicit(&metrics->slots[slot], memory_order_relaxed);
    if (!series && metrics->count < SERIES_MAX) {
        series = arena_copy(&metrics->arena, adding->wanted, sizeof *series);
        series->shards = new_shards(&metrics->arena);
        metrics->count++;
        atomic_store_explicit(&metrics->slots[slot], series, memory_order_release);
    }
    adding->series = series;
}

/* NULL when the table is full or memory has ended: what is measured goes on. */
static struct series *add_series(struct metrics *metrics, const struct series *wanted)
{
    struct adding adding = { metrics, wanted, NULL };
    pthread_mutex_lock(&metrics->lock);
    memory_guard(&metrics->arena, add_under_lock, &adding);
    pthread_mutex_unlock(&metrics->lock);
    return adding.series;
}

/* The series, made at its first use; NULL when the table is full or the name is of another kind. */
static struct series *get_series(struct metrics *metrics, const struct series *wanted)
{
    size_t slot = find_slot(metrics, wanted);
    struct series *series = atomic_load_explicit(&metrics->slots[slot], memory_order_acquire);
    if (!series)
        series = add_series(metrics, wanted);
    if (series && series->kind == wanted->kind)
        return series;
    if (atomic_fetch_add_explicit(&metrics->lost, 1, memory_order_relaxed) == 0)
        log_warn("metric-lost", { "name", .text = str_of(wanted->name) });
    return NULL;
}

void metrics_count(struct metrics *metrics, const char *name, const char *help, const char *label,
                   const char *value, uint64_t add)
{
    const struct series wanted = {
        .kind = COUNTER, .name = name, .help = help, .label = label, .value = label ? value : NULL
    };
    struct series *series = get_series(metrics, &wanted);
    if (series)
        atomic_fetch_add_explicit(&series->shards[shard_of_thread()].number, add,
                                  memory_order_relaxed);
}

static const char *status_class(int status)
{
    static const char *const classes[] = { "other", "1xx", "2xx", "3xx", "4xx", "5xx" };
    return status >= 100 && status < 600 ? classes[status / 100] : classes[0];
}

void metrics_request(struct metrics *metrics, const char *route, int status, instant took)
{
    const struct series wanted = {
        .kind = HISTOGRAM,
        .name = "fundament_request_seconds",
        .help = "Time from the whole request to the whole answer, by route and status.",
        .label = "route",
        .value = route,
        .status = status_class(status),
    };
    struct series *series = get_series(metrics, &wanted);
    if (!series)
        return;
    struct shard *shard = &series->shards[shard_of_thread()];
    size_t bucket = 0;
    while (bucket < count_of(bounds) && took > bounds[bucket].most)
        bucket++;
    atomic_fetch_add_explicit(&shard->bucket[bucket], 1, memory_order_relaxed);
    if (took > 0)
        atomic_fetch_add_explicit(&shard->number, (uint64_t)took, memory_order_relaxed);
}

/* Text as the format has it: in help a backslash and a newline are escaped, in labels a quote too
 * (Prometheus text format 0.0.4). */
static void put_escaped(struct buf *out, const char *text, bool quotes)
{
    for (; *text; text++) {
        if (*text == '\n') {
            buf_lit(out, "\\n");
            continue;
        }
        if (*text == '\\' || (quotes && *text == '"'))
            buf_byte(out, '\\');
        buf_byte(out, *text);
    }
}

/* The labels; `most` is a bucket's upper bound or NULL. */
static void put_labels(struct buf *out, const struct series *series, const char *most)
{
    if (!series->value)
        return;
    buf_addf(out, "{%s=\"", series->label);
    put_escaped(out, series->value, true);
    buf_byte(out, '"');
    if (series->status)
        buf_addf(out, ",status=\"%s\"", series->status);
    if (most)
        buf_addf(out, ",le=\"%s\"", most);
    buf_byte(out, '}');
}

static uint64_t sum_number(const struct series *series)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < SHARDS; i++)
        sum += atomic_load_explicit(&series->shards[i].number, memory_order_relaxed);
    return sum;
}

static uint64_t sum_bucket(const struct series *series, size_t bucket)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < SHARDS; i++)
        sum += atomic_load_explicit(&series->shards[i].bucket[bucket], memory_order_relaxed);
    return sum;
}

static void put_histogram(struct buf *out, const struct series *series)
{
    uint64_t so_far = 0, took = sum_number(series);
    for (size_t i = 0; i < BUCKETS; i++) {
        so_far += sum_bucket(series, i);
        buf_addf(out, "%s_bucket", series->name);
        put_labels(out, series, i < count_of(bounds) ? bounds[i].seconds : "+Inf");
        buf_addf(out, " %llu\n", (unsigned long long)so_far);
    }
    buf_addf(out, "%s_sum", series->name);
    put_labels(out, series, NULL);
    buf_addf(out, " %llu.%06llu\n", (unsigned long long)(took / SECOND),
             (unsigned long long)(took % SECOND));
    buf_addf(out, "%s_count", series->name);
    put_labels(out, series, NULL);
    buf_addf(out, " %llu\n", (unsigned long long)so_far);
}

static void put_series(struct buf *out, const struct series *series)
{
    if (series->kind == HISTOGRAM) {
        put_histogram(out, series);
        return;
    }
    buf_add(out, str_of(series->name));
    put_labels(out, series, NULL);
    if (series->kind == COUNTER)
        buf_addf(out, " %llu\n", (unsigned long long)sum_number(series));
    else
        buf_addf(out, " %lld\n",
                 (long long)atomic_load_explicit(&series->level, memory_order_relaxed));
}

static int by_name(const void *a, const void *b)
{
    const struct series *one = *(struct series *const *)a, *other = *(struct series *const *)b;
    int order = strcmp(one->name, other->name);
    if (order == 0 && one->value && other->value)
        order = strcmp(one->value, other->value);
    if (order == 0 && one->status && other->status)
        order = strcmp(one->status, other->status);
    return order;
}

void metrics_write(struct metrics *metrics, struct buf *out)
{
    struct series *sorted[SERIES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < SLOTS && count < SERIES_MAX; i++) {
        struct series *series = atomic_load_explicit(&metrics->slots[i], memory_order_acquire);
        if (series)
            sorted[count++] = series;
    }
    qsort(sorted, count, sizeof *sorted, by_name);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !same(sorted[i]->name, sorted[i - 1]->name)) {
            buf_addf(out, "# HELP %s ", sorted[i]->name);
            put_escaped(out, sorted[i]->help, false);
            buf_addf(out, "\n# TYPE %s %s\n", sorted[i]->name, kind_names[sorted[i]->kind]);
        }
        put_series(out, sorted[i]);
    }
}
