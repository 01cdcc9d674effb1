/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/registry.h"

#include "base/log.h"
#include "base/wait.h"
#include "platform/keys/keeper_parts.h"
#include "platform/keys/key_store.h"
#include "platform/keys/pki.h"
#include "platform/keys/says.h"
#include "platform/record/audit.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

#define WATCH_SECONDS 1

struct key_versions keeper_versions(struct keeper *keeper, const char *key)
{
    size_t place;
    struct error ignored;
    const struct key_table *table = atomic_load_explicit(&keeper->table, memory_order_acquire);
    if (!table || !keeper_find(keeper, key, &place, &ignored))
        return (struct key_versions){ 0 };
    return (struct key_versions){ table->keys[place].at, table->keys[place].len };
}

enum key_state key_state_at(const struct key_version *version, instant now)
{
    if (version->since <= now)
        return version->state;
    /* Written ahead: until then it is what it was before. */
    return version->state == KEY_ACTIVE ? KEY_NEXT
           : version->state == KEY_PREVIOUS ? KEY_ACTIVE
                                            : version->state;
}

const struct key_version *key_active(struct key_versions versions, instant now)
{
    for (size_t i = 0; i < versions.len; i++)
        if (key_state_at(&versions.at[i], now) == KEY_ACTIVE)
            return &versions.at[i];
    return NULL;
}

struct str key_version_bytes(struct arena *arena, int64_t version)
{
    char *bytes = arena_alloc(arena, 4);
    for (int i = 0; i < 4; i++)
        bytes[i] = (char)(version >> (24 - 8 * i));
    return (struct str){ bytes, 4 };
}

/* Reading */

static bool read_all(struct tx *tx, void *with, struct error *err)
{
    return key_store_all(tx, with, err);
}

static bool has_version(const struct stored_keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->len; i++)
        if (str_eq(keys->at[i].name, str_of(name)))
            return true;
    return false;
}

static const struct key_version *known_before(const struct key_table *table, size_t place,
                                              int64_t number)
{
    for (size_t i = 0; table && i < table->keys[place].len; i++)
        if (table->keys[place].at[i].number == number)
            return &table->keys[place].at[i];
    return NULL;
}

static bool same_key(const struct fingerprint *one, const struct fingerprint *other)
{
    return memcmp(one->text, other->text, FINGERPRINT_TEXT) == 0;
}

/* Lets the keeper take the version up, and checks that it is the one that the other nodes have. */
static bool take_up(struct keeper *keeper, size_t place, struct key_version *version,
                    struct error *err)
{
    struct fingerprint here;
    if (!keeper_load(keeper, place, version->number, version->engine, LOAD, &here, err))
        return false;
    if (same_key(&here, &version->fingerprint)) {
        version->held = true;
        return true;
    }
    struct error ignored;
    keeper_drop(keeper, place, version->number, &ignored);
    return fail_about(err, CONFLICT, NULL,
                      N_("The key %s here is another one than the database and the other nodes use; "
                         "copy it from them, or restore it from the backup."),
                      "%s.%lld", keeper->uses[place]->name, (long long)version->number);
}

/* One row of the database. A version that is being used must be here when the server starts; later,
 * and for one that is only going to be used, its absence is told and the rest goes on. */
static bool take_row(struct keeper *keeper, const struct key_table *before, size_t place,
                     struct key_version *version, bool must, struct error *err)
{
    struct error why, *told = must ? err : &why;
    const struct key_version *old = known_before(before, place, version->number);
    bool retired = version->state == KEY_RETIRED;
    if (retired && old && old->held)
        return keeper_drop(keeper, place, version->number, err);
    if (retired)
        return true;
    if (old && old->held && old->engine == version->engine) {
        version->held = true;
        return true;
    }
    if (take_up(keeper, place, version, told))
        return true;
    if (must && version->state != KEY_NEXT)
        return false;
    if (!old || old->engine != version->engine || old->state != version->state)
        log_failure("key-not-here", told);
    return true;
}

static void copy_version(struct arena *arena, struct key_version *copy,
                         const struct key_version *version)
{
    *copy = *version;
    for (size_t i = 0; i < KEY_ATTRIBUTES_MAX; i++)
        copy->attributes[i] = str_copy(arena, version->attributes[i]);
    copy->certificate = str_copy(arena, version->certificate);
}

