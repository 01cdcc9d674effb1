/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/people/factor_store.h"

#include "base/buf.h"
#include "base/list.h"
#include "base/random.h"
#include "platform/keys/keys.h"
#include "platform/keys/reseal.h"
#include "platform/people/form_key.h"

/* ---- The app that makes codes ---- */

static const struct statement find_totp = SQL("SELECT secret FROM totp WHERE account = $1");
static const struct statement put_totp =
    SQL("INSERT INTO totp (account, secret, step, created) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (account) DO UPDATE SET secret = $2, step = $3, created = $4");
static const struct statement spend_totp =
    SQL("UPDATE totp SET step = $2 WHERE account = $1 AND step < $2");
static const struct statement delete_totp = SQL("DELETE FROM totp WHERE account = $1");

bool totp_find(struct tx *tx, struct str account, struct str *sealed, struct error *err)
{
    struct rows rows;
    if (!db_query(tx, &find_totp, ARGS(arg_text(account)), &rows, err))
        return false;
    *sealed = rows_next(&rows) ? row_bytes(&rows, 0) : STR("");
    return rows_end(&rows, err);
}

bool totp_put(struct tx *tx, struct str account, struct str sealed, int64_t step, instant now,
              struct error *err)
{
    return db_do(tx, &put_totp,
                 ARGS(arg_text(account), arg_bytes(sealed), arg_int(step), arg_int(now)), NULL,
                 err);
}

bool totp_spend(struct tx *tx, struct str account, int64_t step, bool *fresh, struct error *err)
{
    int64_t changed = 0;
    bool done = db_do(tx, &spend_totp, ARGS(arg_text(account), arg_int(step)), &changed, err);
    *fresh = changed == 1;
    return done;
}

bool totp_remove(struct tx *tx, struct str account, struct error *err)
{
    return db_do(tx, &delete_totp, ARGS(arg_text(account)), NULL, err);
}

/* ---- Passkeys ---- */

#define PASSKEY_COLUMNS "id, account, credential, public_key, rp, name, counter, created, used"

static const struct statement find_passkey =
    SQL("SELECT " PASSKEY_COLUMNS " FROM passkey WHERE credential = $1");
static const struct statement list_passkeys =
    SQL("SELECT " PASSKEY_COLUMNS " FROM passkey WHERE account = $1 ORDER BY created, id");
static const struct statement insert_passkey =
    SQL("INSERT INTO passkey (" PASSKEY_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)"
        " ON CONFLICT (credential) DO NOTHING");
static const struct statement rename_passkey =
    SQL("UPDATE passkey SET name = $3 WHERE account = $1 AND id = $2");
static const struct statement delete_passkey =
    SQL("DELETE FROM passkey WHERE account = $1 AND id = $2");
static const struct statement count_passkey =
    SQL("UPDATE passkey SET counter = $2, used = $3"
        " WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0))");

static struct passkey read_passkey(struct rows *rows)
{
    return (struct passkey){
        .id = row_text(rows, 0), .account = row_text(rows, 1), .credential = row_bytes(rows, 2),
        .public_key = row_bytes(rows, 3), .rp = row_text(rows, 4), .name = row_text(rows, 5),
        .counter = row_int(rows, 6), .created = row_int(rows, 7), .used = row_int(rows, 8),
    };
}

static bool fail_no_passkey(struct error *err)
{
    return fail(err, NOT_FOUND, NULL, N_("This passkey is not known here. It may have been removed: "
                                         "log in in another way."));
}

bool passkey_find(struct tx *tx, struct str credential, struct passkey *passkey,
                  struct error *err)
{
    struct rows rows;
    if (!db_query(tx, &find_passkey, ARGS(arg_bytes(credential)), &rows, err))
        return false;
    bool found = rows_next(&rows);
    if (found)
        *passkey = read_passkey(&rows);
    return rows_end(&rows, err) && (found || fail_no_passkey(err));
}

static bool load_passkeys(struct tx *tx, struct str account, struct passkeys *passkeys,
                          struct error *err)
{
    struct rows rows;
    *passkeys = (struct passkeys){ 0 };
    if (!db_query(tx, &list_passkeys, ARGS(arg_text(account)), &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), passkeys) = read_passkey(&rows);
    return rows_end(&rows, err);
}

