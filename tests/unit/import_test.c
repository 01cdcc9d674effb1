/* SPDX-License-Identifier: EUPL-1.2 */
#include "sector/duo_file.h"
#include "sector/store.h"
#include "tests/test.h"

#include "base/buf.h"
#include "base/encoding.h"
#include "base/error.h"

#define HEADER                                                                                     \
    "BEVOEGD GEZAG NUMMER;INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;STRAATNAAM;"               \
    "HUISNUMMER-TOEVOEGING;POSTCODE;PLAATSNAAM;AANTAL LEERLINGEN\r\n"

struct refusal {
    size_t line;
    struct error why;
};
struct refusals {
    struct refusal at[32];
    size_t len;
};

static void keep_refusal(void *with, size_t line, const struct error *why)
{
    struct refusals *refusals = with;
    CHECK(refusals->len < 32);
    refusals->at[refusals->len++] = (struct refusal){ line, *why };
}

static bool read_text(struct test *t, struct str text, struct duo_file *file,
                      struct refusals *refusals, struct error *err)
{
    const struct import_listener listener = { .refuse = keep_refusal, .with = refusals };
    *refusals = (struct refusals){ 0 };
    return duo_read(t->arena, text, SCHOOL_KINDS, &listener, file, err);
}

TEST(a_file_in_windows_1252_or_utf8_gives_the_same_names)
{
    struct duo_file file;
    struct refusals refusals;
    struct error err = { 0 };
    CHECK(read_text(t, STR(HEADER "41804;00AV;00AV00;\"De \"\"\xc9\xe9n\"\"\";Laan;1;2716 PH;ZOETERMEER;97\r\n"),
                    &file, &refusals, &err));
    CHECK_STR(file.rows.at[0].location.name, STR("De \"\xc3\x89\xc3\xa9n\""));
    CHECK(read_text(t, STR("\xef\xbb\xbf" HEADER "41804;00AV;00AV00;De \xc3\x89\xc3\xa9n;Laan;1;2716PH;ZOETERMEER;97"),
                    &file, &refusals, &err));
    CHECK_STR(file.rows.at[0].location.name, STR("De \xc3\x89\xc3\xa9n"));
    CHECK_STR(file.rows.at[0].location.postcode, STR("2716 PH"));
    CHECK_INT(file.rows.at[0].location.pupils, 97);
    CHECK_STR(ID_STR(file.rows.at[0].board), STR("41804"));
}

TEST(a_missing_column_is_named)
{
    struct duo_file file;
    struct refusals refusals;
    struct error err = { 0 };
    CHECK(!read_text(t, STR("BEVOEGD GEZAG NUMMER;VESTIGINGSCODE\r\n41804;00AV00\r\n"), &file,
                     &refusals, &err));
    CHECK_INT(err.kind, INVALID);
    CHECK_STR(str_of(err.subject), STR("INSTELLINGSCODE"));
}

TEST(columns_are_found_by_name_and_unknown_ones_passed_over)
{
    struct duo_file file;
    struct refusals refusals;
    struct error err = { 0 };
    CHECK_OK(read_text(t, STR("KLEUR;PLAATSNAAM;postcode;HUISNUMMER-TOEVOEGING;STRAATNAAM;VESTIGINGSNAAM;"
                              "VESTIGINGSCODE;INSTELLINGSCODE;BEVOEGD GEZAG NUMMER\n"
                              "blauw;DELFT;;;;De Kim;00AV00;00AV;41804\n"),
                       &file, &refusals, &err), err);
    CHECK_INT(file.rows.len, 1);
    CHECK_STR(file.rows.at[0].location.name, STR("De Kim"));
    CHECK_STR(file.rows.at[0].location.place, STR("DELFT"));
    CHECK_INT(file.rows.at[0].location.pupils, -1);
}

