/* Placing: every workspace buffer gets its offset by lifetime.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the steps. A buffer is freed after the step that reads it last, or becomes an
 * output of that step where it may. Small ones wait in lists by size class, eight classes to an
 * octave, and are taken again last in, first out; the gaps that large ones leave are kept in order
 * of offset, joined where they meet, and the tightest is taken. */
#include <string.h>

#include "core/checked.h"
#include "graph/planner.h"

enum {
    WGI_CLASSES = 64 * 8
};

/* From here on a buffer is large. */
#define LARGE_BYTES ((size_t)64 * 1024)

#define AT_THE_END (WGI_NONE - 1)

typedef struct gap {
    size_t offset;
    size_t bytes;
} gap;

typedef struct placer {
    const wgi_planner *planner;
    wgi_plan *plan;
    uint32_t *last_use; /* per buffer: the step that reads it last */
    uint32_t *next;     /* per buffer: the next free one of its class */
    wgi_array gaps;     /* gap */
    uint32_t heads[WGI_CLASSES];
    size_t top;
    bool has_failed;
} placer;

static size_t bytes_of(const wgi_buffer *b)
{
    return (size_t)b->count * wg_dtype_size((wg_dtype)b->dtype);
}

/* Rounds a size up to its class and tells which it is. */
static size_t size_class(size_t bytes, uint32_t *index)
{
    size_t octave = 4; /* 16 bytes at least */
    while (octave < 62 && ((size_t)2 << octave) <= bytes) {
        octave++;
    }
    size_t unit = octave >= 9 ? (size_t)1 << (octave - 3) : octave >= 6 ? 64 : 16;
    size_t rounded = bytes < 16 ? 16 : (bytes + unit - 1) / unit * unit;
    size_t low = (size_t)1 << octave;
    *index = (uint32_t)(octave * 8 + (rounded - low) / (unit > low / 8 ? unit : low / 8));
    return rounded;
}

/* ---- at the top ----------------------------------------------------------------------------- */

static void place_on_top(placer *p, wgi_buffer *b, size_t bytes)
{
    if (!wgi_size_align(p->top, bytes >= WGI_ALIGNMENT ? WGI_ALIGNMENT : 16, &b->offset) ||
        !wgi_size_add(b->offset, bytes, &p->top)) {
        p->has_failed = true;
    }
}

/* ---- small buffers -------------------------------------------------------------------------- */

static void place_small(placer *p, wgi_buffer *b)
{
    uint32_t class;
    const size_t bytes = size_class(bytes_of(b), &class);
    const uint32_t head = p->heads[class];
    if (head == WGI_NONE) {
        place_on_top(p, b, bytes);
        return;
    }
    p->heads[class] = p->next[head];
    b->offset = wgi_buffer_at(p->plan, head)->offset;
}

static void free_small(placer *p, uint32_t i)
{
    uint32_t class;
    (void)size_class(bytes_of(wgi_buffer_at(p->plan, i)), &class);
    p->next[i] = p->heads[class];
    p->heads[class] = i;
}

/* ---- large buffers -------------------------------------------------------------------------- */

static size_t large_bytes(const wgi_buffer *b)
{
    return (bytes_of(b) + WGI_ALIGNMENT - 1) / WGI_ALIGNMENT * WGI_ALIGNMENT;
}

static gap *gap_at(const placer *p, size_t i)
{
    return (gap *)p->gaps.data + i;
}

static void remove_gap(placer *p, size_t i)
{
    p->gaps.count--;
    memmove(gap_at(p, i), gap_at(p, i + 1), (p->gaps.count - i) * sizeof(gap));
}

