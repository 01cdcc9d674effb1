/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/record/webhooks.h"
#include "base/list.h"
#include "platform/keys/reseal.h"

#define COLUMNS                                                                                    \
    "SELECT w.id, w.organisation, w.address, w.kinds, w.active, w.secret, w.old_secret,"           \
    " w.old_until, w.created, w.failures, w.not_before, w.delivered, w.last_delivered,"            \
    " (SELECT COUNT(*) FROM webhook_delivery d WHERE d.webhook = w.id AND d.state = 'waiting'),"   \
    " (SELECT COUNT(*) FROM webhook_delivery d WHERE d.webhook = w.id AND d.state = 'failed')"     \
    "  FROM webhook w"

static const struct statement list_all = SQL(COLUMNS " ORDER BY w.created, w.id");
/* For the follower, once per event: without counting. */
static const struct statement list_active = SQL(
    "SELECT id, organisation, address, kinds, active, secret, old_secret, old_until, created,"
    " failures, not_before, delivered, last_delivered, 0, 0 FROM webhook WHERE active = 1");
static const struct statement list_of_one = SQL(
    COLUMNS " WHERE w.organisation = $1 ORDER BY w.created, w.id");
static const struct statement find_one = SQL(COLUMNS " WHERE w.id = $1");

static const struct statement add = SQL(
    "INSERT INTO webhook (id, organisation, address, kinds, active, secret, old_secret, old_until,"
    " created, failures, not_before, delivered, last_delivered)"
    " VALUES ($1, $2, $3, $4, 1, $5, $6, 0, $7, 0, 0, 0, 0)");
static const struct statement count_of_one = SQL(
    "SELECT COUNT(*) FROM webhook WHERE organisation = $1");
static const struct statement put_target = SQL(
    "UPDATE webhook SET address = $2, kinds = $3 WHERE id = $1");
static const struct statement put_active = SQL("UPDATE webhook SET active = $2 WHERE id = $1");
static const struct statement put_secret = SQL(
    "UPDATE webhook SET old_secret = secret, old_until = $3, secret = $2 WHERE id = $1");
static const struct statement hurry = SQL(
    "UPDATE webhook_delivery SET not_before = 0 WHERE webhook = $1 AND state = 'waiting'");
static const struct statement drop_old_secret = SQL(
    "UPDATE webhook SET old_secret = $2, old_until = 0 WHERE id = $1");

static const struct statement remove_deliveries = SQL(
    "DELETE FROM webhook_delivery WHERE webhook = $1");
static const struct statement remove_one = SQL("DELETE FROM webhook WHERE id = $1");

static const struct statement add_delivery = SQL(
    "INSERT INTO webhook_delivery (webhook, number, kind, subject, at, state, created, attempts,"
    " not_before, reason) VALUES ($1, $2, $3, $4, $5, 'waiting', $6, 0, 0, '')"
    " ON CONFLICT (webhook, number) DO NOTHING");

#define DELIVERY                                                                                   \
    "SELECT d.webhook, d.number, d.kind, d.subject, d.at, d.created, d.attempts, d.not_before,"    \
    " CASE WHEN d.state = 'failed' THEN 1 ELSE 0 END, d.reason FROM webhook_delivery d"

static const struct statement list_deliveries = SQL(
    DELIVERY " WHERE d.webhook = $1 ORDER BY d.number DESC LIMIT $2 OFFSET $3");
static const struct statement count_deliveries = SQL(
    "SELECT COUNT(*) FROM webhook_delivery WHERE webhook = $1");

/* What could go now; of a webhook that is off or whose receiver is ill, nothing. */
#define COULD_GO                                                                                   \
    " d.state = 'waiting' AND d.not_before <= $1 AND EXISTS (SELECT 1 FROM webhook w"              \
    " WHERE w.id = d.webhook AND w.active = 1 AND w.not_before <= $1)"

