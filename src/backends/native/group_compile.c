/* Making a block program of a group.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Values are numbered as the members' operands are: inputs, then members. Three passes over the
 * members: who reads a value last; which base a value gets; instructions. A broadcast_to inside a
 * group copies nothing where its operand stays as it is for the rest of the block: its value is
 * then another name of that operand. */
#include "backends/native/group.h"

#include <string.h>

#include "core/checked.h"
#include "core/context.h"

/* Without memory of its own up to so many values. */
#define FEW_VALUES 48

/* What the bytes of a block are to leave free of the nearest cache. */
#define CACHE_BYTES 24576
#define MOST_ELEMENTS 2048

/* Where nothing is read twice, a block is there for the threads alone. */
#define LONE_ELEMENTS 16384

/* The time of a thread's share, in units of 10 ps, that is worth a thread. */
#define THREAD_WORK 300000

#define NOBODY UINT32_MAX

typedef struct compiler {
    const wgi_problem *problem;
    const wgi_native *native;
    const wgi_group *group;
    uint32_t n_in;
    uint32_t n_values;
    uint32_t *root;      /* the value that a value is another name of */
    uint32_t *last;      /* the last member that reads it, itself where none does */
    uint32_t *base;      /* once placed */
    uint32_t *slot_next; /* free slots of a width, linked */
    uint8_t *slot_width;
    uint32_t free[WGI_N_WIDTHS];
    uint32_t n_ports;
    uint32_t n_in_ports;
    uint32_t n_slots;
    uint32_t n_feeds;
    uint32_t n_once;
    uint32_t n_instructions;
    uint32_t n_ends;
    size_t slot_bytes; /* of one element, in all slots */
    size_t port_bytes; /* in all ports: what goes through memory */
    int64_t work;      /* for one element, in units of 10 ps */
    uint32_t few[4 * FEW_VALUES];
    uint8_t few_widths[FEW_VALUES];
    void *memory;
    size_t memory_bytes;
} compiler;

static const size_t width_bytes[WGI_N_WIDTHS] = {1, 4, 8};

static bool is_port(const compiler *c, uint32_t input)
{
    return c->problem->in[input].count == c->group->count;
}

static int32_t dtype_of(const compiler *c, uint32_t value)
{
    return value < c->n_in ? c->problem->in[value].dtype : c->group->members[value - c->n_in].dtype;
}

static const wgi_role *role_of(const compiler *c, const wgi_member *m)
{
    return &c->native->roles[m->op];
}

/* ---- readers ------------------------------------------------------------------------------ */

/* Whether a member is but another name of its operand. An input in place is not safe to read later:
 * an output may take its memory. */
static bool is_name(const compiler *c, const wgi_member *m)
{
    if (role_of(c, m)->kind != WGI_ROLE_COPY || m->out != WGI_INSIDE) {
        return false;
    }
    const uint32_t x = c->root[m->in[0]];
    return x >= c->n_in || !is_port(c, x);
}

static bool is_constant(const compiler *c, const wgi_member *m)
{
    return role_of(c, m)->kind == WGI_ROLE_FILL && m->out == WGI_INSIDE;
}

/* A vector of 16 f32 takes about 1 ns, or 5 to 10 where the function is costly. */
static int64_t work_of(const compiler *c, const wgi_member *m)
{
    const int64_t size = (int64_t)width_bytes[wgi_width_of(m->dtype)];
    return role_of(c, m)->is_costly ? (size == 8 ? 120 : 50) : size + 1;
}

static void find_readers(compiler *c)
{
    for (uint32_t v = 0; v < c->n_in; v++) {
        c->root[v] = v;
        c->last[v] = NOBODY;
    }
    for (uint32_t i = 0; i < c->group->n_members; i++) {
        const wgi_member *m = &c->group->members[i];
        const uint32_t v = c->n_in + i;
        for (uint32_t k = 0; k < m->n_in; k++) {
            c->last[c->root[m->in[k]]] = i;
        }
        c->root[v] = v;
        c->last[v] = i;
        if (is_name(c, m)) {
            c->root[v] = c->root[m->in[0]];
        } else if (is_constant(c, m)) {
            c->n_once++;
        } else {
            *(role_of(c, m)->kind == WGI_ROLE_END ? &c->n_ends : &c->n_instructions) += 1;
            c->work += work_of(c, m);
        }
    }
}

/* ---- bases -------------------------------------------------------------------------------- */

/* Slots are numbered from 0 here; `base` of a value counts them after the ports. */
static uint32_t new_slot(compiler *c, wgi_width width)
{
    c->slot_width[c->n_slots] = (uint8_t)width;
    c->slot_bytes += width_bytes[width];
    return c->n_slots++;
}

