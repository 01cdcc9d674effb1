/* SPDX-License-Identifier: EUPL-1.2 */
/* The platform's own descriptor: what answers at every installation, whatever services it runs. */
#include "platform/http/http_routes.h"
#include "platform/page/home.h"
#include "platform/service.h"

static const struct migration migrations[] = {
    { 1, "platform/schema/001-platform.sql" },
    { 0 },
};

static const struct route routes[] = {
    { GET, "/healthz", show_health, .on = EVERYWHERE, .quick = true, .open = true },
    { GET, "/readyz", show_readiness, .on = EVERYWHERE, .open = true },
    { GET, "/metrics", show_metrics, .on = EVERYWHERE },
    { GET, "/static/{file}", show_static, .on = PEOPLE, .quick = true },
    { GET, "/api/v1/openapi.json", show_openapi, .on = EVERYWHERE, .open = true },

    { GET, "/", show_home, .on = PEOPLE },
    { GET, "/over", show_about, .on = PEOPLE },
    { GET, "/taal/{language}", set_language, .on = PEOPLE },
    { METHOD_NONE },
};

const struct service platform_service = {
    .name = "platform",
    .title = N_("Platform"),
    .migrations = migrations,
    .routes = routes,
};
