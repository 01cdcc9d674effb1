/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/embedded.h"

const struct embedded *embedded_find(struct str name)
{
    size_t low = 0, high = embedded_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(str_of(embedded_files[middle].name), name);
        if (order == 0)
            return &embedded_files[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
