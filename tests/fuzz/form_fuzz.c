/* SPDX-License-Identifier: EUPL-1.2 */
/* Forms, queries, cookies and header parameters. The first line is the content type. */
#include "platform/http/form.h"

#include "base/encoding.h"
#include "tests/fuzz/fuzz.h"

static void check_form(struct arena *arena, const struct form *form)
{
    HOLDS(form->len <= FORM_FIELDS);
    for (size_t i = 0; i < form->len; i++) {
        HOLDS(form->at[i].name.len <= FORM_NAME);
        HOLDS(utf8_valid(form->at[i].name) && utf8_valid(form->at[i].file_name));
        HOLDS(form->at[i].file_name.at || utf8_is_text(form->at[i].value));
        HOLDS(utf8_is_text(form_text(form, str_c(arena, form->at[i].name))));
    }
}

FUZZ(arena, bytes)
{
    struct str body = bytes, value;
    struct str type = str_cut(&body, '\n');
    struct form form = { 0 };
    struct error err = { 0 };
    if (form_parse(arena, type, body, &form, &err))
        check_form(arena, &form);
    else
        HOLDS(err.message);
    if (query_find(arena, body, STR("a"), &value))
        HOLDS(value.len <= body.len);
    HOLDS(cookie_find(body, STR("fundament")).len <= body.len);
    HOLDS(header_param(type, STR("boundary")).len <= type.len);
    media_type_is(type, STR("multipart/form-data"));
}
