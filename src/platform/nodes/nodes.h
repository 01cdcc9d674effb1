/* SPDX-License-Identifier: EUPL-1.2 */
/* What several processes on one database share: each gives a sign of life in the table `node`, and
 * tells the others what its rate limits gave out. See README.md in this folder. */
#ifndef PLATFORM_NODES_H
#define PLATFORM_NODES_H

#include "base/instant.h"
#include "platform/db/db.h"

struct app;

/* Signs of life: on PostgreSQL, where there may be others to see them; a SQLite file has one server. */
#define BEAT_EVERY        SECOND
#define BEAT_EVERY_SQLITE (10 * SECOND)
/* A node that was not heard of for so long is called silent, and what it had under way is taken over. */
#define NODE_SILENT (30 * SECOND)

/* Signs this process on and keeps giving signs of life; after server_start, once a process. */
bool nodes_start(struct app *app, struct error *err);
/* Tells the others at once that this node is going. */
void nodes_leave(struct app *app);
/* No more signs of life: before server_stop, on whose server they tell. */
void nodes_quiet(struct app *app);
/* Signs off: what this process still had under way may be taken over. */
void nodes_stop(struct app *app);

/* Does the process of this name (base/process.h) no longer serve: it ended on this computer, signed
 * off, or fell silent? A process that never signed on is one. */
bool node_has_gone(struct tx *tx, struct str process, instant now, bool *gone, struct error *err);

#endif
