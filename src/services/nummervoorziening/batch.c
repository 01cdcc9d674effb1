/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/batch.h"

#include "base/encoding.h"
#include "base/log.h"
#include "base/random.h"
#include "platform/app.h"
#include "platform/record/jobs.h"
#include "services/nummervoorziening/state.h"
#include "services/nummervoorziening/substitution.h"

#include <stdlib.h>

#define GROUP_ITEMS 256 /* in one message to the keeper */

static const struct {
    const char *code, *message;
} failures[ITEM_FAILURES] = {
    [FAILED_HPGN] = { INVALID_HPGN, N_("An HPGN is 64 lower-case hexadecimal characters.") },
    [FAILED_BLOCKED] = { BLOCKED_HPGN,
                         N_("This HPGN was replaced by another one; use the new one.") },
    [FAILED_STAMPSEUDONYM] = { INVALID_STAMPSEUDONYM,
                               N_("A stampseudoniem is its prefix and 128 lower-case hexadecimal "
                                  "characters.") },
    [FAILED_UNKNOWN_STAMPSEUDONYM] = { INVALID_STAMPSEUDONYM,
                                       N_("This stampseudoniem is of another environment and not "
                                          "known here.") },
    [FAILED_RETIRED_STAMPSEUDONYM] = { INVALID_STAMPSEUDONYM,
                                       N_("This stampseudoniem was made with a key that is no longer "
                                          "used; ask for the new one with the HPGN.") },
};

const char *item_failure_code(enum item_failure failure)
{
    return failures[failure].code;
}

const char *item_failure_message(enum item_failure failure)
{
    return failures[failure].message;
}

/* The bytes of an item: its index (4, big-endian), its kind (1), and what the kind says. */

#define ITEM_HEAD    5
#define FIRST_VERSION 1
/* The kind of an ITEM_OWN of a later version of the key: four bytes of version stand before it. One of
 * version 1 is as it was before there were versions. */
#define OWN_OF_VERSION 4
_Static_assert(OWN_OF_VERSION == ITEM_KINDS, "not a kind of its own");

static void put_number(char out[static 4], uint32_t number)
{
    for (int i = 0; i < 4; i++)
        out[i] = (char)(number >> (24 - 8 * i));
}

