/* Philox 4x32-10 and the keys of random ops.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011). */
#ifndef WG_CORE_RANDOM_H
#define WG_CORE_RANDOM_H

#include <stdint.h>

#include <wengert/tensor.h>

/* Ten rounds over one counter block. */
void wgi_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* The key of one step of one graph: a function of (context seed, stream, step). */
typedef struct wgi_random_key {
    uint32_t word[2];
} wgi_random_key;

wgi_random_key wgi_random_key_make(uint64_t seed, uint64_t stream, uint64_t step);

/* Four words for elements 4*block .. 4*block+3 of the random op of that ordinal. */
void wgi_random_block(wgi_random_key key, uint32_t ordinal, uint64_t block, uint32_t out[4]);

/* A word as a float in [0, 1), 24 bits: what random ops draw in every dtype. */
static inline float wgi_random_unit(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24F;
}

#endif
