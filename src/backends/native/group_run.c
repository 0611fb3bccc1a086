/* Running a block program.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each share of the blocks has scratch of its own, so that shares run on as many threads; what an
 * element becomes does not depend on the share that it falls into. */
#include "backends/native/group.h"

#include "backends/native/share.h"

/* What a share works on. */
typedef struct share {
    const wgi_program *program;
    const wgi_args *args;
    char **bases;
} share;

static inline int64_t size_of(wgi_width width)
{
    return width == WGI_WIDTH_1 ? 1 : width == WGI_WIDTH_4 ? 4 : 8;
}

static inline int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline void run_instructions(const share *s, uint32_t begin, uint32_t end, int64_t n)
{
    char *const *bases = s->bases;
    const double *numbers = s->args->numbers;
    const wgi_instruction *last = s->program->instructions + end;
    for (const wgi_instruction *i = s->program->instructions + begin; i < last; i++) {
        const double p = i->number != WGI_NO_NUMBER ? numbers[i->number] : 0.0;
        i->kernel(n, bases[i->y], bases[i->a], bases[i->b], bases[i->c], p);
    }
}

/* What is the same in every block. */
static void start_share(const share *s, char *scratch)
{
    const wgi_program *p = s->program;
    for (uint32_t i = 0; i < p->n_slots; i++) {
        s->bases[p->n_ports + i] = scratch + p->slots[i];
    }
    for (uint32_t i = 0; i < p->n_feeds_once; i++) {
        const wgi_feed *feed = &p->feeds[i];
        const void *x = s->args->in[feed->view].data;
        void *slot = s->bases[feed->base];
        if (feed->how == WGI_FEED_ONE) {
            p->kernels->spread[feed->width](p->grid.block, slot, x, NULL, NULL, 0.0);
        } else {
            wgi_feed_walk(p, feed, x, 0, p->grid.block, slot);
        }
    }
    run_instructions(s, 0, p->n_once, p->grid.block);
}

static void feed_block(const share *s, const wgi_feed *feed, int64_t first, int64_t n)
{
    const wgi_program *p = s->program;
    const char *x = s->args->in[feed->view].data;
    char **base = &s->bases[feed->base];
    if (feed->how == WGI_FEED_WALK) {
        wgi_feed_walk(p, feed, x, first, n, *base);
        return;
    }
    const int64_t row = first / p->grid.row;
    const int64_t place = wgi_feed_row(&p->grid, feed, row);
    if (feed->how == WGI_FEED_SPREAD) {
        p->kernels->spread[feed->width](n, *base, x + place * size_of(feed->width), NULL, NULL, 0);
    } else {
        *base = (char *)(uintptr_t)x + (place + (first - row * p->grid.row)) * size_of(feed->width);
    }
}

/* A block may reach into several segments of the end. */
static void feed_end(const share *s, const wgi_end *end, int64_t first, int64_t n)
{
    const int64_t segment = end->plan.segment;
    const char *x = s->bases[end->base];
    char *states = (char *)s->args->scratch + end->states;
    void *y = s->args->out[end->out].data;
    while (n > 0) {
        const int64_t into = first < segment ? first : first % segment;
        const int64_t some = least(n, segment - into);
        wgi_reduce_feed(&end->plan, states, y, x, first, some);
        x += some * (int64_t)end->size;
        first += some;
        n -= some;
    }
}

/* Where a share begins inside a block, what was fed once is read from there on. */
static void shift_feeds(const share *s, int64_t elements)
{
    const wgi_program *p = s->program;
    for (uint32_t i = 0; i < p->n_feeds_once && elements != 0; i++) {
        const wgi_feed *feed = &p->feeds[i];
        if (feed->how == WGI_FEED_ONCE) {
            s->bases[feed->base] += elements * size_of(feed->width);
        }
    }
}

/* The instructions, and each end at its place. */
static void run_members(const share *s, int64_t first, int64_t n)
{
    const wgi_program *p = s->program;
    uint32_t at = p->n_once;
    for (uint32_t i = 0; i < p->n_ends; i++) {
        run_instructions(s, at, p->ends[i].at, n);
        feed_end(s, &p->ends[i], first, n);
        at = p->ends[i].at;
    }
    run_instructions(s, at, p->n_instructions, n);
}

/* n elements, `into` elements after the begin of their block. */
static void run_block(const share *s, int64_t first, int64_t into, int64_t n)
{
    const wgi_program *p = s->program;
    for (uint32_t i = 0; i < p->n_in_ports; i++) {
        const wgi_port *port = &p->ports[i];
        s->bases[i] = (char *)s->args->in[port->view].data + first * (int64_t)port->size;
    }
    for (uint32_t i = p->n_in_ports; i < p->n_ports; i++) {
        const wgi_port *port = &p->ports[i];
        s->bases[i] = (char *)s->args->out[port->view].data + first * (int64_t)port->size;
    }
    for (uint32_t i = p->n_feeds_once; i < p->n_feeds; i++) {
        feed_block(s, &p->feeds[i], first, n);
    }
    shift_feeds(s, into);
    run_members(s, first, n);
    shift_feeds(s, -into);
}

/* Elements [first, end), cut where blocks begin. */
static void run_elements(const share *s, int64_t first, int64_t end)
{
    const wgi_grid *grid = &s->program->grid;
    int64_t column = first == 0 ? 0 : first % grid->row;
    int64_t into = column == 0 ? 0 : column % grid->block;
    while (first < end) {
        const int64_t in_row = grid->row - column;
        const int64_t in_block = grid->block - into;
        const int64_t n = least(end - first, least(in_row, in_block));
        run_block(s, first, into, n);
        first += n;
        column = n == in_row ? 0 : column + n;
        into = 0;
    }
}

/* The segments of one of `n_shares` shares. */
static void run_share(const wgi_program *p, const wgi_args *args, int64_t at, int64_t n_shares)
{
    char *scratch = (char *)args->scratch + (size_t)at * p->share_bytes;
    const share s = {.program = p, .args = args, .bases = (char **)(void *)scratch};
    const int64_t count = p->grid.count;
    start_share(&s, scratch);
    if (n_shares == 1 && p->grid.n_blocks == 1) {
        run_block(&s, 0, 0, count);
        return;
    }
    if (n_shares == 1) {
        run_elements(&s, 0, count);
        return;
    }
    const int64_t n_segments = (count + p->segment - 1) / p->segment;
    run_elements(&s, n_segments * at / n_shares * p->segment,
                 least(n_segments * (at + 1) / n_shares * p->segment, count));
}

typedef struct shares {
    const wgi_program *program;
    const wgi_args *args;
} shares;

static void run_some(const void *context, int64_t begin, int64_t end)
{
    const shares *s = context;
    for (int64_t i = begin; i < end; i++) {
        run_share(s->program, s->args, i, s->program->threads);
    }
}

static void run_shares(const wgi_program *program, const wgi_args *args)
{
    const shares s = {program, args};
    wgi_share(program->threads, program->threads, run_some, &s);
}

wg_status wgi_program_run(const wgi_group_state *state, const wgi_args *args)
{
    const wgi_program *p = (const wgi_program *)(const void *)state;
    if (p->grid.count > 0) {
        run_shares(p, args);
    }
    for (uint32_t i = 0; i < p->n_ends; i++) {
        const wgi_end *end = &p->ends[i];
        wgi_reduce_finish(&end->plan, (char *)args->scratch + end->states,
                          args->out[end->out].data);
    }
    return WG_OK;
}
