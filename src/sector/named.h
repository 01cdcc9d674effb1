/* SPDX-License-Identifier: EUPL-1.2 */
/* The board or vendor that a path names ("/besturen/{number}", "/vendors/{oin}"): the same for a page
 * and for the API. NOT_FOUND when it is not in the register, INVALID when the path holds no such
 * identifier. `tx` gets the request's snapshot, for what follows. */
#ifndef SECTOR_NAMED_H
#define SECTOR_NAMED_H

#include "sector/sector.h"

bool named_board(struct request *request, struct tx **tx, struct board *board, struct error *err);
bool named_vendor(struct request *request, struct tx **tx, struct vendor *vendor,
                  struct error *err);

#endif
