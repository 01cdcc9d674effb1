/* SPDX-License-Identifier: EUPL-1.2 */
#include "sector/sector.h"
#include "tests/test.h"

TEST(a_brin_is_two_digits_and_two_capital_letters)
{
    struct brin brin;
    struct error err = { 0 };
    CHECK(brin_parse(STR("00AV"), &brin, &err));
    CHECK_STR(ID_STR(brin), STR("00AV"));
    static const struct str bad[] = { S(""),      S("00A"),   S("00AVV"), S("00av"),   S("0OAV"),
                                      S("A0AV"),  S("00A1"),  S(" 00AV"), S("00AV\0"), S("00\xd0\x90V"),
                                      S("\xef\xbc\x90" "0AV") };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!brin_parse(bad[i], &brin, &err));
    CHECK_INT(err.kind, INVALID);
    CHECK_STR(str_of(err.field), STR("brin"));
}

TEST(a_location_code_is_a_brin_and_two_digits)
{
    struct location_code code;
    struct error err = { 0 };
    CHECK(location_code_parse(STR("00AV01"), &code, &err));
    CHECK_STR(ID_STR(code), STR("00AV01"));
    CHECK(!location_code_parse(STR("00AV"), &code, &err));
    CHECK(!location_code_parse(STR("00AV1"), &code, &err));
    CHECK(!location_code_parse(STR("00AVO1"), &code, &err));
    CHECK(!location_code_parse(STR("00av01"), &code, &err));
}

TEST(a_board_number_is_five_digits)
{
    struct board_number number;
    struct error err = { 0 };
    CHECK(board_number_parse(STR("41804"), &number, &err));
    CHECK_STR(ID_STR(number), STR("41804"));
    CHECK(!board_number_parse(STR("4180"), &number, &err));
    CHECK(!board_number_parse(STR("418044"), &number, &err));
    CHECK(!board_number_parse(STR("-1804"), &number, &err));
    CHECK(!board_number_parse(STR("4180\xd9\xa4"), &number, &err));
}

TEST(an_oin_has_twenty_characters_of_which_the_first_eight_are_digits)
{
    struct oin oin;
    struct error err = { 0 };
    CHECK(oin_parse(STR("00000003272448340204"), &oin, &err));
    CHECK_STR(ID_STR(oin), STR("00000003272448340204"));
    CHECK(oin_parse(STR("0000000700000AV00000"), &oin, &err));
    CHECK(!oin_parse(STR("0000000327244834020"), &oin, &err));
    CHECK(!oin_parse(STR("000000032724483402044"), &oin, &err));
    CHECK(!oin_parse(STR("0000000A272448340204"), &oin, &err));
    CHECK(!oin_parse(STR("0000000700000av00000"), &oin, &err));
    CHECK(!oin_parse(STR("00000003 7244834020 "), &oin, &err));
}

TEST(the_oin_of_a_school_and_its_brin_lead_to_each_other)
{
    struct brin brin;
    struct oin oin;
    struct error err = { 0 };
    CHECK(brin_parse(STR("00AV"), &brin, &err));
    oin = school_oin(&brin);
    CHECK_STR(ID_STR(oin), STR("0000000700000AV00000"));
    CHECK(oin_parse(STR("0000000700004HR77707"), &oin, &err));
    CHECK(oin_school(&oin, &brin));
    CHECK_STR(ID_STR(brin), STR("04HR"));
    CHECK(oin_parse(STR("00000003272448340204"), &oin, &err));
    CHECK(!oin_school(&oin, &brin));
    CHECK(oin_parse(STR("00000007000272448340"), &oin, &err));
    CHECK(!oin_school(&oin, &brin));
}

TEST(organisations_are_written_with_their_kind)
{
    struct board_number number;
    struct oin oin;
    struct error err = { 0 };
    CHECK(board_number_parse(STR("41804"), &number, &err));
    CHECK(oin_parse(STR("00000003272448340204"), &oin, &err));
    CHECK_STR(board_organisation(t->arena, &number), STR("board:41804"));
    CHECK_STR(vendor_organisation(t->arena, &oin), STR("vendor:00000003272448340204"));
}
