/* SPDX-License-Identifier: EUPL-1.2 */
/* The front door: who are you, and what can you do here; and what this installation is. */
#include "base/list.h"
#include "platform/people/accounts.h"
#include "platform/service.h"
#include "platform/page/home.h"
#include "platform/page/page.h"

#define YEAR_SECONDS (365 * 24 * 3600)

/* ---- Home ---- */

/* The four ways in. A way shows the entries of its roles. */
static const struct way {
    const char *key;
    const char *title, *summary;
    enum role roles[2];
} ways[] = {
    { "board", N_("For school boards"),
      N_("Decide which vendors may ask for data of your schools, and see what they asked."),
      { ROLE_BOARD_MEMBER, ROLE_BOARD_ADMIN } },
    { "school", N_("For schools"),
      N_("Find your school, its locations and its services, and keep its systems connected."),
      { ROLE_SCHOOL_ICT, ROLE_SCHOOL_ICT } },
    { "vendor", N_("For vendors"),
      N_("Connect your software: specifications, examples and a test certificate."),
      { ROLE_VENDOR, ROLE_VENDOR } },
    { "operator", N_("For operators"),
      N_("Keep this installation healthy: work in progress, errors and growth."),
      { ROLE_OPERATOR, ROLE_OPERATOR } },
};

typedef bool is_wanted(const struct request *request, const struct entry *entry, const void *with);

static bool is_of_way(const struct request *request, const struct entry *entry, const void *with)
{
    const struct way *way = with;
    (void)request;
    enum role role = entry->role == ROLE_ANYONE ? entry->audience : entry->role;
    return role == way->roles[0] || role == way->roles[1];
}

static bool is_mine(const struct request *request, const struct entry *entry, const void *with)
{
    (void)with;
    return entry->role != ROLE_ANYONE && session_has(request->session, entry->role);
}

static bool is_for_me(const struct request *request, const struct entry *entry, const void *with)
{
    (void)with;
    return entry->role == ROLE_ANYONE && entry->audience != ROLE_ANYONE
           && session_has(request->session, entry->audience);
}

static bool is_open(const struct request *request, const struct entry *entry, const void *with)
{
    return entry->role == ROLE_ANYONE && !is_for_me(request, entry, with);
}

static bool is_listed(const struct node *list, const struct entry *entry)
{
    for (const struct node *one = list->first; one; one = one->next)
        if (str_eq(node_text(one, "path"), str_of(entry->path)))
            return true;
    return false;
}

static void add_work(const struct request *request, struct node *list, is_wanted *wanted,
                     const void *with)
{
    for (size_t i = 0; request->app->services[i]; i++) {
        const struct entry *entry = request->app->services[i]->entries;
        for (; entry && entry->path; entry++) {
            if (!wanted(request, entry, with) || is_listed(list, entry))
                continue;
            struct node *work = node_add_map(list);
            node_put_text(work, "path", str_of(entry->path));
            node_put_text(work, "name", tr(request, entry->title));
            node_put_text(work, "summary", tr(request, entry->summary ? entry->summary : ""));
        }
    }
}

static void put_ways(const struct request *request, struct node *page)
{
    struct node *list = node_put_list(page, "ways");
    for (size_t i = 0; i < count_of(ways); i++) {
        struct node *way = node_add_map(list);
        node_put_text(way, "key", str_of(ways[i].key));
        node_put_text(way, "name", tr(request, ways[i].title));
        node_put_text(way, "summary", tr(request, ways[i].summary));
        add_work(request, node_put_list(way, "work"), is_of_way, &ways[i]);
        node_put_flag(way, "is_board", i == 0);
        node_put_flag(way, "is_school", i == 1);
        node_put_flag(way, "is_vendor", i == 2);
        node_put_flag(way, "is_operator", i == 3);
    }
}

bool show_home(struct request *request, struct error *err)
{
    (void)err;
    struct node *page = page_new(request, tr(request, N_("Home")));
    struct node *mine = node_put_list(page, "mine");
    add_work(request, mine, is_mine, NULL);
    add_work(request, mine, is_for_me, NULL);
    add_work(request, node_put_list(page, "open"), is_open, NULL);
    put_ways(request, page);
    return reply_page(request, "platform/pages/home", page);
}

/* ---- About ---- */

bool show_about(struct request *request, struct error *err)
{
    (void)err;
    struct node *page = page_new(request, tr(request, N_("About this installation")));
    page_crumb(page, "/", tr(request, N_("Home")));
    struct node *list = node_put_list(page, "services");
    for (size_t i = 0; request->app->services[i]; i++) {
        const struct service *service = request->app->services[i];
        node_put_text(node_add_map(list), "name",
                      service->title ? tr(request, service->title) : str_of(service->name));
    }
    return reply_page(request, "platform/pages/about", page);
}

/* ---- The language ---- */

bool set_language(struct request *request, struct error *err)
{
    struct str language = request_param(request, "language");
    struct str back = request_query(request, "naar");
    if (!str_eq(language, STR("nl")) && !str_eq(language, STR("en")))
        return fail(err, NOT_FOUND, "language", N_("Pages are in Dutch (nl) and English (en)."));
    reply_cookie(request, LANGUAGE_COOKIE, language, YEAR_SECONDS);
    return reply_redirect(request, way_back(back));
}
