/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/record/jobs_view.h"

static const struct statement list_state = SQL(
    "SELECT id, kind, state, node, last_error, run_at, attempt FROM job WHERE state = $1"
    " ORDER BY run_at, id LIMIT $2 OFFSET $3");
static const struct statement count_state = SQL("SELECT COUNT(*) FROM job WHERE state = $1");

static const struct statement retry = SQL(
    "UPDATE job SET state = 'waiting', run_at = $2, attempt = 0"
    " WHERE id = $1 AND state = 'failed'");
static const struct statement remove_failed = SQL(
    "DELETE FROM job WHERE id = $1 AND state = 'failed'");

static const struct statement count_ending = SQL(
    "INSERT INTO job_tally (hour, kind, done, failed) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (hour, kind) DO UPDATE SET done = job_tally.done + excluded.done,"
    " failed = job_tally.failed + excluded.failed");
static const struct statement forget_old = SQL("DELETE FROM job_tally WHERE hour < $1");
static const struct statement tally = SQL(
    "SELECT hour, SUM(done), SUM(failed) FROM job_tally WHERE hour > $1 GROUP BY hour");

bool jobs_list(struct tx *tx, struct str state, int64_t limit, int64_t offset,
               struct job_rows *jobs, int64_t *total, struct error *err)
{
    struct rows rows;
    *jobs = (struct job_rows){ 0 };
    if (!db_number(tx, &count_state, ARGS(arg_text(state)), 0, total, err)
        || !db_query(tx, &list_state, ARGS(arg_text(state), arg_int(limit), arg_int(offset)), &rows,
                     err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), jobs) = (struct job_row){ .id = row_text(&rows, 0),
                                                          .kind = row_text(&rows, 1),
                                                          .state = row_text(&rows, 2),
                                                          .node = row_text(&rows, 3),
                                                          .reason = row_text(&rows, 4),
                                                          .run_at = row_int(&rows, 5),
                                                          .attempts = row_int(&rows, 6) };
    return rows_end(&rows, err);
}

static bool one_changed(int64_t changed, struct error *err)
{
    return changed == 1
        || fail(err, CONFLICT, NULL,
                N_("This work is not among the failed any more. Look at what there is now."));
}

bool job_retry(struct tx *tx, struct str id, instant now, struct error *err)
{
    int64_t changed;
    return db_do(tx, &retry, ARGS(arg_text(id), arg_int(now)), &changed, err)
        && one_changed(changed, err);
}

bool job_remove(struct tx *tx, struct str id, struct error *err)
{
    int64_t changed;
    return db_do(tx, &remove_failed, ARGS(arg_text(id)), &changed, err)
        && one_changed(changed, err);
}

static instant hour_of(instant at)
{
    return at - at % HOUR;
}

bool job_count(struct tx *tx, const char *kind, bool done, instant now, struct error *err)
{
    return db_do(tx, &count_ending,
                 ARGS(arg_int(hour_of(now)), arg_text(str_of(kind)), arg_int(done), arg_int(!done)),
                 NULL, err);
}

bool jobs_tally(struct tx *tx, instant now, size_t hours, int64_t *done, int64_t *failed,
                struct error *err)
{
    struct rows rows;
    instant first = hour_of(now) - ((int64_t)hours - 1) * HOUR;
    memset(done, 0, hours * sizeof *done);
    memset(failed, 0, hours * sizeof *failed);
    if (!db_query(tx, &tally, ARGS(arg_int(first - 1)), &rows, err))
        return false;
    while (rows_next(&rows)) {
        size_t hour = (size_t)((row_int(&rows, 0) - first) / HOUR);
        if (hour >= hours)
            continue;
        done[hour] = row_int(&rows, 1);
        failed[hour] = row_int(&rows, 2);
    }
    return rows_end(&rows, err);
}

bool jobs_forget_old(struct tx *tx, instant now, struct error *err)
{
    return db_do(tx, &forget_old, ARGS(arg_int(hour_of(now) - 31 * DAY)), NULL, err);
}
