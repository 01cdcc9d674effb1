/* SPDX-License-Identifier: EUPL-1.2 */
/* Statements on the wire to PostgreSQL. The connection is in libpq's pipeline mode all its life, so
 * that BEGIN, the preparation and the execution of a transaction's first statement share one round
 * trip. Arguments go as binary, without copying; values come as text. */
#include "platform/db/db_postgres.h"

#include "base/list.h"
#include "base/log.h"

#include <endian.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

/* Seconds for each host to be reached. */
#define CONNECT_TIMEOUT "3"
/* Milliseconds without an answer after which we look whether the server is still there. */
#define SILENCE_MS 3000
/* What the server does to us: a statement, and a transaction that its node forgot, do not hold others
 * up for ever. */
#define SERVER_OPTIONS "-c statement_timeout=30s -c idle_in_transaction_session_timeout=30s"

enum { OID_UNKNOWN = 0, OID_BYTEA = 17, OID_BIGINT = 20, OID_TEXT = 25 };

static const Oid type_of[] = {
    [ARG_NULL] = OID_UNKNOWN,
    [ARG_INT] = OID_BIGINT,
    [ARG_TEXT] = OID_TEXT,
    [ARG_BYTES] = OID_BYTEA,
};

/* ---- What failures mean ---- */

static const char cannot_reach[] =
    N_("The PostgreSQL database cannot be reached. Check that it runs and that the setting "
       "database says where.");

struct meaning {
    const char *state; /* an SQLSTATE, or the beginning of one (PostgreSQL, appendix A) */
    enum error_kind kind;
    int retry_after;
    bool collided;
    bool may_quote; /* its text holds no values, so that it may be logged */
    const char *message;
};

static const struct meaning meanings[] = {
    { "23", CONFLICT, 0, false, false,
      N_("This exists already, or belongs to something that does not exist.") },
    { "40001", UNAVAILABLE, 1, true, true,
      N_("Somebody else changed the same thing at the same time. Try again.") },
    { "40P01", UNAVAILABLE, 1, true, true,
      N_("Somebody else changed the same thing at the same time. Try again.") },
    { "53100", UNAVAILABLE, 60, false, true,
      N_("The disk with the database is full. Make room; what was saved is safe.") },
    { "53300", UNAVAILABLE, 5, false, true,
      N_("PostgreSQL allows no more connections. Raise its max_connections or lower the setting "
         "database.connections.") },
    { "53", UNAVAILABLE, 5, false, true,
      N_("There is not enough memory for this. Ask for less at a time.") },
    { "55P03", UNAVAILABLE, 5, false, true,
      N_("The database is in use by another program for too long. Try again later.") },
    { "57014", UNAVAILABLE, 5, false, true,
      N_("The database is in use by another program for too long. Try again later.") },
    { "57", UNAVAILABLE, 5, false, true, cannot_reach },
    { "25006", UNAVAILABLE, 5, false, true, /* a standby: the primary is another by now */
      cannot_reach },
    { "08P01", INTERNAL, 0, false, true, /* a wrong number of arguments */
      N_("Something went wrong on our side. It has been written down.") },
    { "08", UNAVAILABLE, 5, false, true, cannot_reach },
    { "58", UNAVAILABLE, 0, false, true,
      N_("The disk with the database gives errors. Check the disk.") },
    { "XX", UNAVAILABLE, 0, false, true,
      N_("The PostgreSQL database is damaged. Look in its log.") },
    { "42501", UNAVAILABLE, 0, false, true,
      N_("The database's user may not do this. Let it own the database and its schema.") },
};

static const struct meaning *meaning_of(const char *state)
{
    for (size_t i = 0; i < count_of(meanings); i++)
        if (strncmp(state, meanings[i].state, strlen(meanings[i].state)) == 0)
            return &meanings[i];
    return NULL;
}

static int first_line(const char *text)
{
    return (int)strcspn(text, "\n");
}

static bool lost(struct pg_connection *connection, struct error *err)
{
    const char *why = PQerrorMessage(connection->handle);
    connection->broken = true;
    fail(err, UNAVAILABLE, NULL, cannot_reach);
    err->retry_after = 5;
    return fail_detail(err, "postgres: %.*s", first_line(why), why);
}

/* A failed result as an error. PostgreSQL's own words may quote a value (class 22 and details do):
 * they are only kept where they cannot. */
static bool refusal(struct pg_connection *connection, const PGresult *result, struct error *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    if (!state)
        return lost(connection, err);
    const struct meaning *meaning = meaning_of(state);
    bool ours = strncmp(state, "42", 2) == 0 || strncmp(state, "25", 2) == 0;
    if (!text || !(ours || (meaning && meaning->may_quote)))
        text = constraint ? constraint : "";
    if (!meaning)
        return fail_internal(err, "postgres %s: %s", state, text);
    connection->collided = meaning->collided;
    connection->broken |= strcmp(state, "25006") == 0;
    fail(err, meaning->kind, NULL, meaning->message);
    err->retry_after = meaning->retry_after;
    return fail_detail(err, "postgres %s: %s", state, text);
}

