/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/record/filing.h"

#include "base/list.h"
#include "platform/db/db.h"
#include "platform/organisations/organisations.h"
#include "platform/record/inbox.h"

#define BATCH      20000         /* rows that are filed in one transaction */
#define FILE_EVERY (10 * SECOND) /* by a clerk, when less than a batch lies */

static const struct statement count_unfiled = SQL(
    "SELECT COALESCE((SELECT last FROM series WHERE name = 'audit'), 0)"
    "     - COALESCE((SELECT last FROM series WHERE name = 'audit-filed'), 0)");

/* The last row that is filed; who comes second waits, and sees what the first has done. */
static const struct statement take_turn = SQL(
    "INSERT INTO series (name, last) VALUES ('audit-filed', 0)"
    " ON CONFLICT (name) DO UPDATE SET last = series.last RETURNING last");
static const struct statement find_last = SQL("SELECT last FROM series WHERE name = 'audit'");
static const struct statement set_filed = SQL(
    "UPDATE series SET last = $1 WHERE name = 'audit-filed'");

#define FRESH " FROM audit WHERE number > $1 AND number <= $2"
/* In the order of the table: each of its pages is touched once. */
static const struct statement file_own = SQL(
    "INSERT INTO audit_of (organisation, number) SELECT on_behalf, number" FRESH
    " AND on_behalf <> '' ORDER BY on_behalf, number");
static const struct statement file_governed = SQL(
    "INSERT INTO audit_of (organisation, number) SELECT $3, number" FRESH
    " AND on_behalf = $4 ORDER BY number");
static const struct statement find_organisations = SQL(
    "SELECT DISTINCT on_behalf" FRESH " AND on_behalf <> ''");

static bool file_under_governors(struct tx *tx, const struct organisations *organisations,
                                 int64_t from, int64_t to, struct error *err)
{
    struct rows rows;
    struct arg range[] = { arg_int(from), arg_int(to) };
    list_of(struct str) found = { 0 };
    if (!db_query(tx, &find_organisations, (struct args){ 2, range }, &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), &found) = row_text(&rows, 0);
    if (!rows_end(&rows, err))
        return false;
    for (size_t i = 0; i < found.len; i++) {
        struct str governor = { 0 };
        if (!organisations->governor(tx, found.at[i], &governor, err))
            return false;
        if (governor.len
            && !db_do(tx, &file_governed,
                      ARGS(range[0], range[1], arg_text(governor), arg_text(found.at[i])), NULL, err))
            return false;
    }
    return true;
}

struct filing {
    const struct organisations *organisations;
    bool more;
};

static bool do_file(struct tx *tx, void *with, struct error *err)
{
    struct filing *filing = with;
    int64_t filed, last;
    if (!db_number(tx, &take_turn, NO_ARGS, 0, &filed, err)
        || !db_number(tx, &find_last, NO_ARGS, 0, &last, err))
        return false;
    filing->more = last - filed > BATCH;
    if (filing->more)
        last = filed + BATCH;
    return last <= filed
        || (db_do(tx, &file_own, ARGS(arg_int(filed), arg_int(last)), NULL, err)
            && file_under_governors(tx, filing->organisations, filed, last, err)
            && db_do(tx, &set_filed, ARGS(arg_int(last)), NULL, err));
}

static bool do_look(struct tx *tx, void *with, struct error *err)
{
    return db_number(tx, &count_unfiled, NO_ARGS, 0, with, err);
}

/* Unless less than `least` lies. */
static bool file_all(struct app *app, int64_t least, struct error *err)
{
    struct arena arena = { 0 };
    struct filing filing = { .organisations = organisations_of(app) };
    int64_t unfiled;
    bool ok = db_read(app->db, &arena, do_look, &unfiled, err);
    filing.more = ok && unfiled >= least;
    while (ok && filing.more) {
        arena_reset(&arena);
        ok = db_write(app->db, &arena, do_file, &filing, err);
    }
    arena_free(&arena);
    return ok;
}

bool record_settle(struct app *app, struct error *err)
{
    return inbox_empty(app->db, err) && file_all(app, 1, err);
}

bool record_tidy(struct app *app, instant *filed, struct error *err)
{
    instant now = instant_monotonic();
    bool due = !*filed || now - *filed >= FILE_EVERY;
    if (due)
        *filed = now;
    return inbox_empty(app->db, err) && file_all(app, due ? 1 : BATCH, err);
}
