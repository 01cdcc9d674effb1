/* SPDX-License-Identifier: EUPL-1.2 */
/* What several processes on one database must share. */
#include "platform/nodes/state.h"
#include "platform/service.h"

static const struct setting settings[] = {
    { "node.name", SETTING_TEXT, "",
      N_("The name of this node on the page of nodes; empty: the name of the computer.") },
    { .name = NULL },
};

static const struct migration migrations[] = {
    { 1, "platform/nodes/schema/001-nodes.sql" },
    { 0 },
};

static const struct route routes[] = {
    { GET, "/beheer/knooppunten", show_nodes, .on = PEOPLE, .role = ROLE_OPERATOR },
    { .path = NULL },
};

static const struct entry entries[] = {
    { "/beheer/knooppunten", N_("Nodes"),
      N_("The servers of this installation: which run, how busy they are, and what to do when one is "
         "silent."), ROLE_OPERATOR },
    { .path = NULL },
};

static bool start(struct app *app, void **state, struct error *err)
{
    (void)err;
    *state = arena_new(app->arena, struct nodes);
    return true;
}

const struct service nodes_service = {
    .name = "nodes",
    .title = N_("Nodes"),
    .settings = settings,
    .migrations = migrations,
    .routes = routes,
    .entries = entries,
    .checks = nodes_checks,
    .start = start,
};
