/* SPDX-License-Identifier: EUPL-1.2 */
/* The synthetic demo sector, and how to name what is in it. */
#ifndef SECTOR_DEMO_H
#define SECTOR_DEMO_H

#include "sector/sector.h"

#define DEMO_VENDORS 12

/* Each by its number from 0. */
struct brin demo_brin(int64_t school);
struct oin demo_vendor(int64_t vendor);

bool demo_fill(struct db *db, struct arena *arena, int64_t schools, instant now, struct error *err);

struct app;
bool sector_seed_demo(struct app *app, struct arena *arena, int64_t schools, struct error *err);

#endif
