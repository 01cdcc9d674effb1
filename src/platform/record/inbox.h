/* SPDX-License-Identifier: EUPL-1.2 */
/* Where deeds lie on PostgreSQL until they are numbered. A series that is counted up inside a deed's
 * transaction stays locked until that transaction is safely on disk, so that deeds with a trail would be
 * committed one by one. Therefore a server's deeds leave one row here, each its own, and one of the
 * servers numbers and chains what was committed, within half a second. Numbers then follow the order in
 * which commits were seen: a deed that commits late gets a late number, and nobody who reads by number
 * misses it. What lies here is as durable as the deed, but not yet chained: README.md weighs that.
 *
 * Commands, tests and SQLite (where one thread writes for all anyhow) number at once. */
#ifndef PLATFORM_INBOX_H
#define PLATFORM_INBOX_H

#include "base/instant.h"
#include "platform/db/db.h"

/* Leaves the records (struct record) of one transaction. */
bool inbox_put(struct tx *tx, const struct tx_note *records, struct error *err);

/* Numbers and chains all that was committed until now; any process may do so at any time. */
bool inbox_empty(struct db *db, struct error *err);

/* When the oldest of what lies there was left; 0: nothing lies there. */
bool inbox_oldest(struct tx *tx, instant *oldest, struct error *err);

#endif
