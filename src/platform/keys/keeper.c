/* SPDX-License-Identifier: EUPL-1.2 */
/* Asking the keeper: the same messages, whether it is a process of its own or this one. */
#include "platform/keys/keeper_parts.h"

#include "base/file.h"
#include "base/log.h"
#include "base/wait.h"
#include "platform/isolation/sandbox.h"
#include "platform/keys/says.h"
#include "platform/service.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MAX   ((size_t)8192)      /* of a signature, a public key, a fingerprint */
#define SEAL_MORE    ((size_t)64)        /* bytes that a sealed value has more, at most */
#define MESSAGE_MACS ((size_t)192 * 1024) /* bytes of one message with many questions */
#define RETRY_AFTER  5

#define CERTIFICATE_DAYS 3650
#define CLOCK_SKEW       HOUR /* a clock that is behind ours must not refuse what was made just now */

/* Starting and ending */

static bool is_name(const char *name)
{
    if (!*name || strlen(name) > 40)
        return false;
    for (; *name; name++)
        if (!is_letter_or_digit(*name) && *name != '-')
            return false;
    return true;
}

static bool collect_uses(struct keeper *keeper, const struct service *const *services,
                         struct error *err)
{
    for (; *services; services++) {
        for (const struct key_use *use = (*services)->keys; use && use->name; use++) {
            if (keeper->count == KEYS_MAX)
                return fail_internal(err, "more than %d keys", KEYS_MAX);
            if (!is_name(use->name))
                return fail_internal(err, "%s is no name of a key", use->name);
            keeper->uses[keeper->count++] = use;
        }
    }
    return true;
}

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? str_c(arena, (struct str){ path, (size_t)(slash - path) }) : ".";
}

static bool read_settings(struct keeper *keeper, struct app *app, struct error *err)
{
    const struct config *config = app->config;
    struct str engine = config_text(config, "keys.engine");
    struct str pin_file = config_text(config, "keys.pkcs11_pin_file");
    keeper->folder = config_path(config, app->arena, "keys");
    keeper->token = (struct token_settings){
        .module = str_c(app->arena, config_text(config, "keys.pkcs11_module")),
        .label = str_c(app->arena, config_text(config, "keys.pkcs11_token")),
        .pin_file = pin_file.len ? config_path(config, app->arena, str_c(app->arena, pin_file)) : "",
    };
    keeper->token.pin_folder = folder_of(app->arena, keeper->token.pin_file);
    keeper->token.writes = str_c(app->arena, config_text(config, "keys.pkcs11_writes"));
    keeper->confined = sandbox_wanted(config);
    for (keeper->engine = 0; keeper->engine < ENGINES; keeper->engine++)
        if (str_eq(engine, str_of(engine_names[keeper->engine])))
            return true;
    return fail(err, INVALID, "keys.engine", N_("The setting keys.engine must be file or pkcs11."));
}

bool keeper_start(struct app *app, bool apart, struct error *err)
{
    struct keeper *keeper = arena_new(app->arena, struct keeper);
    keeper->config = app->config;
    app->keeper = keeper;
    pthread_mutex_init(&keeper->refreshing, NULL);
    pthread_mutex_init(&keeper->watch_lock, NULL);
    wait_init(&keeper->watch_end);
    if (!collect_uses(keeper, app->services, err))
        return false;
    if (!keeper->count) /* nothing to keep: settings may not even be there (a test's few services) */
        return true;
    if (!read_settings(keeper, app, err))
        return false;
    if (apart)
        return keeper_fork(keeper, (size_t)config_int(app->config, "keys.channels"), err);
    keeper->own.vault =
        vault_new(app->arena, keeper->uses, keeper->count, keeper->folder, &keeper->token);
    return true;
}