/* ---- Connections ---- */

/* Not for the log, but a warning at COMMIT tells that a standby may not have it. */
static void note_warning(void *with, const PGresult *notice)
{
    struct pg_connection *connection = with;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    connection->warned |= severity && strcmp(severity, "WARNING") == 0;
}

/* What stands before dbname may be overruled by the conninfo in it; what follows may not. With several
 * hosts the one is taken that takes writes. A peer that is gone is noticed within half a minute, also
 * when nothing is sent. */
static const char *const names[] = {
    "connect_timeout", "fallback_application_name", "target_session_attrs", "keepalives_idle",
    "keepalives_interval", "keepalives_count", "tcp_user_timeout", "options", "dbname",
    "client_encoding", NULL,
};
#define DBNAME_PLACE 8

bool pg_connect(const char *conninfo, struct pg_connection **connection, struct error *err)
{
    const char *values[count_of(names)] = {
        CONNECT_TIMEOUT, "fundament", "read-write", "10", "5", "3", "15000", SERVER_OPTIONS,
        [DBNAME_PLACE] = conninfo, "UTF8", NULL,
    };
    struct pg_connection *made = calloc(1, sizeof *made);
    if (!made)
        return fail(err, UNAVAILABLE, NULL,
                    N_("There is not enough memory for this. Ask for less at a time."));
    made->tx.connection = made;
    made->handle = PQconnectdbParams(names, values, 1);
    PQsetNoticeReceiver(made->handle, note_warning, made);
    if (PQstatus(made->handle) != CONNECTION_OK || !PQenterPipelineMode(made->handle)) {
        lost(made, err);
        err->field = "database";
        pg_disconnect(made);
        return false;
    }
    *connection = made;
    return true;
}

void pg_disconnect(struct pg_connection *connection)
{
    if (!connection)
        return;
    for (size_t i = 0; i < PG_BUCKETS; i++)
        for (struct pg_prepared *p = connection->prepared[i], *next; p; p = next) {
            next = p->next;
            free(p);
        }
    PQfinish(connection->handle);
    free(connection);
}

/* ---- Answers ---- */

/* Does the server at the other end still speak to newcomers? A process that hangs, or a computer that
 * is gone, keeps its connections open without a word. */
static bool is_there(const struct pg_connection *connection)
{
    static const char *const keys[] = { "host", "hostaddr", "port", "dbname", "connect_timeout",
                                        NULL };
    const char *address = PQhostaddr(connection->handle);
    const char *const where[] = { PQhost(connection->handle), address && *address ? address : NULL,
                                  PQport(connection->handle), PQdb(connection->handle),
                                  CONNECT_TIMEOUT, NULL };
    PGPing answer = PQpingParams(keys, where, 0);
    return answer == PQPING_OK || answer == PQPING_NO_ATTEMPT;
}

/* The next result, or NULL; NULL too, with a broken connection, when the server has fallen silent. A
 * server that is there ends a statement that takes too long by itself. */
static PGresult *next_result(struct pg_connection *connection)
{
    while (PQisBusy(connection->handle)) {
        struct pollfd socket = { .fd = PQsocket(connection->handle), .events = POLLIN };
        int ready = poll(&socket, 1, SILENCE_MS);
        if (ready == 0 && !is_there(connection)) {
            log_warn("database-silent", { "host", str_of(PQhost(connection->handle)) });
            connection->broken = true;
            return NULL;
        }
        if (ready > 0 && !PQconsumeInput(connection->handle))
            break; /* PQgetResult tells why */
    }
    return PQgetResult(connection->handle);
}

/* The answer to one command. `refused` holds whether an earlier one of the same round trip was, and
 * then the server has skipped this one. */
static bool receive(struct pg_connection *connection, PGresult **wanted, bool *refused,
                    struct error *err)
{
    PGresult *result = next_result(connection);
    if (!result)
        return lost(connection, err);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && !*refused) {
        *refused = true;
        refusal(connection, result, err);
    }
    if (wanted && !*refused)
        *wanted = result;
    else
        PQclear(result);
    PQclear(next_result(connection)); /* the NULL that ends a command's answers */
    if (PQstatus(connection->handle) != CONNECTION_BAD)
        return true;
    connection->broken = true;
    return *refused ? false : lost(connection, err);
}

/* The end of a round trip. */
static bool receive_sync(struct pg_connection *connection, struct error *err)
{
    PGresult *result = next_result(connection);
    bool ok = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
    PQclear(result);
    return ok || lost(connection, err);
}

