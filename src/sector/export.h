/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef SECTOR_EXPORT_H
#define SECTOR_EXPORT_H

#include "platform/operation/export.h"

/* For the descriptor (service.c). */
extern const struct export_table sector_exports[];

#endif
