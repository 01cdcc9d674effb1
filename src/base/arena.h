/* SPDX-License-Identifier: EUPL-1.2 */
/* Arenas: memory that lives as long as a task (a request, a job, a command) and dies at once.
 *
 * Allocation never returns NULL. When memory or the arena's limit ends, the cleanups run as usual
 * later, and control goes to `rescue` (longjmp) if the owner of the task set one, else to that of the
 * task that the thread does; a program without a rescue says so on stderr and exits with status 71
 * (EX_OSERR). An arena belongs to one thread at a time and has no lock. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

struct arena_block;
struct arena_cleanup;

struct arena {
    struct arena_block *block;       /* the newest block; older ones hang behind it */
    struct arena_cleanup *cleanups;  /* run newest first by arena_reset and arena_free */
    jmp_buf *rescue;                 /* where to go when memory ends; NULL: the process exits */
    size_t held;                     /* bytes asked of malloc and not yet given back */
    size_t limit;                    /* most bytes this arena may hold; 0: no limit of its own */
};

/* Memory ended, here or in a library that works for the arena's owner: goes to `rescue`. */
_Noreturn void arena_exhausted(struct arena *arena);

/* Where code that is given no arena goes when memory ends: the rescue of the task that this thread
 * does now. Returns the one before, to be set again when the task is done; also by who was rescued. */
jmp_buf *memory_rescue(jmp_buf *rescue);
_Noreturn void memory_exhausted(void);

/* Does `work`; false when memory ended in it, whether `arena` (may be NULL) or code without one said
 * so. For what must give back a lock then, or has nobody behind it who would be rescued. */
bool memory_guard(struct arena *arena, void (*work)(void *with), void *with);

/* An empty arena: `struct arena arena = { 0 };` is one too. */
void arena_init(struct arena *arena, size_t limit);

/* `size` zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));

/* Grows the allocation `old` of `old_size` bytes to `size` bytes: in place when it was the last
 * one, otherwise by copying. The new bytes are zero. `old` may be NULL. */
void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t size)
    __attribute__((returns_nonnull));

/* A copy of `size` bytes at `from`. */
void *arena_copy(struct arena *arena, const void *from, size_t size);

/* Runs `cleanup(what)` when the arena is reset or freed: for what malloc'ing libraries own. */
void arena_defer(struct arena *arena, void (*cleanup)(void *what), void *what);

/* An arena for a part of the work, whose memory may go sooner: has the same rescue, and is freed
 * with `outer` at the latest. */
struct arena *arena_within(struct arena *outer);

/* Runs the cleanups and makes the arena empty; keeps one ordinary block for the next task. */
void arena_reset(struct arena *arena);

/* Runs the cleanups and gives all memory back. */
void arena_free(struct arena *arena);

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array(arena, type, count) ((type *)arena_alloc_array((arena), sizeof(type), (count)))

/* As arena_alloc for `count` things of `size` bytes; an overflow counts as memory that ended. */
void *arena_alloc_array(struct arena *arena, size_t size, size_t count);

#endif