static uint32_t take_slot(compiler *c, wgi_width width)
{
    const uint32_t slot = c->free[width];
    if (slot == NOBODY) {
        return new_slot(c, width);
    }
    c->free[width] = c->slot_next[slot];
    return slot;
}

static void place_inputs(compiler *c)
{
    for (uint32_t v = 0; v < c->n_in; v++) {
        const wgi_width width = wgi_width_of(c->problem->in[v].dtype);
        if (is_port(c, v)) {
            c->base[v] = c->n_in_ports++;
            c->port_bytes += width_bytes[width];
        } else {
            c->n_feeds++;
        }
    }
    c->n_ports = c->n_in_ports + (uint32_t)c->problem->n_out;
    for (uint32_t v = 0; v < c->n_in; v++) {
        if (!is_port(c, v)) {
            c->base[v] = c->n_ports + new_slot(c, wgi_width_of(c->problem->in[v].dtype));
        }
    }
}

/* Slots that nobody reads after member i are free for its result. Those of inputs and of constants
 * are not: they are filled once. */
static void release_operands(compiler *c, uint32_t i)
{
    const wgi_member *m = &c->group->members[i];
    for (uint32_t k = 0; k < m->n_in; k++) {
        const uint32_t v = c->root[m->in[k]];
        if (v < c->n_in || c->last[v] != i || c->base[v] < c->n_ports ||
            is_constant(c, &c->group->members[v - c->n_in])) {
            continue;
        }
        const uint32_t slot = c->base[v] - c->n_ports;
        c->last[v] = NOBODY; /* released once, though it may be several operands */
        c->slot_next[slot] = c->free[c->slot_width[slot]];
        c->free[c->slot_width[slot]] = slot;
    }
}

static void place_members(compiler *c)
{
    for (uint32_t i = 0; i < c->group->n_members; i++) {
        const wgi_member *m = &c->group->members[i];
        const wgi_width width = wgi_width_of(m->dtype);
        const uint32_t v = c->n_in + i;
        release_operands(c, i);
        if (c->root[v] != v) {
            c->base[v] = c->base[c->root[v]];
        } else if (role_of(c, m)->kind == WGI_ROLE_END) {
            c->base[v] = NOBODY;
        } else if (m->out != WGI_INSIDE) {
            c->base[v] = c->n_in_ports + m->out;
            c->port_bytes += width_bytes[width];
        } else if (is_constant(c, m)) {
            c->base[v] = c->n_ports + new_slot(c, width);
        } else {
            c->base[v] = c->n_ports + take_slot(c, width);
        }
    }
}

/* ---- the program -------------------------------------------------------------------------- */

/* Adds an array of n elements to *bytes, aligned to 8; false where it does not fit. */
static bool add_array(size_t *bytes, size_t n, size_t size)
{
    size_t part = 0;
    return wgi_size_mul(n, size, &part) && wgi_size_add(*bytes, part, bytes) &&
           wgi_size_align(*bytes, 8, bytes);
}

static wgi_program *allocate(const compiler *c)
{
    const size_t n = (size_t)c->n_once + c->n_instructions;
    size_t bytes = sizeof(wgi_program);
    if (!add_array(&bytes, n, sizeof(wgi_instruction)) ||
        !add_array(&bytes, c->n_feeds, sizeof(wgi_feed)) ||
        !add_array(&bytes, c->n_ends, sizeof(wgi_end)) ||
        !add_array(&bytes, c->n_slots, sizeof(size_t)) ||
        !add_array(&bytes, c->n_ports, sizeof(wgi_port))) {
        return NULL;
    }
    wgi_program *p = wgi_alloc(&c->problem->ctx->memory, bytes);
    if (p != NULL) {
        *p = (wgi_program){.head = {wgi_program_run, bytes}};
        p->kernels = c->native->pointwise;
        p->n_once = c->n_once;
        p->n_instructions = (uint32_t)n;
        p->n_ports = c->n_ports;
        p->n_in_ports = c->n_in_ports;
        p->n_slots = c->n_slots;
        p->n_feeds = c->n_feeds;
        p->instructions = (wgi_instruction *)(p + 1);
        p->feeds = (wgi_feed *)(p->instructions + n);
        p->n_ends = c->n_ends;
        p->ends = (wgi_end *)(p->feeds + c->n_feeds);
        p->slots = (size_t *)(p->ends + c->n_ends);
        p->ports = (wgi_port *)(p->slots + c->n_slots);
    }
    return p;
}

