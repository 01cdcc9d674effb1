/* SPDX-License-Identifier: EUPL-1.2 */
/* The frame of every page, its messages, and the fields of its forms. */
#include "platform/page/page.h"

#include "base/encoding.h"
#include "base/file.h"
#include "base/list.h"
#include "base/log.h"
#include "platform/people/accounts.h"
#include "platform/embedded.h"
#include "platform/organisations/frame.h"
#include "platform/service.h"
#include "platform/version.h"

#define NOTICE_COOKIE "__Host-fundament_notice"
#define NOTICE_BYTES  600
#define STYLE_SHEET   "fundament.css"
#define THEME         "theme.css"

/* A list or map of the frame's part, to add to; made here when this is a form of its own. */
static struct node *own(struct node *map, const char *key, enum node_kind kind)
{
    for (struct node *child = map->first; child; child = child->next)
        if (str_eq(child->key, str_of(key)))
            return child;
    return kind == NODE_LIST ? node_put_list(map, key) : node_put_map(map, key);
}

/* ---- The frame ---- */

static bool is_here(const struct request *request, struct str path)
{
    if (!str_starts(request->path, path))
        return false;
    return request->path.len == path.len || request->path.at[path.len] == '/';
}

/* The navigation is one row on a wide screen: what does not fit stands under "More". Widths are
 * guessed, in characters of a usual font. */
#define ROW_CHARS   104
#define ENTRY_CHARS 3 /* the room around one */

struct row {
    struct node *shown, *more;
    size_t used;
};

static bool is_listed(const struct node *list, const char *path)
{
    for (const struct node *one = list->first; one; one = one->next)
        if (str_eq(node_text(one, "path"), str_of(path)))
            return true;
    return false;
}

static void put_entry(const struct request *request, struct row *row, const struct entry *entry)
{
    if (entry->role != ROLE_ANYONE && !session_has(request->session, entry->role))
        return;
    /* somebody with two roles sees it once */
    if (is_listed(row->shown, entry->path) || is_listed(row->more, entry->path))
        return;
    struct str title = tr(request, entry->title);
    row->used += utf8_count(title) + ENTRY_CHARS;
    struct node *node = node_add_map(row->used > ROW_CHARS ? row->more : row->shown);
    node_put_text(node, "path", str_of(entry->path));
    node_put_text(node, "title", title);
    node_put_text(node, "summary", tr(request, entry->summary ? entry->summary : ""));
    node_put_flag(node, "current", is_here(request, str_of(entry->path)));
}

/* One's own work stands before what is open to everybody. */
static void put_entries(const struct request *request, struct node *page)
{
    struct row row = { node_put_list(page, "entries"), node_put_list(page, "more"), 0 };
    row.used = utf8_count(tr(request, N_("Home"))) + utf8_count(tr(request, N_("More")));
    for (int open = 0; open < 2; open++)
        for (size_t i = 0; request->app->services[i]; i++) {
            const struct entry *entry = request->app->services[i]->entries;
            for (; entry && entry->path; entry++)
                if ((entry->role == ROLE_ANYONE) == (open == 1))
                    put_entry(request, &row, entry);
        }
    node_put_flag(page, "has_more", row.more->count > 0);
}

static void put_languages(const struct request *request, struct node *page)
{
    node_put_text(page, "language", request->language == ENGLISH ? STR("en") : STR("nl"));
    node_put_flag(page, "in_dutch", request->language == DUTCH);
    node_put_flag(page, "in_english", request->language == ENGLISH);
    node_put_text(page, "here", percent_encode(request->arena, request->target));
}

static void put_person(const struct request *request, struct node *page)
{
    if (!request->session)
        return;
    struct node *person = node_put_map(page, "person");
    node_put_text(person, "name", request->session->name);
}

/* Our style sheet, with its tag in the address, so that a browser may keep it for good. A folder of
 * the organisation's own may have another in its place (then without a tag), and a theme: a sheet of
 * custom properties that follows ours. */
static void put_style(const struct request *request, struct node *page)
{
    const struct embedded *style = embedded_find(STR("web/" STYLE_SHEET));
    struct str folder = config_text(request->app->config, "templates");
    struct str theme = str_format(request->arena, "%.*s/web/" THEME, FMT(folder));
    struct str tag = style ? str_slice(style->etag, 1, style->etag.len - 1) : STR("0");
    node_put_text(page, "style",
                  folder.len ? STR("/static/" STYLE_SHEET)
                             : str_format(request->arena, "/static/" STYLE_SHEET "?v=%.*s",
                                          FMT(tag)));
    node_put_text(page, "theme",
                  folder.len && file_exists(theme.at) ? STR("/static/" THEME) : STR(""));
}

static void put_waiting_notice(struct request *request, struct node *page)
{
    struct str cookie = request_cookie(request, NOTICE_COOKIE), text;
    if (!cookie.len)
        return;
    reply_cookie(request, NOTICE_COOKIE, STR(""), 0);
    struct str kind = str_cut(&cookie, '.');
    bool error = str_eq(kind, STR("error")), warning = str_eq(kind, STR("warning"));
    if (base64_decode(request->arena, cookie, &text) && utf8_is_text(text))
        page_notice(page, error ? "error" : warning ? "warning" : "ok", text);
}

