/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/error.h"

#include <stdio.h>

bool fail(struct error *err, enum error_kind kind, const char *field, const char *message)
{
    *err = (struct error){ .kind = kind, .field = field, .message = message };
    return false;
}

bool fail_about(struct error *err, enum error_kind kind, const char *field, const char *message,
                const char *subject, ...)
{
    char about[sizeof err->subject];
    va_list args;
    va_start(args, subject);
    vsnprintf(about, sizeof about, subject, args);
    va_end(args);
    fail(err, kind, field, message);
    memcpy(err->subject, about, sizeof about);
    return false;
}

bool fail_code(struct error *err, enum error_kind kind, const char *code, const char *message)
{
    fail(err, kind, NULL, message);
    err->code = code;
    return false;
}

bool fail_internal(struct error *err, const char *detail, ...)
{
    char text[sizeof err->detail];
    va_list args;
    va_start(args, detail);
    vsnprintf(text, sizeof text, detail, args);
    va_end(args);
    fail(err, INTERNAL, NULL, N_("Something went wrong on our side. It has been written down."));
    memcpy(err->detail, text, sizeof text);
    return false;
}

bool fail_detail(struct error *err, const char *detail, ...)
{
    va_list args;
    va_start(args, detail);
    vsnprintf(err->detail, sizeof err->detail, detail, args);
    va_end(args);
    return false;
}

struct str error_text(struct arena *arena, const struct error *err, const char *translated)
{
    struct str text = str_of(translated ? translated : err->message);
    ptrdiff_t mark = str_find(text, STR("%s"));
    if (mark < 0)
        return text;
    struct str before = str_slice(text, 0, (size_t)mark);
    struct str after = str_slice(text, (size_t)mark + 2, text.len);
    return str_format(arena, "%.*s%s%.*s", FMT(before), err->subject, FMT(after));
}
