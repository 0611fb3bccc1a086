/* Groups against their members run one by one, bit for bit.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/group_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/tensor.h>

#include "core/context.h"
#include "core/dtype.h"
#include "ops/params.h"
#include "support/allocator.h"

#define SEED UINT64_C(20261125)
#define MAX_IN 6
#define MAX_MEMBERS 24
#define ROOM (MAX_IN + MAX_MEMBERS + 8)

static wg_context *new_context(void)
{
    wg_context *ctx = NULL;
    const wg_config config = {.size = sizeof config, .seed = SEED, .threads = 8};
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    return ctx;
}

static int pick(wg_rng *rng, int n)
{
    return (int)wg_rng_below(rng, (uint64_t)n);
}

/* ---- random groups ------------------------------------------------------------------------ */

/* Mostly ordinary numbers; one in sixteen is special. */
static double draw(wg_rng *rng)
{
    static const double specials[] = {
        0.0, -0.0, (double)INFINITY, -(double)INFINITY, (double)NAN, 0x1p-149, 3e38, -80.0};
    return pick(rng, 16) == 0 ? specials[pick(rng, 8)] : wg_rng_normal(rng);
}

static void fill_input(wgt_group *g, wg_rng *rng, uint32_t value)
{
    const wgt_value *v = &g->values[value];
    for (int64_t i = 0; i < v->view.count; i++) {
        const double x = v->view.dtype == WG_BOOL ? (double)pick(rng, 2) : draw(rng);
        wgi_store_double(v->view.dtype, v->alone, i, x);
    }
}

/* The group's shape, with axes of size 1 and leading axes left out. */
static uint32_t add_input(wgt_group *g, wg_rng *rng, int dtype)
{
    int64_t dims[WG_MAX_RANK];
    const int how = pick(rng, 4);
    const int32_t skipped = how == 3 && g->rank > 0 ? pick(rng, g->rank + 1) : 0;
    for (int32_t i = skipped; i < g->rank; i++) {
        dims[i - skipped] = how >= 2 && pick(rng, 2) == 0 ? 1 : g->dims[i];
    }
    const uint32_t value = wgt_group_input(g, dtype, g->rank - skipped, dims);
    fill_input(g, rng, value);
    return value;
}

/* A random value of the dtype for member v; the number of values where there is none. From outside
 * it may broadcast. */
static uint32_t pick_value(const wgt_group *g, wg_rng *rng, int dtype)
{
    uint32_t found = (uint32_t)g->n_values;
    int n = 0;
    for (uint32_t i = 0; i < g->n_values; i++) {
        const bool is_end = i >= g->n_in && g->values[i].view.count != g->count;
        if (g->values[i].view.dtype == dtype && !is_end && pick(rng, ++n) == 0) {
            found = i;
        }
    }
    return found;
}

typedef struct choice {
    const char *op;
    int n_in;
    bool is_numbered;
} choice;

static const choice choices[] = {
    {"add", 2, false},        {"sub", 2, false},       {"mul", 2, false},
    {"div", 2, false},        {"gate", 2, false},      {"neg", 1, false},
    {"exp", 1, false},        {"log", 1, false},       {"square", 1, false},
    {"sqrt", 1, false},       {"sigmoid", 1, false},   {"tanh", 1, false},
    {"relu", 1, false},       {"scale", 1, true},      {"heaviside", 1, true},
    {"reciprocal", 1, false}, {"log_slope", 1, false}, {"one_minus", 1, false},
};

/* A member of another kind than the functions; false where there is no operand for it. */
static bool add_mover(wgt_group *g, wg_rng *rng, int dtype)
{
    const uint32_t x = pick_value(g, rng, dtype);
    const uint32_t condition = pick_value(g, rng, WG_BOOL);
    const uint32_t in[3] = {condition, x, pick_value(g, rng, dtype)};
    switch (pick(rng, 5)) {
    case 0:
        wgt_group_numbered(g, "fill", dtype, 0, NULL, draw(rng));
        return true;
    case 1:
        wgt_group_member(g, "broadcast_to", dtype, 1, &x);
        return true;
    case 2:
        wgt_group_member(g, "greater", WG_BOOL, 2, in + 1);
        return true;
    case 3:
        wgt_group_member(g, "cast", pick(rng, 2) == 0 ? WG_F32 : WG_F64, 1, &x);
        return true;
    default:
        if (condition < g->n_values) {
            wgt_group_member(g, "where", dtype, 3, in);
        }
        return condition < g->n_values;
    }
}

