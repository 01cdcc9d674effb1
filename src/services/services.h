/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef SERVICES_SERVICES_H
#define SERVICES_SERVICES_H

#include "platform/service.h"

/* Everything that this executable can do, ending with NULL: the platform, the sector register, and
 * the services in alphabetical order. */
extern const struct service *const all_services[];

/* So many at the start of the table are not optional: the platform and the sector register. */
#define BASE_SERVICES 2

/* The optional service of this name, or NULL. */
const struct service *service_find(struct str name);

#endif
