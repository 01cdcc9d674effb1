/* SPDX-License-Identifier: EUPL-1.2 */
/* The sector register: who is who in education. See README.md in this folder. */
#include "platform/service.h"
#include "sector/demo.h"
#include "sector/sector.h"

static const struct migration migrations[] = {
    { 1, "sector/schema/001-register.sql" },
    { 0 },
};

const struct service sector_service = {
    .name = "sector",
    .title = N_("Sector register"),
    .migrations = migrations,
    .seed_demo = sector_seed_demo,
};
