/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/keys.h"

#include "platform/app.h"
#include "services/nummervoorziening/batch.h"
#include "services/nummervoorziening/store_keys.h"

/* A new key would silently give every pupil another pseudonym: it is made only while there is nothing
 * that it could make false. */
static bool needs_any(struct tx *tx, int64_t *count, struct error *err)
{
    bool empty;
    if (!nv_is_empty(tx, &empty, err))
        return false;
    *count = !empty;
    return true;
}

static bool root_needs(struct tx *tx, struct keeper *keeper, int64_t version, int64_t *count,
                       struct error *err)
{
    (void)keeper;
    return version ? nv_count_substitutions(tx, version, count, err) : needs_any(tx, count, err);
}

static bool lookup_needs(struct tx *tx, struct keeper *keeper, int64_t version, int64_t *count,
                         struct error *err)
{
    (void)keeper, (void)version;
    return needs_any(tx, count, err);
}

static bool seal_needs(struct tx *tx, struct keeper *keeper, int64_t version, int64_t *count,
                       struct error *err)
{
    (void)keeper;
    return version ? nv_count_sealed(tx, version, count, err) : needs_any(tx, count, err);
}

/* A substitution keeps the stampseudoniem that it once gave. To outlive the version that derived it,
 * that becomes one that is known here, as an imported one is. */
static bool keep_substitution(struct tx *tx, const struct derivation *derivation,
                              const struct sealed_value *value, instant now, struct error *err)
{
    struct str text;
    struct lookup_question question;
    struct lookup self;
    struct stampseudonym stampseudonym;
    bool added;
    struct arena *arena = tx_arena(tx);
    if (!keeper_unseal(derivation->keeper, arena, SEAL_KEY, value->key, value->sealed, &text, err)
        || !stampseudonym_parse(derivation, text, &stampseudonym, err))
        return false;
    ask_lookup_stampseudonym(&question, text);
    return find_lookups(derivation, arena, &question, 1, &self, err)
           && nv_put_pair(tx, derivation, PAIR_KNOWN, &self, text, now, &added, err)
           && nv_keep_substitution(tx, value->key, err);
}

static bool root_renew(struct tx *tx, struct keeper *keeper, int64_t limit, int64_t *moved,
                       struct error *err)
{
    instant now = instant_now();
    const struct key_version *active = key_active(keeper_versions(keeper, ROOT_KEY), now);
    struct sealed_values values;
    struct derivation derivation = { .keeper = keeper };
    if (!active || !nv_old_substitutions(tx, active->number, limit, &values, err))
        return false;
    for (size_t i = 0; i < values.len; i++)
        if (!keep_substitution(tx, &derivation, &values.at[i], now, err))
            return false;
    *moved = (int64_t)values.len;
    return true;
}

static bool seal_again(struct tx *tx, struct keeper *keeper, enum sealed_table table,
                       const struct sealed_value *value, struct error *err)
{
    struct arena *arena = tx_arena(tx);
    struct str plain, sealed, about = value->key;
    if (table == SEALED_CHUNKS)
        about = chunk_about(arena, value->key, value->number);
    return keeper_unseal(keeper, arena, SEAL_KEY, about, value->sealed, &plain, err)
           && keeper_seal(keeper, arena, SEAL_KEY, about, plain, &sealed, err)
           && nv_reseal(tx, table, value, sealed, err);
}

static bool seal_renew(struct tx *tx, struct keeper *keeper, int64_t limit, int64_t *moved,
                       struct error *err)
{
    const struct key_version *active =
        key_active(keeper_versions(keeper, SEAL_KEY), instant_now());
    *moved = 0;
    for (enum sealed_table table = 0; active && table < SEALED_TABLES && !*moved; table++) {
        struct sealed_values values;
        int64_t most = table == SEALED_CHUNKS ? limit / 100 + 1 : limit; /* they are large */
        if (!nv_old_sealed(tx, table, active->number, most, &values, err))
            return false;
        for (size_t i = 0; i < values.len; i++)
            if (!seal_again(tx, keeper, table, &values.at[i], err))
                return false;
        *moved = (int64_t)values.len;
    }
    return true;
}

static const char *const root_parts[] = {
    [ROOT_STAM] = "nummervoorziening stampseudonym",
    [ROOT_ECK] = "nummervoorziening eckid",
    NULL,
};
static const char *const root_attributes[] = {
    [ROOT_STAM] = "stampseudonym-prefix",
    [ROOT_ECK] = "eckid-prefix",
    NULL,
};

const struct key_use nummervoorziening_keys[] = {
    { .name = ROOT_KEY,
      .purpose = N_("Derives stampseudoniemen and ECK iDs."),
      .kind = KEY_MAC,
      .rotates = true,
      .parts = root_parts,
      .attributes = root_attributes,
      .check = derivation_check,
      .needs = root_needs,
      .renew = root_renew },
    { .name = LOOKUP_KEY,
      .purpose = N_("Finds imported pairs and substitutions; it never changes."),
      .kind = KEY_MAC,
      .from = ROOT_KEY,
      .from_purpose = "nummervoorziening lookup",
      .needs = lookup_needs },
    { .name = SEAL_KEY,
      .purpose = N_("Seals imported pairs, substitutions and batches."),
      .kind = KEY_SEAL,
      .from = ROOT_KEY,
      .from_purpose = "nummervoorziening seal",
      .needs = seal_needs,
      .renew = seal_renew },
    { .name = NULL },
};
