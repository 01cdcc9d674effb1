/* SPDX-License-Identifier: EUPL-1.2 */
/* Files that are part of the executable: templates, SQL, style sheets, scripts, catalogues. Their
 * names are their paths below src/ or web/: "sector/pages/school.html", "web/fundament.css". The
 * table is made by tools/embed.py at build time, sorted by name. */
#ifndef PLATFORM_EMBEDDED_H
#define PLATFORM_EMBEDDED_H

#include "base/str.h"

struct embedded {
    const char *name;
    struct str bytes;
    struct str etag;  /* of the bytes, with quotes */
};

extern const struct embedded embedded_files[];
extern const size_t embedded_count;

const struct embedded *embedded_find(struct str name); /* NULL when there is none */

#endif
