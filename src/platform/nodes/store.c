/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/nodes/store.h"

#define NODE_COLUMNS                                                                               \
    "process, name, version, role, state, key_mark, started, last_seen, requests, running,"        \
    " processor, memory, answer"

static const struct statement put_node = SQL(
    "INSERT INTO node (" NODE_COLUMNS ")"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    " ON CONFLICT (process) DO UPDATE SET name = $2, version = $3, role = $4, state = $5,"
    " key_mark = $6, started = $7, last_seen = $8, requests = $9, running = $10, processor = $11,"
    " memory = $12, answer = $13");
static const struct statement list_nodes = SQL(
    "SELECT " NODE_COLUMNS " FROM node ORDER BY name, started, process");
static const struct statement find_node = SQL(
    "SELECT " NODE_COLUMNS " FROM node WHERE process = $1");
static const struct statement remove_node = SQL("DELETE FROM node WHERE process = $1");
static const struct statement remove_rates = SQL("DELETE FROM node_rate WHERE process = $1");
static const struct statement remove_old_nodes = SQL("DELETE FROM node WHERE last_seen < $1");
static const struct statement remove_old_rates = SQL("DELETE FROM node_rate WHERE at < $1");
static const struct statement count_others = SQL(
    "SELECT COUNT(*) FROM node WHERE process <> $1 AND last_seen >= $2 AND state <> 'stopped'");
static const struct statement put_rate = SQL(
    "INSERT INTO node_rate (process, slot, beat, at, taken) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (process, slot) DO UPDATE SET beat = $3, at = $4, taken = $5");
static const struct statement rates_since = SQL(
    "SELECT process, beat, taken FROM node_rate WHERE process <> $1 AND at >= $2"
    " ORDER BY process, beat");

bool nodes_put(struct tx *tx, const struct node_row *node, struct error *err)
{
    return db_do(tx, &put_node,
                 ARGS(arg_text(node->process), arg_text(node->name), arg_text(node->version),
                      arg_text(node->role), arg_text(node->state), arg_text(node->key_mark),
                      arg_int(node->started), arg_int(node->last_seen), arg_int(node->requests),
                      arg_int(node->running), arg_int(node->processor), arg_int(node->memory),
                      arg_int(node->answer)),
                 NULL, err);
}

static struct node_row take_node(struct rows *rows)
{
    return (struct node_row){
        .process = row_text(rows, 0),
        .name = row_text(rows, 1),
        .version = row_text(rows, 2),
        .role = row_text(rows, 3),
        .state = row_text(rows, 4),
        .key_mark = row_text(rows, 5),
        .started = row_int(rows, 6),
        .last_seen = row_int(rows, 7),
        .requests = row_int(rows, 8),
        .running = row_int(rows, 9),
        .processor = row_int(rows, 10),
        .memory = row_int(rows, 11),
        .answer = row_int(rows, 12),
    };
}

bool nodes_list(struct tx *tx, struct node_rows *nodes, struct error *err)
{
    struct rows rows;
    *nodes = (struct node_rows){ 0 };
    if (!db_query(tx, &list_nodes, NO_ARGS, &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), nodes) = take_node(&rows);
    return rows_end(&rows, err);
}

bool nodes_find(struct tx *tx, struct str process, struct node_row *node, bool *found,
               struct error *err)
{
    struct rows rows;
    if (!db_query(tx, &find_node, ARGS(arg_text(process)), &rows, err))
        return false;
    *found = rows_next(&rows);
    if (*found)
        *node = take_node(&rows);
    return rows_end(&rows, err);
}

bool nodes_remove(struct tx *tx, struct str process, struct error *err)
{
    return db_do(tx, &remove_node, ARGS(arg_text(process)), NULL, err)
        && db_do(tx, &remove_rates, ARGS(arg_text(process)), NULL, err);
}

bool nodes_remove_old(struct tx *tx, instant before, struct error *err)
{
    return db_do(tx, &remove_old_nodes, ARGS(arg_int(before)), NULL, err)
        && db_do(tx, &remove_old_rates, ARGS(arg_int(before)), NULL, err);
}

bool nodes_count_others(struct tx *tx, struct str process, instant since, int64_t *count,
                       struct error *err)
{
    return db_number(tx, &count_others, ARGS(arg_text(process), arg_int(since)), 0, count, err);
}

bool nodes_put_rate(struct tx *tx, const struct node_rate *rate, instant now, struct error *err)
{
    return db_do(tx, &put_rate,
                 ARGS(arg_text(rate->process), arg_int(rate->beat % RATE_SLOTS),
                      arg_int(rate->beat), arg_int(now), arg_bytes(rate->taken)),
                 NULL, err);
}

bool nodes_rates_since(struct tx *tx, struct str process, instant since, struct node_rates *rates,
                      struct error *err)
{
    struct rows rows;
    *rates = (struct node_rates){ 0 };
    if (!db_query(tx, &rates_since, ARGS(arg_text(process), arg_int(since)), &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), rates) = (struct node_rate){
            .process = row_text(&rows, 0),
            .beat = row_int(&rows, 1),
            .taken = row_bytes(&rows, 2),
        };
    return rows_end(&rows, err);
}
