/* SPDX-License-Identifier: EUPL-1.2 */
/* Growing arrays in an arena: `list_of(struct school) schools = { 0 };`
 * `*list_add(arena, &schools) = school;` `for (size_t i = 0; i < schools.len; i++)`.
 * A list that functions hand on has a name: `struct school_list { list_of(struct school); };`. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/arena.h"

#define list_of(type)                                                                              \
    struct {                                                                                       \
        type *at;                                                                                  \
        size_t len, cap;                                                                           \
    }

/* A pointer to a new, zeroed element at the end. */
#define list_add(arena, list)                                                                      \
    ((list)->at = list_room((arena), (list)->at, (list)->len, &(list)->cap, sizeof *(list)->at),   \
     &(list)->at[(list)->len++])

static inline void *list_room(struct arena *arena, void *at, size_t len, size_t *cap, size_t size)
{
    if (len < *cap)
        return at;
    size_t more = *cap ? *cap * 2 : 8;
    at = arena_grow(arena, at, *cap * size, more * size);
    *cap = more;
    return at;
}

#define count_of(array) (sizeof(array) / sizeof *(array))

#endif
