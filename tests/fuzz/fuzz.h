/* SPDX-License-Identifier: EUPL-1.2 */
/* What each fuzzer begins with. A fuzzer is one function:
 *
 *     FUZZ(arena, bytes) { struct str hex = hex_encode(arena, bytes); HOLDS(...); }
 *
 * It gets bytes that libFuzzer thought up and an arena that is freed after it; when the arena's
 * memory ends, so does the function, as a request would. HOLDS ends the run with a finding when what
 * must always be true is not. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "base/arena.h"
#include "base/str.h"

#include <stdlib.h>

#define FUZZ_MEMORY ((size_t)256 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ(arena, bytes)                                                                         \
    static void fuzz_one(struct arena *arena, struct str bytes);                                   \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                   \
    {                                                                                              \
        jmp_buf rescue;                                                                            \
        struct arena memory = { .rescue = &rescue, .limit = FUZZ_MEMORY };                         \
        if (setjmp(rescue) == 0)                                                                   \
            fuzz_one(&memory, (struct str){ (const char *)data, size });                           \
        arena_free(&memory);                                                                       \
        return 0;                                                                                  \
    }                                                                                              \
    static void fuzz_one(struct arena *arena, struct str bytes)

#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

#endif
