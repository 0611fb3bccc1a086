/* Sums of columns and of runs, over `real` with totals in `wide`.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included by reduce_hot.c once for each dtype; hence no guard. RESULT(total, divisor) is the
 * result; K(name) names this dtype's version.
 *
 * Invariant: a column is added up in levels. Eight rows are a group, added in order in `real`;
 * groups are added in order to a block of 2048 rows in `wide`, and blocks in order to the last
 * level. So no element meets more than 8 + 256 + rows / 2048 roundings, and where a row stands
 * tells what is to be done with it: the first of a level overwrites, the last is passed on. What
 * the levels hold after `rows` rows is what `rows` leaves over at each.
 *
 * A run of at least WGI_REDUCE_SHORT elements is laid out in rows of WGI_REDUCE_LANES columns, the
 * last row being short; the totals of the columns are added up pairwise. A shorter run is laid out
 * likewise in WGI_REDUCE_FEW columns, each added up in `wide` alone. */

typedef struct K(levels) {
    real *group;
    wide *block;
    wide *all;
} K(levels);

static inline K(levels) K(levels_at)(K(levels) l, int64_t column)
{
    return (K(levels)){l.group + column, l.block + column, l.all + column};
}

/* ---- columns ------------------------------------------------------------------------------ */

static inline void K(add_each)(wide *restrict totals, const wide *restrict x, int64_t n)
{
    for (int64_t j = 0; j < n; j++) {
        totals[j] += x[j];
    }
}

/* Row r was the last that came to the block; n columns. */
static inline void K(pass_on)(K(levels) l, int64_t r, int64_t n)
{
    if ((r + 1) % WGI_REDUCE_BLOCK != 0) {
        return;
    }
    if (r < WGI_REDUCE_BLOCK) {
        memcpy(l.all, l.block, (size_t)n * sizeof(wide));
    } else {
        K(add_each)(l.all, l.block, n);
    }
}

/* One row that is not part of a whole group. */
static inline void K(add_row)(K(levels) l, int64_t r, const real *restrict x, int64_t n)
{
    real *restrict group = l.group;
    wide *restrict block = l.block;
    if (r % WGI_REDUCE_GROUP == 0) {
        memcpy(group, x, (size_t)n * sizeof(real));
        return;
    }
    for (int64_t j = 0; j < n; j++) {
        group[j] += x[j];
    }
    if (r % WGI_REDUCE_GROUP == WGI_REDUCE_GROUP - 1) {
        const bool is_first = r % WGI_REDUCE_BLOCK == WGI_REDUCE_GROUP - 1;
        for (int64_t j = 0; j < n; j++) {
            block[j] = is_first ? (wide)group[j] : block[j] + (wide)group[j];
        }
        K(pass_on)(l, r, n);
    }
}

static inline real K(group_at)(const real *x, int64_t stride)
{
    real sum = x[0] + x[stride];
    sum += x[2 * stride];
    sum += x[3 * stride];
    sum += x[4 * stride];
    sum += x[5 * stride];
    sum += x[6 * stride];
    return sum + x[7 * stride];
}

/* A whole group, from row r on. */
static inline void K(add_group)(K(levels) l, int64_t r, const real *restrict x, int64_t stride,
                                int64_t n)
{
    wide *restrict block = l.block;
    if (r % WGI_REDUCE_BLOCK == 0) {
        for (int64_t j = 0; j < n; j++) {
            block[j] = (wide)K(group_at)(x + j, stride);
        }
    } else {
        for (int64_t j = 0; j < n; j++) {
            block[j] += (wide)K(group_at)(x + j, stride);
        }
    }
    K(pass_on)(l, r + WGI_REDUCE_GROUP - 1, n);
}

/* Rows [r, r + n_rows) of n columns. */
static inline void K(add_rows)(K(levels) l, int64_t r, const real *x, int64_t stride,
                               int64_t n_rows, int64_t n)
{
    const int64_t end = r + n_rows;
    while (r < end) {
        if (r % WGI_REDUCE_GROUP == 0 && end - r >= WGI_REDUCE_GROUP) {
            K(add_group)(l, r, x, stride, n);
            r += WGI_REDUCE_GROUP;
            x += WGI_REDUCE_GROUP * stride;
        } else {
            K(add_row)(l, r, x, n);
            r++;
            x += stride;
        }
    }
}

