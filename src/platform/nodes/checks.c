/* SPDX-License-Identifier: EUPL-1.2 */
/* What the doctor (platform/operation/doctor.h) sees of the nodes. */
#include "platform/app.h"
#include "platform/nodes/nodes.h"
#include "platform/nodes/state.h"
#include "platform/nodes/store.h"
#include "platform/operation/doctor.h"

static bool serves(const struct node_row *node, instant now)
{
    return !str_eq(node->state, STR("stopped")) && node->last_seen >= now - NODE_SILENT;
}

static void compare(struct findings *findings, const struct node_row *first,
                    const struct node_row *node)
{
    if (!str_eq(first->key_mark, node->key_mark))
        found(findings, BROKEN,
              N_("The nodes %s have different key files, and give different answers: stop the one that is "
                 "wrong, and copy the folder keys from a good one."),
              "%.*s, %.*s", FMT(first->name), FMT(node->name));
    if (!str_eq(first->version, node->version))
        found(findings, WORRY,
              N_("Nodes of several versions run (%s): upgrade those of the older one."),
              "%.*s %.*s, %.*s %.*s", FMT(first->name), FMT(first->version), FMT(node->name),
              FMT(node->version));
}

static bool ask_nodes(struct tx *tx, void *with, struct error *err)
{
    struct findings *findings = with;
    struct node_rows nodes;
    const struct node_row *first = NULL;
    instant now = instant_now();
    int64_t serving = 0;
    if (!nodes_list(tx, &nodes, err))
        return false;
    for (size_t i = 0; i < nodes.len; i++) {
        const struct node_row *node = &nodes.at[i];
        if (serves(node, now)) {
            serving++;
            first = first ? first : node;
            compare(findings, first, node);
        } else if (!str_eq(node->state, STR("stopped"))) {
            found(findings, WORRY,
                  N_("The node %s has fallen silent: look at that computer, and start the service or end "
                     "what is left of it."),
                  "%.*s", FMT(node->name));
        }
    }
    if (serving)
        found(findings, WELL, N_("Nodes in service: %s."), "%lld", (long long)serving);
    else
        found(findings, WORRY, N_("No node is in service: see systemctl status fundament."), "%s", "");
    return true;
}

static bool look_at_nodes(struct app *app, struct findings *findings, struct error *err)
{
    return db_read(app->db, findings->arena, ask_nodes, findings, err);
}

const struct check nodes_checks[] = {
    { "nodes", look_at_nodes },
    { .name = NULL },
};
