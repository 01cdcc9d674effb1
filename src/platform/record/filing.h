/* SPDX-License-Identifier: EUPL-1.2 */
/* Whose deeds are whose: the rows of the audit trail are filed under the organisations in whose record
 * they stand (the table audit_of). A row stands under the organisation it was done on behalf of, and
 * where another governs that (a school's board) under that one too: under the one that governs it when
 * the row is filed, and from then on nothing changes.
 *
 * Filing is not done in the deed's transaction. An index by organisation has another page for each
 * organisation, and each page that a commit touches costs a write; filed together, every few seconds, many
 * rows share them. */
#ifndef PLATFORM_FILING_H
#define PLATFORM_FILING_H

#include "base/instant.h"
#include "platform/app.h"

/* Numbers, chains and files all that was committed until now. Any process may do so at any time. For who
 * is about to read the trail or the events, before it opens its transaction: costs two reads where nothing
 * lies. */
bool record_settle(struct app *app, struct error *err);

/* For a clerk, twice a second: numbers and chains all, and files where much lies or `*filed`, which it
 * keeps, is long ago (0: never; instant_monotonic). */
bool record_tidy(struct app *app, instant *filed, struct error *err);

#endif
