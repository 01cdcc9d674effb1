/* SPDX-License-Identifier: EUPL-1.2 */
/* What an operator does with keys: each deed is one transaction with its audit row. */
#include "platform/keys/registry.h"

#include "base/buf.h"
#include "platform/keys/keeper_parts.h"
#include "platform/keys/key_store.h"
#include "platform/keys/says.h"
#include "platform/record/audit.h"

/* So long before a rotation takes effect it is written, so that every node knows of it by then. */
#define AHEAD      (5 * SECOND)
#define RENEW_ROWS 500

size_t registry_keys(struct keeper *keeper, struct key_row rows[static KEYS_MAX])
{
    for (size_t i = 0; i < keeper->count; i++)
        rows[i] = (struct key_row){ keeper->uses[i], keeper_versions(keeper, keeper->uses[i]->name) };
    return keeper->count;
}

/* The key of a name that a person gave. */
static bool find_key(struct keeper *keeper, const char *name, size_t *place, struct error *err)
{
    return keeper_find(keeper, name, place, err)
           || fail_about(err, NOT_FOUND, "name",
                         N_("There is no key called %s; `fundament key list` shows which there are."),
                         "%.40s", name);
}

static bool find_version(struct keeper *keeper, const char *name, int64_t number,
                         struct key_version *version, struct error *err)
{
    struct key_versions versions = keeper_versions(keeper, name);
    for (size_t i = 0; i < versions.len; i++) {
        if (versions.at[i].number != number)
            continue;
        *version = versions.at[i];
        return true;
    }
    return fail_about(err, NOT_FOUND, "version", N_("There is no version %s of this key."), "%lld",
                      (long long)number);
}

struct str registry_place(struct keeper *keeper, struct arena *arena, const char *name,
                          const struct key_version *version)
{
    size_t place;
    struct error ignored;
    if (!keeper->own.vault || !keeper_find(keeper, name, &place, &ignored))
        return STR("");
    return vault_place(keeper->own.vault, arena, place, version->number, version->engine);
}

/* Deeds in the database */

struct deed {
    struct keeper *keeper;
    const char *what;
    const struct key_use *use;
    struct key_version version;    /* as it is to be */
    struct key_version *before;    /* of a rotation: the one that was active; or NULL */
    int64_t needed;                /* of a retirement */
};

static bool audit_deed(struct tx *tx, const struct deed *deed, instant now, struct error *err)
{
    struct audit_entry entry = {
        .who = STR("command:key"),
        .what = deed->what,
        .subject = str_format(tx_arena(tx), "key:%s.%lld", deed->use->name,
                              (long long)deed->version.number),
    };
    return audit_add(tx, now, &entry, err);
}

static bool write_added(struct tx *tx, void *with, struct error *err)
{
    const struct deed *deed = with;
    bool added;
    if (!key_store_add(tx, str_of(deed->use->name), &deed->version, &added, err))
        return false;
    if (!added)
        return fail(err, CONFLICT, NULL, N_("Somebody else just changed this key; look again with "
                                            "`fundament key list`."));
    return audit_deed(tx, deed, deed->version.made, err);
}

/* Is the version still in the state in which this process saw it? */
static bool check_unchanged(struct tx *tx, const struct deed *deed,
                            const struct key_version *seen, struct error *err)
{
    struct stored_keys keys;
    if (!key_store_all(tx, &keys, err))
        return false;
    for (size_t i = 0; i < keys.len; i++)
        if (str_eq(keys.at[i].name, str_of(deed->use->name))
            && keys.at[i].version.number == seen->number
            && keys.at[i].version.state == seen->state && keys.at[i].version.since == seen->since)
            return true;
    return fail(err, CONFLICT, NULL, N_("Somebody else just changed this key; look again with "
                                        "`fundament key list`."));
}

static bool write(struct keeper *keeper, db_work *work, struct deed *deed, struct error *err)
{
    struct arena scratch = { 0 };
    bool ok = db_write(keeper->db, &scratch, work, deed, err);
    arena_free(&scratch);
    return ok && registry_refresh(keeper, err);
}

/* add */

static int64_t last_number(struct key_versions versions)
{
    return versions.len ? versions.at[versions.len - 1].number : 0;
}

