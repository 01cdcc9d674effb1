/* SPDX-License-Identifier: EUPL-1.2 */
/* Who acts for an organisation, who invited them, and when an operator acts in its name. */
#include "platform/organisations/pages.h"
#include "platform/service.h"

static const struct migration migrations[] = {
    { 1, "platform/organisations/schema/001-organisations.sql" },
    { 0 },
};

static const struct route routes[] = {
    { GET, "/organisaties", show_organisations, .on = PEOPLE, .role = ROLE_PERSON },
    { POST, "/organisaties/kiezen", choose_organisation, .on = PEOPLE, .role = ROLE_PERSON },
    { GET, "/namens", show_acting, .on = PEOPLE, .role = ROLE_OPERATOR },
    { POST, "/namens", begin_acting, .on = PEOPLE, .role = ROLE_OPERATOR },
    { POST, "/namens/stoppen", end_acting, .on = PEOPLE, .role = ROLE_PERSON },
    { METHOD_NONE },
};

const struct service organisations_service = {
    .name = "organisations",
    .title = N_("Organisations"),
    .migrations = migrations,
    .routes = routes,
};
