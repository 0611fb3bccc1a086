/* Checking the gradients of a graph, on a shadow in f64.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The leaves that learn become one flat vector; the engine of check.c moves it and asks for values,
 * gradients and, where differences cannot decide, derivatives carried forward. */
#include <wengert/inspect.h>

#include <math.h>
#include <string.h>

#include "core/context.h"
#include "core/dtype.h"
#include "core/text.h"
#include "inspect/tangent.h"
#include "inspect/way.h"

enum {
    MOST_COUNTS = 16,
    NAME = 16
};

typedef struct checker {
    wg_context *ctx;
    const wg_allocator *memory;
    wg_node asked; /* the loss in the caller's graph */
    wg_node loss;  /* the same in the shadow */
    wg_shadow *shadow;
    uint64_t step;
    uint32_t count;  /* entries up to the loss */
    uint8_t *on_way; /* whether the loss depends on an entry */
    wg_check_block *blocks;
    uint32_t *leaves; /* one for each block */
    char (*names)[NAME];
    size_t n_blocks;
    size_t n; /* elements of all leaves */
    double *x;
    size_t counts[MOST_COUNTS];
    size_t n_counts;
    wgi_tangents tangents;
    wg_status status; /* the first failure inside a callback */
    bool has_value;   /* the loss was computed once */
} checker;

/* ---- leaves as one vector ----------------------------------------------------------------- */

static wg_node own_node(const checker *c, uint32_t i)
{
    return wg_graph_node(wg_shadow_graph(c->shadow), i);
}

/* Tangents are carried op by op: an output on the way takes its op with it. */
static void mark_way(checker *c)
{
    wgi_mark_way(c->loss, c->on_way);
    for (uint32_t i = 0; i < c->count; i++) {
        wg_node_info info;
        if (c->on_way[i] && wg_node_describe(own_node(c, i), &info) == WG_OK) {
            c->on_way[i - (uint32_t)info.output] = 1;
        }
    }
}

/* Leaves without elements have nothing to check. */
static bool learns(const checker *c, uint32_t i, wg_node_info *info)
{
    return c->on_way[i] && wg_node_describe(own_node(c, i), info) == WG_OK && info->is_leaf &&
           info->wants_gradient && info->count > 0;
}

/* Sizes over which a mean may have been taken: those of the leaves that do not learn. */
static void note_counts(checker *c, const wg_node_info *info)
{
    for (int32_t k = 0; k < info->rank && c->n_counts < MOST_COUNTS; k++) {
        if (info->dims[k] > 1) {
            c->counts[c->n_counts++] = (size_t)info->dims[k];
        }
    }
}

static size_t count_leaves(checker *c)
{
    size_t n = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        wg_node_info info;
        if (learns(c, i, &info)) {
            n++;
        } else if (c->on_way[i] && info.is_leaf) {
            note_counts(c, &info);
        }
    }
    return n;
}

static void add_block(checker *c, size_t b, uint32_t i, const wg_node_info *info)
{
    wg_node_info asked;
    wg_check_block *block = &c->blocks[b];
    c->leaves[b] = i;
    block->rank = info->rank;
    for (int32_t k = 0; k < info->rank; k++) {
        block->dims[k] = info->dims[k];
    }
    block->offset = c->n;
    c->n += (size_t)info->count;
    wg_status status = wg_node_describe(wg_graph_node(c->asked.graph, i), &asked);
    block->name = status == WG_OK ? asked.name : NULL;
    if (block->name == NULL) {
        wgi_text text = wgi_text_make(c->names[b], NAME);
        wgi_text_add(&text, "n%u", (unsigned)i);
        block->name = c->names[b];
    }
}

