/* SPDX-License-Identifier: EUPL-1.2 */
/* JSON that is taken in, written and taken in again is the same. */
#include "platform/format/json.h"

#include "base/encoding.h"
#include "tests/fuzz/fuzz.h"

FUZZ(arena, bytes)
{
    const struct node *json, *again;
    struct error err;
    struct buf out = { .arena = arena }, twice = { .arena = arena };
    if (!json_parse(arena, bytes, &json, &err))
        return;
    node_to_json(json, &out);
    HOLDS(utf8_valid(buf_str(&out)));
    HOLDS(json_parse(arena, buf_str(&out), &again, &err));
    node_to_json(again, &twice);
    HOLDS(str_eq(buf_str(&out), buf_str(&twice)));
}
