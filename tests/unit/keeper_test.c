/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/keeper.h"

#include "base/file.h"
#include "base/log.h"
#include "platform/keys/key_file.h"
#include "platform/keys/registry.h"
#include "platform/keys/wire.h"
#include "platform/service.h"
#include "tests/test.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const char *const parts[] = { "first part", "second part", NULL };
static const struct key_use uses[] = {
    { .name = "sealing", .purpose = "", .kind = KEY_SEAL },
    { .name = "marking", .purpose = "", .kind = KEY_MAC },
    { .name = "deriving", .purpose = "", .kind = KEY_MAC, .parts = parts, .rotates = true },
    { .name = "signing", .purpose = "", .kind = KEY_SIGN_EC },
    { .name = "signing-rsa", .purpose = "", .kind = KEY_SIGN_RSA },
    { .name = NULL },
};
static const struct service user = { .name = "user", .title = "User", .keys = uses };
static const struct service *const services[] = { &platform_service, &keys_service, &user, NULL };

static struct app *given_app(struct test *t, bool apart)
{
    struct app *app = arena_new(t->arena, struct app);
    struct error err;
    struct str text = str_format(t->arena, "sandbox = no\nlog.level = error\ndatabase = %.*s\n",
                                 FMT(t->db_url.len ? t->db_url : STR("sqlite:fundament.db")));
    CHECK_OK(file_write(str_format(t->arena, "%s/fundament.conf", t->folder).at, text, 0600, &err),
             err);
    bool opened = apart ? app_open_to_serve(t->arena, t->folder, services, app, &err)
                        : app_open(t->arena, t->folder, services, true, app, &err);
    CHECK_OK(opened, err);
    return app;
}

static struct str mac_of(struct test *t, struct app *app, const char *key, unsigned part,
                         struct str field)
{
    struct error err;
    unsigned char *out = arena_alloc(t->arena, MAC512_BYTES);
    struct mac_question question = { .key = key, .part = part, .fields = &field, .count = 1,
                                     .size = MAC512_BYTES, .out = out };
    CHECK_OK(keeper_macs(app->keeper, t->arena, &question, 1, &err), err);
    return (struct str){ (const char *)out, MAC512_BYTES };
}

TEST(a_keeper_apart_answers_as_one_in_the_process_does)
{
    struct app *here = given_app(t, false);
    struct str mac = mac_of(t, here, "marking", 0, STR("x"));
    struct str derived = mac_of(t, here, "deriving", 1, STR("x")), sealed, plain;
    struct error err;
    CHECK_OK(keeper_seal(here->keeper, t->arena, "sealing", STR("about"), STR("secret"), &sealed,
                         &err),
             err);
    app_close(here);
    struct app *apart = given_app(t, true);
    CHECK(keeper_process(apart->keeper) > 0);
    CHECK_STR(mac_of(t, apart, "marking", 0, STR("x")), mac);
    CHECK_STR(mac_of(t, apart, "deriving", 1, STR("x")), derived);
    CHECK_OK(keeper_unseal(apart->keeper, t->arena, "sealing", STR("about"), sealed, &plain, &err),
             err);
    CHECK_STR(plain, STR("secret"));
    CHECK(!keeper_unseal(apart->keeper, t->arena, "sealing", STR("else"), sealed, &plain, &err));
    app_close(apart);
}

TEST(the_parts_of_a_key_and_its_two_sizes_differ)
{
    struct app *app = given_app(t, false);
    struct str one = mac_of(t, app, "deriving", 0, STR("x"));
    struct str other = mac_of(t, app, "deriving", 1, STR("x"));
    CHECK(!str_eq(one, other));
    CHECK(!str_eq(one, mac_of(t, app, "marking", 0, STR("x"))));
    app_close(app);
}

TEST(a_key_does_what_its_kind_says_and_nothing_else)
{
    struct app *app = given_app(t, true);
    struct str field = STR("x"), out;
    unsigned char mac[MAC256_BYTES];
    struct error err;
    struct mac_question no_part = { .key = "deriving", .part = 2, .fields = &field, .count = 1,
                                    .size = MAC256_BYTES, .out = mac };
    CHECK(!keeper_mac256(app->keeper, "sealing", &field, 1, mac, &err));
    CHECK(!keeper_seal(app->keeper, t->arena, "marking", STR(""), field, &out, &err));
    CHECK(!keeper_sign(app->keeper, t->arena, "signing", SIGN_RS256, field, &out, NULL, &err));
    CHECK(!keeper_public_key(app->keeper, t->arena, "marking", 1, &out, &err));
    CHECK(!keeper_mac256(app->keeper, "unheard-of", &field, 1, mac, &err));
    CHECK(!keeper_macs(app->keeper, t->arena, &no_part, 1, &err));
    app_close(app);
}

