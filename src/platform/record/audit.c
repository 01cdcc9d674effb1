/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/record/audit.h"

#include "base/encoding.h"
#include "platform/people/accounts.h"
#include "platform/record/chain.h"

#define PAGE 500 /* rows in memory at once while many are read */

bool (*audit_kinds_known)(const char *what);

#define ROW                                                                                        \
    "SELECT a.number, a.at, a.who, a.on_behalf, a.what, a.subject, a.detail, b.hash, a.hash"
#define ALL " FROM audit a LEFT JOIN audit b ON b.number = a.number - 1 WHERE"
/* $5 the organisation */
#define FILED " FROM audit_of o JOIN audit a ON a.number = o.number"
#define OF    FILED " LEFT JOIN audit b ON b.number = o.number - 1 WHERE o.organisation = $5 AND"

/* $1 what, $2 and $3 the time, $4 the pattern */
#define FITS                                                                                       \
    " ($1 = '' OR a.what = $1) AND a.at >= $2 AND ($3 = 0 OR a.at < $3)"                           \
    " AND ($4 = '' OR LOWER(a.subject) LIKE $4 OR LOWER(a.who) LIKE $4)"

/* By whether the question is about one organisation. */
static const struct statement newest[] = {
    SQL(ROW ALL FITS " ORDER BY a.number DESC LIMIT $5 OFFSET $6"),
    SQL(ROW OF FITS " ORDER BY o.number DESC LIMIT $6 OFFSET $7"),
};
static const struct statement oldest[] = {
    SQL(ROW ALL FITS " AND a.number > $5 ORDER BY a.number LIMIT $6"),
    SQL(ROW OF FITS " AND o.number > $6 ORDER BY o.number LIMIT $7"),
};
static const struct statement counted[] = {
    SQL("SELECT COUNT(*) FROM audit a WHERE" FITS),
    SQL("SELECT COUNT(*)" FILED " WHERE o.organisation = $5 AND" FITS),
};

static const struct statement last_number = SQL("SELECT last FROM series WHERE name = 'audit'");
static const struct statement last_row = SQL(
    "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1");
static const struct statement find_hash = SQL("SELECT hash FROM audit WHERE number = $1");
/* The first row that is missing in the record of whom it was done for; 0: none. */
static const struct statement find_missing = SQL(
    "SELECT COALESCE(MIN(a.number), 0) FROM audit a WHERE a.on_behalf <> '' AND a.number >= $1"
    " AND a.number <= COALESCE((SELECT last FROM series WHERE name = 'audit-filed'), 0)"
    " AND NOT EXISTS (SELECT 1 FROM audit_of o"
    "                  WHERE o.organisation = a.on_behalf AND o.number = a.number)");
static const struct statement find_result = SQL(
    "SELECT at, checked, head, problem FROM audit_check WHERE name = 'last'");

/* ---- Adding ---- */

/* The detail with the acting in front. */
static struct str acting_detail(struct tx *tx, const struct acting *acting, struct str detail)
{
    struct str more = detail.len > 2 ? str_slice(detail, 1, detail.len) : STR("}");
    return str_format(tx_arena(tx), "{\"acting\":\"%.*s\"%s%.*s", FMT(acting->id),
                      detail.len > 2 ? "," : "", FMT(more));
}

bool audit_add(struct tx *tx, instant now, const struct audit_entry *entry, struct error *err)
{
    const struct acting *acting = tx_acting(tx);
    if (audit_kinds_known && !audit_kinds_known(entry->what))
        return fail_internal(err, "no service has a sentence for the deed %s", entry->what);
    record_leave(tx, &(struct record){
        .kind = RECORD_AUDIT,
        .at = now,
        .fields = { entry->who, acting ? acting->organisation : entry->on_behalf,
                    str_of(entry->what), entry->subject,
                    acting ? acting_detail(tx, acting, entry->detail) : entry->detail },
    });
    return true;
}

struct str audit_who(const struct request *request)
{
    if (request->session)
        return str_format(request->arena, "account:%.*s", FMT(request->session->account));
    if (request->client)
        return str_format(request->arena, "client:%.*s", FMT(request->client->serial_number));
    return STR("anyone");
}

/* ---- Reading ---- */

static struct audit_row read_row(struct rows *rows)
{
    static const char zero[HASH_BYTES];
    struct audit_row row = { .number = row_int(rows, 0),
                             .at = row_int(rows, 1),
                             .who = row_text(rows, 2),
                             .on_behalf = row_text(rows, 3),
                             .what = row_text(rows, 4),
                             .subject = row_text(rows, 5),
                             .detail = row_text(rows, 6),
                             .before = row_bytes(rows, 7),
                             .hash = row_bytes(rows, 8) };
    if (!row.before.at && row.number == 1)
        row.before = (struct str){ zero, sizeof zero };
    return row;
}

