/* SPDX-License-Identifier: EUPL-1.2 */
/* Text and bytes as slices: a place and a length, owned by somebody else (an arena, a literal, the
 * executable). A slice may hold any byte and is not NUL-terminated. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *at;
    size_t len;
};

/* A slice of a string literal; fit for initialisers of static data too. */
#define S(literal)    { .at = "" literal, .len = sizeof(literal) - 1 }
#define STR(literal)  ((struct str)S(literal))
/* The two arguments of a "%.*s". */
#define FMT(slice)    (int)(slice).len, (slice).at

struct str str_of(const char *text);                 /* a NUL-terminated text; NULL gives empty */
struct str str_slice(struct str s, size_t from, size_t to); /* bytes from..to-1, clipped */
bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b);      /* ASCII letters only */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_has(struct str s, char c);
int str_cmp(struct str a, struct str b);             /* by bytes, as memcmp */
struct str str_trim(struct str s);                   /* without ASCII white space at both ends */
ptrdiff_t str_find(struct str s, struct str part);   /* index of the first `part`, or -1 */

/* Cuts `*rest` at the first `mark`: returns what stands before it and leaves what stands after.
 * Without the mark, returns all and leaves an empty slice with at == NULL. */
struct str str_cut(struct str *rest, char mark);

/* Is there more to cut? */
static inline bool str_more(struct str rest)
{
    return rest.at != NULL;
}

/* Copies that live in the arena; `str_c` is NUL-terminated, for system calls and libraries. */
struct str str_copy(struct arena *arena, struct str s);
char *str_c(struct arena *arena, struct str s);
struct str str_lower(struct arena *arena, struct str s); /* ASCII letters only */
struct str str_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct str str_vformat(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* A whole decimal number within min..max, no spaces, no plus sign. */
bool str_to_int(struct str s, int64_t min, int64_t max, int64_t *number);

uint64_t str_hash(struct str s); /* FNV-1a; not for input that an enemy chooses at scale */

/* Equal in a time that depends on the lengths only: for secrets and tokens. */
bool str_eq_secret(struct str a, struct str b);

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static inline bool is_letter(char c) /* ASCII, as all of these */
{
    return is_upper(c) || is_lower(c);
}

static inline bool is_letter_or_digit(char c)
{
    return is_letter(c) || is_digit(c);
}

static inline bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

#endif
