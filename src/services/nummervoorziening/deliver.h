/* SPDX-License-Identifier: EUPL-1.2 */
/* Giving the result of a batch, once. */
#ifndef NUMMERVOORZIENING_DELIVER_H
#define NUMMERVOORZIENING_DELIVER_H

#include "platform/http/http.h"
#include "services/nummervoorziening/access.h"

/* Writes the success and failed elements. The content is erased once the last byte was sent; when the
 * connection breaks before, the batch can be fetched again. */
bool deliver_batch(struct request *request, const struct asker *asker, struct str id,
                   struct buf *out, struct error *err);

/* Lets batches be fetched again whose delivery a process that has gone left under way; also those of the
 * process `self` (empty: none), which then must send nothing. */
struct job;
bool release_deliveries(struct app *app, struct arena *arena, struct str self, struct error *err);
/* The periodic job that does this. */
bool deliveries_job(struct app *app, struct arena *arena, const struct job *job, struct error *err);

#endif