static void stop_watch(struct keeper *keeper)
{
    if (!keeper->watching)
        return;
    pthread_mutex_lock(&keeper->watch_lock);
    keeper->stopping = true;
    pthread_cond_signal(&keeper->watch_end);
    pthread_mutex_unlock(&keeper->watch_lock);
    pthread_join(keeper->watch, NULL);
}

void keeper_close(struct keeper *keeper)
{
    stop_watch(keeper);
    for (size_t i = 0; i < keeper->channels; i++)
        close(keeper->channel[i].fd); /* its end of file ends the process */
    keeper->channels = 0;
    if (keeper->pid)
        waitpid(keeper->pid, NULL, 0);
    keeper->pid = 0;
    if (keeper->own.vault)
        vault_free(keeper->own.vault);
    keeper->own.vault = NULL;
    for (struct key_table *table = atomic_exchange(&keeper->table, NULL); table;) {
        struct key_table *before = table->before;
        struct arena arena = table->arena; /* the table lies in it */
        arena_free(&arena);
        table = before;
    }
}

bool keeper_lives(struct keeper *keeper)
{
    if (keeper->pid && waitpid(keeper->pid, NULL, WNOHANG) == keeper->pid)
        keeper->pid = 0;
    return keeper->own.vault || keeper->pid || !keeper->count;
}

int keeper_process(const struct keeper *keeper)
{
    return keeper->pid;
}

/* Asking */

static bool gone(struct keeper *keeper, struct error *err)
{
    if (!atomic_exchange(&keeper->gone, true))
        log_error("keeper-gone", { "advice", STR("this process ends and is started again") });
    say(err, KEEPER_GONE, "%s", "");
    err->retry_after = RETRY_AFTER;
    return false;
}

/* A free channel: each thread tries the one that it had last first. */
static struct channel *take_channel(struct keeper *keeper)
{
    static _Thread_local size_t mine;
    for (size_t i = 0; i < keeper->channels; i++) {
        size_t place = (mine + i) % keeper->channels;
        if (pthread_mutex_trylock(&keeper->channel[place].lock) != 0)
            continue;
        mine = place;
        return &keeper->channel[place];
    }
    struct channel *channel = &keeper->channel[mine % keeper->channels];
    pthread_mutex_lock(&channel->lock);
    return channel;
}

static bool ask_process(struct keeper *keeper, struct str message, char *answer, size_t room,
                        struct str *answered, struct error *err)
{
    struct channel *channel = take_channel(keeper);
    size_t got = wire_send(channel->fd, message.at, message.len)
                     ? wire_receive(channel->fd, answer, room)
                     : 0;
    pthread_mutex_unlock(&channel->lock);
    *answered = (struct str){ answer, got };
    return got || gone(keeper, err);
}

static bool ask(struct keeper *keeper, struct arena *arena, struct str message, size_t most,
                struct str *body, struct error *err)
{
    struct str answered;
    size_t room = sizeof(struct wire_answer) + most;
    if (keeper->own.vault) {
        struct arena scratch = { 0 }; /* without a rescue: nothing jumps out of the vault's lock */
        struct str inside = wire_answer(&keeper->own, &scratch, message);
        answered = str_copy(arena, inside);
        explicit_bzero((char *)(uintptr_t)inside.at, inside.len);
        arena_free(&scratch);
    } else {
        if (room < WIRE_REFUSAL)
            room = WIRE_REFUSAL;
        if (!ask_process(keeper, message, arena_alloc(arena, room), room, &answered, err))
            return false;
    }
    return wire_take(answered, body, err);
}

bool keeper_ask(struct keeper *keeper, struct arena *arena, struct wire_head head, struct str about,
                struct str body, size_t most, struct str *answer, struct error *err)
{
    size_t size = sizeof head + about.len + body.len;
    if (size > WIRE_MAX)
        return fail_internal(err, "a message of %zu bytes is too long for the keeper", size);
    struct buf message = { .arena = arena };
    head.size = (uint32_t)size;
    buf_room(&message, size);
    buf_add(&message, (struct str){ (const char *)&head, sizeof head });
    buf_add(&message, about);
    buf_add(&message, body);
    return ask(keeper, arena, buf_str(&message), most, answer, err);
}

