/* Contexts share nothing: each in a thread of its own gives the bits that it gives alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "effort.h"
#include "trainer.h"

#define MAX_THREADS 64

/* ---- training ----------------------------------------------------------------------------- */

typedef struct job {
    trainer_options options;
    int n_steps;
    wg_status status;
    uint64_t digest;
} job;

static void *train(void *argument)
{
    job *j = argument;
    j->status = trainer_run(&j->options, j->n_steps, &j->digest);
    return NULL;
}

static job job_of(size_t i, int n_steps, int32_t threads)
{
    const trainer_options options = {
        .seed = 1000 + i,
        .threads = threads,
        .rows = 16,
        .features = 24 + 8 * (int64_t)(i % 3),
        .hidden = 32,
    };
    return (job){.options = options, .n_steps = n_steps, .status = WG_ERR_STATE};
}

static void compare_with_serial(size_t n, int n_steps, int32_t threads)
{
    static job jobs[MAX_THREADS];
    pthread_t ids[MAX_THREADS];
    printf("seeds 1000 to %zu, %d steps\n", 999 + n, n_steps);
    for (size_t i = 0; i < n; i++) {
        jobs[i] = job_of(i, n_steps, threads);
        assert_int_equal(pthread_create(&ids[i], NULL, train, &jobs[i]), 0);
    }
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(pthread_join(ids[i], NULL), 0);
    }
    for (size_t i = 0; i < n; i++) {
        job serial = job_of(i, n_steps, threads);
        train(&serial);
        assert_int_equal(jobs[i].status, WG_OK);
        assert_int_equal(serial.status, WG_OK);
        assert_true(jobs[i].digest == serial.digest);
        assert_true(i == 0 || jobs[i].digest != jobs[i - 1].digest);
    }
}

static void test_threads_eight_train_as_alone(void **state)
{
    (void)state;
    compare_with_serial(8, effort(400, 20), 1);
}

static void test_threads_many_train_as_alone(void **state)
{
    (void)state;
    compare_with_serial(MAX_THREADS, effort(30, 10), 1);
}

/* Each context with parallel kernels of its own. */
static void test_threads_may_be_parallel_inside(void **state)
{
    (void)state;
    compare_with_serial(3, effort(40, 10), 2);
}

/* ---- one model, several readers ----------------------------------------------------------- */

typedef struct reader {
    wg_model *model; /* shared by all */
    int n_runs;
    bool is_right;
    uint64_t digest;
} reader;

static uint64_t hash_value(const wg_tensor *t)
{
    const unsigned char *p = wg_tensor_data(t);
    uint64_t h = 14695981039346656037U;
    for (size_t i = 0; i < wg_tensor_bytes(t); i++) {
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

/* Evaluates the model at a fixed point, recording anew each time. */
static wg_status evaluate(wg_graph *g, const wg_model *view, uint64_t *digest)
{
    static const int64_t dims[] = {4, 24};
    static const float point[4 * 24] = {0.5F, 1.5F, -2.5F};
    const wg_linear first = {.weight = wg_model_find(view, "first.weight"),
                             .bias = wg_model_find(view, "first.bias")};
    const wg_linear second = {.weight = wg_model_find(view, "second.weight")};
    wg_status status = wg_graph_reset(g);
    wg_node x = wg_constant(g, WG_F32, 2, dims, point);
    wg_node h = wg_dropout(wg_tanh(wg_linear_apply(&first, x)), 0.5);
    const wg_tensor *value = NULL;
    if (status == WG_OK) {
        status = wg_get(wg_softmax(wg_linear_apply(&second, h), 1), &value);
    }
    *digest = value != NULL ? hash_value(value) : 0;
    return status;
}

static wg_status open_reader(const reader *r, wg_context **ctx, wg_graph **g, wg_model **view)
{
    const wg_config config = {.size = sizeof config, .threads = 1};
    wg_status status = wg_context_create(&config, ctx);
    if (status == WG_OK) {
        status = wg_graph_create(*ctx, g);
    }
    if (status == WG_OK) {
        status = wg_graph_set_training(*g, false);
    }
    return status == WG_OK ? wg_model_share(r->model, *ctx, view) : status;
}

static void *read_model(void *argument)
{
    reader *r = argument;
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_model *view = NULL;
    wg_status status = open_reader(r, &ctx, &g, &view);
    r->is_right = status == WG_OK;
    for (int i = 0; i < r->n_runs && status == WG_OK; i++) {
        uint64_t digest;
        status = evaluate(g, view, &digest);
        r->is_right = r->is_right && status == WG_OK && (i == 0 || digest == r->digest);
        r->digest = digest;
    }
    wg_graph_destroy(g);
    wg_model_destroy(view);
    wg_context_destroy(ctx);
    return NULL;
}

static void test_threads_read_one_model_at_once(void **state)
{
    const trainer_options options = {
        .seed = 77, .threads = 1, .rows = 16, .features = 24, .hidden = 32};
    trainer t;
    reader readers[8];
    pthread_t ids[8];
    (void)state;
    assert_int_equal(trainer_open(&t, &options), WG_OK);
    assert_int_equal(trainer_step(&t), WG_OK);
    const uint64_t before = trainer_digest(&t);
    for (size_t i = 0; i < 8; i++) {
        readers[i] = (reader){.model = t.m, .n_runs = effort(200, 20)};
        assert_int_equal(pthread_create(&ids[i], NULL, read_model, &readers[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(ids[i], NULL), 0);
        assert_true(readers[i].is_right);
        assert_true(readers[i].digest == readers[0].digest);
        assert_true(readers[i].digest != 0);
    }
    assert_true(trainer_digest(&t) == before);
    trainer_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_eight_train_as_alone),
        cmocka_unit_test(test_threads_many_train_as_alone),
        cmocka_unit_test(test_threads_may_be_parallel_inside),
        cmocka_unit_test(test_threads_read_one_model_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
