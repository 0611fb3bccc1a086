/* The frame of the reference kernels that reduce a line of elements to a number.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of an op file's pass over the floating types: no guard, once in each.
 *
 * Invariant: a line is what lies under one index of the kept axes; its elements are visited in
 * row-major order, as often as the op passes over them. */

/* What is gathered of one line. `p` is the op's first number, where it has one. */
typedef struct K(tally) {
    accum top;   /* the largest so far, or the first */
    accum total; /* the sum or product so far */
    accum mean;
    accum p;
} K(tally);

/* Takes n elements of the line, `stride` apart. */
typedef void (*K(take))(K(tally) * t, const real *x, int64_t n, int64_t stride);

/* All elements of the line that begins at x. */
static inline void K(pass_over)(K(take) take, K(tally) * t, const real *x, wgi_walk line)
{
    for (int64_t i = 0; i < line.rows; i++) {
        take(t, x + line.offset[0], wgi_walk_row(&line), wgi_walk_row_stride(&line, 0));
        wgi_walk_step_row(&line);
    }
}

/* The number of elements of a line. */
static inline int64_t K(line_size)(const wgi_walk *line)
{
    return line->rows * wgi_walk_row(line);
}

/* Each result is what `reduce` makes of its line. */
static inline void K(reduce_lines)(const wgi_args *args, uint32_t axes,
                                   accum (*reduce)(const real *x, const wgi_walk *line, accum p))
{
    wgi_walk line;
    wgi_walk kept = wgi_reduce_split(args->in, axes, &line);
    const real *x = args->in->data;
    real *y = args->out->data;
    const accum p = args->numbers != NULL ? (accum)args->numbers[0] : 0;
    for (int64_t i = 0; i < args->out->count; i++) {
        y[i] = (real)reduce(x + kept.offset[0], &line, p);
        wgi_walk_step(&kept);
    }
}