bool keeper_find(const struct keeper *keeper, const char *name, size_t *place, struct error *err)
{
    for (*place = 0; *place < keeper->count; ++*place)
        if (strcmp(keeper->uses[*place]->name, name) == 0)
            return true;
    return fail_internal(err, "no service declares the key %s", name);
}

bool keeper_load(struct keeper *keeper, size_t key, int64_t version, enum key_engine engine,
                 enum load_how how, struct fingerprint *fingerprint, struct error *err)
{
    struct arena arena = { 0 };
    struct str text;
    struct wire_head head = { .op = WIRE_LOAD, .key = (uint16_t)key, .version = version,
                              .argument = (uint32_t)engine | (uint32_t)how << 8 };
    bool ok = keeper_ask(keeper, &arena, head, (struct str){ 0 }, (struct str){ 0 }, ANSWER_MAX,
                         &text, err);
    if (ok && text.len != FINGERPRINT_TEXT)
        ok = fail_internal(err, "a fingerprint of %zu characters", text.len);
    if (ok) {
        memcpy(fingerprint->text, text.at, FINGERPRINT_TEXT);
        fingerprint->text[FINGERPRINT_TEXT] = '\0';
    }
    arena_free(&arena);
    return ok;
}

bool keeper_read_public(struct keeper *keeper, struct arena *arena, size_t key, int64_t version,
                        struct str *der, struct error *err)
{
    struct str nothing = { 0 };
    struct wire_head head = { .op = WIRE_PUBLIC, .key = (uint16_t)key, .version = version };
    return keeper_ask(keeper, arena, head, nothing, nothing, ANSWER_MAX, der, err);
}

bool keeper_certify(struct keeper *keeper, struct arena *arena, size_t key,
                    struct key_version *version, struct error *err)
{
    struct wire_dates dates = { version->made - CLOCK_SKEW, version->made + CERTIFICATE_DAYS * DAY };
    struct wire_head head = { .op = WIRE_CERTIFY, .key = (uint16_t)key,
                              .version = version->number };
    struct str body = { (const char *)&dates, sizeof dates };
    if (!keeper->uses[key]->certificate)
        return true;
    return keeper_ask(keeper, arena, head, (struct str){ 0 }, body, ANSWER_MAX,
                      &version->certificate, err);
}

bool keeper_drop(struct keeper *keeper, size_t key, int64_t version, struct error *err)
{
    struct arena arena = { 0 };
    struct str nothing = { 0 };
    struct wire_head head = { .op = WIRE_DROP, .key = (uint16_t)key, .version = version };
    bool ok = keeper_ask(keeper, &arena, head, nothing, nothing, ANSWER_MAX, &nothing, err);
    arena_free(&arena);
    return ok;
}

/* What services ask. The version is the caller's, or the active one. */

static bool choose(struct keeper *keeper, const char *name, int64_t wanted, size_t *place,
                   int64_t *version, struct error *err)
{
    if (!keeper_find(keeper, name, place, err))
        return false;
    *version = wanted;
    if (wanted)
        return true;
    const struct key_version *active = key_active(keeper_versions(keeper, name), instant_now());
    if (!active)
        return say(err, KEY_NOT_HELD, "%s", name);
    *version = active->number;
    return true;
}

bool keeper_seal(struct keeper *keeper, struct arena *arena, const char *key, struct str about,
                 struct str plain, struct str *sealed, struct error *err)
{
    size_t place;
    struct wire_head head = { .op = WIRE_SEAL, .argument = (uint32_t)about.len };
    if (!choose(keeper, key, 0, &place, &head.version, err))
        return false;
    head.key = (uint16_t)place;
    return keeper_ask(keeper, arena, head, about, plain, plain.len + SEAL_MORE, sealed, err);
}

