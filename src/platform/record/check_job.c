/* SPDX-License-Identifier: EUPL-1.2 */
/* Once a day the whole chain is checked, and what came out is kept for the operators' page. */
#include "base/log.h"
#include "platform/record/audit.h"
#include "platform/record/filing.h"
#include "platform/record/jobs_view.h"
#include "platform/record/record.h"

static const struct statement put_result = SQL(
    "INSERT INTO audit_check (name, at, checked, head, problem) VALUES ('last', $1, $2, $3, $4)"
    " ON CONFLICT (name) DO UPDATE SET at = excluded.at, checked = excluded.checked,"
    " head = excluded.head, problem = excluded.problem");

struct checking {
    struct audit_state state;
    struct str problem;
};

static bool do_check(struct tx *tx, void *with, struct error *err)
{
    struct checking *checking = with;
    return audit_check(tx, &checking->state, err);
}

static bool do_keep(struct tx *tx, void *with, struct error *err)
{
    const struct checking *checking = with;
    instant now = instant_now();
    struct str head = { checking->state.head, checking->problem.len ? 0 : AUDIT_HASH_HEX };
    return jobs_forget_old(tx, now, err)
        && db_do(tx, &put_result,
                 ARGS(arg_int(now), arg_int(checking->state.checked), arg_text(head),
                      arg_text(checking->problem)),
                 NULL, err);
}

bool audit_check_job(struct app *app, struct arena *arena, const struct job *job,
                     struct error *err)
{
    struct checking checking = { 0 };
    (void)job;
    if (!record_settle(app, err))
        return false;
    if (!db_read(app->db, arena, do_check, &checking, err)) {
        if (err->kind != CONFLICT)
            return false;
        log_failure("audit-does-not-fit", err);
        checking.problem = str_copy(arena, error_text(arena, err, NULL));
    }
    return db_write(app->db, arena, do_keep, &checking, err);
}
