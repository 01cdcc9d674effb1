/* SPDX-License-Identifier: EUPL-1.2 */
/* What an organisation takes along of its people (platform/operation/export.h); nothing by which
 * somebody logs in. */
#include "platform/operation/export.h"
#include "platform/people/people.h"

const struct export_table people_exports[] = {
    { "people", "Who has a role for the organisation.", NULL, true,
      SQL("SELECT a.id, a.login, a.name, m.role, a.created, a.disabled"
          "  FROM membership m JOIN account a ON a.id = m.account"
          " WHERE m.organisation = $1 ORDER BY a.login, m.role"),
      { { "account" }, { "login" }, { "name" }, { "role" }, { "created", EXPORT_INSTANT },
        { "disabled", EXPORT_INSTANT } } },
    { .name = NULL },
};