bool keeper_unseal(struct keeper *keeper, struct arena *arena, const char *key, struct str about,
                   struct str sealed, struct str *plain, struct error *err)
{
    size_t place;
    struct wire_head head = { .op = WIRE_UNSEAL, .version = 1, .argument = (uint32_t)about.len };
    if (!keeper_find(keeper, key, &place, err))
        return false;
    head.key = (uint16_t)place;
    return keeper_ask(keeper, arena, head, about, sealed, sealed.len, plain, err);
}

bool keeper_sign(struct keeper *keeper, struct arena *arena, const char *key,
                 enum sign_scheme scheme, struct str data, struct str *signature, int64_t *version,
                 struct error *err)
{
    size_t place;
    struct wire_head head = { .op = WIRE_SIGN, .argument = (uint32_t)scheme };
    if (!choose(keeper, key, version ? *version : 0, &place, &head.version, err))
        return false;
    head.key = (uint16_t)place;
    if (version)
        *version = head.version;
    return keeper_ask(keeper, arena, head, (struct str){ 0 }, data, ANSWER_MAX, signature, err);
}

bool keeper_public_key(struct keeper *keeper, struct arena *arena, const char *key,
                       int64_t version, struct str *der, struct error *err)
{
    size_t place;
    int64_t chosen;
    if (!choose(keeper, key, version, &place, &chosen, err))
        return false;
    struct key_versions versions = keeper_versions(keeper, key);
    for (size_t i = 0; i < versions.len; i++) {
        if (versions.at[i].number != chosen || !versions.at[i].public_key.len)
            continue;
        *der = str_copy(arena, versions.at[i].public_key);
        return true;
    }
    return say(err, KEY_NOT_HELD, "%s.%lld", key, (long long)chosen);
}

bool keeper_public_keys(struct keeper *keeper, struct arena *arena, const char *key, instant now,
                        struct public_keys *keys, struct error *err)
{
    size_t place;
    *keys = (struct public_keys){ 0 };
    if (!keeper_find(keeper, key, &place, err))
        return false;
    struct key_versions versions = keeper_versions(keeper, key);
    for (size_t i = 0; i < versions.len; i++) {
        const struct key_version *version = &versions.at[i];
        enum key_state state = key_state_at(version, now);
        if (state == KEY_RETIRED || !version->public_key.len)
            continue;
        *list_add(arena, keys) = (struct public_key){
            .version = version->number,
            .state = state,
            .made = version->made,
            .since = version->since,
            .key = str_copy(arena, version->public_key),
            .certificate = str_copy(arena, version->certificate),
        };
    }
    return true;
}

static bool decrypt_by(struct keeper *keeper, struct arena *arena, size_t place, int64_t version,
                       enum decrypt_scheme scheme, struct str encrypted, struct str *plain,
                       struct error *err)
{
    struct wire_head head = { .op = WIRE_DECRYPT, .key = (uint16_t)place, .version = version,
                              .argument = (uint32_t)scheme };
    return keeper_ask(keeper, arena, head, (struct str){ 0 }, encrypted, ANSWER_MAX, plain, err);
}

bool keeper_decrypt(struct keeper *keeper, struct arena *arena, const char *key, int64_t version,
                    enum decrypt_scheme scheme, struct str encrypted, struct str *plain,
                    struct error *err)
{
    static const enum key_state order[] = { KEY_ACTIVE, KEY_PREVIOUS, KEY_NEXT };
    size_t place;
    instant now = instant_now();
    if (!keeper_find(keeper, key, &place, err))
        return false;
    if (version)
        return decrypt_by(keeper, arena, place, version, scheme, encrypted, plain, err);
    struct key_versions versions = keeper_versions(keeper, key);
    say(err, KEY_NOT_HELD, "%s", key);
    for (size_t i = 0; i < count_of(order); i++) {
        for (size_t j = versions.len; j-- > 0;) {
            const struct key_version *each = &versions.at[j];
            if (!each->held || key_state_at(each, now) != order[i])
                continue;
            if (decrypt_by(keeper, arena, place, each->number, scheme, encrypted, plain, err))
                return true;
            if (said(err) != KEY_NOT_FOR_US)
                return false;
        }
    }
    return false;
}

