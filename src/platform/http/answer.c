/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/encoding.h"
#include "base/log.h"
#include "platform/people/accounts.h"
#include "platform/app.h"
#include "platform/http/server.h"

static bool touch_session(struct tx *tx, void *with, struct error *err)
{
    const struct request *request = with;
    struct session_limits limits = session_limits(request->app->config);
    return session_touch(tx, request_cookie(request, SESSION_COOKIE), request->now, &limits, err);
}

static bool load_session(struct request *request, struct error *err)
{
    struct tx *tx;
    struct str cookie = request_cookie(request, SESSION_COOKIE);
    if (request->listener != PEOPLE || cookie.len == 0)
        return true;
    if (!request_tx(request, &tx, err)
        || !session_load(tx, cookie, request->now, &request->session, err))
        return false;
    /* The network thread does not wait for a commit: the next page of the person's will do. */
    return !request->session || !request->session->touch || !request->route
           || request->route->quick
           || request_write(request, touch_session, request, err);
}

static bool has_role(const struct request *request)
{
    return request->listener != PEOPLE || session_has(request->session, request->route->role);
}

/* Who is not known yet and reads pages logs in first, and comes back. */
static bool ask_who(struct request *request, struct error *err)
{
    if (request->method != GET || !wants_page(request))
        return fail(err, UNAUTHENTICATED, NULL, N_("Log in to do this."));
    struct str target = percent_encode(request->arena, request->target);
    return reply_redirect(request, str_format(request->arena, LOGIN_PATH "?naar=%.*s", FMT(target)));
}

/* Whose role needs a second factor sets it up before anything else (platform/people/factors.h). Pages
 * for everybody stay open. */
static bool must_set_factor(const struct request *request)
{
    return request->session && request->session->factor_missing && request->listener == PEOPLE
           && request->route->role != ROLE_ANYONE && !request->route->before_factor;
}

static bool lead_to_factor(struct request *request, struct error *err)
{
    if (request->method != GET || !wants_page(request))
        return fail_code(err, FORBIDDEN, "second-factor",
                         N_("Your role needs a second step when you log in. Set it up first."));
    return reply_redirect(request, STR(FACTOR_PATH));
}

static bool run_route(struct request *request, struct error *err)
{
    if (!load_session(request, err))
        return false;
    if (must_set_factor(request))
        return lead_to_factor(request, err);
    if (!has_role(request) && !request->session)
        return ask_who(request, err);
    if (!has_role(request))
        return fail(err, FORBIDDEN, NULL, N_("Your account may not do this."));
    return csrf_check(request, err) && request->route->answer(request, err);
}

/* Refusals that an operator wants to see. That a page is not found is not one; nor is a client that
 * asks too much: that is seen in the metrics, and would fill the log. */
static bool is_notable(enum error_kind kind)
{
    return kind == INTERNAL || kind == FORBIDDEN || kind == TOO_LARGE || kind == UNAVAILABLE
           || kind == UNSUPPORTED;
}

static void log_refusal(const struct exchange *exchange, const struct error *err)
{
    const struct request *request = &exchange->request;
    if (!is_notable(err->kind))
        return;
    log_event(err->kind == INTERNAL ? LOG_ERROR : LOG_WARN, "request-refused",
              LOG_FIELDS({ "listener", str_of(exchange->peer->gate->name) },
                         { "route", str_of(request->route ? request->route->path : "none") },
                         { "status", LOG_NUMBER(problem_status(err->kind)) },
                         { "code", str_of(err->code ? err->code : "-") },
                         { "detail", str_of(err->detail) },
                         { "request", request->id }));
}

/* A page that says what is wrong still knows who reads it. */
static void know_person(struct request *request)
{
    struct error ignored;
    if (!request->session && wants_page(request) && !load_session(request, &ignored))
        request->session = NULL;
}

static void answer_or_refuse(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    struct error err = exchange->refusal;
    request->language = request_language(request);
    if (err.kind == NO_ERROR && run_route(request, &err))
        return;
    log_refusal(exchange, &err);
    if (exchange->turned_away && request->route->refuse) {
        request->route->refuse(request, &err);
        return;
    }
    know_person(request);
    reply_problem(request, &err);
}

static void close_snapshot(struct request *request)
{
    if (request->tx)
        db_read_end(request->tx);
    request->tx = NULL;
}

void answer(struct exchange *exchange)
{
    jmp_buf rescue;
    exchange->arena.rescue = &rescue;
    memory_rescue(&rescue);
    if (setjmp(rescue) == 0) {
        answer_or_refuse(exchange);
    } else {
        memory_rescue(NULL);
        log_error("out-of-memory", { "request", exchange->request.id });
        reply_out_of_memory(&exchange->request);
    }
    exchange->arena.rescue = NULL;
    memory_rescue(NULL);
    close_snapshot(&exchange->request);
    exchange->stage = ANSWERED;
}
