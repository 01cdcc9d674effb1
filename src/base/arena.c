/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define BLOCK_SIZE ((size_t)16 * 1024)
#define ALIGNMENT _Alignof(max_align_t)

struct arena_block {
    struct arena_block *older;
    size_t size, used;
    _Alignas(max_align_t) char bytes[];
};

struct arena_cleanup {
    struct arena_cleanup *older;
    void (*run)(void *what);
    void *what;
};

void arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){ .limit = limit };
}

static _Thread_local jmp_buf *thread_rescue;

_Noreturn static void give_up(jmp_buf *rescue)
{
    if (rescue)
        longjmp(*rescue, 1);
    fputs("fundament: out of memory\n", stderr);
    _Exit(EX_OSERR);
}

void arena_exhausted(struct arena *arena)
{
    give_up(arena->rescue ? arena->rescue : thread_rescue);
}

jmp_buf *memory_rescue(jmp_buf *rescue)
{
    jmp_buf *before = thread_rescue;
    thread_rescue = rescue;
    return before;
}

void memory_exhausted(void)
{
    give_up(thread_rescue);
}

bool memory_guard(struct arena *arena, void (*work)(void *with), void *with)
{
    jmp_buf rescue;
    jmp_buf *volatile outer = arena ? arena->rescue : NULL;
    jmp_buf *volatile thread_outer = memory_rescue(&rescue);
    if (arena)
        arena->rescue = &rescue;
    volatile bool well = false; /* C17 7.13.2.1: what setjmp gives may not be assigned */
    if (setjmp(rescue) == 0) {
        work(with);
        well = true;
    }
    if (arena)
        arena->rescue = outer;
    memory_rescue(thread_outer);
    return well;
}

static struct arena_block *add_block(struct arena *arena, size_t room)
{
    size_t size = room > BLOCK_SIZE ? room : BLOCK_SIZE;
    if (size > SIZE_MAX - sizeof(struct arena_block))
        arena_exhausted(arena);
    if (arena->limit && (arena->held > arena->limit || size > arena->limit - arena->held))
        arena_exhausted(arena);
    struct arena_block *block = malloc(sizeof *block + size);
    if (!block)
        arena_exhausted(arena);
    block->older = arena->block;
    block->size = size;
    block->used = 0;
    arena->block = block;
    arena->held += size;
    return block;
}

static size_t aligned(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        arena_exhausted(arena);
    return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t room = aligned(arena, size ? size : 1);
    struct arena_block *block = arena->block;
    if (!block || block->size - block->used < room)
        block = add_block(arena, room);
    char *at = block->bytes + block->used;
    block->used += room;
    return memset(at, 0, room);
}

void *arena_alloc_array(struct arena *arena, size_t size, size_t count)
{
    size_t total;
    if (__builtin_mul_overflow(size, count, &total))
        arena_exhausted(arena);
    return arena_alloc(arena, total);
}

static bool is_last(const struct arena_block *block, const char *old, size_t room)
{
    return block && old + room == block->bytes + block->used && old >= block->bytes;
}

void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t size)
{
    if (!old)
        return arena_alloc(arena, size);
    if (size <= old_size)
        return old;
    size_t old_room = aligned(arena, old_size ? old_size : 1), room = aligned(arena, size);
    struct arena_block *block = arena->block;
    if (is_last(block, old, old_room) && block->size - block->used >= room - old_room) {
        block->used += room - old_room;
        memset((char *)old + old_size, 0, room - old_size);
        return old;
    }
    char *at = arena_alloc(arena, size);
    memcpy(at, old, old_size);
    return at;
}

void *arena_copy(struct arena *arena, const void *from, size_t size)
{
    void *at = arena_alloc(arena, size);
    if (size)
        memcpy(at, from, size);
    return at;
}

void arena_defer(struct arena *arena, void (*cleanup)(void *what), void *what)
{
    struct arena_cleanup *entry = arena_new(arena, struct arena_cleanup);
    *entry = (struct arena_cleanup){ .older = arena->cleanups, .run = cleanup, .what = what };
    arena->cleanups = entry;
}

static void run_cleanups(struct arena *arena)
{
    while (arena->cleanups) {
        struct arena_cleanup *entry = arena->cleanups;
        arena->cleanups = entry->older;
        entry->run(entry->what);
    }
}

static void free_blocks(struct arena *arena, struct arena_block *keep)
{
    struct arena_block *block = arena->block;
    while (block) {
        struct arena_block *older = block->older;
        if (block != keep)
            free(block);
        block = older;
    }
}

static struct arena_block *ordinary_block(struct arena *arena)
{
    for (struct arena_block *block = arena->block; block; block = block->older)
        if (block->size == BLOCK_SIZE)
            return block;
    return NULL;
}

void arena_reset(struct arena *arena)
{
    run_cleanups(arena);
    struct arena_block *keep = ordinary_block(arena);
    free_blocks(arena, keep);
    arena->block = keep;
    arena->held = 0;
    if (keep) {
        keep->older = NULL;
        keep->used = 0;
        arena->held = keep->size;
    }
}

void arena_free(struct arena *arena)
{
    run_cleanups(arena);
    free_blocks(arena, NULL);
    arena->block = NULL;
    arena->held = 0;
}

static void free_inner(void *inner)
{
    arena_free(inner);
}

struct arena *arena_within(struct arena *outer)
{
    struct arena *inner = arena_new(outer, struct arena);
    inner->rescue = outer->rescue;
    arena_defer(outer, free_inner, inner);
    return inner;
}
