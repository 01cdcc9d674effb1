/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "base/buf.h"
#include "platform/http/form.h"

#define URLENCODED STR("application/x-www-form-urlencoded")
#define MULTIPART  STR("multipart/form-data; boundary=XyZ")

static enum error_kind parse(struct test *t, struct str type, struct str body, struct form *form)
{
    struct error err = { 0 };
    return form_parse(t->arena, type, body, form, &err) ? NO_ERROR : err.kind;
}

TEST(a_urlencoded_form_is_decoded)
{
    struct form form;
    CHECK_INT(parse(t, URLENCODED, STR("name=Obs+De+Hoek&place=%27s-Gravenhage&empty=&bare&name=b"),
                    &form),
              NO_ERROR);
    CHECK_INT(form.len, 5);
    CHECK_STR(form_text(&form, "name"), STR("Obs De Hoek"));
    CHECK_STR(form_text(&form, "place"), STR("'s-Gravenhage"));
    CHECK_STR(form_text(&form, "absent"), STR(""));
    CHECK(form_has(&form, "name", STR("b")));
    CHECK(form_has(&form, "bare", STR("")));
    CHECK(!form_has(&form, "name", STR("c")));
}

TEST(a_form_that_is_not_text_is_refused)
{
    static const struct str bodies[] = { S("a=%"), S("a=%4"), S("a=%zz"), S("a=b%00"), S("a=\xff"),
                                         S("a=%c0%80"), S("%1b=x"), S("a=\x01") };
    struct form form;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        CHECK_INT(parse(t, URLENCODED, bodies[i], &form), INVALID);
}

TEST(a_form_with_too_many_fields_is_refused)
{
    struct buf body = { .arena = t->arena };
    struct form form;
    for (int i = 0; i < FORM_FIELDS; i++)
        buf_lit(&body, "a=1&");
    CHECK_INT(parse(t, URLENCODED, buf_str(&body), &form), NO_ERROR);
    CHECK_INT(form.len, FORM_FIELDS);
    buf_lit(&body, "a=1");
    CHECK_INT(parse(t, URLENCODED, buf_str(&body), &form), TOO_LARGE);
}

TEST(a_long_field_name_is_refused)
{
    struct buf body = { .arena = t->arena };
    struct form form;
    for (int i = 0; i <= FORM_NAME; i++)
        buf_lit(&body, "n");
    CHECK_INT(parse(t, URLENCODED, buf_str(&body), &form), INVALID);
}

TEST(a_multipart_form_has_texts_and_files)
{
    struct form form;
    struct str body = STR("--XyZ\r\n"
                          "Content-Disposition: form-data; name=\"school\"\r\n\r\n"
                          "00AV\r\n"
                          "--XyZ\r\n"
                          "content-disposition: form-data; filename=\"C:\\x\\le%22rl.csv\"; name=list\r\n"
                          "Content-Type: text/csv\r\n\r\n"
                          "a;b\r\n\xff\x00--XyZ\r\n"
                          "\r\n--XyZ--\r\n");
    CHECK_INT(parse(t, MULTIPART, body, &form), NO_ERROR);
    CHECK_INT(form.len, 2);
    CHECK_STR(form_text(&form, "school"), STR("00AV"));
    CHECK_STR(form.at[1].name, STR("list"));
    CHECK_STR(form.at[1].file_name, STR("le\"rl.csv"));
    CHECK_STR(form.at[1].value, STR("a;b\r\n\xff\x00--XyZ\r\n"));
    CHECK(!form.at[0].file_name.at);
}

TEST(an_empty_file_input_is_a_file)
{
    struct form form;
    struct str body = STR("--XyZ\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n"
                          "\r\n--XyZ--");
    CHECK_INT(parse(t, MULTIPART, body, &form), NO_ERROR);
    CHECK_INT(form.len, 1);
    CHECK(form.at[0].file_name.at && form.at[0].file_name.len == 0);
    CHECK_INT(form.at[0].value.len, 0);
}

TEST(the_bytes_of_a_file_are_never_taken_for_a_text)
{
    struct form form;
    struct str body = STR("--XyZ\r\nContent-Disposition: form-data; name=\"login\"; filename=\"\"\r\n"
                          "\r\n\xff\r\n--XyZ--");
    CHECK_INT(parse(t, MULTIPART, body, &form), NO_ERROR);
    CHECK_STR(form.at[0].value, STR("\xff"));
    CHECK_STR(form_text(&form, "login"), STR(""));
    CHECK(!form_has(&form, "login", STR("\xff")));
}