static void add_function(wgt_group *g, wg_rng *rng, int dtype)
{
    const choice *c = &choices[pick(rng, (int)(sizeof choices / sizeof *choices))];
    const uint32_t in[2] = {pick_value(g, rng, dtype), pick_value(g, rng, dtype)};
    if (c->is_numbered) {
        wgt_group_numbered(g, c->op, dtype, c->n_in, in, draw(rng));
    } else {
        wgt_group_member(g, c->op, dtype, c->n_in, in);
    }
}

static bool is_end_possible(const wgt_group *g, const wgi_op *op, uint16_t id, uint32_t x,
                            const wgi_reduce_attr *attr, const wgi_view *y)
{
    const wgi_problem problem = {
        .ctx = g->ctx,
        .backend = g->backend_state,
        .op = op,
        .op_id = id,
        .n_in = 1,
        .n_out = 1,
        .in = &g->values[x].view,
        .out = y,
        .attr = attr,
        .threads = 1,
    };
    return g->backend->joins(&problem) == WGI_ENDS;
}

/* A sum or mean over random axes, of a value of the group's shape. */
static void add_end(wgt_group *g, wg_rng *rng, int dtype)
{
    const uint32_t x = pick_value(g, rng, dtype);
    const char *name = pick(rng, 2) == 0 ? "sum" : "mean";
    wgi_reduce_attr attr = {.axes = (uint32_t)wg_rng_below(rng, UINT64_C(1) << g->rank)};
    int64_t dims[WG_MAX_RANK];
    wgi_view y = {.dtype = dtype, .dims = dims, .count = 1};
    if (x >= g->n_values || g->count <= 1 || g->values[x].view.count != g->count ||
        g->values[x].view.rank != g->rank) {
        return;
    }
    for (int32_t i = 0; i < g->rank; i++) {
        if ((attr.axes >> i & 1u) == 0) {
            y.count *= g->dims[i];
            dims[y.rank++] = g->dims[i];
        }
    }
    for (uint16_t op = 1; op < g->ctx->ops->count; op++) {
        if (strcmp(g->ctx->ops->ops[op]->name, name) == 0 &&
            is_end_possible(g, g->ctx->ops->ops[op], op, x, &attr, &y) && y.count != g->count) {
            wgt_group_end(g, name, x, &attr, sizeof attr, y.rank, dims);
        }
    }
}

/* Outputs may take the memory of inputs that nobody reads later. */
static void share_memory(wgt_group *g, wg_rng *rng)
{
    bool is_taken[MAX_IN] = {false};
    for (size_t i = 0; i < g->n_out; i++) {
        const uint32_t y = (uint32_t)g->outputs[i];
        const uint32_t x = (uint32_t)pick(rng, (int)g->n_in);
        bool is_free = !is_taken[x] && g->values[x].view.count == g->count &&
                       g->values[y].view.count == g->count;
        is_free = is_free && wg_dtype_size((wg_dtype)g->values[x].view.dtype) ==
                                 wg_dtype_size((wg_dtype)g->values[y].view.dtype);
        for (size_t m = y + 1 - g->n_in; m < g->n_values - g->n_in; m++) {
            for (int k = 0; k < g->members[m].n_in; k++) {
                is_free = is_free && g->members[m].in[k] != x;
            }
        }
        if (is_free) {
            is_taken[x] = true;
            wgt_group_share(g, y, x);
        }
    }
}

static void add_members(wgt_group *g, wg_rng *rng, int dtype)
{
    const int n = 1 + pick(rng, MAX_MEMBERS - 4);
    for (int i = 0; i < n; i++) {
        const int type = pick(rng, 8) == 0 ? (dtype == WG_F32 ? WG_F64 : WG_F32) : dtype;
        if (pick_value(g, rng, type) == g->n_values) {
            continue;
        }
        if (pick(rng, 4) != 0 || !add_mover(g, rng, type)) {
            add_function(g, rng, type);
        }
        if (pick(rng, 4) == 0) {
            wgt_group_output(g, (uint32_t)g->n_values - 1);
        }
        if (pick(rng, 12) == 0 && g->n_values < ROOM - 4) {
            add_end(g, rng, type);
        }
    }
    if (g->n_values == g->n_in) {
        add_function(g, rng, dtype);
    }
    if (g->members[g->n_values - 1 - g->n_in].out == WGI_INSIDE) {
        wgt_group_output(g, (uint32_t)g->n_values - 1);
    }
}

