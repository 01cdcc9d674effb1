/* SPDX-License-Identifier: EUPL-1.2 */
/* Events: what others may want to know, numbered in commit order, written in the transaction of the
 * deed. Followers (statistics, search, mail) keep their own position and can start again at 0. */
#ifndef PLATFORM_EVENTS_H
#define PLATFORM_EVENTS_H

#include "base/instant.h"
#include "platform/db/db.h"

struct event {
    int64_t number;
    instant at;
    struct str kind;     /* "sector.school-changed" */
    struct str subject;  /* "school:00AV" */
    struct str payload;  /* JSON, or empty; no personal value */
    struct str organisations; /* whom it is about, "board:41804 vendor:000..."; they may see it */
};

struct event_entry {
    const char *kind;
    struct str subject, payload, organisations; /* as in struct event */
};

/* Leaves an event; it is numbered when the transaction has gone well (platform/record/inbox.h). */
bool event_add_for(struct tx *tx, instant now, const struct event_entry *entry,
                   struct error *err);
/* ... that is about no organisation: only operators may follow it. */

bool event_add(struct tx *tx, instant now, const char *kind, struct str subject,
               struct str payload, struct error *err);

/* At most `limit` events after `number`, oldest first. */
bool events_after(struct tx *tx, int64_t number, int64_t limit, struct event **events,
                  size_t *count, struct error *err);

/* Writes how far a follower is, in the transaction of what it did with the events. */
bool follower_advance(struct tx *tx, const char *follower, int64_t number, struct error *err);

#endif