TEST(a_broken_multipart_form_is_refused)
{
#define PART "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n"
    static const struct str bodies[] = {
        S(""),
        S("--XyZ"),
        S("--XyZ\r\n"),
        S("--Xy"),
        S("preamble\r\n" PART "\r\nx\r\n--XyZ--"),
        S(PART "\r\nno end"),
        S(PART "\r\nx\r\n--XyZ"),
        S(PART "\r\nx\r\n--XyZ\r"),
        S(PART "\r\nx\r\n--XyZmore\r\n"),
        S(PART PART "\r\nx\r\n--XyZ--"),
        S("--XyZ\r\n\r\nno name\r\n--XyZ--"),
        S("--XyZ\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--XyZ--"),
        S("--XyZ\r\nContent-Disposition: form-data; name=\"open\r\n\r\nx\r\n--XyZ--"),
        S("--XyZ\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XyZ--"),
        S("--XyZ\r\nContent-Disposition: form-data; name=\"a\"\n\nx\r\n--XyZ--"),
        S(PART "\r\n\xff\r\n--XyZ--"),
        S("--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n"
          "Content-Disposition: form-data; name=\"b\"\r\n\r\nx\r\n--XyZ--"),
    };
    struct form form;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        if (parse(t, MULTIPART, bodies[i], &form) != INVALID)
            test_fail(__FILE__, __LINE__, "body %zu was taken", i);
}

TEST(endless_part_headers_are_refused)
{
    struct buf body = { .arena = t->arena };
    struct form form;
    buf_lit(&body, "--XyZ\r\n");
    for (int i = 0; i < FORM_PART_HEADERS; i++)
        buf_lit(&body, "X-More: 1\r\n");
    buf_lit(&body, "Content-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--XyZ--");
    CHECK_INT(parse(t, MULTIPART, buf_str(&body), &form), INVALID);
}

TEST(a_strange_boundary_is_refused)
{
    static const struct str types[] = {
        S("multipart/form-data"),
        S("multipart/form-data; boundary="),
        S("multipart/form-data; boundary=\"\""),
        S("multipart/form-data; boundary=\"a\x01\""),
        S("multipart/form-data; boundary=\"a \""),
        S("multipart/form-data; boundary="
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    };
    struct form form;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        CHECK_INT(parse(t, types[i], STR("--\r\n"), &form), INVALID);
}

TEST(another_media_type_is_no_form)
{
    struct form form;
    CHECK_INT(parse(t, STR("application/json"), STR("{}"), &form), UNSUPPORTED);
    CHECK_INT(parse(t, STR(""), STR("a=b"), &form), UNSUPPORTED);
    CHECK_INT(parse(t, STR("APPLICATION/X-WWW-Form-Urlencoded ; charset=UTF-8"), STR("a=b"), &form),
              NO_ERROR);
}

TEST(a_query_parameter_is_found_decoded)
{
    struct str value = { 0 }, query = STR("q=caf%C3%A9+x&page=2&bad=%&q=second&%6eame=n");
    CHECK(query_find(t->arena, query, STR("q"), &value));
    CHECK_STR(value, STR("caf\xc3\xa9 x"));
    CHECK(query_find(t->arena, query, STR("name"), &value));
    CHECK_STR(value, STR("n"));
    CHECK(!query_find(t->arena, query, STR("bad"), &value));
    CHECK(!query_find(t->arena, query, STR("absent"), &value));
    CHECK(!query_find(t->arena, (struct str){ 0 }, STR("q"), &value));
}

TEST(a_cookie_is_found_by_its_whole_name)
{
    struct str header = STR("xtaal=de; taal=en ;taal=nl; empty=; broken");
    CHECK_STR(cookie_find(header, STR("taal")), STR("en"));
    CHECK_STR(cookie_find(header, STR("empty")), STR(""));
    CHECK_STR(cookie_find(header, STR("broken")), STR(""));
    CHECK_STR(cookie_find((struct str){ 0 }, STR("taal")), STR(""));
}