static void build_random(wgt_group *g, wg_context *ctx, wg_rng *rng, int32_t rank,
                         const int64_t *dims)
{
    const int dtype = pick(rng, 2) == 0 ? WG_F32 : WG_F64;
    wgt_group_start(g, ctx, ROOM, rank, dims);
    const int n_in = 1 + pick(rng, MAX_IN - 1);
    add_input(g, rng, dtype);
    for (int i = 1; i < n_in; i++) {
        add_input(g, rng, pick(rng, 6) == 0 ? WG_BOOL : dtype);
    }
    add_members(g, rng, dtype);
    share_memory(g, rng);
}

static void expect_agreement(wgt_group *g, uint64_t number)
{
    if (!wgt_group_agrees(g)) {
        fail_msg("group %llu differs from its members", (unsigned long long)number);
    }
}

static void check_random(wg_context *ctx, uint64_t number, int32_t threads, int32_t rank,
                         const int64_t *dims)
{
    wgt_group g;
    wg_rng rng = wg_rng_make(SEED, number);
    build_random(&g, ctx, &rng, rank, dims);
    g.threads = threads;
    assert_int_equal(wgt_group_prepare(&g), WG_OK);
    assert_int_equal(wgt_group_run(&g), WG_OK);
    wgt_group_run_alone(&g);
    expect_agreement(&g, number);
    for (size_t i = 0; i < g.n_numbers; i++) {
        g.numbers[i] = draw(&rng);
    }
    assert_int_equal(wgt_group_run(&g), WG_OK);
    wgt_group_run_alone(&g);
    expect_agreement(&g, number);
    wgt_group_finish(&g);
}

static void test_group_has_the_bits_of_its_members(void **state)
{
    wg_rng rng = wg_rng_make(SEED, 1);
    static const int64_t sizes[] = {1, 1, 2, 3, 4, 5, 7, 16, 33, 64, 100, 0};
    for (uint64_t i = 0; i < 1500; i++) {
        int64_t dims[WG_MAX_RANK];
        int64_t count = 1;
        const int32_t rank = (int32_t)pick(&rng, 6);
        for (int32_t k = 0; k < rank; k++) {
            dims[k] = sizes[pick(&rng, k == 0 ? 12 : 11)];
            dims[k] = count * dims[k] > 20000 ? 1 : dims[k];
            count *= dims[k];
        }
        check_random(*state, 100 + i, 1, rank, dims);
    }
}

/* Shapes of many blocks: rows longer than a block, rows shorter, rows that divide nothing, and axes
 * that do not fold. */
static const int64_t large[][3] = {
    {1, 1, 40000}, {1, 7, 5003}, {1, 4099, 3},  {1, 3, 16384}, {1, 1000, 64},
    {40, 30, 20},  {3, 2500, 4}, {2, 2, 20011}, {50, 1, 700},  {300, 11, 13},
};

static void test_group_of_many_blocks_has_the_bits_of_its_members(void **state)
{
    for (uint64_t i = 0; i < 200; i++) {
        check_random(*state, 5000 + i, 1, 3, large[i % (sizeof large / sizeof *large)]);
    }
}

static void test_group_has_the_same_bits_on_any_number_of_threads(void **state)
{
    static const int32_t threads[] = {2, 3, 8};
    for (uint64_t i = 0; i < 90; i++) {
        const int64_t *dims = large[i % (sizeof large / sizeof *large)];
        check_random(*state, 5000 + i, threads[i % 3], 3, dims);
    }
}

/* tanh(x + row), summed over everything, over rows, or both; in f64, where a sum in another order
 * shows. */
