/* SPDX-License-Identifier: EUPL-1.2 */
/* The domain of the Nummervoorziening, with values and bytes only. */
#include "base/encoding.h"
#include "base/random.h"
#include "platform/keys/key_file.h"
#include "services/nummervoorziening/access.h"
#include "services/nummervoorziening/batch.h"
#include "services/nummervoorziening/nummervoorziening.h"
#include "services/nummervoorziening/use.h"
#include "services/services.h"
#include "tests/test.h"

#define SALT "rktYml0MIp9TC9u6Ny6uqw=="
#define STAM "https://ketenid.nl/sppilot/"
#define ECK  "https://ketenid.nl/pilot/"

static void close_app(void *app)
{
    app_close(app);
}

/* The keys of an installation of before keys had versions: one file, from which all is derived. */
static struct derivation given_derivation_of(struct test *t, const char *name, unsigned char first)
{
    struct app *app = arena_new(t->arena, struct app);
    struct derivation derivation;
    struct error err = { 0 };
    struct secret secret = { .len = KEY_BYTES, .bytes = { first, 2, 3 } };
    struct str folder = str_format(t->arena, "%s/%s", t->folder, name);
    struct str keys = str_format(t->arena, "%s/keys", folder.at);
    struct str file = str_format(t->arena, "%s/nummervoorziening.key", keys.at);
    CHECK_OK(key_file_make(keys.at, file.at, "nummervoorziening", &secret, &err), err);
    CHECK_OK(app_open(t->arena, folder.at, all_services, true, app, &err), err);
    arena_defer(t->arena, close_app, app);
    CHECK_OK(derivation_init(&derivation, app->keeper, STR(STAM), STR(ECK), &err), err);
    return derivation;
}

static struct derivation given_derivation(struct test *t)
{
    return given_derivation_of(t, "one", 1);
}

static struct hpgn_answer stampseudonym_of_hpgn(struct test *t, const struct derivation *derivation,
                                                const struct hpgn *hpgn)
{
    struct hpgn_answer answer;
    struct error err = { 0 };
    CHECK_OK(derive_stampseudonyms(derivation, t->arena, hpgn, 1, &answer, &err), err);
    return answer;
}

static struct pseudonym eck_id_of_text(struct test *t, const struct derivation *derivation,
                                       const char *chain, const char *sector, struct str text)
{
    struct stampseudonym stampseudonym = { .text = text, .own = true, .version = 1 };
    struct eck_answer answer;
    struct error err = { 0 };
    CHECK_OK(derive_eck_ids(derivation, t->arena, str_of(chain), str_of(sector), &stampseudonym, 1,
                            &answer, &err),
             err);
    return answer.own;
}

static struct str hashed(struct test *t, struct str pgn)
{
    struct str salt, hpgn;
    struct error err = { 0 };
    CHECK_OK(hpgn_salt_parse(t->arena, STR(SALT), &salt, &err), err);
    CHECK_OK(hpgn_make(t->arena, pgn, salt, &hpgn, &err), err);
    return hpgn;
}

TEST(the_first_level_hash_is_that_of_the_field)
{
    CHECK_STR(hashed(t, STR("063138219")),
              STR("9735dfd2235eaeb5f0300886bcc99c82ffc1d6420c4e0bde8de7218def2135fa"));
    CHECK_STR(hashed(t, STR("20DP Teacher@School.com")),
              STR("0b870ff044775ef0360655c40d5b284b7e3ae2b72207a6894794d787eb019e60"));
}

TEST(only_a_line_of_text_is_hashed_and_only_with_a_real_salt)
{
    struct str salt = STR("12345678"), out;
    struct error err = { 0 };
    CHECK(!hpgn_make(t->arena, STR(""), salt, &out, &err));
    CHECK(!hpgn_make(t->arena, STR("a\xff"), salt, &out, &err));
    CHECK(!hpgn_salt_parse(t->arena, STR("c2hvcnQ="), &out, &err));
    CHECK(!hpgn_salt_parse(t->arena, STR("no base64!"), &out, &err));
}

TEST(an_hpgn_is_64_lower_case_hex_and_nothing_else_and_is_not_repeated)
{
    static const char good[] = "9735dfd2235eaeb5f0300886bcc99c82ffc1d6420c4e0bde8de7218def2135fa";
    static const char *const bad[] = {
        "", "063138219", "bad",
        "9735dfd2235eaeb5f0300886bcc99c82ffc1d6420c4e0bde8de7218def2135f",
        "9735dfd2235eaeb5f0300886bcc99c82ffc1d6420c4e0bde8de7218def2135fa0",
        "9735DFD2235EAEB5F0300886BCC99C82FFC1D6420C4E0BDE8DE7218DEF2135FA",
        "9735dfd2235eaeb5f0300886bcc99c82ffc1d6420c4e0bde8de7218def2135f ",
        "9735dfd2235eaeb5f0300886bcc99c82ffc1d6420c4e0bde8de7218def2135fg",
    };
    struct hpgn hpgn;
    struct error err = { 0 };
    CHECK(hpgn_parse(str_of(good), &hpgn, &err));
    for (size_t i = 0; i < count_of(bad); i++) {
        err = (struct error){ 0 };
        CHECK(!hpgn_parse(str_of(bad[i]), &hpgn, &err));
        CHECK(strcmp(err.code, INVALID_HPGN) == 0);
        CHECK_INT(strlen(err.subject) + strlen(err.detail), 0);
    }
}

