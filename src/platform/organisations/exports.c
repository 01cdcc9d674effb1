/* SPDX-License-Identifier: EUPL-1.2 */
/* What an organisation takes along of who works and worked for it (platform/operation/export.h). Of an
 * invitation neither the link nor its hash goes along. */
#include "platform/operation/export.h"
#include "platform/organisations/exports.h"
#include "platform/organisations/invitations.h"

const struct export_table organisations_exports[] = {
    { "addresses", "Where the organisation's people read its notices.", NULL, true,
      SQL("SELECT a.id, d.sealed, 'address:' || a.login"
          "  FROM account_address d JOIN account a ON a.id = d.account"
          " WHERE EXISTS (SELECT 1 FROM membership m WHERE m.account = a.id AND m.organisation = $1)"
          " ORDER BY a.id"),
      { { "account" },
        { "address", EXPORT_SEALED, "The mail address.", INVITATION_KEY } } },
    { "invitations", "Who was invited to work for the organisation.", NULL, true,
      SQL("SELECT id, role, sealed, sealed, language, invited_by, created, expires, outcome, ended,"
          "       'invitation:' || id"
          "  FROM invitation WHERE organisation = $1 ORDER BY created, id"),
      { { "id" }, { "role" },
        { "address", EXPORT_SEALED, "While it is open; wiped afterwards.", INVITATION_KEY, 0 },
        { "name", EXPORT_SEALED, "While it is open; wiped afterwards.", INVITATION_KEY, 1 },
        { "language" },
        { "invited_by", EXPORT_TEXT, "Id of the account; empty: at the command line." },
        { "created", EXPORT_INSTANT }, { "expires", EXPORT_INSTANT },
        { "outcome", EXPORT_TEXT, "open, accepted, revoked or expired." },
        { "ended", EXPORT_INSTANT } } },
    { "acting", "When an operator acted in the organisation's name, and why.", NULL, true,
      SQL("SELECT w.id, w.account, a.name, w.reason, w.started, w.ends, w.ended"
          "  FROM acting w LEFT JOIN account a ON a.id = w.account"
          " WHERE w.organisation = $1 ORDER BY w.started, w.id"),
      { { "id" }, { "account" },
        { "operator", EXPORT_TEXT, "The name that the account has now; empty: it is gone." },
        { "reason" }, { "started", EXPORT_INSTANT },
        { "ends", EXPORT_INSTANT, "At the latest." },
        { "ended", EXPORT_INSTANT, "By hand." } } },
    { "mail", "Mail about invitations and acting: what became of it, of the last 90 days.", NULL, true,
      SQL("SELECT about, created, state, changed, attempts, reason FROM mail"
          " WHERE about IN (SELECT 'invitation:' || id FROM invitation WHERE organisation = $1"
          "                 UNION SELECT 'acting:' || id FROM acting WHERE organisation = $1)"
          " ORDER BY created, id"),
      { { "about" }, { "created", EXPORT_INSTANT },
        { "state", EXPORT_TEXT, "waiting, sent or given-up." }, { "changed", EXPORT_INSTANT },
        { "attempts", EXPORT_NUMBER }, { "reason", EXPORT_TEXT, "Why the last attempt failed." } } },
    { .name = NULL },
};
