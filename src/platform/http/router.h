/* SPDX-License-Identifier: EUPL-1.2 */
/* Finds the route of a request. The routes of all services are compiled once into a tree of path
 * segments; a literal segment wins over a brace part. */
#ifndef PLATFORM_ROUTER_H
#define PLATFORM_ROUTER_H

#include "platform/http/http.h"

#define PATH_SEGMENTS 16 /* of a path; a longer one is not found */

struct router;

struct match {
    const struct service *service;
    const struct route *route;
    struct str path;                  /* decoded */
    struct str params[ROUTE_PARAMS];
    struct str allow;                 /* with NOT_ALLOWED: the methods of this path, "GET, HEAD" */
};

/* Two routes that answer the same, or a path that cannot be read, are our own fault: INTERNAL. */
bool router_new(struct arena *arena, const struct service *const *services, struct router **router,
                struct error *err);

/* `path` is as it came, still percent-encoded, without the query. INVALID: it is not well encoded;
 * NOT_FOUND; NOT_ALLOWED: this path has other methods, named in match->allow. */
bool router_find(const struct router *router, struct arena *arena, unsigned listener,
                 enum method method, struct str path, struct match *match, struct error *err);

/* "GET" and so on; METHOD_NONE for any other word. HEAD is GET. */
enum method method_parse(struct str name);
const char *method_name(enum method method);

#endif
