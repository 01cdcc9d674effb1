/* SPDX-License-Identifier: EUPL-1.2 */
/* Taking factors away (platform/people/factors.h). */
#include "platform/people/factor_store.h"
#include "platform/record/audit.h"

static const struct statement delete_passkeys = SQL("DELETE FROM passkey WHERE account = $1");
static const struct statement count_here =
    SQL("SELECT COUNT(*) FROM membership WHERE account = $1 AND organisation = $2");
static const struct statement count_elsewhere =
    SQL("SELECT COUNT(*) FROM membership WHERE account = $1 AND organisation <> $2");

bool factors_reset(struct tx *tx, instant now, struct str who, struct str on_behalf,
                   struct str account, struct error *err)
{
    struct audit_entry entry = {
        .who = who,
        .on_behalf = on_behalf,
        .what = "account.factors-reset",
        .subject = str_format(tx_arena(tx), "account:%.*s", FMT(account)),
    };
    return totp_remove(tx, account, err)
           && db_do(tx, &delete_passkeys, ARGS(arg_text(account)), NULL, err)
           && recovery_remove(tx, account, err)
           && session_end_others(tx, account, STR(""), err)
           && audit_add(tx, now, &entry, err);
}

static bool may_reset(struct tx *tx, const struct session *session, struct str organisation,
                      struct str account, struct error *err)
{
    int64_t here, elsewhere;
    if (!session_acts_for(session, ROLE_BOARD_ADMIN, organisation)
        || str_eq(session->account, account))
        return fail(err, FORBIDDEN, NULL, N_("Your account may not do this."));
    if (!db_number(tx, &count_here, ARGS(arg_text(account), arg_text(organisation)), 0, &here, err)
        || !db_number(tx, &count_elsewhere, ARGS(arg_text(account), arg_text(organisation)), 0,
                      &elsewhere, err))
        return false;
    if (!here)
        return fail(err, NOT_FOUND, NULL, N_("There is no such colleague."));
    return !elsewhere
           || fail(err, FORBIDDEN, NULL,
                   N_("This colleague also works for others. Ask the operator of this "
                      "installation to do this."));
}

bool factors_reset_colleague(struct tx *tx, instant now, const struct session *session,
                             struct str organisation, struct str account, struct error *err)
{
    if (!may_reset(tx, session, organisation, account, err))
        return false;
    struct str who = str_format(tx_arena(tx), "account:%.*s", FMT(session->account));
    return factors_reset(tx, now, who, organisation, account, err);
}
