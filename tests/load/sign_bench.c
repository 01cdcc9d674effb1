/* SPDX-License-Identifier: EUPL-1.2 */
/* What asking the keeper costs a signature: sign-bench FOLDER [SECONDS [THREADS]]. In one thread, in turns,
 * the same text is signed by OpenSSL itself with a key of this process, and by the keeper in its own; then
 * by so many threads through the keeper. Prints, for es256, rs256 (2048 bits), ps256 and oaep, signatures
 * (decryptions) a second, and the microseconds of processor time that one takes, of both processes
 * together, which others on the machine do not change:
 *
 *     es256_plain=... es256_keeper=... es256_threads=... es256_plain_cpu=... es256_keeper_cpu=...
 */
#include "base/file.h"
#include "platform/keys/keeper.h"
#include "platform/service.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TURNS = 4, BITS = 2048, THREADS_MOST = 64 };

static const struct key_use uses[] = {
    { .name = "ec", .purpose = "", .kind = KEY_SIGN_EC },
    { .name = "rsa", .purpose = "", .kind = KEY_SIGN_RSA, .bits = BITS },
    { .name = "opens", .purpose = "", .kind = KEY_DECRYPT_RSA, .bits = BITS },
    { .name = NULL },
};
static const struct service user = { .name = "user", .title = "User", .keys = uses };
static const struct service *const services[] = { &platform_service, &keys_service, &user, NULL };
static const struct str text = { "as long as what is signed of an assertion: a few hundred bytes at most",
                                 71 };

static const struct kind {
    const char *name, *key;
    bool decrypts;
    enum sign_scheme scheme;
} kinds[] = {
    { "es256", "ec", false, SIGN_ES256 },
    { "rs256", "rsa", false, SIGN_RS256 },
    { "ps256", "rsa", false, SIGN_PS256 },
    { "oaep", "opens", true, 0 },
};

static _Noreturn void end(const char *why)
{
    fprintf(stderr, "sign-bench: %s\n", why);
    exit(1);
}

struct worker {
    struct app *app;
    const struct kind *kind;
    EVP_PKEY *pair;       /* signs here; NULL: the keeper does */
    struct str encrypted; /* for that pair, or for the keeper's */
    instant until;
    int64_t done;
};

static bool here(const struct worker *worker, struct arena *arena)
{
    size_t size = (size_t)EVP_PKEY_get_size(worker->pair);
    unsigned char *out = arena_alloc(arena, size);
    EVP_PKEY_CTX *how = NULL;
    bool ok;
    if (worker->kind->decrypts) {
        how = EVP_PKEY_CTX_new(worker->pair, NULL);
        ok = EVP_PKEY_decrypt_init(how) == 1
             && EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_OAEP_PADDING) == 1
             && EVP_PKEY_decrypt(how, out, &size, (const unsigned char *)worker->encrypted.at,
                                 worker->encrypted.len) == 1;
        EVP_PKEY_CTX_free(how);
        return ok;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ok = EVP_DigestSignInit(context, &how, EVP_sha256(), NULL, worker->pair) == 1
         && (worker->kind->scheme != SIGN_PS256
             || EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1)
         && EVP_DigestSign(context, out, &size, (const unsigned char *)text.at, text.len) == 1;
    EVP_MD_CTX_free(context);
    return ok;
}

static bool there(const struct worker *worker, struct arena *arena)
{
    struct str out;
    struct error err;
    return worker->kind->decrypts
               ? keeper_decrypt(worker->app->keeper, arena, worker->kind->key, 1,
                                OAEP_SHA1_MGF1_SHA1, worker->encrypted, &out, &err)
               : keeper_sign(worker->app->keeper, arena, worker->kind->key, worker->kind->scheme,
                             text, &out, NULL, &err);
}

static void *work(void *with)
{
    struct worker *worker = with;
    struct arena arena = { 0 };
    while (instant_now() < worker->until) {
        if (!(worker->pair ? here : there)(worker, &arena))
            end("an answer failed");
        worker->done++;
        arena_reset(&arena);
    }
    arena_free(&arena);
    return NULL;
}

