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

static const struct deed_kind deeds[] = {
    { "sector.board-added", N_("A school board was added to the register") },
    { "sector.board-changed", N_("A school board was changed in the register") },
    { "sector.board-ended", N_("A school board was marked as ended in the register") },
    { "sector.board-returned", N_("A school board came back in the register") },
    { "sector.certificate-added", N_("A vendor's certificate was registered") },
    { "sector.demo", N_("The demo sector was made") },
    { "sector.import", N_("A file of DUO was imported into the register") },
    { "sector.vendor-added", N_("A vendor was added to the register") },
    { "sector.vendor-changed", N_("A vendor was changed in the register") },
    { "sector.vendor-ended", N_("A vendor was marked as ended in the register") },
    { "sector.vendor-returned", N_("A vendor came back in the register") },
    { NULL },
};

static const struct deed_kind events[] = {
    { "sector.board-added", N_("A school board was added to the register") },
    { "sector.board-changed", N_("A school board was changed in the register") },
    { "sector.board-ended", N_("A school board was marked as ended in the register") },
    { "sector.board-returned", N_("A school board came back in the register") },
    { "sector.partnership-added", N_("A partnership was added to the register") },
    { "sector.partnership-changed", N_("A partnership was changed in the register") },
    { "sector.partnership-ended", N_("A partnership was marked as ended in the register") },
    { "sector.partnership-returned", N_("A partnership came back in the register") },
    { "sector.school-added", N_("A school was added to the register") },
    { "sector.school-changed", N_("A school was changed in the register") },
    { "sector.school-ended", N_("A school was marked as ended in the register") },
    { "sector.school-returned", N_("A school came back in the register") },
    { "sector.vendor-added", N_("A vendor was added to the register") },
    { "sector.vendor-changed", N_("A vendor was changed in the register") },
    { "sector.vendor-ended", N_("A vendor was marked as ended in the register") },
    { "sector.vendor-returned", N_("A vendor came back in the register") },
    { NULL },
};

const struct service sector_service = {
    .name = "sector",
    .title = N_("Sector register"),
    .migrations = migrations,
    .routes = routes,
    .deeds = deeds,
    .events = events,
    .entries = entries,
    .exports = sector_exports,
    .organisations = &sector_organisations,
    .seed_demo = sector_seed_demo,
};
