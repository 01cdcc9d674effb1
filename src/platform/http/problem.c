/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/list.h"
#include "base/log.h"
#include "platform/page/page.h"
#include "platform/http/server.h"

static const struct {
    int status;
    const char *title;
} kinds[ERROR_KINDS] = {
    [NO_ERROR] = { 500, N_("Something went wrong") },
    [INVALID] = { 400, N_("This request cannot be carried out") },
    [UNAUTHENTICATED] = { 401, N_("Log in first") },
    [FORBIDDEN] = { 403, N_("Not allowed") },
    [NOT_FOUND] = { 404, N_("Not found") },
    [NOT_ALLOWED] = { 405, N_("Method not allowed") },
    [CONFLICT] = { 409, N_("Changed in the meantime") },
    [GONE] = { 410, N_("No longer here") },
    [TOO_LARGE] = { 413, N_("Too large") },
    [TOO_MANY] = { 429, N_("Too many requests") },
    [UNSUPPORTED] = { 415, N_("Not supported") },
    [UNAVAILABLE] = { 503, N_("Not available for a moment") },
    [INTERNAL] = { 500, N_("Something went wrong") },
};

int problem_status(enum error_kind kind)
{
    return kind < ERROR_KINDS ? kinds[kind].status : kinds[INTERNAL].status;
}

/* A browser that asks for a page: text/html, and a listener for people. */
bool wants_page(const struct request *request)
{
    return request->listener == PEOPLE
           && str_find(request_header(request, "Accept"), STR("text/html")) >= 0;
}

static struct str message_of(const struct request *request, const struct error *err)
{
    return error_text(request->arena, err, translate(request->language, err->message));
}

/* RFC 9457. `instance` is the name of this request in the log. */
static void reply_json_problem(struct request *request, const struct error *err, struct str title)
{
    struct node *problem = node_map(request->arena);
    int status = problem_status(err->kind);
    node_put_text(problem, "type", STR("about:blank"));
    node_put_text(problem, "title", title);
    node_put_int(problem, "status", status);
    if (err->message)
        node_put_text(problem, "detail", message_of(request, err));
    if (err->field)
        node_put_text(problem, "field", str_of(err->field));
    if (err->code)
        node_put_text(problem, "code", str_of(err->code));
    node_put_text(problem, "instance",
                  str_format(request->arena, "urn:request:%.*s", FMT(request->id)));
    reply_json(request, status, problem);
    request->reply.type = "application/problem+json";
}

static bool reply_page_problem(struct request *request, const struct error *err, struct str title)
{
    struct node *page = page_new(request, title);
    node_put_int(page, "status", problem_status(err->kind));
    if (err->message)
        node_put_text(page, "message", message_of(request, err));
    if (err->kind == INTERNAL)
        node_put_text(page, "request", request->id);
    request->reply.status = problem_status(err->kind);
    return reply_page(request, "platform/pages/problem", page);
}

/* What the handler had put in the reply goes, but for the headers that explain the refusal. */
static void start_again(struct request *request)
{
    static const char *const kept[] = { "Allow", "Set-Cookie" };
    struct reply *reply = &request->reply;
    size_t count = 0;
    for (size_t i = 0; i < reply->header_count; i++)
        for (size_t j = 0; j < count_of(kept); j++)
            if (strcmp(reply->headers[i].name, kept[j]) == 0)
                reply->headers[count++] = reply->headers[i];
    reply_ended(request, false);
    reply->header_count = count;
    reply->status = 0;
    reply->type = NULL;
    reply->fixed = (struct str){ 0 };
    reply->body = (struct buf){ .arena = request->arena };
}

void reply_problem(struct request *request, const struct error *err)
{
    enum error_kind kind = err->kind < ERROR_KINDS ? err->kind : INTERNAL;
    struct str title = str_of(translate(request->language, kinds[kind].title));
    start_again(request);
    if (err->retry_after > 0)
        reply_header(request, "Retry-After", str_format(request->arena, "%d", err->retry_after));
    if (wants_page(request) && reply_page_problem(request, err, title))
        return;
    reply_json_problem(request, err, title);
}

/* Needs no memory at all. */
void reply_out_of_memory(struct request *request)
{
    static const char text[] = "{\"type\":\"about:blank\",\"title\":\"Out of memory\",\"status\":503}";
    reply_ended(request, false);
    request->reply = (struct reply){
        .status = 503, .type = "application/problem+json", .fixed = { text, sizeof text - 1 }
    };
}
