/* SPDX-License-Identifier: EUPL-1.2 */
/* Delivering: one job of the whole cluster, which has many deliveries under way in one thread, at most one
 * of each webhook. So a receiver that is slow or dead holds up nobody else, and a webhook's deliveries
 * go out in the order of their numbers. */
#include "base/log.h"
#include "platform/record/webhooks.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLIGHTS         64
#define CONNECT_MS      5000L
#define TOTAL_MS        15000L
#define ANSWER_BYTES    ((size_t)64 * 1024) /* of an answer is read; only its status counts */
#define LOOK_EVERY      SECOND
#define EXTEND_EVERY    (15 * SECOND)
#define POLL_MS         100

struct flight {
    struct arena arena; /* holds the delivery and the texts */
    CURL *easy;         /* NULL: free */
    struct curl_slist *headers;
    struct delivery delivery;
    size_t got;
    bool inner;         /* the address led to a network that is not public */
    const struct sending *sending;
};

struct sending {
    struct app *app;
    const struct job *job;
    struct arena *scratch;
    CURLM *multi;
    const char *ca;
    bool allow_private;
    size_t flying;
    instant looked, extended;
    struct flight flights[FLIGHTS];
};

/* ---- Called by libcurl ---- */

static curl_socket_t open_socket(void *with, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct flight *flight = with;
    (void)purpose;
    if (!flight->sending->allow_private && !address_is_public(&address->addr)) {
        flight->inner = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t read_answer(char *bytes, size_t size, size_t count, void *with)
{
    struct flight *flight = with;
    (void)bytes;
    flight->got += size * count;
    return flight->got > ANSWER_BYTES ? 0 : size * count; /* 0 ends the transfer */
}

/* ---- Setting out ---- */

static bool sign(struct flight *flight, const struct webhook *webhook, struct str body,
                 struct str *signatures, instant now, struct error *err)
{
    struct app *app = flight->sending->app;
    struct arena *arena = &flight->arena;
    struct error ignored;
    struct str secret, old = { 0 }, id = delivery_id(arena, &flight->delivery);
    int64_t seconds = now / SECOND;
    if (!webhook_unseal(app, arena, webhook->id, webhook->secret, &secret, err)
        || !webhook_sign(arena, secret, id, seconds, body, signatures, err))
        return false;
    if (!webhook->old_secret.len || webhook->old_until <= now)
        return true;
    /* Without the old one the receiver has the new one's signature still. */
    if (!webhook_unseal(app, arena, webhook->id, webhook->old_secret, &secret, &ignored)
        || !webhook_sign(arena, secret, id, seconds, body, &old, &ignored))
        return true;
    *signatures = str_format(arena, "%.*s %.*s", FMT(*signatures), FMT(old));
    return true;
}

static void add_header(struct flight *flight, const char *name, struct str value)
{
    struct curl_slist *more = curl_slist_append(
        flight->headers, str_format(&flight->arena, "%s: %.*s", name, FMT(value)).at);
    flight->headers = more ? more : flight->headers;
}

static void dress(struct flight *flight, const char *address, struct str body)
{
    CURL *easy = flight->easy;
    const struct sending *sending = flight->sending;
    curl_easy_setopt(easy, CURLOPT_URL, address);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, sending->allow_private ? "http,https" : "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TOTAL_MS);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (sending->ca) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, sending->ca);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, flight);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, read_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, flight);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, flight);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.at);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, flight->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Fundament");
}

static void land(struct sending *sending, struct flight *flight)
{
    curl_multi_remove_handle(sending->multi, flight->easy);
    curl_easy_cleanup(flight->easy);
    curl_slist_free_all(flight->headers);
    arena_free(&flight->arena);
    *flight = (struct flight){ 0 };
    sending->flying--;
}

/* False: this webhook's secret does not open. */
static bool set_out(struct sending *sending, struct flight *flight, const struct webhook *webhook,
                    const struct delivery *delivery, struct error *err)
{
    instant now = instant_now();
    struct str signatures;
    *flight = (struct flight){ .delivery = *delivery, .sending = sending };
    struct arena *arena = &flight->arena;
    flight->delivery.webhook = str_copy(arena, delivery->webhook);
    flight->delivery.kind = str_copy(arena, delivery->kind);
    flight->delivery.subject = str_copy(arena, delivery->subject);
    struct str body = delivery_body(arena, &flight->delivery);
    if (!sign(flight, webhook, body, &signatures, now, err)) {
        arena_free(arena);
        return false;
    }
    flight->easy = curl_easy_init();
    if (!flight->easy) {
        arena_free(arena);
        arena_exhausted(sending->scratch);
    }
    add_header(flight, "Content-Type", STR("application/json"));
    add_header(flight, "webhook-id", delivery_id(arena, &flight->delivery));
    add_header(flight, "webhook-timestamp", str_format(arena, "%lld", (long long)(now / SECOND)));
    add_header(flight, "webhook-signature", signatures);
    add_header(flight, "Expect", STR(""));
    dress(flight, str_c(arena, webhook->address), body);
    sending->flying++;
    curl_multi_add_handle(sending->multi, flight->easy);
    return true;
}

/* ---- Looking for work ---- */

struct due {
    instant now;
    struct delivery_rows deliveries;
    struct webhook webhooks[FLIGHTS];
};

static bool do_load(struct tx *tx, void *with, struct error *err)
{
    struct due *due = with;
    bool found = true;
    if (!delivery_due(tx, due->now, FLIGHTS, &due->deliveries, err))
        return false;
    for (size_t i = 0; i < due->deliveries.len; i++)
        if (!webhook_find(tx, due->deliveries.at[i].webhook, &due->webhooks[i], &found, err)
            || !found)
            return found ? false : fail_internal(err, "a delivery without its webhook");
    return true;
}

static struct flight *free_flight(struct sending *sending, struct str webhook)
{
    struct flight *place = NULL;
    for (size_t i = 0; i < FLIGHTS; i++) {
        struct flight *flight = &sending->flights[i];
        if (!flight->easy)
            place = flight;
        else if (str_eq(flight->delivery.webhook, webhook))
            return NULL; /* one at a time */
    }
    return place;
}

/* ---- Coming home ---- */

struct ending {
    const struct delivery *delivery;
    enum outcome outcome;
    const char *reason; /* a word that the page knows; or "status 503" */
};

static bool do_end(struct tx *tx, void *with, struct error *err)
{
    const struct ending *ending = with;
    return delivery_ended(tx, ending->delivery, ending->outcome, ending->reason, instant_now(),
                          err);
}

static const char *trouble(const struct flight *flight, CURLcode result)
{
    static const struct {
        CURLcode result;
        const char *word;
    } words[] = {
        { CURLE_OPERATION_TIMEDOUT, "timeout" },  { CURLE_COULDNT_RESOLVE_HOST, "name" },
        { CURLE_COULDNT_CONNECT, "connection" },  { CURLE_PEER_FAILED_VERIFICATION, "certificate" },
        { CURLE_SSL_CONNECT_ERROR, "certificate" }, { CURLE_SSL_CACERT_BADFILE, "ca" },
    };
    if (flight->inner)
        return "inner";
    for (size_t i = 0; i < count_of(words); i++)
        if (words[i].result == result)
            return words[i].word;
    return "broken";
}

/* A receiver that answers so may well want the next one. */
static bool is_refusal(long status)
{
    return status >= 300 && status < 500 && status != 408 && status != 425 && status != 429;
}

static struct ending judge(struct arena *arena, const struct flight *flight, CURLcode result)
{
    struct ending ending = { .delivery = &flight->delivery, .outcome = OUTCOME_ILL };
    long status = 0;
    curl_easy_getinfo(flight->easy, CURLINFO_RESPONSE_CODE, &status);
    bool cut = result == CURLE_WRITE_ERROR && flight->got > ANSWER_BYTES;
    if (result != CURLE_OK && !cut) {
        ending.reason = trouble(flight, result);
    } else if (status >= 200 && status < 300) {
        ending.outcome = OUTCOME_DELIVERED;
    } else {
        ending.outcome = is_refusal(status) ? OUTCOME_REFUSED : OUTCOME_ILL;
        ending.reason = str_format(arena, "status %ld", status).at;
    }
    return ending;
}

static bool come_home(struct sending *sending, struct error *err)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(sending->multi, &left))) {
        struct flight *flight = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&flight);
        struct ending ending = judge(sending->scratch, flight, message->data.result);
        bool ok = db_write(sending->app->db, sending->scratch, do_end, &ending, err);
        land(sending, flight);
        arena_reset(sending->scratch);
        sending->looked = 0; /* it may have more */
        if (!ok)
            return false;
    }
    return true;
}

