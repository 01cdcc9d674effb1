/* SPDX-License-Identifier: EUPL-1.2 */
/* For whom a session works now. Who has roles for several boards (or several vendors) works for one of
 * each kind at a time: the one that they chose, or else the first. An operator who acts for a board
 * works for that board alone. */
#ifndef PLATFORM_WORKING_H
#define PLATFORM_WORKING_H

#include "platform/people/accounts.h"

/* Sets `aside` of the memberships that do not count now, and `acting` with its membership. Costs no
 * question unless the person has a choice or is an operator. `token_hash` is the session's. */
bool working_load(struct tx *tx, struct str token_hash, instant now, struct session *session,
                  struct error *err);

/* Is it of a kind of which a person works for one at a time: a board or a vendor? */
bool working_may_choose(struct str organisation);

/* Notes the choice. The caller has seen that the person has a role there. */
bool working_choose(struct tx *tx, struct str token_hash, struct str organisation,
                    struct error *err);

#endif
