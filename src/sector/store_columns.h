/* SPDX-License-Identifier: EUPL-1.2 */
/* The columns that the stores select, each list with the function that reads it. */
#ifndef SECTOR_STORE_COLUMNS_H
#define SECTOR_STORE_COLUMNS_H

#include "sector/store.h"

#define BOARD_COLUMNS                                                                              \
    " b.number, b.name, b.place, b.ended,"                                                         \
    " (SELECT count(*) FROM sector_school n WHERE n.board = b.number AND n.ended = 0) AS schools,"  \
    " b.source, b.version"

#define SCHOOL_COLUMNS                                                                             \
    " s.brin, s.board, s.name, s.place, s.municipality, s.province, s.denomination, s.website,"    \
    " s.kind, s.pupils, s.ended,"                                                                  \
    " (SELECT count(*) FROM sector_location n WHERE n.school = s.brin AND n.ended = 0)"            \
    " AS locations, s.source, s.version"

#define LOCATION_COLUMNS                                                                           \
    " l.code, l.name, l.street, l.house, l.postcode, l.place, l.municipality, l.province,"         \
    " l.telephone, l.website, l.denomination, l.structure, l.pupils, l.ended, l.board, l.kind,"    \
    " l.source, l.version"

#define VENDOR_COLUMNS " v.oin, v.name, v.website, v.ended, v.source, v.version"

#define PARTNERSHIP_COLUMNS                                                                        \
    " p.code, p.name, p.place, p.kind, p.ended,"                                                   \
    " (SELECT count(*) FROM sector_partnership_member n"                                           \
    "   WHERE n.partnership = p.code AND n.ended = 0) AS members"

void read_board(struct rows *rows, struct board *board);
void read_school(struct rows *rows, struct school *school);
void read_location(struct rows *rows, struct location *location);
void read_vendor(struct rows *rows, struct vendor *vendor);
void read_partnership(struct rows *rows, struct partnership *partnership);

#endif