static const struct statement list_due = SQL(
    DELIVERY " WHERE" COULD_GO " AND d.number = (SELECT MIN(e.number) FROM webhook_delivery e"
    " WHERE e.webhook = d.webhook AND e.state = 'waiting' AND e.not_before <= $1)"
    " ORDER BY d.created LIMIT $2");
/* Nothing, while the job that delivers exists. */
static const struct statement count_due = SQL(
    "SELECT COUNT(*) FROM (SELECT 1 FROM webhook_delivery d WHERE" COULD_GO
    " AND NOT EXISTS (SELECT 1 FROM job WHERE id = '" WEBHOOKS_JOB "') LIMIT 1) AS one");

static const struct statement retry_one = SQL(
    "UPDATE webhook_delivery SET state = 'waiting', created = $2, attempts = 0, not_before = 0"
    " WHERE webhook = $1 AND number = $3");
static const struct statement retry_all = SQL(
    "UPDATE webhook_delivery SET state = 'waiting', created = $2, attempts = 0, not_before = 0"
    " WHERE webhook = $1 AND state = 'failed'");
static const struct statement let_go = SQL(
    "UPDATE webhook SET failures = 0, not_before = 0 WHERE id = $1");

static const struct statement delivered = SQL(
    "DELETE FROM webhook_delivery WHERE webhook = $1 AND number = $2");
static const struct statement count_success = SQL(
    "UPDATE webhook SET failures = 0, not_before = 0, delivered = delivered + 1,"
    " last_delivered = $2 WHERE id = $1");
static const struct statement count_failure = SQL(
    "UPDATE webhook SET failures = failures + 1, not_before = $2 WHERE id = $1");
static const struct statement find_failures = SQL("SELECT failures FROM webhook WHERE id = $1");
static const struct statement postpone = SQL(
    "UPDATE webhook_delivery SET attempts = attempts + 1, not_before = $3, reason = $4, state = $5"
    " WHERE webhook = $1 AND number = $2");
/* Of an ill receiver only the first is tried; those behind it do not wait longer for that. */
static const struct statement give_up = SQL(
    "UPDATE webhook_delivery SET state = 'failed',"
    " reason = CASE WHEN reason = '' THEN $3 ELSE reason END"
    " WHERE webhook = $1 AND state = 'waiting' AND created <= $2");

static struct webhook read_webhook(struct rows *rows)
{
    return (struct webhook){ .id = row_text(rows, 0),
                             .organisation = row_text(rows, 1),
                             .address = row_text(rows, 2),
                             .kinds = row_text(rows, 3),
                             .active = row_int(rows, 4) != 0,
                             .secret = row_bytes(rows, 5),
                             .old_secret = row_bytes(rows, 6),
                             .old_until = row_int(rows, 7),
                             .created = row_int(rows, 8),
                             .failures = row_int(rows, 9),
                             .not_before = row_int(rows, 10),
                             .delivered = row_int(rows, 11),
                             .last_delivered = row_int(rows, 12),
                             .waiting = row_int(rows, 13),
                             .failed = row_int(rows, 14) };
}

static struct delivery read_delivery(struct rows *rows)
{
    return (struct delivery){ .webhook = row_text(rows, 0),
                              .number = row_int(rows, 1),
                              .kind = row_text(rows, 2),
                              .subject = row_text(rows, 3),
                              .at = row_int(rows, 4),
                              .created = row_int(rows, 5),
                              .attempts = row_int(rows, 6),
                              .not_before = row_int(rows, 7),
                              .failed = row_int(rows, 8) != 0,
                              .reason = row_text(rows, 9) };
}

static bool read_webhooks(struct tx *tx, const struct statement *statement, struct args args,
                          struct webhook_rows *webhooks, struct error *err)
{
    struct rows rows;
    *webhooks = (struct webhook_rows){ 0 };
    if (!db_query(tx, statement, args, &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), webhooks) = read_webhook(&rows);
    return rows_end(&rows, err);
}

