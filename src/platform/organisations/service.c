/* SPDX-License-Identifier: EUPL-1.2 */
/* Who acts for an organisation, who invited them, and when an operator acts in its name. */
#include "platform/service.h"

const struct service organisations_service = {
    .name = "organisations",
    .title = N_("Organisations"),
};
