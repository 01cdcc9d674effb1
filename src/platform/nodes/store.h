/* SPDX-License-Identifier: EUPL-1.2 */
/* All SQL of nodes. */
#ifndef NODES_STORE_H
#define NODES_STORE_H

#include "base/instant.h"
#include "base/list.h"
#include "platform/db/db.h"

struct node_row {
    struct str process, name, version, role, state, key_mark;
    instant started, last_seen;
    int64_t requests, running, processor, memory, answer;
};
struct node_rows {
    list_of(struct node_row);
};

/* Adds or renews a node's row. */
bool nodes_put(struct tx *tx, const struct node_row *node, struct error *err);
bool nodes_list(struct tx *tx, struct node_rows *nodes, struct error *err);
/* `found` false: it never signed on. */
bool nodes_find(struct tx *tx, struct str process, struct node_row *node, bool *found,
               struct error *err);
/* Takes a node away, with its rates. */
bool nodes_remove(struct tx *tx, struct str process, struct error *err);
/* Takes away what was not heard of since `before`. */
bool nodes_remove_old(struct tx *tx, instant before, struct error *err);
/* How many other nodes gave a sign of life since then and did not sign off. */
bool nodes_count_others(struct tx *tx, struct str process, instant since, int64_t *count,
                       struct error *err);

struct node_rate {
    struct str process, taken;
    int64_t beat;
};
struct node_rates {
    list_of(struct node_rate);
};
/* Kept in one of RATE_SLOTS places a process, the oldest of which it takes. */
#define RATE_SLOTS 4
bool nodes_put_rate(struct tx *tx, const struct node_rate *rate, instant now, struct error *err);
/* Of other processes, told since then; by process, in the order in which they were told. */
bool nodes_rates_since(struct tx *tx, struct str process, instant since, struct node_rates *rates,
                      struct error *err);

#endif
