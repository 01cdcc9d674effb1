/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/format/json.h"

#include "base/encoding.h"

#include <jansson.h>

#define DEPTH_MAX 32

static void free_json(void *json)
{
    json_decref(json);
}

/* How deep brackets nest, before the parser sees them: its own recursion goes much deeper than we
 * need. Brackets within strings do not count. */
static bool is_shallow(struct str text)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '[')) {
            if (++depth > DEPTH_MAX)
                return false;
        } else if (!in_string && (c == '}' || c == ']'))
            depth--;
    }
    return true;
}

static struct node *to_node(struct arena *arena, const json_t *json);

static struct node *to_map(struct arena *arena, const json_t *json)
{
    struct node *map = node_map(arena);
    void *at = json_object_iter((json_t *)(uintptr_t)json);
    for (; at; at = json_object_iter_next((json_t *)(uintptr_t)json, at)) {
        const char *key = str_c(arena, str_of(json_object_iter_key(at)));
        node_put(map, key, to_node(arena, json_object_iter_value(at)));
    }
    return map;
}

static struct node *to_list(struct arena *arena, const json_t *json)
{
    struct node *list = node_list(arena);
    size_t count = json_array_size(json);
    for (size_t i = 0; i < count; i++)
        node_add(list, to_node(arena, json_array_get(json, i)));
    return list;
}

/* Recursion is at most DEPTH_MAX deep: is_shallow saw to that. */
static struct node *to_node(struct arena *arena, const json_t *json)
{
    struct node *node;
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return to_map(arena, json);
    case JSON_ARRAY:
        return to_list(arena, json);
    case JSON_STRING:
        node = node_new(arena, NODE_TEXT);
        node->text = str_copy(arena, (struct str){ json_string_value(json),
                                                   json_string_length(json) });
        return node;
    case JSON_INTEGER:
        node = node_new(arena, NODE_INT);
        node->number = json_integer_value(json);
        return node;
    case JSON_REAL:
        node = node_new(arena, NODE_REAL);
        node->real = json_real_value(json);
        return node;
    case JSON_TRUE:
    case JSON_FALSE:
        node = node_new(arena, NODE_FLAG);
        node->flag = json_is_true(json);
        return node;
    case JSON_NULL:
        break;
    }
    return node_new(arena, NODE_NULL);
}

/* Jansson's own text may quote the input, which may be personal: only the place is kept. */
static bool refuse(const json_error_t *why, struct error *err)
{
    const char *message = N_("This is not JSON as it must be; look near %s.");
    switch (json_error_code(why)) {
    case json_error_duplicate_key:
        message = N_("A name stands twice in the same JSON object, near %s.");
        break;
    case json_error_null_character:
    case json_error_null_byte_in_key:
        message = N_("The JSON holds a NUL character, near %s.");
        break;
    case json_error_numeric_overflow:
        message = N_("A number in the JSON is too large, near %s.");
        break;
    default:
        break;
    }
    return fail_about(err, INVALID, NULL, message, "%d:%d", why->line, why->column);
}

bool json_parse(struct arena *arena, struct str text, const struct node **json, struct error *err)
{
    json_error_t why;
    *json = NULL;
    if (str_has(text, '\0'))
        return fail(err, INVALID, NULL, N_("The JSON holds a NUL byte."));
    if (!utf8_valid(text))
        return fail(err, INVALID, NULL, N_("The JSON is not UTF-8."));
    if (!is_shallow(text))
        return fail(err, INVALID, NULL, N_("The JSON is nested too deeply."));
    json_t *parsed = json_loadb(text.at ? text.at : "", text.len,
                                JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!parsed)
        return refuse(&why, err);
    arena_defer(arena, free_json, parsed); /* also when the arena's memory ends half-way */
    *json = to_node(arena, parsed);
    return true;
}
