/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/pseudonym.h"

#include "base/encoding.h"
#include "platform/config.h"

static bool is_uri_character(char c)
{
    return is_letter_or_digit(c) || (c != '\0' && strchr("-._~:/", c));
}

/* "https://host/path/": plain characters only, so that a pseudonym needs no escaping anywhere. */
static bool is_prefix(struct str s)
{
    if (s.len > PREFIX_MAX || !str_ends(s, STR("/")))
        return false;
    if (!str_starts(s, STR("https://")) && !str_starts(s, STR("http://")))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_uri_character(s.at[i]))
            return false;
    return s.len > strlen("https://x/");
}

static bool refuse_prefix(struct error *err, const char *setting)
{
    return fail(err, INVALID, setting,
                N_("The prefix must be a web address of at most 100 characters that ends in /."));
}

static bool check_prefixes(struct str stam, struct str eck, struct error *err)
{
    if (!is_prefix(stam))
        return refuse_prefix(err, "nummervoorziening.stampseudonym_prefix");
    if (!is_prefix(eck))
        return refuse_prefix(err, "nummervoorziening.eckid_prefix");
    if (str_eq(stam, eck))
        return fail(err, INVALID, "nummervoorziening.eckid_prefix",
                    N_("The prefixes of stampseudoniem and ECK iD must differ."));
    return true;
}

bool derivation_check(const struct config *config, const struct str *values, struct error *err)
{
    static const char *const first[] = { "nummervoorziening.stampseudonym_prefix",
                                         "nummervoorziening.eckid_prefix" };
    if (!check_prefixes(values[ROOT_STAM], values[ROOT_ECK], err))
        return false;
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 2; j++)
            if (str_eq(values[i], config_text(config, first[j])))
                return fail(err, CONFLICT, NULL,
                            N_("A new version needs prefixes of its own: they tell which version a "
                               "stampseudoniem is of."));
    return true;
}

bool derivation_init(struct derivation *derivation, struct keeper *keeper, struct str stam_prefix,
                     struct str eck_prefix, struct error *err)
{
    *derivation = (struct derivation){ keeper, { stam_prefix, eck_prefix } };
    return check_prefixes(stam_prefix, eck_prefix, err);
}

static struct prefixes prefixes_of(const struct derivation *derivation,
                                   const struct key_version *version)
{
    if (version->number == 1)
        return derivation->first;
    return (struct prefixes){ version->attributes[ROOT_STAM], version->attributes[ROOT_ECK] };
}

struct prefixes derivation_prefixes(const struct derivation *derivation, int64_t version)
{
    struct key_versions versions = keeper_versions(derivation->keeper, ROOT_KEY);
    for (size_t i = 0; i < versions.len; i++)
        if (versions.at[i].number == version)
            return prefixes_of(derivation, &versions.at[i]);
    return derivation->first;
}

bool hpgn_parse(struct str text, struct hpgn *hpgn, struct error *err)
{
    if (!hex_read(text, hpgn->bytes, HPGN_BYTES))
        return fail_code(err, INVALID, INVALID_HPGN,
                         N_("An HPGN is 64 lower-case hexadecimal characters."));
    return true;
}

bool pseudonym_read(struct str prefix, struct str text, struct pseudonym *value)
{
    return str_starts(text, prefix)
           && hex_read(str_slice(text, prefix.len, text.len), value->bytes, PSEUDONYM_BYTES);
}

/* Some prefix and 128 hex. */
static bool has_pseudonym_form(struct str text)
{
    struct pseudonym value;
    if (text.len <= PSEUDONYM_HEX || text.len > PSEUDONYM_TEXT_MAX)
        return false;
    struct str prefix = str_slice(text, 0, text.len - PSEUDONYM_HEX);
    return is_prefix(prefix) && pseudonym_read(prefix, text, &value);
}

/* The version whose prefix stands before it; one that is only going to be used has no prefix yet. */
static const struct key_version *find_version(const struct derivation *derivation,
                                              enum root_part part, struct str text,
                                              struct pseudonym *value)
{
    struct key_versions versions = keeper_versions(derivation->keeper, ROOT_KEY);
    for (size_t i = versions.len; i-- > 0;) {
        struct prefixes prefixes = prefixes_of(derivation, &versions.at[i]);
        struct str prefix = part == ROOT_STAM ? prefixes.stam : prefixes.eck;
        if (prefix.len && pseudonym_read(prefix, text, value))
            return &versions.at[i];
    }
    return NULL;
}

bool pseudonym_own(const struct derivation *derivation, enum root_part part, struct str text,
                   struct pseudonym *value, int64_t *version)
{
    const struct key_version *found = find_version(derivation, part, text, value);
    *version = found ? found->number : 0;
    return found;
}

static bool is_eck_id(const struct derivation *derivation, struct str text)
{
    struct key_versions versions = keeper_versions(derivation->keeper, ROOT_KEY);
    for (size_t i = 0; i < versions.len; i++) {
        struct prefixes prefixes = prefixes_of(derivation, &versions.at[i]);
        if (prefixes.eck.len && str_starts(text, prefixes.eck))
            return true;
    }
    return false;
}

bool stampseudonym_parse(const struct derivation *derivation, struct str text,
                         struct stampseudonym *stampseudonym, struct error *err)
{
    *stampseudonym = (struct stampseudonym){ .text = text };
    const struct key_version *version =
        find_version(derivation, ROOT_STAM, text, &stampseudonym->value);
    if (version) {
        stampseudonym->version = version->number;
        stampseudonym->retired = version->state == KEY_RETIRED;
        stampseudonym->own = !stampseudonym->retired;
        return true;
    }
    if (!has_pseudonym_form(text) || is_eck_id(derivation, text))
        return fail_code(err, INVALID, INVALID_STAMPSEUDONYM,
                         N_("A stampseudoniem is its prefix and 128 lower-case hexadecimal "
                            "characters."));
    return true;
}