static bool check_addable(const struct key_use *use, struct key_versions versions,
                          struct error *err)
{
    if (use->kind == KEY_MAC && !use->rotates)
        return fail_about(err, UNSUPPORTED, "name",
                          N_("The key %s stays what it is: what was made with it must be found "
                             "again."),
                          "%s", use->name);
    for (size_t i = 0; i < versions.len; i++)
        if (key_state_at(&versions.at[i], instant_now()) == KEY_NEXT)
            return fail_about(err, CONFLICT, "name",
                              N_("The key %s has a next version already; let it become the active one "
                                 "with `fundament key rotate`, or retire it."),
                              "%s", use->name);
    return true;
}

bool registry_add(struct keeper *keeper, const char *name, enum key_engine engine, int64_t *number,
                  struct error *err)
{
    size_t place;
    struct key_versions versions = keeper_versions(keeper, name);
    if (!find_key(keeper, name, &place, err)
        || !check_addable(keeper->uses[place], versions, err))
        return false;
    instant now = instant_now();
    struct deed deed = { .keeper = keeper, .what = "key.added", .use = keeper->uses[place],
                         .version = { .number = last_number(versions) + 1, .state = KEY_NEXT,
                                      .engine = engine, .made = now, .since = now } };
    *number = deed.version.number;
    struct arena scratch = { 0 };
    bool ok = keeper_load(keeper, place, *number, engine, MAKE, &deed.version.fingerprint, err)
              && keeper_certify(keeper, &scratch, place, &deed.version, err)
              && write(keeper, write_added, &deed, err);
    arena_free(&scratch);
    return ok;
}

/* rotate */

static bool take_attributes(struct keeper *keeper, const struct key_use *use,
                            const struct str *attributes, struct key_version *version,
                            struct error *err)
{
    struct key_versions versions = keeper_versions(keeper, use->name);
    size_t count = 0;
    for (; use->attributes && use->attributes[count]; count++)
        version->attributes[count] = attributes[count];
    if (use->check && !use->check(keeper->config, attributes, err))
        return false;
    for (size_t i = 0; i < versions.len; i++)
        for (size_t j = 0; j < count * count; j++)
            if (str_eq(versions.at[i].attributes[j / count], attributes[j % count]))
                return fail_about(err, CONFLICT, NULL,
                                  N_("\"%s\" is already used by another version of this key."),
                                  "%.*s", FMT(attributes[j % count]));
    return true;
}

static bool write_rotation(struct tx *tx, void *with, struct error *err)
{
    const struct deed *deed = with;
    struct str name = str_of(deed->use->name);
    struct key_version next = deed->version, before = *deed->before;
    next.state = KEY_ACTIVE;
    before.state = KEY_PREVIOUS;
    before.since = next.since;
    struct key_version seen = deed->version;
    seen.since = seen.made;
    return check_unchanged(tx, deed, deed->before, err) && check_unchanged(tx, deed, &seen, err)
           && key_store_change(tx, name, &next, err) && key_store_change(tx, name, &before, err)
           && audit_deed(tx, deed, instant_now(), err);
}

static const struct key_version *find_next(struct key_versions versions, instant now)
{
    for (size_t i = 0; i < versions.len; i++)
        if (key_state_at(&versions.at[i], now) == KEY_NEXT)
            return &versions.at[i];
    return NULL;
}

bool registry_rotate(struct keeper *keeper, const char *name, const struct str *attributes,
                     int64_t *number, instant *from, struct error *err)
{
    size_t place;
    instant now = instant_now();
    struct key_versions versions = keeper_versions(keeper, name);
    const struct key_version *next = find_next(versions, now), *active = key_active(versions, now);
    if (!find_key(keeper, name, &place, err))
        return false;
    if (!next || !active || next->since > now)
        return fail_about(err, CONFLICT, "name",
                          N_("The key %s has no next version; make one with `fundament key add` and "
                             "bring it to all nodes first."),
                          "%s", name);
    if (!next->held)
        return say(err, KEY_NOT_HELD, "%s.%lld", name, (long long)next->number);
    struct key_version before = *active;
    struct deed deed = { .keeper = keeper, .what = "key.rotated", .use = keeper->uses[place],
                         .version = *next, .before = &before };
    if (!take_attributes(keeper, deed.use, attributes, &deed.version, err))
        return false;
    *number = next->number;
    *from = deed.version.since = now + AHEAD;
    return write(keeper, write_rotation, &deed, err);
}

/* retire */

