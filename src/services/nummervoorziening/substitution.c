/* SPDX-License-Identifier: EUPL-1.2 */
/* A substitution is an arrow from a new HPGN to the old one that it replaces. Every HPGN has at most
 * one arrow out and one in, and arrows never make a ring, so the arrows form chains. The stampseudoniem
 * of an HPGN is the own one of the last HPGN that can be reached over arrows that are in effect. */
#include "services/nummervoorziening/substitution.h"

#define CHAIN_MAX   64  /* arrows; a person whose number changed so often does not exist */
#define YEARS_AHEAD 5

static bool blocked(struct error *err)
{
    return fail_code(err, CONFLICT, BLOCKED_HPGN,
                     N_("This HPGN was replaced by another one; use the new one."));
}

static bool in_effect(bool there, instant from, instant now)
{
    return there && from <= now;
}

/* Without looking at substitutions: imported, or derived. */
static struct str own_stampseudonym(struct tx *tx, const struct derivation *derivation,
                                    const struct hpgn_answer *derived, const struct known *known)
{
    if (known->imported)
        return known->import;
    struct prefixes prefixes = derivation_prefixes(derivation, derived->version);
    return pseudonym_text(tx_arena(tx), prefixes.stam, &derived->own);
}

/* Follows the arrows that are in effect; `text` becomes the own stampseudoniem of the last one. */
static bool follow(struct tx *tx, const struct derivation *derivation, const struct known *first,
                   instant now, struct str *text, struct error *err)
{
    struct known at = *first;
    for (int i = 0; in_effect(at.replaces, at.replaces_from, now); i++) {
        if (i == CHAIN_MAX)
            return fail_internal(err, "a chain of substitutions longer than %d", CHAIN_MAX);
        struct lookup next = at.old;
        *text = at.old_own;
        if (!nv_find_known(tx, derivation, &next, &at, err))
            return false;
    }
    return true;
}

bool find_stampseudonym(struct tx *tx, const struct derivation *derivation,
                        const struct hpgn_answer *derived, instant now, struct str *text,
                        struct error *err)
{
    struct known known;
    if (!nv_find_known(tx, derivation, &derived->lookup, &known, err))
        return false;
    if (in_effect(known.replaced, known.replaced_from, now))
        return blocked(err);
    *text = own_stampseudonym(tx, derivation, derived, &known);
    return follow(tx, derivation, &known, now, text, err);
}

static bool refuse_unknown(const struct stampseudonym *stampseudonym, struct error *err)
{
    if (stampseudonym->retired)
        return fail_code(err, INVALID, INVALID_STAMPSEUDONYM,
                         N_("This stampseudoniem was made with a key that is no longer used; ask for "
                            "the new one with the HPGN."));
    return fail_code(err, INVALID, INVALID_STAMPSEUDONYM,
                     N_("This stampseudoniem is of another environment and not known here."));
}

bool find_eck_id(struct tx *tx, const struct derivation *derivation,
                 const struct stampseudonym *stampseudonym, const struct eck_answer *derived,
                 struct str *text, struct error *err)
{
    bool found;
    struct str ignored;
    if (!nv_find_pair(tx, derivation, &derived->lookup, text, &found, err))
        return false;
    if (found)
        return true;
    if (!stampseudonym->own
        && !nv_find_pair(tx, derivation, &derived->self, &ignored, &found, err))
        return false;
    if (!stampseudonym->own && !found)
        return refuse_unknown(stampseudonym, err);
    struct prefixes prefixes = derivation_prefixes(derivation, derived->version);
    *text = pseudonym_text(tx_arena(tx), prefixes.eck, &derived->own);
    return true;
}

bool effective_date_parse(struct str text, instant now, instant *effective, struct error *err)
{
    if (!instant_parse(text, effective))
        return fail_code(err, INVALID, INVALID_DATE,
                         N_("The effective date must be a date and time with a time zone, like "
                            "2027-08-01T00:00:00+02:00."));
    if (*effective > now + YEARS_AHEAD * 366 * DAY)
        return fail_code(err, INVALID, INVALID_DATE,
                         N_("The effective date may be at most five years ahead."));
    if (*effective < now)
        *effective = now;
    return true;
}

