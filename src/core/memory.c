/* The allocator hooks: the one place that calls the C library's allocation.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a block goes back to the hooks it came from, with the byte count it was asked for. */
#include "core/memory.h"

#include "core/checked.h"

#include <stdlib.h>
#include <string.h>

static void *default_allocate(void *user, size_t bytes, size_t alignment)
{
    size_t rounded;
    (void)user;
    /* C11 wants the size to be a multiple of the alignment. */
    if (!wgi_size_align(bytes, alignment, &rounded)) {
        return NULL;
    }
    return aligned_alloc(alignment, rounded);
}

static void default_release(void *user, void *block, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(block);
}

wg_allocator wgi_default_allocator(void)
{
    return (wg_allocator){.allocate = default_allocate, .release = default_release};
}

void *wgi_alloc(const wg_allocator *a, size_t bytes)
{
    return bytes == 0 ? NULL : a->allocate(a->user, bytes, WGI_ALIGNMENT);
}

void *wgi_alloc_zeroed(const wg_allocator *a, size_t n, size_t size)
{
    size_t bytes;
    if (!wgi_size_mul(n, size, &bytes)) {
        return NULL;
    }
    void *block = wgi_alloc(a, bytes);
    if (block != NULL) {
        memset(block, 0, bytes);
    }
    return block;
}

void wgi_release(const wg_allocator *a, void *block, size_t bytes)
{
    if (block != NULL) {
        a->release(a->user, block, bytes);
    }
}

char *wgi_copy_text(const wg_allocator *a, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = wgi_alloc(a, bytes);
    if (copy != NULL) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

void wgi_release_text(const wg_allocator *a, char *text)
{
    if (text != NULL) {
        wgi_release(a, text, strlen(text) + 1);
    }
}