static bool write_retirement(struct tx *tx, void *with, struct error *err)
{
    struct deed *deed = with;
    struct key_version seen = deed->version, retired = deed->version;
    deed->needed = 0;
    if (!check_unchanged(tx, deed, &seen, err))
        return false;
    if (deed->use->needs
        && !deed->use->needs(tx, deed->keeper, seen.number, &deed->needed, err))
        return false;
    if (deed->needed > 0)
        return fail_about(err, CONFLICT, "version",
                          N_("This version is still needed (%s times); run `fundament key renew` "
                             "first."),
                          "%lld", (long long)deed->needed);
    retired.state = KEY_RETIRED;
    retired.since = instant_now();
    return key_store_change(tx, str_of(deed->use->name), &retired, err)
           && audit_deed(tx, deed, retired.since, err);
}

static bool check_retirable(const struct key_use *use, const struct key_version *version,
                            struct error *err)
{
    enum key_state state = key_state_at(version, instant_now());
    if (state == KEY_RETIRED)
        return fail(err, GONE, "version", N_("This version was retired already."));
    if (state == KEY_ACTIVE || version->since > instant_now())
        return fail(err, CONFLICT, "version",
                    N_("This version is in use; let another one become active first."));
    if (state == KEY_PREVIOUS && !use->needs && use->kind == KEY_SEAL)
        return fail_about(err, CONFLICT, "version",
                          N_("What is sealed with the key %s cannot be counted, so its versions stay."),
                          "%s", use->name);
    return true;
}

bool registry_retire(struct keeper *keeper, const char *name, int64_t number, bool destroy,
                     int64_t *needed, struct error *err)
{
    size_t place;
    struct deed deed = { .keeper = keeper, .what = "key.retired" };
    *needed = 0;
    if (!find_key(keeper, name, &place, err)
        || !find_version(keeper, name, number, &deed.version, err))
        return false;
    deed.use = keeper->uses[place];
    bool again = deed.version.state == KEY_RETIRED && destroy; /* only what is left here */
    if (!again) {
        bool ok = check_retirable(deed.use, &deed.version, err)
                  && write(keeper, write_retirement, &deed, err);
        *needed = deed.needed;
        if (!ok)
            return false;
    }
    return !destroy
           || vault_remove(keeper->own.vault, place, number, deed.version.engine, err);
}

/* move */

static bool write_move(struct tx *tx, void *with, struct error *err)
{
    const struct deed *deed = with;
    return check_unchanged(tx, deed, &deed->version, err)
           && key_store_change(tx, str_of(deed->use->name), &deed->version, err)
           && audit_deed(tx, deed, instant_now(), err);
}

bool registry_move(struct keeper *keeper, const char *name, int64_t number, struct error *err)
{
    size_t place;
    struct fingerprint there;
    struct deed deed = { .keeper = keeper, .what = "key.moved" };
    if (!find_key(keeper, name, &place, err)
        || !find_version(keeper, name, number, &deed.version, err))
        return false;
    deed.use = keeper->uses[place];
    if (deed.version.engine == ENGINE_PKCS11 || deed.version.state == KEY_RETIRED)
        return fail(err, CONFLICT, "version", N_("Only a version that is in a file can be moved."));
    if (!keeper_load(keeper, place, number, ENGINE_PKCS11, IMPORT, &there, err))
        return false;
    if (memcmp(there.text, deed.version.fingerprint.text, FINGERPRINT_TEXT) != 0)
        return fail(err, CONFLICT, "version",
                    N_("The token holds another key under this name; remove that one first."));
    deed.version.engine = ENGINE_PKCS11;
    return write(keeper, write_move, &deed, err);
}

/* renew */

struct renewal {
    struct keeper *keeper;
    const struct key_use *use;
    int64_t moved;
};

static bool write_renewal(struct tx *tx, void *with, struct error *err)
{
    struct renewal *renewal = with;
    renewal->moved = 0;
    return renewal->use->renew(tx, renewal->keeper, RENEW_ROWS, &renewal->moved, err);
}

bool registry_renew(struct keeper *keeper, struct arena *arena, const char *name, int64_t *moved,
                    struct error *err)
{
    size_t place;
    if (!find_key(keeper, name, &place, err))
        return false;
    struct renewal renewal = { .keeper = keeper, .use = keeper->uses[place] };
    *moved = 0;
    if (!renewal.use->renew)
        return true;
    bool ok = db_write(keeper->db, arena, write_renewal, &renewal, err);
    *moved = renewal.moved;
    return ok;
}
