/* SPDX-License-Identifier: EUPL-1.2 */
#include "sector/named.h"

bool named_board(struct request *request, struct tx **tx, struct board *board, struct error *err)
{
    struct board_number number;
    bool found;
    if (!board_number_parse(request_param(request, "number"), &number, err)
        || !request_tx(request, tx, err) || !sector_find_board(*tx, &number, board, &found, err))
        return false;
    return found
           || fail_about(err, NOT_FOUND, NULL, N_("There is no school board with number %s."),
                         "%.*s", FMT(ID_STR(number)));
}

bool named_vendor(struct request *request, struct tx **tx, struct vendor *vendor,
                  struct error *err)
{
    struct oin oin;
    bool found;
    if (!oin_parse(request_param(request, "oin"), &oin, err) || !request_tx(request, tx, err)
        || !sector_find_vendor(*tx, &oin, vendor, &found, err))
        return false;
    return found
           || fail_about(err, NOT_FOUND, NULL, N_("There is no vendor with OIN %s."), "%.*s",
                         FMT(ID_STR(oin)));
}
