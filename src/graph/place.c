/* Placing: every workspace buffer gets its offset by lifetime.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the steps. A buffer is freed after the step that reads it last; freed ones wait in
 * lists by size class, eight classes to an octave, and are taken again last in, first out. */
#include "core/checked.h"
#include "graph/plan.h"

enum {
    WGI_CLASSES = 64 * 8
};

typedef struct placer {
    wgi_plan *plan;
    uint32_t *last_use; /* per buffer: the step that reads it last, WGI_NONE - 1 for the end */
    uint32_t *next;     /* per buffer: the next free one of its class */
    uint32_t heads[WGI_CLASSES];
    size_t top;
    bool is_too_large;
} placer;

#define AT_THE_END (WGI_NONE - 1)

static wgi_buffer *buffer_at(const wgi_plan *plan, uint32_t i)
{
    return (wgi_buffer *)plan->buffers.data + i;
}

static uint32_t base_at(const wgi_plan *plan, uint32_t i)
{
    const wgi_buffer *b = buffer_at(plan, i);
    return b->place == WGI_IN_ALIAS ? b->index : i;
}

static size_t bytes_of(const wgi_buffer *b)
{
    return (size_t)b->view.count * wg_dtype_size((wg_dtype)b->view.dtype);
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

static void place_buffer(placer *p, uint32_t i)
{
    wgi_buffer *b = buffer_at(p->plan, i);
    uint32_t class;
    size_t bytes = size_class(bytes_of(b), &class);
    uint32_t head = p->heads[class];
    if (head != WGI_NONE) {
        p->heads[class] = p->next[head];
        b->offset = buffer_at(p->plan, head)->offset;
        return;
    }
    if (!wgi_size_align(p->top, bytes >= WGI_ALIGNMENT ? WGI_ALIGNMENT : 16, &b->offset) ||
        !wgi_size_add(b->offset, bytes, &p->top)) {
        p->is_too_large = true;
    }
}

static void free_buffer(placer *p, uint32_t i)
{
    uint32_t class;
    (void)size_class(bytes_of(buffer_at(p->plan, i)), &class);
    p->next[i] = p->heads[class];
    p->heads[class] = i;
    p->last_use[i] = WGI_NONE;
}

static void find_last_uses(placer *p)
{
    const wgi_plan *plan = p->plan;
    const wgi_step *steps = plan->steps.data;
    const uint32_t *operands = plan->operands.data;
    for (uint32_t s = 0; s < plan->steps.count; s++) {
        uint32_t n = (uint32_t)steps[s].n_in + steps[s].n_out;
        for (uint32_t k = 0; k < n; k++) {
            p->last_use[base_at(plan, operands[steps[s].first + k])] = s;
        }
    }
    const wgi_plan_result *results = plan->results.data;
    for (size_t i = 0; i < plan->results.count; i++) {
        if (results[i].copy_of != WGI_NONE) {
            p->last_use[base_at(plan, results[i].copy_of)] = AT_THE_END;
        }
    }
    const wgi_plan_gradient *gradients = plan->gradients.data;
    for (size_t i = 0; i < plan->gradients.count; i++) {
        if (gradients[i].copy_of != WGI_NONE) {
            p->last_use[base_at(plan, gradients[i].copy_of)] = AT_THE_END;
        }
    }
}

static void place_step(placer *p, uint32_t s)
{
    const wgi_step *step = (const wgi_step *)p->plan->steps.data + s;
    const uint32_t *operands = (const uint32_t *)p->plan->operands.data + step->first;
    for (uint32_t k = step->n_in; k < (uint32_t)step->n_in + step->n_out; k++) {
        if (buffer_at(p->plan, operands[k])->place == WGI_IN_WORKSPACE) {
            place_buffer(p, operands[k]);
        }
    }
    for (uint32_t k = 0; k < (uint32_t)step->n_in + step->n_out; k++) {
        uint32_t b = base_at(p->plan, operands[k]);
        if (buffer_at(p->plan, b)->place == WGI_IN_WORKSPACE && p->last_use[b] == s) {
            free_buffer(p, b);
        }
    }
}

static bool finish(placer *p)
{
    wgi_plan *plan = p->plan;
    return !p->is_too_large && wgi_size_align(p->top, WGI_ALIGNMENT, &plan->scratch_offset) &&
           wgi_size_add(plan->scratch_offset, plan->scratch_bytes, &plan->workspace_bytes);
}

bool wgi_plan_place(wg_context *ctx, wgi_plan *plan)
{
    const wg_allocator *a = &ctx->memory;
    size_t n = plan->buffers.count + 1;
    placer p = {.plan = plan};
    p.last_use = wgi_alloc_zeroed(a, n, sizeof(uint32_t));
    p.next = wgi_alloc_zeroed(a, n, sizeof(uint32_t));
    bool ok = p.last_use != NULL && p.next != NULL;
    if (ok) {
        for (size_t i = 0; i < WGI_CLASSES; i++) {
            p.heads[i] = WGI_NONE;
        }
        find_last_uses(&p);
        for (uint32_t s = 0; s < plan->steps.count; s++) {
            place_step(&p, s);
        }
        ok = finish(&p);
    }
    wgi_release(a, p.last_use, n * sizeof(uint32_t));
    wgi_release(a, p.next, n * sizeof(uint32_t));
    return ok;
}
