/* SPDX-License-Identifier: EUPL-1.2 */
/* An operator acts for a board: with a reason that the board reads, in one session, for an hour at
 * most. What is done meanwhile stands in the audit trail in the board's name, with the acting's id. */
#ifndef PLATFORM_ACTING_H
#define PLATFORM_ACTING_H

#include "base/list.h"
#include "platform/people/accounts.h"

#define ACTING_LIFETIME HOUR
#define ACTING_REASON   300 /* characters */

/* The acting that this session is in; NULL: none. */
bool acting_of_session(struct tx *tx, struct str token_hash, instant now,
                       const struct acting **acting, struct error *err);

/* Is this a reason that a board can do something with: at least three words, at most ACTING_REASON
 * characters, one line, and nothing that looks like an address of a person? */
bool acting_reason_allowed(struct str reason, struct error *err);

struct acting_start {
    struct str account;      /* the operator */
    struct str token_hash;
    struct str organisation; /* "board:..." that exists */
    struct str reason;
    instant now;
    struct str id;           /* set by acting_begin */
    bool again;              /* and: this is the one that was begun a moment ago */
};
/* Begins, and writes it in the audit trail in the board's name. */
bool acting_begin(struct tx *tx, struct acting_start *start, struct error *err);
/* Ends it. An acting that has ended already stays as it is. */
bool acting_end(struct tx *tx, struct str account, const struct acting *acting, instant now,
                struct error *err);

/* For the board: who acted for it, newest first. */
struct acted {
    struct str account, name; /* of the operator */
    struct str reason;
    instant started, until;   /* `until` may lie ahead */
};
struct acted_list {
    list_of(struct acted);
};
bool acting_list(struct tx *tx, struct str organisation, int64_t limit, struct acted_list *list,
                 struct error *err);

#endif