/* The arguments of FITS and OF; returns how many. */
static size_t question_args(struct arena *arena, const struct audit_question *question,
                            struct arg args[static 5])
{
    struct str search = question->search;
    size_t count = 0;
    args[count++] = arg_text(question->what);
    args[count++] = arg_int(question->from);
    args[count++] = arg_int(question->until);
    args[count++] =
        arg_text(search.len ? str_format(arena, "%%%.*s%%", FMT(search)) : STR(""));
    if (question->organisation.len)
        args[count++] = arg_text(question->organisation);
    return count;
}

static bool read_day(struct str text, const char *field, instant otherwise, instant *day,
                     struct error *err)
{
    text = str_trim(text);
    *day = otherwise;
    return !text.len || day_parse(text, day)
           || fail(err, INVALID, field, N_("Fill in a day, like 2026-11-23."));
}

bool audit_read_days(struct str from, struct str to, struct audit_question *question,
                     struct error *err)
{
    instant last;
    if (!read_day(from, "from", INT64_MIN, &question->from, err)
        || !read_day(to, "to", 0, &last, err))
        return false;
    question->until = last ? last + DAY : 0; /* the last day counts */
    return true;
}

bool audit_list(struct tx *tx, const struct audit_question *question, int64_t limit, int64_t offset,
                struct audit_rows *list, int64_t *total, struct error *err)
{
    struct rows rows;
    struct arg args[7];
    size_t count = question_args(tx_arena(tx), question, args);
    const bool of = question->organisation.len > 0;
    *list = (struct audit_rows){ 0 };
    if (!db_number(tx, &counted[of], (struct args){ count, args }, 0, total, err))
        return false;
    args[count++] = arg_int(limit);
    args[count++] = arg_int(offset);
    if (!db_query(tx, &newest[of], (struct args){ count, args }, &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), list) = read_row(&rows);
    return rows_end(&rows, err);
}

/* Goes through one page behind row `*number`, which moves on. */
static bool each_of_page(struct tx *tx, const struct audit_question *question, int64_t *number,
                         int64_t *found,
                         bool (*each)(void *with, const struct audit_row *row, struct error *err),
                         void *with, struct error *err)
{
    struct rows rows;
    struct arg args[7];
    bool ok = true;
    size_t count = question_args(tx_arena(tx), question, args);
    args[count++] = arg_int(*number);
    args[count++] = arg_int(PAGE);
    *found = 0;
    if (!db_query(tx, &oldest[question->organisation.len > 0], (struct args){ count, args }, &rows,
                  err))
        return false;
    while (ok && rows_next(&rows)) {
        struct audit_row row = read_row(&rows);
        ok = each(with, &row, err);
        *number = row.number;
        ++*found;
    }
    struct error ending;
    if (rows_end(&rows, ok ? err : &ending))
        return ok;
    return false;
}

static bool each_from(struct tx *tx, const struct audit_question *question, int64_t number,
                      bool (*each)(void *with, const struct audit_row *row, struct error *err),
                      void *with, struct error *err)
{
    struct arena *outer = tx_arena(tx), *page = arena_within(outer);
    int64_t found;
    bool ok;
    tx_use_arena(tx, page);
    do {
        ok = each_of_page(tx, question, &number, &found, each, with, err);
        arena_reset(page);
    } while (ok && found == PAGE);
    tx_use_arena(tx, outer);
    arena_free(page);
    return ok;
}

bool audit_each(struct tx *tx, const struct audit_question *question,
                bool (*each)(void *with, const struct audit_row *row, struct error *err), void *with,
                struct error *err)
{
    return each_from(tx, question, INT64_MIN, each, with, err);
}

/* ---- Verifying ---- */

struct walk {
    int64_t number;   /* of the row before */
    struct hash hash; /* of that row */
    int64_t checked;
    struct str remembered;
    bool met; /* the remembered head */
};

static bool misfit(int64_t number, struct error *err)
{
    return fail_about(err, CONFLICT, NULL,
                      N_("The audit trail does not fit at row %s: that row or one before it was "
                         "changed or taken away."),
                      "%lld", (long long)number);
}

