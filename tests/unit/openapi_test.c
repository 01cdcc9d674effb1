/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/format/json.h"
#include "platform/service.h"
#include "services/services.h"

static bool nothing(struct request *request, struct error *err)
{
    (void)request, (void)err;
    return true;
}

static const struct api_param search[] = { { "q", "What to look for.", true }, { .name = NULL } };
static const struct api find_api = {
    .summary = "Finds schools.", .query = search, .answer = "{\"type\":\"array\"}"
};
static const struct api put_api = { .summary = "Changes a school.", .body = "{\"type\":\"object\"}" };
static const struct route routes[] = {
    { GET, "/api/v1/schools/{brin}", nothing, .on = EVERYWHERE, .role = ROLE_PERSON,
      .api = &find_api },
    { PUT, "/api/v1/schools/{brin}", nothing, .on = MACHINES, .api = &put_api },
    { GET, "/api/v1/open", nothing, .on = MACHINES, .open = true, .api = &find_api },
    { GET, "/page", nothing, .on = PEOPLE },
    { METHOD_NONE },
};
static const struct service service = { .name = "test", .routes = routes };

static const struct node *at(const struct node *from, const char *path)
{
    struct str rest = str_of(path);
    while (str_more(rest))
        from = node_get(from, str_cut(&rest, ' '));
    return from;
}

TEST(openapi_says_what_the_routes_are)
{
    const struct service *const services[] = { &service, NULL };
    const struct node *document = openapi_document(t->arena, services, STR("https://localhost"));
    const struct node *get = at(document, "paths /api/v1/schools/{brin} get");
    CHECK_STR(node_text(document, "openapi"), STR("3.1.0"));
    CHECK_INT(node_get(document, STR("paths"))->count, 2);
    CHECK_STR(node_text(get, "summary"), STR("Finds schools."));
    const struct node *brin = node_get(get, STR("parameters"))->first;
    CHECK_STR(node_text(brin, "name"), STR("brin"));
    CHECK_STR(node_text(brin, "in"), STR("path"));
    CHECK_STR(node_text(brin->next, "name"), STR("q"));
    CHECK(node_get(brin->next, STR("required"))->flag);
    CHECK_STR(node_text(at(get, "responses 200 content application/json schema"), "type"),
              STR("array"));
    CHECK_STR(node_text(at(get, "responses default"), "$ref"),
              STR("#/components/responses/Problem"));
    const struct node *put = at(document, "paths /api/v1/schools/{brin} put");
    CHECK_STR(node_text(at(put, "requestBody content application/json schema"), "type"),
              STR("object"));
}

TEST(openapi_says_who_may_ask)
{
    const struct service *const services[] = { &service, NULL };
    const struct node *document = openapi_document(t->arena, services, STR("https://localhost"));
    const struct node *both = at(document, "paths /api/v1/schools/{brin} get security");
    CHECK_INT(both->count, 2);
    CHECK(node_get(both->first, STR("machine")));
    CHECK(node_get(both->last, STR("person")));
    const struct node *open = at(document, "paths /api/v1/open get security");
    CHECK_INT(open->count, 1);
    CHECK_INT(open->first->count, 0);
    CHECK_STR(node_text(at(document, "components securitySchemes machine"), "type"),
              STR("mutualTLS"));
}

TEST(every_schema_of_a_route_is_json)
{
    struct error err;
    const struct node *json;
    for (size_t i = 0; all_services[i]; i++)
        for (const struct route *route = all_services[i]->routes; route && route->path; route++) {
            if (route->api && route->api->answer)
                CHECK_OK(json_parse(t->arena, str_of(route->api->answer), &json, &err), err);
            if (route->api && route->api->body)
                CHECK_OK(json_parse(t->arena, str_of(route->api->body), &json, &err), err);
        }
}