static void place_large(placer *p, wgi_buffer *b)
{
    const size_t bytes = large_bytes(b);
    size_t best = p->gaps.count;
    for (size_t i = 0; i < p->gaps.count; i++) {
        const size_t room = gap_at(p, i)->bytes;
        if (room >= bytes && (best == p->gaps.count || room < gap_at(p, best)->bytes)) {
            best = i;
        }
    }
    if (best == p->gaps.count && best > 0 &&
        gap_at(p, best - 1)->offset + gap_at(p, best - 1)->bytes == p->top) {
        /* The last gap grows. */
        p->top = gap_at(p, best - 1)->offset;
        remove_gap(p, best - 1);
        place_on_top(p, b, bytes);
        return;
    }
    if (best == p->gaps.count) {
        place_on_top(p, b, bytes);
        return;
    }
    gap *g = gap_at(p, best);
    b->offset = g->offset;
    g->offset += bytes;
    g->bytes -= bytes;
    if (g->bytes == 0) {
        remove_gap(p, best);
    }
}

static void free_large(placer *p, const wgi_buffer *b)
{
    const gap freed = {b->offset, large_bytes(b)};
    size_t i = p->gaps.count;
    if (!wgi_array_reserve(&p->planner->ctx->memory, &p->gaps, 1, sizeof(gap))) {
        p->has_failed = true;
        return;
    }
    while (i > 0 && gap_at(p, i - 1)->offset > freed.offset) {
        i--;
    }
    memmove(gap_at(p, i + 1), gap_at(p, i), (p->gaps.count - i) * sizeof(gap));
    *gap_at(p, i) = freed;
    p->gaps.count++;
    if (i + 1 < p->gaps.count && freed.offset + freed.bytes == gap_at(p, i + 1)->offset) {
        gap_at(p, i)->bytes += gap_at(p, i + 1)->bytes;
        remove_gap(p, i + 1);
    }
    if (i > 0 && gap_at(p, i - 1)->offset + gap_at(p, i - 1)->bytes == freed.offset) {
        gap_at(p, i - 1)->bytes += gap_at(p, i)->bytes;
        remove_gap(p, i);
    }
}

/* ---- steps ---------------------------------------------------------------------------------- */

static void place_buffer(placer *p, uint32_t i)
{
    wgi_buffer *b = wgi_buffer_at(p->plan, i);
    if (bytes_of(b) >= LARGE_BYTES) {
        place_large(p, b);
    } else {
        place_small(p, b);
    }
}

static void free_buffer(placer *p, uint32_t i)
{
    if (bytes_of(wgi_buffer_at(p->plan, i)) >= LARGE_BYTES) {
        free_large(p, wgi_buffer_at(p->plan, i));
    } else {
        free_small(p, i);
    }
    p->last_use[i] = WGI_NONE;
}

static void find_last_uses(placer *p)
{
    const wgi_plan *plan = p->plan;
    const wgi_step *steps = plan->steps.data;
    const uint32_t *operands = plan->operands.data;
    for (uint32_t s = 0; s < plan->steps.count; s++) {
        for (uint32_t k = 0; k < steps[s].n_in + steps[s].n_out; k++) {
            p->last_use[wgi_base_of(plan, operands[steps[s].first + k])] = s;
        }
    }
    const wgi_plan_result *results = plan->results.data;
    for (size_t i = 0; i < plan->results.count; i++) {
        if (results[i].copy_of != WGI_NONE) {
            p->last_use[wgi_base_of(plan, results[i].copy_of)] = AT_THE_END;
        }
    }
    const wgi_plan_gradient *gradients = plan->gradients.data;
    for (size_t i = 0; i < plan->gradients.count; i++) {
        if (gradients[i].copy_of != WGI_NONE) {
            p->last_use[wgi_base_of(plan, gradients[i].copy_of)] = AT_THE_END;
        }
    }
}

/* How many of a step's inputs show the bytes of one buffer. */
static uint32_t count_readers(const placer *p, const wgi_step *step, uint32_t base)
{
    const uint32_t *operands = (const uint32_t *)p->plan->operands.data + step->first;
    uint32_t n = 0;
    for (uint32_t k = 0; k < step->n_in; k++) {
        n += wgi_base_of(p->plan, operands[k]) == base;
    }
    return n;
}