static wgi_block_kernel kernel_of(const compiler *c, const wgi_member *m)
{
    const wgi_pointwise *kernels = c->native->pointwise;
    const wgi_role *role = role_of(c, m);
    switch (role->kind) {
    case WGI_ROLE_FUNCTION: {
        return wgi_function_kernel(kernels, role->function, dtype_of(c, m->in[0]));
    }
    case WGI_ROLE_WHERE:
        return kernels->where[wgi_width_of(m->dtype)];
    case WGI_ROLE_CAST:
        return kernels->cast[m->dtype][dtype_of(c, m->in[0])];
    case WGI_ROLE_FILL:
        return kernels->fill[m->dtype];
    case WGI_ROLE_COPY:
    case WGI_ROLE_END:
    case WGI_ROLE_NONE:
        break;
    }
    return kernels->copy[wgi_width_of(m->dtype)];
}

static wgi_instruction instruction_of(const compiler *c, uint32_t i)
{
    const wgi_member *m = &c->group->members[i];
    wgi_instruction out = {.kernel = kernel_of(c, m), .y = c->base[c->n_in + i]};
    out.a = m->n_in > 0 ? c->base[c->root[m->in[0]]] : out.y;
    out.b = m->n_in > 1 ? c->base[c->root[m->in[1]]] : out.a;
    out.c = m->n_in > 2 ? c->base[c->root[m->in[2]]] : out.a;
    out.number = role_of(c, m)->is_numbered ? m->number : WGI_NO_NUMBER;
    return out;
}

/* The end that member i is; false where it cannot be fed. */
static bool end_of(const compiler *c, uint32_t i, uint32_t at, wgi_end *out)
{
    const wgi_member *m = &c->group->members[i];
    const wgi_view x = {NULL, dtype_of(c, m->in[0]), c->group->rank, c->group->dims,
                        c->group->count};
    *out = (wgi_end){.at = at, .base = c->base[c->root[m->in[0]]], .out = m->out};
    out->size = (uint32_t)width_bytes[wgi_width_of(x.dtype)];
    return wgi_reduce_plan_make(&out->plan, c->native->isa, role_of(c, m)->op->name, &x,
                                &c->problem->out[m->out], c->group->attrs + m->attr);
}

static bool emit(const compiler *c, wgi_program *p)
{
    wgi_end *end = p->ends;
    wgi_instruction *once = p->instructions;
    wgi_instruction *next = p->instructions + p->n_once;
    for (uint32_t i = 0; i < c->group->n_members; i++) {
        if (is_constant(c, &c->group->members[i])) {
            *once++ = instruction_of(c, i);
        } else if (role_of(c, &c->group->members[i])->kind == WGI_ROLE_END) {
            if (!end_of(c, i, (uint32_t)(next - p->instructions), end++)) {
                return false;
            }
        } else if (c->root[c->n_in + i] == c->n_in + i) {
            *next++ = instruction_of(c, i);
        }
    }
    return true;
}

static void emit_bases(const compiler *c, wgi_program *p)
{
    wgi_feed *feed = p->feeds;
    for (uint32_t v = 0; v < c->n_in; v++) {
        const int32_t dtype = c->problem->in[v].dtype;
        if (is_port(c, v)) {
            p->ports[c->base[v]] = (wgi_port){v, (uint32_t)width_bytes[wgi_width_of(dtype)]};
        } else {
            feed->view = v;
            feed->base = c->base[v];
            feed->width = wgi_width_of(dtype);
            feed++;
        }
    }
    for (uint32_t i = 0; i < (uint32_t)c->problem->n_out; i++) {
        const wgi_width width = wgi_width_of(c->problem->out[i].dtype);
        p->ports[c->n_in_ports + i] = (wgi_port){i, (uint32_t)width_bytes[width]};
    }
    for (uint32_t i = 0; i < p->n_ends; i++) {
        p->ports[c->n_in_ports + p->ends[i].out].size = 0;
    }
}

static int32_t threads_for(const compiler *c)
{
    const int64_t work = c->work + (int64_t)c->port_bytes / 2;
    const int64_t wanted = c->group->count / (THREAD_WORK / (work + 1) + 1);
    const int64_t most = c->problem->threads;
    return (int32_t)(wanted < 1 ? 1 : wanted < most ? wanted : most);
}

/* Elements in a block: what keeps all that it touches in the nearest cache, and leaves work for all
 * threads. */
static int64_t most_elements(const compiler *c, int32_t threads)
{
    const size_t bytes = c->slot_bytes + c->port_bytes;
    int64_t most = CACHE_BYTES / (int64_t)(bytes > 0 ? bytes : 1);
    most = most < 64 ? 64 : most > MOST_ELEMENTS ? MOST_ELEMENTS : most;
    if (c->n_instructions + c->n_ends == 1) {
        most = LONE_ELEMENTS;
    }
    const int64_t share = (c->group->count + threads - 1) / threads;
    most = threads > 1 && share < most ? share : most;
    return (most + 63) / 64 * 64;
}