static wg_status make_vector(checker *c)
{
    c->n_blocks = count_leaves(c);
    if (c->n_blocks == 0) {
        return WG_OK;
    }
    c->blocks = wgi_alloc_zeroed(c->memory, c->n_blocks, sizeof *c->blocks);
    c->leaves = wgi_alloc_zeroed(c->memory, c->n_blocks, sizeof *c->leaves);
    c->names = wgi_alloc_zeroed(c->memory, c->n_blocks, sizeof *c->names);
    if (c->blocks == NULL || c->leaves == NULL || c->names == NULL) {
        return WG_ERR_MEMORY;
    }
    size_t b = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        wg_node_info info;
        if (learns(c, i, &info)) {
            add_block(c, b++, i, &info);
        }
    }
    c->x = wgi_alloc_zeroed(c->memory, c->n, sizeof *c->x);
    if (c->x == NULL) {
        return WG_ERR_MEMORY;
    }
    for (b = 0; b < c->n_blocks; b++) {
        const wg_tensor *t = wg_shadow_leaf(c->shadow, own_node(c, c->leaves[b]));
        if (wg_tensor_count(t) > 0) {
            memcpy(c->x + c->blocks[b].offset, wg_tensor_data(t), wg_tensor_bytes(t));
        }
    }
    return WG_OK;
}

/* Moves the shadow to x. The random step stays, so that dropout keeps its masks. */
static wg_status go_to(checker *c, const double *x)
{
    for (size_t b = 0; b < c->n_blocks; b++) {
        wg_tensor *t = wg_shadow_leaf(c->shadow, own_node(c, c->leaves[b]));
        if (wg_tensor_count(t) > 0) {
            memcpy(wg_tensor_data_mutable(t), x + c->blocks[b].offset, wg_tensor_bytes(t));
        }
    }
    wg_graph *g = wg_shadow_graph(c->shadow);
    wg_status status = wg_graph_refresh(g);
    return status == WG_OK ? wg_graph_set_step(g, c->step) : status;
}

static void note(checker *c, wg_status status)
{
    if (c->status == WG_OK) {
        c->status = status;
    }
}

/* ---- what the engine asks ----------------------------------------------------------------- */

/* Beside the point itself the data may be out of an op's range, as a probability above 1: then the
 * loss has no value there. */
static double value_at(const double *x, size_t n, void *user)
{
    checker *c = user;
    (void)n;
    double v = (double)NAN;
    wg_status status = go_to(c, x);
    if (status == WG_OK) {
        status = wg_get_item(c->loss, &v);
    }
    if (status != WG_ERR_RANGE || !c->has_value) {
        note(c, status);
    }
    c->has_value |= status == WG_OK;
    return v;
}

/* The gradient that the shadow holds, flat; zeros where a leaf was not reached. */
static void read_gradient(const checker *c, double *gradient)
{
    memset(gradient, 0, c->n * sizeof *gradient);
    for (size_t b = 0; b < c->n_blocks; b++) {
        const wg_tensor *t = wg_gradient(own_node(c, c->leaves[b]));
        if (t != NULL && wg_tensor_count(t) > 0) {
            memcpy(gradient + c->blocks[b].offset, wg_tensor_data(t), wg_tensor_bytes(t));
        }
    }
}

static void gradient_at(const double *x, double *gradient, size_t n, void *user)
{
    checker *c = user;
    (void)n;
    wg_status status = go_to(c, x);
    if (status == WG_OK) {
        status = wg_backward(c->loss);
    }
    note(c, status);
    read_gradient(c, gradient);
}

/* Computes the values of all entries on the way, which the tangents start from. */
static wg_status run_all(checker *c)
{
    wg_node *nodes = wgi_alloc_zeroed(c->memory, c->count, sizeof *nodes);
    if (nodes == NULL) {
        return WG_ERR_MEMORY;
    }
    size_t n = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->on_way[i]) {
            nodes[n++] = own_node(c, i);
        }
    }
    wg_status status = wg_run(nodes, n);
    wgi_release(c->memory, nodes, c->count * sizeof *nodes);
    return status;
}

static double derivative_along(const double *x, const double *v, size_t n, double *scale,
                               void *user)
{
    checker *c = user;
    (void)n;
    double d = (double)NAN;
    wg_status status = go_to(c, x);
    if (status == WG_OK) {
        status = run_all(c);
    }
    wgi_tangents_clear(&c->tangents);
    for (size_t b = 0; status == WG_OK && b < c->n_blocks; b++) {
        status = wgi_tangents_seed(&c->tangents, c->leaves[b], v + c->blocks[b].offset);
    }
    if (status == WG_OK) {
        status = wgi_tangents_carry(&c->tangents, c->loss.index, &d, scale);
    }
    note(c, status == WG_ERR_UNSUPPORTED ? WG_OK : status);
    return d;
}

