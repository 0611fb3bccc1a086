/* One tile of a kernel's gradient; planar_loops.h includes it once for each shape.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: TILE (this tile's name), ROWS, TAPS and what planar_loops.h takes are the caller's. */

/* ROWS rows of the kernel by TAPS taps of each, from those at x on, over a whole image. */
static void TILE(const wgi_planar_sums *p, const real *x, real *restrict sums)
{
    real sum[ROWS][TAPS][LANES];
    const real *restrict dy = p->dy;
    const int64_t stride = p->stride;
    for (int r = 0; r < ROWS; r++) {
        memcpy(sum[r], sums + r * p->taps * LANES, sizeof sum[r]);
    }
    for (int64_t i = 0; i < p->places[0]; i++) {
        const real *restrict a = x + i * stride;
        for (int64_t j = 0; j < p->places[1]; j++) {
            for (int r = 0; r < ROWS; r++) {
                const real *restrict u = a + r * stride;
                for (int e = 0; e < TAPS; e++) {
#pragma omp simd
                    for (int f = 0; f < LANES; f++) {
                        sum[r][e][f] = MULTIPLY_ADD(u[e], dy[f], sum[r][e][f]);
                    }
                }
            }
            a += p->channels;
            dy += p->filters;
        }
    }
    for (int r = 0; r < ROWS; r++) {
        memcpy(sums + r * p->taps * LANES, sum[r], sizeof sum[r]);
    }
}

#undef TILE
#undef ROWS
#undef TAPS
