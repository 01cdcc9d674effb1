/* SPDX-License-Identifier: EUPL-1.2 */
/* The nine operations. Each reads its own element, asks the domain and writes the children of its
 * response; who may ask is decided before anything is read. */
#include "services/nummervoorziening/soap.h"

#include "base/log.h"
#include "platform/record/audit.h"
#include "platform/record/events.h"
#include "platform/record/jobs.h"
#include "platform/metrics.h"
#include "platform/page/page.h"
#include "platform/version.h"
#include "services/nummervoorziening/access.h"
#include "services/nummervoorziening/batch.h"
#include "services/nummervoorziening/deliver.h"
#include "services/nummervoorziening/state.h"
#include "services/nummervoorziening/substitution.h"

/* The version of the interface that clients look for ("2.0..."), and ours. */
#define APPLICATION_VERSION "2.0-fundament-" FUNDAMENT_VERSION

/* One call, with what every operation needs. */
struct question {
    struct soap_call *call;
    struct request *request;
    struct nummervoorziening *service;
    struct asker asker;
    int64_t pseudonyms; /* how many were asked, for the counts */
};

/* Reading: the named children of the element at hand, each once, in any order. */

struct field {
    const char *name;
    struct str *text;
    const char *code;     /* the refusal when it is missing; NULL: it may be */
    const char *message;
    bool seen;
};

static bool broken_request(struct error *err)
{
    return fail_code(err, INVALID, INVALID_REQUEST,
                     N_("An element stands in this request that does not belong there."));
}

static bool read_field(struct xml *xml, struct field *fields, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!xml_is(xml, STR(ECK_NS), str_of(fields[i].name)))
            continue;
        if (fields[i].seen)
            return broken_request(err);
        fields[i].seen = true;
        return xml_text(xml, fields[i].text, err);
    }
    return broken_request(err);
}

static bool need_fields(const struct field *fields, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!fields[i].seen && fields[i].code)
            return fail_code(err, INVALID, fields[i].code, fields[i].message);
    return true;
}

static bool read_fields(struct xml *xml, struct field *fields, size_t count, struct error *err)
{
    enum xml_event event;
    while ((event = xml_next(xml, err)) == XML_START)
        if (!read_field(xml, fields, count, err))
            return false;
    return event == XML_END && need_fields(fields, count, err);
}

#define NO_HPGN          N_("An HPGN is 64 lower-case hexadecimal characters.")
#define NO_STAMPSEUDONYM                                                                           \
    N_("A stampseudoniem is its prefix and 128 lower-case hexadecimal characters.")
#define NO_CHAIN         N_("This chain is not known here; retrieveChains lists those that are.")
#define NO_SECTOR        N_("This sector is not known here; retrieveSectors lists those that are.")
#define NO_INDEX         N_("An index is a whole number from 0 to 2147483647.")
#define NO_BATCH         N_("This batch identifier is not known for this vendor and school.")

static bool check_concepts(struct tx *tx, struct str chain, struct str sector, struct error *err)
{
    bool chain_exists, sector_exists;
    if (!nv_concepts_exist(tx, chain, sector, &chain_exists, &sector_exists, err))
        return false;
    if (!chain_exists)
        return fail_code(err, INVALID, INVALID_CHAIN, NO_CHAIN);
    if (!sector_exists)
        return fail_code(err, INVALID, INVALID_SECTOR, NO_SECTOR);
    return true;
}

/* Single questions. */

static bool answer_ping(struct question *question, struct error *err)
{
    struct buf *out = question->call->answer;
    char now[INSTANT_TEXT];
    if (!read_fields(question->call->body, NULL, 0, err))
        return false;
    xml_put(out, "available", STR("true"));
    xml_put(out, "applicationVersion", STR(APPLICATION_VERSION));
    xml_put(out, "systemTime", instant_format(question->request->now, now));
    return true;
}