static struct derivation derivation_at_hand;

static bool parses(struct test *t, const char *prefix, const char *hex, bool *own)
{
    struct derivation derivation = derivation_at_hand;
    struct stampseudonym stampseudonym;
    struct error err = { 0 };
    bool ok = stampseudonym_parse(&derivation, str_format(t->arena, "%s%s", prefix, hex),
                                  &stampseudonym, &err);
    *own = stampseudonym.own;
    return ok;
}

TEST(a_stampseudonym_is_a_prefix_and_128_hex)
{
    bool own;
    derivation_at_hand = given_derivation(t);
    struct str hex = str_of(str_c(t->arena, hex_encode(t->arena, (struct str){ (char[64]){ 1 }, 64 })));
    struct str upper = str_format(t->arena, "%.*sAB", (int)hex.len - 2, hex.at);
    struct str shorter = str_format(t->arena, "%.*s", (int)hex.len - 1, hex.at);
    CHECK(parses(t, STAM, hex.at, &own) && own);
    CHECK(parses(t, "https://elders.example/sp/", hex.at, &own) && !own);
    CHECK(!parses(t, ECK, hex.at, &own)); /* an ECK iD in its place */
    CHECK(!parses(t, STAM, upper.at, &own));
    CHECK(!parses(t, STAM, shorter.at, &own));
    CHECK(!parses(t, "", hex.at, &own));
    CHECK(!parses(t, "javascript:/", hex.at, &own));
    CHECK(!parses(t, "https://a\"b/", hex.at, &own));
}

TEST(prefixes_are_web_addresses_that_differ)
{
    struct keeper *none = NULL;
    struct derivation derivation;
    struct error err = { 0 };
    CHECK(!derivation_init(&derivation, none, STR(STAM), STR(STAM), &err));
    CHECK(!derivation_init(&derivation, none, STR("https://ketenid.nl/x"), STR(ECK), &err));
    CHECK(!derivation_init(&derivation, none, STR("ketenid.nl/"), STR(ECK), &err));
    CHECK(!derivation_init(&derivation, none, STR(STAM), STR("https://a b/"), &err));
}

TEST(derivation_is_the_same_each_time_and_different_for_each_input_and_key)
{
    struct derivation one = given_derivation(t), other = given_derivation_of(t, "other", 9);
    struct hpgn a = { { 1 } }, b = { { 2 } };
    struct hpgn_answer first = stampseudonym_of_hpgn(t, &one, &a);
    struct hpgn_answer again = stampseudonym_of_hpgn(t, &one, &a);
    struct hpgn_answer second = stampseudonym_of_hpgn(t, &one, &b);
    struct hpgn_answer elsewhere = stampseudonym_of_hpgn(t, &other, &a);
    CHECK(memcmp(&first.own, &again.own, sizeof first.own) == 0);
    CHECK(memcmp(&first.own, &second.own, sizeof first.own) != 0);
    CHECK(memcmp(&first.own, &elsewhere.own, sizeof first.own) != 0);
}

/* Computed by another program (Python's hmac, from RFC 5869 and RFC 2104) from the same key file. */
TEST(an_installation_of_before_keeps_every_pseudonym_and_every_look_up)
{
    struct derivation derivation = given_derivation(t);
    struct hpgn hpgn = { { 1 } };
    struct hpgn_answer answer = stampseudonym_of_hpgn(t, &derivation, &hpgn);
    struct str text = pseudonym_text(t->arena, STR(STAM), &answer.own);
    struct pseudonym eck = eck_id_of_text(t, &derivation, "c", "po", text);
    CHECK_STR(hex_encode(t->arena, (struct str){ (char *)answer.own.bytes, PSEUDONYM_BYTES }),
              STR("a5fe6d54e4e01f20b0c94f9d6bdd587d4849bd9882814751229f14a27c5c1c20"
                  "0946864866d28063c8a52422f6ffd6a312e60085199398c8ea9ee0fc302fc9ef"));
    CHECK_STR(hex_encode(t->arena, (struct str){ (char *)eck.bytes, PSEUDONYM_BYTES }),
              STR("782c46b06153a80cc4d5a6289bcbf7cdfe55b6a79a6721d356c0ed91c8976210"
                  "433a906078a6418b3330d8e6c6c3b2dfcff4d21bcb5946f36bd7acfd5c606c19"));
    CHECK_STR(hex_encode(t->arena, LOOKUP_STR(answer.lookup)),
              STR("92b2e4cddb342c949d5e3a222f38991340d6934808b934030a37d08779017f97"));
}

/* How many of the 64 bytes two pseudonyms have in common at the same place; 0.25 is expected. */
static int common(struct pseudonym a, struct pseudonym b)
{
    int same = 0;
    for (int i = 0; i < PSEUDONYM_BYTES; i++)
        same += a.bytes[i] == b.bytes[i];
    return same;
}

