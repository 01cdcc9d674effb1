/* SPDX-License-Identifier: EUPL-1.2 */
/* One connection to PostgreSQL, shared by db_postgres.c (pool, transactions) and
 * db_postgres_wire.c (statements on the wire, what failures mean). */
#ifndef PLATFORM_DB_POSTGRES_H
#define PLATFORM_DB_POSTGRES_H

#include "platform/db/db_engine.h"

#include <libpq-fe.h>

#define PG_BUCKETS 128

/* A statement that the server has prepared for arguments of these kinds, by the name s<number>. */
struct pg_prepared {
    const struct statement *statement;
    struct pg_prepared *next;
    unsigned number;
    size_t count;
    unsigned char kinds[];
};

struct pg_connection {
    struct tx tx;
    PGconn *handle;
    struct pg_prepared *prepared[PG_BUCKETS];
    unsigned prepared_count;
    struct pg_connection *next_idle;
    bool used;       /* it has answered before: so it may have died of old age */
    bool writes;     /* what BEGIN says */
    bool begun;      /* a transaction is open */
    bool owes;       /* a COMMIT was sent whose answer nobody has read yet */
    int ahead;       /* statements that were sent, whose answers nobody has read yet */
    bool broken;     /* the server is gone; the connection cannot be used again */
    bool warned;     /* the server sent a warning since this was put to false */
    bool collided;   /* with another transaction; to run it again may help */
};

bool pg_connect(const char *conninfo, struct pg_connection **connection, struct error *err);
void pg_disconnect(struct pg_connection *connection);

/* Runs a statement, with a BEGIN before it where it is the transaction's first, in one round trip.
 * The result is the caller's to clear. */
bool pg_run(struct pg_connection *connection, const struct statement *statement,
            struct args args, PGresult **result, struct error *err);
/* As pg_run, without waiting for the answer where that is possible: pg_commit then does. */
bool pg_run_last(struct pg_connection *connection, const struct statement *statement,
                 struct args args, struct error *err);
/* Several statements at once, without arguments. */
bool pg_script(struct pg_connection *connection, const char *sql, struct error *err);

/* Ends the transaction and waits for the answer. */
bool pg_commit(struct pg_connection *connection, struct error *err);
/* Ends the transaction; the answer is read when the connection is used again. */
void pg_leave(struct pg_connection *connection, const char *command);

#endif