/* ---- Setting out all that is due ---- */

/* One that cannot be signed waits like one whose receiver is ill, and all others go. */
static bool stay_home(struct sending *sending, const struct delivery *delivery, struct error *err)
{
    struct ending ending = { delivery, OUTCOME_ILL, "secret" };
    log_failure("webhook-secret", err);
    return db_write(sending->app->db, sending->scratch, do_end, &ending, err);
}

static bool look(struct sending *sending, struct error *err)
{
    struct due *due = arena_new(sending->scratch, struct due);
    due->now = instant_now();
    if (!db_read(sending->app->db, sending->scratch, do_load, due, err))
        return false;
    for (size_t i = 0; i < due->deliveries.len; i++) {
        const struct delivery *delivery = &due->deliveries.at[i];
        struct flight *flight = free_flight(sending, delivery->webhook);
        if (flight && !set_out(sending, flight, &due->webhooks[i], delivery, err)
            && !stay_home(sending, delivery, err))
            return false;
    }
    sending->looked = instant_monotonic();
    arena_reset(sending->scratch);
    return true;
}

/* ---- The job ---- */

static bool keep_lease(struct sending *sending, struct error *err)
{
    instant now = instant_monotonic();
    if (jobs_are_leaving(sending->app))
        return fail(err, UNAVAILABLE, NULL, N_("This node is stopping; another one goes on."));
    if (now - sending->extended < EXTEND_EVERY)
        return true;
    sending->extended = now;
    return job_extend(sending->app, sending->scratch, sending->job, err);
}

