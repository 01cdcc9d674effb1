/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/wire.h"

#include "base/list.h"
#include "platform/keys/says.h"

#include <stdatomic.h>
#include <stdio.h>

_Static_assert(sizeof(struct wire_head) == 24 && sizeof(struct wire_mac) == 16
                   && sizeof(struct wire_answer) == 8,
               "no byte between the fields");

static bool malformed(struct error *err)
{
    return fail_internal(err, "the keeper got a message that it does not understand");
}

/* Taking a message apart */

static bool take(struct str *rest, void *out, size_t size)
{
    if (rest->len < size)
        return false;
    memcpy(out, rest->at, size);
    *rest = str_slice(*rest, size, rest->len);
    return true;
}

static bool is_version(int64_t version)
{
    return version >= 1 && version <= VERSION_MAX;
}

/* Fields with their lengths before them, as key_fields writes them. */
static bool are_fields(struct str bytes)
{
    while (bytes.len) {
        uint64_t length = 0;
        if (bytes.len < 8)
            return false;
        for (size_t i = 0; i < 8; i++)
            length = length << 8 | (unsigned char)bytes.at[i];
        if (length > bytes.len - 8)
            return false;
        bytes = str_slice(bytes, 8 + (size_t)length, bytes.len);
    }
    return true;
}

/* One MAC of many */
static bool answer_mac(struct wire_state *state, struct str *rest, struct buf *out,
                       struct error *err)
{
    struct wire_mac mac;
    if (!take(rest, &mac, sizeof mac) || mac.key >= KEYS_MAX || !is_version(mac.version)
        || (mac.size != MAC512_BYTES && mac.size != MAC256_BYTES) || mac.fields > rest->len)
        return malformed(err);
    struct str fields = str_slice(*rest, 0, mac.fields);
    *rest = str_slice(*rest, mac.fields, rest->len);
    if (!are_fields(fields) || mac.key >= vault_count(state->vault))
        return malformed(err);
    unsigned char *at = (unsigned char *)buf_room(out, mac.size);
    out->len += mac.size;
    return vault_mac(state->vault, mac.key, mac.version, mac.part, fields, mac.size, at, err);
}

struct asked {
    struct wire_state *state;
    struct arena *arena;
    struct wire_head head;
    struct str body;
    struct buf *out;
};

static bool answer_macs(struct asked *asked, struct error *err)
{
    size_t count = 0;
    while (asked->body.len) {
        if (++count > WIRE_MACS)
            return malformed(err);
        if (!answer_mac(asked->state, &asked->body, asked->out, err))
            return false;
    }
    return true;
}

static bool split_about(struct asked *asked, struct str *about, struct error *err)
{
    if (asked->head.argument > asked->body.len)
        return malformed(err);
    *about = str_slice(asked->body, 0, asked->head.argument);
    asked->body = str_slice(asked->body, asked->head.argument, asked->body.len);
    return true;
}

static bool answer_seal(struct asked *asked, struct error *err)
{
    struct str about, sealed;
    if (!split_about(asked, &about, err)
        || !vault_seal(asked->state->vault, asked->arena, asked->head.key, asked->head.version, about,
                       asked->body, &sealed, err))
        return false;
    buf_add(asked->out, sealed);
    return true;
}

static bool answer_unseal(struct asked *asked, struct error *err)
{
    struct str about, plain;
    if (!split_about(asked, &about, err)
        || !vault_unseal(asked->state->vault, asked->arena, asked->head.key, about, asked->body,
                         &plain, err))
        return false;
    buf_add(asked->out, plain);
    return true;
}

static bool answer_sign(struct asked *asked, struct error *err)
{
    struct str signature;
    if (asked->head.argument >= SIGN_SCHEMES)
        return malformed(err);
    if (!vault_sign(asked->state->vault, asked->arena, asked->head.key, asked->head.version,
                    (enum sign_scheme)asked->head.argument, asked->body, &signature, err))
        return false;
    buf_add(asked->out, signature);
    return true;
}

static bool answer_public(struct asked *asked, struct error *err)
{
    struct str der;
    if (!vault_public_key(asked->state->vault, asked->arena, asked->head.key, asked->head.version,
                          &der, err))
        return false;
    buf_add(asked->out, der);
    return true;
}

static bool answer_decrypt(struct asked *asked, struct error *err)
{
    struct str plain;
    if (asked->head.argument >= DECRYPT_SCHEMES)
        return malformed(err);
    if (!vault_decrypt(asked->state->vault, asked->arena, asked->head.key, asked->head.version,
                       (enum decrypt_scheme)asked->head.argument, asked->body, &plain, err))
        return false;
    buf_add(asked->out, plain);
    return true;
}

/* As making a key: not any more once the server runs. */
static bool answer_certify(struct asked *asked, struct error *err)
{
    struct wire_dates dates;
    struct str der;
    if (!take(&asked->body, &dates, sizeof dates) || asked->body.len
        || atomic_load(&asked->state->ready))
        return malformed(err);
    if (!vault_certificate(asked->state->vault, asked->arena, asked->head.key, asked->head.version,
                           dates.from, dates.until, &der, err))
        return false;
    buf_add(asked->out, der);
    return true;
}

