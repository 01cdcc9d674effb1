/* SPDX-License-Identifier: EUPL-1.2 */
/* The address of the pages that stands in mail (platform/people/people.h). */
#include "tests/test.h"

#include "base/list.h"
#include "platform/app.h"
#include "platform/people/people.h"
#include "platform/service.h"

static const struct service *const services[] = { &platform_service, &people_service, NULL };

static struct app given(struct test *t, const char *settings)
{
    struct app app = { .services = services };
    struct error err = { 0 };
    CHECK_OK(config_parse(t->arena, str_of(settings), services, &app.config, &err), err);
    return app;
}

TEST(mail_leads_to_the_address_that_was_set)
{
    static const char *const all[] = {
        "people.address = https://f.example\n",
        "people.address = https://f.example/\nlisten.address = ::\n",
        "people.origin = https://f.example\nproxy.people = unix:/run/p\n",
        "people.address = https://f.example\npeople.origin = https://g.example\n",
    };
    for (size_t i = 0; i < count_of(all); i++) {
        struct app app = given(t, all[i]);
        struct str address;
        struct error err = { 0 };
        CHECK_OK(people_address(&app, t->arena, &address, &err), err);
        CHECK_STR(address, STR("https://f.example"));
    }
}

TEST(mail_leads_to_this_computer_only_where_nobody_else_comes)
{
    static const char *const alone[] = { "", "listen.address = ::1\n", "listen.address = 127.0.0.2\n" };
    static const char *const reached[] = {
        "listen.address = ::\n", "listen.address = 0.0.0.0\n", "listen.address = 192.0.2.7\n",
        "proxy.people = unix:/run/p\n", "listen.proxies = 127.0.0.1\n", "tls.certificate =\n",
    };
    struct str address;
    struct error err = { 0 };
    for (size_t i = 0; i < count_of(alone); i++) {
        struct app app = given(t, alone[i]);
        CHECK_OK(people_address(&app, t->arena, &address, &err), err);
        CHECK_STR(address, STR("https://localhost:8443"));
    }
    for (size_t i = 0; i < count_of(reached); i++) {
        struct app app = given(t, reached[i]);
        if (people_address(&app, t->arena, &address, &err))
            test_fail(__FILE__, __LINE__, "mail leads to %.*s with %s", FMT(address), reached[i]);
        CHECK_INT(err.kind, CONFLICT);
    }
}