TEST(eck_ids_of_one_pupil_in_two_sectors_or_chains_have_nothing_in_common)
{
    struct derivation derivation = given_derivation(t);
    struct str stam = STR("https://ketenid.nl/sppilot/00");
    struct pseudonym po = eck_id_of_text(t, &derivation, "c", "po", stam);
    struct pseudonym vo = eck_id_of_text(t, &derivation, "c", "vo", stam);
    struct pseudonym chain = eck_id_of_text(t, &derivation, "d", "po", stam);
    struct pseudonym shifted = eck_id_of_text(t, &derivation, "cp", "o", stam);
    CHECK(common(po, vo) < 8);
    CHECK(common(po, chain) < 8);
    CHECK(common(po, shifted) < 8); /* fields are framed: c+po is not cp+o */
}

TEST(the_school_is_named_in_exactly_one_way)
{
#define ANONYMOUS "http://www.w3.org/2005/08/addressing/anonymous"
    static const char *const bad[] = {
        "", ANONYMOUS, ANONYMOUS "?oin=", ANONYMOUS "?oin=0000000700019HY3456",
        ANONYMOUS "?oin=0000000700019HY345678", ANONYMOUS "?OIN=0000000700019HY34567",
        ANONYMOUS "?oin=0000000700019hy34567", ANONYMOUS "?oin=0000000700019%48Y34567",
        ANONYMOUS "?oin=0000000700019HY34567&x=1", ANONYMOUS "?x=1&oin=0000000700019HY34567",
        ANONYMOUS "?oin=0000000700019HY34567&oin=0000000700019HY34567",
        ANONYMOUS "?oin=0000000700019HY34567#", ANONYMOUS "/?oin=0000000700019HY34567",
        "https://www.w3.org/2005/08/addressing/anonymous?oin=0000000700019HY34567",
        ANONYMOUS "?oin=00000003272448340204", /* a vendor's OIN is no school */
    };
    struct brin brin;
    struct error err = { 0 };
    CHECK_OK(from_parse(STR(ANONYMOUS "?oin=0000000700019HY34567"), &brin, &err), err);
    CHECK_STR(ID_STR(brin), STR("19HY"));
    for (size_t i = 0; i < count_of(bad); i++) {
        err = (struct error){ 0 };
        CHECK(!from_parse(str_of(bad[i]), &brin, &err));
        CHECK(strcmp(err.code, NOT_ALLOWED_CALLER) == 0);
    }
}

TEST(an_item_of_a_chunk_comes_back_as_it_went_in)
{
    struct buf chunk = { .arena = t->arena };
    struct error err = { 0 };
    struct item in[] = {
        { .index = 0, .kind = ITEM_FAILED, .failure = FAILED_BLOCKED },
        { .index = INT32_MAX, .kind = ITEM_HPGN, .hpgn = { { 7 } } },
        { .index = 3, .kind = ITEM_OWN, .own = { { 8 } } },
        { .index = 4, .kind = ITEM_TEXT, .text = STR("https://elders.example/x") },
    }, out;
    for (size_t i = 0; i < count_of(in); i++)
        item_put(&chunk, &in[i]);
    struct str rest = buf_str(&chunk);
    for (size_t i = 0; i < count_of(in); i++) {
        CHECK(item_next(&rest, &out, &err));
        CHECK_INT(out.index, in[i].index);
        CHECK_INT(out.kind, in[i].kind);
    }
    CHECK_STR(out.text, in[3].text);
    CHECK(!item_next(&rest, &out, &err) && err.kind == NO_ERROR);
}

TEST(a_broken_chunk_is_an_error_and_never_read_beyond)
{
    for (int round = 0; round < 2000; round++) {
        size_t len = (size_t)(round % 97);
        char *bytes = arena_alloc(t->arena, len + 1);
        struct str rest = { bytes, len };
        struct item item;
        struct error err = { 0 };
        random_bytes(bytes, len);
        while (item_next(&rest, &item, &err))
            CHECK(rest.len < len);
        CHECK(rest.len == 0 || err.kind == INTERNAL);
    }
}

TEST(a_sketch_counts_different_things_within_three_percent)
{
    static struct sketch sketch, half;
    struct key key = { { 5 } };
    for (int i = 0; i < 200000; i++) {
        unsigned char mac[MAC256_BYTES];
        uint64_t hash;
        mac256(&key, &(struct str){ (const char *)&i, sizeof i }, 1, mac);
        memcpy(&hash, mac, sizeof hash);
        sketch_add(&sketch, hash);
        CHECK(!sketch_add(&sketch, hash)); /* twice is once */
        if (i < 100000)
            sketch_add(&half, hash);
        if (i == 99)
            CHECK(sketch_estimate(&sketch) >= 98 && sketch_estimate(&sketch) <= 102);
    }
    int64_t all = sketch_estimate(&sketch);
    CHECK(all > 194000 && all < 206000);
    sketch_merge(&half, &sketch);
    CHECK_INT(sketch_estimate(&half), all);
}