static bool answer_load(struct asked *asked, struct error *err)
{
    struct fingerprint fingerprint;
    uint32_t engine = asked->head.argument & 0xff, how = asked->head.argument >> 8;
    if (engine >= ENGINES || how >= LOAD_HOWS
        || (how != LOAD && atomic_load(&asked->state->ready)))
        return malformed(err);
    if (!vault_load(asked->state->vault, asked->head.key, asked->head.version,
                    (enum key_engine)engine, (enum load_how)how, &fingerprint, err))
        return false;
    buf_add(asked->out, (struct str){ fingerprint.text, FINGERPRINT_TEXT });
    return true;
}

static bool answer_drop(struct asked *asked, struct error *err)
{
    (void)err;
    vault_drop(asked->state->vault, asked->head.key, asked->head.version);
    return true;
}

static bool answer_ready(struct asked *asked, struct error *err)
{
    (void)err;
    atomic_store(&asked->state->ready, true);
    return true;
}

static bool (*const answers[WIRE_OPS])(struct asked *asked, struct error *err) = {
    [WIRE_MAC] = answer_macs,      [WIRE_SEAL] = answer_seal,     [WIRE_UNSEAL] = answer_unseal,
    [WIRE_SIGN] = answer_sign,     [WIRE_PUBLIC] = answer_public, [WIRE_LOAD] = answer_load,
    [WIRE_DROP] = answer_drop,     [WIRE_READY] = answer_ready,   [WIRE_DECRYPT] = answer_decrypt,
    [WIRE_CERTIFY] = answer_certify,
};

static bool answer(struct wire_state *state, struct arena *arena, struct str message,
                   struct buf *out, struct error *err)
{
    struct asked asked = { .state = state, .arena = arena, .body = message, .out = out };
    if (!take(&asked.body, &asked.head, sizeof asked.head) || asked.head.size != message.len
        || asked.head.op >= WIRE_OPS || asked.head.zero
        || asked.head.key >= vault_count(state->vault) || !is_version(asked.head.version))
        return malformed(err);
    return answers[asked.head.op](&asked, err);
}

static void put_refusal(struct buf *out, const struct error *err)
{
    struct wire_answer head = { .kind = (uint8_t)err->kind, .says = (uint8_t)said(err) };
    struct wire_error texts = { 0 };
    snprintf(texts.subject, sizeof texts.subject, "%s", err->subject);
    snprintf(texts.detail, sizeof texts.detail, "%s",
             head.says == KEY_FAILED && !err->detail[0] ? err->message : err->detail);
    out->len = 0;
    buf_add(out, (struct str){ (const char *)&head, sizeof head });
    buf_add(out, (struct str){ (const char *)&texts, sizeof texts });
}

/* The refusal that needs no memory: so that the keeper outlives the end of it. */
static struct str refuse_for_memory(void)
{
    static _Thread_local char room[WIRE_REFUSAL];
    struct wire_answer head = { .size = sizeof room, .kind = INTERNAL, .says = KEY_FAILED };
    struct wire_error texts = { .detail = "the keeper is out of memory" };
    vault_let_go();
    memcpy(room, &head, sizeof head);
    memcpy(room + sizeof head, &texts, sizeof texts);
    return (struct str){ room, sizeof room };
}

static struct str answer_message(struct wire_state *state, struct arena *arena, struct str message)
{
    struct buf out = { .arena = arena };
    struct error err = { 0 };
    struct wire_answer head = { .ok = 1 };
    buf_add(&out, (struct str){ (const char *)&head, sizeof head });
    if (!answer(state, arena, message, &out, &err))
        put_refusal(&out, &err);
    uint32_t size = (uint32_t)out.len;
    memcpy(out.at, &size, sizeof size);
    return buf_str(&out);
}

struct str wire_answer(struct wire_state *state, struct arena *arena, struct str message)
{
    jmp_buf rescue;
    jmp_buf *const outer = arena->rescue, *const thread_outer = memory_rescue(&rescue);
    struct str answered;
    arena->rescue = &rescue;
    if (setjmp(rescue) == 0)
        answered = answer_message(state, arena, message);
    else
        answered = refuse_for_memory();
    arena->rescue = outer;
    memory_rescue(thread_outer);
    return answered;
}

static bool take_refusal(struct wire_answer head, struct str body, struct error *err)
{
    struct wire_error texts;
    if (!take(&body, &texts, sizeof texts) || body.len || head.says >= SAYINGS)
        return malformed(err);
    texts.subject[sizeof texts.subject - 1] = texts.detail[sizeof texts.detail - 1] = '\0';
    if (head.says == KEY_FAILED)
        return fail_internal(err, "%s", texts.detail);
    say(err, (enum says)head.says, "%s", texts.subject);
    return fail_detail(err, "%s", texts.detail);
}

bool wire_take(struct str answered, struct str *body, struct error *err)
{
    struct wire_answer head;
    *body = answered;
    if (!take(body, &head, sizeof head) || head.size != answered.len)
        return malformed(err);
    return head.ok || take_refusal(head, *body, err);
}
