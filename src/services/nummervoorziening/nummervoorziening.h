/* SPDX-License-Identifier: EUPL-1.2 */
/* The Nummervoorziening: pseudonyms for pupils and teachers. See README.md in this folder. */
#ifndef SERVICES_NUMMERVOORZIENING_H
#define SERVICES_NUMMERVOORZIENING_H

#include "platform/service.h"

extern const struct service nummervoorziening_service;

#endif
