/* SPDX-License-Identifier: EUPL-1.2 */
/* What this installation answers, as the tables of routes have it: for who configures a proxy or a
 * firewall, and for the tests that knock at every door. */
#include "cli/commands.h"
#include "platform/people/accounts.h"
#include "platform/http/router.h"
#include "platform/service.h"
#include "services/services.h"

#include <stdio.h>

static const char *const listeners[] = {
    [PEOPLE] = "people", [MACHINES] = "machines", [EVERYWHERE] = "people,machines"
};

static const char *role_word(const struct route *route)
{
    return route->role == ROLE_ANYONE ? "anyone"
           : route->role == ROLE_PERSON ? "person" : role_name(route->role);
}

static void print_route(const struct service *service, const struct route *route)
{
    bool token = route->on & PEOPLE && route->method != GET && !route->no_csrf;
    printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\n", method_name(route->method), route->path,
           listeners[route->on & EVERYWHERE],
           route->on & PEOPLE ? role_word(route) : "-",
           !(route->on & MACHINES) ? "-" : route->open ? "open" : "certificate",
           token ? "token" : "-", service->name);
}

static bool run(struct command_line *line, struct error *err)
{
    if (line->count)
        return cli_usage(&command_routes, err);
    puts("METHOD\tPATH\tLISTENERS\tROLE\tMACHINES\tFORM\tSERVICE");
    for (size_t i = 0; all_services[i]; i++)
        for (const struct route *route = all_services[i]->routes; route && route->path; route++)
            print_route(all_services[i], route);
    return true;
}

const struct command command_routes = {
    .name = "routes",
    .usage = "",
    .help = "Lists every address that is answered: its method, listeners, role and service.",
    .run = run,
};