static uint32_t read_number(const char *at)
{
    const unsigned char *bytes = (const unsigned char *)at;
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put_head(char head[static ITEM_HEAD], const struct item *item)
{
    bool later = item->kind == ITEM_OWN && item->version > FIRST_VERSION;
    put_number(head, (uint32_t)item->index);
    head[4] = (char)(later ? OWN_OF_VERSION : (int)item->kind);
}

static void put_own(struct buf *chunk, const struct item *item)
{
    char version[4];
    put_number(version, (uint32_t)item->version);
    if (item->version > FIRST_VERSION)
        buf_add(chunk, (struct str){ version, sizeof version });
    buf_add(chunk, (struct str){ (const char *)item->own.bytes, PSEUDONYM_BYTES });
}

void item_put(struct buf *chunk, const struct item *item)
{
    char head[ITEM_HEAD];
    put_head(head, item);
    buf_add(chunk, (struct str){ head, ITEM_HEAD });
    switch (item->kind) {
    case ITEM_FAILED:
        buf_byte(chunk, (char)item->failure);
        return;
    case ITEM_HPGN:
        buf_add(chunk, (struct str){ (const char *)item->hpgn.bytes, HPGN_BYTES });
        return;
    case ITEM_OWN:
        put_own(chunk, item);
        return;
    default:
        buf_byte(chunk, (char)item->text.len); /* at most PSEUDONYM_TEXT_MAX, which is below 256 */
        buf_add(chunk, item->text);
    }
}
_Static_assert(PSEUDONYM_TEXT_MAX < 256, "the length of a text is one byte");

/* Takes `size` bytes from the front. */
static const char *take(struct str *bytes, size_t size)
{
    if (bytes->len < size)
        return NULL;
    const char *at = bytes->at;
    *bytes = (struct str){ at + size, bytes->len - size };
    return at;
}

static bool take_own(struct str *chunk, struct item *item)
{
    const char *at = take(chunk, PSEUDONYM_BYTES);
    return at && memcpy(item->own.bytes, at, PSEUDONYM_BYTES);
}

static bool take_own_of_version(struct str *chunk, struct item *item)
{
    const char *version = take(chunk, 4);
    if (!version)
        return false;
    item->kind = ITEM_OWN;
    item->version = read_number(version);
    return item->version > FIRST_VERSION && take_own(chunk, item);
}

static bool take_content(struct str *chunk, struct item *item)
{
    const char *at;
    item->version = FIRST_VERSION;
    if ((int)item->kind == OWN_OF_VERSION)
        return take_own_of_version(chunk, item);
    switch (item->kind) {
    case ITEM_FAILED:
        at = take(chunk, 1);
        item->failure = at ? (enum item_failure)*at : ITEM_FAILURES;
        return at && item->failure < ITEM_FAILURES;
    case ITEM_HPGN:
        at = take(chunk, HPGN_BYTES);
        return at && memcpy(item->hpgn.bytes, at, HPGN_BYTES);
    case ITEM_OWN:
        return take_own(chunk, item);
    case ITEM_TEXT:
        at = take(chunk, 1);
        item->text.len = at ? (unsigned char)*at : 0;
        item->text.at = take(chunk, item->text.len);
        return item->text.at;
    default:
        return false;
    }
}

bool item_next(struct str *chunk, struct item *item, struct error *err)
{
    if (chunk->len == 0)
        return false;
    const char *head = take(chunk, ITEM_HEAD);
    if (!head)
        return fail_internal(err, "a chunk of a batch ends in the middle");
    item->index = (int32_t)read_number(head);
    item->kind = (enum item_kind)(unsigned char)head[4];
    if (!take_content(chunk, item))
        return fail_internal(err, "a chunk of a batch has an item that cannot be read");
    return true;
}

/* Sealing: bound to the batch and the chunk's number. */

struct str chunk_about(struct arena *arena, struct str batch, int64_t number)
{
    return str_format(arena, "batch %.*s %lld", FMT(batch), (long long)number);
}

static bool chunk_seal(struct arena *arena, const struct derivation *derivation, struct str batch,
                       int64_t number, struct str plain, struct str *sealed, struct error *err)
{
    return keeper_seal(derivation->keeper, arena, SEAL_KEY, chunk_about(arena, batch, number), plain,
                       sealed, err);
}

bool chunk_open(struct arena *arena, const struct derivation *derivation, struct str batch,
                int64_t number, struct str sealed, struct str *plain, struct error *err)
{
    return keeper_unseal(derivation->keeper, arena, SEAL_KEY, chunk_about(arena, batch, number),
                         sealed, plain, err);
}

/* Reading a batch from a request. */

static struct str new_batch_id(struct arena *arena)
{
    char bytes[BATCH_ID_BYTES];
    random_bytes(bytes, sizeof bytes);
    return hex_encode(arena, (struct str){ bytes, sizeof bytes });
}

void draft_start(struct draft *draft, struct arena *arena, const struct derivation *derivation,
                 enum batch_kind kind, int64_t limit)
{
    *draft = (struct draft){
        .arena = arena,
        .derivation = derivation,
        .batch = { .id = new_batch_id(arena), .kind = kind },
        .limit = limit,
        .chunk = { .arena = arena },
        .rising = true,
    };
}

static bool seal_chunk(struct draft *draft, struct error *err)
{
    struct str sealed;
    struct arena *scratch = arena_within(draft->arena); /* the message to the keeper goes at once */
    bool ok = chunk_seal(scratch, draft->derivation, draft->batch.id, (int64_t)draft->chunks.len,
                         buf_str(&draft->chunk), &sealed, err);
    if (ok)
        *list_add(draft->arena, &draft->chunks) = str_copy(draft->arena, sealed);
    arena_free(scratch);
    draft->chunk.len = 0;
    draft->in_chunk = 0;
    return ok;
}

static bool add_index(struct draft *draft, struct str text, int32_t *index, struct error *err)
{
    int64_t number;
    if (!str_to_int(text, 0, INT32_MAX, &number))
        return fail_code(err, INVALID, INVALID_INDEX,
                         N_("An index is a whole number from 0 to 2147483647."));
    *index = (int32_t)number;
    if (draft->indices.len > 0 && *index <= draft->indices.at[draft->indices.len - 1])
        draft->rising = false;
    *list_add(draft->arena, &draft->indices) = *index;
    return true;
}

/* The value as it can be kept: what is not well-formed is not kept at all, it might be a PGN. */
static void read_value(const struct draft *draft, struct str value, struct item *item)
{
    struct error ignored;
    struct stampseudonym stampseudonym;
    if (draft->batch.kind == BATCH_STAMPSEUDONYMS) {
        item->kind = hpgn_parse(value, &item->hpgn, &ignored) ? ITEM_HPGN : ITEM_FAILED;
        item->failure = FAILED_HPGN;
        return;
    }
    item->failure = FAILED_STAMPSEUDONYM;
    if (!stampseudonym_parse(draft->derivation, value, &stampseudonym, &ignored)) {
        item->kind = ITEM_FAILED;
        return;
    }
    item->kind = stampseudonym.own ? ITEM_OWN : ITEM_TEXT;
    item->own = stampseudonym.value;
    item->version = stampseudonym.version;
    item->text = value;
}

bool draft_add(struct draft *draft, struct str index, struct str value, struct error *err)
{
    struct item item = { 0 };
    if (draft->batch.items == draft->limit)
        return fail_code(err, TOO_LARGE, BATCH_TOO_LARGE,
                         N_("This batch has more items than may be in one batch."));
    if (!add_index(draft, index, &item.index, err))
        return false;
    read_value(draft, value, &item);
    item_put(&draft->chunk, &item);
    draft->batch.items++;
    return ++draft->in_chunk < CHUNK_ITEMS || seal_chunk(draft, err);
}

static int compare_indices(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static bool has_duplicates(struct draft *draft)
{
    if (draft->rising)
        return false;
    qsort(draft->indices.at, draft->indices.len, sizeof *draft->indices.at, compare_indices);
    for (size_t i = 1; i < draft->indices.len; i++)
        if (draft->indices.at[i] == draft->indices.at[i - 1])
            return true;
    return false;
}

bool draft_finish(struct draft *draft, struct error *err)
{
    if (draft->batch.items == 0)
        return fail_code(err, INVALID, EMPTY_BATCH, N_("There is nothing in this batch."));
    if (has_duplicates(draft))
        return fail_code(err, INVALID, INVALID_INDEX,
                         N_("An index stands in this batch more than once."));
    return draft->in_chunk == 0 || seal_chunk(draft, err);
}

/* The job. Each step works on one chunk, in an arena of its own, so that a large batch takes no more
 * memory than that. */

struct step {
    struct nummervoorziening *service;
    struct str id;
    struct arena *arena;
    struct batch batch;
    bool found;
    int64_t number, failed;  /* of the chunk at hand; number -1: none is left */
    struct buf result;
    struct str sealed;
    instant now;
    bool pairs, substitutions; /* without these, nothing need be looked up per item */
};

static enum item_failure failure_of(const struct error *err, enum item_failure otherwise)
{
    return err->code && strcmp(err->code, BLOCKED_HPGN) == 0 ? FAILED_BLOCKED : otherwise;
}

static void put_text(const struct derivation *derivation, struct item *item, enum root_part part,
                     struct str text)
{
    bool own = pseudonym_own(derivation, part, text, &item->own, &item->version);
    item->kind = own ? ITEM_OWN : ITEM_TEXT;
    item->text = text;
}

static void put_own_result(struct item *item, const struct pseudonym *own, int64_t version)
{
    item->kind = ITEM_OWN;
    item->own = *own;
    item->version = version;
}

static bool finish_hpgn(struct tx *tx, const struct step *step, const struct hpgn_answer *derived,
                        struct item *item, struct error *err)
{
    const struct derivation *derivation = &step->service->derivation;
    struct str text;
    if (!step->pairs && !step->substitutions) {
        put_own_result(item, &derived->own, derived->version);
        return true;
    }
    if (find_stampseudonym(tx, derivation, derived, step->now, &text, err)) {
        put_text(derivation, item, ROOT_STAM, text);
        return true;
    }
    item->kind = ITEM_FAILED;
    item->failure = failure_of(err, FAILED_HPGN);
    return err->code; /* a refusal is a result; a failing database is not */
}

static bool finish_stampseudonym(struct tx *tx, const struct step *step,
                                 const struct stampseudonym *input,
                                 const struct eck_answer *derived, struct item *item,
                                 struct error *err)
{
    const struct derivation *derivation = &step->service->derivation;
    struct str text;
    if (step->pairs || !input->own) {
        if (!find_eck_id(tx, derivation, input, derived, &text, err)) {
            item->kind = ITEM_FAILED;
            item->failure = input->retired ? FAILED_RETIRED_STAMPSEUDONYM
                                           : FAILED_UNKNOWN_STAMPSEUDONYM;
            return err->code;
        }
        put_text(derivation, item, ROOT_ECK, text);
    } else {
        put_own_result(item, &derived->own, derived->version);
    }
    use_seen(step->service->use, step->batch.sector, &derived->lookup, step->now);
    return true;
}

/* Items go in groups: what a whole group needs is asked of the keeper at once. */

struct group {
    struct item items[GROUP_ITEMS];
    struct item *asked[GROUP_ITEMS]; /* those that need an answer */
    size_t count, asking;
};

static bool run_hpgns(struct tx *tx, const struct step *step, struct group *group,
                      struct error *err)
{
    struct arena *arena = tx_arena(tx);
    struct hpgn *hpgns = arena_array(arena, struct hpgn, group->asking);
    struct hpgn_answer *derived = arena_array(arena, struct hpgn_answer, group->asking);
    for (size_t i = 0; i < group->asking; i++)
        hpgns[i] = group->asked[i]->hpgn;
    if (!derive_stampseudonyms(&step->service->derivation, arena, hpgns, group->asking, derived,
                               err))
        return false;
    for (size_t i = 0; i < group->asking; i++)
        if (!finish_hpgn(tx, step, &derived[i], group->asked[i], err))
            return false;
    return true;
}

/* The stampseudoniem of an item again, as its version is now: it may have been retired since. */
static bool read_input(const struct step *step, struct arena *arena, const struct item *item,
                       struct stampseudonym *input, struct error *err)
{
    const struct derivation *derivation = &step->service->derivation;
    struct str text = item->text;
    if (item->kind == ITEM_OWN)
        text = pseudonym_text(arena, derivation_prefixes(derivation, item->version).stam,
                              &item->own);
    return stampseudonym_parse(derivation, text, input, err);
}

static bool run_stampseudonyms(struct tx *tx, const struct step *step, struct group *group,
                               struct error *err)
{
    struct arena *arena = tx_arena(tx);
    struct stampseudonym *inputs = arena_array(arena, struct stampseudonym, group->asking);
    struct eck_answer *derived = arena_array(arena, struct eck_answer, group->asking);
    for (size_t i = 0; i < group->asking; i++)
        if (!read_input(step, arena, group->asked[i], &inputs[i], err))
            return false;
    if (!derive_eck_ids(&step->service->derivation, arena, step->batch.chain, step->batch.sector,
                        inputs, group->asking, derived, err))
        return false;
    for (size_t i = 0; i < group->asking; i++)
        if (!finish_stampseudonym(tx, step, &inputs[i], &derived[i], group->asked[i], err))
            return false;
    return true;
}

static bool read_group(struct str *input, struct group *group, struct error *err)
{
    *err = (struct error){ 0 };
    group->count = group->asking = 0;
    while (group->count < GROUP_ITEMS && item_next(input, &group->items[group->count], err)) {
        struct item *item = &group->items[group->count++];
        if (item->kind != ITEM_FAILED)
            group->asked[group->asking++] = item;
    }
    return err->kind == NO_ERROR;
}

static bool run_group(struct tx *tx, struct step *step, struct group *group, struct error *err)
{
    bool hpgns = step->batch.kind == BATCH_STAMPSEUDONYMS;
    if (!(hpgns ? run_hpgns : run_stampseudonyms)(tx, step, group, err))
        return false;
    for (size_t i = 0; i < group->count; i++) {
        step->failed += group->items[i].kind == ITEM_FAILED;
        item_put(&step->result, &group->items[i]);
    }
    return true;
}

static bool run_chunk(struct tx *tx, struct step *step, struct str input, struct error *err)
{
    struct arena *kept = tx_arena(tx), *scratch = arena_within(step->arena);
    struct group *group = arena_new(step->arena, struct group);
    step->failed = 0;
    step->result = (struct buf){ .arena = step->arena };
    bool ok = nv_has_pairs(tx, &step->pairs, err)
              && nv_has_substitutions(tx, &step->substitutions, err);
    while (ok && input.len) {
        tx_use_arena(tx, scratch);
        ok = read_group(&input, group, err) && run_group(tx, step, group, err);
        tx_use_arena(tx, kept);
        arena_reset(scratch);
    }
    return ok;
}

static bool work_step(struct tx *tx, void *with, struct error *err)
{
    struct step *step = with;
    struct str sealed, input;
    step->number = -1;
    if (!nv_find_batch(tx, step->id, &step->batch, &step->found, err))
        return false;
    if (!step->found || step->batch.state > WORKING)
        return true;
    if (!nv_next_chunk(tx, step->id, &step->number, &sealed, err))
        return false;
    if (step->number < 0)
        return fail_internal(err, "a batch that is not finished has no chunk left");
    return chunk_open(step->arena, &step->service->derivation, step->id, step->number, sealed,
                      &input, err)
           && run_chunk(tx, step, input, err);
}

static bool keep_step(struct tx *tx, void *with, struct error *err)
{
    struct step *step = with;
    return nv_finish_chunk(tx, step->id, step->number, step->sealed, step->failed, step->now, err);
}

static bool run_step(struct app *app, struct step *step, struct error *err)
{
    step->now = instant_now();
    if (!db_read(app->db, step->arena, work_step, step, err))
        return false;
    if (step->number < 0)
        return true;
    return chunk_seal(step->arena, &step->service->derivation, step->id, step->number,
                      buf_str(&step->result), &step->sealed, err)
           && db_write(app->db, step->arena, keep_step, step, err);
}

bool batch_job(struct app *app, struct arena *arena, const struct job *job, struct error *err)
{
    struct step step = { .service = nummervoorziening_state(app),
                         .arena = arena_within(arena),
                         .id = job->payload };
    for (;;) {
        bool ok = run_step(app, &step, err);
        arena_reset(step.arena);
        if (!ok || step.number < 0)
            return ok;
        if (!job_extend(app, arena, job, err))
            return false;
    }
}

struct expiry {
    instant now;
    int64_t removed;
};

static bool remove_expired(struct tx *tx, void *with, struct error *err)
{
    struct expiry *expiry = with;
    return nv_remove_expired(tx, expiry->now, &expiry->removed, err);
}

bool batch_expiry_job(struct app *app, struct arena *arena, const struct job *job,
                      struct error *err)
{
    struct expiry expiry = { .now = instant_now() };
    (void)job;
    if (!db_write(app->db, arena, remove_expired, &expiry, err))
        return false;
    if (expiry.removed > 0)
        log_info("batches-removed", { "count", LOG_NUMBER(expiry.removed) });
    return true;
}
