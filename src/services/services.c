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

const struct service *service_find(struct str name)
{
    for (size_t i = BASE_SERVICES; all_services[i]; i++)
        if (str_eq(str_of(all_services[i]->name), name))
            return all_services[i];
    return NULL;
}
