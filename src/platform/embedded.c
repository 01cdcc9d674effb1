/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/embedded.h"

#include <stdlib.h>

static int compare(const void *name, const void *entry)
{
    return str_cmp(*(const struct str *)name, str_of(((const struct embedded *)entry)->name));
}

const struct embedded *embedded_find(struct str name)
{
    return bsearch(&name, embedded_files, embedded_count, sizeof embedded_files[0], compare);
}
