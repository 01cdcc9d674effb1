/* SPDX-License-Identifier: EUPL-1.2 */
/* The routes that the server itself answers; they stand in the table of platform_service. */
#ifndef PLATFORM_HTTP_ROUTES_H
#define PLATFORM_HTTP_ROUTES_H

#include "platform/http/http.h"

bool show_health(struct request *request, struct error *err);    /* /healthz */
bool show_readiness(struct request *request, struct error *err); /* /readyz */
bool show_metrics(struct request *request, struct error *err);   /* /metrics */
bool show_openapi(struct request *request, struct error *err);   /* /api/v1/openapi.json */
bool show_static(struct request *request, struct error *err);    /* /static/{file} */

#endif
