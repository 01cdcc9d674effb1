/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of nodes share, for its descriptor (service.c) only. */
#ifndef NODES_STATE_H
#define NODES_STATE_H

#include "platform/http/http.h"
#include "platform/operation/doctor.h"

/* The state of nodes_service. */
struct nodes {
    struct beating *beating; /* NULL in commands other than serve */
};

bool show_nodes(struct request *request, struct error *err);

extern const struct check nodes_checks[]; /* ends with a NULL name */

#endif
