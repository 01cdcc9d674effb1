/* SPDX-License-Identifier: EUPL-1.2 */
/* What the mails of organisations say. */
#ifndef PLATFORM_ORGANISATIONS_LETTERS_H
#define PLATFORM_ORGANISATIONS_LETTERS_H

#include "platform/mail/mail.h"
#include "platform/organisations/invitations.h"

/* In the language of the person who invites. */
void letter_of_invitation(struct arena *arena, const struct invite *invite, struct mail *mail);

/* To an administrator of a board for which an operator acts; in Dutch, with English below it. `reason`
 * is the operator's. */
struct acting_letter {
    struct str operator, board, reason, base, organisation; /* organisation: its id */
};
void letter_of_acting(struct arena *arena, const struct acting_letter *letter, struct mail *mail);

/* "Decides for a school board", in this language. */
const char *role_title(enum role role, enum language language);

#endif
