/* SPDX-License-Identifier: EUPL-1.2 */
/* The parsers that make an identifier from outside text: what they take is of the right form. */
#include "sector/sector.h"
#include "services/nummervoorziening/access.h"
#include "services/nummervoorziening/pseudonym.h"
#include "services/nummervoorziening/substitution.h"
#include "tests/fuzz/fuzz.h"

FUZZ(arena, bytes)
{
    struct error err = { 0 };
    struct brin brin;
    struct location_code location;
    struct board_number board;
    struct oin oin;
    struct hpgn hpgn;
    instant effective;
    (void)arena;
    if (brin_parse(bytes, &brin, &err))
        HOLDS(bytes.len == 4);
    if (location_code_parse(bytes, &location, &err))
        HOLDS(bytes.len == 6);
    if (board_number_parse(bytes, &board, &err))
        HOLDS(bytes.len == 5);
    if (oin_parse(bytes, &oin, &err))
        HOLDS(bytes.len == 20);
    if (hpgn_parse(bytes, &hpgn, &err))
        HOLDS(bytes.len == 64);
    if (from_parse(bytes, &brin, &err))
        HOLDS(brin_parse((struct str){ brin.text, sizeof brin.text }, &brin, &err));
    effective_date_parse(bytes, 0, &effective, &err);
}
