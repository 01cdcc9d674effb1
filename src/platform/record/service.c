/* SPDX-License-Identifier: EUPL-1.2 */
/* What is written down of every deed: the audit trail, events and their followers, background work. */
#include "platform/service.h"

static const struct migration migrations[] = {
    { 1, "platform/record/schema/001-record.sql" },
    { 2, "platform/record/schema/002-audit-guard-sqlite.sql",
      "platform/record/schema/002-audit-guard-postgres.sql" },
    { 0 },
};

const struct service record_service = {
    .name = "record",
    .title = N_("Record"),
    .migrations = migrations,
};
