/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/pseudonym.h"

#include "base/encoding.h"
#include "base/list.h"

#define FIELDS(...)                                                                                \
    (const struct str[]){ __VA_ARGS__ }, sizeof((struct str[]){ __VA_ARGS__ }) / sizeof(struct str)

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

bool derivation_init(struct derivation *derivation, const struct key *root, struct str stam_prefix,
                     struct str eck_prefix, struct error *err)
{
    if (!is_prefix(stam_prefix))
        return fail(err, INVALID, "nummervoorziening.stampseudonym_prefix",
                    N_("The prefix must be a web address of at most 100 characters that ends in /."));
    if (!is_prefix(eck_prefix))
        return fail(err, INVALID, "nummervoorziening.eckid_prefix",
                    N_("The prefix must be a web address of at most 100 characters that ends in /."));
    if (str_eq(stam_prefix, eck_prefix))
        return fail(err, INVALID, "nummervoorziening.eckid_prefix",
                    N_("The prefixes of stampseudoniem and ECK iD must differ."));
    derivation->stam_prefix = stam_prefix;
    derivation->eck_prefix = eck_prefix;
    key_derive(root, "nummervoorziening stampseudonym", &derivation->stam);
    key_derive(root, "nummervoorziening eckid", &derivation->eck);
    key_derive(root, "nummervoorziening lookup", &derivation->lookup);
    key_derive(root, "nummervoorziening seal", &derivation->seal);
    return true;
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

bool stampseudonym_parse(const struct derivation *derivation, struct str text,
                         struct stampseudonym *stampseudonym, struct error *err)
{
    stampseudonym->text = text;
    stampseudonym->own = pseudonym_read(derivation->stam_prefix, text, &stampseudonym->value);
    if (stampseudonym->own)
        return true;
    if (!has_pseudonym_form(text) || str_starts(text, derivation->eck_prefix))
        return fail_code(err, INVALID, INVALID_STAMPSEUDONYM,
                         N_("A stampseudoniem is its prefix and 128 lower-case hexadecimal "
                            "characters."));
    return true;
}

bool eck_id_well_formed(struct str text)
{
    return has_pseudonym_form(text);
}

static struct str hpgn_hex(const struct hpgn *hpgn, char hex[static 2 * HPGN_BYTES])
{
    hex_write(hpgn->bytes, HPGN_BYTES, hex);
    return (struct str){ hex, 2 * HPGN_BYTES };
}

struct pseudonym derive_stampseudonym(const struct derivation *derivation, const struct hpgn *hpgn)
{
    struct pseudonym out;
    char hex[2 * HPGN_BYTES];
    mac512(&derivation->stam, FIELDS(STR("stam"), hpgn_hex(hpgn, hex)), out.bytes);
    return out;
}

struct pseudonym derive_eck_id(const struct derivation *derivation, struct str chain,
                               struct str sector, struct str stampseudonym)
{
    struct pseudonym out;
    mac512(&derivation->eck, FIELDS(chain, sector, stampseudonym), out.bytes);
    return out;
}

struct str pseudonym_text(struct arena *arena, struct str prefix, const struct pseudonym *value)
{
    size_t len = prefix.len + PSEUDONYM_HEX;
    char *text = arena_alloc(arena, len);
    memcpy(text, prefix.at, prefix.len);
    hex_write(value->bytes, PSEUDONYM_BYTES, text + prefix.len);
    return (struct str){ text, len };
}

struct lookup lookup_hpgn(const struct derivation *derivation, const struct hpgn *hpgn)
{
    struct lookup out;
    char hex[2 * HPGN_BYTES];
    mac256(&derivation->lookup, FIELDS(STR("hpgn"), hpgn_hex(hpgn, hex)), out.bytes);
    return out;
}

struct lookup lookup_stampseudonym(const struct derivation *derivation, struct str stampseudonym)
{
    struct lookup out;
    mac256(&derivation->lookup, FIELDS(STR("stampseudonym"), stampseudonym), out.bytes);
    return out;
}

struct lookup lookup_eck_id(const struct derivation *derivation, struct str chain,
                            struct str sector, struct str stampseudonym)
{
    struct lookup out;
    mac256(&derivation->lookup, FIELDS(STR("eckid"), chain, sector, stampseudonym), out.bytes);
    return out;
}
