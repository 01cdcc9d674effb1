/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/app.h"

#include "base/list.h"
#include "base/log.h"
#include "platform/isolation/parser.h"
#include "platform/isolation/sandbox.h"
#include "platform/metrics.h"
#include "platform/keys/keeper.h"
#include "platform/page/page.h"
#include "platform/service.h"

static bool set_log_level(const struct config *config, struct error *err)
{
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {
        { "debug", LOG_DEBUG }, { "info", LOG_INFO }, { "warn", LOG_WARN }, { "error", LOG_ERROR }
    };
    struct str wanted = config_text(config, "log.level");
    for (size_t i = 0; i < count_of(levels); i++) {
        if (!str_eq(wanted, str_of(levels[i].name)))
            continue;
        log_set_level(levels[i].level);
        return true;
    }
    return fail(err, INVALID, "log.level",
                N_("The setting log.level must be debug, info, warn or error."));
}

static bool prepare_schema(struct app *app, bool migrate, struct error *err)
{
    return migrate ? db_migrate(app->db, app->arena, app->services, err)
                   : db_check_schema(app->db, app->arena, app->services, err);
}

static bool start_services(struct app *app, struct error *err)
{
    for (size_t i = 0; app->services[i]; i++) {
        if (i == SERVICES_MAX)
            return fail_internal(err, "more than %d services", SERVICES_MAX);
        if (app->services[i]->start && !app->services[i]->start(app, &app->state[i], err))
            return false;
        app->started = i + 1;
    }
    return true;
}

static bool close_opened(struct app *app)
{
    app_close(app);
    return false;
}

static bool open_app(struct arena *arena, const char *data, const struct service *const *services,
                     bool migrate, bool serve, struct app *app, struct error *err)
{
    *app = (struct app){ .arena = arena, .services = services };
    if (!config_load(arena, data, services, &app->config, err) || !set_log_level(app->config, err)
        || !sandbox_take_identity(app->config, arena, err) || !parsers_start_all(err))
        return false;
    if (!keeper_start(app, serve, err)) /* before there is a second thread, or anything to inherit */
        return close_opened(app);
    app->metrics = metrics_new(arena);
    const char *overrides = NULL;
    if (config_text(app->config, "templates").len)
        overrides = str_c(arena, config_text(app->config, "templates"));
    if (templates_load(arena, overrides, &app->templates, err)
        && db_open(app->config, &app->db, err) && prepare_schema(app, migrate, err)
        && keeper_open(app, err) && start_services(app, err))
        return true;
    return close_opened(app);
}

bool app_open(struct arena *arena, const char *data, const struct service *const *services,
              bool migrate, struct app *app, struct error *err)
{
    return open_app(arena, data, services, migrate, false, app, err);
}

bool app_open_to_serve(struct arena *arena, const char *data,
                       const struct service *const *services, struct app *app, struct error *err)
{
    return open_app(arena, data, services, true, true, app, err);
}

bool app_recover(struct app *app, struct error *err)
{
    for (size_t i = 0; app->services[i]; i++)
        if (app->services[i]->recover && !app->services[i]->recover(app, err))
            return false;
    return true;
}

void app_close(struct app *app)
{
    while (app->started) {
        size_t i = --app->started;
        if (app->services[i]->stop)
            app->services[i]->stop(app, app->state[i]);
    }
    if (app->keeper)
        keeper_close(app->keeper);
    app->keeper = NULL;
    if (app->db)
        db_close(app->db);
    app->db = NULL;
}

void *app_state(const struct app *app, const struct service *service)
{
    for (size_t i = 0; app->services[i]; i++)
        if (app->services[i] == service)
            return app->state[i];
    return NULL;
}
