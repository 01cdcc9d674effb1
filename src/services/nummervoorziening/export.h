/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef NUMMERVOORZIENING_EXPORT_H
#define NUMMERVOORZIENING_EXPORT_H

#include "platform/operation/export.h"

/* For the descriptor (service.c). */
extern const struct export_table nummervoorziening_exports[];

#endif