/* From what was known before, from the key itself, or else from the certificate. */
static bool take_public_key(struct keeper *keeper, struct arena *arena,
                            const struct key_table *before, size_t place,
                            struct key_version *version, struct error *err)
{
    const struct key_version *old = known_before(before, place, version->number);
    if (!key_is_pair(keeper->uses[place]))
        return true;
    if (old && old->public_key.len)
        version->public_key = str_copy(arena, old->public_key);
    else if (version->held)
        return keeper_read_public(keeper, arena, place, version->number, &version->public_key, err);
    else
        pki_public_key(arena, version->certificate, &version->public_key);
    return true;
}

static struct key_table *new_table(void)
{
    struct arena arena = { 0 };
    struct key_table *table = arena_new(&arena, struct key_table);
    table->arena = arena;
    return table;
}

static bool fill_table(struct keeper *keeper, const struct key_table *before,
                       struct key_table *table, const struct stored_keys *keys, bool must,
                       struct error *err)
{
    for (size_t i = 0; i < keeper->count; i++)
        table->keys[i].at = arena_array(&table->arena, struct key_version, keys->len + 1);
    for (size_t i = 0; i < keys->len; i++) {
        size_t place;
        struct error ignored;
        char name[64];
        struct str text = str_slice(keys->at[i].name, 0, sizeof name - 1);
        memcpy(name, text.at, text.len);
        name[text.len] = '\0';
        if (!keeper_find(keeper, name, &place, &ignored))
            continue; /* of a service that does not run here */
        struct key_version *version = &table->keys[place].at[table->keys[place].len++];
        copy_version(&table->arena, version, &keys->at[i].version);
        if (!take_row(keeper, before, place, version, must, err)
            || !take_public_key(keeper, &table->arena, before, place, version, err))
            return false;
    }
    return true;
}

static bool same_version(const struct key_version *one, const struct key_version *other)
{
    for (size_t i = 0; i < KEY_ATTRIBUTES_MAX; i++)
        if (!str_eq(one->attributes[i], other->attributes[i]))
            return false;
    return one->state == other->state && one->engine == other->engine && one->since == other->since
           && one->held == other->held && same_key(&one->fingerprint, &other->fingerprint);
}

static bool same_table(const struct keeper *keeper, const struct key_table *one,
                       const struct key_table *other)
{
    for (size_t i = 0; i < keeper->count; i++) {
        if (one->keys[i].len != other->keys[i].len)
            return false;
        for (size_t j = 0; j < one->keys[i].len; j++)
            if (one->keys[i].at[j].number != other->keys[i].at[j].number
                || !same_version(&one->keys[i].at[j], &other->keys[i].at[j]))
                return false;
    }
    return true;
}

static void free_table(struct key_table *table)
{
    struct arena arena = table->arena; /* the table lies in it */
    arena_free(&arena);
}

static bool replace_table(struct keeper *keeper, const struct stored_keys *keys, bool must,
                          struct error *err)
{
    struct key_table *before = atomic_load(&keeper->table), *table = new_table();
    if (!fill_table(keeper, before, table, keys, must, err)
        || (before && same_table(keeper, before, table))) {
        bool same = before && err->kind == NO_ERROR;
        free_table(table);
        return same;
    }
    table->before = before;
    atomic_store_explicit(&keeper->table, table, memory_order_release);
    return true;
}

static bool refresh(struct keeper *keeper, bool must, struct error *err)
{
    struct arena scratch = { 0 };
    struct stored_keys keys;
    *err = (struct error){ 0 };
    pthread_mutex_lock(&keeper->refreshing);
    bool ok = db_read(keeper->db, &scratch, read_all, &keys, err)
              && replace_table(keeper, &keys, must, err);
    pthread_mutex_unlock(&keeper->refreshing);
    arena_free(&scratch);
    return ok;
}

bool registry_refresh(struct keeper *keeper, struct error *err)
{
    return refresh(keeper, false, err);
}

/* Keys that the database does not know yet */

struct first {
    struct keeper *keeper;
    size_t place;
    struct key_version version;
    bool may_be_made;
};

