/* SPDX-License-Identifier: EUPL-1.2 */
/* The server over real sockets: what every client sees. */
#include "tests/unit/http_world.h"

#include "base/file.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define HOST "Host: localhost\n"

TEST(health_is_answered_on_both_listeners)
{
    struct world *world = given_server(t, "");
    struct answer people = ask(t, world->people, NULL, "GET /healthz HTTP/1.1\n" HOST "\n");
    struct answer machines = ask(t, world->machines, NULL, "GET /healthz HTTP/1.1\n" HOST "\n");
    CHECK_INT(people.status, 200);
    CHECK_STR(people.body, STR("ok\n"));
    CHECK_INT(machines.status, 200);
    end_server(world);
}
