/* Host random streams: Philox in counter mode.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: word p of a stream is word p % 4 of the block (p / 4, stream) under the key seed. The
 * two halves of the counter are block and stream, so no two streams of a seed share a block. */
#include "core/random.h"

#include <wengert/tensor.h>

#include <math.h>
#include <stdint.h>

#define TWO_PI 6.28318530717958647692

static void draw_block(const wg_rng *rng, uint64_t block, uint32_t out[4])
{
    uint32_t counter[4] = {(uint32_t)(block & UINT32_MAX), (uint32_t)(block >> 32),
                           (uint32_t)(rng->stream & UINT32_MAX), (uint32_t)(rng->stream >> 32)};
    uint32_t key[2] = {(uint32_t)(rng->seed & UINT32_MAX), (uint32_t)(rng->seed >> 32)};
    wgi_philox(counter, key, out);
}

wg_rng wg_rng_make(uint64_t seed, uint64_t stream)
{
    return (wg_rng){.seed = seed, .stream = stream, .position = 0, .reserved = 0};
}

uint64_t wg_rng_u64(wg_rng *rng)
{
    if (rng == NULL) {
        return 0;
    }
    uint32_t words[8];
    uint64_t low = rng->position % 4;
    draw_block(rng, rng->position / 4, words);
    if (low == 3) {
        /* The sum wraps before the division: the stream is a cycle of 2^64 words. */
        draw_block(rng, (rng->position + 1) / 4, words + 4);
    }
    rng->position += 2;
    return ((uint64_t)words[low + 1] << 32) | words[low];
}

double wg_rng_uniform(wg_rng *rng)
{
    if (rng == NULL) {
        return (double)NAN;
    }
    return (double)(wg_rng_u64(rng) >> 11) * 0x1p-53;
}

double wg_rng_normal(wg_rng *rng)
{
    if (rng == NULL) {
        return (double)NAN;
    }
    /* In (0, 1], so that the logarithm is finite. */
    double u = 1.0 - wg_rng_uniform(rng);
    double v = wg_rng_uniform(rng);
    return sqrt(-2.0 * log(u)) * cos(TWO_PI * v);
}

uint64_t wg_rng_below(wg_rng *rng, uint64_t bound)
{
    if (rng == NULL || bound == 0) {
        return 0;
    }
    /* 2^64 mod bound values are rejected; the rest is a multiple of bound. */
    uint64_t rejected = (UINT64_MAX - bound + 1) % bound;
    uint64_t draw = wg_rng_u64(rng);
    while (draw < rejected) {
        draw = wg_rng_u64(rng);
    }
    return draw % bound;
}

void wg_rng_shuffle(wg_rng *rng, int64_t *indices, size_t n)
{
    if (rng == NULL || indices == NULL) {
        return;
    }
    for (size_t left = n; left > 1; left--) {
        size_t j = (size_t)wg_rng_below(rng, left);
        int64_t swapped = indices[left - 1];
        indices[left - 1] = indices[j];
        indices[j] = swapped;
    }
}
