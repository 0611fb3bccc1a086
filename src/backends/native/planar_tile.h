/* One tile of results; planar_loops.h includes it once for each number of pixels.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: TILE (this tile's name), PIXELS and what planar_loops.h takes are the caller's. All
 * sizes of the sums are constants, so that compilers keep every sum in a register. */

/* PIXELS pixels that follow one another, the first one's elements at x. */
static void TILE(const wgi_planar_image *p, const real *x, real (*restrict out)[LANES])
{
    real sum[PIXELS][LANES] = {{0}};
    const real *restrict w = p->weights;
    const int64_t step = p->channels;
    for (int64_t k = 0; k < p->kernel_rows; k++) {
        const real *restrict a = x + k * p->stride;
        for (int64_t e = 0; e < p->taps; e++) {
            for (int j = 0; j < PIXELS; j++) {
                const real u = a[j * step];
#pragma omp simd
                for (int f = 0; f < LANES; f++) {
                    sum[j][f] = MULTIPLY_ADD(u, w[f], sum[j][f]);
                }
            }
            a++;
            w += LANES;
        }
    }
    memcpy(out, sum, sizeof sum);
}

#undef TILE
#undef PIXELS
