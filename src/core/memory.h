/* Memory: the allocator hooks, growing arrays and arenas.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nothing in the library calls malloc but the default hooks in memory.c. */
#ifndef WG_CORE_MEMORY_H
#define WG_CORE_MEMORY_H

#include <string.h>

#include <wengert/base.h>

#include "core/compiler.h"

#define WGI_ALIGNMENT ((size_t)64)

/* The C library's aligned allocation, behind the hooks' signature. */
wg_allocator wgi_default_allocator(void);

/* NULL on failure or for zero bytes; uninitialised; aligned to WGI_ALIGNMENT. */
WGI_NODISCARD void *wgi_alloc(const wg_allocator *a, size_t bytes);

/* As wgi_alloc for n elements, zeroed; NULL also when n * size overflows. */
WGI_NODISCARD void *wgi_alloc_zeroed(const wg_allocator *a, size_t n, size_t size);

/* NULL does nothing. `bytes` is what was asked for. */
void wgi_release(const wg_allocator *a, void *block, size_t bytes);

/* Copies a string; NULL on failure. Release with wgi_release_text. */
WGI_NODISCARD char *wgi_copy_text(const wg_allocator *a, const char *text);
void wgi_release_text(const wg_allocator *a, char *text);

/* A growing array. Invariant: count <= capacity, and data holds capacity * size bytes.
 * Zero-initialised it is empty. Elements move when it grows. */
typedef struct wgi_array {
    void *data;
    size_t count;
    size_t capacity;
} wgi_array;

/* The slow half of wgi_array_reserve: moves the elements to a larger block. */
WGI_NODISCARD bool wgi_array_grow(const wg_allocator *a, wgi_array *array, size_t extra,
                                  size_t size);

/* Room for `extra` more elements of `size` bytes; false, and nothing changed, where none is. */
WGI_NODISCARD static inline bool wgi_array_reserve(const wg_allocator *a, wgi_array *array,
                                                   size_t extra, size_t size)
{
    return WGI_LIKELY(extra <= array->capacity - array->count) ||
           wgi_array_grow(a, array, extra, size);
}

/* The next element after a reserve; never fails. Uninitialised. */
static inline void *wgi_array_next(wgi_array *array, size_t size)
{
    void *element = (char *)array->data + array->count * size;
    array->count++;
    return element;
}

/* Reserve and next in one, zeroed; NULL on failure. */
WGI_NODISCARD static inline void *wgi_array_push(const wg_allocator *a, wgi_array *array,
                                                 size_t size)
{
    if (!wgi_array_reserve(a, array, 1, size)) {
        return NULL;
    }
    return memset(wgi_array_next(array, size), 0, size);
}

void wgi_array_free(const wg_allocator *a, wgi_array *array, size_t size);

/* An arena: blocks never move, the whole is rewound at once and its memory kept.
 * Zero-initialised it is empty. */
typedef struct wgi_arena {
    struct wgi_chunk *first;
    struct wgi_chunk *current;
    size_t used;  /* bytes used of the current chunk */
    size_t total; /* bytes of all chunks */
} wgi_arena;

/* Uninitialised, aligned to WGI_ALIGNMENT; NULL on failure. Zero bytes give a valid pointer. */
WGI_NODISCARD void *wgi_arena_alloc(const wg_allocator *a, wgi_arena *arena, size_t bytes);

/* All blocks become invalid; chunks are kept, merged into one when there were several and memory
 * allows, so that a repeated load settles in one chunk. */
void wgi_arena_rewind(const wg_allocator *a, wgi_arena *arena);

void wgi_arena_free(const wg_allocator *a, wgi_arena *arena);

#endif
