/* One tile of an image's gradient; planar_loops.h includes it once for each shape.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: TILE (this tile's name), ROWS, VECTORS and what planar_loops.h takes are the caller's.
 */

/* ROWS rows of the kernel from k on, VECTORS vectors of each from v on, for all pixels of dy. The
 * sums of the next pixel overlap those of this one in memory, and are far behind it in time. */
static void TILE(const wgi_planar_rows *p, int64_t k, int64_t v)
{
    const int64_t o_step = p->kernel_rows * p->width;
    const real *restrict first = (const real *)p->weights + k * p->width + v;
    const real *restrict dy = p->dy;
    for (int64_t i = 0; i < p->places[0]; i++) {
        real *restrict to = (real *)p->sums + (i + k) * p->stride + v;
        for (int64_t j = 0; j < p->places[1]; j++) {
            real sum[ROWS][VECTORS][VECTOR] = {{{0}}};
            const real *restrict w = first;
            for (int64_t o = 0; o < p->filters; o++) {
                const real g = dy[o];
                for (int r = 0; r < ROWS; r++) {
                    const real *restrict u = w + r * p->width;
                    for (int s = 0; s < VECTORS; s++) {
#pragma omp simd
                        for (int e = 0; e < VECTOR; e++) {
                            sum[r][s][e] = MULTIPLY_ADD(g, u[s * VECTOR + e], sum[r][s][e]);
                        }
                    }
                }
                w += o_step;
            }
            for (int r = 0; r < ROWS; r++) {
                real *restrict row = to + r * p->stride;
                for (int s = 0; s < VECTORS; s++) {
#pragma omp simd
                    for (int e = 0; e < VECTOR; e++) {
                        row[s * VECTOR + e] += sum[r][s][e];
                    }
                }
            }
            dy += p->filters;
            to += p->channels;
        }
    }
}

#undef TILE
#undef ROWS
#undef VECTORS
