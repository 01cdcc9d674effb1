/* SPDX-License-Identifier: EUPL-1.2 */
/* Background work as operators see and steer it. */
#ifndef PLATFORM_JOBS_VIEW_H
#define PLATFORM_JOBS_VIEW_H

#include "base/list.h"
#include "platform/db/db.h"
#include "base/instant.h"

struct job_row {
    struct str id, kind, state, node, reason;
    instant run_at;      /* of a running one: when its lease ends */
    int64_t attempts;
};
struct job_rows {
    list_of(struct job_row);
};

/* Jobs in this state ("waiting", "running", "failed"), the first due first. */
bool jobs_list(struct tx *tx, struct str state, int64_t limit, int64_t offset,
               struct job_rows *jobs, int64_t *total, struct error *err);

/* A failed job runs again, or is taken away; CONFLICT when it is not failed (any more). */
bool job_retry(struct tx *tx, struct str id, instant now, struct error *err);
bool job_remove(struct tx *tx, struct str id, struct error *err);

/* Counts one ending, and reads how many there were in each of `hours` hours up to the one of `now`,
 * the oldest first. */
bool job_count(struct tx *tx, const char *kind, bool done, instant now, struct error *err);
bool jobs_tally(struct tx *tx, instant now, size_t hours, int64_t *done, int64_t *failed,
                struct error *err);

/* Forgets the counts of more than a month ago. */
bool jobs_forget_old(struct tx *tx, instant now, struct error *err);

#endif
