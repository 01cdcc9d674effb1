/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/deliver.h"

#include "base/encoding.h"
#include "base/log.h"
#include "platform/app.h"
#include "platform/nodes/nodes.h"
#include "platform/page/page.h"
#include "platform/format/xml.h"
#include "services/nummervoorziening/batch.h"
#include "services/nummervoorziening/state.h"

#include <stdlib.h>

/* Bytes of one element, with the longest index: a success around its value, a failure around its
 * message. */
#define SUCCESS_BYTES 80
#define FAILURE_BYTES 90

static bool unknown_batch(struct error *err)
{
    return fail_code(err, INVALID, INVALID_BATCH,
                     N_("This batch identifier is not known for this vendor and school."));
}

static bool not_yet(struct error *err, const char *code, const char *message)
{
    fail_code(err, UNAVAILABLE, code, message);
    err->retry_after = 21; /* as long as the field's clients wait */
    return false;
}

static bool check_state(const struct batch *batch, struct error *err)
{
    switch (batch->state) {
    case SUBMITTED:
    case WORKING:
        return not_yet(err, NOT_FINISHED, N_("This batch is not finished yet."));
    case RETRIEVED:
        return fail_code(err, GONE, ALREADY_RETRIEVED,
                         N_("The content of this batch was fetched already, and erased."));
    case REMOVED:
        return fail_code(err, GONE, CONTENT_REMOVED,
                         N_("The content of this batch was not fetched in time, and erased."));
    default:
        return true;
    }
}

static bool find_own_batch(struct tx *tx, const struct asker *asker, struct str id,
                           struct batch *batch, struct error *err)
{
    bool found;
    if (!nv_find_batch(tx, id, batch, &found, err))
        return false;
    if (!found || memcmp(&batch->vendor, &asker->vendor, sizeof batch->vendor) != 0
        || memcmp(&batch->school, &asker->school, sizeof batch->school) != 0)
        return unknown_batch(err);
    return check_state(batch, err);
}

struct claim {
    struct str id;
    instant now;
    bool claimed;
};

static bool write_claim(struct tx *tx, void *with, struct error *err)
{
    struct claim *claim = with;
    return nv_claim_batch(tx, claim->id, claim->now, &claim->claimed, err);
}

static bool claim_batch(struct request *request, struct str id, struct error *err)
{
    struct claim claim = { .id = id, .now = request->now };
    if (!request_write(request, write_claim, &claim, err))
        return false;
    if (!claim.claimed)
        return not_yet(err, TEMPORARY_BLOCKED, N_("This batch is being fetched right now."));
    return true;
}

/* What is left to do when the answer is gone or broken; outlives the request. */
struct delivery {
    char id[2 * BATCH_ID_BYTES];
    bool whole;
};

static bool end_delivery(struct tx *tx, void *with, struct error *err)
{
    const struct delivery *delivery = with;
    struct str id = { delivery->id, sizeof delivery->id };
    return delivery->whole ? nv_batch_delivered(tx, id, instant_now(), err)
                           : nv_batch_released(tx, id, err);
}

struct noting {
    struct app *app;
    struct arena *arena;
    struct delivery *delivery;
};

static void note_delivery(void *with)
{
    struct noting *noting = with;
    struct error err;
    if (!db_write(noting->app->db, noting->arena, end_delivery, noting->delivery, &err))
        log_failure("delivery-not-noted", &err);
}

static void after_delivery(struct app *app, void *with, bool whole)
{
    struct delivery *delivery = with;
    struct arena arena = { 0 };
    delivery->whole = whole;
    if (!memory_guard(&arena, note_delivery, &(struct noting){ app, &arena, delivery }))
        log_error("delivery-not-noted", { "detail", STR("out of memory") });
    arena_free(&arena);
    free(delivery);
}

/* From here on the batch is ours until the reply has ended, however that comes. */
static bool start_delivery(struct request *request, struct str id, struct error *err)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);
    if (!delivery)
        arena_exhausted(request->arena);
    memcpy(delivery->id, id.at, sizeof delivery->id);
    if (!claim_batch(request, id, err)) {
        free(delivery);
        return false;
    }
    request->reply.after = after_delivery;
    request->reply.after_with = delivery;
    return true;
}

/* Deliveries that a process left under way when it was killed, or its computer was lost. */

struct release {
    struct str self;
    struct processes gone;
};

static bool find_gone(struct tx *tx, void *with, struct error *err)
{
    struct release *release = with;
    struct processes sending;
    release->gone = (struct processes){ 0 };
    if (!nv_delivering(tx, &sending, err))
        return false;
    for (size_t i = 0; i < sending.len; i++) {
        struct str process = sending.at[i];
        bool gone = str_eq(process, release->self);
        if (!gone && !node_has_gone(tx, process, instant_now(), &gone, err))
            return false;
        if (gone)
            *list_add(tx_arena(tx), &release->gone) = process;
    }
    return true;
}

static bool release_gone(struct tx *tx, void *with, struct error *err)
{
    const struct release *release = with;
    for (size_t i = 0; i < release->gone.len; i++)
        if (!nv_release_batches(tx, release->gone.at[i], err))
            return false;
    return true;
}

bool release_deliveries(struct app *app, struct arena *arena, struct str self, struct error *err)
{
    struct release release = { .self = self };
    return db_read(app->db, arena, find_gone, &release, err)
        && (release.gone.len == 0 || db_write(app->db, arena, release_gone, &release, err));
}

