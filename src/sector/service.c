/* SPDX-License-Identifier: EUPL-1.2 */
/* The sector register: who is who in education. See README.md in this folder. */
#include "platform/service.h"
#include "sector/demo.h"
#include "sector/export.h"
#include "sector/pages.h"
#include "sector/rest.h"

static const struct migration migrations[] = {
    { 1, "sector/schema/001-register.sql" },
    { 0 },
};

static const struct route routes[] = {
    { GET, "/besturen", show_boards, .on = PEOPLE },
    { GET, "/besturen/{number}", show_board, .on = PEOPLE },
    { GET, "/besturen/{number}/wijzigen", show_board_form, .on = PEOPLE, .role = ROLE_OPERATOR },
    { POST, "/besturen/{number}/wijzigen", save_board, .on = PEOPLE, .role = ROLE_OPERATOR },
    { GET, "/scholen", show_schools, .on = PEOPLE },
    { GET, "/scholen/{brin}", show_school, .on = PEOPLE, .quick = true },
    { GET, "/leveranciers", show_vendors, .on = PEOPLE },
    { GET, "/leveranciers/toevoegen", show_new_vendor_form, .on = PEOPLE, .role = ROLE_OPERATOR },
    { POST, "/leveranciers/toevoegen", save_new_vendor, .on = PEOPLE, .role = ROLE_OPERATOR },
    { GET, "/leveranciers/{oin}", show_vendor, .on = PEOPLE },
    { GET, "/leveranciers/{oin}/wijzigen", show_vendor_form, .on = PEOPLE, .role = ROLE_OPERATOR },
    { POST, "/leveranciers/{oin}/wijzigen", save_vendor, .on = PEOPLE, .role = ROLE_OPERATOR },
    { GET, "/leveranciers/{oin}/certificaat", show_certificate_form, .on = PEOPLE,
      .role = ROLE_OPERATOR },
    { POST, "/leveranciers/{oin}/certificaat", save_certificate, .on = PEOPLE,
      .role = ROLE_OPERATOR },
    { GET, "/samenwerkingsverbanden", show_partnerships, .on = PEOPLE },
    { GET, "/samenwerkingsverbanden/{code}", show_partnership, .on = PEOPLE },

    { GET, "/api/v1/boards", answer_boards, .on = EVERYWHERE, .api = &boards_api },
    { GET, "/api/v1/boards/{number}", answer_board, .on = EVERYWHERE, .api = &board_api },
    { GET, "/api/v1/schools", answer_schools, .on = EVERYWHERE, .api = &schools_api },
    { GET, "/api/v1/schools/{brin}", answer_school, .on = EVERYWHERE, .api = &school_api },
    { GET, "/api/v1/schools/{brin}/locations", answer_locations, .on = EVERYWHERE,
      .api = &locations_api },
    { GET, "/api/v1/vendors", answer_vendors, .on = EVERYWHERE, .api = &vendors_api },
    { GET, "/api/v1/vendors/{oin}", answer_vendor, .on = EVERYWHERE, .api = &vendor_api },
    { GET, "/api/v1/partnerships", answer_partnerships, .on = EVERYWHERE,
      .api = &partnerships_api },
    { 0 },
};

static const struct entry entries[] = {
    { "/scholen", N_("Schools"), N_("Every school with its board, its locations and their addresses."),
      .audience = ROLE_SCHOOL_ICT },
    { "/besturen", N_("School boards"), N_("The boards that answer for schools, and their schools."),
      .audience = ROLE_BOARD_MEMBER },
    { "/leveranciers", N_("Vendors"), N_("Who supplies schools, with OIN and certificates.") },
    { "/samenwerkingsverbanden", N_("Partnerships"),
      N_("Boards that arrange fitting education together, by region.") },
    { NULL },
};

const struct service sector_service = {
    .name = "sector",
    .title = N_("Sector register"),
    .migrations = migrations,
    .routes = routes,
    .entries = entries,
    .exports = sector_exports,
    .organisations = &sector_organisations,
    .seed_demo = sector_seed_demo,
};
