/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/store.h"

/* Who may ask. */

static const struct statement find_access = SQL(
    "SELECT (SELECT COUNT(*) FROM nummervoorziening_caller"
    "         WHERE oin = $1 AND since <= $3 AND (until = 0 OR until > $3)),"
    "       (SELECT COUNT(*) FROM nummervoorziening_school"
    "         WHERE brin = $2 AND since <= $3 AND (until = 0 OR until > $3)),"
    "       (SELECT COUNT(*) FROM nummervoorziening_permission"
    "         WHERE brin = $2 AND oin = $1 AND since <= $3 AND (until = 0 OR until > $3))");

bool nv_find_access(struct tx *tx, const struct oin *vendor, const struct brin *school, instant now,
                    struct access *access, struct error *err)
{
    struct rows rows;
    struct str brin = school ? ID_STR(*school) : STR("");
    *access = (struct access){ 0 };
    if (!db_query(tx, &find_access,
                  ARGS(arg_text(ID_STR(*vendor)), arg_text(brin), arg_int(now)), &rows, err))
        return false;
    if (rows_next(&rows))
        *access = (struct access){ row_int(&rows, 0) > 0, row_int(&rows, 1) > 0,
                                   row_int(&rows, 2) > 0 };
    return rows_end(&rows, err);
}

/* Imported pairs and substitutions. The sealed value is bound to the lookup under which it is kept,
 * so that rows cannot be swapped in a database by who has no key. */

enum { ROW_PAIR = 1, ROW_REPLACES = 2, ROW_REPLACED = 3 };

static const struct statement find_known = SQL(
    "SELECT 1, sealed, lookup, imported FROM nummervoorziening_pair WHERE lookup = $1"
    " UNION ALL "
    "SELECT 2, sealed, old_lookup, effective FROM nummervoorziening_substitution"
    " WHERE new_lookup = $1"
    " UNION ALL "
    "SELECT 3, sealed, new_lookup, effective FROM nummervoorziening_substitution"
    " WHERE old_lookup = $1");
static const struct statement find_pair = SQL(
    "SELECT sealed FROM nummervoorziening_pair WHERE lookup = $1");
static const struct statement add_pair = SQL(
    "INSERT INTO nummervoorziening_pair (lookup, kind, sealed, imported) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (lookup) DO NOTHING");
static const struct statement count_pairs = SQL(
    "SELECT COUNT(*) FROM (SELECT lookup FROM nummervoorziening_pair LIMIT 1) AS found");
static const struct statement count_substitutions = SQL(
    "SELECT COUNT(*) FROM (SELECT new_lookup FROM nummervoorziening_substitution LIMIT 1) AS found");
