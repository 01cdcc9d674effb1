/* SPDX-License-Identifier: EUPL-1.2 */
/* The identifiers of the register. Only ASCII passes: a Cyrillic or full-width look-alike of a
 * letter or digit is more than one byte and is refused like any other wrong character. */
#include "sector/store.h"

/* What a pattern character stands for: 9 a digit, A a capital letter, X either of these. */
static bool fits(char c, char wanted)
{
    switch (wanted) {
    case '9':
        return is_digit(c);
    case 'A':
        return is_upper(c);
    default:
        return is_digit(c) || is_upper(c);
    }
}

static bool matches(struct str text, struct str pattern)
{
    if (text.len != pattern.len)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!fits(text.at[i], pattern.at[i]))
            return false;
    return true;
}

bool brin_parse(struct str text, struct brin *brin, struct error *err)
{
    if (!matches(text, STR("99AA")))
        return fail(err, INVALID, "brin",
                    N_("A BRIN is two digits and two capital letters, like 00AV."));
    memcpy(brin->text, text.at, sizeof brin->text);
    return true;
}

bool location_code_parse(struct str text, struct location_code *code, struct error *err)
{
    if (!matches(text, STR("99AA99")))
        return fail(err, INVALID, "location",
                    N_("A location code is a BRIN and two digits, like 00AV01."));
    memcpy(code->text, text.at, sizeof code->text);
    return true;
}

bool board_number_parse(struct str text, struct board_number *number, struct error *err)
{
    if (!matches(text, STR("99999")))
        return fail(err, INVALID, "board",
                    N_("The number of a school board is five digits, like 41804."));
    memcpy(number->text, text.at, sizeof number->text);
    return true;
}

/* Logius, OIN-stelsel, chapter 6: 8 digits say which register the number comes from, 8 or 9 digits
 * (or, under 00000007, letters too) are the number there, the rest is a suffix. */
bool oin_parse(struct str text, struct oin *oin, struct error *err)
{
    if (!matches(text, STR("99999999XXXXXXXXXXXX")))
        return fail(err, INVALID, "oin",
                    N_("An OIN is 20 characters: 8 digits, then 12 digits or capital letters."));
    memcpy(oin->text, text.at, sizeof oin->text);
    return true;
}

#define SCHOOL_PREFIX "00000007000"

bool oin_school(const struct oin *oin, struct brin *brin)
{
    struct error ignored = { 0 };
    struct str text = ID_STR(*oin), prefix = STR(SCHOOL_PREFIX);
    return str_starts(text, prefix)
        && brin_parse(str_slice(text, prefix.len, prefix.len + sizeof brin->text), brin, &ignored);
}

struct oin school_oin(const struct brin *brin)
{
    struct oin oin;
    memcpy(oin.text, SCHOOL_PREFIX "....00000", sizeof oin.text);
    memcpy(oin.text + sizeof SCHOOL_PREFIX - 1, brin->text, sizeof brin->text);
    return oin;
}

struct str board_organisation(struct arena *arena, const struct board_number *number)
{
    return str_format(arena, "board:%.*s", FMT(ID_STR(*number)));
}

struct str vendor_organisation(struct arena *arena, const struct oin *oin)
{
    return str_format(arena, "vendor:%.*s", FMT(ID_STR(*oin)));
}

bool partnership_code_parse(struct str text, struct str *code, struct error *err)
{
    if (!matches(text, STR("AA9999")))
        return fail(err, INVALID, "code",
                    N_("The code of a partnership is two capital letters and four digits, like "
                       "PO2801."));
    *code = text;
    return true;
}
