/* SPDX-License-Identifier: EUPL-1.2 */
/* What the operator's commands ask the database. */
#ifndef PLATFORM_OPERATION_STORE_H
#define PLATFORM_OPERATION_STORE_H

#include "base/instant.h"
#include "platform/db/db.h"

/* A db_work; `with` is an int64_t: the rows of the audit trail. */
bool count_audit(struct tx *tx, void *with, struct error *err);

/* When the last backup was made; 0: never. `with_keys`: the last one that held the keys. */
bool last_backup(struct tx *tx, instant *at, instant *with_keys, struct error *err);

/* Background work that was given up, and work that waits for more than an hour. */
bool count_jobs(struct tx *tx, instant now, int64_t *failed, int64_t *late, struct error *err);

#endif
