/* SPDX-License-Identifier: EUPL-1.2 */
/* For the descriptor. */
#ifndef PLATFORM_ORGANISATIONS_EXPORTS_H
#define PLATFORM_ORGANISATIONS_EXPORTS_H

#include "platform/operation/export.h"

extern const struct export_table organisations_exports[]; /* ends with a NULL name */

#endif