TEST(bad_rows_are_refused_with_their_line_and_the_rest_is_taken)
{
    struct duo_file file;
    struct refusals refusals;
    struct error err = { 0 };
    struct buf text = { .arena = t->arena };
    buf_lit(&text, HEADER);
    buf_lit(&text, "41804;00av;00av00;Kleine letters;Laan;1;2716 PH;DELFT;1\r\n");          /* 2 */
    buf_lit(&text, "41804;00AV;00AV00;Goed;Laan;1;2716 PH;DELFT;1\r\n");
    buf_lit(&text, "41804;00AV;00AV00;Dubbel;Laan;1;2716 PH;DELFT;1\r\n");                  /* 4 */
    buf_lit(&text, "41804;00AV;00AV01;Postcode;Laan;1;0716 PH;DELFT;1\r\n");                /* 5 */
    buf_lit(&text, "41804;00AV;00AV02;\"Open aanhaling;Laan;1;2716 PH;DELFT;1\r\n");        /* 6 */
    buf_lit(&text, "41804;00AV;00AV03;Ook goed;Laan;1;;DELFT;\r\n");
    buf_lit(&text, "41804;00AV;00AV04;Be\x07l;Laan;1;2716 PH;DELFT;1\r\n");                 /* 8 */
    buf_lit(&text, "41804;00AV;00AW00;Andere school;Laan;1;2716 PH;DELFT;1\r\n");           /* 9 */
    buf_lit(&text, "4180;00AV;00AV05;Bestuur;Laan;1;2716 PH;DELFT;1\r\n");                  /* 10 */
    buf_lit(&text, "41804;00AV;00AV06;Leerlingen;Laan;1;2716 PH;DELFT;-3\r\n");             /* 11 */
    buf_lit(&text, "41804;00AV;00AV07;;Laan;1;2716 PH;DELFT;3\r\n");                        /* 12 */
    buf_lit(&text, "41804;00AV;00AV08;");                                                   /* 13 */
    for (int i = 0; i < 201; i++)
        buf_byte(&text, 'x');
    buf_lit(&text, ";Laan;1;2716 PH;DELFT;3\r\n41804;00AV;00AV09\r\n");                     /* 14 */
    CHECK(read_text(t, buf_str(&text), &file, &refusals, &err));
    static const size_t lines[] = { 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14 };
    CHECK_INT(refusals.len, sizeof lines / sizeof *lines);
    for (size_t i = 0; i < refusals.len; i++)
        CHECK_INT(refusals.at[i].line, lines[i]);
    size_t taken = 0;
    for (size_t i = 0; i < file.rows.len; i++)
        taken += !file.rows.at[i].refused;
    CHECK_INT(taken, 2);
}

TEST(bytes_that_are_no_text_file_are_refused_as_a_whole)
{
    struct duo_file file;
    struct refusals refusals;
    struct error err = { 0 };
    CHECK(!read_text(t, STR(""), &file, &refusals, &err));
    CHECK(!read_text(t, STR("\xff\xfe" "B\0E\0V\0"), &file, &refusals, &err));
    CHECK(!read_text(t, STR("PK\x03\x04 zip"), &file, &refusals, &err));
    CHECK(!read_text(t, STR(HEADER), &file, &refusals, &err));
    CHECK(!read_text(t, STR("\"" HEADER), &file, &refusals, &err));
    CHECK_INT(err.kind, INVALID);
}

TEST(the_kind_of_school_follows_from_the_structure)
{
    struct duo_file file;
    struct refusals refusals;
    struct error err = { 0 };
    static const struct {
        struct str structure;
        enum school_kind kind;
    } cases[] = { { S(""), PRIMARY },         { S("VBO/MAVO"), SECONDARY }, { S("PRO"), SECONDARY },
                  { S("(V)SO"), SPECIAL },    { S("SBAO"), SPECIAL },       { S("VSO"), SPECIAL } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str text = str_format(
            t->arena,
            "BEVOEGD GEZAG NUMMER;INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;STRAATNAAM;"
            "HUISNUMMER-TOEVOEGING;POSTCODE;PLAATSNAAM;ONDERWIJSSTRUCTUUR\n"
            "41804;00AV;00AV00;De Kim;;;;;%.*s\n",
            FMT(cases[i].structure));
        CHECK(read_text(t, text, &file, &refusals, &err));
        CHECK_INT(file.kind, cases[i].kind);
    }
}

TEST(the_real_files_have_no_row_that_is_refused)
{
    static const struct {
        const char *name;
        enum school_kind kind;
        size_t rows;
    } files[] = { { "scholen/vestigingen-po.csv", PRIMARY, 6115 },
                  { "scholen/vestigingen-vo.csv", SECONDARY, 1619 },
                  { "scholen/vestigingen-so.csv", SPECIAL, 888 } };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct duo_file file;
        struct refusals refusals;
        struct error err = { 0 };
        CHECK_OK(read_text(t, test_data(t, files[i].name), &file, &refusals, &err), err);
        CHECK_INT(refusals.len, 0);
        CHECK_INT(file.rows.len, files[i].rows);
        CHECK_INT(file.kind, files[i].kind);
    }
}
