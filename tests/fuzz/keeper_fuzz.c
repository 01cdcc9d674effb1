/* SPDX-License-Identifier: EUPL-1.2 */
/* Whatever the server sends, the keeper answers with a message of the right form and length; a refusal
 * is one of its sentences; and what a valid question computes does not depend on what came before. */
#include "platform/keys/says.h"
#include "platform/keys/wire.h"
#include "base/list.h"
#include "tests/fuzz/fuzz.h"

#include <unistd.h>

static const char *const parts[] = { "one", "two", NULL };
static const struct key_use uses[] = {
    { .name = "sealing", .kind = KEY_SEAL },
    { .name = "deriving", .kind = KEY_MAC, .parts = parts, .rotates = true },
    { .name = "signing", .kind = KEY_SIGN_EC },
    { .name = "opening", .kind = KEY_DECRYPT_RSA, .bits = 2048 },
};
static const struct key_use *const all[] = { &uses[0], &uses[1], &uses[2], &uses[3] };

/* Its keys are made once, in a folder of its own; then it is ready, as a server's keeper is. */
static struct wire_state *given_keeper(void)
{
    static struct wire_state state;
    static struct arena arena;
    static char folder[] = "/tmp/fundament-fuzz-XXXXXX";
    struct fingerprint fingerprint;
    struct error err;
    if (state.vault)
        return &state;
    HOLDS(mkdtemp(folder));
    state.vault = vault_new(&arena, all, count_of(all), folder, NULL);
    for (size_t key = 0; key < count_of(all); key++)
        HOLDS(vault_load(state.vault, key, 1, ENGINE_FILE, MAKE, &fingerprint, &err));
    for (size_t key = 0; key < count_of(all); key++)
        HOLDS(unlink(str_format(&arena, "%s/%s.1.key", folder, uses[key].name).at) == 0);
    HOLDS(rmdir(folder) == 0);
    state.ready = true;
    return &state;
}

static struct str known_mac(struct wire_state *state, struct arena *arena)
{
    struct str body, field = STR("x");
    struct error err;
    char message[sizeof(struct wire_head) + sizeof(struct wire_mac) + 9];
    struct wire_head head = { .size = sizeof message, .op = WIRE_MAC, .version = 1 };
    struct wire_mac mac = { .key = 1, .part = 1, .size = 32, .fields = 9, .version = 1 };
    memcpy(message, &head, sizeof head);
    memcpy(message + sizeof head, &mac, sizeof mac);
    key_fields(&field, 1, message + sizeof head + sizeof mac);
    HOLDS(wire_take(wire_answer(state, arena, (struct str){ message, sizeof message }), &body, &err));
    HOLDS(body.len == 32);
    return body;
}

/* The lengths and the operation are made right, so that what lies behind them is reached. */
static void put_head(struct str *message, struct arena *arena)
{
    struct wire_head head;
    char *copy = arena_copy(arena, message->at, message->len);
    memcpy(&head, copy, sizeof head);
    head.size = (uint32_t)message->len;
    head.op %= WIRE_OPS + 1;
    head.key %= count_of(all) + 1;
    head.version = head.version % 3;
    head.zero = 0;
    memcpy(copy, &head, sizeof head);
    message->at = copy;
}

/* It would take away what the others are about. */
static bool drops(struct str message)
{
    struct wire_head head;
    if (message.len < sizeof head)
        return false;
    memcpy(&head, message.at, sizeof head);
    return head.op == WIRE_DROP;
}

FUZZ(arena, bytes)
{
    struct wire_state *state = given_keeper();
    if (drops(bytes))
        return;
    struct str before = known_mac(state, arena), body;
    struct error err = { 0 };
    struct str answer = wire_answer(state, arena, bytes);
    if (!wire_take(answer, &body, &err))
        HOLDS(err.kind != NO_ERROR && err.message);
    if (bytes.len >= sizeof(struct wire_head)) {
        put_head(&bytes, arena);
        if (!drops(bytes) && !wire_take(wire_answer(state, arena, bytes), &body, &err))
            HOLDS(err.kind != NO_ERROR && err.message && err.kind < ERROR_KINDS);
    }
    wire_take(bytes, &body, &err); /* what the server does with an answer */
    HOLDS(str_eq(before, known_mac(state, arena)));
}