static bool answer_retrieve_stampseudonym(struct question *question, struct error *err)
{
    const struct derivation *derivation = &question->service->derivation;
    struct str text, answer;
    struct hpgn hpgn;
    struct hpgn_answer derived;
    struct tx *tx;
    struct field fields[] = { { "hpgn", &text, INVALID_HPGN, NO_HPGN } };
    if (!read_fields(question->call->body, fields, 1, err) || !hpgn_parse(text, &hpgn, err)
        || !request_tx(question->request, &tx, err)
        || !derive_stampseudonyms(derivation, question->request->arena, &hpgn, 1, &derived, err)
        || !find_stampseudonym(tx, derivation, &derived, question->request->now, &answer, err))
        return false;
    question->pseudonyms = 1;
    xml_put(question->call->answer, "stampseudonym", answer);
    return true;
}

static bool answer_retrieve_eck_id(struct question *question, struct error *err)
{
    const struct derivation *derivation = &question->service->derivation;
    struct str text, chain, sector, answer;
    struct stampseudonym stampseudonym;
    struct eck_answer derived;
    struct tx *tx;
    struct field fields[] = {
        { "stampseudonym", &text, INVALID_STAMPSEUDONYM, NO_STAMPSEUDONYM },
        { "chainId", &chain, INVALID_CHAIN, NO_CHAIN },
        { "sectorId", &sector, INVALID_SECTOR, NO_SECTOR },
    };
    if (!read_fields(question->call->body, fields, count_of(fields), err)
        || !request_tx(question->request, &tx, err) || !check_concepts(tx, chain, sector, err)
        || !stampseudonym_parse(derivation, text, &stampseudonym, err)
        || !derive_eck_ids(derivation, question->request->arena, chain, sector, &stampseudonym, 1,
                           &derived, err)
        || !find_eck_id(tx, derivation, &stampseudonym, &derived, &answer, err))
        return false;
    use_seen(question->service->use, sector, &derived.lookup, question->request->now);
    question->pseudonyms = 1;
    xml_put(question->call->answer, "eckId", answer);
    return true;
}

/* Substitution. */

struct replace_work {
    const struct question *question;
    struct replacement wish;
    struct str answer;
};

static bool record(struct tx *tx, const struct question *question, const char *what,
                   struct str detail, struct error *err)
{
    struct arena *arena = tx_arena(tx);
    struct str school = str_format(arena, "school:%.*s", FMT(ID_STR(question->asker.school)));
    return audit_add(tx, question->request->now,
                     &(struct audit_entry){ .who = audit_who(question->request),
                                            .on_behalf = school,
                                            .what = what,
                                            .subject = school,
                                            .detail = detail },
                     err)
           && event_add(tx, question->request->now, what, school, detail, err);
}

static bool write_replacement(struct tx *tx, void *with, struct error *err)
{
    struct replace_work *work = with;
    const struct question *question = work->question;
    instant now = question->request->now;
    struct str detail = work->wish.effective > now ? STR("{\"pending\":true}") : STR("{}");
    return replace_hpgn(tx, &question->service->derivation, &work->wish, now, &work->answer, err)
           && record(tx, question, "nummervoorziening.substituted", detail, err);
}

static bool answer_replace_stampseudonym(struct question *question, struct error *err)
{
    struct replace_work work = { .question = question };
    struct str old_hpgn, new_hpgn, date = { 0 };
    instant now = question->request->now;
    struct field fields[] = {
        { "hpgnOld", &old_hpgn, INVALID_HPGN, NO_HPGN },
        { "hpgnNew", &new_hpgn, INVALID_HPGN, NO_HPGN },
        { "effectiveDate", &date, NULL, NULL },
    };
    work.wish.vendor = question->asker.vendor;
    work.wish.school = question->asker.school;
    work.wish.effective = now;
    if (!read_fields(question->call->body, fields, count_of(fields), err)
        || !hpgn_parse(old_hpgn, &work.wish.old_hpgn, err)
        || !hpgn_parse(new_hpgn, &work.wish.new_hpgn, err))
        return false;
    if (fields[2].seen && !effective_date_parse(date, now, &work.wish.effective, err))
        return false;
    if (!request_write(question->request, write_replacement, &work, err))
        return false;
    question->pseudonyms = 1;
    xml_put(question->call->answer, "stampseudonym",
            str_copy(question->request->arena, work.answer));
    return true;
}