struct node *page_new(struct request *request, struct str title)
{
    struct node *page = node_map(request->arena);
    node_put_text(page, "title", title);
    put_languages(request, page);
    put_style(request, page);
    struct str organisation = config_text(request->app->config, "organisation");
    node_put_text(page, "organisation", organisation);
    node_put_flag(page, "organisation_named", !str_eq(organisation, STR("Fundament")));
    node_put_text(page, "version", STR(FUNDAMENT_VERSION));
    node_put_flag(page, "demo", request->app->demo);
    node_put_flag(page, "at_home", str_eq(request->path, STR("/")));
    node_put_text(page, "token", csrf_token(request));
    put_person(request, page);
    put_working(request, page);
    put_entries(request, page);
    node_put_list(page, "crumbs");
    node_put_list(page, "notices");
    node_put_list(page, "fields");
    node_put_map(page, "errors");
    node_put_list(page, "problems");
    put_waiting_notice(request, page);
    return page;
}

void page_crumb(struct node *page, const char *path, struct str title)
{
    struct node *crumb = node_add_map(own(page, "crumbs", NODE_LIST));
    node_put_text(crumb, "path", str_of(path));
    node_put_text(crumb, "title", title);
}

void page_notice(struct node *page, const char *kind, struct str text)
{
    struct node *notice = node_add_map(own(page, "notices", NODE_LIST));
    node_put_text(notice, "kind", str_of(kind));
    node_put_text(notice, "text", text);
    node_put_flag(notice, "alert", strcmp(kind, "error") == 0 || strcmp(kind, "warning") == 0);
}

void reply_notice(struct request *request, const char *kind, struct str text)
{
    struct str encoded = base64url_encode(request->arena, str_slice(text, 0, NOTICE_BYTES));
    struct str cookie = str_format(request->arena, "%s.%.*s", kind, FMT(encoded));
    reply_cookie(request, NOTICE_COOKIE, cookie, -1);
}

bool reply_page(struct request *request, const char *template, struct node *page)
{
    struct error err;
    struct reply *reply = &request->reply;
    reply->body = (struct buf){ .arena = request->arena };
    reply->type = "text/html; charset=utf-8";
    if (template_render(request->app->templates, str_of(template), request->language, page,
                        &reply->body, &err))
        return true;
    /* Not through the problem page, which is a template too. */
    log_failure("page-not-rendered", &err);
    reply->status = 500;
    reply->type = "text/plain; charset=utf-8";
    reply->body.len = 0;
    buf_add(&reply->body, tr(request, N_("This page cannot be shown. The operator of this "
                                         "installation can find the cause in the log.")));
    return true;
}

/* ---- Forms ---- */

static bool is_input(struct str type)
{
    static const char *const others[] = { "textarea", "select", "radio", "checkbox" };
    for (size_t i = 0; i < count_of(others); i++)
        if (str_eq(type, str_of(others[i])))
            return false;
    return true;
}

struct node *page_field(struct node *page, const char *name, const char *type, struct str label,
                        struct str value)
{
    struct node *field = node_add_map(own(page, "fields", NODE_LIST));
    struct str kind = str_of(type);
    struct str error = node_text(own(page, "errors", NODE_MAP), name);
    bool choice = str_eq(kind, STR("radio")) || str_eq(kind, STR("checkbox"));
    node_put_text(field, "name", str_of(name));
    node_put_text(field, "type", kind);
    node_put_text(field, "label", label);
    node_put_text(field, "value", value);
    node_put_flag(field, "is_input", is_input(kind));
    node_put_flag(field, "is_textarea", str_eq(kind, STR("textarea")));
    node_put_flag(field, "is_select", str_eq(kind, STR("select")));
    node_put_flag(field, "is_choice", choice);
    node_put_flag(field, "is_hidden", str_eq(kind, STR("hidden")));
    node_put_list(field, "options");
    if (error.len)
        node_put_text(field, "error", error);
    return field;
}

void page_option(struct node *field, struct str value, struct str label, bool chosen)
{
    struct node *options = own(field, "options", NODE_LIST);
    struct node *option = node_add_map(options);
    node_put_text(option, "value", value);
    node_put_text(option, "label", label);
    node_put_flag(option, "chosen", chosen);
    node_put_int(option, "number", (int64_t)options->count);
}

void page_form_error(struct request *request, struct node *page, const struct error *err)
{
    const char *name = err->field ? err->field : "";
    const char *message = err->message ? translate(request->language, err->message) : NULL;
    struct str text = error_text(request->arena, err, message);
    struct node *problems = own(page, "problems", NODE_LIST);
    if (!problems->first)
        node_put_flag(page, "has_problems", true);
    struct node *problem = node_add_map(problems);
    node_put_text(problem, "field", str_of(name));
    node_put_text(problem, "text", text);
    request->reply.status = 422;
    if (!*name)
        return;
    node_put_text(own(page, "errors", NODE_MAP), name, text);
    for (struct node *field = own(page, "fields", NODE_LIST)->first; field; field = field->next)
        if (str_eq(node_text(field, "name"), str_of(name)))
            node_put_text(field, "error", text);
}
