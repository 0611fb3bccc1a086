/* Philox 4x32-10 and the keys of random ops.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: every word is a function of counter and key alone; nothing here has a state. */
#include "core/random.h"

#define MULTIPLIER_0 UINT32_C(0xD2511F53)
#define MULTIPLIER_1 UINT32_C(0xCD9E8D57)
#define WEYL_0 UINT32_C(0x9E3779B9)
#define WEYL_1 UINT32_C(0xBB67AE85)
#define ROUNDS 10

static uint32_t low_half(uint64_t x)
{
    return (uint32_t)(x & UINT32_MAX);
}

static uint32_t high_half(uint64_t x)
{
    return (uint32_t)(x >> 32);
}

void wgi_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0];
    uint32_t c1 = counter[1];
    uint32_t c2 = counter[2];
    uint32_t c3 = counter[3];
    uint32_t k0 = key[0];
    uint32_t k1 = key[1];
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t p0 = (uint64_t)MULTIPLIER_0 * c0;
        uint64_t p1 = (uint64_t)MULTIPLIER_1 * c2;
        c0 = high_half(p1) ^ c1 ^ k0;
        c1 = low_half(p1);
        c2 = high_half(p0) ^ c3 ^ k1;
        c3 = low_half(p0);
        k0 += WEYL_0;
        k1 += WEYL_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

wgi_random_key wgi_random_key_make(uint64_t seed, uint64_t stream, uint64_t step)
{
    uint32_t counter[4] = {low_half(stream), high_half(stream), low_half(step), high_half(step)};
    uint32_t key[2] = {low_half(seed), high_half(seed)};
    uint32_t out[4];
    wgi_philox(counter, key, out);
    return (wgi_random_key){.word = {out[0], out[1]}};
}

void wgi_random_block(wgi_random_key key, uint32_t ordinal, uint64_t block, uint32_t out[4])
{
    uint32_t counter[4] = {low_half(block), high_half(block), ordinal, 0};
    wgi_philox(counter, key.word, out);
}
