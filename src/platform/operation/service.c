/* SPDX-License-Identifier: EUPL-1.2 */
/* What an operator does with the installation as a whole: backup, restore, export, doctor. Only the
 * commands are its doors. */
#include "platform/operation/export.h"
#include "platform/service.h"

static const struct export_table exports[] = {
    { "audit", "Everything that was done in the organisation's name.", NULL, true,
      SQL("SELECT a.number, a.at, a.who, a.what, a.subject, a.detail"
          "  FROM audit_of o JOIN audit a ON a.number = o.number"
          " WHERE o.organisation = $1 ORDER BY o.number"),
      { { "number", EXPORT_NUMBER }, { "at", EXPORT_INSTANT },
        { "who", EXPORT_TEXT, "account:ID of a person, client:OIN of a system, or a command." },
        { "what" }, { "subject" }, { "detail", EXPORT_JSON } } },
    { "people", "Who has a role for the organisation.", NULL, true,
      SQL("SELECT a.id, a.login, a.name, m.role, a.created, a.disabled"
          "  FROM membership m JOIN account a ON a.id = m.account"
          " WHERE m.organisation = $1 ORDER BY a.login, m.role"),
      { { "account" }, { "login" }, { "name" }, { "role" }, { "created", EXPORT_INSTANT },
        { "disabled", EXPORT_INSTANT } } },
    { .name = NULL },
};

static const struct deed_kind deeds[] = {
    { "operation.backup-made", N_("A backup was made") },
    { "operation.exported", N_("All data of an organisation was exported") },
    { NULL },
};

const struct service operation_service = {
    .name = "operation",
    .title = N_("Operation"),
    .exports = exports,
    .deeds = deeds,
};
