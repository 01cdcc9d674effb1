/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/http/router.h"

#include "base/encoding.h"
#include "base/list.h"
#include "platform/service.h"

/* One segment of the tree. The routes that end here, for each listener and method. */
struct segment {
    struct str text;                     /* empty for a brace part */
    struct segment *literals;            /* children, by `next` */
    struct segment *brace;
    struct segment *next;
    struct ending {
        const struct service *service;
        const struct route *route;
    } endings[2][METHODS];               /* people's, machines' */
};

struct router {
    struct segment root;
};

static const char *const method_names[METHODS] = {
    [GET] = "GET", [POST] = "POST", [PUT] = "PUT", [DELETE] = "DELETE"
};

enum method method_parse(struct str name)
{
    if (str_eq(name, STR("HEAD")))
        return GET;
    for (enum method method = GET; method < METHODS; method++)
        if (str_eq(name, str_of(method_names[method])))
            return method;
    return METHOD_NONE;
}

const char *method_name(enum method method)
{
    return method_names[method] ? method_names[method] : "-";
}

static size_t place(unsigned listener)
{
    return listener == MACHINES;
}

/* Building */

static bool is_brace(struct str part)
{
    return part.len > 2 && part.at[0] == '{' && part.at[part.len - 1] == '}';
}

static struct segment *child_of(struct arena *arena, struct segment *parent, struct str part)
{
    if (is_brace(part)) {
        if (!parent->brace)
            parent->brace = arena_new(arena, struct segment);
        return parent->brace;
    }
    for (struct segment *child = parent->literals; child; child = child->next)
        if (str_eq(child->text, part))
            return child;
    struct segment *child = arena_new(arena, struct segment);
    child->text = part;
    child->next = parent->literals;
    parent->literals = child;
    return child;
}

static bool put_ending(struct segment *at, unsigned listener, const struct service *service,
                       const struct route *route, struct error *err)
{
    if (!(route->on & listener))
        return true;
    struct ending *ending = &at->endings[place(listener)][route->method];
    if (ending->route)
        return fail_internal(err, "two routes answer %s %s (%s and %s)",
                             method_name(route->method), route->path, ending->service->name,
                             service->name);
    *ending = (struct ending){ service, route };
    return true;
}

static bool add_route(struct arena *arena, struct router *router, const struct service *service,
                      const struct route *route, struct error *err)
{
    struct str rest = str_of(route->path);
    struct segment *at = &router->root;
    size_t depth = 0, params = 0;
    if (route->method == METHOD_NONE || route->method >= METHODS || !route->answer || !route->on
        || !str_starts(rest, STR("/")))
        return fail_internal(err, "the route %s of %s is incomplete", route->path, service->name);
    str_cut(&rest, '/');
    while (str_more(rest)) {
        struct str part = str_cut(&rest, '/');
        params += is_brace(part);
        if (++depth > PATH_SEGMENTS || params > ROUTE_PARAMS)
            return fail_internal(err, "the route %s has too many parts", route->path);
        at = child_of(arena, at, part);
    }
    return put_ending(at, PEOPLE, service, route, err)
           && put_ending(at, MACHINES, service, route, err);
}

bool router_new(struct arena *arena, const struct service *const *services, struct router **router,
                struct error *err)
{
    *router = arena_new(arena, struct router);
    for (; *services; services++)
        for (const struct route *route = (*services)->routes; route && route->path; route++)
            if (!add_route(arena, *router, *services, route, err))
                return false;
    return true;
}

/* Finding */

struct path {
    struct str parts[PATH_SEGMENTS];
    size_t count;
};

struct search {
    const struct path *path;
    size_t place;
    enum method method;
    const struct segment *found;   /* has the method */
    unsigned methods;              /* that other segments for this path have, as bits */
    struct str params[ROUTE_PARAMS];
};

static bool fail_encoding(struct error *err)
{
    return fail(err, INVALID, NULL, N_("The address of this request is not well formed."));
}

/* Cuts first and decodes after, so that %2F stays within its segment. */
static bool read_path(struct arena *arena, struct str raw, struct path *path, struct str *decoded,
                      struct error *err)
{
    if (!str_starts(raw, STR("/")))
        return fail_encoding(err);
    if (!percent_decode(arena, raw, false, decoded) || !utf8_is_text(*decoded))
        return fail_encoding(err);
    str_cut(&raw, '/');
    while (str_more(raw)) {
        if (path->count == PATH_SEGMENTS)
            return fail(err, NOT_FOUND, NULL, N_("There is nothing at this address."));
        struct str part = str_cut(&raw, '/');
        if (!percent_decode(arena, part, false, &path->parts[path->count++]))
            return fail_encoding(err);
    }
    return true;
}

static bool look_at_endings(struct search *search, const struct segment *at)
{
    const struct ending *endings = at->endings[search->place];
    for (enum method method = GET; method < METHODS; method++)
        if (endings[method].route)
            search->methods |= 1u << method;
    if (!endings[search->method].route)
        return false;
    search->found = at;
    return true;
}

/* Goes down the tree, literal first, and comes back where that was a dead end. At most
 * PATH_SEGMENTS deep, and brace parts at most ROUTE_PARAMS. */
static bool descend(struct search *search, const struct segment *at, size_t depth, size_t params)
{
    if (depth == search->path->count)
        return look_at_endings(search, at);
    struct str part = search->path->parts[depth];
    for (const struct segment *child = at->literals; child; child = child->next)
        if (str_eq(child->text, part) && descend(search, child, depth + 1, params))
            return true;
    if (!at->brace || part.len == 0)
        return false;
    search->params[params] = part;
    return descend(search, at->brace, depth + 1, params + 1);
}

static struct str allow_text(struct arena *arena, unsigned methods)
{
    struct buf out = { .arena = arena };
    for (enum method method = GET; method < METHODS; method++) {
        if (!(methods & (1u << method)))
            continue;
        if (out.len)
            buf_lit(&out, ", ");
        buf_add(&out, str_of(method_names[method]));
        if (method == GET)
            buf_lit(&out, ", HEAD");
    }
    return buf_str(&out);
}

bool router_find(const struct router *router, struct arena *arena, unsigned listener,
                 enum method method, struct str raw, struct match *match, struct error *err)
{
    struct path path = { .count = 0 };
    *match = (struct match){ .path = raw };
    if (!read_path(arena, raw, &path, &match->path, err))
        return false;
    struct search search = { .path = &path, .place = place(listener), .method = method };
    if (descend(&search, &router->root, 0, 0)) {
        const struct ending *ending = &search.found->endings[search.place][method];
        match->service = ending->service;
        match->route = ending->route;
        memcpy(match->params, search.params, sizeof match->params);
        return true;
    }
    if (!search.methods)
        return fail(err, NOT_FOUND, NULL, N_("There is nothing at this address."));
    match->allow = allow_text(arena, search.methods);
    return fail(err, NOT_ALLOWED, NULL, N_("This address does not answer this method."));
}
