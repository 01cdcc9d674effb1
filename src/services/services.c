/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/services.h"

#include "platform/accounts.h"
#include "sector/sector.h"
#include "services/nummervoorziening/nummervoorziening.h"

const struct service *const all_services[] = {
    &platform_service,
    &sector_service,
    &nummervoorziening_service,
    NULL,
};
