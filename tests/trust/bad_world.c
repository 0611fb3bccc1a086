/* The world of the bad calls.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Two contexts share one counted allocator that has no large blocks, so that a shape too large
 * fails in time and nothing leaks unseen. */
#include "bad_calls.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const int64_t shape[] = {2, 3};

static void *limited_allocate(void *user, size_t bytes, size_t alignment)
{
    bad_world *w = user;
    return bytes > BAD_LARGEST_BLOCK ? NULL
                                     : w->counted.allocate(w->counted.user, bytes, alignment);
}

static void limited_release(void *user, void *block, size_t bytes)
{
    bad_world *w = user;
    w->counted.release(w->counted.user, block, bytes);
}

static wg_context *open_context(bad_world *w)
{
    wg_allocator limited = {limited_allocate, limited_release, w};
    wg_config config = {.size = sizeof config, .allocator = &limited, .seed = 5, .threads = 1};
    wg_context *ctx;
    assert_status(wg_context_create(&config, &ctx), WG_OK);
    return ctx;
}

static wg_tensor *open_tensor(wg_context *ctx)
{
    static const float values[] = {1, 2, 3, 4, 5, 6};
    wg_tensor *t;
    assert_status(wg_tensor_from(ctx, WG_F32, 2, shape, WG_F32, values, &t), WG_OK);
    return t;
}

static wg_model *open_model(wg_context *ctx, wg_param **p)
{
    wg_model *m;
    assert_status(wg_model_create(ctx, &m), WG_OK);
    assert_status(wg_param_create(m, "p", WG_F32, 2, shape, NULL, p), WG_OK);
    return m;
}

void bad_world_open(bad_world *w)
{
    static const int64_t indices[] = {0, 1};
    static const int64_t n = 2;
    memset(w, 0, sizeof *w);
    wgt_allocator_start(&w->counter);
    w->counted = wgt_allocator_hooks(&w->counter);
    w->ctx = open_context(w);
    w->other_ctx = open_context(w);
    w->t = open_tensor(w->ctx);
    w->t_foreign = open_tensor(w->other_ctx);
    w->m = open_model(w->ctx, &w->p);
    w->m_foreign = open_model(w->other_ctx, &w->p_foreign);
    assert_status(wg_tensor_from(w->ctx, WG_I64, 1, &n, WG_I64, indices, &w->indices), WG_OK);
    assert_status(wg_graph_create(w->ctx, &w->g), WG_OK);
    assert_status(wg_graph_create(w->ctx, &w->other), WG_OK);
    assert_status(wg_graph_create(w->other_ctx, &w->foreign), WG_OK);
    assert_status(wg_graph_create(w->ctx, &w->dead), WG_OK);
    w->dead_node = wg_input(w->dead, w->t);
    wg_graph_destroy(w->dead);
    assert_true(wgt_folder_create(&w->folder));
    bad_world_record(w);
    bad_world_record(w);
}

void bad_world_close(bad_world *w)
{
    wg_graph_destroy(w->g);
    wg_graph_destroy(w->other);
    wg_graph_destroy(w->foreign);
    wg_tensor_destroy(w->t);
    wg_tensor_destroy(w->t_foreign);
    wg_tensor_destroy(w->indices);
    wg_model_destroy(w->m);
    wg_model_destroy(w->m_foreign);
    wg_context_destroy(w->ctx);
    wg_context_destroy(w->other_ctx);
    wgt_folder_remove(&w->folder);
    assert_true(wgt_allocator_is_clean(&w->counter));
    wgt_allocator_finish(&w->counter);
}

void bad_world_record(bad_world *w)
{
    static const uint8_t flags[] = {0, 1, 0, 1, 1, 0};
    w->stale = w->x;
    assert_status(wg_graph_reset(w->g), WG_OK);
    assert_status(wg_graph_reset(w->other), WG_OK);
    assert_status(wg_graph_reset(w->foreign), WG_OK);
    w->x = wg_variable(w->g, w->t);
    w->labels = wg_input(w->g, w->indices);
    w->flags = wg_constant(w->g, WG_BOOL, 2, shape, flags);
    w->x_other = wg_variable(w->other, w->t);
    w->x_foreign = wg_variable(w->foreign, w->t_foreign);
    assert_true(wg_is_valid(w->flags));
}

