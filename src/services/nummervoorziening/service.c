/* SPDX-License-Identifier: EUPL-1.2 */
/* The Nummervoorziening: pseudonyms for pupils. See README.md in this folder. */
#include "services/nummervoorziening/nummervoorziening.h"

#include "base/log.h"
#include "base/process.h"
#include "services/nummervoorziening/batch.h"
#include "services/nummervoorziening/deliver.h"
#include "services/nummervoorziening/demo.h"
#include "services/nummervoorziening/export.h"
#include "services/nummervoorziening/keys.h"
#include "services/nummervoorziening/pages.h"
#include "services/nummervoorziening/soap.h"
#include "services/nummervoorziening/state.h"

static const struct setting settings[] = {
    { "nummervoorziening.address", SETTING_TEXT, "",
      N_("The address of the SOAP service as machines know it; empty: the host of the request.") },
    { "nummervoorziening.batch_daily", SETTING_INT, "1000",
      N_("Most batches that a vendor may submit for one school in a day."), 1, 1000000 },
    { "nummervoorziening.batch_days", SETTING_INT, "7",
      N_("Days that a batch waits to be fetched before its content is erased."), 1, 90 },
    { "nummervoorziening.batch_items", SETTING_INT, "1000000", N_("Most items in one batch."), 1,
      1000000 },
    { "nummervoorziening.eckid_prefix", SETTING_TEXT, "https://ketenid.nl/pilot/",
      N_("What stands before the 128 characters of an ECK iD.") },
    { "nummervoorziening.hpgn_salt", SETTING_TEXT, "rktYml0MIp9TC9u6Ny6uqw==",
      N_("The salt of the first-level hash that schools make (base64); the default is that of the "
         "field's test environment.") },
    { "nummervoorziening.stampseudonym_prefix", SETTING_TEXT, "https://ketenid.nl/sppilot/",
      N_("What stands before the 128 characters of a stampseudoniem.") },
    { .name = NULL },
};

static const struct migration migrations[] = {
    { 1, "services/nummervoorziening/schema/001-nummervoorziening.sql" },
    { 2, "services/nummervoorziening/schema/002-deliveries.sql" },
    { 3, "services/nummervoorziening/schema/003-key-version.sql" },
    { 0 },
};

static const struct route routes[] = {
    { POST, SOAP_PATH, answer_soap, .on = MACHINES, .body = SOAP_BODY, .quick = true,
      .is_quick = soap_is_quick, .admit = soap_may_send, .refuse = soap_turn_away },
    { GET, SOAP_PATH, answer_wsdl, .on = EVERYWHERE, .open = true },
    { GET, "/nummervoorziening", show_overview, .on = PEOPLE, .role = ROLE_BOARD_MEMBER },
    { GET, "/nummervoorziening/aansluiten", show_signup, .on = PEOPLE, .role = ROLE_BOARD_ADMIN },
    { POST, "/nummervoorziening/aansluiten", change_signup, .on = PEOPLE,
      .role = ROLE_BOARD_ADMIN, .body = (size_t)1024 * 1024 },
    { GET, "/nummervoorziening/beheer", show_operation, .on = PEOPLE, .role = ROLE_OPERATOR },
    { GET, "/nummervoorziening/beheer/batches", show_batches, .on = PEOPLE,
      .role = ROLE_OPERATOR },
    { POST, "/nummervoorziening/beheer/aanroepers", change_caller, .on = PEOPLE,
      .role = ROLE_OPERATOR },
    { POST, "/nummervoorziening/beheer/begrippen", change_concept, .on = PEOPLE,
      .role = ROLE_OPERATOR },
    { GET, "/nummervoorziening/ontwikkelaars", show_developers, .on = PEOPLE },
    { POST, "/nummervoorziening/ontwikkelaars", make_test_certificate, .on = PEOPLE },
    { .path = NULL },
};

