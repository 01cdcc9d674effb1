/* SPDX-License-Identifier: EUPL-1.2 */
/* Paths, against the real table of routes: a path that is found is found again from what it was
 * taken apart into, and its parts hold no byte that a file name or a header would stumble over. */
#include "base/encoding.h"
#include "platform/http/router.h"
#include "services/services.h"
#include "tests/fuzz/fuzz.h"

/* The address of a route with its brace parts filled in, encoded. */
static struct str address_of(struct arena *arena, const struct match *match)
{
    struct buf out = { .arena = arena };
    struct str rest = str_of(match->route->path);
    size_t params = 0;
    str_cut(&rest, '/');
    while (str_more(rest)) {
        struct str part = str_cut(&rest, '/');
        buf_byte(&out, '/');
        buf_add(&out, part.len && part.at[0] == '{'
                          ? percent_encode(arena, match->params[params++]) : part);
    }
    return buf_str(&out);
}

static void look(struct arena *arena, const struct router *router, unsigned listener,
                 enum method method, struct str path)
{
    struct match match, again;
    struct error err = { 0 };
    if (!router_find(router, arena, listener, method, path, &match, &err)) {
        HOLDS(err.kind == INVALID || err.kind == NOT_FOUND || err.kind == NOT_ALLOWED);
        HOLDS(err.kind != NOT_ALLOWED || match.allow.len > 0);
        return;
    }
    HOLDS(match.route && match.service && (match.route->on & listener));
    HOLDS(match.route->method == method);
    HOLDS(utf8_is_text(match.path));
    for (size_t i = 0; i < ROUTE_PARAMS; i++)
        HOLDS(!str_has(match.params[i], '\0') && utf8_is_text(match.params[i]));
    HOLDS(router_find(router, arena, listener, method, address_of(arena, &match), &again, &err));
    HOLDS(again.route == match.route);
    for (size_t i = 0; i < ROUTE_PARAMS; i++)
        HOLDS(str_eq(again.params[i], match.params[i]));
}

FUZZ(arena, bytes)
{
    static struct arena lasting;
    static struct router *router;
    struct error err = { 0 };
    if (!router)
        HOLDS(router_new(&lasting, all_services, &router, &err));
    struct str path = bytes;
    enum method method = method_parse(str_cut(&path, ' '));
    look(arena, router, PEOPLE, method ? method : GET, path.at ? path : bytes);
    look(arena, router, MACHINES, GET, bytes);
}
