/* SPDX-License-Identifier: EUPL-1.2 */
/* A file of schools: refused, or rows in order of their location, each refusal with its line. */
#include "sector/duo_file.h"

#include "tests/fuzz/fuzz.h"

static void hear_refusal(void *with, size_t line, const struct error *why)
{
    (void)with;
    HOLDS(line > 0 && why->message);
}

FUZZ(arena, bytes)
{
    const struct import_listener listener = { .refuse = hear_refusal };
    struct duo_file file;
    struct error err;
    if (!duo_read(arena, bytes, SCHOOL_KINDS, &listener, &file, &err))
        return;
    for (size_t i = 1; i < file.rows.len; i++)
        HOLDS(str_cmp(ID_STR(file.rows.at[i - 1].location.code),
                      ID_STR(file.rows.at[i].location.code)) <= 0);
}