/* n elements from place p on, in row-major order over rows of `width`. */
static inline void K(add_span)(K(levels) l, int64_t width, int64_t p, const real *x, int64_t n)
{
    int64_t r = p / width;
    const int64_t column = p % width;
    if (column > 0) {
        const int64_t head = MIN(width - column, n);
        K(add_row)(K(levels_at)(l, column), r++, x, head);
        x += head;
        n -= head;
    }
    const int64_t n_rows = n / width;
    K(add_rows)(l, r, x, width, n_rows, width);
    if (n % width > 0) {
        K(add_row)(l, r + n_rows, x + n_rows * width, n % width);
    }
}

/* Adds to each total what its column holds after `rows` rows. */
static inline void K(add_totals)(K(levels) l, int64_t rows, int64_t n, wide *restrict totals)
{
    if (rows >= WGI_REDUCE_BLOCK) {
        K(add_each)(totals, l.all, n);
    }
    if (rows % WGI_REDUCE_BLOCK >= WGI_REDUCE_GROUP) {
        K(add_each)(totals, l.block, n);
    }
    if (rows % WGI_REDUCE_GROUP > 0) {
        for (int64_t j = 0; j < n; j++) {
            totals[j] += (wide)l.group[j];
        }
    }
}

/* ---- runs --------------------------------------------------------------------------------- */

/* Written out, so that each half is one vector operation. */
static inline wide K(total_of_lanes)(const wide *lanes)
{
    wide eight[8];
    wide four[4];
    for (int j = 0; j < 8; j++) {
        eight[j] = lanes[j] + lanes[j + 8];
    }
    for (int j = 0; j < 4; j++) {
        four[j] = eight[j] + eight[j + 4];
    }
    return (four[0] + four[2]) + (four[1] + four[3]);
}

/* Elements [p, p + n) of a run of `size`, to the levels of its lanes. The short row at the end
 * stays in the group, whole or not. */
static void K(add_to_lanes)(K(levels) l, int64_t size, int64_t p, const real *x, int64_t n)
{
    const int64_t whole = size - size % WGI_REDUCE_LANES;
    if (p < whole) {
        const int64_t taken = MIN(n, whole - p);
        K(add_span)(l, WGI_REDUCE_LANES, p, x, taken);
        p += taken;
        x += taken;
        n -= taken;
    }
    const bool is_first = whole / WGI_REDUCE_LANES % WGI_REDUCE_GROUP == 0;
    for (int64_t j = 0; j < n; j++) {
        real *group = &l.group[p - whole + j];
        *group = is_first ? x[j] : *group + x[j];
    }
}

/* The sum of a run of n elements that was added to the levels of its lanes. */
static wide K(total_of_levels)(K(levels) l, int64_t n)
{
    wide totals[WGI_REDUCE_LANES] = {0};
    const int64_t rows = n / WGI_REDUCE_LANES;
    K(add_totals)(l, rows, WGI_REDUCE_LANES, totals);
    for (int64_t j = 0; j < n % WGI_REDUCE_LANES && rows % WGI_REDUCE_GROUP == 0; j++) {
        totals[j] += (wide)l.group[j];
    }
    return K(total_of_lanes)(totals);
}

/* Elements [p, p + n) of a short run. */
static inline void K(add_few)(wide *few, int64_t p, const real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        few[(p + i) % WGI_REDUCE_FEW] += (wide)x[i];
    }
}

static inline wide K(total_of_few)(const wide *few)
{
    return (few[0] + few[2]) + (few[1] + few[3]);
}

/* In variables: what goes through an array in parts waits for the whole to be stored. */
static inline wide K(total_of_short_run)(const real *x, int64_t n)
{
    wide a = 0;
    wide b = 0;
    wide c = 0;
    wide d = 0;
    for (; n >= WGI_REDUCE_FEW; n -= WGI_REDUCE_FEW) {
        a += (wide)x[0];
        b += (wide)x[1];
        c += (wide)x[2];
        d += (wide)x[3];
        x += WGI_REDUCE_FEW;
    }
    a += n > 0 ? (wide)x[0] : 0;
    b += n > 1 ? (wide)x[1] : 0;
    c += n > 2 ? (wide)x[2] : 0;
    return (a + c) + (b + d);
}