bool webhook_list(struct tx *tx, struct str organisation, bool all, struct webhook_rows *webhooks,
                  struct error *err)
{
    return all ? read_webhooks(tx, &list_all, NO_ARGS, webhooks, err)
               : read_webhooks(tx, &list_of_one, ARGS(arg_text(organisation)), webhooks, err);
}

bool webhook_list_active(struct tx *tx, struct webhook_rows *webhooks, struct error *err)
{
    return read_webhooks(tx, &list_active, NO_ARGS, webhooks, err);
}

bool webhook_find(struct tx *tx, struct str id, struct webhook *webhook, bool *found,
                  struct error *err)
{
    struct rows rows;
    if (!db_query(tx, &find_one, ARGS(arg_text(id)), &rows, err))
        return false;
    *found = rows_next(&rows);
    if (*found)
        *webhook = read_webhook(&rows);
    return rows_end(&rows, err);
}

bool webhook_add(struct tx *tx, const struct webhook *webhook, struct error *err)
{
    struct arg organisation = arg_text(webhook->organisation);
    int64_t count;
    if (!db_hold(tx, "webhooks", err)
        || !db_number(tx, &count_of_one, ARGS(organisation), 0, &count, err))
        return false;
    if (count >= WEBHOOKS_MOST)
        return fail(err, CONFLICT, "address",
                    N_("There are 20 webhooks already. Remove one that is not used any more."));
    return db_do(tx, &add,
                 ARGS(arg_text(webhook->id), organisation, arg_text(webhook->address),
                      arg_text(webhook->kinds), arg_bytes(webhook->secret), arg_bytes(STR("")),
                      arg_int(webhook->created)),
                 NULL, err);
}

bool webhook_hold(struct tx *tx, struct str id, struct error *err)
{
    int64_t held;
    return db_do(tx, &let_go, ARGS(arg_text(id)), &held, err)
        && (held || fail(err, NOT_FOUND, NULL, N_("You have no webhook with this address.")));
}

bool webhook_put_target(struct tx *tx, const struct webhook *webhook, struct error *err)
{
    return db_do(tx, &put_target,
                 ARGS(arg_text(webhook->id), arg_text(webhook->address), arg_text(webhook->kinds)),
                 NULL, err);
}

bool webhook_put_active(struct tx *tx, const struct webhook *webhook, struct error *err)
{
    return db_do(tx, &put_active, ARGS(arg_text(webhook->id), arg_int(webhook->active)), NULL, err);
}

bool webhook_put_secret(struct tx *tx, const struct webhook *webhook, struct error *err)
{
    struct arg id = arg_text(webhook->id);
    return db_do(tx, &put_secret, ARGS(id, arg_bytes(webhook->secret), arg_int(webhook->old_until)),
                 NULL, err)
        && db_do(tx, &hurry, ARGS(id), NULL, err)
        && (webhook->old_until
            || db_do(tx, &drop_old_secret, ARGS(id, arg_bytes(STR(""))), NULL, err));
}

bool webhook_remove(struct tx *tx, struct str id, struct error *err)
{
    return db_do(tx, &remove_deliveries, ARGS(arg_text(id)), NULL, err)
        && db_do(tx, &remove_one, ARGS(arg_text(id)), NULL, err);
}

bool delivery_add(struct tx *tx, const struct delivery *delivery, struct error *err)
{
    return db_do(tx, &add_delivery,
                 ARGS(arg_text(delivery->webhook), arg_int(delivery->number),
                      arg_text(delivery->kind), arg_text(delivery->subject),
                      arg_int(delivery->at), arg_int(delivery->created)),
                 NULL, err);
}

static bool read_deliveries(struct tx *tx, const struct statement *statement, struct args args,
                            struct delivery_rows *deliveries, struct error *err)
{
    struct rows rows;
    *deliveries = (struct delivery_rows){ 0 };
    if (!db_query(tx, statement, args, &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), deliveries) = read_delivery(&rows);
    return rows_end(&rows, err);
}

