/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/node.h"

#include "base/encoding.h"

struct node *node_new(struct arena *arena, enum node_kind kind)
{
    struct node *node = arena_new(arena, struct node);
    node->kind = kind;
    node->arena = arena;
    return node;
}

static struct node *append(struct node *parent, struct node *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
    return child;
}

static struct node *put(struct node *map, const char *key, enum node_kind kind)
{
    struct node *child = append(map, node_new(map->arena, kind));
    child->key = str_of(key);
    return child;
}

struct node *node_map(struct arena *arena)
{
    return node_new(arena, NODE_MAP);
}

struct node *node_list(struct arena *arena)
{
    return node_new(arena, NODE_LIST);
}

void node_put_text(struct node *map, const char *key, struct str text)
{
    put(map, key, NODE_TEXT)->text = text;
}

void node_put_markup(struct node *map, const char *key, struct str markup)
{
    struct node *child = put(map, key, NODE_TEXT);
    child->text = markup;
    child->safe = true;
}

void node_put_int(struct node *map, const char *key, int64_t number)
{
    put(map, key, NODE_INT)->number = number;
}

void node_put_flag(struct node *map, const char *key, bool flag)
{
    put(map, key, NODE_FLAG)->flag = flag;
}

void node_put_null(struct node *map, const char *key)
{
    put(map, key, NODE_NULL);
}

void node_put(struct node *map, const char *key, struct node *value)
{
    value->key = str_of(key);
    append(map, value);
}

struct node *node_put_map(struct node *map, const char *key)
{
    return put(map, key, NODE_MAP);
}

struct node *node_put_list(struct node *map, const char *key)
{
    return put(map, key, NODE_LIST);
}

struct node *node_add_map(struct node *list)
{
    return append(list, node_new(list->arena, NODE_MAP));
}

void node_add_text(struct node *list, struct str text)
{
    append(list, node_new(list->arena, NODE_TEXT))->text = text;
}

void node_add_int(struct node *list, int64_t number)
{
    append(list, node_new(list->arena, NODE_INT))->number = number;
}

void node_add(struct node *list, struct node *value)
{
    append(list, value);
}

struct node *node_copy(struct arena *arena, const struct node *from)
{
    struct node *node = arena_new(arena, struct node);
    *node = *from;
    node->arena = arena;
    node->first = node->last = node->next = NULL;
    node->count = 0;
    for (const struct node *child = from->first; child; child = child->next)
        append(node, node_copy(arena, child));
    return node;
}

const struct node *node_get(const struct node *map, struct str key)
{
    if (!map || map->kind != NODE_MAP)
        return NULL;
    for (const struct node *child = map->first; child; child = child->next)
        if (str_eq(child->key, key))
            return child;
    return NULL;
}

struct str node_text(const struct node *map, const char *key)
{
    const struct node *child = node_get(map, str_of(key));
    return child && child->kind == NODE_TEXT ? child->text : (struct str){ 0 };
}

static void put_json_text(struct buf *out, struct str s)
{
    buf_byte(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (c == '"' || c == '\\') {
            buf_byte(out, '\\');
            buf_byte(out, c);
        } else if (c == '\n') {
            buf_lit(out, "\\n");
        } else if ((unsigned char)c < 0x20) {
            buf_addf(out, "\\u%04x", (unsigned)(unsigned char)c);
        } else {
            buf_byte(out, c);
        }
    }
    buf_byte(out, '"');
}

static void put_children(const struct node *node, struct buf *out)
{
    for (const struct node *child = node->first; child; child = child->next) {
        if (node->kind == NODE_MAP) {
            put_json_text(out, child->key);
            buf_byte(out, ':');
        }
        node_to_json(child, out);
        if (child->next)
            buf_byte(out, ',');
    }
}

/* Recognisably a real number, so that it is one again when it is read. */
static void put_real(struct buf *out, double real)
{
    struct str text = str_format(out->arena, "%.17g", real);
    buf_add(out, text);
    if (!str_has(text, '.') && !str_has(text, 'e'))
        buf_lit(out, ".0");
}

void node_to_json(const struct node *node, struct buf *out)
{
    switch (node->kind) {
    case NODE_NULL: buf_lit(out, "null"); break;
    case NODE_FLAG: buf_add(out, node->flag ? STR("true") : STR("false")); break;
    case NODE_INT: buf_int(out, node->number); break;
    case NODE_REAL: put_real(out, node->real); break;
    case NODE_TEXT: put_json_text(out, node->text); break;
    case NODE_LIST:
        buf_byte(out, '[');
        put_children(node, out);
        buf_byte(out, ']');
        break;
    case NODE_MAP:
        buf_byte(out, '{');
        put_children(node, out);
        buf_byte(out, '}');
        break;
    }
}
