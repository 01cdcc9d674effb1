/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/mail/store.h"
#include "base/list.h"
#include "platform/keys/reseal.h"

static const struct statement add =
    SQL("INSERT INTO mail (id, about, sealed, created, state, changed, attempts, reason, code)"
        " VALUES ($1, $2, $3, $4, 'waiting', $4, 0, '', 0)");
static const struct statement find_sealed =
    SQL("SELECT sealed FROM mail WHERE id = $1 AND state = 'waiting'");
static const struct statement note_waiting =
    SQL("UPDATE mail SET changed = $3, attempts = attempts + 1, reason = $4, code = $5"
        " WHERE id = $1 AND state = $2");
static const struct statement note_end =
    SQL("UPDATE mail SET state = $2, changed = $3, attempts = attempts + 1, reason = $4,"
        " code = $5, sealed = $6 WHERE id = $1 AND state = 'waiting'");
static const struct statement forget =
    SQL("DELETE FROM mail WHERE state <> 'waiting' AND changed < $1");
static const struct statement count_given_up =
    SQL("SELECT COUNT(*) FROM mail WHERE state = 'given-up' AND changed >= $1");
static const struct statement count_late =
    SQL("SELECT COUNT(*) FROM mail WHERE state = 'waiting' AND created < $1");
#define COLUMNS "id, about, state, created, changed, attempts, reason, code"
static const struct statement find = SQL("SELECT " COLUMNS " FROM mail WHERE id = $1");

static const struct str states[MAIL_STATES] = { S("waiting"), S("sent"), S("given-up") };

static const struct {
    struct str word;
    const char *message;
} troubles[MAIL_TROUBLES] = {
    [NO_TROUBLE] = { S(""), "" },
    [SERVER_AWAY] = { S("away"), N_("The mail server does not answer.") },
    [SERVER_BUSY] = { S("busy"), N_("The mail server asks to try again later (%s).") },
    [REFUSED] = { S("refused"), N_("The mail server refuses it (%s). Check the address.") },
    [UNTRUSTED] = { S("untrusted"), N_("The mail server's TLS or certificate cannot be trusted.") },
    [NO_LOGIN] = { S("no-log-in"), N_("The mail server does not accept the log-in (%s).") },
    [NOT_SET] = { S("not-set"), N_("There is no mail server any more.") },
    [UNREADABLE] = { S("unreadable"), N_("The message cannot be opened with the present keys.") },
};

bool mail_store_trouble(struct tx *tx, instant since, instant before, int64_t *given_up,
                        int64_t *late, struct error *err)
{
    return db_number(tx, &count_given_up, ARGS(arg_int(since)), 0, given_up, err)
        && db_number(tx, &count_late, ARGS(arg_int(before)), 0, late, err);
}

bool mail_store_add(struct tx *tx, const struct mail_ready *ready, struct str about, instant now,
                    struct error *err)
{
    return db_do(tx, &add,
                 ARGS(arg_text(ready->id), arg_text(about), arg_bytes(ready->sealed),
                      arg_int(now)),
                 NULL, err);
}

bool mail_store_sealed(struct tx *tx, struct str id, struct str *sealed, struct error *err)
{
    struct rows rows;
    *sealed = STR("");
    if (!db_query(tx, &find_sealed, ARGS(arg_text(id)), &rows, err))
        return false;
    if (rows_next(&rows))
        *sealed = row_bytes(&rows, 0);
    return rows_end(&rows, err);
}

bool mail_store_note(struct tx *tx, struct str id, enum mail_state state,
                     enum mail_trouble trouble, int64_t code, instant now, struct error *err)
{
    struct arg word = arg_text(troubles[trouble].word);
    if (state == MAIL_WAITING)
        return db_do(tx, &note_waiting,
                     ARGS(arg_text(id), arg_text(states[state]), arg_int(now), word,
                          arg_int(code)),
                     NULL, err);
    return db_do(tx, &note_end,
                 ARGS(arg_text(id), arg_text(states[state]), arg_int(now), word, arg_int(code),
                      arg_bytes(STR(""))),
                 NULL, err);
}

bool mail_store_forget(struct tx *tx, instant before, struct error *err)
{
    return db_do(tx, &forget, ARGS(arg_int(before)), NULL, err);
}

static struct mail_status read_status(struct rows *rows)
{
    struct mail_status status = {
        .id = row_text(rows, 0), .about = row_text(rows, 1), .created = row_int(rows, 3),
        .changed = row_int(rows, 4), .attempts = row_int(rows, 5), .code = row_int(rows, 7),
    };
    for (size_t i = 0; i < MAIL_STATES; i++)
        if (str_eq(states[i], row_text(rows, 2)))
            status.state = (enum mail_state)i;
    for (size_t i = 0; i < MAIL_TROUBLES; i++)
        if (str_eq(troubles[i].word, row_text(rows, 6)))
            status.reason = str_of(troubles[i].message);
    return status;
}

bool mail_find(struct tx *tx, struct str id, struct mail_status *status, bool *found,
               struct error *err)
{
    struct rows rows;
    if (!db_query(tx, &find, ARGS(arg_text(id)), &rows, err))
        return false;
    *found = rows_next(&rows);
    if (*found)
        *status = read_status(&rows);
    return rows_end(&rows, err);
}

/* ---- Another version of the key ---- */

static const struct sealed_column sealed[] = {
    SEALED_COLUMN("mail", "id", "sealed",
                  "'mail:' || id"),
};
static const struct sealed_columns sealed_columns = { "mail", count_of(sealed), sealed };

bool mail_key_needs(struct tx *tx, struct keeper *keeper, int64_t version, int64_t *count,
                    struct error *err)
{
    (void)keeper;
    return sealed_needs(tx, &sealed_columns, version, count, err);
}

bool mail_key_renew(struct tx *tx, struct keeper *keeper, int64_t limit, int64_t *moved,
                    struct error *err)
{
    return sealed_renew(tx, keeper, &sealed_columns, limit, moved, err);
}