bool deliveries_job(struct app *app, struct arena *arena, const struct job *job, struct error *err)
{
    (void)job;
    return release_deliveries(app, arena, STR(""), err);
}

/* Writing. Successes go out chunk by chunk; failures are remembered, they stand behind. */

struct failure_note {
    int32_t index;
    enum item_failure failure;
};

struct writer {
    struct request *request;
    const struct derivation *derivation;
    const struct batch *batch;
    int64_t version;   /* the prefix at hand is of this one */
    struct str prefix;
    struct buf *out;
    struct arena *scratch; /* of one chunk */
    struct str sealed;
    int64_t number;
    list_of(struct failure_note) failures;
};

static struct str prefix_of(struct writer *writer, int64_t version)
{
    if (version != writer->version) {
        struct prefixes prefixes = derivation_prefixes(writer->derivation, version);
        writer->version = version;
        writer->prefix = writer->batch->kind == BATCH_ECK_IDS ? prefixes.eck : prefixes.stam;
    }
    return writer->prefix;
}

static void put_value(struct writer *writer, const struct item *item)
{
    struct buf *out = writer->out;
    if (item->kind != ITEM_OWN) {
        buf_escaped(out, item->text);
        return;
    }
    buf_add(out, prefix_of(writer, item->version));
    hex_write(item->own.bytes, PSEUDONYM_BYTES, buf_room(out, PSEUDONYM_HEX));
    out->len += PSEUDONYM_HEX;
}

static void put_success(struct writer *writer, const struct item *item)
{
    struct buf *out = writer->out;
    buf_lit(out, "<success><index>");
    buf_int(out, item->index);
    buf_lit(out, "</index><value>");
    put_value(writer, item);
    buf_lit(out, "</value></success>");
}

static bool read_chunk(struct tx *tx, void *with, struct error *err)
{
    struct writer *writer = with;
    return nv_read_chunk(tx, writer->batch->id, writer->number, &writer->sealed, err);
}

/* The request's memory may end here: outside of the snapshot, which would stay open. */
static bool put_chunk(struct writer *writer, struct error *err)
{
    struct str plain;
    struct item item;
    *err = (struct error){ 0 };
    if (!db_read(writer->request->app->db, writer->scratch, read_chunk, writer, err)
        || !chunk_open(writer->scratch, writer->derivation, writer->batch->id, writer->number,
                       writer->sealed, &plain, err))
        return false;
    while (item_next(&plain, &item, err)) {
        if (item.kind != ITEM_FAILED)
            put_success(writer, &item);
        else
            *list_add(writer->request->arena, &writer->failures) =
                (struct failure_note){ item.index, item.failure };
    }
    return err->kind == NO_ERROR;
}

static struct str failure_text(const struct request *request, enum item_failure failure)
{
    struct buf text = { .arena = request->arena };
    buf_addf(&text, "%s: ", item_failure_code(failure));
    buf_escaped(&text, tr(request, item_failure_message(failure)));
    return buf_str(&text);
}

/* The texts of the failures there are, by kind; each is made once. */
static void put_failures(struct writer *writer)
{
    struct buf *out = writer->out;
    struct str texts[ITEM_FAILURES] = { 0 };
    size_t room = 0;
    for (size_t i = 0; i < writer->failures.len; i++) {
        struct str *text = &texts[writer->failures.at[i].failure];
        if (!text->at)
            *text = failure_text(writer->request, writer->failures.at[i].failure);
        room += FAILURE_BYTES + text->len;
    }
    buf_room(out, room);
    for (size_t i = 0; i < writer->failures.len; i++) {
        const struct failure_note *note = &writer->failures.at[i];
        buf_lit(out, "<failed><index>");
        buf_int(out, note->index);
        buf_lit(out, "</index><errorMessage>");
        buf_add(out, texts[note->failure]);
        buf_lit(out, "</errorMessage></failed>");
    }
}

static bool write_result(struct writer *writer, struct error *err)
{
    size_t each = SUCCESS_BYTES + prefix_of(writer, 1).len + PSEUDONYM_HEX;
    buf_room(writer->out, (size_t)(writer->batch->items - writer->batch->failed) * each);
    bool ok = true;
    for (; ok && writer->number < writer->batch->chunks; writer->number++) {
        ok = put_chunk(writer, err);
        arena_reset(writer->scratch);
    }
    if (ok)
        put_failures(writer);
    return ok;
}

static bool is_batch_id(struct str id)
{
    char bytes[BATCH_ID_BYTES];
    return hex_read(id, bytes, sizeof bytes);
}

bool deliver_batch(struct request *request, const struct asker *asker, struct str id,
                   struct buf *out, struct error *err)
{
    struct nummervoorziening *service = nummervoorziening_state(request->app);
    struct batch batch;
    struct tx *tx;
    if (!is_batch_id(id))
        return unknown_batch(err);
    if (!request_tx(request, &tx, err) || !find_own_batch(tx, asker, id, &batch, err)
        || !start_delivery(request, id, err))
        return false;
    struct writer writer = {
        .request = request,
        .derivation = &service->derivation,
        .batch = &batch,
        .out = out,
        .scratch = arena_within(request->arena),
    };
    return write_result(&writer, err);
}