/* ---- opening and closing ------------------------------------------------------------------ */

static void close_checker(checker *c)
{
    if (c->tangents.ctx != NULL) {
        wgi_tangents_free(&c->tangents);
    }
    wgi_release(c->memory, c->blocks, c->n_blocks * sizeof *c->blocks);
    wgi_release(c->memory, c->leaves, c->n_blocks * sizeof *c->leaves);
    wgi_release(c->memory, c->names, c->n_blocks * sizeof *c->names);
    wgi_release(c->memory, c->x, c->n * sizeof *c->x);
    wgi_release(c->memory, c->on_way, c->count);
    wg_shadow_destroy(c->shadow);
}

static wg_status check_loss(wg_node loss)
{
    wg_node_info info;
    wg_status status = wg_node_describe(loss, &info);
    if (status != WG_OK) {
        return status;
    }
    if (!wgi_is_floating((int)info.dtype)) {
        return WG_ERR_DTYPE;
    }
    if (info.count != 1) {
        return WG_ERR_SHAPE;
    }
    return info.wants_gradient ? WG_OK : WG_ERR_GRADIENT;
}

static wg_status open_checker(checker *c, wg_node loss)
{
    memset(c, 0, sizeof *c);
    wg_status status = check_loss(loss);
    if (status != WG_OK) {
        return status;
    }
    c->ctx = wg_graph_context(loss.graph);
    c->memory = &c->ctx->memory;
    c->asked = loss;
    status = wg_shadow_create(loss.graph, WG_F32, WG_F64, &c->shadow);
    if (status != WG_OK) {
        return status;
    }
    c->loss = wg_shadow_node(c->shadow, loss);
    c->step = wg_graph_step(wg_shadow_graph(c->shadow));
    c->count = loss.index + 1;
    c->on_way = wgi_alloc_zeroed(c->memory, c->count, 1);
    if (c->on_way == NULL) {
        return WG_ERR_MEMORY;
    }
    mark_way(c);
    status = make_vector(c);
    if (status != WG_OK) {
        return status;
    }
    c->tangents.ctx = c->ctx;
    c->tangents.shadow = c->shadow;
    c->tangents.on_way = c->on_way;
    c->tangents.count = c->count;
    return wgi_tangents_make(&c->tangents);
}

/* ---- f32 against f64 ---------------------------------------------------------------------- */

static double scaled_distance(const wg_tensor *a, const double *b)
{
    double worst = 0;
    double largest = 1;
    for (int64_t i = 0; i < wg_tensor_count(a); i++) {
        worst = fmax(worst, fabs(wg_tensor_get(a, i) - b[i]));
        largest = fmax(largest, fabs(b[i]));
    }
    return worst / largest;
}

/* Runs a plain copy of the graph on its own backends and compares. */
static wg_status measure_f32(checker *c, wg_gradcheck_report *report)
{
    wg_shadow *plain;
    double value;
    double *gradient = wgi_alloc_zeroed(c->memory, c->n, sizeof *gradient);
    if (gradient == NULL) {
        return WG_ERR_MEMORY;
    }
    gradient_at(c->x, gradient, c->n, c);
    double want = wg_item(c->loss);
    wg_status status = wg_shadow_create(c->asked.graph, WG_F32, WG_F32, &plain);
    if (status == WG_OK) {
        wg_node loss = wg_shadow_node(plain, c->asked);
        status = wg_backward(loss);
        if (status == WG_OK) {
            status = wg_get_item(loss, &value);
        }
        if (status == WG_OK) {
            report->f32_value = fabs(value - want) / fmax(1, fabs(want));
        }
        for (size_t b = 0; status == WG_OK && b < c->n_blocks; b++) {
            wg_node leaf = wg_graph_node(wg_shadow_graph(plain), c->leaves[b]);
            double d = scaled_distance(wg_gradient(leaf), gradient + c->blocks[b].offset);
            report->f32_gradient = fmax(report->f32_gradient, d);
        }
        wg_shadow_destroy(plain);
    }
    wgi_release(c->memory, gradient, c->n * sizeof *gradient);
    return status;
}

/* ---- kinks -------------------------------------------------------------------------------- */