/* Slots that lie a multiple of 4096 apart would be in each other's way. */
static bool lay_out_slots(const compiler *c, wgi_program *p)
{
    size_t at = (c->n_ports + (size_t)c->n_slots) * sizeof(char *);
    for (uint32_t i = 0; i < c->n_slots; i++) {
        if (!wgi_size_align(at, WGI_ALIGNMENT, &at)) {
            return false;
        }
        p->slots[i] = at;
        size_t bytes = 0;
        if (!wgi_size_mul((size_t)p->grid.block, width_bytes[c->slot_width[i]], &bytes) ||
            !wgi_size_add(at, bytes + WGI_SPARE_BYTES, &at)) {
            return false;
        }
    }
    return wgi_size_align(at, WGI_ALIGNMENT, &p->share_bytes);
}

/* The scratch of all shares, then the states of the ends. */
static bool lay_out_scratch(const compiler *c, wgi_program *p, size_t *out)
{
    size_t at = 0;
    if (!lay_out_slots(c, p) || !wgi_size_mul(p->share_bytes, (size_t)p->threads, &at)) {
        return false;
    }
    for (uint32_t i = 0; i < p->n_ends; i++) {
        const wgi_reduce_plan *plan = &p->ends[i].plan;
        size_t bytes = 0;
        p->ends[i].states = at;
        if (!wgi_size_mul((size_t)plan->n_segments, plan->state_bytes, &bytes) ||
            !wgi_size_add(at, bytes, &at) || !wgi_size_align(at, WGI_ALIGNMENT, &at)) {
            return false;
        }
    }
    *out = at;
    return true;
}

/* Ends whose segments differ leave nothing to share. */
static void divide_work(wgi_program *p, int32_t threads)
{
    p->segment = p->n_ends > 0 ? p->ends[0].plan.segment : p->grid.block;
    for (uint32_t i = 1; i < p->n_ends; i++) {
        p->segment = p->ends[i].plan.segment == p->segment ? p->segment : p->grid.count;
    }
    p->segment = p->segment < 1 ? 1 : p->segment;
    const int64_t n = (p->grid.count + p->segment - 1) / p->segment;
    p->threads = n < threads ? (int32_t)n : threads;
    p->threads = p->threads < 1 ? 1 : p->threads;
}

static wg_status build(compiler *c, wgi_prepared *out)
{
    find_readers(c);
    place_inputs(c);
    place_members(c);
    wgi_program *p = allocate(c);
    if (p == NULL) {
        return WG_ERR_MEMORY;
    }
    *out = (wgi_prepared){.state = p, .state_bytes = p->head.bytes};
    wg_status status = emit(c, p) ? WG_OK : WG_ERR_UNSUPPORTED;
    if (status == WG_OK) {
        emit_bases(c, p);
        wgi_grid_fold(c->problem, &p->grid, p->feeds, p->n_feeds);
        const int32_t threads = threads_for(c);
        const int64_t most = most_elements(c, threads);
        p->n_feeds_once = wgi_grid_divide(&p->grid, most, p->feeds, p->n_feeds);
        divide_work(p, threads);
        out->threads = p->threads;
        status = lay_out_scratch(c, p, &out->scratch_bytes) ? WG_OK : WG_ERR_OVERFLOW;
    }
    if (status != WG_OK) {
        wgi_group_state_free(c->problem->ctx, out);
    }
    return status;
}

static bool take_memory(compiler *c)
{
    uint32_t *words = c->few;
    c->slot_width = c->few_widths;
    if (c->n_values > FEW_VALUES) {
        if (!wgi_size_mul(c->n_values, 4 * sizeof *words + 1, &c->memory_bytes)) {
            return false;
        }
        c->memory = wgi_alloc(&c->problem->ctx->memory, c->memory_bytes);
        words = c->memory;
        c->slot_width = (uint8_t *)(words + 4 * (size_t)c->n_values);
    }
    c->root = words;
    c->last = words + c->n_values;
    c->base = words + 2 * (size_t)c->n_values;
    c->slot_next = words + 3 * (size_t)c->n_values;
    return words != NULL;
}

wg_status wgi_program_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    compiler c;
    memset(&c, 0, offsetof(compiler, few));
    c.memory = NULL;
    c.memory_bytes = 0;
    c.problem = problem;
    c.native = problem->backend;
    c.group = problem->group;
    c.n_in = (uint32_t)problem->n_in;
    c.n_values = c.n_in + c.group->n_members;
    for (int32_t i = 0; i < WGI_N_WIDTHS; i++) {
        c.free[i] = NOBODY;
    }
    if (!take_memory(&c)) {
        return WG_ERR_MEMORY;
    }
    const wg_status status = build(&c, out);
    wgi_release(&problem->ctx->memory, c.memory, c.memory_bytes);
    return status;
}