bool passkey_add(struct tx *tx, const struct passkey *passkey, struct error *err)
{
    int64_t added;
    if (!db_do(tx, &insert_passkey,
               ARGS(arg_text(passkey->id), arg_text(passkey->account),
                    arg_bytes(passkey->credential), arg_bytes(passkey->public_key),
                    arg_text(passkey->rp), arg_text(passkey->name), arg_int(passkey->counter),
                    arg_int(passkey->created)),
               &added, err))
        return false;
    return added || fail(err, CONFLICT, NULL, N_("This passkey is in use already."));
}

bool passkey_rename(struct tx *tx, struct str account, struct str id, struct str name,
                    struct error *err)
{
    int64_t changed;
    return db_do(tx, &rename_passkey, ARGS(arg_text(account), arg_text(id), arg_text(name)),
                 &changed, err)
           && (changed == 1 || fail_no_passkey(err));
}

bool passkey_remove(struct tx *tx, struct str account, struct str id, struct error *err)
{
    int64_t changed;
    return db_do(tx, &delete_passkey, ARGS(arg_text(account), arg_text(id)), &changed, err)
           && (changed == 1 || fail_no_passkey(err));
}

bool passkey_count(struct tx *tx, struct str id, int64_t counter, instant now, bool *fresh,
                   struct error *err)
{
    int64_t changed = 0;
    bool done = db_do(tx, &count_passkey, ARGS(arg_text(id), arg_int(counter), arg_int(now)),
                      &changed, err);
    *fresh = changed == 1;
    return done;
}

/* ---- Recovery codes ---- */

static const struct statement insert_code =
    SQL("INSERT INTO recovery_code (account, hash, used, told) VALUES ($1, $2, 0, 0)");
static const struct statement find_code =
    SQL("SELECT COUNT(*) FROM recovery_code WHERE account = $1 AND hash = $2 AND used = 0");
static const struct statement spend_code =
    SQL("UPDATE recovery_code SET used = $3 WHERE account = $1 AND hash = $2 AND used = 0");
/* What the person was not told of stays, so that a thief's new set does not hide it. */
static const struct statement delete_codes =
    SQL("DELETE FROM recovery_code WHERE account = $1 AND (used = 0 OR told = 1)");
static const struct statement count_codes =
    SQL("SELECT COUNT(*) FROM recovery_code WHERE account = $1 AND used = 0");
static const struct statement last_used =
    SQL("SELECT MAX(used) FROM recovery_code WHERE account = $1 AND used > 0 AND told = 0");
static const struct statement set_told =
    SQL("UPDATE recovery_code SET told = 1 WHERE account = $1 AND used > 0 AND told = 0");

#define CODE_LETTERS 16 /* of 5 bits: 80 bits, so that a plain hash is enough */
#define CODE_GROUP   4

/* Without l, o, 0 and 1, which are read for each other. */
static const char code_letters[] = "abcdefghijkmnpqrstuvwxyz23456789";

/* The hash is of the letters alone, with the account, so that no table of hashes serves two. */
static struct str hash_code(struct arena *arena, struct str account, const char *letters)
{
    struct buf text = { .arena = arena };
    buf_add(&text, account);
    buf_byte(&text, '\n');
    buf_add(&text, (struct str){ letters, CODE_LETTERS });
    return sha256_of(arena, buf_str(&text));
}

void recovery_make(struct arena *arena, struct str account, struct recovery_set *set)
{
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        char letters[CODE_LETTERS];
        struct buf shown = { .arena = arena };
        random_bytes(letters, sizeof letters);
        for (size_t j = 0; j < CODE_LETTERS; j++) {
            letters[j] = code_letters[(unsigned char)letters[j] % 32];
            if (j && j % CODE_GROUP == 0)
                buf_byte(&shown, '-');
            buf_byte(&shown, letters[j]);
        }
        set->codes[i] = buf_str(&shown);
        set->hashes[i] = hash_code(arena, account, letters);
    }
}