/* Whether input i, which nobody reads after step s, may become output o. */
static bool may_become(const placer *p, uint32_t s, uint32_t i, uint32_t o)
{
    const wgi_step *step = (const wgi_step *)p->plan->steps.data + s;
    const uint32_t *operands = (const uint32_t *)p->plan->operands.data + step->first;
    const uint32_t *writers = (const uint32_t *)p->planner->writers.data + step->first;
    const wgi_view *views = (const wgi_view *)p->plan->views.data + step->first;
    const uint32_t base = wgi_base_of(p->plan, operands[i]);
    const wgi_buffer *from = wgi_buffer_at(p->plan, base);
    const wgi_buffer *to = wgi_buffer_at(p->plan, operands[o]);
    return from->place == WGI_IN_WORKSPACE && p->last_use[base] == s && writers[i] != WGI_NONE &&
           writers[i] <= writers[o] && bytes_of(from) == bytes_of(to) &&
           wgi_same_shape(views[i].rank, views[i].dims, views[o].rank, views[o].dims) &&
           wg_dtype_size((wg_dtype)views[i].dtype) == wg_dtype_size((wg_dtype)views[o].dtype) &&
           count_readers(p, step, base) == 1;
}

/* Lets an output have the memory of an input; false where none lends its own. Steps with very many
 * operands, which only small shapes have, do without. */
static bool place_over_input(placer *p, uint32_t s, uint32_t o)
{
    const wgi_step *step = (const wgi_step *)p->plan->steps.data + s;
    const uint32_t *operands = (const uint32_t *)p->plan->operands.data + step->first;
    if ((p->planner->ctx->without_passes & WG_PASS_IN_PLACE) != 0 || step->n_in > 16 ||
        ((const uint32_t *)p->planner->writers.data)[step->first + o] == WGI_NONE) {
        return false;
    }
    for (uint32_t i = 0; i < step->n_in; i++) {
        if (may_become(p, s, i, o)) {
            const uint32_t base = wgi_base_of(p->plan, operands[i]);
            wgi_buffer_at(p->plan, operands[o])->offset = wgi_buffer_at(p->plan, base)->offset;
            p->last_use[base] = WGI_NONE;
            return true;
        }
    }
    return false;
}

static void place_step(placer *p, uint32_t s)
{
    const wgi_step *step = (const wgi_step *)p->plan->steps.data + s;
    const uint32_t *operands = (const uint32_t *)p->plan->operands.data + step->first;
    for (uint32_t k = step->n_in; k < step->n_in + step->n_out; k++) {
        if (wgi_buffer_at(p->plan, operands[k])->place == WGI_IN_WORKSPACE &&
            !place_over_input(p, s, k)) {
            place_buffer(p, operands[k]);
        }
    }
    for (uint32_t k = 0; k < step->n_in + step->n_out; k++) {
        const uint32_t b = wgi_base_of(p->plan, operands[k]);
        if (wgi_buffer_at(p->plan, b)->place == WGI_IN_WORKSPACE && p->last_use[b] == s) {
            free_buffer(p, b);
        }
    }
}

static bool finish(placer *p)
{
    wgi_plan *plan = p->plan;
    return !p->has_failed && wgi_size_align(p->top, WGI_ALIGNMENT, &plan->scratch_offset) &&
           wgi_size_add(plan->scratch_offset, plan->scratch_bytes, &plan->workspace_bytes);
}

bool wgi_plan_place(wgi_planner *planner)
{
    const wg_allocator *a = &planner->ctx->memory;
    wgi_plan *plan = planner->plan;
    const size_t n = plan->buffers.count + 1;
    placer p = {.planner = planner, .plan = plan};
    p.last_use = wgi_alloc_zeroed(a, n, sizeof(uint32_t));
    p.next = wgi_alloc_zeroed(a, n, sizeof(uint32_t));
    bool ok = p.last_use != NULL && p.next != NULL;
    if (ok) {
        memset(p.heads, 0xFF, sizeof p.heads);
        find_last_uses(&p);
        for (uint32_t s = 0; s < plan->steps.count; s++) {
            place_step(&p, s);
        }
        ok = finish(&p);
    }
    wgi_array_free(a, &p.gaps, sizeof(gap));
    wgi_release(a, p.last_use, n * sizeof(uint32_t));
    wgi_release(a, p.next, n * sizeof(uint32_t));
    return ok;
}
