/* SPDX-License-Identifier: EUPL-1.2 */
/* A template is refused or rendered; a value never becomes markup in strict mode. */
#include "platform/page/template.h"

#include "tests/fuzz/fuzz.h"

/* Lists have one element: nested sections over longer ones grow without bound, and templates are
 * not an enemy's. */
static struct node *data(struct arena *arena)
{
    struct node *map = node_map(arena), *inner;
    node_put_text(map, "a", STR("\x01<&>"));
    node_put_flag(map, "yes", true);
    node_put_flag(map, "no", false);
    inner = node_add_map(node_put_list(map, "list"));
    node_put_int(inner, "n", 42);
    node_put_text(node_put_map(map, "m"), "b", STR("\x01<"));
    return map;
}

static void run(struct arena *arena, struct str text, enum template_mode mode)
{
    struct template_source source = { .name = STR("\x02"), .text = text };
    struct templates *templates;
    struct error err = { 0 };
    struct buf out = { .arena = arena };
    if (!templates_compile(arena, &source, 1, mode, &templates, &err)) {
        HOLDS(err.message);
        return;
    }
    if (!template_render(templates, STR("\x02"), DUTCH, data(arena), &out, &err))
        return;
    if (mode == STRICT && !str_has(text, '\x01'))
        HOLDS(str_find(buf_str(&out), STR("\x01<")) < 0);
}

FUZZ(arena, bytes)
{
    run(arena, bytes, STRICT);
    run(arena, bytes, SPECIFIED);
}
