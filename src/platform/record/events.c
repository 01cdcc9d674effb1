/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/record/events.h"

#include "base/list.h"
#include "platform/record/chain.h"

static const struct statement later_events = SQL(
    "SELECT number, at, kind, subject, payload, organisations"
    "  FROM event WHERE number > $1 ORDER BY number LIMIT $2");

static const struct statement set_follower = SQL(
    "INSERT INTO follower (name, number) VALUES ($1, $2)"
    " ON CONFLICT (name) DO UPDATE SET number = excluded.number");

bool event_add_for(struct tx *tx, instant now, const struct event_entry *entry, struct error *err)
{
    (void)err;
    record_leave(tx, &(struct record){ .kind = RECORD_EVENT,
                                       .at = now,
                                       .fields = { str_of(entry->kind), entry->subject,
                                                   entry->payload, entry->organisations } });
    return true;
}

bool event_add(struct tx *tx, instant now, const char *kind, struct str subject,
               struct str payload, struct error *err)
{
    return event_add_for(tx, now, &(struct event_entry){ kind, subject, payload, STR("") }, err);
}

bool events_after(struct tx *tx, int64_t number, int64_t limit, struct event **events,
                  size_t *count, struct error *err)
{
    list_of(struct event) list = { 0 };
    struct rows rows;
    if (!db_query(tx, &later_events, ARGS(arg_int(number), arg_int(limit)), &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), &list) = (struct event){ .number = row_int(&rows, 0),
                                                         .at = row_int(&rows, 1),
                                                         .kind = row_text(&rows, 2),
                                                         .subject = row_text(&rows, 3),
                                                         .payload = row_text(&rows, 4),
                                                         .organisations = row_text(&rows, 5) };
    *events = list.at;
    *count = list.len;
    return rows_end(&rows, err);
}

bool follower_advance(struct tx *tx, const char *follower, int64_t number, struct error *err)
{
    return db_do(tx, &set_follower, ARGS(arg_text(str_of(follower)), arg_int(number)), NULL, err);
}