/* Adds whole groups to the lanes, at most as many as make a block. */
static inline void K(add_lane_groups)(wide *restrict lanes, const real *restrict x, int64_t n)
{
    wide block[WGI_REDUCE_LANES] = {0};
    for (int64_t i = 0; i < n; i++) {
        for (int j = 0; j < WGI_REDUCE_LANES; j++) {
            block[j] += (wide)K(group_at)(x + j, WGI_REDUCE_LANES);
        }
        x += WGI_REDUCE_GROUP * WGI_REDUCE_LANES;
    }
    for (int j = 0; j < WGI_REDUCE_LANES; j++) {
        lanes[j] += block[j];
    }
}

/* Adds the n elements behind the last whole group to the lanes. */
static inline void K(add_lane_rest)(wide *restrict lanes, const real *restrict x, int64_t n)
{
    real group[WGI_REDUCE_LANES] = {0};
    const int64_t whole = n - n % WGI_REDUCE_LANES;
    for (int64_t i = 0; i < whole; i += WGI_REDUCE_LANES) {
        for (int j = 0; j < WGI_REDUCE_LANES; j++) {
            group[j] += x[i + j];
        }
    }
    for (int64_t j = 0; j < n - whole; j++) {
        group[j] += x[whole + j];
    }
    for (int j = 0; j < WGI_REDUCE_LANES; j++) {
        lanes[j] += (wide)group[j];
    }
}

/* The bits of the levels, kept in registers: a level that starts from 0 in place of its first
 * element gives another total only where that is -0, and totals never are. */
static inline wide K(total_of_run)(const real *x, int64_t n)
{
    const int64_t block = WGI_REDUCE_BLOCK * WGI_REDUCE_LANES;
    const int64_t group = WGI_REDUCE_GROUP * WGI_REDUCE_LANES;
    wide lanes[WGI_REDUCE_LANES] = {0};
    if (n < WGI_REDUCE_SHORT) {
        return K(total_of_short_run)(x, n);
    }
    while (n >= group) {
        const int64_t taken = MIN(n, block) / group * group;
        K(add_lane_groups)(lanes, x, taken / group);
        x += taken;
        n -= taken;
    }
    K(add_lane_rest)(lanes, x, n);
    return K(total_of_lanes)(lanes);
}

/* ---- streams ------------------------------------------------------------------------------ */

/* Whether the elements of one sum lie in several segments. */
static inline bool K(is_split)(const wgi_reduce_plan *plan)
{
    return plan->outer == 1 && plan->n_segments > 1;
}

/* How many elements are added up from the segment's first one on, or by each sum where no sum is
 * split. */
static inline int64_t K(size_of)(const wgi_reduce_plan *plan, int64_t segment)
{
    return K(is_split)(plan) ? MIN(plan->segment, plan->count - segment * plan->segment)
                             : plan->rows * plan->width;
}

static K(levels) K(levels_of)(const wgi_reduce_plan *plan, void *states, int64_t segment)
{
    char *state = (char *)states + (size_t)segment * plan->state_bytes;
    const int64_t n = plan->kind == WGI_REDUCE_RUNS ? WGI_REDUCE_LANES : plan->width;
    const size_t wide_bytes = WGI_REDUCE_LEVEL_BYTES(n, sizeof(wide));
    return (K(levels)){.block = (wide *)(void *)state,
                       .all = (wide *)(void *)(state + wide_bytes),
                       .group = (real *)(void *)(state + 2 * wide_bytes)};
}

/* Elements [p, p + n) of the sums, of `size` elements in all, that the levels are of. */
static void K(feed_part)(const wgi_reduce_plan *plan, K(levels) l, int64_t size, int64_t p,
                         const real *x, int64_t n)
{
    if (plan->kind == WGI_REDUCE_COLUMNS) {
        K(add_span)(l, plan->width, p, x, n);
    } else if (plan->rows >= WGI_REDUCE_SHORT) {
        K(add_to_lanes)(l, size, p, x, n);
    } else {
        for (int j = 0; j < WGI_REDUCE_FEW && p == 0; j++) {
            l.block[j] = 0;
        }
        K(add_few)(l.block, p, x, n);
    }
}

/* The totals of `n` columns from `column` on, of sums of `size` elements that are all there. */
static void K(take_totals)(const wgi_reduce_plan *plan, K(levels) l, int64_t size, int64_t n,
                           wide *totals)
{
    if (plan->kind == WGI_REDUCE_COLUMNS) {
        K(add_totals)(l, size / plan->width, n, totals);
    } else {
        totals[0] +=
            plan->rows >= WGI_REDUCE_SHORT ? K(total_of_levels)(l, size) : K(total_of_few)(l.block);
    }
}

static inline void K(clear)(wide *totals, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        totals[i] = 0;
    }
}