static void check_ends(wg_context *ctx, const int64_t *dims, unsigned which, int32_t threads)
{
    wgt_group g;
    wg_rng rng = wg_rng_make(SEED, 3);
    wgt_group_start(&g, ctx, 8, 2, dims);
    uint32_t in[2];
    in[0] = wgt_group_input(&g, WG_F64, 2, dims);
    in[1] = wgt_group_input(&g, WG_F64, 1, dims + 1);
    for (uint32_t k = 0; k < 2; k++) {
        for (int64_t i = 0; i < g.values[k].view.count; i++) {
            ((double *)g.values[k].alone)[i] = wg_rng_normal(&rng);
        }
    }
    const uint32_t sum = wgt_group_member(&g, "add", WG_F64, 2, in);
    const uint32_t y = wgt_group_member(&g, "tanh", WG_F64, 1, &sum);
    const wgi_reduce_attr all = {.axes = 3};
    const wgi_reduce_attr rows = {.axes = 1};
    if ((which & 1) != 0) {
        wgt_group_end(&g, "mean", y, &all, sizeof all, 0, NULL);
    }
    if ((which & 2) != 0) {
        wgt_group_end(&g, "sum", y, &rows, sizeof rows, 1, dims + 1);
    }
    g.threads = threads;
    assert_int_equal(wgt_group_prepare(&g), WG_OK);
    assert_int_equal(wgt_group_run(&g), WG_OK);
    wgt_group_run_alone(&g);
    assert_true(wgt_group_agrees(&g));
    wgt_group_finish(&g);
}

/* Sums of several segments, which begin and end inside blocks and inside rows. */
static void test_group_feeds_sums_of_several_segments(void **state)
{
    static const int64_t shapes[][2] = {{1000, 100}, {2999, 37}, {7, 20011}, {50000, 3}};
    static const int32_t threads[] = {1, 2, 3, 8};
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 4; k++) {
            for (unsigned which = 1; which <= 3; which++) {
                check_ends(*state, shapes[i], which, threads[k]);
            }
        }
    }
}

/* ---- scalars ------------------------------------------------------------------------------ */

/* The value that the last output of a group of random members has, as a scalar program, as a block
 * program (which an input of i64 asks for) and at a place of a larger shape. */
static double value_of_random(wg_context *ctx, uint64_t number, int64_t n, bool has_integer)
{
    wgt_group g;
    wg_rng rng = wg_rng_make(SEED, number);
    const int dtype = pick(&rng, 2) == 0 ? WG_F32 : WG_F64;
    wgt_group_start(&g, ctx, ROOM, 1, &n);
    for (int i = 0; i < 3; i++) {
        const uint32_t x = wgt_group_input(&g, dtype, 1, &n);
        const double value = draw(&rng);
        for (int64_t k = 0; k < n; k++) {
            wgi_store_double(dtype, g.values[x].alone, k, value);
        }
    }
    if (has_integer) {
        wgt_group_input(&g, WG_I64, 1, &n);
        memset(g.values[3].alone, 0, (size_t)n * 8);
    }
    for (int i = 0; i < MAX_MEMBERS; i++) {
        add_function(&g, &rng, dtype);
    }
    wgt_group_output(&g, (uint32_t)g.n_values - 1);
    assert_int_equal(wgt_group_prepare(&g), WG_OK);
    assert_int_equal(wgt_group_run(&g), WG_OK);
    const double y = wgi_load_double(dtype, g.values[g.n_values - 1].together, n - 1);
    wgt_group_finish(&g);
    return y;
}

static void expect_same(double a, double b)
{
    assert_true(isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0);
}

static void test_group_of_scalars_has_the_bits_of_blocks(void **state)
{
    int n_finite = 0;
    for (uint64_t i = 0; i < 3000; i++) {
        const double scalar = value_of_random(*state, 10000 + i, 1, false);
        expect_same(scalar, value_of_random(*state, 10000 + i, 1, true));
        expect_same(scalar, value_of_random(*state, 10000 + i, 37, false));
        n_finite += isfinite(scalar) ? 1 : 0;
    }
    assert_true(n_finite > 500);
}

static void test_group_of_a_long_list_of_scalars(void **state)
{
    enum {
        N = 100000
    };
    wgt_group g;
    wgt_group_start(&g, *state, N + 2, 0, NULL);
    uint32_t in[2];
    in[0] = wgt_group_input(&g, WG_F64, 0, NULL);
    in[1] = wgt_group_input(&g, WG_F64, 0, NULL);
    *(double *)g.values[0].alone = 1.0;
    *(double *)g.values[1].alone = 0.5;
    double expected = 1.0;
    for (int i = 0; i < N; i++) {
        in[0] = wgt_group_member(&g, i % 2 == 0 ? "mul" : "add", WG_F64, 2, in);
        expected = i % 2 == 0 ? expected * 0.5 : expected + 0.5;
    }
    wgt_group_output(&g, in[0]);
    assert_int_equal(wgt_group_prepare(&g), WG_OK);
    assert_int_equal(wgt_group_run(&g), WG_OK);
    expect_same(*(double *)g.values[in[0]].together, expected);
    wgt_group_finish(&g);
}