/* Would the arrow from `new` to `old` close a ring (also with arrows that wait for their day), or
 * make a chain that is too long? */
static bool check_chain(struct tx *tx, const struct derivation *derivation,
                        const struct lookup *new_lookup, const struct known *new,
                        const struct known *old, struct error *err)
{
    int arrows = 1;
    struct known at = *old;
    for (; at.replaces && arrows <= CHAIN_MAX; arrows++) {
        struct lookup next = at.old;
        if (memcmp(&next, new_lookup, sizeof next) == 0)
            return fail_code(err, CONFLICT, INVALID_SUBSTITUTION,
                             N_("This substitution would lead back to where it starts."));
        if (!nv_find_known(tx, derivation, &next, &at, err))
            return false;
    }
    at = *new;
    for (; at.replaced && arrows <= CHAIN_MAX; arrows++) {
        struct lookup next = at.by;
        if (!nv_find_known(tx, derivation, &next, &at, err))
            return false;
    }
    if (arrows > CHAIN_MAX)
        return fail_code(err, CONFLICT, INVALID_SUBSTITUTION,
                         N_("This HPGN was replaced too many times."));
    return true;
}

/* The old HPGN has a replacement already: the same wish again is fine, and may change a day that is
 * still to come; another wish is refused. */
static bool replace_again(struct tx *tx, const struct known *old, const struct lookup *new_lookup,
                          instant effective, instant now, struct error *err)
{
    bool same = memcmp(&old->by, new_lookup, sizeof *new_lookup) == 0;
    bool effective_already = old->replaced_from <= now;
    if (!same && effective_already)
        return blocked(err);
    if (!same)
        return fail_code(err, CONFLICT, INVALID_SUBSTITUTION,
                         N_("The old HPGN will already be replaced by another one."));
    return effective_already || nv_move_substitution(tx, new_lookup, effective, err);
}

static bool add_arrow(struct tx *tx, const struct derivation *derivation,
                      const struct known *old, const struct known *new,
                      const struct substitution *arrow, instant now, struct error *err)
{
    if (new->replaces)
        return fail_code(err, CONFLICT, INVALID_SUBSTITUTION,
                         N_("The new HPGN already replaces another one."));
    if (in_effect(new->replaced, new->replaced_from, now))
        return blocked(err);
    return check_chain(tx, derivation, &arrow->new_lookup, new, old, err)
           && nv_add_substitution(tx, derivation, arrow, err);
}

bool replace_hpgn(struct tx *tx, const struct derivation *derivation,
                  const struct replacement *wish, instant now, struct str *text, struct error *err)
{
    struct known old, new;
    struct hpgn_answer derived[2];
    const struct hpgn hpgns[2] = { wish->old_hpgn, wish->new_hpgn };
    if (!derive_stampseudonyms(derivation, tx_arena(tx), hpgns, 2, derived, err))
        return false;
    struct substitution arrow = {
        .old_lookup = derived[0].lookup,
        .new_lookup = derived[1].lookup,
        .effective = wish->effective,
        .requested = now,
        .vendor = wish->vendor,
        .school = wish->school,
    };
    if (memcmp(&arrow.old_lookup, &arrow.new_lookup, sizeof arrow.old_lookup) == 0)
        return fail_code(err, INVALID, INVALID_SUBSTITUTION,
                         N_("An HPGN cannot replace itself."));
    if (!nv_find_known(tx, derivation, &arrow.old_lookup, &old, err)
        || !nv_find_known(tx, derivation, &arrow.new_lookup, &new, err))
        return false;
    arrow.old_own = own_stampseudonym(tx, derivation, &derived[0], &old);
    arrow.version = old.imported ? 0 : derived[0].version;
    bool ok = old.replaced
                  ? replace_again(tx, &old, &arrow.new_lookup, wish->effective, now, err)
                  : add_arrow(tx, derivation, &old, &new, &arrow, now, err);
    return ok && find_stampseudonym(tx, derivation, &derived[1], now, text, err);
}
