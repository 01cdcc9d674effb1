/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/people/form_key.h"

#include "base/file.h"
#include "base/list.h"
#include "base/log.h"
#include "base/random.h"
#include "platform/config.h"
#include "platform/db/db.h"
#include "platform/keys/keeper.h"
#include "platform/keys/reseal.h"
#include "platform/people/people.h"

#define NAME    "form key" /* also what it is sealed about */
#define PURPOSE "form-token"

static const struct statement find = SQL("SELECT sealed FROM form_key WHERE name = $1");
static const struct statement add =
    SQL("INSERT INTO form_key (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING");
static const struct statement take_away = SQL("DELETE FROM form_key WHERE name = $1 AND sealed = $2");

struct loading {
    struct str spoilt; /* that is to be replaced */
    struct str fresh;  /* sealed; empty: only look */
    struct str found;  /* empty: there is none */
};

static bool do_load(struct tx *tx, void *with, struct error *err)
{
    struct loading *loading = with;
    struct rows rows;
    struct arg name = arg_text(STR(NAME));
    loading->found = STR("");
    if ((loading->spoilt.len
         && !db_do(tx, &take_away, ARGS(name, arg_bytes(loading->spoilt)), NULL, err))
        || (loading->fresh.len
            && !db_do(tx, &add, ARGS(name, arg_bytes(loading->fresh)), NULL, err))
        || !db_query(tx, &find, ARGS(name), &rows, err))
        return false;
    if (rows_next(&rows))
        loading->found = row_bytes(&rows, 0);
    return rows_end(&rows, err);
}

/* That of an installation of before goes on, so that nodes of both versions take each other's forms. */
static bool make(const struct app *app, struct arena *arena, struct key *made, struct error *err)
{
    struct key *before = NULL;
    const char *folder = config_path(app->config, arena, "keys");
    random_bytes(made->bytes, sizeof made->bytes);
    if (!file_exists(config_path(app->config, arena, "keys/web.key")))
        return true;
    if (!key_load(folder, "web", false, &before, err))
        return false;
    key_derive(before, PURPOSE, made);
    key_free(before);
    return true;
}

static bool make_sealed(struct app *app, struct arena *arena, struct str *sealed, struct error *err)
{
    struct key made;
    bool ok = make(app, arena, &made, err)
           && keeper_seal(app->keeper, arena, ACCOUNTS_KEY, STR(NAME),
                          (struct str){ (const char *)made.bytes, sizeof made.bytes }, sealed, err);
    explicit_bzero(&made, sizeof made);
    return ok;
}

static bool open_found(struct app *app, struct arena *arena, struct str sealed, struct key *key,
                       struct error *err)
{
    struct str plain;
    if (!keeper_unseal(app->keeper, arena, ACCOUNTS_KEY, STR(NAME), sealed, &plain, err))
        return false;
    bool fits = plain.len == sizeof key->bytes;
    if (fits)
        memcpy(key->bytes, plain.at, sizeof key->bytes);
    explicit_bzero((char *)(uintptr_t)plain.at, plain.len);
    return fits || fail_internal(err, "the key of forms has %zu bytes", plain.len);
}

static bool load(struct app *app, struct arena *arena, struct key *key, struct error *err)
{
    struct loading loading = { .found = STR("") };
    if (!db_read(app->db, arena, do_load, &loading, err))
        return false;
    if (loading.found.len) {
        if (open_found(app, arena, loading.found, key, err))
            return true;
        if (err->kind != INTERNAL)
            return false;
        log_failure("form-key-replaced", err);
        loading.spoilt = loading.found;
    }
    return make_sealed(app, arena, &loading.fresh, err)
        && db_write(app->db, arena, do_load, &loading, err)
        && open_found(app, arena, loading.found, key, err);
}

bool form_key_load(struct app *app, struct key **key, struct error *err)
{
    struct arena arena = { 0 };
    *key = key_new();
    bool ok = load(app, &arena, *key, err);
    arena_free(&arena);
    if (ok)
        return true;
    key_free(*key);
    *key = NULL;
    return false;
}

/* ---- Another version of the key that seals it ---- */

static const struct sealed_column sealed_column = SEALED_COLUMN("form_key", "name", "sealed", "name");
static const struct sealed_columns sealed_columns = { ACCOUNTS_KEY, 1, &sealed_column };

bool form_key_needs(struct tx *tx, int64_t version, int64_t *count, struct error *err)
{
    *count = 0;
    return !version || sealed_needs(tx, &sealed_columns, version, count, err);
}

bool form_key_renew(struct tx *tx, struct keeper *keeper, int64_t limit, int64_t *moved,
                    struct error *err)
{
    return sealed_renew(tx, keeper, &sealed_columns, limit, moved, err);
}
