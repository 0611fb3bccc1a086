/* Bad calls of base.h, context.h and tensor.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <math.h>

/* ---- base and context --------------------------------------------------------------------- */

static void check_texts(bad_world *w, const bad_row *row)
{
    static const int values[] = {-1, 10, 15, 1000, INT32_MIN, INT32_MAX};
    (void)w;
    (void)row;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert_string_equal(wg_status_name((wg_status)values[i]), "WG_ERR_?");
        assert_non_null(wg_status_text((wg_status)values[i]));
        assert_string_equal(wg_dtype_name((wg_dtype)values[i]), "?");
        assert_int_equal(wg_dtype_size((wg_dtype)values[i]), 0);
    }
    assert_string_equal(wg_version(), "0.1.0");
}

static void refuse_config(const wg_config *config)
{
    wg_context *ctx = (wg_context *)(uintptr_t)1;
    assert_status(wg_context_create(config, &ctx), WG_ERR_ARGUMENT);
    assert_null(ctx);
}

static void check_config(bad_world *w, const bad_row *row)
{
    const wg_allocator none = {NULL, NULL, NULL};
    const wg_allocator no_release = {w->counted.allocate, NULL, w->counted.user};
    const wg_allocator no_allocate = {NULL, w->counted.release, w->counted.user};
    const wg_writer no_write = {NULL, NULL};
    const size_t size = sizeof(wg_config);
    const wg_config bad[] = {
        {.size = 0},
        {.size = size - 1},
        {.size = SIZE_MAX},
        {.size = size, .threads = -1},
        {.size = size, .threads = 1025},
        {.size = size, .threads = INT32_MIN},
        {.size = size, .threads = INT32_MAX},
        {.size = size, .allocator = &none},
        {.size = size, .allocator = &no_release},
        {.size = size, .allocator = &no_allocate},
        {.size = size, .log = &no_write},
    };
    (void)row;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refuse_config(&bad[i]);
    }
    assert_status(wg_context_create(NULL, NULL), WG_ERR_ARGUMENT);
    const wg_config odd = {.size = size,
                           .allocator = &w->counted,
                           .without = UINT32_MAX,
                           .plan_cache_count = UINT32_MAX,
                           .plan_cache_bytes = SIZE_MAX};
    wg_context *ctx;
    assert_status(wg_context_create(&odd, &ctx), WG_OK);
    assert_true(wg_context_has_backend(ctx, "reference"));
    assert_false(wg_context_has_backend(ctx, "native"));
    wg_context_destroy(ctx);
    wg_context_destroy(NULL);
}