bool recovery_hash(struct arena *arena, struct str account, struct str typed, struct str *hash)
{
    char letters[CODE_LETTERS];
    size_t len = 0;
    typed = str_lower(arena, typed);
    for (size_t i = 0; i < typed.len; i++) {
        if (typed.at[i] == '-' || is_space(typed.at[i]))
            continue;
        if (len == CODE_LETTERS || !typed.at[i] || !strchr(code_letters, typed.at[i]))
            return false;
        letters[len++] = typed.at[i];
    }
    if (len == CODE_LETTERS)
        *hash = hash_code(arena, account, letters);
    return len == CODE_LETTERS;
}

bool recovery_known(struct tx *tx, struct str account, struct str hash, bool *known,
                    struct error *err)
{
    int64_t count = 0;
    bool done = db_number(tx, &find_code, ARGS(arg_text(account), arg_bytes(hash)), 0, &count, err);
    *known = count == 1;
    return done;
}

bool recovery_remove(struct tx *tx, struct str account, struct error *err)
{
    return db_do(tx, &delete_codes, ARGS(arg_text(account)), NULL, err);
}

bool recovery_put(struct tx *tx, struct str account, const struct recovery_set *set,
                  struct error *err)
{
    if (!recovery_remove(tx, account, err))
        return false;
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        if (!db_do(tx, &insert_code, ARGS(arg_text(account), arg_bytes(set->hashes[i])), NULL,
                   err))
            return false;
    return true;
}

bool recovery_spend(struct tx *tx, struct str account, struct str hash, instant now, bool *fresh,
                    struct error *err)
{
    int64_t changed = 0;
    bool done = db_do(tx, &spend_code, ARGS(arg_text(account), arg_bytes(hash), arg_int(now)),
                      &changed, err);
    *fresh = changed == 1;
    return done;
}

bool recovery_used(struct tx *tx, struct str account, instant *used, struct error *err)
{
    return db_number(tx, &last_used, ARGS(arg_text(account)), 0, used, err);
}

bool recovery_told(struct tx *tx, struct str account, struct error *err)
{
    return db_do(tx, &set_told, ARGS(arg_text(account)), NULL, err);
}

/* ---- Challenges ---- */

static const struct statement delete_stale =
    SQL("DELETE FROM spent_challenge WHERE expires <= $1");
static const struct statement insert_challenge =
    SQL("INSERT INTO spent_challenge (challenge, expires) VALUES ($1, $2)"
        " ON CONFLICT (challenge) DO NOTHING");

bool challenge_spend(struct tx *tx, struct str challenge, instant expires, instant now,
                     bool *fresh, struct error *err)
{
    int64_t added = 0;
    bool done = db_do(tx, &delete_stale, ARGS(arg_int(now)), NULL, err)
                && db_do(tx, &insert_challenge, ARGS(arg_bytes(challenge), arg_int(expires)),
                         &added, err);
    *fresh = added == 1;
    return done;
}

/* ---- All together ---- */

static const struct statement find_since =
    SQL("SELECT created FROM totp WHERE account = $1");

bool factors_load(struct tx *tx, struct str account, struct factors *factors, struct error *err)
{
    *factors = (struct factors){ 0 };
    if (!db_number(tx, &find_since, ARGS(arg_text(account)), -1, &factors->app_since, err)
        || !db_number(tx, &count_codes, ARGS(arg_text(account)), 0, &factors->recovery_left, err)
        || !load_passkeys(tx, account, &factors->passkeys, err))
        return false;
    factors->app = factors->app_since >= 0;
    return true;
}

/* ---- Another version of the key ---- */

static const struct sealed_column sealed[] = {
    SEALED_COLUMN("totp", "account", "secret",
                  "account"),
};
static const struct sealed_columns sealed_columns = { ACCOUNTS_KEY, count_of(sealed), sealed };

bool accounts_key_needs(struct tx *tx, struct keeper *keeper, int64_t version, int64_t *count,
                        struct error *err)
{
    int64_t forms;
    (void)keeper;
    if (!sealed_needs(tx, &sealed_columns, version, count, err)
        || !form_key_needs(tx, version, &forms, err))
        return false;
    *count += forms;
    return true;
}

bool accounts_key_renew(struct tx *tx, struct keeper *keeper, int64_t limit, int64_t *moved,
                        struct error *err)
{
    return sealed_renew(tx, keeper, &sealed_columns, limit, moved, err)
           && (*moved || form_key_renew(tx, keeper, limit, moved, err));
}
