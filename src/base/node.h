/* SPDX-License-Identifier: EUPL-1.2 */
/* A small tree of values in an arena: what a page's template is filled with, what a JSON body
 * becomes after its parser, and what a JSON answer is written from. */
#ifndef BASE_NODE_H
#define BASE_NODE_H

#include "base/buf.h"

enum node_kind { NODE_NULL, NODE_FLAG, NODE_INT, NODE_REAL, NODE_TEXT, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    bool safe;           /* a TEXT that is markup already; a template does not escape it */
    bool flag;
    int64_t number;
    double real;
    struct str text;
    struct str key;      /* this node's name in its map */
    struct node *first, *last, *next; /* children of a list or map, in order of arrival */
    size_t count;
    struct arena *arena;
};

struct node *node_new(struct arena *arena, enum node_kind kind); /* null, zero or empty */
struct node *node_map(struct arena *arena);  /* an empty map */
struct node *node_list(struct arena *arena); /* an empty list */
/* All of it again, to be put elsewhere; texts are shared. */
struct node *node_copy(struct arena *arena, const struct node *from);

/* Put a value in a map. The key is kept as it is given (a literal, or arena text); a later value
 * of the same key stands beside the first and is not found: put each key once. */
void node_put_text(struct node *map, const char *key, struct str text);
void node_put_markup(struct node *map, const char *key, struct str markup); /* trusted HTML/SVG */
void node_put_int(struct node *map, const char *key, int64_t number);
void node_put_flag(struct node *map, const char *key, bool flag);
void node_put_null(struct node *map, const char *key);
void node_put(struct node *map, const char *key, struct node *value); /* a node made elsewhere */
struct node *node_put_map(struct node *map, const char *key);
struct node *node_put_list(struct node *map, const char *key);

/* Add a value to a list. */
struct node *node_add_map(struct node *list);
void node_add_text(struct node *list, struct str text);
void node_add_int(struct node *list, int64_t number);
void node_add(struct node *list, struct node *value); /* a node made elsewhere */

/* Look in a map; NULL when it is not there (or `map` is NULL or no map). */
const struct node *node_get(const struct node *map, struct str key);
/* The text of a TEXT child, or an empty slice. */
struct str node_text(const struct node *map, const char *key);

/* The tree as JSON (RFC 8259), compact. */
void node_to_json(const struct node *node, struct buf *out);

#endif
