/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/http_world.h"

#include "base/file.h"
#include "platform/people/accounts.h"
#include "platform/metrics.h"
#include "platform/page/page.h"
#include "platform/keys/keeper.h"
#include "platform/keys/pki.h"
#include "platform/service.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static atomic_int whole, broken;

int after_whole(void)
{
    return whole;
}

int after_broken(void)
{
    return broken;
}

static bool echo(struct request *request, struct error *err)
{
    (void)err;
    return reply_bytes(request, "application/octet-stream", request->body);
}

static bool tell_param(struct request *request, struct error *err)
{
    (void)err;
    return reply_bytes(request, "text/plain", request_param(request, "name"));
}

/* Who asks, as the platform sees it. */
static bool tell_peer(struct request *request, struct error *err)
{
    (void)err;
    return reply_bytes(request, "text/plain",
                       str_format(request->arena, "%.*s %.*s %s", FMT(request->peer),
                                  FMT(request->client ? request->client->serial_number : STR("-")),
                                  request->language == DUTCH ? "nl" : "en"));
}

static bool eat_memory(struct request *request, struct error *err)
{
    for (int i = 0; i < 10000; i++)
        arena_alloc(request->arena, 1024 * 1024);
    return fail_internal(err, "there was memory without end");
}

static bool break_down(struct request *request, struct error *err)
{
    (void)request;
    return fail_internal(err, "the test asked for it");
}

static bool take_time(struct request *request, struct error *err)
{
    (void)err;
    usleep(300000);
    return reply_bytes(request, "text/plain", STR("done"));
}

static bool redirect_anywhere(struct request *request, struct error *err)
{
    (void)err;
    return reply_redirect(request, request_query(request, "to"));
}

static bool show_token(struct request *request, struct error *err)
{
    (void)err;
    return reply_bytes(request, "text/plain", csrf_token(request));
}

static void count_after(struct app *app, void *with, bool all)
{
    (void)app, (void)with;
    atomic_fetch_add(all ? &whole : &broken, 1);
}

static bool much(struct request *request, struct error *err)
{
    (void)err;
    request->reply.type = "application/octet-stream";
    request->reply.body = (struct buf){ .arena = request->arena };
    buf_room(&request->reply.body, 32 * 1024 * 1024);
    request->reply.body.len = 32 * 1024 * 1024;
    request->reply.after = count_after;
    return true;
}

static bool turn_away(struct request *request, struct error *err)
{
    (void)request;
    return fail(err, FORBIDDEN, NULL, "Nothing of yours is read here.");
}

static void tell_away(struct request *request, const struct error *err)
{
    request->reply.status = 403;
    reply_bytes(request, "text/x-refusal", str_of(err->message));
}

static const struct route routes[] = {
    { POST, "/test/turned-away", echo, .on = MACHINES, .body = 64 * 1024 * 1024,
      .admit = turn_away },
    { POST, "/test/turned-away-in-its-words", echo, .on = MACHINES, .body = 64 * 1024 * 1024,
      .admit = turn_away, .refuse = tell_away },
    { POST, "/test/echo", echo, .on = MACHINES, .body = 100 * 1024 },
    { POST, "/test/echo-quick", echo, .on = MACHINES, .body = 100 * 1024, .quick = true },
    { POST, "/test/upload", echo, .on = MACHINES, .body = 64 * 1024 * 1024 },
    { GET, "/test/name/{name}", tell_param, .on = EVERYWHERE },
    { GET, "/test/peer", tell_peer, .on = EVERYWHERE },
    { GET, "/test/memory", eat_memory, .on = PEOPLE },
    { GET, "/test/broken", break_down, .on = PEOPLE },
    { GET, "/test/slow", take_time, .on = EVERYWHERE },
    { GET, "/test/much", much, .on = PEOPLE },
    { GET, "/test/redirect", redirect_anywhere, .on = PEOPLE },
    { GET, "/test/form", show_token, .on = PEOPLE },
    { POST, "/test/form", echo, .on = PEOPLE },
    { POST, "/test/no-csrf", echo, .on = PEOPLE, .no_csrf = true },
    { GET, "/test/operator", tell_peer, .on = PEOPLE, .role = ROLE_OPERATOR },
    { METHOD_NONE },
};
static const struct service test_service = { .name = "test", .routes = routes };
static const struct service *const services[] = { &platform_service, &people_service,
                                                      &test_service,
                                                      &organisations_service, &keys_service, NULL };

static void open_app(struct test *t, struct app *app)
{
    struct error err;
    *app = (struct app){ .arena = t->arena, .services = services };
    struct str url = t->db_url.len ? t->db_url
                                   : str_format(t->arena, "sqlite:%s/http.db", t->folder);
    CHECK_OK(config_load(t->arena, t->folder, services, &app->config, &err), err);
    CHECK_OK(templates_load(t->arena, NULL, &app->templates, &err), err);
    CHECK_OK(db_open_url(url, 16, &app->db, &err), err);
    CHECK_OK(db_migrate(app->db, t->arena, services, &err), err);
    CHECK_OK(keeper_start(app, false, &err) && keeper_open(app, &err), err);
    app->metrics = metrics_new(t->arena);
    CHECK_OK(people_service.start(app, &app->state[1], &err), err);
}

bool try_server(struct test *t, struct app *app, const char *settings, struct error *err)
{
    struct str text = str_format(t->arena, "people.port = 0\nmachines.port = 0\nhttp.threads = 2\n%s",
                                 settings);
    signal(SIGPIPE, SIG_IGN);
    CHECK_OK(file_write(str_format(t->arena, "%s/fundament.conf", t->folder).at, text, 0600, err),
             *err);
    open_app(t, app);
    return server_start(app, err);
}

struct world *given_server(struct test *t, const char *settings)
{
    struct error err;
    struct world *world = arena_new(t->arena, struct world);
    CHECK_OK(try_server(t, &world->app, settings, &err), err);
    world->people = server_port(world->app.server, PEOPLE);
    world->machines = server_port(world->app.server, MACHINES);
    return world;
}

void end_server(struct world *world)
{
    server_stop(&world->app, 5 * SECOND);
    keeper_close(world->app.keeper);
    db_close(world->app.db);
}

static struct pem issue(struct test *t, const char *folder, int64_t age_days, int64_t days)
{
    struct pem pem;
    struct error err;
    CHECK_OK(pki_issue_client(t->arena, folder, STR(GOOD_OIN), STR("A test's machine"),
                              instant_now() - age_days * DAY, days, &pem.certificate, &pem.key,
                              &err),
             err);
    return pem;
}

struct pem given_client(struct test *t, struct world *world, int64_t age_days, int64_t days)
{
    (void)world;
    return issue(t, str_format(t->arena, "%s/tls", t->folder).at, age_days, days);
}

struct pem given_stranger(struct test *t)
{
    struct error err;
    const char *folder = str_format(t->arena, "%s/other", t->folder).at;
    CHECK_OK(folder_make(folder, &err), err);
    CHECK_OK(pki_ensure_ca(t->arena, folder, &err), err);
    return issue(t, folder, 0, 10);
}

void given_revoked(struct test *t, struct world *world, const struct pem *revoked, size_t count)
{
    struct str crl, list[8];
    struct error err;
    for (size_t i = 0; i < count; i++)
        list[i] = revoked[i].certificate;
    crl = given_crl(t, str_format(t->arena, "%s/tls", t->folder).at, list, count, instant_now());
    CHECK_OK(file_write(str_format(t->arena, "%s/tls/list.crl", t->folder).at, crl, 0644, &err),
             err);
    CHECK_OK(server_reload(&world->app, &err), err);
}