bool delivery_list(struct tx *tx, struct str webhook, int64_t limit, int64_t offset,
                   struct delivery_rows *deliveries, int64_t *total, struct error *err)
{
    return db_number(tx, &count_deliveries, ARGS(arg_text(webhook)), 0, total, err)
        && read_deliveries(tx, &list_deliveries,
                           ARGS(arg_text(webhook), arg_int(limit), arg_int(offset)), deliveries,
                           err);
}

bool delivery_due(struct tx *tx, instant now, int64_t limit, struct delivery_rows *due,
                  struct error *err)
{
    return read_deliveries(tx, &list_due, ARGS(arg_int(now), arg_int(limit)), due, err);
}

bool delivery_is_due(struct tx *tx, instant now, bool *is_due, struct error *err)
{
    int64_t count;
    if (!db_number(tx, &count_due, ARGS(arg_int(now)), 0, &count, err))
        return false;
    *is_due = count > 0;
    return true;
}

bool delivery_retry(struct tx *tx, struct str webhook, int64_t number, bool all, instant now,
                    struct error *err)
{
    struct arg id = arg_text(webhook);
    bool ok = all ? db_do(tx, &retry_all, ARGS(id, arg_int(now)), NULL, err)
                  : db_do(tx, &retry_one, ARGS(id, arg_int(now), arg_int(number)), NULL, err);
    return ok && db_do(tx, &let_go, ARGS(id), NULL, err);
}

static bool note_failure(struct tx *tx, const struct delivery *delivery, enum outcome outcome,
                         const char *reason, instant now, struct error *err)
{
    struct arg id = arg_text(delivery->webhook);
    bool over = now - delivery->created >= WEBHOOK_LIFE;
    int64_t failures;
    if (outcome == OUTCOME_ILL
        && (!db_number(tx, &find_failures, ARGS(id), 0, &failures, err)
            || !db_do(tx, &count_failure, ARGS(id, arg_int(now + webhook_backoff(failures))), NULL,
                      err)
            || !db_do(tx, &give_up, ARGS(id, arg_int(now - WEBHOOK_LIFE), arg_text(str_of(reason))),
                      NULL, err)))
        return false;
    return db_do(tx, &postpone,
                 ARGS(id, arg_int(delivery->number),
                      arg_int(now + webhook_backoff(delivery->attempts)),
                      arg_text(str_of(reason)), arg_text(over ? STR("failed") : STR("waiting"))),
                 NULL, err);
}

bool delivery_ended(struct tx *tx, const struct delivery *delivery, enum outcome outcome,
                    const char *reason, instant now, struct error *err)
{
    struct arg id = arg_text(delivery->webhook);
    if (outcome != OUTCOME_DELIVERED)
        return note_failure(tx, delivery, outcome, reason, now, err);
    return db_do(tx, &delivered, ARGS(id, arg_int(delivery->number)), NULL, err)
        && db_do(tx, &count_success, ARGS(id, arg_int(now)), NULL, err);
}

/* ---- Another version of the key ---- */

static const struct sealed_column sealed[] = {
    SEALED_COLUMN("webhook", "id", "secret",
                  "'webhook ' || id"),
    SEALED_COLUMN("webhook", "id", "old_secret",
                  "'webhook ' || id"),
};
static const struct sealed_columns sealed_columns = { WEBHOOK_KEY, count_of(sealed), sealed };

bool webhooks_key_needs(struct tx *tx, struct keeper *keeper, int64_t version, int64_t *count,
                        struct error *err)
{
    (void)keeper;
    return sealed_needs(tx, &sealed_columns, version, count, err);
}

bool webhooks_key_renew(struct tx *tx, struct keeper *keeper, int64_t limit, int64_t *moved,
                        struct error *err)
{
    return sealed_renew(tx, keeper, &sealed_columns, limit, moved, err);
}