/* The results of the sums whose elements lie in segments [begin, end). */
static void K(put_results)(const wgi_reduce_plan *plan, void *states, int64_t begin, int64_t end,
                           real *y)
{
    for (int64_t j = 0; j < plan->width; j += WGI_REDUCE_TILE) {
        const int64_t n = MIN(plan->width - j, WGI_REDUCE_TILE);
        wide totals[WGI_REDUCE_TILE];
        K(clear)(totals, n);
        for (int64_t s = begin; s < end; s++) {
            wide part[WGI_REDUCE_TILE];
            K(clear)(part, n);
            const K(levels) l = K(levels_at)(K(levels_of)(plan, states, s), j);
            K(take_totals)(plan, l, K(size_of)(plan, s), n, part);
            K(add_each)(totals, part, n);
        }
        for (int64_t i = 0; i < n; i++) {
            y[j + i] = RESULT(totals[i], plan->divisor);
        }
    }
}

/* Whole runs: how many of the n elements they were. */
static int64_t K(feed_runs)(const wgi_reduce_plan *plan, real *y, const real *x, int64_t n)
{
    const int64_t n_runs = n / plan->rows;
    for (int64_t k = 0; k < n_runs; k++) {
        y[k] = RESULT(K(total_of_run)(x + k * plan->rows, plan->rows), plan->divisor);
    }
    return n_runs * plan->rows;
}

/* The elements up to the end of the sum that `first` belongs to: how many of the n they were. */
static int64_t K(feed_sum)(const wgi_reduce_plan *plan, void *states, real *y, const real *x,
                           int64_t first, int64_t n)
{
    const int64_t segment = first / plan->segment;
    const int64_t size = K(size_of)(plan, segment);
    const int64_t p = K(is_split)(plan) ? first - segment * plan->segment : first % size;
    const int64_t taken = MIN(n, size - p);
    K(feed_part)(plan, K(levels_of)(plan, states, segment), size, p, x, taken);
    if (p + taken == size && !K(is_split)(plan)) {
        K(put_results)(plan, states, segment, segment + 1, y + first / size * plan->width);
    }
    return taken;
}

/* Columns of no more rows than a group has need no levels. */
static void K(sum_few_rows)(const wgi_reduce_plan *plan, real *restrict y, const real *restrict x)
{
    for (int64_t j = 0; j < plan->width; j++) {
        real sum = x[j];
        for (int64_t r = 1; r < plan->rows; r++) {
            sum += x[r * plan->width + j];
        }
        y[j] = RESULT((wide)0 + (wide)sum, plan->divisor);
    }
}

/* A small operand that comes at once: the bits of the way through the levels, without the way. */
static bool K(feed_whole)(const wgi_reduce_plan *plan, real *y, const real *x, int64_t n)
{
    if (n != plan->count || plan->outer != 1 || n == 0) {
        return false;
    }
    if (plan->kind == WGI_REDUCE_RUNS && plan->rows < WGI_REDUCE_SHORT) {
        *y = RESULT(K(total_of_run)(x, n), plan->divisor);
        return true;
    }
    if (plan->kind == WGI_REDUCE_COLUMNS && plan->rows <= WGI_REDUCE_GROUP) {
        K(sum_few_rows)(plan, y, x);
        return true;
    }
    return false;
}

static void K(feed)(const wgi_reduce_plan *plan, void *states, void *y, const void *block,
                    int64_t first, int64_t n)
{
    const real *x = block;
    if (first == 0 && !K(is_split)(plan) && K(feed_whole)(plan, y, x, n)) {
        return;
    }
    const bool has_runs = plan->kind == WGI_REDUCE_RUNS && !K(is_split)(plan);
    while (n > 0) {
        int64_t taken = 0;
        if (has_runs && n >= plan->rows && first % plan->rows == 0) {
            taken = K(feed_runs)(plan, (real *)y + first / plan->rows, x, n);
        } else {
            taken = K(feed_sum)(plan, states, y, x, first, n);
        }
        x += taken;
        first += taken;
        n -= taken;
    }
}

static void K(finish)(const wgi_reduce_plan *plan, void *states, void *y)
{
    real *results = y;
    if (plan->count > 0 && K(is_split)(plan)) {
        K(put_results)(plan, states, 0, plan->n_segments, results);
    }
    for (int64_t j = 0; j < plan->n_out && plan->count == 0; j++) {
        results[j] = RESULT((wide)0, plan->divisor);
    }
}

