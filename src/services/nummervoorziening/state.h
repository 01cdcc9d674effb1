/* SPDX-License-Identifier: EUPL-1.2 */
/* What the running service holds, made by its start (service.c). */
#ifndef NUMMERVOORZIENING_STATE_H
#define NUMMERVOORZIENING_STATE_H

#include "platform/app.h"
#include "services/nummervoorziening/pseudonym.h"
#include "services/nummervoorziening/use.h"

struct nummervoorziening {
    struct derivation derivation;
    struct use *use;
    int64_t batch_items; /* most items in a batch */
    int64_t batch_daily; /* most batches a day for one vendor and school */
    instant batch_keep;  /* how long a batch waits to be fetched */
};

struct nummervoorziening *nummervoorziening_state(const struct app *app);

#endif
