/* SPDX-License-Identifier: EUPL-1.2 */
/* What is written down of every deed: the audit trail, events and their followers, background work.
 * See README.md in this folder. */
#include "platform/record/pages.h"
#include "platform/record/record.h"

static const struct migration migrations[] = {
    { 1, "platform/record/schema/001-record.sql" },
    { 2, "platform/record/schema/002-audit-guard-sqlite.sql",
      .postgres = "platform/record/schema/002-audit-guard-postgres.sql" },
    { 0 },
};

static const struct route routes[] = {
    { GET, "/verslag", show_own_trail, .on = PEOPLE, .role = ROLE_BOARD_MEMBER },
    { GET, "/beheer/verslag", show_trail, .on = PEOPLE, .role = ROLE_OPERATOR },
    { METHOD_NONE },
};

static const struct job_kind jobs[] = {
    { "record.audit-check", audit_check_job, .every = DAY },
    { .name = NULL },
};

static const struct entry entries[] = {
    { "/verslag", N_("Record"),
      N_("Everything that was done in the name of your school board, and by whom."),
      ROLE_BOARD_MEMBER },
    { "/beheer/verslag", N_("Audit trail"),
      N_("Every deed on this installation, and whether the trail still fits."), ROLE_OPERATOR },
    { .path = NULL },
};

const struct service record_service = {
    .name = "record",
    .title = N_("Record"),
    .migrations = migrations,
    .routes = routes,
    .jobs = jobs,
    .entries = entries,
};
