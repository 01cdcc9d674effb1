/* SPDX-License-Identifier: EUPL-1.2 */
/* OpenAPI 3.1 from the tables of routes, so that the document cannot drift from what is served. */
#include "base/log.h"
#include "platform/people/accounts.h"
#include "platform/format/json.h"
#include "platform/http/server.h"
#include "platform/service.h"
#include "platform/version.h"

/* A schema of a route, or "any" when it is not JSON (the tests see to it that all are). */
static struct node *schema_of(struct arena *arena, const char *text)
{
    const struct node *schema;
    struct error err;
    if (json_parse(arena, str_of(text), &schema, &err))
        return node_copy(arena, schema);
    log_error("openapi-schema-unreadable");
    return node_map(arena);
}

static struct node *text_schema(struct arena *arena)
{
    struct node *schema = node_map(arena);
    node_put_text(schema, "type", STR("string"));
    return schema;
}

static void put_path_params(struct arena *arena, struct node *params, struct str path)
{
    while (str_more(path)) {
        struct str part = str_cut(&path, '/');
        if (part.len < 3 || part.at[0] != '{')
            continue;
        struct node *param = node_add_map(params);
        node_put_text(param, "name", str_slice(part, 1, part.len - 1));
        node_put_text(param, "in", STR("path"));
        node_put_flag(param, "required", true);
        node_put(param, "schema", text_schema(arena));
    }
}

static void put_query_params(struct arena *arena, struct node *params,
                             const struct api_param *query)
{
    for (; query && query->name; query++) {
        struct node *param = node_add_map(params);
        node_put_text(param, "name", str_of(query->name));
        node_put_text(param, "in", STR("query"));
        node_put_flag(param, "required", query->required);
        if (query->help)
            node_put_text(param, "description", str_of(query->help));
        node_put(param, "schema", text_schema(arena));
    }
}

static void put_content(struct node *in, const char *type, struct node *schema)
{
    struct node *content = node_put_map(in, "content");
    node_put(node_put_map(content, type), "schema", schema);
}

static void put_responses(struct arena *arena, struct node *operation, const struct api *api)
{
    struct node *responses = node_put_map(operation, "responses");
    struct node *well = node_put_map(responses, "200");
    node_put_text(well, "description", STR("The answer."));
    if (api->answer)
        put_content(well, "application/json", schema_of(arena, api->answer));
    node_put_text(node_put_map(responses, "default"), "$ref",
                  STR("#/components/responses/Problem"));
}

/* One of these is enough; an open route names none. */
static void put_security(struct node *operation, const struct route *route)
{
    struct node *security = node_put_list(operation, "security");
    if (route->on & MACHINES && !route->open)
        node_put_list(node_add_map(security), "machine");
    if (route->on & PEOPLE && route->role != ROLE_ANYONE)
        node_put_list(node_add_map(security), "person");
    if ((route->on & MACHINES && route->open) || (route->on & PEOPLE && route->role == ROLE_ANYONE))
        node_add_map(security);
}

static void put_operation(struct arena *arena, struct node *path, const struct service *service,
                          const struct route *route)
{
    static const char *const keys[METHODS] = {
        [GET] = "get", [POST] = "post", [PUT] = "put", [DELETE] = "delete"
    };
    struct node *operation = node_put_map(path, keys[route->method]);
    node_add_text(node_put_list(operation, "tags"), str_of(service->name));
    node_put_text(operation, "summary", str_of(route->api->summary));
    struct node *params = node_list(arena);
    put_path_params(arena, params, str_of(route->path));
    put_query_params(arena, params, route->api->query);
    if (params->count)
        node_put(operation, "parameters", params);
    if (route->api->body) {
        struct node *body = node_put_map(operation, "requestBody");
        node_put_flag(body, "required", true);
        put_content(body, "application/json", schema_of(arena, route->api->body));
    }
    put_responses(arena, operation, route->api);
    put_security(operation, route);
}

static struct node *path_node(struct node *paths, const char *path)
{
    for (struct node *child = paths->first; child; child = child->next)
        if (str_eq(child->key, str_of(path)))
            return child;
    return node_put_map(paths, path);
}

static void put_components(struct arena *arena, struct node *document)
{
    static const char problem[] =
        "{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\"],\"properties\":{"
        "\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
        "\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"
        "\"instance\":{\"type\":\"string\"},\"field\":{\"type\":\"string\"},"
        "\"code\":{\"type\":\"string\"}}}";
    struct node *components = node_put_map(document, "components");
    node_put(node_put_map(components, "schemas"), "Problem", schema_of(arena, problem));
    struct node *answer = node_put_map(node_put_map(components, "responses"), "Problem");
    struct node *reference = node_map(arena);
    node_put_text(answer, "description", STR("A problem (RFC 9457)."));
    node_put_text(reference, "$ref", STR("#/components/schemas/Problem"));
    put_content(answer, "application/problem+json", reference);
    struct node *schemes = node_put_map(components, "securitySchemes");
    struct node *machine = node_put_map(schemes, "machine");
    node_put_text(machine, "type", STR("mutualTLS"));
    node_put_text(machine, "description",
                  STR("A client certificate whose subject's serialNumber is an OIN."));
    struct node *person = node_put_map(schemes, "person");
    node_put_text(person, "type", STR("apiKey"));
    node_put_text(person, "in", STR("cookie"));
    node_put_text(person, "name", STR(SESSION_COOKIE));
}

struct node *openapi_document(struct arena *arena, const struct service *const *services,
                              struct str base_url)
{
    struct node *document = node_map(arena);
    node_put_text(document, "openapi", STR("3.1.0"));
    struct node *info = node_put_map(document, "info");
    node_put_text(info, "title", STR("Fundament"));
    node_put_text(info, "version", STR(FUNDAMENT_VERSION));
    node_put_text(node_put_map(info, "license"), "name", STR("EUPL-1.2"));
    node_put_text(node_add_map(node_put_list(document, "servers")), "url", base_url);
    struct node *paths = node_put_map(document, "paths");
    for (; *services; services++)
        for (const struct route *route = (*services)->routes; route && route->path; route++)
            if (route->api)
                put_operation(arena, path_node(paths, route->path), *services, route);
    put_components(arena, document);
    return document;
}