wg_node bad_handle(const bad_world *w, int which)
{
    wg_node n = w->x;
    switch (which) {
    case BAD_DEAD:
        return w->dead_node;
    case BAD_STALE:
        return w->stale;
    case BAD_PAST_END:
        n.index = wg_graph_count(w->g) + 16; /* past what a check may record */
        return n;
    case BAD_LAST_INDEX:
        n.index = UINT32_MAX;
        return n;
    case BAD_FAILED_INDEX:
        n.index = UINT32_MAX - 1;
        return n;
    case BAD_OTHER:
        return w->x_other;
    case BAD_FOREIGN:
        return w->x_foreign;
    default:
        return (wg_node){NULL, 0, 0};
    }
}

double bad_number(int i)
{
    const double numbers[BAD_N_NUMBERS] = {(double)NAN, -1.0, (double)INFINITY, -(double)INFINITY};
    return numbers[i];
}

/* ---- shapes ------------------------------------------------------------------------------- */

static const int64_t sizes[] = {
    0,
    1,
    INT64_C(0x7fffffff),
    INT64_C(0x80000000),
    INT64_C(0x80000001),
    INT64_C(0xffffffff),
    INT64_C(0x100000000),
    INT64_C(0x100000001),
    INT64_MAX,
};

/* Products, or products in bytes of some dtype, that come out small in 64 bits. */
static const int64_t wrapping[][3] = {
    {INT64_C(1) << 32, INT64_C(1) << 32, 1},            /* 0 */
    {INT64_C(1) << 62, 4, 1},                           /* 0 */
    {INT64_C(1) << 61, 8, 1},                           /* 0 */
    {4, (INT64_C(1) << 60) + 1, 4},                     /* 16 elements */
    {4, (INT64_C(1) << 60) + 1, 1},                     /* 16 bytes of f32 */
    {2, (INT64_C(1) << 60) + 1, 1},                     /* 16 bytes of f64 */
    {3, INT64_C(0x5555555555555556), 1},                /* 2 */
    {INT64_MAX, INT64_MAX, 1},                          /* 1 */
    {(INT64_C(1) << 33), (INT64_C(1) << 31) + 1, 1},    /* 2^33 */
    {INT64_C(0x100000001), INT64_C(0xffffffff), 65536}, /* -65536 */
};

static void check_wrapping(bad_world *w, const bad_shapes *s)
{
    for (size_t i = 0; i < sizeof wrapping / sizeof *wrapping; i++) {
        const int64_t *d = wrapping[i];
        const int64_t turned[] = {d[2], d[1], d[0]};
        const int64_t many[] = {1, d[0], 1, d[1], 1, d[2], 1, 1};
        assert_status(s->call(w, WG_F64, 3, d) == WG_OK, false);
        assert_status(s->call(w, WG_F64, 3, turned) == WG_OK, false);
        assert_status(s->call(w, WG_F64, 8, many) == WG_OK, false);
    }
}

/* Each size in each position; what is legal depends on the function, but nothing may crash, and a
 * negative size is never legal. */
static void check_sizes(bad_world *w, const bad_shapes *s)
{
    for (int32_t at = 0; at < 3; at++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            for (int64_t rest = 0; rest < 3; rest++) {
                int64_t dims[] = {rest, rest, rest};
                dims[at] = sizes[i];
                (void)s->call(w, WG_F32, 3, dims);
                (void)s->call(w, WG_I64, 3, dims);
            }
        }
        int64_t negative[] = {2, 2, 2};
        negative[at] = s->is_minus_one_legal ? -2 : -1;
        assert_int_not_equal(s->call(w, WG_F32, 3, negative), WG_OK);
        negative[at] = INT64_MIN;
        assert_int_not_equal(s->call(w, WG_F32, 3, negative), WG_OK);
    }
}

void bad_shapes_check(bad_world *w, const bad_shapes *s)
{
    static const int64_t ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const int32_t ranks[] = {-1, 9, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        assert_int_not_equal(s->call(w, WG_F32, ranks[i], ones), WG_OK);
    }
    for (int32_t rank = 1; rank <= WG_MAX_RANK; rank++) {
        assert_int_not_equal(s->call(w, WG_F32, rank, NULL), WG_OK);
    }
    (void)s->call(w, WG_F32, 0, NULL);
    (void)s->call(w, WG_F32, 8, ones);
    if (s->has_dtype) {
        static const int dtypes[] = {0, 7, 99, -1, INT32_MIN, INT32_MAX};
        for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
            assert_int_not_equal(s->call(w, (wg_dtype)dtypes[i], 1, ones), WG_OK);
        }
    }
    check_sizes(w, s);
    check_wrapping(w, s);
}