static double smallest_input(wg_node n, int32_t n_inputs)
{
    double smallest = (double)INFINITY;
    for (int32_t i = 0; i < n_inputs; i++) {
        const wg_tensor *t = wg_value(wg_node_input(n, i));
        for (int64_t k = 0; k < wg_tensor_count(t); k++) {
            smallest = fmin(smallest, fabs(wg_tensor_get(t, k)));
        }
    }
    return smallest;
}

/* The op with a kink whose operand comes closest to 0, where the kinks of our ops are. */
static const char *find_kink(checker *c)
{
    const char *op = NULL;
    double nearest = (double)INFINITY;
    if (go_to(c, c->x) != WG_OK || run_all(c) != WG_OK) {
        return NULL;
    }
    for (uint32_t i = 0; i < c->count; i++) {
        wg_node_info info;
        wg_node n = own_node(c, i);
        if (!c->on_way[i] || wg_node_describe(n, &info) != WG_OK || info.is_smooth) {
            continue;
        }
        double distance = smallest_input(n, info.n_inputs);
        if (op == NULL || distance < nearest) {
            op = info.op;
            nearest = distance;
        }
    }
    return op;
}

/* ---- the check ---------------------------------------------------------------------------- */

static wg_check_options engine_options(const checker *c, const wg_gradcheck_options *o)
{
    wg_check_options e = {.size = sizeof e};
    if (o != NULL) {
        e.seed = o->seed;
        e.elements = o->elements;
        e.directions = o->directions;
        e.tolerance = o->tolerance;
    }
    e.blocks = c->blocks;
    e.n_blocks = c->n_blocks;
    e.counts = c->counts;
    e.n_counts = c->n_counts;
    return e;
}

static wg_check_allocator engine_allocator(const checker *c)
{
    return (wg_check_allocator){
        .allocate = c->memory->allocate,
        .release = c->memory->release,
        .user = c->memory->user,
    };
}

/* Whether an op on the way has no kernel in f64: then nothing can be judged. */
static bool lacks_kernel(checker *c)
{
    (void)value_at(c->x, c->n, c);
    const bool lacks = c->status == WG_ERR_UNSUPPORTED;
    c->status = lacks ? WG_OK : c->status;
    return lacks;
}

static wg_status run_check(checker *c, const wg_gradcheck_options *options,
                           wg_gradcheck_report *report)
{
    wg_check_problem problem = {
        .size = sizeof problem,
        .n = c->n,
        .user = c,
        .f = value_at,
        .g = gradient_at,
        .jv = derivative_along,
    };
    if (c->n == 0) {
        report->check.verdict = WG_CHECK_UNDECIDABLE; /* nothing to judge is no pass */
        return WG_OK;
    }
    if (lacks_kernel(c)) {
        report->check.verdict = WG_CHECK_UNDECIDABLE;
        report->n_tensors = c->n_blocks;
        return WG_OK;
    }
    wg_check_options o = engine_options(c, options);
    wg_check_allocator hooks = engine_allocator(c);
    o.allocator = &hooks;
    wg_status status = (wg_status)wg_check_run(&problem, c->x, &o, &report->check);
    status = c->status != WG_OK ? c->status : status;
    if (status == WG_OK) {
        report->n_tensors = c->n_blocks;
        status = measure_f32(c, report);
    }
    if (status == WG_OK && report->check.n_kinks > 0) {
        report->kink_op = find_kink(c);
    }
    return status;
}

wg_status wg_gradcheck(wg_node loss, const wg_gradcheck_options *options,
                       wg_gradcheck_report *report)
{
    if (report == NULL) {
        return WG_ERR_ARGUMENT;
    }
    memset(report, 0, sizeof *report);
    if (options != NULL && options->size != sizeof *options) {
        return WG_ERR_ARGUMENT;
    }
    checker c;
    wg_status status = open_checker(&c, loss);
    if (status == WG_OK) {
        status = run_check(&c, options, report);
    }
    if (c.memory != NULL) {
        close_checker(&c);
    }
    if (status != WG_OK) {
        memset(report, 0, sizeof *report);
    }
    return status;
}

/* ---- comparing ---------------------------------------------------------------------------- */