/* Many MACs */

static size_t mac_room(const struct mac_question *question)
{
    return sizeof(struct wire_mac) + key_fields_size(question->fields, question->count);
}

/* How many of the questions fit in one message, and how long that is. */
static size_t count_that_fit(const struct mac_question *questions, size_t count, size_t *room)
{
    size_t fit = 0;
    *room = sizeof(struct wire_head);
    for (; fit < count && fit < WIRE_MACS; fit++) {
        size_t more = mac_room(&questions[fit]);
        if (fit > 0 && *room + more > MESSAGE_MACS)
            break;
        *room += more;
    }
    return fit;
}

static bool put_question(struct keeper *keeper, const struct mac_question *question, char **at,
                         struct error *err)
{
    size_t place;
    struct wire_mac head = { .part = (uint8_t)question->part, .size = (uint8_t)question->size };
    if (!choose(keeper, question->key, question->version, &place, &head.version, err))
        return false;
    head.key = (uint16_t)place;
    head.fields = (uint32_t)key_fields_size(question->fields, question->count);
    memcpy(*at, &head, sizeof head);
    *at = key_fields(question->fields, question->count, *at + sizeof head);
    return true;
}

static bool ask_macs(struct keeper *keeper, struct arena *arena,
                     const struct mac_question *questions, size_t count, size_t room,
                     struct error *err)
{
    struct wire_head head = { .size = (uint32_t)room, .op = WIRE_MAC, .version = 1 };
    char *message = arena_alloc(arena, room), *at = message + sizeof head;
    size_t most = 0;
    struct str macs;
    if (room > WIRE_MAX)
        return fail_internal(err, "a message of %zu bytes is too long for the keeper", room);
    memcpy(message, &head, sizeof head);
    for (size_t i = 0; i < count; i++) {
        if (!put_question(keeper, &questions[i], &at, err))
            return false;
        most += questions[i].size;
    }
    if (!ask(keeper, arena, (struct str){ message, room }, most, &macs, err))
        return false;
    if (macs.len != most)
        return fail_internal(err, "the keeper answered %zu bytes of MACs, not %zu", macs.len, most);
    for (size_t i = 0; i < count; i++) {
        memcpy(questions[i].out, macs.at, questions[i].size);
        macs.at += questions[i].size;
    }
    return true;
}

bool keeper_macs(struct keeper *keeper, struct arena *arena, const struct mac_question *questions,
                 size_t count, struct error *err)
{
    while (count) {
        size_t room, fit = count_that_fit(questions, count, &room);
        if (!ask_macs(keeper, arena, questions, fit, room, err))
            return false;
        questions += fit;
        count -= fit;
    }
    return true;
}

struct one_mac {
    struct keeper *keeper;
    struct arena *arena;
    struct mac_question *question;
    bool ok;
    struct error *err;
};

static void ask_one_mac(void *with)
{
    struct one_mac *one = with;
    one->ok = keeper_macs(one->keeper, one->arena, one->question, 1, one->err);
}

bool keeper_mac256(struct keeper *keeper, const char *key, const struct str *fields, size_t count,
                   unsigned char out[static MAC256_BYTES], struct error *err)
{
    struct arena arena = { 0 };
    struct mac_question question = { .key = key, .fields = fields, .count = count,
                                     .size = MAC256_BYTES, .out = out };
    struct one_mac one = { keeper, &arena, &question, false, err };
    if (!memory_guard(&arena, ask_one_mac, &one))
        one.ok = fail_internal(err, "out of memory");
    arena_free(&arena);
    return one.ok;
}
