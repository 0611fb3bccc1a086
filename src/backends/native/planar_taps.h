/* One tile of a kernel's gradient over planes; planar_loops.h includes it once for each shape.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: TILE (this tile's name), TAPS and what planar_loops.h takes are the caller's. */

/* Three filters by TAPS taps of a row of the kernel, over a whole image. */
static void TILE(const wgi_planar_sums *p, const K(taps) * at)
{
    real sum[WGI_PLANAR_GROUP][TAPS][LANES];
    const int64_t plane = p->dy->plane;
    for (int f = 0; f < WGI_PLANAR_GROUP; f++) {
        memcpy(sum[f], at->sums + f * at->filter, sizeof sum[f]);
    }
    for (int64_t i = 0; i < p->dy->rows; i++) {
        const real *restrict x = at->from + i * p->from->stride;
        const real *restrict dy = at->dy + i * p->dy->stride;
        for (int64_t j = 0; j < p->dy->columns; j += LANES) {
            const real *restrict a = x + j;
            const real *restrict b = dy + j;
            for (int l = 0; l < TAPS; l++) {
#pragma omp simd
                for (int v = 0; v < LANES; v++) {
                    const real u = a[l + v];
                    sum[0][l][v] = MULTIPLY_ADD(u, b[v], sum[0][l][v]);
                    sum[1][l][v] = MULTIPLY_ADD(u, b[plane + v], sum[1][l][v]);
                    sum[2][l][v] = MULTIPLY_ADD(u, b[2 * plane + v], sum[2][l][v]);
                }
            }
        }
    }
    for (int f = 0; f < WGI_PLANAR_GROUP; f++) {
        memcpy(at->sums + f * at->filter, sum[f], sizeof sum[f]);
    }
}

#undef TILE
#undef TAPS