static const struct job_kind jobs[] = {
    { "nummervoorziening.batch", batch_job, .lease = MINUTE,
      .title = N_("Making the pseudonyms of a batch") },
    { "nummervoorziening.batch-expiry", batch_expiry_job, .every = 10 * MINUTE,
      .title = N_("Removing batches whose time is over") },
    { "nummervoorziening.deliveries", deliveries_job, .every = 15 * SECOND,
      .title = N_("Releasing batches whose delivery was cut off") },
    { .name = NULL },
};

static const struct entry entries[] = {
    { "/nummervoorziening", N_("Nummervoorziening"),
      N_("Let vendors ask pseudonyms of your pupils, and see who asked how much."),
      ROLE_BOARD_MEMBER },
    { "/nummervoorziening/beheer", N_("Nummervoorziening: operation"),
      N_("Batches, refusals, growth, and the systems that are admitted."), ROLE_OPERATOR },
    { "/nummervoorziening/ontwikkelaars", N_("For developers"),
      N_("The interface of the Nummervoorziening, examples to copy, and in a demo a test certificate."),
      .audience = ROLE_VENDOR },
    { .path = NULL },
};

/* Each is an event too. */
static const struct deed_kind deeds[] = {
    { "nummervoorziening.batch-submitted", N_("A vendor submitted a batch for a school") },
    { "nummervoorziening.caller-admitted", N_("A system was admitted to the Nummervoorziening") },
    { "nummervoorziening.caller-dismissed",
      N_("A system may no longer ask the Nummervoorziening") },
    { "nummervoorziening.concept-changed", N_("A chain or sector was changed") },
    { "nummervoorziening.pairs-imported", N_("Pseudonyms of another environment were taken over") },
    { "nummervoorziening.school-signed-off",
      N_("A school was signed off from the Nummervoorziening") },
    { "nummervoorziening.school-signed-up", N_("A school was signed up for the Nummervoorziening") },
    { "nummervoorziening.substituted", N_("The number of a pupil was replaced") },
    { "nummervoorziening.vendor-allowed", N_("A vendor was allowed to ask pseudonyms for a school") },
    { "nummervoorziening.vendor-ended",
      N_("A vendor may no longer ask pseudonyms for a school") },
    { NULL },
};

/* This process sends nothing yet, whatever its name says. */
static bool recover(struct app *app, struct error *err)
{
    struct arena scratch = { 0 };
    struct str self = process_name(&scratch);
    bool released = release_deliveries(app, &scratch, self, err);
    arena_free(&scratch);
    return released;
}

static bool start(struct app *app, void **state, struct error *err)
{
    struct nummervoorziening *service = arena_new(app->arena, struct nummervoorziening);
    service->batch_items = config_int(app->config, "nummervoorziening.batch_items");
    service->batch_daily = config_int(app->config, "nummervoorziening.batch_daily");
    service->batch_keep = config_int(app->config, "nummervoorziening.batch_days") * DAY;
    if (!derivation_init(&service->derivation, app->keeper,
                         config_text(app->config, "nummervoorziening.stampseudonym_prefix"),
                         config_text(app->config, "nummervoorziening.eckid_prefix"), err))
        return false;
    service->use = use_new(app->db);
    *state = service;
    return true;
}

static void stop(struct app *app, void *state)
{
    struct nummervoorziening *service = state;
    (void)app;
    use_stop(service->use);
}

struct nummervoorziening *nummervoorziening_state(const struct app *app)
{
    return app_state(app, &nummervoorziening_service);
}

const struct service nummervoorziening_service = {
    .name = "nummervoorziening",
    .title = N_("Nummervoorziening"),
    .settings = settings,
    .migrations = migrations,
    .routes = routes,
    .deeds = deeds,
    .events = deeds,
    .jobs = jobs,
    .entries = entries,
    .exports = nummervoorziening_exports,
    .keys = nummervoorziening_keys,
    .start = start,
    .stop = stop,
    .recover = recover,
    .seed_demo = seed_demo,
};
