/* The loops of poolings and upsamplings for each dtype.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/pool_hot.h"

#include <math.h>
#include <string.h>

#include "core/compiler.h"

/* The block of channels from `c` on, `lanes` wide, of which `n` are there. Blocks that are not
 * whole reach into the next pixel: what they read there is not used, and what they write there is
 * written again, since pixels and, in a pixel, all blocks after this one follow. */
typedef struct block {
    int64_t c;
    int lanes;
    int n;
} block;

/* The last block of the channels, and the one before a block. */
static inline block last_block(int64_t channels)
{
    const int64_t c = (channels - 1) / WGI_POOL_LANES * WGI_POOL_LANES;
    const int n = (int)(channels - c);
    return (block){c, n > 8 ? 16 : n > 4 ? 8 : 4, n};
}

static inline block block_before(block b)
{
    return (block){b.c - WGI_POOL_LANES, WGI_POOL_LANES, WGI_POOL_LANES};
}

/* Whether a block of `lanes` at column `at` of a row touches at most `spare` elements after it. */
static inline bool stays_inside(const block *b, int64_t at, int64_t row, int64_t channels,
                                int64_t spare)
{
    return b->n == b->lanes || at * channels + b->c + b->lanes <= row * channels + spare;
}

/* What becomes of the elements of dx. */
enum {
    PUT,  /* lanes that are not there get 0, and are written again later */
    ADD,  /* 0 is added to them */
    BLEND /* they stay as they are */
};

/* `whole` is as wide as `real`, so that both fill vectors alike. */
#define real float
#define whole int32_t
#define K(name) name##_f32
#include "backends/native/pool_loops.h"
#undef real
#undef whole
#undef K

#define real double
#define whole int64_t
#define K(name) name##_f64
#include "backends/native/pool_loops.h"
#undef real
#undef whole
#undef K

#define LOOPS(type)                                                                                \
    {                                                                                              \
        max_##type, pick_##type, backward_##type, resample_##type                                  \
    }

const wgi_pool_hot HOT(wgi_pool_hot) = {.f32 = LOOPS(f32), .f64 = LOOPS(f64)};