/* Batches: read in one pass. What reading one item leaves behind is thrown away with each chunk. */

struct batch_form {
    const char *list, *value; /* names of the repeated element and of the value in it */
    const char *code, *message;
    enum batch_kind kind;
};

static const struct batch_form stampseudonym_form = {
    "hpgnList", "hPgn", INVALID_HPGN, NO_HPGN, BATCH_STAMPSEUDONYMS
};
static const struct batch_form eck_id_form = {
    "stampseudonymList", "stampseudonym", INVALID_STAMPSEUDONYM, NO_STAMPSEUDONYM, BATCH_ECK_IDS
};

static bool read_item(struct xml *xml, const struct batch_form *form, struct draft *draft,
                      struct error *err)
{
    struct str index, value = { 0 };
    struct field fields[] = {
        { "index", &index, INVALID_INDEX, NO_INDEX },
        { form->value, &value, form->code, form->message },
    };
    return read_fields(xml, fields, count_of(fields), err) && draft_add(draft, index, value, err);
}

static bool read_list(struct xml *xml, const struct batch_form *form, struct draft *draft,
                      struct field *after, size_t count, struct error *err)
{
    struct arena *kept = xml->arena, *scratch = arena_within(kept);
    enum xml_event event = XML_FAILED;
    bool ok = true;
    while (ok && (event = xml_next(xml, err)) == XML_START) {
        if (!xml_is(xml, STR(ECK_NS), str_of(form->list))) {
            ok = read_field(xml, after, count, err);
            continue;
        }
        xml->arena = scratch;
        ok = read_item(xml, form, draft, err);
        xml->arena = kept;
        if (draft->in_chunk == 0)
            arena_reset(scratch);
    }
    arena_free(scratch);
    return ok && event == XML_END;
}

struct submit_work {
    const struct question *question;
    struct draft *draft;
};

static bool write_batch(struct tx *tx, void *with, struct error *err)
{
    const struct submit_work *work = with;
    const struct question *question = work->question;
    const struct batch *batch = &work->draft->batch;
    struct str detail = str_format(tx_arena(tx), "{\"items\":%lld}", (long long)batch->items);
    return nv_add_batch(tx, batch, &work->draft->chunks, question->service->batch_daily,
                        question->request->now, err)
           && record(tx, question, "nummervoorziening.batch-submitted", detail, err);
}

static bool submit(struct question *question, struct draft *draft, struct error *err)
{
    struct submit_work work = { question, draft };
    draft->batch.vendor = question->asker.vendor;
    draft->batch.school = question->asker.school;
    draft->batch.expires = question->request->now + question->service->batch_keep;
    if (!draft_finish(draft, err)
        || !request_write(question->request, write_batch, &work, err))
        return false;
    jobs_wake(question->request->app);
    question->pseudonyms = draft->batch.items;
    xml_put(question->call->answer, "batchIdentifier", draft->batch.id);
    return true;
}

static bool answer_submit_stampseudonym_batch(struct question *question, struct error *err)
{
    struct draft draft;
    draft_start(&draft, question->request->arena, &question->service->derivation,
                BATCH_STAMPSEUDONYMS, question->service->batch_items);
    return read_list(question->call->body, &stampseudonym_form, &draft, NULL, 0, err)
           && submit(question, &draft, err);
}