bool eck_id_well_formed(struct str text)
{
    return has_pseudonym_form(text);
}

struct str pseudonym_text(struct arena *arena, struct str prefix, const struct pseudonym *value)
{
    size_t len = prefix.len + PSEUDONYM_HEX;
    char *text = arena_alloc(arena, len);
    memcpy(text, prefix.at, prefix.len);
    hex_write(value->bytes, PSEUDONYM_BYTES, text + prefix.len);
    return (struct str){ text, len };
}

/* Asking the keeper */

static bool active_root(const struct derivation *derivation, int64_t *version, struct error *err)
{
    const struct key_version *active =
        key_active(keeper_versions(derivation->keeper, ROOT_KEY), instant_now());
    *version = active ? active->number : 0;
    return active || fail_internal(err, "the key %s has no active version", ROOT_KEY);
}

static struct mac_question ask_lookup(const struct lookup_question *question,
                                      struct lookup *lookup)
{
    return (struct mac_question){ .key = LOOKUP_KEY, .version = 1, .fields = question->fields,
                                  .count = question->count, .size = MAC256_BYTES,
                                  .out = lookup->bytes };
}

static struct mac_question ask_root(int64_t version, enum root_part part, const struct str *fields,
                                    size_t count, struct pseudonym *own)
{
    return (struct mac_question){ .key = ROOT_KEY, .version = version, .part = part,
                                  .fields = fields, .count = count, .size = MAC512_BYTES,
                                  .out = own->bytes };
}

void ask_lookup_hpgn(struct lookup_question *question, const struct hpgn *hpgn)
{
    hex_write(hpgn->bytes, HPGN_BYTES, question->hex);
    question->fields[0] = STR("hpgn");
    question->fields[1] = (struct str){ question->hex, sizeof question->hex };
    question->count = 2;
}

void ask_lookup_stampseudonym(struct lookup_question *question, struct str stampseudonym)
{
    question->fields[0] = STR("stampseudonym");
    question->fields[1] = stampseudonym;
    question->count = 2;
}

void ask_lookup_eck_id(struct lookup_question *question, struct str chain, struct str sector,
                       struct str stampseudonym)
{
    question->fields[0] = STR("eckid");
    question->fields[1] = chain;
    question->fields[2] = sector;
    question->fields[3] = stampseudonym;
    question->count = 4;
}

bool find_lookups(const struct derivation *derivation, struct arena *arena,
                  const struct lookup_question *questions, size_t count, struct lookup *lookups,
                  struct error *err)
{
    struct mac_question *macs = arena_array(arena, struct mac_question, count);
    for (size_t i = 0; i < count; i++)
        macs[i] = ask_lookup(&questions[i], &lookups[i]);
    return keeper_macs(derivation->keeper, arena, macs, count, err);
}

/* The lookup of an HPGN and its stampseudoniem are asked with the same bytes under another word. */
struct hpgn_question {
    struct lookup_question lookup;
    struct str stam[2];
};

bool derive_stampseudonyms(const struct derivation *derivation, struct arena *arena,
                           const struct hpgn *hpgns, size_t count, struct hpgn_answer *answers,
                           struct error *err)
{
    int64_t version;
    struct hpgn_question *questions = arena_array(arena, struct hpgn_question, count);
    struct mac_question *macs = arena_array(arena, struct mac_question, 2 * count);
    if (!active_root(derivation, &version, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        ask_lookup_hpgn(&questions[i].lookup, &hpgns[i]);
        questions[i].stam[0] = STR("stam");
        questions[i].stam[1] = questions[i].lookup.fields[1];
        macs[2 * i] = ask_lookup(&questions[i].lookup, &answers[i].lookup);
        macs[2 * i + 1] = ask_root(version, ROOT_STAM, questions[i].stam, 2, &answers[i].own);
        answers[i].version = version;
    }
    return keeper_macs(derivation->keeper, arena, macs, 2 * count, err);
}

struct eck_question {
    struct lookup_question lookup, self;
};

/* One that is not ours is looked for by itself too: it may have been imported. */
static size_t ask_eck_id(struct eck_question *question, struct str chain, struct str sector,
                         const struct stampseudonym *stampseudonym, struct eck_answer *answer,
                         struct mac_question *macs)
{
    size_t count = 0;
    ask_lookup_eck_id(&question->lookup, chain, sector, stampseudonym->text);
    macs[count++] = ask_lookup(&question->lookup, &answer->lookup);
    macs[count++] =
        ask_root(answer->version, ROOT_ECK, question->lookup.fields + 1, 3, &answer->own);
    if (stampseudonym->own)
        return count;
    ask_lookup_stampseudonym(&question->self, stampseudonym->text);
    macs[count++] = ask_lookup(&question->self, &answer->self);
    return count;
}

bool derive_eck_ids(const struct derivation *derivation, struct arena *arena, struct str chain,
                    struct str sector, const struct stampseudonym *stampseudonyms, size_t count,
                    struct eck_answer *answers, struct error *err)
{
    int64_t active;
    size_t asked = 0;
    struct eck_question *questions = arena_array(arena, struct eck_question, count);
    struct mac_question *macs = arena_array(arena, struct mac_question, 3 * count);
    if (!active_root(derivation, &active, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        answers[i].version = stampseudonyms[i].own ? stampseudonyms[i].version : active;
        asked += ask_eck_id(&questions[i], chain, sector, &stampseudonyms[i], &answers[i],
                            &macs[asked]);
    }
    return keeper_macs(derivation->keeper, arena, macs, asked, err);
}
