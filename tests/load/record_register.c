/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/load/record_register.h"

#include "sector/register.h"

bool move_board(struct tx *tx, struct str who, const struct board_number *number, struct str place,
                struct error *err)
{
    const struct deed deed = { instant_now(), who, STR("person"), ANY_VERSION };
    struct board board;
    bool found;
    if (!sector_find_board(tx, number, &board, &found, err))
        return false;
    board.place = place;
    return register_board(tx, &deed, &board, err);
}