/* Until nothing is under way and nothing is due. */
static bool send_all(struct sending *sending, struct error *err)
{
    int running;
    do {
        if (!keep_lease(sending, err))
            return false;
        if (instant_monotonic() - sending->looked >= LOOK_EVERY && !look(sending, err))
            return false;
        curl_multi_perform(sending->multi, &running);
        if (!come_home(sending, err))
            return false;
        if (sending->flying && sending->looked)
            curl_multi_poll(sending->multi, NULL, 0, POLL_MS, NULL);
    } while (sending->flying || !sending->looked);
    return true;
}

static void abandon(void *with)
{
    struct sending *sending = with;
    for (size_t i = 0; i < FLIGHTS; i++)
        if (sending->flights[i].easy)
            land(sending, &sending->flights[i]);
    curl_multi_cleanup(sending->multi);
}

bool webhooks_job(struct app *app, struct arena *arena, const struct job *job, struct error *err)
{
    struct sending *sending = arena_new(arena, struct sending);
    struct str ca = config_text(app->config, "webhooks.ca");
    *sending = (struct sending){ .app = app,
                                 .job = job,
                                 .scratch = arena_within(arena),
                                 .multi = curl_multi_init(),
                                 .extended = instant_monotonic(),
                                 .allow_private = config_flag(app->config, "webhooks.allow_private") };
    if (!sending->multi)
        arena_exhausted(arena);
    arena_defer(arena, abandon, sending);
    if (ca.len)
        sending->ca = config_path(app->config, arena, str_c(arena, ca));
    return send_all(sending, err);
}

/* ---- Follower and waking ---- */

bool webhooks_follow(struct app *app, struct tx *tx, const struct event *event, struct error *err)
{
    struct webhook_rows webhooks;
    (void)app;
    if (!webhook_list_active(tx, &webhooks, err))
        return false;
    for (size_t i = 0; i < webhooks.len; i++) {
        const struct delivery delivery = { .webhook = webhooks.at[i].id,
                                           .number = event->number,
                                           .kind = event->kind,
                                           .subject = event->subject,
                                           .at = event->at,
                                           .created = instant_now() };
        if (webhook_wants(&webhooks.at[i], event) && !delivery_add(tx, &delivery, err))
            return false;
    }
    return true;
}

static bool do_look(struct tx *tx, void *with, struct error *err)
{
    return delivery_is_due(tx, instant_now(), with, err);
}

static bool do_add_job(struct tx *tx, void *with, struct error *err)
{
    (void)with;
    return job_add_once(tx, STR(WEBHOOKS_JOB), WEBHOOKS_JOB, STR(""), err);
}

bool webhooks_wake(struct app *app, bool *added, struct error *err)
{
    struct arena arena = { 0 };
    bool is_due = false;
    bool ok = db_read(app->db, &arena, do_look, &is_due, err)
           && (!is_due || db_write(app->db, &arena, do_add_job, NULL, err));
    *added = ok && is_due;
    arena_free(&arena);
    return ok;
}
