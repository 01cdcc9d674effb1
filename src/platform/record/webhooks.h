/* SPDX-License-Identifier: EUPL-1.2 */
/* Webhooks: a board, a vendor or an operator is told of events by a POST to an address of theirs, signed
 * by the convention of Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature). README.md
 * says what receivers may count on. */
#ifndef PLATFORM_WEBHOOKS_H
#define PLATFORM_WEBHOOKS_H

#include "base/list.h"
#include "platform/record/events.h"
#include "platform/record/jobs.h"
#include "platform/service.h"

#define WEBHOOK_KEY       "webhooks"       /* of the keeper: seals the secrets */
#define WEBHOOKS_JOB      "record.webhooks"
#define WEBHOOK_LIFE      (3 * DAY)        /* so long a delivery is tried */
#define WEBHOOK_OVERLAP   DAY              /* so long an old secret signs beside the new one */
#define WEBHOOK_ADDRESS   500              /* bytes of an address, at most */
#define WEBHOOKS_MOST     20               /* of one organisation */

struct webhook {
    struct str id;             /* 24 hex digits */
    struct str organisation;   /* whose events; empty: all, for operators */
    struct str address;
    struct str kinds;          /* kinds of events with blanks between; empty: all */
    bool active;
    struct str secret, old_secret; /* sealed; the old one may be empty */
    instant old_until;
    instant created;
    int64_t failures;          /* since the last success */
    instant not_before;        /* its receiver is left alone until then */
    int64_t delivered;
    instant last_delivered;    /* 0: never */
    int64_t waiting, failed;   /* deliveries, from webhook_list and webhook_find */
};
struct webhook_rows {
    list_of(struct webhook);
};

struct delivery {
    struct str webhook;
    int64_t number;            /* of the event; below 0: a test */
    struct str kind, subject;
    instant at;
    instant created;
    int64_t attempts;
    instant not_before;        /* the next try */
    bool failed;
    struct str reason;         /* why the last attempt failed; a catalogue text in English */
};
struct delivery_rows {
    list_of(struct delivery);
};

/* ---- Store ---- */

bool webhook_list(struct tx *tx, struct str organisation, bool all, struct webhook_rows *webhooks,
                  struct error *err);
/* Those that are on; without the counts of deliveries. */
bool webhook_list_active(struct tx *tx, struct webhook_rows *webhooks, struct error *err);
bool webhook_find(struct tx *tx, struct str id, struct webhook *webhook, bool *found,
                  struct error *err);
/* A new one, that is on; CONFLICT when its organisation has WEBHOOKS_MOST already. */
bool webhook_add(struct tx *tx, const struct webhook *webhook, struct error *err);
/* Before anything is done with one: keeps it as it is until the transaction ends, and lets it try again
 * at once. NOT_FOUND when it was removed meanwhile. */
bool webhook_hold(struct tx *tx, struct str id, struct error *err);
/* Each writes nothing but what it is called after, so that nobody's change undoes another's. */
bool webhook_put_target(struct tx *tx, const struct webhook *webhook, struct error *err);
bool webhook_put_active(struct tx *tx, const struct webhook *webhook, struct error *err);
/* The secret of before signs too until `old_until`; 0: no more. What waits is tried at once. */
bool webhook_put_secret(struct tx *tx, const struct webhook *webhook, struct error *err);
bool webhook_remove(struct tx *tx, struct str id, struct error *err);
/* Adds a delivery unless it is there. */
bool delivery_add(struct tx *tx, const struct delivery *delivery, struct error *err);
bool delivery_list(struct tx *tx, struct str webhook, int64_t limit, int64_t offset,
                   struct delivery_rows *deliveries, int64_t *total, struct error *err);
/* Deliveries that could go now, at most one of each webhook, the first of its numbers. */
bool delivery_due(struct tx *tx, instant now, int64_t limit, struct delivery_rows *due,
                  struct error *err);
/* ... and is there any, and no job that delivers yet? */
bool delivery_is_due(struct tx *tx, instant now, bool *is_due, struct error *err);
/* Tries again what failed, as if it were new: one number, or all with `all`. */
bool delivery_retry(struct tx *tx, struct str webhook, int64_t number, bool all, instant now,
                    struct error *err);

enum outcome {
    OUTCOME_DELIVERED,
    OUTCOME_REFUSED, /* the receiver answered, and does not want this one */
    OUTCOME_ILL,     /* no answer, or one that says that the receiver has trouble */
    OUTCOMES
};
/* Writes down how an attempt ended. After WEBHOOK_LIFE without a receipt a delivery has failed; where the
 * receiver is ill, so have all of its others that are as old. */
bool delivery_ended(struct tx *tx, const struct delivery *delivery, enum outcome outcome,
                    const char *reason, instant now, struct error *err);

/* ---- Rules ---- */

/* May this be an address: https, on a port that is allowed, without a user name or fragment? With
 * `anything` also http and any port. */
bool webhook_address_check(struct str address, bool anything, struct error *err);
/* Is this an address of the internet at large (not loopback, private, link-local, multicast...)? */
struct sockaddr;
bool address_is_public(const struct sockaddr *address);
/* May the webhook see the event, and does it want it? */
bool webhook_wants(const struct webhook *webhook, const struct event *event);

/* A new secret, "whsec_" and 32 random bytes in base64. */
struct str webhook_new_secret(struct arena *arena);
/* "v1," and the base64 of HMAC-SHA-256 with the secret over "id.timestamp.body". */
bool webhook_sign(struct arena *arena, struct str secret, struct str id, int64_t timestamp,
                  struct str body, struct str *signature, struct error *err);
bool webhook_seal(struct app *app, struct arena *arena, struct str id, struct str secret,
                  struct str *sealed, struct error *err);
bool webhook_unseal(struct app *app, struct arena *arena, struct str id, struct str sealed,
                    struct str *secret, struct error *err);
/* The message's id, the same on every attempt, and its body. */
struct str delivery_id(struct arena *arena, const struct delivery *delivery);
struct str delivery_body(struct arena *arena, const struct delivery *delivery);

/* How long to wait after this many failures. */
instant webhook_backoff(int64_t failures);

/* ---- Work ---- */

/* The follower that makes deliveries of events. */
bool webhooks_follow(struct app *app, struct tx *tx, const struct event *event,
                     struct error *err);
/* Adds the job that delivers when something is due; and the job. */
bool webhooks_wake(struct app *app, bool *added, struct error *err);
bool webhooks_job(struct app *app, struct arena *arena, const struct job *job, struct error *err);

/* For the key's entry in the descriptor (platform/keys/use.h). */
struct keeper;
bool webhooks_key_needs(struct tx *tx, struct keeper *keeper, int64_t version, int64_t *count,
                        struct error *err);
bool webhooks_key_renew(struct tx *tx, struct keeper *keeper, int64_t limit, int64_t *moved,
                        struct error *err);

#endif
