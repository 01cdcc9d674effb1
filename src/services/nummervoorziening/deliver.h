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

#endif
