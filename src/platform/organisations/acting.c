/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/organisations/acting.h"

#include "base/encoding.h"
#include "base/random.h"
#include "platform/record/audit.h"

#define WORDS 3

static const struct statement find_of_session =
    SQL("SELECT id, organisation, reason, started, ends FROM acting"
        " WHERE token_hash = $1 AND ended = 0 AND ends > $2 ORDER BY started DESC LIMIT 1");
static const struct statement insert_acting =
    SQL("INSERT INTO acting (id, account, token_hash, organisation, reason, started, ends, ended)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, 0)");
static const struct statement end_of_session =
    SQL("UPDATE acting SET ended = $2 WHERE token_hash = $1 AND ended = 0 AND ends > $2");
static const struct statement end_acting =
    SQL("UPDATE acting SET ended = $2 WHERE id = $1 AND ended = 0 AND ends > $2");
static const struct statement list_acting =
    SQL("SELECT acting.account, account.name, acting.reason, acting.started, acting.ends,"
        "       acting.ended"
        "  FROM acting LEFT JOIN account ON account.id = acting.account"
        " WHERE acting.organisation = $1 ORDER BY acting.started DESC, acting.id LIMIT $2");

bool acting_of_session(struct tx *tx, struct str token_hash, instant now,
                       const struct acting **acting, struct error *err)
{
    struct rows rows;
    *acting = NULL;
    if (!db_query(tx, &find_of_session, ARGS(arg_bytes(token_hash), arg_int(now)), &rows, err))
        return false;
    if (rows_next(&rows)) {
        struct acting *found = arena_new(tx_arena(tx), struct acting);
        *found = (struct acting){ .id = row_text(&rows, 0), .organisation = row_text(&rows, 1),
                                  .reason = row_text(&rows, 2), .started = row_int(&rows, 3),
                                  .ends = row_int(&rows, 4) };
        *acting = found;
    }
    return rows_end(&rows, err);
}

static size_t count_words(struct str text)
{
    size_t words = 0;
    bool within = false;
    for (size_t i = 0; i < text.len; i++) {
        words += !is_space(text.at[i]) && !within;
        within = !is_space(text.at[i]);
    }
    return words;
}

bool acting_reason_allowed(struct str reason, struct error *err)
{
    if (count_words(reason) < WORDS)
        return fail(err, INVALID, "reden",
                    N_("Say in at least three words why; the school board reads it."));
    if (utf8_count(reason) > ACTING_REASON)
        return fail(err, INVALID, "reden", N_("Use at most 300 characters."));
    if (!utf8_is_text(reason) || str_has(reason, '\n') || str_has(reason, '\r'))
        return fail(err, INVALID, "reden", N_("Write the reason on one line."));
    if (str_has(reason, '@'))
        return fail(err, INVALID, "reden",
                    N_("Leave out mail addresses and other data of persons."));
    return true;
}

static bool record(struct tx *tx, struct str account, const char *what, struct str organisation,
                   struct str id, instant now, struct error *err)
{
    struct arena *arena = tx_arena(tx);
    struct audit_entry entry = {
        .who = str_format(arena, "account:%.*s", FMT(account)),
        .on_behalf = organisation,
        .what = what,
        .subject = organisation,
        .detail = str_format(arena, "{\"acting\":\"%.*s\"}", FMT(id)),
    };
    tx_set_acting(tx, NULL); /* it says so itself */
    return audit_add(tx, now, &entry, err);
}

#define SECOND_CLICK (10 * SECOND)

/* The same person, board and reason, a moment ago: the button was pressed twice. */
static bool is_second_click(const struct acting *running, const struct acting_start *start)
{
    return running && str_eq(running->organisation, start->organisation)
           && str_eq(running->reason, start->reason)
           && start->now - running->started < SECOND_CLICK;
}

bool acting_begin(struct tx *tx, struct acting_start *start, struct error *err)
{
    const struct acting *running;
    if (!acting_of_session(tx, start->token_hash, start->now, &running, err))
        return false;
    start->again = is_second_click(running, start);
    if (start->again) {
        start->id = running->id;
        return true;
    }
    start->id = random_token(tx_arena(tx), 12);
    return acting_reason_allowed(start->reason, err)
           && db_do(tx, &end_of_session, ARGS(arg_bytes(start->token_hash), arg_int(start->now)),
                    NULL, err)
           && db_do(tx, &insert_acting,
                    ARGS(arg_text(start->id), arg_text(start->account),
                         arg_bytes(start->token_hash), arg_text(start->organisation),
                         arg_text(start->reason), arg_int(start->now),
                         arg_int(start->now + ACTING_LIFETIME)),
                    NULL, err)
           && record(tx, start->account, "organisations.acting-began", start->organisation,
                     start->id, start->now, err);
}

bool acting_end(struct tx *tx, struct str account, const struct acting *acting, instant now,
                struct error *err)
{
    int64_t ended;
    if (!db_do(tx, &end_acting, ARGS(arg_text(acting->id), arg_int(now)), &ended, err))
        return false;
    return !ended
           || record(tx, account, "organisations.acting-ended", acting->organisation, acting->id,
                     now, err);
}

bool acting_list(struct tx *tx, struct str organisation, int64_t limit, struct acted_list *list,
                 struct error *err)
{
    struct rows rows;
    *list = (struct acted_list){ 0 };
    if (!db_query(tx, &list_acting, ARGS(arg_text(organisation), arg_int(limit)), &rows, err))
        return false;
    while (rows_next(&rows)) {
        instant ends = row_int(&rows, 4), ended = row_int(&rows, 5);
        *list_add(tx_arena(tx), list) = (struct acted){
            .account = row_text(&rows, 0), .name = row_text(&rows, 1),
            .reason = row_text(&rows, 2), .started = row_int(&rows, 3),
            .until = ended ? ended : ends,
        };
    }
    return rows_end(&rows, err);
}