static bool answer_submit_eck_id_batch(struct question *question, struct error *err)
{
    struct draft draft;
    struct tx *tx;
    draft_start(&draft, question->request->arena, &question->service->derivation, BATCH_ECK_IDS,
                question->service->batch_items);
    struct field fields[] = {
        { "chainId", &draft.batch.chain, INVALID_CHAIN, NO_CHAIN },
        { "sectorId", &draft.batch.sector, INVALID_SECTOR, NO_SECTOR },
    };
    return read_list(question->call->body, &eck_id_form, &draft, fields, count_of(fields), err)
           && need_fields(fields, count_of(fields), err) && request_tx(question->request, &tx, err)
           && check_concepts(tx, draft.batch.chain, draft.batch.sector, err)
           && submit(question, &draft, err);
}

static bool answer_retrieve_batch(struct question *question, struct error *err)
{
    struct str id;
    struct field fields[] = { { "batchIdentifier", &id, INVALID_BATCH, NO_BATCH } };
    return read_fields(question->call->body, fields, 1, err)
           && deliver_batch(question->request, &question->asker, id, question->call->answer, err);
}

/* Chains and sectors. */

static bool put_concepts(struct question *question, enum concept_kind kind, const char *element,
                         struct error *err)
{
    struct concepts concepts;
    struct tx *tx;
    char edited[INSTANT_TEXT];
    struct buf *out = question->call->answer;
    if (!read_fields(question->call->body, NULL, 0, err)
        || !request_tx(question->request, &tx, err) || !nv_concepts(tx, kind, &concepts, err))
        return false;
    for (size_t i = 0; i < concepts.len; i++) {
        buf_addf(out, "<%s>", element);
        xml_put(out, "id", concepts.at[i].id);
        xml_put(out, "name", concepts.at[i].name);
        xml_put(out, "description", concepts.at[i].description);
        xml_put(out, "lastEdited", instant_format(concepts.at[i].edited, edited));
        buf_addf(out, "</%s>", element);
    }
    return true;
}

static bool answer_retrieve_chains(struct question *question, struct error *err)
{
    return put_concepts(question, CHAIN, "chain", err);
}

static bool answer_retrieve_sectors(struct question *question, struct error *err)
{
    return put_concepts(question, SECTOR, "sector", err);
}

/* The table. The platform finds the operation; `answer_operation` does for all of them what is the
 * same: who asks, may they, how did it end. */

static bool answer_operation(struct soap_call *call, struct error *err);

static const struct soap_operation soap_operations[] = {
    { "ping", "pingResponse", answer_operation,
      N_("Tells whether the service works, its version and its clock.") },
    { "retrieveStampseudonym", "retrieveStampseudonymResponse", answer_operation,
      N_("Gives the stampseudoniem of one HPGN.") },
    { "retrieveEckId", "retrieveEckIdResponse", answer_operation,
      N_("Gives the ECK iD of one stampseudoniem in a chain and a sector.") },
    { "submitStampseudonymBatch", "submitBatchResponse", answer_operation,
      N_("Takes a list of HPGNs to work on.") },
    { "submitEckIdBatch", "submitBatchResponse", answer_operation,
      N_("Takes a list of stampseudoniemen to work on.") },
    { "retrieveBatch", "retrieveBatchResponse", answer_operation,
      N_("Gives the result of a batch, once.") },
    { "replaceStampseudonym", "replaceStampseudonymResponse", answer_operation,
      N_("Lets a new HPGN go on with the stampseudoniem of an old one.") },
    { "retrieveChains", "retrieveChainsResponse", answer_operation,
      N_("Lists the chains.") },
    { "retrieveSectors", "retrieveSectorsResponse", answer_operation,
      N_("Lists the sectors.") },
    { .name = NULL },
};

