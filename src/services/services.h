/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef SERVICES_SERVICES_H
#define SERVICES_SERVICES_H

#include "platform/service.h"

/* Everything that this executable can do, ending with NULL: the platform, the sector register, and
 * the services in alphabetical order. */
extern const struct service *const all_services[];

#endif
