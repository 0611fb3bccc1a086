/* Uniform draws for the kernels of random ops, in order of element.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: element e has word e % 4 of block e / 4, whatever the dtype, and `words` holds the
 * block of the element drawn last. */
#ifndef WG_OPS_DRAW_H
#define WG_OPS_DRAW_H

#include "core/random.h"

typedef struct wgi_draw {
    wgi_random_key key;
    uint32_t ordinal;
    uint32_t words[4];
} wgi_draw;

/* In [0, 1). Elements are drawn one after another from 0. */
static inline float wgi_draw_next(wgi_draw *draw, int64_t element)
{
    if (element % 4 == 0) {
        wgi_random_block(draw->key, draw->ordinal, (uint64_t)element / 4, draw->words);
    }
    return wgi_random_unit(draw->words[element % 4]);
}

#endif