TEST(thousands_of_macs_and_megabytes_of_sealing_go_through_the_channels)
{
    enum { MANY = 9000 };
    struct app *app = given_app(t, true);
    struct error err;
    struct mac_question *questions = arena_array(t->arena, struct mac_question, MANY);
    struct str *fields = arena_array(t->arena, struct str, MANY);
    unsigned char (*macs)[MAC256_BYTES] = arena_alloc(t->arena, (size_t)MANY * MAC256_BYTES);
    for (int i = 0; i < MANY; i++) {
        fields[i] = str_format(t->arena, "%d", i);
        questions[i] = (struct mac_question){ .key = "marking", .fields = &fields[i], .count = 1,
                                              .size = MAC256_BYTES, .out = macs[i] };
    }
    CHECK_OK(keeper_macs(app->keeper, t->arena, questions, MANY, &err), err);
    for (int i = 0; i < MANY; i += 1777) {
        unsigned char alone[MAC256_BYTES];
        CHECK_OK(keeper_mac256(app->keeper, "marking", &fields[i], 1, alone, &err), err);
        CHECK(memcmp(alone, macs[i], sizeof alone) == 0);
    }
    struct str large = { arena_alloc(t->arena, 3000000), 3000000 }, sealed, plain;
    CHECK_OK(keeper_seal(app->keeper, t->arena, "sealing", STR("a"), large, &sealed, &err), err);
    CHECK_OK(keeper_unseal(app->keeper, t->arena, "sealing", STR("a"), sealed, &plain, &err), err);
    CHECK_STR(plain, large);
    large.len = WIRE_MAX;
    CHECK(!keeper_seal(app->keeper, t->arena, "sealing", STR("a"), large, &sealed, &err));
    app_close(app);
}

struct asker {
    struct test *t;
    struct app *app;
    pthread_t thread;
    bool ok;
};

static void *ask_much(void *with)
{
    struct asker *asker = with;
    struct error err;
    asker->ok = true;
    for (int i = 0; i < 200; i++) {
        char text[32];
        unsigned char out[MAC256_BYTES], again[MAC256_BYTES];
        snprintf(text, sizeof text, "%p %d", with, i);
        struct str field = str_of(text);
        asker->ok = asker->ok && keeper_mac256(asker->app->keeper, "marking", &field, 1, out, &err)
                    && keeper_mac256(asker->app->keeper, "marking", &field, 1, again, &err)
                    && memcmp(out, again, sizeof out) == 0;
    }
    return NULL;
}

TEST(many_threads_ask_at_once_and_each_gets_its_own_answer)
{
    struct app *app = given_app(t, true);
    struct asker askers[24];
    for (size_t i = 0; i < 24; i++) {
        askers[i] = (struct asker){ .t = t, .app = app };
        CHECK(pthread_create(&askers[i].thread, NULL, ask_much, &askers[i]) == 0);
    }
    for (size_t i = 0; i < 24; i++) {
        pthread_join(askers[i].thread, NULL);
        CHECK(askers[i].ok);
    }
    app_close(app);
}

TEST(a_keeper_that_ended_is_noticed_and_every_question_is_answered_with_unavailable)
{
    struct app *app = given_app(t, true);
    struct str sealed;
    struct error err;
    CHECK(keeper_lives(app->keeper));
    CHECK(kill(keeper_process(app->keeper), SIGKILL) == 0);
    for (int i = 0; keeper_lives(app->keeper) && i < 1000; i++)
        usleep(5000);
    CHECK(!keeper_lives(app->keeper));
    CHECK(!keeper_seal(app->keeper, t->arena, "sealing", STR("a"), STR("b"), &sealed, &err));
    CHECK_INT(err.kind, UNAVAILABLE);
    CHECK(err.retry_after > 0);
    app_close(app);
}

