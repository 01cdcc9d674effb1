/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef SERVICES_SERVICES_H
#define SERVICES_SERVICES_H

#include "platform/service.h"

/* Everything that this executable can do, ending with NULL: the platform, the sector register, and
 * the services in alphabetical order. */
extern const struct service *const all_services[];

/* So many at the start of the table are not optional: the parts of the platform and the sector
 * register. */
#define BASE_SERVICES 9

/* The place of the optional service of this name; false when there is none. */
bool service_find(struct str name, size_t *place);

#endif
