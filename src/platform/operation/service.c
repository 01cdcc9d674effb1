/* SPDX-License-Identifier: EUPL-1.2 */
/* What an operator does with the installation as a whole: backup, restore, export, doctor. Only the
 * commands are its doors. */
#include "platform/service.h"

static const struct deed_kind deeds[] = {
    { "operation.backup-made", N_("A backup was made") },
    { "operation.exported", N_("All data of an organisation was exported") },
    { NULL },
};

const struct service operation_service = {
    .name = "operation",
    .title = N_("Operation"),
    .deeds = deeds,
};