/* ---- the contract ------------------------------------------------------------------------- */

/* y = (x + row) * x where the name of x by broadcast_to is read after an output took x's memory:
 * what a copy was made for must not be read from there. */
static void test_group_does_not_read_what_an_output_took(void **state)
{
    const int64_t n = 100;
    wgt_group g;
    wgt_group_start(&g, *state, 8, 1, &n);
    const uint32_t x = wgt_group_input(&g, WG_F32, 1, &n);
    wg_rng rng = wg_rng_make(SEED, 2);
    fill_input(&g, &rng, x);
    const uint32_t name = wgt_group_member(&g, "broadcast_to", WG_F32, 1, &x);
    const uint32_t y = wgt_group_member(&g, "neg", WG_F32, 1, &x);
    const uint32_t in[2] = {name, y};
    const uint32_t z = wgt_group_member(&g, "sub", WG_F32, 2, in);
    wgt_group_output(&g, y);
    wgt_group_output(&g, z);
    wgt_group_share(&g, y, x);
    assert_int_equal(wgt_group_prepare(&g), WG_OK);
    assert_int_equal(wgt_group_run(&g), WG_OK);
    wgt_group_run_alone(&g);
    assert_true(wgt_group_agrees(&g));
    wgt_group_finish(&g);
}

static wgi_joining answer(const wgt_group *g, const char *name, int from, int to)
{
    const int64_t n = 4;
    const wgi_view in[3] = {{NULL, strcmp(name, "where") == 0 ? WG_BOOL : from, 1, &n, 4},
                            {NULL, from, 1, &n, 4},
                            {NULL, from, 1, &n, 4}};
    const wgi_view out = {NULL, to, 1, &n, 4};
    for (uint16_t op = 1; op < g->ctx->ops->count; op++) {
        const wgi_op *row = g->ctx->ops->ops[op];
        if (strcmp(row->name, name) == 0) {
            const wgi_problem problem = {.ctx = g->ctx,
                                         .backend = g->backend_state,
                                         .op = row,
                                         .op_id = op,
                                         .n_in = row->max_in,
                                         .n_out = 1,
                                         .in = in,
                                         .out = &out};
            return g->backend->joins(&problem);
        }
    }
    return WGI_STAYS_OUT;
}

static void test_group_says_what_joins(void **state)
{
    wgt_group g;
    wgt_group_start(&g, *state, 1, 0, NULL);
    assert_int_equal(answer(&g, "add", WG_F32, WG_F32), WGI_JOINS);
    assert_int_equal(answer(&g, "add", WG_I64, WG_I64), WGI_JOINS);
    assert_int_equal(answer(&g, "add", WGI_DTYPE_WIDE, WGI_DTYPE_WIDE), WGI_STAYS_OUT);
    assert_int_equal(answer(&g, "greater", WG_F64, WG_BOOL), WGI_JOINS);
    assert_int_equal(answer(&g, "where", WG_U8, WG_U8), WGI_JOINS);
    assert_int_equal(answer(&g, "cast", WG_U8, WG_F64), WGI_JOINS);
    assert_int_equal(answer(&g, "cast", WG_F32, WGI_DTYPE_WIDE), WGI_STAYS_OUT);
    assert_int_equal(answer(&g, "fill", WG_BOOL, WG_BOOL), WGI_JOINS);
    assert_int_equal(answer(&g, "broadcast_to", WG_F32, WG_F32), WGI_JOINS);
    assert_int_equal(answer(&g, "softmax", WG_F32, WG_F32), WGI_STAYS_OUT);
    assert_int_equal(answer(&g, "uniform", WG_F32, WG_F32), WGI_STAYS_OUT);
    wgt_group_finish(&g);
}