static struct str encrypt_for(struct arena *arena, EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    size_t size = (size_t)EVP_PKEY_get_size(key);
    unsigned char *out = arena_alloc(arena, size);
    if (EVP_PKEY_encrypt_init(context) != 1
        || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) != 1
        || EVP_PKEY_encrypt(context, out, &size, (const unsigned char *)text.at, 32) != 1)
        end("encrypting");
    EVP_PKEY_CTX_free(context);
    return (struct str){ (const char *)out, size };
}

/* Seconds of the processor that this process and the keeper's took. */
static double processor(const struct app *app)
{
    clockid_t other;
    struct timespec own, keeper;
    if (clock_getcpuclockid(keeper_process(app->keeper), &other) != 0
        || clock_gettime(other, &keeper) < 0
        || clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own) < 0)
        end("the processes' clocks");
    return (double)(own.tv_sec + keeper.tv_sec) + 1e-9 * (double)(own.tv_nsec + keeper.tv_nsec);
}

struct measured {
    double rate, each; /* a second; microseconds of the processor */
};

static struct measured measure(struct app *app, const struct kind *kind, EVP_PKEY *pair,
                      struct str encrypted, double seconds, int threads)
{
    struct worker workers[THREADS_MOST];
    pthread_t ids[THREADS_MOST];
    instant from = instant_now();
    int64_t done = 0;
    double before = processor(app);
    for (int i = 0; i < threads; i++) {
        workers[i] = (struct worker){ app, kind, pair, encrypted,
                                      from + (instant)(seconds * SECOND), 0 };
        if (pthread_create(&ids[i], NULL, work, &workers[i]) != 0)
            end("no thread");
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        done += workers[i].done;
    }
    return (struct measured){ (double)done * SECOND / (double)(instant_now() - from),
                              (processor(app) - before) * 1e6 / (double)(done ? done : 1) };
}

static void add_turn(struct measured *sum, struct measured turn)
{
    sum->rate += turn.rate / TURNS;
    sum->each += turn.each / TURNS;
}

static void compare(struct app *app, const struct kind *kind, double seconds, int threads)
{
    struct arena arena = { 0 };
    struct error err;
    struct str der, ours = { 0 }, theirs = { 0 };
    EVP_PKEY *pair = strcmp(kind->key, "ec") == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(BITS);
    struct measured plain = { 0 }, keeper = { 0 }, all;
    if (kind->decrypts) {
        if (!keeper_public_key(app->keeper, &arena, kind->key, 1, &der, &err))
            end(err.message);
        const unsigned char *at = (const unsigned char *)der.at;
        EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der.len);
        theirs = encrypt_for(&arena, key);
        ours = encrypt_for(&arena, pair);
        EVP_PKEY_free(key);
    }
    for (int turn = 0; turn < TURNS; turn++) {
        add_turn(&plain, measure(app, kind, pair, ours, seconds / TURNS, 1));
        add_turn(&keeper, measure(app, kind, NULL, theirs, seconds / TURNS, 1));
    }
    all = measure(app, kind, NULL, theirs, seconds, threads);
    const char *name = kind->name;
    printf("%s_plain=%.0f %s_keeper=%.0f %s_threads=%.0f %s_plain_cpu=%.1f %s_keeper_cpu=%.1f\n", name,
           plain.rate, name, keeper.rate, name, all.rate, name, plain.each, name, keeper.each);
    EVP_PKEY_free(pair);
    arena_free(&arena);
}

int main(int argc, char **argv)
{
    struct arena arena = { 0 };
    struct app app;
    struct error err;
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 2;
    int threads = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 4;
    if (argc < 2 || threads < 1 || threads > THREADS_MOST)
        end("usage: sign-bench FOLDER [SECONDS [THREADS]]");
    if (!app_open_to_serve(&arena, argv[1], services, &app, &err))
        end(err.message);
    for (size_t i = 0; i < count_of(kinds); i++)
        compare(&app, &kinds[i], seconds, threads);
    app_close(&app);
    arena_free(&arena);
    return 0;
}
