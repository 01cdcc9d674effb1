/* SPDX-License-Identifier: EUPL-1.2 */
/* A deed for record_bench.c: the board goes to another place, as on its page in the register. */
#ifndef LOAD_RECORD_REGISTER_H
#define LOAD_RECORD_REGISTER_H

#include "sector/sector.h"

bool move_board(struct tx *tx, struct str who, const struct board_number *number, struct str place,
                struct error *err);

#endif
