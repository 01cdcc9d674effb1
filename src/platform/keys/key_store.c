/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/key_store.h"

#include "base/buf.h"

const char *const key_state_names[KEY_STATES] = { "next", "active", "previous", "retired" };

static const struct statement all_versions = SQL(
    "SELECT name, version, state, engine, fingerprint, attributes, made, since,"
    " certificate FROM key_version"
    " ORDER BY name COLLATE \"C\", version");
static const struct statement add_version = SQL(
    "INSERT INTO key_version"
    " (name, version, state, engine, fingerprint, attributes, made, since, certificate)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (name, version) DO NOTHING");
static const struct statement change_version = SQL(
    "UPDATE key_version SET state = $3, engine = $4, attributes = $5, since = $6"
    " WHERE name = $1 AND version = $2");

/* The place of a word in a table; `count` when it is not in it. */
static size_t place_of(struct str word, const char *const *words, size_t count)
{
    size_t place = 0;
    while (place < count && !str_eq(word, str_of(words[place])))
        place++;
    return place;
}

static bool take_version(struct rows *rows, struct stored_key *key, struct error *err)
{
    size_t state = place_of(row_text(rows, 2), key_state_names, KEY_STATES);
    size_t engine = place_of(row_text(rows, 3), engine_names, ENGINES);
    struct str fingerprint = row_text(rows, 4), attributes = row_text(rows, 5);
    if (state == KEY_STATES || engine == ENGINES || fingerprint.len != FINGERPRINT_TEXT)
        return fail_internal(err, "a version of a key in the database is not understood");
    key->name = row_text(rows, 0);
    key->version = (struct key_version){
        .number = row_int(rows, 1),
        .state = (enum key_state)state,
        .engine = (enum key_engine)engine,
        .made = row_int(rows, 6),
        .since = row_int(rows, 7),
        .certificate = row_bytes(rows, 8),
    };
    memcpy(key->version.fingerprint.text, fingerprint.at, FINGERPRINT_TEXT);
    for (size_t i = 0; i < KEY_ATTRIBUTES_MAX; i++)
        key->version.attributes[i] = str_cut(&attributes, '\n');
    return true;
}

bool key_store_all(struct tx *tx, struct stored_keys *keys, struct error *err)
{
    struct rows rows;
    bool ok = true;
    *keys = (struct stored_keys){ 0 };
    if (!db_query(tx, &all_versions, NO_ARGS, &rows, err))
        return false;
    while (ok && rows_next(&rows))
        ok = take_version(&rows, list_add(tx_arena(tx), keys), err);
    return rows_end(&rows, ok ? err : &(struct error){ 0 }) && ok;
}

static struct str attributes_text(struct arena *arena, const struct key_version *version)
{
    struct buf text = { .arena = arena };
    for (size_t i = 0; i < KEY_ATTRIBUTES_MAX; i++) {
        buf_add(&text, version->attributes[i]);
        buf_byte(&text, '\n');
    }
    return buf_str(&text);
}

bool key_store_add(struct tx *tx, struct str name, const struct key_version *version, bool *added,
                   struct error *err)
{
    int64_t changed;
    struct str attributes = attributes_text(tx_arena(tx), version);
    if (!db_do(tx, &add_version,
               ARGS(arg_text(name), arg_int(version->number),
                    arg_text(str_of(key_state_names[version->state])),
                    arg_text(str_of(engine_names[version->engine])),
                    arg_text(str_of(version->fingerprint.text)), arg_text(attributes),
                    arg_int(version->made), arg_int(version->since),
                    version->certificate.len ? arg_bytes(version->certificate) : arg_null()),
               &changed, err))
        return false;
    *added = changed == 1;
    return true;
}

bool key_store_change(struct tx *tx, struct str name, const struct key_version *version,
                      struct error *err)
{
    struct str attributes = attributes_text(tx_arena(tx), version);
    return db_do(tx, &change_version,
                 ARGS(arg_text(name), arg_int(version->number),
                      arg_text(str_of(key_state_names[version->state])),
                      arg_text(str_of(engine_names[version->engine])), arg_text(attributes),
                      arg_int(version->since)),
                 NULL, err);
}