/* ---- whole sums --------------------------------------------------------------------------- */

/* All rows of at most WGI_REDUCE_STRIP columns. */
static void K(sum_strip)(const wgi_reduce_axes *rows, const real *x, int64_t n, wide *totals)
{
    real group[WGI_REDUCE_STRIP];
    wide block[WGI_REDUCE_STRIP];
    wide all[WGI_REDUCE_STRIP];
    const K(levels) l = {group, block, all};
    const int64_t walks = n_walks(rows);
    const int64_t n_rows = rows->rank > 0 ? rows->dims[rows->rank - 1] : 1;
    const int64_t stride = rows->rank > 0 ? rows->strides[rows->rank - 1] : 0;
    for (int64_t i = 0; i < walks; i++) {
        K(add_rows)(l, i * n_rows, x + offset_of_walk(rows, i), stride, n_rows, n);
    }
    for (int64_t j = 0; j < n; j++) {
        totals[j] = 0;
    }
    K(add_totals)(l, walks * n_rows, n, totals);
}

static void K(divide)(const wide *totals, int64_t n, double divisor, real *y)
{
    for (int64_t j = 0; j < n; j++) {
        y[j] = RESULT(totals[j], divisor);
    }
}

/* Few sums of less than a group, without levels. */
static void K(sum_few)(const wgi_reduce_axes *rows, const real *x, int64_t n, double divisor,
                       real *y)
{
    const int64_t n_rows = rows->rank > 0 ? rows->dims[0] : 1;
    const int64_t stride = rows->rank > 0 ? rows->strides[0] : 0;
    for (int64_t j = 0; j < n; j++) {
        real sum = x[j];
        for (int64_t r = 1; r < n_rows; r++) {
            sum += x[r * stride + j];
        }
        y[j] = RESULT((wide)0 + (wide)sum, divisor);
    }
}

static void K(columns)(const wgi_reduce_axes *rows, const void *x, int64_t n, double divisor,
                       void *y, void *totals)
{
    if (n <= 32 && y != NULL && rows->rank <= 1 && rows->dims[0] < WGI_REDUCE_GROUP) {
        K(sum_few)(rows, x, n, divisor, y);
        return;
    }
    for (int64_t j = 0; j < n; j += WGI_REDUCE_STRIP) {
        wide strip[WGI_REDUCE_STRIP];
        const int64_t n_strip = MIN(n - j, WGI_REDUCE_STRIP);
        wide *to = y == NULL ? (wide *)totals + j : strip;
        K(sum_strip)(rows, (const real *)x + j, n_strip, to);
        if (y != NULL) {
            K(divide)(strip, n_strip, divisor, (real *)y + j);
        }
    }
}

static void K(merge)(const void *totals, int64_t n_parts, int64_t n, double divisor, void *y)
{
    for (int64_t j = 0; j < n; j += WGI_REDUCE_TILE) {
        wide sums[WGI_REDUCE_TILE] = {0};
        const int64_t n_tile = MIN(n - j, WGI_REDUCE_TILE);
        for (int64_t i = 0; i < n_parts; i++) {
            K(add_each)(sums, (const wide *)totals + i * n + j, n_tile);
        }
        K(divide)(sums, n_tile, divisor, (real *)y + j);
    }
}

/* The runs of one result. Totals are added up in blocks, so that of many runs none meets more than
 * 256 + runs / 256 roundings. */
static wide K(total_of_runs)(const wgi_reduce_runs *runs, const real *x)
{
    const wgi_reduce_axes *axes = &runs->axes;
    wide all = 0;
    for (int64_t i = 0; i < n_walks(axes); i++) {
        const real *walk = x + offset_of_walk(axes, i);
        wide block = 0;
        for (int64_t j = 0; j < axes->dims[axes->rank - 1]; j++) {
            block += K(total_of_run)(walk + j * axes->strides[axes->rank - 1], runs->length);
            if (j % 256 == 255) {
                all += block;
                block = 0;
            }
        }
        all += block;
    }
    return all;
}

static void K(runs)(const wgi_reduce_runs *runs, const void *x, int64_t n, void *y)
{
    const real *first = x;
    real *results = y;
    for (int64_t i = 0; i < n; i++) {
        const wide total = runs->axes.rank == 0 ? K(total_of_run)(first, runs->length)
                                                : K(total_of_runs)(runs, first);
        results[i] = RESULT(total, runs->divisor);
        first += runs->stride;
    }
}
