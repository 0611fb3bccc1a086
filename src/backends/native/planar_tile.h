/* One tile of results over planes; planar_loops.h includes it once for each number of filters.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: TILE (this tile's name), FILTERS and what planar_loops.h takes are the caller's. All
 * sizes of the sums are constants, so that compilers keep every sum in a register. */

/* Two vectors of pixels, those at a and those `second` after, of FILTERS filters each. */
static void TILE(const wgi_planar_image *p, const K(place) * at, real (*restrict out)[2][LANES])
{
    real sum[FILTERS][2][LANES];
    const real *restrict w = at->weights;
    for (int f = 0; f < FILTERS; f++) {
        for (int v = 0; v < 2; v++) {
#pragma omp simd
            for (int j = 0; j < LANES; j++) {
                sum[f][v][j] = 0;
            }
        }
    }
    const int64_t taps = p->kernel[1];
    for (int64_t c = 0; c < p->from->channels; c++) {
        for (int64_t k = at->first; k < at->end; k++) {
            const real *restrict a = at->from + c * p->from->plane + k * p->from->stride;
            const real *restrict b = a + at->second;
            const real *restrict u = w + (c * p->kernel[0] + k) * taps * FILTERS;
            for (int64_t l = 0; l < taps; l++) {
                for (int f = 0; f < FILTERS; f++) {
                    const real x = u[f];
#pragma omp simd
                    for (int j = 0; j < LANES; j++) {
                        sum[f][0][j] = MULTIPLY_ADD(x, a[j], sum[f][0][j]);
                    }
#pragma omp simd
                    for (int j = 0; j < LANES; j++) {
                        sum[f][1][j] = MULTIPLY_ADD(x, b[j], sum[f][1][j]);
                    }
                }
                a++;
                b++;
                u += FILTERS;
            }
        }
    }
    memcpy(out, sum, sizeof sum);
}

#undef TILE
#undef FILTERS