TEST_DB(a_sealed_value_tells_its_version_and_one_of_version_1_is_as_it_was_before)
{
    struct app *app = given_app(t, false);
    struct key *key;
    struct str first, second, plain;
    int64_t number;
    instant from;
    struct error err;
    CHECK_OK(keeper_seal(app->keeper, t->arena, "sealing", STR("a"), STR("b"), &first, &err), err);
    CHECK_OK(key_load(str_format(t->arena, "%s/keys", t->folder).at, "other", true, &key, &err), err);
    CHECK_INT(first.len, 12 + 1 + 16); /* nonce, text, tag */
    CHECK_OK(registry_add(app->keeper, "sealing", ENGINE_FILE, &number, &err), err);
    CHECK_OK(registry_rotate(app->keeper, "sealing", NULL, &number, &from, &err), err);
    CHECK_OK(keeper_seal(app->keeper, t->arena, "sealing", STR("a"), STR("b"), &second, &err), err);
    CHECK_INT(second.len, first.len); /* not yet: it was only written */
    usleep((useconds_t)(from - instant_now()));
    CHECK_OK(keeper_seal(app->keeper, t->arena, "sealing", STR("a"), STR("b"), &second, &err), err);
    CHECK_INT(second.len, SEAL_MARK + first.len);
    CHECK_OK(keeper_unseal(app->keeper, t->arena, "sealing", STR("a"), second, &plain, &err), err);
    CHECK_OK(keeper_unseal(app->keeper, t->arena, "sealing", STR("a"), first, &plain, &err), err);
    key_free(key);
    app_close(app);
}

/* As when a node is restored from an old backup. */
TEST_DB(a_key_file_of_another_installation_is_refused_at_the_start)
{
    struct app *app = given_app(t, false), again;
    struct secret secret = { .len = KEY_BYTES, .bytes = { 7 } };
    struct error err;
    struct str folder = str_format(t->arena, "%s/keys", t->folder);
    struct str file = str_format(t->arena, "%s/marking.1.key", folder.at);
    app_close(app);
    CHECK(unlink(file.at) == 0);
    CHECK_OK(key_file_make(folder.at, file.at, "marking", &secret, &err), err);
    CHECK(!app_open(t->arena, t->folder, services, false, &again, &err));
    CHECK_INT(err.kind, CONFLICT);
    CHECK_STR(str_of(err.subject), STR("marking.1"));
    CHECK(unlink(file.at) == 0);
    CHECK(!app_open(t->arena, t->folder, services, false, &again, &err));
    CHECK(strstr(err.message, "missing"));
    CHECK(!file_exists(file.at));
}

static const struct statement count_deeds = SQL(
    "SELECT COUNT(*) FROM audit WHERE what LIKE 'key.%' AND subject = 'key:marking.1'");

static bool read_count(struct tx *tx, void *with, struct error *err)
{
    return db_number(tx, &count_deeds, NO_ARGS, 0, with, err);
}

TEST_DB(a_key_is_made_once_and_that_is_audited)
{
    struct app *app = given_app(t, false);
    struct error err;
    int64_t count = 0;
    app_close(app);
    app = given_app(t, false);
    CHECK_OK(db_read(app->db, t->arena, read_count, &count, &err), err);
    CHECK_INT(count, 1);
    app_close(app);
}

TEST(no_message_makes_the_keeper_do_what_it_should_not)
{
    const struct key_use *all[] = { &uses[0], &uses[1] };
    struct wire_state state = {
        .vault = vault_new(t->arena, all, 2, t->folder, NULL),
    };
    struct wire_head head = { .op = WIRE_LOAD, .key = 1, .version = 1, .argument = MAKE << 8 };
    struct str body, message = { (const char *)&head, sizeof head };
    struct error err;
    head.size = sizeof head;
    CHECK_OK(wire_take(wire_answer(&state, t->arena, message), &body, &err), err);
    head.key = 2;
    CHECK(!wire_take(wire_answer(&state, t->arena, message), &body, &err));
    head.key = 1;
    head.version = 0;
    CHECK(!wire_take(wire_answer(&state, t->arena, message), &body, &err));
    head.version = 2;
    head.size++;
    CHECK(!wire_take(wire_answer(&state, t->arena, message), &body, &err));
    head.size--;
    state.ready = true;
    CHECK(!wire_take(wire_answer(&state, t->arena, message), &body, &err)); /* nothing is made now */
    head.op = WIRE_OPS;
    CHECK(!wire_take(wire_answer(&state, t->arena, message), &body, &err));
    vault_free(state.vault);
}