static void check_context(bad_world *w, const bad_row *row)
{
    wg_stats stats = {.runs = 77};
    wg_kernel_use use = {.runs = 77};
    (void)row;
    assert_string_equal(wg_context_error(NULL), "");
    assert_status(wg_context_stats(NULL, &stats), WG_ERR_ARGUMENT);
    assert_int_equal(stats.runs, 0);
    assert_status(wg_context_stats(w->ctx, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_context_threads(NULL), 0);
    assert_int_equal(wg_context_seed(NULL), 0);
    assert_false(wg_context_has_backend(NULL, "native"));
    assert_false(wg_context_has_backend(w->ctx, NULL));
    assert_false(wg_context_has_backend(w->ctx, "no such"));
    assert_status(wg_context_kernel_use(NULL, 0, &use), WG_ERR_ARGUMENT);
    assert_int_equal(use.runs, 0);
    assert_status(wg_context_kernel_use(w->ctx, 0, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_context_kernel_use(w->ctx, 0, &use), WG_ERR_RANGE);
    assert_status(wg_context_kernel_use(w->ctx, SIZE_MAX, &use), WG_ERR_RANGE);
}

const bad_row bad_rows_of_base[] = {
    {.name = "wg_status_name", .check = check_texts},
    {.name = "wg_status_text", .check = check_texts},
    {.name = "wg_dtype_name", .check = check_texts},
    {.name = "wg_dtype_size", .check = check_texts},
    {.name = "wg_version", .check = check_texts},
    {.name = "wg_context_create", .check = check_config},
    {.name = "wg_context_destroy", .check = check_config},
    {.name = "wg_context_error", .check = check_context},
    {.name = "wg_context_stats", .check = check_context},
    {.name = "wg_context_threads", .check = check_context},
    {.name = "wg_context_seed", .check = check_context},
    {.name = "wg_context_has_backend", .check = check_context},
    {.name = "wg_context_kernel_use", .check = check_context},
    {NULL, NULL, NULL},
};

/* ---- making tensors ----------------------------------------------------------------------- */

static uint64_t room[16];

static wg_status call_create(bad_world *w, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    wg_tensor *t = (wg_tensor *)(uintptr_t)1;
    wg_status status = wg_tensor_create(w->ctx, dtype, rank, dims, &t);
    assert_int_equal(t == NULL, status != WG_OK);
    wg_tensor_destroy(t);
    return status;
}

static wg_status call_borrow(bad_world *w, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    wg_tensor *t = (wg_tensor *)(uintptr_t)1;
    wg_status status = wg_tensor_borrow(w->ctx, dtype, rank, dims, room, &t);
    assert_int_equal(t == NULL, status != WG_OK);
    wg_tensor_destroy(t);
    return status;
}

static wg_status call_from(bad_world *w, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    wg_tensor *t = (wg_tensor *)(uintptr_t)1;
    wg_status status = wg_tensor_from(w->ctx, dtype, rank, dims, WG_U8, room, &t);
    assert_int_equal(t == NULL, status != WG_OK);
    wg_tensor_destroy(t);
    return status;
}

static void check_create(bad_world *w, const bad_row *row)
{
    static const bad_shapes shapes = {call_create, true, false};
    wg_tensor *t = (wg_tensor *)(uintptr_t)1;
    (void)row;
    bad_shapes_check(w, &shapes);
    assert_status(wg_tensor_create(NULL, WG_F32, 0, NULL, &t), WG_ERR_ARGUMENT);
    assert_null(t);
    assert_status(wg_tensor_create(w->ctx, WG_F32, 0, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_tensor_create(NULL, WG_F32, 0, NULL, NULL), WG_ERR_ARGUMENT);
}

static void check_borrow(bad_world *w, const bad_row *row)
{
    static const bad_shapes shapes = {call_borrow, true, false};
    static const int64_t none = 0;
    wg_tensor *t = (wg_tensor *)(uintptr_t)1;
    (void)row;
    bad_shapes_check(w, &shapes);
    assert_status(wg_tensor_borrow(NULL, WG_F32, 0, NULL, room, &t), WG_ERR_ARGUMENT);
    assert_null(t);
    assert_status(wg_tensor_borrow(w->ctx, WG_F32, 0, NULL, room, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_tensor_borrow(w->ctx, WG_F32, 0, NULL, NULL, &t), WG_ERR_ARGUMENT);
    assert_null(t);
    assert_status(wg_tensor_borrow(w->ctx, WG_F32, 1, &none, NULL, &t), WG_OK);
    wg_tensor_destroy(t);
}

static void check_from(bad_world *w, const bad_row *row)
{
    static const bad_shapes shapes = {call_from, true, false};
    wg_tensor *t = (wg_tensor *)(uintptr_t)1;
    (void)row;
    bad_shapes_check(w, &shapes);
    assert_status(wg_tensor_from(NULL, WG_F32, 0, NULL, WG_F32, room, &t), WG_ERR_ARGUMENT);
    assert_null(t);
    assert_status(wg_tensor_from(w->ctx, WG_F32, 0, NULL, WG_F32, NULL, &t), WG_ERR_ARGUMENT);
    assert_status(wg_tensor_from(w->ctx, WG_F32, 0, NULL, WG_F32, room, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_tensor_from(w->ctx, WG_F32, 0, NULL, (wg_dtype)0, room, &t), WG_ERR_DTYPE);
    assert_status(wg_tensor_from(w->ctx, WG_F32, 0, NULL, (wg_dtype)-9, room, &t), WG_ERR_DTYPE);
    assert_null(t);
}

/* ---- reading and writing tensors ---------------------------------------------------------- */

static void check_reads(bad_world *w, const bad_row *row)
{
    (void)row;
    assert_null(wg_tensor_retain(NULL));
    wg_tensor_destroy(NULL);
    assert_int_equal(wg_tensor_dtype(NULL), 0);
    assert_int_equal(wg_tensor_rank(NULL), 0);
    assert_null(wg_tensor_dims(NULL));
    assert_int_equal(wg_tensor_count(NULL), 0);
    assert_int_equal(wg_tensor_bytes(NULL), 0);
    assert_null(wg_tensor_data(NULL));
    assert_null(wg_tensor_data_mutable(NULL));
    assert_true(isnan(wg_tensor_get(NULL, 0)));
    assert_true(isnan(wg_tensor_get(w->t, -1)));
    assert_true(isnan(wg_tensor_get(w->t, 6)));
    assert_true(isnan(wg_tensor_get(w->t, INT64_MIN)));
    assert_true(isnan(wg_tensor_get(w->t, INT64_MAX)));
}

static void check_writes(bad_world *w, const bad_row *row)
{
    (void)row;
    assert_status(wg_tensor_set(NULL, 0, 1), WG_ERR_ARGUMENT);
    assert_status(wg_tensor_set(w->t, -1, 1), WG_ERR_RANGE);
    assert_status(wg_tensor_set(w->t, 6, 1), WG_ERR_RANGE);
    assert_status(wg_tensor_set(w->t, INT64_MAX, 1), WG_ERR_RANGE);
    assert_status(wg_tensor_copy(NULL, w->t), WG_ERR_ARGUMENT);
    assert_status(wg_tensor_copy(w->t, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_tensor_copy(NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_tensor_copy(w->t, w->indices), WG_ERR_SHAPE);
    assert_status(wg_tensor_copy(w->t, w->t), WG_OK);
    assert_true(wg_tensor_get(w->t, 5) == 6);
}

/* A graph's value can be read until its reset, and never written. */
static void check_values(bad_world *w, const bad_row *row)
{
    (void)row;
    const wg_tensor *value = wg_value(wg_exp(w->x));
    assert_non_null(value);
    wg_tensor *v = (wg_tensor *)(uintptr_t)value;
    assert_null(wg_tensor_data_mutable(v));
    assert_status(wg_tensor_set(v, 0, 1), WG_ERR_STATE);
    assert_status(wg_tensor_copy(v, w->t), WG_ERR_STATE);
    assert_status(wg_tensor_rows(w->t, (int64_t[]){0, 0}, 2, v), WG_ERR_STATE);
    assert_status(wg_graph_reset(w->g), WG_OK);
    assert_null(wg_tensor_data(value));
    assert_null(wg_tensor_data_mutable(v));
    assert_true(isnan(wg_tensor_get(value, 0)));
    assert_status(wg_tensor_set(v, 0, 1), WG_ERR_STATE);
    assert_status(wg_tensor_copy(w->t, value), WG_ERR_STALE);
    assert_status(wg_tensor_rows(value, (int64_t[]){0, 0}, 2, w->t), WG_ERR_STATE);
}

static void check_rng(bad_world *w, const bad_row *row)
{
    wg_rng rng = wg_rng_make(UINT64_MAX, UINT64_MAX);
    int64_t one = 7;
    (void)w;
    (void)row;
    assert_int_equal(wg_rng_u64(NULL), 0);
    assert_true(isnan(wg_rng_uniform(NULL)));
    assert_true(isnan(wg_rng_normal(NULL)));
    assert_int_equal(wg_rng_below(NULL, 3), 0);
    assert_int_equal(wg_rng_below(&rng, 0), 0);
    wg_rng_shuffle(NULL, &one, 1);
    wg_rng_shuffle(&rng, NULL, 3);
    wg_rng_shuffle(&rng, &one, 0);
    wg_rng_shuffle(&rng, &one, 1);
    assert_int_equal(one, 7);
    rng.position = UINT64_MAX - 1;
    for (int i = 0; i < 8; i++) { /* over the end of the counter */
        double u = wg_rng_uniform(&rng);
        assert_true(u >= 0 && u < 1);
    }
}

static void check_rows(bad_world *w, const bad_row *row)
{
    const int64_t good[] = {0, 1};
    const int64_t past[] = {0, 2};
    const int64_t negative[] = {-1, 0};
    wg_tensor *dst;
    (void)row;
    assert_status(wg_tensor_create(w->ctx, WG_F32, 2, (int64_t[]){2, 3}, &dst), WG_OK);
    assert_status(wg_tensor_rows(NULL, good, 2, dst), WG_ERR_ARGUMENT);
    assert_status(wg_tensor_rows(w->t, NULL, 2, dst), WG_ERR_ARGUMENT);
    assert_status(wg_tensor_rows(w->t, good, 2, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_tensor_rows(w->t, good, 2, w->t), WG_ERR_ARGUMENT);
    assert_int_not_equal(wg_tensor_rows(w->t, good, -1, dst), WG_OK);
    assert_int_not_equal(wg_tensor_rows(w->t, good, INT64_MAX, dst), WG_OK);
    assert_status(wg_tensor_rows(w->t, good, 1, dst), WG_ERR_SHAPE);
    assert_status(wg_tensor_rows(w->t, past, 2, dst), WG_ERR_RANGE);
    assert_status(wg_tensor_rows(w->t, negative, 2, dst), WG_ERR_RANGE);
    assert_int_not_equal(wg_tensor_rows(w->indices, good, 2, dst), WG_OK);
    for (int64_t i = 0; i < 6; i++) {
        assert_true(wg_tensor_get(dst, i) == 0);
    }
    wg_tensor_destroy(dst);
}

const bad_row bad_rows_of_tensors[] = {
    {.name = "wg_tensor_create", .check = check_create},
    {.name = "wg_tensor_borrow", .check = check_borrow},
    {.name = "wg_tensor_from", .check = check_from},
    {.name = "wg_tensor_retain", .check = check_reads},
    {.name = "wg_tensor_destroy", .check = check_reads},
    {.name = "wg_tensor_dtype", .check = check_reads},
    {.name = "wg_tensor_rank", .check = check_reads},
    {.name = "wg_tensor_dims", .check = check_reads},
    {.name = "wg_tensor_count", .check = check_reads},
    {.name = "wg_tensor_bytes", .check = check_reads},
    {.name = "wg_tensor_data", .check = check_reads},
    {.name = "wg_tensor_data_mutable", .check = check_values},
    {.name = "wg_tensor_get", .check = check_reads},
    {.name = "wg_tensor_set", .check = check_writes},
    {.name = "wg_tensor_copy", .check = check_writes},
    {.name = "wg_tensor_rows", .check = check_rows},
    {.name = "wg_rng_make", .check = check_rng},
    {.name = "wg_rng_u64", .check = check_rng},
    {.name = "wg_rng_uniform", .check = check_rng},
    {.name = "wg_rng_normal", .check = check_rng},
    {.name = "wg_rng_below", .check = check_rng},
    {.name = "wg_rng_shuffle", .check = check_rng},
    {NULL, NULL, NULL},
};
