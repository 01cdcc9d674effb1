/* SPDX-License-Identifier: EUPL-1.2 */
/* What an organisation takes along of the record (platform/operation/export.h). The secrets of webhooks
 * stay here: whoever receives has them. */
#include "platform/operation/export.h"
#include "platform/record/record.h"

const struct export_table record_exports[] = {
    { "audit", "Everything that was done in the organisation's name.", NULL, true,
      SQL("SELECT a.number, a.at, a.who, a.on_behalf, a.what, a.subject, a.detail"
          "  FROM audit_of o JOIN audit a ON a.number = o.number"
          " WHERE o.organisation = $1 ORDER BY o.number"),
      { { "number", EXPORT_NUMBER }, { "at", EXPORT_INSTANT },
        { "who", EXPORT_TEXT, "account:ID of a person, client:OIN of a system, or a command." },
        { "on_behalf", EXPORT_TEXT, "The organisation, or a school that it governed then." },
        { "what" }, { "subject" }, { "detail", EXPORT_JSON } } },
    { "webhooks", "Which addresses are told of events.", NULL, true,
      SQL("SELECT id, address, kinds, active, created, delivered, last_delivered, failures"
          "  FROM webhook WHERE organisation = $1 ORDER BY created, id"),
      { { "id" }, { "address" },
        { "kinds", EXPORT_TEXT, "Kinds of events, with blanks between; empty: all." },
        { "active", EXPORT_NUMBER, "1: it is on." }, { "created", EXPORT_INSTANT },
        { "delivered", EXPORT_NUMBER, "So many messages had a receipt." },
        { "last_delivered", EXPORT_INSTANT },
        { "failures", EXPORT_NUMBER, "Since the last receipt." } } },
    { "webhook-messages", "Messages that had no receipt yet.", NULL, true,
      SQL("SELECT d.webhook, d.number, d.kind, d.subject, d.at, d.state, d.created, d.attempts,"
          "       d.not_before, d.reason"
          "  FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook"
          " WHERE w.organisation = $1 ORDER BY d.webhook, d.number"),
      { { "webhook" }, { "number", EXPORT_NUMBER, "Of the event; below 0: a test." }, { "kind" },
        { "subject" }, { "at", EXPORT_INSTANT, "Of the event." },
        { "state", EXPORT_TEXT, "waiting or failed." }, { "created", EXPORT_INSTANT },
        { "attempts", EXPORT_NUMBER }, { "not_before", EXPORT_INSTANT, "The next try." },
        { "reason", EXPORT_TEXT, "Why the last attempt failed." } } },
    { .name = NULL },
};