/* The block of a parameter; n_blocks where the loss does not depend on it. */
static size_t find_param(const checker *c, const wg_param *param)
{
    size_t b = 0;
    while (b < c->n_blocks) {
        wg_node_info info;
        wg_node n = wg_graph_node(c->asked.graph, c->leaves[b]);
        if (wg_node_describe(n, &info) == WG_OK && info.param == param) {
            break;
        }
        b++;
    }
    return b;
}

static wg_status compare(checker *c, size_t b, const wg_tensor *mine, wg_check_report *report)
{
    size_t n = (size_t)wg_tensor_count(mine);
    double *both = wgi_alloc_zeroed(c->memory, c->n + n, sizeof *both);
    if (both == NULL) {
        return WG_ERR_MEMORY;
    }
    gradient_at(c->x, both + n, c->n, c);
    for (size_t i = 0; i < n; i++) {
        both[i] = wg_tensor_get(mine, (int64_t)i);
    }
    wg_check_block block = c->blocks[b];
    block.offset = 0;
    wg_check_options o = engine_options(c, NULL);
    wg_check_allocator hooks = engine_allocator(c);
    o.allocator = &hooks;
    o.blocks = &block;
    o.n_blocks = 1;
    o.elements = WG_CHECK_ALL;
    o.tolerance = wg_tensor_dtype(mine) == WG_F32 ? 1e-5 : 1e-9;
    wg_status status = c->status;
    if (status == WG_OK) {
        status = (wg_status)wg_check_compare(both, both + n + c->blocks[b].offset, n, &o, report);
    }
    wgi_release(c->memory, both, (c->n + n) * sizeof *both);
    return status;
}

static wg_status check_mine(const checker *c, size_t b, const wg_tensor *mine)
{
    if (b == c->n_blocks) {
        return WG_ERR_ARGUMENT;
    }
    if (!wgi_is_floating((int)wg_tensor_dtype(mine))) {
        return WG_ERR_DTYPE;
    }
    const wg_check_block *block = &c->blocks[b];
    bool fits =
        wgi_same_shape(block->rank, block->dims, wg_tensor_rank(mine), wg_tensor_dims(mine));
    return fits && wg_tensor_data(mine) != NULL ? WG_OK : WG_ERR_SHAPE;
}

wg_status wg_compare_gradient(wg_node loss, const wg_param *param, const wg_tensor *mine,
                              wg_check_report *report)
{
    if (report == NULL) {
        return WG_ERR_ARGUMENT;
    }
    memset(report, 0, sizeof *report);
    if (param == NULL || mine == NULL) {
        return WG_ERR_ARGUMENT;
    }
    checker c;
    wg_status status = open_checker(&c, loss);
    if (status == WG_OK) {
        size_t b = find_param(&c, param);
        status = check_mine(&c, b, mine);
        if (status == WG_OK) {
            status = compare(&c, b, mine, report);
        }
    }
    if (c.memory != NULL) {
        close_checker(&c);
    }
    return status;
}

/* ---- text --------------------------------------------------------------------------------- */

static wg_check_status hand_on(void *user, const char *data, size_t bytes)
{
    const wg_writer *writer = user;
    return (wg_check_status)writer->write(writer->user, data, bytes);
}

wg_status wg_gradcheck_write(const wg_gradcheck_report *report, const wg_writer *writer)
{
    if (report == NULL || writer == NULL || writer->write == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_writer copy = *writer;
    wg_check_writer check_writer = {.write = hand_on, .user = &copy};
    wg_status status = (wg_status)wg_check_report_write(&report->check, &check_writer);
    if (status != WG_OK) {
        return status;
    }
    char line[256];
    wgi_text text = wgi_text_make(line, sizeof line);
    if (report->kink_op != NULL) {
        wgi_text_add(&text, "  the first non-smooth element sits on a kink of %s\n",
                     report->kink_op);
    }
    wgi_text_add(&text, "  f32 against f64: loss ");
    wgi_text_add_number(&text, report->f32_value, 2);
    wgi_text_add(&text, ", gradients ");
    wgi_text_add_number(&text, report->f32_gradient, 2);
    wgi_text_add(&text, "\n");
    return writer->write(writer->user, line, text.used);
}
