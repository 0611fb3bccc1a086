/* An allocator for tests.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a block's header stands right before its memory, `raw` is what malloc gave, and live
 * blocks are linked both ways. */
#include "support/allocator.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LIVE UINT64_C(0x6c6976656c697665)
#define FRESH 0xa5

typedef struct wgt_block {
    struct wgt_block *previous;
    struct wgt_block *next;
    void *raw;
    size_t bytes;
    uint64_t state; /* LIVE until released */
} wgt_block;

static bool must_fail(const wgt_allocator *a)
{
    if (a->fail_at == 0) {
        return false;
    }
    return a->is_persistent ? a->n_calls >= a->fail_at : a->n_calls == a->fail_at;
}

static void link_block(wgt_allocator *a, wgt_block *block)
{
    block->next = a->blocks;
    if (a->blocks != NULL) {
        a->blocks->previous = block;
    }
    a->blocks = block;
    a->n_live++;
    a->live_bytes += block->bytes;
    a->peak_bytes = a->live_bytes > a->peak_bytes ? a->live_bytes : a->peak_bytes;
}

static void unlink_block(wgt_allocator *a, wgt_block *block)
{
    if (block->previous != NULL) {
        block->previous->next = block->next;
    } else {
        a->blocks = block->next;
    }
    if (block->next != NULL) {
        block->next->previous = block->previous;
    }
    a->n_live--;
    a->live_bytes -= block->bytes;
}

/* The first place after a header in raw memory that is a multiple of alignment. */
static char *place(char *raw, size_t alignment)
{
    char *memory = raw + sizeof(wgt_block);
    size_t past = (size_t)((uintptr_t)memory % alignment);
    return past == 0 ? memory : memory + (alignment - past);
}

static bool is_alignment(size_t alignment)
{
    return alignment >= _Alignof(wgt_block) && (alignment & (alignment - 1)) == 0;
}

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    wgt_allocator *a = user;
    a->n_calls++;
    a->largest_bytes = bytes > a->largest_bytes ? bytes : a->largest_bytes;
    if (must_fail(a)) {
        a->n_failed++;
        return NULL;
    }
    if (bytes == 0 || !is_alignment(alignment)) {
        a->n_errors++;
        return NULL;
    }
    size_t extra = sizeof(wgt_block) + alignment;
    char *raw = bytes > SIZE_MAX - extra ? NULL : malloc(bytes + extra);
    if (raw == NULL) {
        return NULL;
    }
    char *memory = place(raw, alignment);
    wgt_block *block = (wgt_block *)(void *)(memory - sizeof(wgt_block));
    *block = (wgt_block){.raw = raw, .bytes = bytes, .state = LIVE};
    link_block(a, block);
    return memset(memory, FRESH, bytes);
}

static void release(void *user, void *memory, size_t bytes)
{
    wgt_allocator *a = user;
    if (memory == NULL) {
        a->n_errors++;
        return;
    }
    wgt_block *block = (wgt_block *)(void *)((char *)memory - sizeof(wgt_block));
    if (block->state != LIVE) {
        a->n_errors++;
        return;
    }
    if (block->bytes != bytes) {
        a->n_errors++;
    }
    unlink_block(a, block);
    block->state = 0;
    free(block->raw);
}

void wgt_allocator_start(wgt_allocator *a)
{
    *a = (wgt_allocator){0};
}

wg_allocator wgt_allocator_hooks(wgt_allocator *a)
{
    return (wg_allocator){.allocate = allocate, .release = release, .user = a};
}

void wgt_allocator_fail(wgt_allocator *a, size_t k, bool is_persistent)
{
    a->fail_at = k == 0 ? 0 : a->n_calls + k;
    a->is_persistent = is_persistent;
}

bool wgt_allocator_is_clean(const wgt_allocator *a)
{
    return a->n_live == 0 && a->live_bytes == 0 && a->n_errors == 0;
}

void wgt_allocator_finish(wgt_allocator *a)
{
    while (a->blocks != NULL) {
        wgt_block *block = a->blocks;
        unlink_block(a, block);
        free(block->raw);
    }
}
