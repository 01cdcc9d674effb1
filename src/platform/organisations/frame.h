/* SPDX-License-Identifier: EUPL-1.2 */
/* What the frame of every page says of organisations. */
#ifndef PLATFORM_ORGANISATIONS_FRAME_H
#define PLATFORM_ORGANISATIONS_FRAME_H

#include "platform/http/http.h"

/* "working_for": the organisation, for a person who has a choice; "acting": that an operator acts for
 * a board, until when and why, with a button to end it. */
void put_working(struct request *request, struct node *page);

#endif
