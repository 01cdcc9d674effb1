/* SPDX-License-Identifier: EUPL-1.2 */
/* Forms, queries, cookies and header parameters. The first line is the content type. */
#include "platform/form.h"

#include "base/encoding.h"
#include "tests/fuzz/fuzz.h"

static void check_form(const struct form *form)
{
    HOLDS(form->len <= FORM_FIELDS);
    for (size_t i = 0; i < form->len; i++) {
        HOLDS(form->at[i].name.len <= FORM_NAME);
        HOLDS(utf8_valid(form->at[i].name) && utf8_valid(form->at[i].file_name));
        if (form->at[i].file_name.len == 0)
            HOLDS(utf8_valid(form->at[i].value));
    }
}

FUZZ(arena, bytes)
{
    struct str body = bytes, value;
    struct str type = str_cut(&body, '\n');
    struct form form = { 0 };
    struct error err = { 0 };
    if (form_parse(arena, type, body, &form, &err))
        check_form(&form);
    else
        HOLDS(err.message);
    if (query_find(arena, body, STR("a"), &value))
        HOLDS(value.len <= body.len);
    HOLDS(cookie_find(body, STR("fundament")).len <= body.len);
    HOLDS(header_param(type, STR("boundary")).len <= type.len);
    media_type_is(type, STR("multipart/form-data"));
}
