/* SPDX-License-Identifier: EUPL-1.2 */
/* What is written down of every deed: the audit trail, events and their followers, background work. */
#include "platform/service.h"

const struct service record_service = {
    .name = "record",
    .title = N_("Record"),
};