static bool meets(const struct walk *walk)
{
    char hex[AUDIT_HASH_HEX];
    if (!walk->remembered.len)
        return false;
    hex_write(walk->hash.bytes, HASH_BYTES, hex);
    return str_eq_nocase(walk->remembered, (struct str){ hex, sizeof hex });
}

static bool walk_on(void *with, const struct audit_row *row, struct error *err)
{
    struct walk *walk = with;
    const struct record record = {
        .at = row->at,
        .fields = { row->who, row->on_behalf, row->what, row->subject, row->detail },
    };
    struct hash hash;
    if (row->number != walk->number + 1)
        return misfit(walk->number + 1, err);
    if (!chain_hash(&record, row->number, &walk->hash, &hash, err))
        return false;
    if (!str_eq(hash_str(&hash), row->hash))
        return misfit(row->number, err);
    walk->hash = hash;
    walk->number++;
    walk->checked++;
    walk->met = walk->met || meets(walk);
    return true;
}

/* The row before the first that is checked, which is trusted. */
static bool start_at(struct tx *tx, struct walk *walk, int64_t from, struct error *err)
{
    struct rows rows;
    walk->number = from > 1 ? from - 1 : 0;
    if (walk->number == 0)
        return true;
    if (!db_query(tx, &find_hash, ARGS(arg_int(walk->number)), &rows, err))
        return false;
    struct str hash = rows_next(&rows) ? row_bytes(&rows, 0) : STR("");
    if (hash.len == HASH_BYTES)
        memcpy(walk->hash.bytes, hash.at, HASH_BYTES);
    if (!rows_end(&rows, err))
        return false;
    return hash.len == HASH_BYTES
        || fail_about(err, NOT_FOUND, "from", N_("The audit trail has no row %s to start behind."),
                      "%lld", (long long)walk->number);
}

/* No hash covers where a row is filed; but what is left out of an organisation's record is found. */
static bool check_filing(struct tx *tx, int64_t from, struct error *err)
{
    int64_t missing;
    if (!db_number(tx, &find_missing, ARGS(arg_int(from)), 0, &missing, err))
        return false;
    return !missing
        || fail_about(err, CONFLICT, NULL,
                      N_("Row %s of the audit trail is missing in the record of its organisation: the "
                         "table audit_of was changed."),
                      "%lld", (long long)missing);
}

bool audit_check(struct tx *tx, struct audit_state *state, struct error *err)
{
    const struct audit_question everything = { .from = INT64_MIN };
    struct walk walk = { .remembered = state->remembered };
    int64_t promised;
    if (!start_at(tx, &walk, state->from, err)
        || !each_from(tx, &everything, state->from > 1 ? walk.number : INT64_MIN, walk_on, &walk,
                      err)
        || !db_number(tx, &last_number, NO_ARGS, 0, &promised, err))
        return false;
    if (promised != walk.number)
        return misfit((promised < walk.number ? promised : walk.number) + 1, err);
    if (!check_filing(tx, state->from, err))
        return false;
    state->checked = walk.checked;
    hex_write(walk.hash.bytes, HASH_BYTES, state->head);
    if (state->remembered.len && !walk.met)
        return fail(err, CONFLICT, "head",
                    N_("The remembered head is not in the audit trail: rows were taken away or "
                       "replaced since it was written down."));
    return true;
}

bool audit_verify(struct tx *tx, int64_t *checked, struct error *err)
{
    struct audit_state state = { 0 };
    if (!audit_check(tx, &state, err))
        return false;
    *checked = state.checked;
    return true;
}

bool audit_head(struct tx *tx, int64_t *number, char head[static AUDIT_HASH_HEX],
                struct error *err)
{
    struct rows rows;
    memset(head, '0', AUDIT_HASH_HEX);
    *number = 0;
    if (!db_query(tx, &last_row, NO_ARGS, &rows, err))
        return false;
    if (rows_next(&rows)) {
        struct str hash = row_bytes(&rows, 1);
        *number = row_int(&rows, 0);
        if (hash.len == HASH_BYTES)
            hex_write(hash.at, HASH_BYTES, head);
    }
    return rows_end(&rows, err);
}

bool audit_last_result(struct tx *tx, struct audit_result *result, struct error *err)
{
    struct rows rows;
    *result = (struct audit_result){ 0 };
    if (!db_query(tx, &find_result, NO_ARGS, &rows, err))
        return false;
    if (rows_next(&rows))
        *result = (struct audit_result){ row_int(&rows, 0), row_int(&rows, 1), row_text(&rows, 2),
                                         row_text(&rows, 3) };
    return rows_end(&rows, err);
}
