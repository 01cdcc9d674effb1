/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/organisations/frame.h"

#include "platform/organisations/organisations.h"
#include "platform/page/page.h"
#include "platform/people/accounts.h"

static struct str name_of(struct request *request, struct str id)
{
    struct error ignored;
    struct str name;
    return organisation_name(request, id, &name, &ignored) ? name : id;
}

static void put_acting(struct request *request, struct node *page, const struct acting *acting)
{
    struct node *node = node_put_map(page, "acting");
    node_put_text(node, "organisation", name_of(request, acting->organisation));
    node_put_text(node, "reason", acting->reason);
    node_put_text(node, "until", show_time(request->arena, request->language, acting->ends));
}

void put_working(struct request *request, struct node *page)
{
    const struct session *session = request->session;
    struct str working = STR("");
    bool choice = false;
    if (!session)
        return;
    if (session->acting) {
        put_acting(request, page, session->acting);
        return;
    }
    for (size_t i = 0; i < session->membership_count; i++) {
        const struct membership *membership = &session->memberships[i];
        choice |= membership->aside;
        if (!membership->aside && !working.len)
            working = membership->organisation;
    }
    if (choice && working.len)
        node_put_text(page, "working_for", name_of(request, working));
}
