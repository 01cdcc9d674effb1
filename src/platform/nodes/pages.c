/* SPDX-License-Identifier: EUPL-1.2 */
/* The operator's page of nodes. */
#include "platform/app.h"
#include "platform/nodes/nodes.h"
#include "platform/nodes/state.h"
#include "platform/nodes/store.h"
#include "platform/page/page.h"

#define MEBIBYTE ((int64_t)1024 * 1024)

/* A node that misses a few signs is only late; it is called silent before its work is taken over. */
#define LATE (3 * BEAT_EVERY_SQLITE / 2)

static const struct column columns[] = {
    { "name", N_("Node"), false, false },
    { "state", N_("State"), false, false },
    { "version", N_("Version"), false, false },
    { "role", N_("Services"), false, false },
    { "uptime", N_("Runs for"), false, false },
    { "seen", N_("Last sign of life"), false, false },
    { .key = NULL },
};

static const struct column load_columns[] = {
    { "name", N_("Node"), false, false },
    { "requests", N_("Requests a second"), false, true },
    { "running", N_("Under way"), false, true },
    { "processor", N_("Cores in use"), false, true },
    { "memory", N_("Memory, MB"), false, true },
    { "answer", N_("Database answers in, ms"), false, true },
    { .key = NULL },
};

static bool is_stopped(const struct node_row *node)
{
    return str_eq(node->state, STR("stopped"));
}

static bool is_silent(const struct node_row *node, instant now)
{
    return !is_stopped(node) && node->last_seen < now - LATE;
}

static const char *state_title(const struct node_row *node, instant now)
{
    if (is_stopped(node))
        return N_("stopped");
    if (is_silent(node, now))
        return N_("silent");
    return str_eq(node->state, STR("leaving")) ? N_("finishes its work and stops")
                                               : N_("in service");
}

static struct str uptime(struct request *request, instant passed)
{
    if (passed >= 2 * DAY)
        return trf(request, N_("%lld days"), (long long)(passed / DAY));
    if (passed >= 2 * HOUR)
        return trf(request, N_("%lld hours"), (long long)(passed / HOUR));
    return trf(request, N_("%lld minutes"), (long long)(passed > 0 ? passed / MINUTE : 0));
}

static struct str seen(struct request *request, const struct node_row *node)
{
    instant passed = request->now - node->last_seen;
    if (passed < 2 * SECOND)
        return tr(request, N_("just now"));
    if (passed < 2 * MINUTE)
        return trf(request, N_("%lld seconds ago"), (long long)(passed / SECOND));
    return show_time(request->arena, request->language, node->last_seen);
}

/* A number with a fraction, as the reader's language writes it. */
static struct str decimal(struct request *request, int digits, double number)
{
    struct str text = str_format(request->arena, "%.*f", digits, number);
    ptrdiff_t point = str_find(text, STR("."));
    if (request->language != DUTCH || point < 0)
        return text;
    return str_format(request->arena, "%.*s,%.*s", (int)point, text.at, digits,
                      text.at + point + 1);
}

static void put_load(struct request *request, struct node *rows, const struct node_row *node)
{
    struct node *row = node_add_map(rows);
    node_put_text(row, "name", node->name);
    node_put_int(row, "requests", node->requests);
    node_put_int(row, "running", node->running);
    node_put_text(row, "processor", decimal(request, 2, (double)node->processor / 1000));
    node_put_int(row, "memory", node->memory / MEBIBYTE);
    node_put_text(row, "answer", decimal(request, 1, (double)node->answer / 1000));
}

static void put_node(struct request *request, struct node *rows, const struct node_row *node)
{
    struct node *row = node_add_map(rows);
    instant until = is_stopped(node) ? node->last_seen : request->now;
    node_put_text(row, "name", node->name);
    node_put_text(row, "state", tr(request, state_title(node, request->now)));
    node_put_text(row, "version", node->version);
    node_put_text(row, "role", node->role);
    node_put_text(row, "uptime", uptime(request, until - node->started));
    node_put_text(row, "seen", seen(request, node));
}

static void put_silent(struct request *request, struct node *page, const struct node_rows *nodes)
{
    struct node *silent = node_put_list(page, "silent");
    for (size_t i = 0; i < nodes->len; i++) {
        if (!is_silent(&nodes->at[i], request->now))
            continue;
        struct node *one = node_add_map(silent);
        node_put_text(one, "name", nodes->at[i].name);
        node_put_text(one, "last",
                      show_time(request->arena, request->language, nodes->at[i].last_seen));
    }
}

/* Do those that are in service differ in what they should have in common? */
static void put_differences(struct node *page, const struct node_rows *nodes, instant now)
{
    const struct node_row *first = NULL;
    bool keys = false, versions = false;
    for (size_t i = 0; i < nodes->len; i++) {
        const struct node_row *node = &nodes->at[i];
        if (is_stopped(node) || is_silent(node, now))
            continue;
        first = first ? first : node;
        keys |= !str_eq(first->key_mark, node->key_mark);
        versions |= !str_eq(first->version, node->version);
    }
    node_put_flag(page, "other_keys", keys);
    node_put_flag(page, "several_versions", versions);
}

static struct str database_text(struct request *request, const struct db_standbys *standbys)
{
    if (!db_is_postgres(request->app->db))
        return tr(request, N_("SQLite, in one file: one server at a time. For several nodes, use "
                              "PostgreSQL."));
    if (standbys->count < 0)
        return tr(request, N_("PostgreSQL. Whether a standby follows it is not known: the database's "
                              "user may not see that (grant it pg_monitor)."));
    if (standbys->count == 0)
        return tr(request, N_("PostgreSQL, without a standby: when its computer is lost, what was "
                              "written since the last backup is too."));
    if (standbys->lag < 0)
        return trf(request, N_("PostgreSQL with %lld standby servers, %lld of which are waited for at "
                               "each commit. How far they are behind is not known yet."),
                   (long long)standbys->count, (long long)standbys->in_step);
    return trf(request, N_("PostgreSQL with %lld standby servers, %lld of which are waited for at "
                           "each commit. The slowest is %lld ms behind."),
               (long long)standbys->count, (long long)standbys->in_step,
               (long long)(standbys->lag / 1000));
}

bool show_nodes(struct request *request, struct error *err)
{
    struct node_rows nodes;
    struct db_standbys standbys;
    struct tx *tx;
    if (!request_tx(request, &tx, err) || !nodes_list(tx, &nodes, err)
        || !db_standbys(tx, &standbys, err))
        return false;
    struct node *rows = node_list(request->arena), *loads = node_list(request->arena);
    for (size_t i = 0; i < nodes.len; i++) {
        put_node(request, rows, &nodes.at[i]);
        if (!is_stopped(&nodes.at[i]) && !is_silent(&nodes.at[i], request->now))
            put_load(request, loads, &nodes.at[i]);
    }
    struct node *page = page_new(request, tr(request, N_("Nodes")));
    page_crumb(page, "/", tr(request, N_("Home")));
    put_silent(request, page, &nodes);
    put_differences(page, &nodes, request->now);
    table_put(request, page, "nodes", columns, NULL, rows, (int64_t)nodes.len);
    table_put(request, page, "loads", load_columns, NULL, loads, (int64_t)loads->count);
    node_put_text(page, "database", database_text(request, &standbys));
    return reply_page(request, "platform/nodes/pages/nodes", page);
}
