/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PLATFORM_QR_H
#define PLATFORM_QR_H

#include "base/error.h"

/* A QR code (ISO/IEC 18004) of a text as an <svg> element, dark on light with its quiet zone in any
 * colour scheme. `title` names it for who cannot see it; it is escaped here. */
bool qr_svg(struct arena *arena, struct str text, struct str title, struct str *svg,
            struct error *err);

#endif