static void test_group_survives_a_lack_of_memory(void **state)
{
    (void)state;
    wgt_allocator counter;
    wgt_allocator_start(&counter);
    const wg_allocator hooks = wgt_allocator_hooks(&counter);
    wg_context *ctx = NULL;
    const wg_config config = {.size = sizeof config, .allocator = &hooks};
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    static const int64_t shapes[2] = {1, 100};
    for (int i = 0; i < 2; i++) {
        wgt_group g;
        wgt_group_start(&g, ctx, 200, 1, &shapes[i]);
        uint32_t x = wgt_group_input(&g, WG_F32, 1, &shapes[i]);
        memset(g.values[x].alone, 0, (size_t)shapes[i] * 4);
        for (int k = 0; k < 100; k++) {
            x = wgt_group_member(&g, "neg", WG_F32, 1, &x);
        }
        wgt_group_output(&g, x);
        wg_status status = WG_ERR_MEMORY;
        for (size_t k = 1; status == WG_ERR_MEMORY; k++) {
            assert_true(k < 10);
            const size_t live = counter.n_live;
            wgt_allocator_fail(&counter, k, false);
            status = wgt_group_prepare(&g);
            assert_true(status == WG_OK || counter.n_live == live);
        }
        assert_int_equal(status, WG_OK);
        wgt_allocator_fail(&counter, 0, false);
        wgt_group_finish(&g);
    }
    wg_context_destroy(ctx);
    assert_true(wgt_allocator_is_clean(&counter));
    wgt_allocator_finish(&counter);
}

/* A group of 100 members that use several threads wants scratch for each. */
static size_t scratch_on(wg_context *ctx, int32_t threads)
{
    const int64_t n = 100000;
    wgt_group g;
    wgt_group_start(&g, ctx, 8, 1, &n);
    uint32_t x = wgt_group_input(&g, WG_F32, 1, &n);
    memset(g.values[x].alone, 0, (size_t)n * 4);
    for (int i = 0; i < 4; i++) {
        x = wgt_group_member(&g, "tanh", WG_F32, 1, &x);
    }
    wgt_group_output(&g, x);
    g.threads = threads;
    assert_int_equal(wgt_group_prepare(&g), WG_OK);
    const size_t bytes = g.prepared.scratch_bytes;
    wgt_group_finish(&g);
    return bytes;
}

static void test_group_uses_threads_where_they_pay(void **state)
{
    assert_true(scratch_on(*state, 3) == 3 * scratch_on(*state, 1));
}

/* ---- a planted fault ---------------------------------------------------------------------- */

static void test_group_that_differs_in_a_bit_is_caught(void **state)
{
    const int64_t n = 50;
    wgt_group g;
    wgt_group_start(&g, *state, 8, 1, &n);
    const uint32_t x = wgt_group_input(&g, WG_F32, 1, &n);
    for (int i = 0; i < n; i++) {
        ((float *)g.values[x].alone)[i] = 0.0F;
    }
    const uint32_t y = wgt_group_member(&g, "neg", WG_F32, 1, &x);
    wgt_group_output(&g, y);
    assert_int_equal(wgt_group_prepare(&g), WG_OK);
    assert_int_equal(wgt_group_run(&g), WG_OK);
    wgt_group_run_alone(&g);
    assert_true(wgt_group_agrees(&g));
    ((float *)g.values[y].together)[n - 1] = 0.0F;
    assert_false(wgt_group_agrees(&g));
    wgt_group_finish(&g);
}

static int make_context(void **state)
{
    *state = new_context();
    return 0;
}

static int free_context(void **state)
{
    wg_context_destroy(*state);
    return 0;
}

int main(void)
{
    if (wgt_isa_is_lacking()) {
        return WGT_SKIPPED;
    }
    print_message("seed %llu\n", (unsigned long long)SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group_has_the_bits_of_its_members),
        cmocka_unit_test(test_group_of_many_blocks_has_the_bits_of_its_members),
        cmocka_unit_test(test_group_has_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(test_group_feeds_sums_of_several_segments),
        cmocka_unit_test(test_group_of_scalars_has_the_bits_of_blocks),
        cmocka_unit_test(test_group_of_a_long_list_of_scalars),
        cmocka_unit_test(test_group_does_not_read_what_an_output_took),
        cmocka_unit_test(test_group_says_what_joins),
        cmocka_unit_test(test_group_survives_a_lack_of_memory),
        cmocka_unit_test(test_group_uses_threads_where_they_pay),
        cmocka_unit_test(test_group_that_differs_in_a_bit_is_caught),
    };
    return cmocka_run_group_tests(tests, make_context, free_context);
}
