/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/operation/store.h"

static const struct statement audit_rows = SQL("SELECT COUNT(*) FROM audit");

static const struct statement last_deed = SQL(
    "SELECT COALESCE(MAX(at), 0) FROM audit"
    " WHERE what = 'operation.backup-made' AND detail LIKE $1");

static const struct statement failed_jobs = SQL(
    "SELECT COUNT(*) FROM job WHERE state = 'failed'");

static const struct statement late_jobs = SQL(
    "SELECT COUNT(*) FROM job WHERE state <> 'failed' AND run_at < $1");

bool count_audit(struct tx *tx, void *with, struct error *err)
{
    return db_number(tx, &audit_rows, NO_ARGS, 0, with, err);
}

bool last_backup(struct tx *tx, instant *at, instant *with_keys, struct error *err)
{
    return db_number(tx, &last_deed, ARGS(arg_text(STR("%"))), 0, at, err)
           && db_number(tx, &last_deed, ARGS(arg_text(STR("%\"keys\":true%"))), 0, with_keys, err);
}

bool count_jobs(struct tx *tx, instant now, int64_t *failed, int64_t *late, struct error *err)
{
    return db_number(tx, &failed_jobs, NO_ARGS, 0, failed, err)
           && db_number(tx, &late_jobs, ARGS(arg_int(now - HOUR)), 0, late, err);
}