/* The answers to what was sent ahead. */
static bool receive_ahead(struct pg_connection *connection, bool *refused, struct error *err)
{
    bool ok = true;
    for (; ok && connection->ahead; connection->ahead--)
        ok = receive(connection, NULL, refused, err);
    return ok;
}

/* Reads the answer that an earlier transaction left behind. */
static bool settle(struct pg_connection *connection, struct error *err)
{
    bool refused = false;
    if (!connection->owes)
        return true;
    connection->owes = false;
    return receive(connection, NULL, &refused, err) && receive_sync(connection, err);
}

/* ---- Statements ---- */

/* Arguments as libpq wants them. */
struct pg_params {
    int count;
    Oid types[ARGS_MAX];
    const char *values[ARGS_MAX];
    int lengths[ARGS_MAX], formats[ARGS_MAX];
    uint64_t numbers[ARGS_MAX];
};

static bool fill_params(struct pg_params *params, struct args args, struct error *err)
{
    params->count = (int)args.count;
    for (size_t i = 0; i < args.count; i++) {
        const struct arg *arg = &args.at[i];
        if (arg->bytes.len > INT32_MAX / 2)
            return fail(err, TOO_LARGE, NULL, N_("This is too large for the database."));
        params->types[i] = type_of[arg->kind];
        params->formats[i] = 1; /* binary */
        params->numbers[i] = htobe64((uint64_t)arg->number);
        params->lengths[i] = arg->kind == ARG_INT ? 8 : (int)arg->bytes.len;
        params->values[i] = arg->kind == ARG_NULL  ? NULL
                          : arg->kind == ARG_INT   ? (const char *)&params->numbers[i]
                          : arg->bytes.at == NULL  ? ""
                                                   : arg->bytes.at;
    }
    return true;
}

static struct pg_prepared **bucket_of(struct pg_connection *connection,
                                      const struct statement *statement)
{
    return &connection->prepared[((uintptr_t)statement >> 3) % PG_BUCKETS];
}

static bool has_kinds(const struct pg_prepared *prepared, struct args args)
{
    if (prepared->count != args.count)
        return false;
    for (size_t i = 0; i < args.count; i++)
        if (prepared->kinds[i] != args.at[i].kind)
            return false;
    return true;
}

static struct pg_prepared *find_prepared(struct pg_connection *connection,
                                         const struct statement *statement, struct args args)
{
    struct pg_prepared *found = *bucket_of(connection, statement);
    while (found && !(found->statement == statement && has_kinds(found, args)))
        found = found->next;
    return found;
}

/* Remembers what the server has prepared under the newest number. Without memory it is only
 * forgotten, and prepared once more under another number. */
static void add_prepared(struct pg_connection *connection, const struct statement *statement,
                         struct args args)
{
    struct pg_prepared **bucket = bucket_of(connection, statement);
    struct pg_prepared *made = malloc(sizeof *made + args.count);
    if (!made)
        return;
    *made = (struct pg_prepared){ .statement = statement,
                                  .next = *bucket,
                                  .number = connection->prepared_count,
                                  .count = args.count };
    for (size_t i = 0; i < args.count; i++)
        made->kinds[i] = (unsigned char)args.at[i].kind;
    *bucket = made;
}

