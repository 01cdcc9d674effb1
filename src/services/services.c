/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/services.h"

#include "sector/sector.h"
#include "services/nummervoorziening/nummervoorziening.h"

const struct service *const all_services[] = {
    &platform_service,
    &keys_service,
    &people_service,
    &mail_service,
    &organisations_service,
    &record_service,
    &nodes_service,
    &operation_service,
    &sector_service,
    &nummervoorziening_service,
    NULL,
};
_Static_assert(sizeof all_services / sizeof *all_services <= SERVICES_MAX, "with the NULL");

bool service_find(struct str name, size_t *place)
{
    for (*place = BASE_SERVICES; all_services[*place]; ++*place)
        if (str_eq(str_of(all_services[*place]->name), name))
            return true;
    return false;
}