static const struct statement add_substitution = SQL(
    "INSERT INTO nummervoorziening_substitution"
    " (new_lookup, old_lookup, sealed, effective, requested, oin, brin, version)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
static const struct statement move_substitution = SQL(
    "UPDATE nummervoorziening_substitution SET effective = $2 WHERE new_lookup = $1");

static bool open_sealed(struct tx *tx, const struct derivation *derivation, struct str about,
                        struct str sealed, struct str *plain, struct error *err)
{
    return keeper_unseal(derivation->keeper, tx_arena(tx), SEAL_KEY, about, sealed, plain, err);
}

static bool take_lookup(struct str bytes, struct lookup *lookup, struct error *err)
{
    if (bytes.len != sizeof lookup->bytes)
        return fail_internal(err, "a lookup of %zu bytes", bytes.len);
    memcpy(lookup->bytes, bytes.at, bytes.len);
    return true;
}

static bool take_known(struct rows *rows, const struct derivation *derivation,
                       const struct lookup *lookup, struct known *known, struct error *err)
{
    struct tx *tx = rows->tx;
    switch (row_int(rows, 0)) {
    case ROW_PAIR:
        known->imported = true;
        return open_sealed(tx, derivation, LOOKUP_STR(*lookup), row_bytes(rows, 1), &known->import,
                           err);
    case ROW_REPLACES:
        known->replaces = true;
        known->replaces_from = row_int(rows, 3);
        return take_lookup(row_bytes(rows, 2), &known->old, err)
               && open_sealed(tx, derivation, LOOKUP_STR(*lookup), row_bytes(rows, 1),
                              &known->old_own, err);
    default:
        known->replaced = true;
        known->replaced_from = row_int(rows, 3);
        return take_lookup(row_bytes(rows, 2), &known->by, err);
    }
}

bool nv_find_known(struct tx *tx, const struct derivation *derivation, const struct lookup *lookup,
                   struct known *known, struct error *err)
{
    struct rows rows;
    bool ok = true;
    *known = (struct known){ 0 };
    if (!db_query(tx, &find_known, ARGS(arg_bytes(LOOKUP_STR(*lookup))), &rows, err))
        return false;
    while (ok && rows_next(&rows))
        ok = take_known(&rows, derivation, lookup, known, err);
    struct error ignored;
    return rows_end(&rows, ok ? err : &ignored) && ok;
}

bool nv_find_pair(struct tx *tx, const struct derivation *derivation, const struct lookup *lookup,
                  struct str *value, bool *found, struct error *err)
{
    struct rows rows;
    struct str sealed = { 0 };
    *found = false;
    if (!db_query(tx, &find_pair, ARGS(arg_bytes(LOOKUP_STR(*lookup))), &rows, err))
        return false;
    if (rows_next(&rows)) {
        *found = true;
        sealed = row_bytes(&rows, 0);
    }
    if (!rows_end(&rows, err))
        return false;
    return !*found || open_sealed(tx, derivation, LOOKUP_STR(*lookup), sealed, value, err);
}

static bool exists(struct tx *tx, const struct statement *statement, struct args args, bool *yes,
                   struct error *err)
{
    int64_t number = 0;
    if (!db_number(tx, statement, args, 0, &number, err))
        return false;
    *yes = number > 0;
    return true;
}

bool nv_has_pairs(struct tx *tx, bool *pairs, struct error *err)
{
    return exists(tx, &count_pairs, NO_ARGS, pairs, err);
}

bool nv_has_substitutions(struct tx *tx, bool *substitutions, struct error *err)
{
    return exists(tx, &count_substitutions, NO_ARGS, substitutions, err);
}

bool nv_put_pair(struct tx *tx, const struct derivation *derivation, enum pair_kind kind,
                 const struct lookup *lookup, struct str value, instant now, bool *added,
                 struct error *err)
{
    int64_t changed = 0;
    struct str about = LOOKUP_STR(*lookup), there, sealed;
    bool found;
    if (!keeper_seal(derivation->keeper, tx_arena(tx), SEAL_KEY, about, value, &sealed, err)
        || !db_do(tx, &add_pair,
                  ARGS(arg_bytes(about), arg_int(kind), arg_bytes(sealed), arg_int(now)),
                  &changed, err))
        return false;
    *added = changed == 1;
    if (*added)
        return true;
    if (!nv_find_pair(tx, derivation, lookup, &there, &found, err))
        return false;
    if (!found || !str_eq(there, value))
        return fail(err, CONFLICT, NULL,
                    N_("For this input another pseudonym was imported before."));
    return true;
}

bool nv_add_substitution(struct tx *tx, const struct derivation *derivation,
                         const struct substitution *s, struct error *err)
{
    struct str about = LOOKUP_STR(s->new_lookup), sealed;
    return keeper_seal(derivation->keeper, tx_arena(tx), SEAL_KEY, about, s->old_own, &sealed, err)
           && db_do(tx, &add_substitution,
                    ARGS(arg_bytes(about), arg_bytes(LOOKUP_STR(s->old_lookup)),
                         arg_bytes(sealed), arg_int(s->effective), arg_int(s->requested),
                         arg_text(ID_STR(s->vendor)), arg_text(ID_STR(s->school)),
                         arg_int(s->version)),
                    NULL, err);
}

bool nv_move_substitution(struct tx *tx, const struct lookup *new_lookup, instant effective,
                          struct error *err)
{
    return db_do(tx, &move_substitution,
                 ARGS(arg_bytes(LOOKUP_STR(*new_lookup)), arg_int(effective)), NULL, err);
}

/* Chains and sectors. */

static const struct statement list_concepts[] = {
    [CHAIN] = SQL("SELECT id, name, description, edited FROM nummervoorziening_chain ORDER BY id"),
    [SECTOR] = SQL("SELECT id, name, description, edited FROM nummervoorziening_sector ORDER BY id"),
};
static const struct statement count_concepts = SQL(
    "SELECT (SELECT COUNT(*) FROM nummervoorziening_chain WHERE id = $1),"
    "       (SELECT COUNT(*) FROM nummervoorziening_sector WHERE id = $2)");
static const struct statement put_concept[] = {
    [CHAIN] = SQL("INSERT INTO nummervoorziening_chain (id, name, description, edited)"
                  " VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE"
                  " SET name = excluded.name, description = excluded.description,"
                  "     edited = excluded.edited"),
    [SECTOR] = SQL("INSERT INTO nummervoorziening_sector (id, name, description, edited)"
                   " VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE"
                   " SET name = excluded.name, description = excluded.description,"
                   "     edited = excluded.edited"),
};

bool nv_concepts(struct tx *tx, enum concept_kind kind, struct concepts *concepts,
                 struct error *err)
{
    struct rows rows;
    *concepts = (struct concepts){ 0 };
    if (!db_query(tx, &list_concepts[kind], NO_ARGS, &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), concepts) = (struct concept){
            .id = row_text(&rows, 0),
            .name = row_text(&rows, 1),
            .description = row_text(&rows, 2),
            .edited = row_int(&rows, 3),
        };
    return rows_end(&rows, err);
}

bool nv_concepts_exist(struct tx *tx, struct str chain, struct str sector, bool *chain_exists,
                       bool *sector_exists, struct error *err)
{
    struct rows rows;
    *chain_exists = *sector_exists = false;
    if (!db_query(tx, &count_concepts, ARGS(arg_text(chain), arg_text(sector)), &rows, err))
        return false;
    if (rows_next(&rows)) {
        *chain_exists = row_int(&rows, 0) > 0;
        *sector_exists = row_int(&rows, 1) > 0;
    }
    return rows_end(&rows, err);
}

bool nv_put_concept(struct tx *tx, enum concept_kind kind, const struct concept *concept,
                    struct error *err)
{
    return db_do(tx, &put_concept[kind],
                 ARGS(arg_text(concept->id), arg_text(concept->name),
                      arg_text(concept->description), arg_int(concept->edited)),
                 NULL, err);
}

/* Admitted callers. */

static const struct statement list_callers = SQL(
    "SELECT oin, name, since, until FROM nummervoorziening_caller ORDER BY name, oin");
static const struct statement put_caller = SQL(
    "INSERT INTO nummervoorziening_caller (oin, name, since, until) VALUES ($1, $2, $3, 0)"
    " ON CONFLICT (oin) DO UPDATE SET name = excluded.name, since = excluded.since, until = 0");
static const struct statement end_caller = SQL(
    "UPDATE nummervoorziening_caller SET until = $2 WHERE oin = $1 AND until = 0");

bool nv_callers(struct tx *tx, struct callers *callers, struct error *err)
{
    struct rows rows;
    *callers = (struct callers){ 0 };
    if (!db_query(tx, &list_callers, NO_ARGS, &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), callers) = (struct caller){
            .oin = row_oin(&rows, 0),
            .name = row_text(&rows, 1),
            .since = row_int(&rows, 2),
            .until = row_int(&rows, 3),
        };
    return rows_end(&rows, err);
}

bool nv_put_caller(struct tx *tx, const struct oin *oin, struct str name, instant now,
                   struct error *err)
{
    return db_do(tx, &put_caller, ARGS(arg_text(ID_STR(*oin)), arg_text(name), arg_int(now)), NULL,
                 err);
}

bool nv_end_caller(struct tx *tx, const struct oin *oin, instant now, bool *ended,
                   struct error *err)
{
    int64_t changed = 0;
    if (!db_do(tx, &end_caller, ARGS(arg_text(ID_STR(*oin)), arg_int(now)), &changed, err))
        return false;
    *ended = changed > 0;
    return true;
}

/* Schools and whom they let ask. */

static const struct statement list_signups = SQL(
    "SELECT brin FROM nummervoorziening_school"
    " WHERE board = $1 AND since <= $2 AND (until = 0 OR until > $2) ORDER BY brin");
static const struct statement list_permissions = SQL(
    "SELECT p.brin, p.oin, p.since FROM nummervoorziening_permission p"
    "  JOIN nummervoorziening_school s ON s.brin = p.brin"
    " WHERE s.board = $1 AND p.since <= $2 AND (p.until = 0 OR p.until > $2)"
    " ORDER BY p.brin, p.oin");
static const struct statement sign_up = SQL(
    "INSERT INTO nummervoorziening_school (brin, board, since, until) VALUES ($1, $2, $3, 0)"
    " ON CONFLICT (brin) DO UPDATE"
    " SET board = excluded.board, since = excluded.since, until = 0");
static const struct statement sign_off = SQL(
    "UPDATE nummervoorziening_school SET until = $2 WHERE brin = $1 AND until = 0");
static const struct statement forbid_all = SQL(
    "UPDATE nummervoorziening_permission SET until = $2 WHERE brin = $1 AND until = 0");
static const struct statement permit = SQL(
    "INSERT INTO nummervoorziening_permission (brin, oin, since, until) VALUES ($1, $2, $3, 0)"
    " ON CONFLICT (brin, oin) DO UPDATE SET since = excluded.since, until = 0");
static const struct statement forbid = SQL(
    "UPDATE nummervoorziening_permission SET until = $3 WHERE brin = $1 AND oin = $2 AND until = 0");

bool nv_signups(struct tx *tx, const struct board_number *board, instant now,
                struct signups *signups, struct error *err)
{
    struct rows rows;
    *signups = (struct signups){ 0 };
    if (!db_query(tx, &list_signups, ARGS(arg_text(ID_STR(*board)), arg_int(now)), &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), signups) = row_brin(&rows, 0);
    return rows_end(&rows, err);
}

bool nv_permissions(struct tx *tx, const struct board_number *board, instant now,
                    struct permissions *permissions, struct error *err)
{
    struct rows rows;
    *permissions = (struct permissions){ 0 };
    if (!db_query(tx, &list_permissions, ARGS(arg_text(ID_STR(*board)), arg_int(now)), &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), permissions) = (struct permission){
            .brin = row_brin(&rows, 0),
            .oin = row_oin(&rows, 1),
            .since = row_int(&rows, 2),
        };
    return rows_end(&rows, err);
}

bool nv_sign_up(struct tx *tx, const struct brin *brin, const struct board_number *board,
                instant now, struct error *err)
{
    return db_do(tx, &sign_up,
                 ARGS(arg_text(ID_STR(*brin)), arg_text(ID_STR(*board)), arg_int(now)), NULL, err);
}

bool nv_sign_off(struct tx *tx, const struct brin *brin, instant now, struct error *err)
{
    struct args args = ARGS(arg_text(ID_STR(*brin)), arg_int(now));
    return db_do(tx, &forbid_all, args, NULL, err) && db_do(tx, &sign_off, args, NULL, err);
}

bool nv_permit(struct tx *tx, const struct brin *brin, const struct oin *oin, instant now,
               struct error *err)
{
    return db_do(tx, &permit, ARGS(arg_text(ID_STR(*brin)), arg_text(ID_STR(*oin)), arg_int(now)),
                 NULL, err);
}

bool nv_forbid(struct tx *tx, const struct brin *brin, const struct oin *oin, instant now,
               struct error *err)
{
    return db_do(tx, &forbid, ARGS(arg_text(ID_STR(*brin)), arg_text(ID_STR(*oin)), arg_int(now)),
                 NULL, err);
}

static const struct statement count_all = SQL(
    "SELECT (SELECT COUNT(*) FROM nummervoorziening_school)"
    "     + (SELECT COUNT(*) FROM nummervoorziening_substitution)"
    "     + (SELECT COUNT(*) FROM nummervoorziening_batch)"
    "     + (SELECT COUNT(*) FROM (SELECT lookup FROM nummervoorziening_pair LIMIT 1) AS found)");

bool nv_is_empty(struct tx *tx, bool *empty, struct error *err)
{
    bool any;
    if (!exists(tx, &count_all, NO_ARGS, &any, err))
        return false;
    *empty = !any;
    return true;
}
