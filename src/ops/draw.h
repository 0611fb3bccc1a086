/* Draws for the kernels of random ops, in order of element.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: element e has word e % 4 of block e / 4, whatever the dtype, and `words` holds the
 * block of the element drawn last. Draws are made in f32 and widened, so that all dtypes hold the
 * same values. */
#ifndef WG_OPS_DRAW_H
#define WG_OPS_DRAW_H

#include <math.h>

#include "core/random.h"

typedef struct wgi_draw {
    wgi_random_key key;
    uint32_t ordinal;
    uint32_t words[4];
} wgi_draw;

/* Goes on to an element. Elements are drawn one after another from 0. */
static inline void wgi_draw_step(wgi_draw *draw, int64_t element)
{
    if (element % 4 == 0) {
        wgi_random_block(draw->key, draw->ordinal, (uint64_t)element / 4, draw->words);
    }
}

/* In [0, 1). */
static inline float wgi_draw_next(wgi_draw *draw, int64_t element)
{
    wgi_draw_step(draw, element);
    return wgi_random_unit(draw->words[element % 4]);
}

/* Of the standard normal distribution, by Box and Muller's transform (1958): two neighbours share
 * two words, the first of which gives the radius and the second the angle. A word is a radius of up
 * to sqrt(64 log 2), which is 6.66. */
static inline float wgi_draw_next_normal(wgi_draw *draw, int64_t element)
{
    wgi_draw_step(draw, element);
    const uint32_t *pair = draw->words + (element % 4) / 2 * 2;
    const double radius = sqrt(-2.0 * log(((double)pair[0] + 1.0) * 0x1p-32));
    const double angle = 6.28318530717958647692 * ((double)pair[1] * 0x1p-32);
    return (float)(radius * (element % 2 == 0 ? cos(angle) : sin(angle)));
}

#endif
