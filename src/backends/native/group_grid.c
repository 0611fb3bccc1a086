/* The axes of a group, its blocks, and the inputs that broadcast.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Along the innermost folded axis an input that broadcasts either is dense or stands still: its own
 * last axis is dense, and all its axes inside that have size 1. */
#include "backends/native/group.h"

#include <string.h>

static int64_t stride_of(const wgi_view *x, int32_t axis_from_end)
{
    int64_t step = 1;
    if (axis_from_end > x->rank || x->dims[x->rank - axis_from_end] == 1) {
        return 0;
    }
    for (int32_t i = x->rank - axis_from_end + 1; i < x->rank; i++) {
        step *= x->dims[i];
    }
    return step;
}

static bool is_joint(const wgi_grid *grid, const wgi_feed *feeds, uint32_t n)
{
    const int32_t inner = grid->rank;
    for (uint32_t k = 0; k < n; k++) {
        const int64_t *stride = feeds[k].stride;
        if (stride[inner - 1] != stride[inner] * grid->dims[inner]) {
            return false;
        }
    }
    return true;
}

/* Appends an axis of which the strides are set already, or joins it to the last. */
static void append_axis(wgi_grid *grid, int64_t size, wgi_feed *feeds, uint32_t n)
{
    const int32_t at = grid->rank;
    grid->dims[at] = size;
    if (at == 0 || !is_joint(grid, feeds, n)) {
        grid->rank++;
        return;
    }
    grid->dims[at - 1] *= size;
    for (uint32_t k = 0; k < n; k++) {
        feeds[k].stride[at - 1] = feeds[k].stride[at];
    }
}

void wgi_grid_fold(const wgi_problem *problem, wgi_grid *grid, wgi_feed *feeds, uint32_t n)
{
    const wgi_group *group = problem->group;
    grid->rank = 0;
    grid->count = group->count;
    for (int32_t i = 0; i < group->rank; i++) {
        if (group->dims[i] == 1) {
            continue;
        }
        for (uint32_t k = 0; k < n; k++) {
            feeds[k].stride[grid->rank] = stride_of(&problem->in[feeds[k].view], group->rank - i);
        }
        append_axis(grid, group->dims[i], feeds, n);
    }
    if (grid->rank == 0) {
        grid->dims[grid->rank++] = 1;
        for (uint32_t k = 0; k < n; k++) {
            feeds[k].stride[0] = 0;
        }
    }
}

/* ---- blocks ------------------------------------------------------------------------------- */

