/* SPDX-License-Identifier: EUPL-1.2 */
/* For vendors' developers: the interface to read in the browser, examples to copy, and in a demo a
 * test certificate made on the spot. Open to everybody; nothing here is a secret. */
#include "services/nummervoorziening/pages.h"

#include "base/file.h"
#include "platform/app.h"
#include "platform/config.h"
#include "platform/page/page.h"
#include "platform/keys/pki.h"
#include "platform/service.h"
#include "services/nummervoorziening/soap.h"
#include "services/nummervoorziening/store.h"

#define CERTIFICATE_DAYS 90
#define EXAMPLE_HPGN     "9735dfd2235eaeb5f0300886bcc99c82ffc1d6420c4e0bde8de7218def2135fa"

static const struct {
    const char *code, *meaning;
} refusals[] = {
    { NOT_ALLOWED_CALLER, N_("Your system is not admitted, or the school did not let you ask.") },
    { INVALID_HPGN, N_("The HPGN is not 64 lower-case hexadecimal characters.") },
    { BLOCKED_HPGN, N_("The HPGN was replaced by another; use the new one.") },
    { INVALID_STAMPSEUDONYM, N_("The stampseudoniem is not well-formed, or not known here.") },
    { INVALID_CHAIN, N_("The chain is not known; see retrieveChains.") },
    { INVALID_SECTOR, N_("The sector is not known; see retrieveSectors.") },
    { INVALID_INDEX, N_("An index is not a number from 0 to 2147483647, or stands there twice.") },
    { EMPTY_BATCH, N_("There is nothing in the batch.") },
    { BATCH_TOO_LARGE, N_("There is more in the batch than may be in one.") },
    { LIMIT_DAILY_BATCHES, N_("You submitted the most batches of a day for this school.") },
    { INVALID_BATCH, N_("The batch is not known, or not yours for this school.") },
    { NOT_FINISHED, N_("The batch is not finished; ask again in 21 seconds or later.") },
    { TEMPORARY_BLOCKED, N_("The batch is being fetched at this moment; ask again later.") },
    { ALREADY_RETRIEVED, N_("The batch was fetched already, and its content erased.") },
    { CONTENT_REMOVED, N_("The batch was not fetched in time, and its content erased.") },
    { INVALID_DATE, N_("The effective date has no time zone, or lies too far ahead.") },
    { INVALID_SUBSTITUTION, N_("An HPGN replaces itself, a ring, or one that is replaced already.") },
    { INVALID_REQUEST, N_("There is an element too many, or one that does not belong there.") },
};

static void put_operations(struct request *request, struct node *page)
{
    struct node *list = node_put_list(page, "operations");
    for (const struct soap_operation *o = nummervoorziening_soap.operations; o->name; o++) {
        struct node *one = node_add_map(list);
        node_put_text(one, "name", str_of(o->name));
        node_put_text(one, "help", tr(request, o->summary));
    }
}

static void put_codes(struct request *request, struct node *page)
{
    struct node *list = node_put_list(page, "codes");
    for (size_t i = 0; i < count_of(refusals); i++) {
        struct node *one = node_add_map(list);
        node_put_text(one, "code", str_of(refusals[i].code));
        node_put_text(one, "meaning", tr(request, refusals[i].meaning));
    }
}

/* The JSON API as a table: every method of every path of the OpenAPI document. */
static void put_api(struct request *request, struct node *page)
{
    struct str base = str_format(request->arena, "https://%.*s", FMT(request->host));
    const struct node *document =
        openapi_document(request->arena, request->app->services, base);
    const struct node *paths = node_get(document, STR("paths"));
    struct node *list = node_put_list(page, "api");
    for (const struct node *path = paths ? paths->first : NULL; path; path = path->next)
        for (const struct node *method = path->first; method; method = method->next) {
            struct node *one = node_add_map(list);
            node_put_text(one, "path", path->key);
            node_put_text(one, "method", method->key);
            node_put_text(one, "summary", node_text(method, "summary"));
        }
}

static bool put_vendors(struct request *request, struct node *page, struct error *err)
{
    struct callers callers;
    struct tx *tx;
    if (!request_tx(request, &tx, err) || !nv_callers(tx, &callers, err))
        return false;
    struct node *field =
        page_field(page, "oin", "select", tr(request, N_("Demo vendor")), STR(""));
    for (size_t i = 0; i < callers.len; i++)
        if (!callers.at[i].until)
            page_option(field, ID_STR(callers.at[i].oin), callers.at[i].name, i == 0);
    return true;
}

static bool put_concepts(struct request *request, struct node *page, struct error *err)
{
    struct concepts chains, sectors;
    struct tx *tx;
    if (!request_tx(request, &tx, err) || !nv_concepts(tx, CHAIN, &chains, err)
        || !nv_concepts(tx, SECTOR, &sectors, err))
        return false;
    node_put_text(page, "chain", chains.len ? chains.at[0].id : STR("CHAIN"));
    node_put_text(page, "sector", sectors.len ? sectors.at[0].id : STR("SECTOR"));
    return true;
}

bool show_developers(struct request *request, struct error *err)
{
    struct node *page = page_new(request, tr(request, N_("Nummervoorziening for developers")));
    page_crumb(page, "/", tr(request, N_("Home")));
    node_put_text(page, "address", soap_address(request));
    node_put_text(page, "wsdl", wsdl_text(request, false));
    node_put_text(page, "hpgn", STR(EXAMPLE_HPGN));
    put_operations(request, page);
    put_codes(request, page);
    put_api(request, page);
    node_put_flag(page, "in_demo", request->app->demo);
    if (!put_concepts(request, page, err) || (request->app->demo && !put_vendors(request, page, err)))
        return false;
    return reply_page(request, "services/nummervoorziening/pages/developers", page);
}

/* A certificate only for a vendor that the demo knows, and only in a demo. */
static bool find_caller(struct request *request, const struct oin *oin, struct caller *caller,
                        struct error *err)
{
    struct callers callers;
    struct tx *tx;
    if (!request_tx(request, &tx, err) || !nv_callers(tx, &callers, err))
        return false;
    for (size_t i = 0; i < callers.len; i++) {
        *caller = callers.at[i];
        if (memcmp(&caller->oin, oin, sizeof *oin) == 0)
            return true;
    }
    return fail(err, NOT_FOUND, "oin", N_("This vendor is not one of the demo."));
}

bool make_test_certificate(struct request *request, struct error *err)
{
    struct form form;
    struct oin oin;
    struct caller caller;
    struct str certificate, key;
    const char *folder = config_path(request->app->config, request->arena, "tls");
    if (!request->app->demo)
        return fail(err, NOT_FOUND, NULL, N_("Test certificates are made in a demo only."));
    if (!request_form(request, &form, err) || !oin_parse(form_text(&form, "oin"), &oin, err)
        || !find_caller(request, &oin, &caller, err) || !pki_ensure_ca(request->arena, folder, err)
        || !pki_issue_client(request->arena, folder, ID_STR(oin), caller.name, request->now,
                             CERTIFICATE_DAYS, &certificate, &key, err))
        return false;
    struct buf bundle = { .arena = request->arena };
    buf_add(&bundle, certificate);
    buf_add(&bundle, key);
    reply_header(request, "Content-Disposition",
                 STR("attachment; filename=\"leverancier.pem\""));
    reply_header(request, "Cache-Control", STR("no-store"));
    return reply_bytes(request, "application/x-pem-file", buf_str(&bundle));
}
