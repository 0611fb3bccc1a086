/* An allocator for tests: it counts, checks what comes back, and fails on demand.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Fresh memory is filled with a pattern, so that reading it before writing shows. */
#ifndef WG_SUPPORT_ALLOCATOR_H
#define WG_SUPPORT_ALLOCATOR_H

#include <wengert/base.h>

struct wgt_block;

/* Invariant: live_bytes is the sum over the n_live blocks of the list. The object must not move
 * while hooks taken from it are in use. */
typedef struct wgt_allocator {
    struct wgt_block *blocks;
    size_t n_calls;       /* calls of allocate, failed ones included */
    size_t n_failed;      /* of them, failed on demand */
    size_t n_live;        /* blocks not released yet */
    size_t live_bytes;    /* their bytes, as asked for */
    size_t peak_bytes;    /* the highest live_bytes so far */
    size_t largest_bytes; /* the largest block asked for so far */
    size_t n_errors;      /* releases of no live block or with another size; odd alignments */
    size_t fail_at;       /* the value of n_calls that fails; 0: none */
    bool is_persistent;   /* all calls from fail_at on fail */
} wgt_allocator;

/* Empties the record; nothing fails. */
void wgt_allocator_start(wgt_allocator *a);

/* The hooks that lead to `a`. */
wg_allocator wgt_allocator_hooks(wgt_allocator *a);

/* Fails the k-th call from now on (1 is the next one) and, when is_persistent, all after it;
 * k = 0 fails none. */
void wgt_allocator_fail(wgt_allocator *a, size_t k, bool is_persistent);

/* Whether everything was released, and rightly. */
bool wgt_allocator_is_clean(const wgt_allocator *a);

/* Gives back what is still live, so that a failed test leaks nothing itself. */
void wgt_allocator_finish(wgt_allocator *a);

#endif