static int64_t round_up(int64_t n, int64_t multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

/* The number of elements after which an input repeats itself; that of the shape where it does not.
 */
static int64_t period_of(const wgi_grid *grid, const wgi_feed *feed)
{
    int64_t period = grid->count;
    for (int32_t i = 0; i < grid->rank && feed->stride[i] == 0; i++) {
        period /= grid->dims[i];
    }
    return period;
}

/* The most elements, of whole inner axes, that are not more than `most`; at least 1. */
static int64_t whole_axes(const wgi_grid *grid, int64_t most)
{
    int64_t size = 1;
    for (int32_t i = grid->rank - 1; i >= 0 && grid->dims[i] <= most / size; i--) {
        size *= grid->dims[i];
    }
    return size;
}

/* One block, or rows of at least a block, or blocks of whole rows. */
static void cut(wgi_grid *grid, int64_t most, bool has_axes)
{
    const int64_t inner = grid->dims[grid->rank - 1];
    grid->row = grid->count;
    grid->block = grid->count;
    if (grid->count > most) {
        grid->block = most;
        if (has_axes && inner > most) {
            grid->row = inner;
            grid->block = round_up(inner / ((inner + most - 1) / most), 64);
        } else if (has_axes) {
            grid->block = most - most % whole_axes(grid, most);
        }
    }
    if (grid->count > 0) {
        grid->blocks_in_row = (grid->row + grid->block - 1) / grid->block;
        grid->n_blocks = grid->count / grid->row * grid->blocks_in_row;
    }
}

static wgi_feeding feeding_of(const wgi_grid *grid, const wgi_feed *feed)
{
    const int64_t period = grid->count > 0 ? period_of(grid, feed) : 1;
    if (period == 1) {
        return WGI_FEED_ONE;
    }
    if (grid->n_blocks <= 1 || (grid->row == grid->count && grid->block % period == 0)) {
        return WGI_FEED_ONCE;
    }
    if (grid->row == grid->count) {
        return WGI_FEED_WALK;
    }
    return feed->stride[grid->rank - 1] == 0 ? WGI_FEED_SPREAD : WGI_FEED_PLACE;
}

uint32_t wgi_grid_divide(wgi_grid *grid, int64_t most, wgi_feed *feeds, uint32_t n)
{
    bool has_axes = false;
    for (uint32_t k = 0; k < n && grid->count > 0; k++) {
        has_axes = has_axes || period_of(grid, &feeds[k]) != 1;
    }
    cut(grid, most, has_axes);
    uint32_t n_once = 0;
    for (uint32_t k = 0; k < n; k++) {
        wgi_feed feed = feeds[k];
        feed.how = feeding_of(grid, &feed);
        feeds[k] = feed;
        if (feed.how <= WGI_FEED_ONCE) {
            feeds[k] = feeds[n_once];
            feeds[n_once++] = feed;
        }
    }
    return n_once;
}

/* ---- feeding ------------------------------------------------------------------------------ */

static inline int64_t place_of_row(const wgi_grid *grid, const wgi_feed *feed, int64_t row)
{
    int64_t offset = 0;
    for (int32_t i = grid->rank - 2; i > 0; i--) {
        offset += row % grid->dims[i] * feed->stride[i];
        row /= grid->dims[i];
    }
    return grid->rank > 1 ? offset + row * feed->stride[0] : 0;
}

int64_t wgi_feed_row(const wgi_grid *grid, const wgi_feed *feed, int64_t row)
{
    return place_of_row(grid, feed, row);
}

/* One element, repeated over the WGI_SPARE_BYTES at y. */
static inline void put_repeated(char *y, const void *x, wgi_width width)
{
    uint8_t byte = 0;
    uint32_t half = 0;
    uint64_t word = 0;
    if (width == WGI_WIDTH_1) {
        memcpy(&byte, x, sizeof byte);
        word = byte * UINT64_C(0x0101010101010101);
    } else if (width == WGI_WIDTH_4) {
        memcpy(&half, x, sizeof half);
        word = half * UINT64_C(0x0000000100000001);
    } else {
        memcpy(&word, x, sizeof word);
    }
    for (size_t i = 0; i < WGI_SPARE_BYTES; i += sizeof word) {
        memcpy(y + i, &word, sizeof word);
    }
}

/* Row by row, or what the range has of it. Where a short row is one element, more is written than
 * the row has: the next row goes over it, and a slot ends with as many bytes to spare. */
void wgi_feed_walk(const wgi_program *program, const wgi_feed *feed, const void *x, int64_t first,
                   int64_t n, void *y)
{
    const wgi_grid *grid = &program->grid;
    const int64_t inner = grid->dims[grid->rank - 1];
    const int64_t step = feed->stride[grid->rank - 1];
    const int64_t size = feed->width == WGI_WIDTH_1 ? 1 : feed->width == WGI_WIDTH_4 ? 4 : 8;
    const wgi_block_kernel move =
        (step == 0 ? program->kernels->spread : program->kernels->copy)[feed->width];
    const bool is_short = step == 0 && inner * size <= WGI_SPARE_BYTES;
    int64_t row = first / inner;
    int64_t column = first % inner;
    char *to = y;
    while (n > 0) {
        const int64_t some = inner - column < n ? inner - column : n;
        const int64_t from = place_of_row(grid, feed, row) + column * step;
        if (is_short) {
            put_repeated(to, (const char *)x + from * size, feed->width);
        } else {
            move(some, to, (const char *)x + from * size, NULL, NULL, 0.0);
        }
        to += some * size;
        n -= some;
        column = 0;
        row++;
    }
}