static bool send_command(struct pg_connection *connection, const char *sql)
{
    return PQsendQueryParams(connection->handle, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

static bool send_begin(struct pg_connection *connection)
{
    return send_command(connection, connection->writes
                                        ? "BEGIN ISOLATION LEVEL READ COMMITTED"
                                        : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

static bool send_statement(struct pg_connection *connection, const struct statement *statement,
                           const struct pg_params *params, unsigned number, bool prepare)
{
    char name[16];
    snprintf(name, sizeof name, "s%u", number);
    if (prepare
        && !PQsendPrepare(connection->handle, name, statement->sql, params->count, params->types))
        return false;
    return PQsendQueryPrepared(connection->handle, name, params->count, params->values,
                               params->lengths, params->formats, 0)
        == 1;
}

static bool round_trip(struct pg_connection *connection, const struct statement *statement,
                       struct args args, PGresult **result, struct error *err)
{
    struct pg_params params;
    if (!fill_params(&params, args, err) || !settle(connection, err))
        return false;
    const struct pg_prepared *known = find_prepared(connection, statement, args);
    unsigned number = known ? known->number : ++connection->prepared_count;
    bool begins = !connection->begun, refused = false;

    if ((begins && !send_begin(connection))
        || !send_statement(connection, statement, &params, number, !known)
        || !PQpipelineSync(connection->handle))
        return lost(connection, err);

    if (!receive_ahead(connection, &refused, err))
        return false;
    if (begins) {
        if (!receive(connection, NULL, &refused, err))
            return false;
        connection->begun = !refused;
    }
    if (!known) {
        if (!receive(connection, NULL, &refused, err))
            return false;
        if (!refused)
            add_prepared(connection, statement, args);
    }
    if (!receive(connection, result, &refused, err) || !receive_sync(connection, err))
        return false;
    connection->used = true;
    return !refused;
}

/* A connection that lay idle may be dead: nothing has been done yet, so a new one may try. */
static bool may_reconnect(const struct pg_connection *connection)
{
    return connection->broken && connection->used && !connection->begun;
}

static bool reconnect(struct pg_connection *connection, struct error *err)
{
    PQreset(connection->handle);
    if (PQstatus(connection->handle) != CONNECTION_OK || !PQenterPipelineMode(connection->handle))
        return lost(connection, err);
    for (size_t i = 0; i < PG_BUCKETS; i++)
        for (struct pg_prepared *p; (p = connection->prepared[i]);) {
            connection->prepared[i] = p->next;
            free(p);
        }
    connection->owes = connection->broken = connection->used = false;
    connection->ahead = 0;
    return true;
}

bool pg_run(struct pg_connection *connection, const struct statement *statement,
            struct args args, PGresult **result, struct error *err)
{
    *result = NULL;
    if (connection->broken)
        return lost(connection, err);
    if (round_trip(connection, statement, args, result, err))
        return true;
    PQclear(*result);
    *result = NULL;
    return may_reconnect(connection) && reconnect(connection, err)
        && round_trip(connection, statement, args, result, err);
}

bool pg_run_last(struct pg_connection *connection, const struct statement *statement,
                 struct args args, struct error *err)
{
    struct pg_params params;
    PGresult *result;
    const struct pg_prepared *known = find_prepared(connection, statement, args);
    if (!connection->begun || !known) {
        if (!pg_run(connection, statement, args, &result, err))
            return false;
        PQclear(result);
        return true;
    }
    if (!fill_params(&params, args, err))
        return false;
    if (!send_statement(connection, statement, &params, known->number, false))
        return lost(connection, err);
    connection->ahead++;
    return true;
}

bool pg_script(struct pg_connection *connection, const char *sql, struct error *err)
{
    static const struct statement nothing = SQL("SELECT 1");
    PGresult *result;
    if (!pg_run(connection, &nothing, NO_ARGS, &result, err)) /* so that the transaction is open */
        return false;
    PQclear(result);
    if (!PQexitPipelineMode(connection->handle))
        return lost(connection, err);
    result = PQexec(connection->handle, sql);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK
           || PQresultStatus(result) == PGRES_TUPLES_OK || refusal(connection, result, err);
    PQclear(result);
    if (!PQenterPipelineMode(connection->handle))
        return lost(connection, err);
    return ok;
}

/* ---- Ends of transactions ---- */

static bool committed(PGresult *result)
{
    bool ok = strcmp(PQcmdStatus(result), "COMMIT") == 0;
    PQclear(result);
    return ok;
}

static bool unsure(struct error *err)
{
    fail(err, UNAVAILABLE, NULL,
         N_("The connection to the database was lost while saving. Look whether it was saved "
            "before you try again."));
    err->retry_after = 5;
    return false;
}

bool pg_commit(struct pg_connection *connection, struct error *err)
{
    PGresult *result = NULL;
    bool refused = false, undone = false;
    if (!connection->begun)
        return true;
    connection->warned = false;
    if (!send_command(connection, "COMMIT") || !PQpipelineSync(connection->handle)
        || !receive_ahead(connection, &refused, err)
        || !(undone = refused, receive(connection, &result, &refused, err))
        || !receive_sync(connection, err)) {
        PQclear(result);
        connection->broken = true;
        return unsure(err);
    }
    if (undone) /* the server has passed over the COMMIT */
        pg_leave(connection, "ROLLBACK");
    connection->begun = false;
    if (refused)
        return false;
    if (connection->warned) { /* nobody waited for the standby: another primary may not have it */
        PQclear(result);
        return unsure(err);
    }
    return committed(result) || fail_internal(err, "postgres rolled back at commit");
}

/* Reads what was sent ahead before anything else is said: a server that refused one of it passes over
 * all that follows in the same round trip. */
static bool end_ahead(struct pg_connection *connection)
{
    bool refused = false;
    struct error ignored;
    return !connection->ahead
        || (PQpipelineSync(connection->handle)
            && receive_ahead(connection, &refused, &ignored)
            && receive_sync(connection, &ignored));
}

void pg_leave(struct pg_connection *connection, const char *command)
{
    connection->broken = connection->broken || !end_ahead(connection);
    if (!connection->begun || connection->broken)
        return;
    connection->begun = false;
    connection->owes = send_command(connection, command) && PQpipelineSync(connection->handle);
    connection->broken = !connection->owes;
}
