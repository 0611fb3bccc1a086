/* Arenas: a list of chunks that is filled from the front and rewound as a whole.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: chunks before `current` are full or were skipped, those after it are empty, and
 * `used` bytes of `current`, a multiple of WGI_ALIGNMENT, are taken. `total` is the sum of the
 * chunks' payloads. */
#include "core/checked.h"
#include "core/memory.h"

#define FIRST_CHUNK_BYTES ((size_t)4096)
#define LARGEST_SPARE_BYTES ((size_t)1 << 20)

/* The payload follows the header at the next multiple of WGI_ALIGNMENT. */
typedef struct wgi_chunk {
    struct wgi_chunk *next;
    size_t bytes; /* of the payload */
} wgi_chunk;

_Static_assert(sizeof(wgi_chunk) <= WGI_ALIGNMENT, "the header fits before the payload");

static wgi_chunk *chunk_create(const wg_allocator *a, size_t bytes)
{
    size_t whole;
    if (!wgi_size_add(bytes, WGI_ALIGNMENT, &whole)) {
        return NULL;
    }
    wgi_chunk *chunk = wgi_alloc(a, whole);
    if (chunk != NULL) {
        *chunk = (wgi_chunk){.next = NULL, .bytes = bytes};
    }
    return chunk;
}

static void chunks_destroy(const wg_allocator *a, wgi_chunk *chunk)
{
    while (chunk != NULL) {
        wgi_chunk *next = chunk->next;
        wgi_release(a, chunk, chunk->bytes + WGI_ALIGNMENT);
        chunk = next;
    }
}

/* Chunks double with the arena up to a bound, so that little is ever spare. */
static size_t chunk_bytes(const wgi_arena *arena, size_t wanted)
{
    size_t bytes = arena->total < LARGEST_SPARE_BYTES ? arena->total : LARGEST_SPARE_BYTES;
    bytes = bytes < FIRST_CHUNK_BYTES ? FIRST_CHUNK_BYTES : bytes;
    return bytes < wanted ? wanted : bytes;
}

static bool fits(const wgi_arena *arena, size_t bytes)
{
    return arena->current != NULL && bytes <= arena->current->bytes - arena->used;
}

/* Moves to the next chunk with room, or appends one after the last. */
static bool advance(const wg_allocator *a, wgi_arena *arena, size_t bytes)
{
    wgi_chunk *last = arena->current;
    while (last != NULL && last->next != NULL) {
        last = last->next;
        if (bytes <= last->bytes) {
            arena->current = last;
            arena->used = 0;
            return true;
        }
    }
    wgi_chunk *chunk = chunk_create(a, chunk_bytes(arena, bytes));
    if (chunk == NULL) {
        return false;
    }
    if (last == NULL) {
        arena->first = chunk;
    } else {
        last->next = chunk;
    }
    arena->current = chunk;
    arena->used = 0;
    arena->total += chunk->bytes;
    return true;
}

void *wgi_arena_alloc(const wg_allocator *a, wgi_arena *arena, size_t bytes)
{
    size_t rounded;
    if (!wgi_size_align(bytes == 0 ? 1 : bytes, WGI_ALIGNMENT, &rounded)) {
        return NULL;
    }
    if (!fits(arena, rounded) && !advance(a, arena, rounded)) {
        return NULL;
    }
    char *payload = (char *)arena->current + WGI_ALIGNMENT;
    void *block = payload + arena->used;
    arena->used += rounded;
    return block;
}

void wgi_arena_rewind(const wg_allocator *a, wgi_arena *arena)
{
    if (arena->first != NULL && arena->first->next != NULL) {
        wgi_chunk *merged = chunk_create(a, arena->total);
        if (merged != NULL) {
            chunks_destroy(a, arena->first);
            arena->first = merged;
        }
    }
    arena->current = arena->first;
    arena->used = 0;
}

void wgi_arena_free(const wg_allocator *a, wgi_arena *arena)
{
    chunks_destroy(a, arena->first);
    *arena = (wgi_arena){0};
}
