/* SPDX-License-Identifier: EUPL-1.2 */
/* The organisations of a person: for which one do I work now? For operators: all of them. */
#include "platform/organisations/pages.h"

#include "platform/organisations/working.h"

#define FOUND 25 /* boards and vendors each that a search shows */

struct str organisation_path(struct arena *arena, struct str id)
{
    return str_format(arena, "/organisaties/%.*s", FMT(id.len ? id : INSTALLATION));
}

/* A person may have several roles for one organisation: it is listed once. */
static bool is_first(const struct session *session, size_t place)
{
    for (size_t i = 0; i < place; i++)
        if (str_eq(session->memberships[i].organisation, session->memberships[place].organisation))
            return false;
    return true;
}

static bool put_own(struct request *request, struct node *page, size_t *count, struct str *only,
                    struct error *err)
{
    const struct session *session = request->session;
    struct node *list = node_put_list(page, "own");
    struct str name;
    *count = 0;
    for (size_t i = 0; i < session->membership_count; i++) {
        struct str id = session->memberships[i].organisation;
        if (!working_may_choose(id) || !is_first(session, i))
            continue;
        if (!organisation_name(request, id, &name, err))
            return false;
        struct node *node = node_add_map(list);
        node_put_text(node, "id", id);
        node_put_text(node, "name", name);
        node_put_text(node, "path", organisation_path(request->arena, id));
        node_put_flag(node, "now", !session->memberships[i].aside);
        *only = id;
        ++*count;
    }
    node_put_flag(page, "choice", *count > 1);
    return true;
}

static bool put_found(struct request *request, struct node *page, struct error *err)
{
    static const struct column columns[] = {
        { "name", N_("Organisation"), false, false },
        { "kind", N_("Kind"), false, false },
        { "id", N_("Number"), false, false },
        { .key = NULL },
    };
    struct str text = str_trim(request_query(request, "q"));
    struct organisation_list found;
    struct tx *tx;
    node_put_text(page, "q", text);
    if (!request_tx(request, &tx, err)
        || !organisations_of(request->app)->search(tx, text, FOUND, &found, err))
        return false;
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < found.len; i++) {
        struct node *row = node_add_map(rows);
        struct str number = found.at[i].id, kind = str_cut(&number, ':');
        node_put_text(row, "name", found.at[i].name);
        node_put_text(row, "href", organisation_path(request->arena, found.at[i].id));
        node_put_text(row, "kind", str_eq(kind, STR("board")) ? tr(request, N_("School board"))
                                                              : tr(request, N_("Vendor")));
        node_put_text(row, "id", number);
    }
    table_put(request, page, "found", columns, NULL, rows, (int64_t)found.len);
    return true;
}

bool show_organisations(struct request *request, struct error *err)
{
    struct str only;
    size_t count;
    bool operator = session_has(request->session, ROLE_OPERATOR);
    struct node *page = page_new(request, tr(request, N_("People and roles")));
    page_crumb(page, "/", tr(request, N_("Home")));
    node_put_flag(page, "operator", operator);
    if (!put_own(request, page, &count, &only, err))
        return false;
    if (count == 1 && !operator)
        return reply_redirect(request, organisation_path(request->arena, only));
    return (!operator || put_found(request, page, err))
           && reply_page(request, "platform/organisations/pages/organisations", page);
}

struct choice {
    struct request *request;
    struct str organisation;
};

static bool write_choice(struct tx *tx, void *with, struct error *err)
{
    const struct choice *choice = with;
    struct str cookie = request_cookie(choice->request, SESSION_COOKIE);
    return working_choose(tx, session_hash(tx_arena(tx), cookie), choice->organisation, err);
}

static bool is_member(const struct session *session, struct str organisation)
{
    for (size_t i = 0; i < session->membership_count; i++)
        if (str_eq(session->memberships[i].organisation, organisation))
            return true;
    return false;
}

bool choose_organisation(struct request *request, struct error *err)
{
    struct choice choice = { .request = request };
    struct form form;
    struct str name;
    if (request->session->acting)
        return fail(err, FORBIDDEN, NULL, N_("Stop acting for the school board first."));
    if (!request_form(request, &form, err))
        return false;
    choice.organisation = form_text(&form, "organisatie");
    if (!working_may_choose(choice.organisation) || !is_member(request->session, choice.organisation))
        return fail(err, FORBIDDEN, NULL, N_("You do not work for this organisation."));
    if (!organisation_name(request, choice.organisation, &name, err)
        || !request_write(request, write_choice, &choice, err))
        return false;
    reply_notice(request, "ok",
                 trf(request, N_("You now work for %s."), str_c(request->arena, name)));
    return reply_redirect(request, STR("/"));
}
