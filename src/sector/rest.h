/* SPDX-License-Identifier: EUPL-1.2 */
/* The JSON API under /api/v1: public facts of the register, for everybody. */
#ifndef SECTOR_REST_H
#define SECTOR_REST_H

#include "sector/store.h"

bool answer_boards(struct request *request, struct error *err);
bool answer_board(struct request *request, struct error *err);
bool answer_schools(struct request *request, struct error *err);
bool answer_school(struct request *request, struct error *err);
bool answer_locations(struct request *request, struct error *err);
bool answer_vendors(struct request *request, struct error *err);
bool answer_vendor(struct request *request, struct error *err);
bool answer_partnerships(struct request *request, struct error *err);

extern const struct api boards_api, board_api, schools_api, school_api, locations_api, vendors_api,
    vendor_api, partnerships_api;

/* The answers' members; they are what the schemas of the api say. */
void put_board_json(struct node *node, const struct board *board);
void put_school_json(struct node *node, const struct school *school);
void put_location_json(struct node *node, const struct location *location);
void put_vendor_json(struct node *node, const struct vendor *vendor);
void put_partnership_json(struct node *node, const struct partnership *partnership);

#endif
