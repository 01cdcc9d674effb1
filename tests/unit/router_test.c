/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "platform/http/router.h"
#include "platform/service.h"

static bool nothing(struct request *request, struct error *err)
{
    (void)request, (void)err;
    return true;
}

static const struct route routes[] = {
    { GET, "/", nothing, .on = PEOPLE },
    { GET, "/scholen", nothing, .on = PEOPLE },
    { GET, "/scholen/nieuw", nothing, .on = PEOPLE },
    { POST, "/scholen/nieuw", nothing, .on = PEOPLE },
    { GET, "/scholen/{brin}", nothing, .on = EVERYWHERE },
    { GET, "/scholen/{brin}/wijzig", nothing, .on = PEOPLE },
    { DELETE, "/scholen/{brin}", nothing, .on = MACHINES },
    { GET, "/a/{x}/b/{y}", nothing, .on = PEOPLE },
    { METHOD_NONE },
};
static const struct service service = { .name = "test", .routes = routes };
static const struct service *const services[] = { &service, NULL };

static enum error_kind find(struct test *t, unsigned listener, enum method method, const char *path,
                            struct match *match)
{
    struct router *router;
    struct error err = { 0 };
    CHECK_OK(router_new(t->arena, services, &router, &err), err);
    return router_find(router, t->arena, listener, method, str_of(path), match, &err) ? NO_ERROR
                                                                                      : err.kind;
}

TEST(a_route_is_found_by_method_and_segments)
{
    struct match match;
    CHECK_INT(find(t, PEOPLE, GET, "/", &match), NO_ERROR);
    CHECK_STR(str_of(match.route->path), STR("/"));
    CHECK_INT(find(t, PEOPLE, GET, "/a/1/b/2", &match), NO_ERROR);
    CHECK_STR(match.params[0], STR("1"));
    CHECK_STR(match.params[1], STR("2"));
    CHECK_STR(match.path, STR("/a/1/b/2"));
    CHECK(match.service == &service);
}

TEST(a_literal_wins_over_a_brace_and_a_dead_end_is_left)
{
    struct match match;
    CHECK_INT(find(t, PEOPLE, GET, "/scholen/nieuw", &match), NO_ERROR);
    CHECK_STR(str_of(match.route->path), STR("/scholen/nieuw"));
    CHECK_INT(find(t, PEOPLE, GET, "/scholen/nieuw/wijzig", &match), NO_ERROR);
    CHECK_STR(match.params[0], STR("nieuw"));
}

TEST(another_method_gets_the_methods_that_there_are)
{
    struct match match;
    CHECK_INT(find(t, PEOPLE, DELETE, "/scholen/nieuw", &match), NOT_ALLOWED);
    CHECK_STR(match.allow, STR("GET, HEAD, POST"));
    CHECK_INT(find(t, PEOPLE, METHOD_NONE, "/scholen", &match), NOT_ALLOWED);
    CHECK_STR(match.allow, STR("GET, HEAD"));
}

TEST(a_listener_sees_only_its_own_routes)
{
    struct match match;
    CHECK_INT(find(t, MACHINES, GET, "/scholen", &match), NOT_FOUND);
    CHECK_INT(find(t, MACHINES, GET, "/scholen/00AV", &match), NO_ERROR);
    CHECK_INT(find(t, PEOPLE, DELETE, "/scholen/00AV", &match), NOT_ALLOWED);
    CHECK_STR(match.allow, STR("GET, HEAD"));
}

TEST(an_escaped_slash_stays_in_its_segment)
{
    struct match match;
    CHECK_INT(find(t, PEOPLE, GET, "/scholen/a%2Fwijzig", &match), NO_ERROR);
    CHECK_STR(match.params[0], STR("a/wijzig"));
    CHECK_INT(find(t, PEOPLE, GET, "/scholen/caf%C3%A9", &match), NO_ERROR);
    CHECK_STR(match.params[0], STR("caf\xc3\xa9"));
}

TEST(a_path_that_is_not_text_is_refused)
{
    static const char *const paths[] = { "/%", "/%4", "/%zz", "/a%00b", "/%ff", "", "scholen",
                                         "http://host/scholen", "/%ed%a0%80", "*" };
    struct match match;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        CHECK_INT(find(t, PEOPLE, GET, paths[i], &match), INVALID);
}

TEST(empty_and_superfluous_segments_are_not_found)
{
    static const char *const paths[] = { "/scholen/", "//", "/scholen//wijzig", "/a/1/b/",
                                         "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18" };
    struct match match;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        CHECK_INT(find(t, PEOPLE, GET, paths[i], &match), NOT_FOUND);
}

TEST(two_routes_that_answer_the_same_are_refused)
{
    static const struct route twice[] = {
        { GET, "/x/{a}", nothing, .on = PEOPLE },
        { GET, "/x/{b}", nothing, .on = EVERYWHERE },
        { METHOD_NONE },
    };
    static const struct service clash = { .name = "clash", .routes = twice };
    const struct service *const both[] = { &clash, NULL };
    struct router *router;
    struct error err;
    CHECK(!router_new(t->arena, both, &router, &err));
    CHECK_INT(err.kind, INTERNAL);
    CHECK(str_find(str_of(err.detail), STR("/x/{b}")) >= 0);
}

TEST(head_is_asked_as_get)
{
    CHECK_INT(method_parse(STR("HEAD")), GET);
    CHECK_INT(method_parse(STR("GET")), GET);
    CHECK_INT(method_parse(STR("get")), METHOD_NONE);
    CHECK_INT(method_parse(STR("TRACE")), METHOD_NONE);
}
