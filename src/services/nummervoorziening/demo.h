/* SPDX-License-Identifier: EUPL-1.2 */
/* This service's part of the synthetic demo sector. */
#ifndef NUMMERVOORZIENING_DEMO_H
#define NUMMERVOORZIENING_DEMO_H

#include "platform/app.h"

bool seed_demo(struct app *app, struct arena *arena, int64_t schools, struct error *err);

#endif
