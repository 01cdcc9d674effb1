/* SPDX-License-Identifier: EUPL-1.2 */
/* The keys of this installation, and who may compute with them. */
#include "platform/service.h"

const struct service keys_service = {
    .name = "keys",
    .title = N_("Keys"),
};
