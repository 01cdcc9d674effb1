/* SPDX-License-Identifier: EUPL-1.2 */
/* What several processes on one database must share. */
#include "platform/service.h"

const struct service nodes_service = {
    .name = "nodes",
    .title = N_("Nodes"),
};
