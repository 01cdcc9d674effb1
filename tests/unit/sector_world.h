/* SPDX-License-Identifier: EUPL-1.2 */
/* A register of a test's own: the platform's tables and the sector's. */
#ifndef TESTS_UNIT_SECTOR_WORLD_H
#define TESTS_UNIT_SECTOR_WORLD_H

#include "platform/db/db.h"
#include "sector/store.h"
#include "tests/test.h"

struct db *given_register(struct test *t);

/* One number of a question without parameters. */
int64_t ask_number(struct test *t, struct db *db, const struct statement *question);

struct brin a_brin(const char *text);
struct board_number a_board(const char *text);
struct oin an_oin(const char *text);

/* Runs a look-up in a snapshot; `found` must be what is expected. */
struct school find_school(struct test *t, struct db *db, const char *brin);
struct board find_board(struct test *t, struct db *db, const char *number);
struct vendor find_vendor(struct test *t, struct db *db, const char *oin);
struct history_list find_history(struct test *t, struct db *db, const char *kind, const char *id);

#endif
