/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/http/http_routes.h"

#include "platform/people/accounts.h"
#include "platform/app.h"
#include "platform/db/db.h"
#include "platform/metrics.h"
#include "platform/http/server.h"

/* The process is alive: says nothing of what it depends on. */
bool show_health(struct request *request, struct error *err)
{
    (void)err;
    request->reply.type = "text/plain; charset=utf-8";
    request->reply.fixed = STR("ok\n");
    return true;
}

/* Fit for work: the database answers, its schema is one we can work on, and we are not on our way
 * out. */
bool show_readiness(struct request *request, struct error *err)
{
    struct server *server = request->app->server;
    struct error why;
    atomic_store(&server->asked_ready, instant_monotonic());
    if (atomic_load(&server->draining))
        return fail(err, UNAVAILABLE, NULL, N_("This server is stopping."));
    if (!db_check_schema(request->app->db, request->arena, request->app->services, &why)) {
        fail(err, UNAVAILABLE, NULL, N_("The database is not reachable, or not of this version."));
        return fail_detail(err, "%s", why.detail);
    }
    return reply_bytes(request, "text/plain; charset=utf-8", STR("ready\n"));
}

static bool is_this_computer(struct str peer)
{
    return str_starts(peer, STR("127.")) || str_eq(peer, STR("::1"));
}

/* Of machines, the one that the operator named; of people, the operator, and this computer where
 * that is set. */
static bool may_see_metrics(const struct request *request)
{
    const struct config *config = request->app->config;
    struct str named = config_text(config, "metrics.client");
    if (request->client)
        return named.len && str_eq(request->client->serial_number, named);
    return session_has(request->session, ROLE_OPERATOR)
           || (config_flag(config, "metrics.open") && is_this_computer(request->peer));
}

bool show_metrics(struct request *request, struct error *err)
{
    if (!may_see_metrics(request))
        return fail(err, request->session || request->client ? FORBIDDEN : UNAUTHENTICATED, NULL,
                    N_("The metrics are for the operator, and for the machine that the setting "
                       "metrics.client names."));
    request->reply.body = (struct buf){ .arena = request->arena };
    metrics_write(request->app->metrics, &request->reply.body);
    request->reply.type = "text/plain; version=0.0.4; charset=utf-8";
    return true;
}

bool show_openapi(struct request *request, struct error *err)
{
    struct str base = str_format(request->arena, "https://%.*s", FMT(request->host));
    (void)err;
    reply_header(request, "Cache-Control", STR("private, max-age=300"));
    return reply_json(request, 200,
                      openapi_document(request->arena, request->app->services, base));
}