static bool write_first(struct tx *tx, void *with, struct error *err)
{
    const struct first *first = with;
    const char *name = first->keeper->uses[first->place]->name;
    bool added;
    if (!key_store_add(tx, str_of(name), &first->version, &added, err))
        return false;
    struct audit_entry entry = {
        .who = STR("system:keys"),
        .what = "key.made",
        .subject = str_format(tx_arena(tx), "key:%s.1", name),
    };
    return !added || audit_add(tx, first->version.made, &entry, err);
}

static bool count_needs(struct tx *tx, void *with, struct error *err)
{
    struct first *first = with;
    const struct key_use *use = first->keeper->uses[first->place];
    int64_t needed = 0;
    if (use->needs && !use->needs(tx, first->keeper, 0, &needed, err))
        return false;
    first->may_be_made = needed == 0;
    return true;
}

/* Version 1 as it is here (also that of an installation of before there were versions); made only
 * while there is nothing that another key would make false. */
static bool make_first(struct keeper *keeper, size_t place, struct error *err)
{
    struct arena scratch = { 0 };
    struct first first = { .keeper = keeper, .place = place,
                           .version = { .number = 1, .state = KEY_ACTIVE, .engine = ENGINE_FILE } };
    struct key_version *version = &first.version;
    bool ok = keeper_load(keeper, place, 1, ENGINE_FILE, LOAD, &version->fingerprint, err);
    if (!ok && said(err) == KEY_MISSING) {
        struct error why;
        ok = db_read(keeper->db, &scratch, count_needs, &first, &why);
        if (!ok)
            *err = why;
        if (ok && first.may_be_made)
            version->engine = keeper->engine;
        ok = ok && first.may_be_made
             && keeper_load(keeper, place, 1, version->engine, MAKE, &version->fingerprint, err);
    }
    version->made = version->since = instant_now();
    ok = ok && keeper_certify(keeper, &scratch, place, version, err)
         && db_write(keeper->db, &scratch, write_first, &first, err);
    arena_free(&scratch);
    return ok;
}

static bool make_missing(struct keeper *keeper, struct error *err)
{
    struct arena scratch = { 0 };
    struct stored_keys keys;
    bool ok = db_read(keeper->db, &scratch, read_all, &keys, err);
    for (size_t i = 0; ok && i < keeper->count; i++)
        if (!has_version(&keys, keeper->uses[i]->name))
            ok = make_first(keeper, i, err);
    arena_free(&scratch);
    return ok;
}

/* Watching */

static bool wait_a_moment(struct keeper *keeper)
{
    const struct timespec until = wait_until(WATCH_SECONDS * SECOND);
    pthread_mutex_lock(&keeper->watch_lock);
    while (!keeper->stopping && wait_at(&keeper->watch_end, &keeper->watch_lock, &until)) {}
    bool go_on = !keeper->stopping;
    pthread_mutex_unlock(&keeper->watch_lock);
    return go_on;
}

static void *watch(void *with)
{
    struct keeper *keeper = with;
    bool failed = false;
    while (wait_a_moment(keeper)) {
        struct error err;
        bool ok = registry_refresh(keeper, &err);
        if (!ok && !failed)
            log_failure("keys-not-read", &err);
        failed = !ok;
    }
    return NULL;
}

static bool tell_ready(struct keeper *keeper, struct error *err)
{
    struct arena scratch = { 0 };
    struct str nothing = { 0 };
    struct wire_head head = { .op = WIRE_READY, .version = 1 };
    bool ok = keeper_ask(keeper, &scratch, head, nothing, nothing, 0, &nothing, err);
    arena_free(&scratch);
    return ok;
}

bool keeper_open(struct app *app, struct error *err)
{
    struct keeper *keeper = app->keeper;
    if (!keeper->count)
        return true;
    keeper->db = app->db;
    if (!make_missing(keeper, err) || !refresh(keeper, true, err))
        return false;
    if (!keeper->channels)
        return true;
    if (!tell_ready(keeper, err))
        return false;
    int problem = pthread_create(&keeper->watch, NULL, watch, keeper);
    keeper->watching = !problem;
    return !problem || fail_internal(err, "no thread for the keys: %s", strerror(problem));
}