/* In the same order. */
static const struct {
    bool (*answer)(struct question *question, struct error *err);
    bool for_school; /* it gives or changes something of a school's pupils */
    bool quick;      /* a few reads, no write */
} operations[] = {
    { answer_ping, false, true },
    { answer_retrieve_stampseudonym, true, true },
    { answer_retrieve_eck_id, true, true },
    { answer_submit_stampseudonym_batch, true, false },
    { answer_submit_eck_id_batch, true, false },
    { answer_retrieve_batch, true, false },
    { answer_replace_stampseudonym, true, false },
    { answer_retrieve_chains, false, true },
    { answer_retrieve_sectors, false, true },
};
_Static_assert(count_of(operations) + 1 == count_of(soap_operations), "one row an operation");

static bool find_asker(const struct soap_call *call, bool for_school, struct asker *asker,
                       struct error *err)
{
    struct error why;
    if (!request_client_oin(call->request, &asker->vendor, &why))
        return fail_code(err, FORBIDDEN, NOT_ALLOWED_CALLER, why.message);
    return !for_school || from_parse(call->from, &asker->school, err);
}

static void count_outcome(const struct question *question, const char *operation, bool ok,
                          const struct error *err)
{
    const struct nummervoorziening *service = question->service;
    instant now = question->request->now;
    metrics_count(question->request->app->metrics, "nummervoorziening_calls_total",
                  "SOAP calls by operation.", "operation", operation, 1);
    if (ok) {
        if (question->pseudonyms > 0)
            use_count(service->use, &question->asker.vendor, &question->asker.school, operation,
                      question->pseudonyms, now);
        return;
    }
    const char *code = err->code ? err->code : err->kind == INTERNAL ? "InternalError" : "BadRequest";
    metrics_count(question->request->app->metrics, "nummervoorziening_refusals_total",
                  "SOAP calls that ended in a fault, by its code.", "code", code, 1);
    use_refused(service->use, operation, code, now);
}

static bool answer_operation(struct soap_call *call, struct error *err)
{
    size_t place = (size_t)(call->operation - soap_operations);
    struct request *request = call->request;
    struct tx *tx;
    struct question question = {
        .call = call,
        .request = request,
        .service = nummervoorziening_state(request->app),
    };
    bool ok = find_asker(call, operations[place].for_school, &question.asker, err)
              && request_tx(request, &tx, err)
              && may_ask(tx, &question.asker, operations[place].for_school, request->now, err)
              && operations[place].answer(&question, err);
    count_outcome(&question, call->operation->name, ok, err);
    return ok;
}

const struct soap_service nummervoorziening_soap = {
    .ns = ECK_NS,
    .port = "EckIDPort",
    .operations = soap_operations,
};

bool answer_soap(struct request *request, struct error *err)
{
    return soap_answer(request, &nummervoorziening_soap, err);
}

/* By the SOAPAction header; one that says something else than the body is refused later. The place of
 * the row behind the last: none of them. */
static size_t announced_operation(const struct request *request)
{
    struct str action = str_trim(request_header(request, "SOAPAction"));
    size_t place = 0;
    if (str_ends(action, STR("\"")))
        action = str_slice(action, 0, action.len - 1);
    while (place < count_of(operations) && !str_ends(action, str_of(soap_operations[place].name)))
        place++;
    return place;
}

bool soap_is_quick(const struct request *request)
{
    size_t place = announced_operation(request);
    return place < count_of(operations) && operations[place].quick;
}

bool soap_may_send(struct request *request, struct error *err)
{
    const struct soap_call nothing_read = { .request = request };
    size_t place = announced_operation(request);
    struct question question = { .request = request,
                                 .service = nummervoorziening_state(request->app) };
    struct tx *tx;
    bool ok = find_asker(&nothing_read, false, &question.asker, err)
              && request_tx(request, &tx, err)
              && may_ask(tx, &question.asker, false, request->now, err);
    if (!ok)
        count_outcome(&question, place < count_of(operations) ? soap_operations[place].name : "other",
                      false, err);
    return ok;
}

void soap_turn_away(struct request *request, const struct error *err)
{
    soap_refuse(request, &nummervoorziening_soap, err);
}
