/* Flat models: one memory under two names, and what each knows of writes through the other.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include <wengert/wengert.h>

#include "core/param.h"
#include "support/allocator.h"
#include "support/files.h"

enum {
    IN = 3,
    OUT = 2,
    N = IN * OUT + OUT,
    N_FLAT = 16 + OUT /* weight at 0, bias at the next multiple of 16 floats */
};

typedef struct fixture {
    wgt_allocator allocator;
    wg_context *ctx;
    wg_model *model;
    wg_graph *graph;
    wg_linear layer;
} fixture;

static void start(fixture *f)
{
    memset(f, 0, sizeof *f);
    wgt_allocator_start(&f->allocator);
    const wg_allocator hooks = wgt_allocator_hooks(&f->allocator);
    const wg_config config = {.size = sizeof config, .allocator = &hooks, .seed = 7, .threads = 1};
    assert_int_equal(wg_context_create(&config, &f->ctx), WG_OK);
    assert_int_equal(wg_model_create(f->ctx, &f->model), WG_OK);
    assert_int_equal(wg_graph_create(f->ctx, &f->graph), WG_OK);
    assert_int_equal(wg_linear_create(f->model, "fc", IN, OUT, NULL, &f->layer), WG_OK);
}

static void start_flat(fixture *f)
{
    start(f);
    assert_int_equal(wg_model_flatten(f->model), WG_OK);
}

static void finish(fixture *f)
{
    wg_graph_destroy(f->graph);
    wg_model_destroy(f->model);
    wg_context_destroy(f->ctx);
    assert_true(wgt_allocator_is_clean(&f->allocator));
    wgt_allocator_finish(&f->allocator);
}

static wg_node record(fixture *f)
{
    static const float rows[] = {1.0F, 2.0F, 3.0F, -1.0F, 0.5F, 0.25F};
    const int64_t dims[2] = {2, IN};
    return wg_linear_apply(&f->layer, wg_constant(f->graph, WG_F32, 2, dims, rows));
}

static double at(const wg_tensor *t, int64_t i)
{
    return wg_tensor_get(t, i);
}

static wg_tensor *weight(const fixture *f)
{
    return wg_param_value(f->layer.weight);
}

static wg_tensor *bias(const fixture *f)
{
    return wg_param_value(f->layer.bias);
}

static wg_status ask(wg_node n)
{
    const wg_tensor *value;
    return wg_get(n, &value);
}

/* ---- layout ------------------------------------------------------------------------------- */

static void test_flat_vector_is_the_parameters_memory(void **state)
{
    (void)state;
    fixture f;
    float before[IN * OUT];
    start(&f);
    memcpy(before, wg_tensor_data(weight(&f)), sizeof before);
    assert_null(wg_model_flat_value(f.model));
    assert_null(wg_model_flat_gradient(f.model));
    assert_int_equal(wg_param_flat_offset(f.layer.bias), -1);
    assert_int_equal(wg_tensor_set(bias(&f), 1, 0.5), WG_OK);
    assert_int_equal(wg_model_flatten(f.model), WG_OK);
    wg_tensor *flat = wg_model_flat_value(f.model);
    assert_non_null(flat);
    assert_int_equal(wg_tensor_rank(flat), 1);
    assert_int_equal(wg_tensor_dtype(flat), WG_F32);
    assert_int_equal(wg_tensor_count(flat), N_FLAT);
    assert_int_equal(wg_param_flat_offset(f.layer.weight), 0);
    assert_int_equal(wg_param_flat_offset(f.layer.bias), 16);
    assert_ptr_equal(wg_tensor_data(weight(&f)), wg_tensor_data(flat));
    assert_ptr_equal(wg_tensor_data(bias(&f)), (const float *)wg_tensor_data(flat) + 16);
    assert_memory_equal(wg_tensor_data(weight(&f)), before, sizeof before);
    assert_true(at(bias(&f), 0) == 0.0 && at(bias(&f), 1) == 0.5);
    for (int64_t i = IN * OUT; i < 16; i++) {
        assert_true(at(flat, i) == 0.0);
    }
    finish(&f);
}

static void test_flat_again_is_nothing(void **state)
{
    (void)state;
    fixture f;
    start_flat(&f);
    const wg_tensor *flat = wg_model_flat_value(f.model);
    const size_t n_calls = f.allocator.n_calls;
    assert_int_equal(wg_model_flatten(f.model), WG_OK);
    assert_ptr_equal(wg_model_flat_value(f.model), flat);
    assert_int_equal(f.allocator.n_calls, n_calls);
    finish(&f);
}

static void test_flat_takes_empty_models_and_tensors(void **state)
{
    (void)state;
    fixture f;
    wg_model *none;
    const int64_t zero = 0;
    start(&f);
    assert_int_equal(wg_param_create(f.model, "empty", WG_F32, 1, &zero, NULL, NULL), WG_OK);
    assert_int_equal(wg_model_flatten(f.model), WG_OK);
    assert_int_equal(wg_tensor_count(wg_model_flat_value(f.model)), 32);
    assert_int_equal(wg_param_flat_offset(wg_model_find(f.model, "empty")), 32);
    assert_int_equal(wg_model_create(f.ctx, &none), WG_OK);
    assert_int_equal(wg_model_flatten(none), WG_OK);
    assert_int_equal(wg_tensor_count(wg_model_flat_value(none)), 0);
    assert_non_null(wg_model_flat_gradient(none));
    wg_model_destroy(none);
    finish(&f);
}

static void test_flat_refuses_mixed_dtypes(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    assert_int_equal(wg_param_create(f.model, "wide", WG_F64, 0, NULL, NULL, NULL), WG_OK);
    const void *data = wg_tensor_data(weight(&f));
    assert_int_equal(wg_model_flatten(f.model), WG_ERR_DTYPE);
    assert_string_equal(wg_context_error(f.ctx), "flatten: 'wide' is f64, 'fc.weight' f32");
    assert_ptr_equal(wg_tensor_data(weight(&f)), data);
    assert_null(wg_model_flat_value(f.model));
    finish(&f);
}

/* ---- versions ----------------------------------------------------------------------------- */

/* A graph that recorded the parameters before goes on after: nothing but addresses changed. */
static void test_flat_leaves_recorded_graphs_alone(void **state)
{
    (void)state;
    fixture f;
    double before[4];
    start(&f);
    wg_node first = record(&f);
    for (int64_t i = 0; i < 4; i++) {
        before[i] = at(wg_value(first), i);
    }
    wg_node again =
        wg_scale(wg_linear_apply(&f.layer, wg_constant(f.graph, WG_F32, 2, (const int64_t[]){1, IN},
                                                       (const float[]){1, 2, 3})),
                 1.0);
    assert_int_equal(wg_model_flatten(f.model), WG_OK);
    const wg_tensor *value = wg_value(again);
    assert_non_null(value);
    assert_true(at(value, 0) == before[0] && at(value, 1) == before[1]);
    assert_int_equal(wg_backward(wg_mean_all(again)), WG_OK);
    finish(&f);
}

static void test_flat_write_changes_every_parameter(void **state)
{
    (void)state;
    fixture f;
    start_flat(&f);
    wg_node y = record(&f);
    float *flat = wg_tensor_data_mutable(wg_model_flat_value(f.model));
    flat[16] = 4.0F;
    assert_true(at(bias(&f), 0) == 4.0);
    assert_int_equal(ask(y), WG_ERR_STALE);
    assert_int_equal(wg_graph_refresh(f.graph), WG_OK);
    assert_int_equal(ask(y), WG_OK);
    assert_int_equal(wg_graph_reset(f.graph), WG_OK);
    wg_node w = wg_sum_all(wg_use(f.graph, f.layer.weight));
    assert_int_equal(wg_tensor_set(wg_model_flat_value(f.model), 17, 1.0), WG_OK);
    assert_int_equal(ask(w), WG_ERR_STALE);
    finish(&f);
}

/* One parameter's write changes the vector, and no other parameter. */
static void test_flat_sees_a_parameters_write_and_its_neighbours_do_not(void **state)
{
    (void)state;
    fixture f;
    start_flat(&f);
    wg_node whole = wg_sum_all(wg_input(f.graph, wg_model_flat_value(f.model)));
    wg_node w = wg_sum_all(wg_use(f.graph, f.layer.weight));
    wg_node b = wg_sum_all(wg_use(f.graph, f.layer.bias));
    assert_int_equal(wg_tensor_set(bias(&f), 0, 3.0), WG_OK);
    assert_int_equal(ask(whole), WG_ERR_STALE);
    assert_int_equal(ask(b), WG_ERR_STALE);
    assert_int_equal(ask(w), WG_OK);
    assert_int_equal(wg_graph_refresh(f.graph), WG_OK);
    assert_true(fabs(wg_item(whole) - wg_item(w) - 3.0) < 1e-6);
    finish(&f);
}

static void test_flat_assignment_changes_the_vector(void **state)
{
    (void)state;
    fixture f;
    start_flat(&f);
    wg_node whole = wg_sum_all(wg_input(f.graph, wg_model_flat_value(f.model)));
    const float ones[OUT] = {1.0F, 1.0F};
    wg_node n = wg_constant(f.graph, WG_F32, 1, (const int64_t[]){OUT}, ones);
    wg_node doubled = wg_scale(n, 2.0);
    assert_int_equal(wg_assign(f.layer.bias, doubled), WG_OK);
    assert_int_equal(wg_run(&doubled, 1), WG_OK);
    assert_true(at(wg_model_flat_value(f.model), 17) == 2.0);
    assert_int_equal(ask(whole), WG_ERR_STALE);
    finish(&f);
}

/* Versions never go back to what a graph recorded, through any order of writes and layouts. */
static void test_flat_versions_only_go_on(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_tensor *w = weight(&f);
    uint64_t seen[64];
    size_t n = 0;
    for (int round = 0; round < 8; round++) {
        char name[] = "a";
        name[0] = (char)(name[0] + round);
        assert_int_equal(wg_model_flatten(f.model), WG_OK);
        for (int k = 0; k <= round % 3; k++) {
            (void)wg_tensor_data_mutable(wg_model_flat_value(f.model));
            seen[n++] = wgi_tensor_version(w);
        }
        (void)wg_tensor_data_mutable(w);
        seen[n++] = wgi_tensor_version(w);
        assert_int_equal(wg_param_create(f.model, name, WG_F32, 0, NULL, NULL, NULL), WG_OK);
        (void)wg_tensor_data_mutable(w);
        seen[n++] = wgi_tensor_version(w);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_true(seen[i] != seen[k]);
        }
    }
    finish(&f);
}

/* ---- gradients ---------------------------------------------------------------------------- */

static wg_status backward(fixture *f)
{
    assert_int_equal(wg_graph_reset(f->graph), WG_OK);
    return wg_backward(wg_mean_all(wg_square(record(f))));
}

static void test_flat_gradients_land_in_the_block(void **state)
{
    (void)state;
    fixture plain;
    fixture f;
    start(&plain);
    start_flat(&f);
    for (int round = 0; round < 2; round++) { /* the second adds */
        assert_int_equal(backward(&plain), WG_OK);
        assert_int_equal(backward(&f), WG_OK);
        const wg_tensor *flat = wg_model_flat_gradient(f.model);
        assert_int_equal(wg_tensor_count(flat), N_FLAT);
        const wg_tensor *dw = wg_param_gradient(plain.layer.weight);
        const wg_tensor *db = wg_param_gradient(plain.layer.bias);
        for (int64_t i = 0; i < IN * OUT; i++) {
            assert_true(at(flat, i) == at(dw, i) && at(dw, i) != 0.0);
        }
        for (int64_t i = 0; i < OUT; i++) {
            assert_true(at(flat, 16 + i) == at(db, i));
        }
        assert_ptr_equal(wg_tensor_data(wg_param_gradient(f.layer.weight)), wg_tensor_data(flat));
    }
    finish(&f);
    finish(&plain);
}

/* A gradient that was there comes along; one that is empty reads as zeros, whatever it held. */
static void test_flat_gradients_come_along(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    assert_int_equal(backward(&f), WG_OK);
    const double dw = at(wg_param_gradient(f.layer.weight), 0);
    assert_true(dw != 0.0);
    wg_param_clear_gradient(f.layer.bias);
    assert_int_equal(wg_model_flatten(f.model), WG_OK);
    const wg_tensor *flat = wg_model_flat_gradient(f.model);
    assert_true(at(flat, 0) == dw);
    assert_true(at(flat, 16) == 0.0 && at(flat, 17) == 0.0);
    assert_null(wg_param_gradient(f.layer.bias));
    wg_param_clear_gradient(f.layer.weight);
    assert_true(at(wg_model_flat_gradient(f.model), 0) == 0.0);
    finish(&f);
}

/* Gradients scaled through the vector, as a tool that clips them does. */
static void test_flat_gradient_is_what_the_step_reads(void **state)
{
    (void)state;
    const wg_sgd_options sgd = {.size = sizeof sgd, .rate = 1.0};
    fixture f;
    wg_optimizer *o;
    start_flat(&f);
    assert_int_equal(wg_sgd_create(f.model, &sgd, &o), WG_OK);
    assert_int_equal(backward(&f), WG_OK);
    const double before = at(weight(&f), 0);
    const double gradient = at(wg_param_gradient(f.layer.weight), 0);
    float *flat = wg_tensor_data_mutable(wg_model_flat_gradient(f.model));
    for (int i = 0; i < N_FLAT; i++) {
        flat[i] *= 0.5F;
    }
    wg_node whole = wg_sum_all(wg_input(f.graph, wg_model_flat_value(f.model)));
    assert_int_equal(wg_optimizer_step(o), WG_OK);
    assert_true(fabs(at(weight(&f), 0) - (before - 0.5 * gradient)) < 1e-6);
    assert_int_equal(ask(whole), WG_ERR_STALE);
    wg_optimizer_destroy(o);
    finish(&f);
}

/* The same bits, flat or not. */
static void test_flat_training_is_the_same(void **state)
{
    (void)state;
    fixture plain;
    fixture f;
    wg_optimizer *o[2];
    start(&plain);
    start(&f);
    assert_int_equal(wg_adamw_create(plain.model, NULL, &o[0]), WG_OK);
    assert_int_equal(wg_adamw_create(f.model, NULL, &o[1]), WG_OK);
    for (int i = 0; i < 10; i++) {
        if (i == 4) {
            assert_int_equal(wg_model_flatten(f.model), WG_OK);
        }
        assert_int_equal(backward(&plain), WG_OK);
        assert_int_equal(backward(&f), WG_OK);
        assert_int_equal(wg_optimizer_step(o[0]), WG_OK);
        assert_int_equal(wg_optimizer_step(o[1]), WG_OK);
    }
    assert_memory_equal(wg_tensor_data(weight(&f)), wg_tensor_data(weight(&plain)),
                        IN * OUT * sizeof(float));
    assert_memory_equal(wg_tensor_data(bias(&f)), wg_tensor_data(bias(&plain)),
                        OUT * sizeof(float));
    wg_optimizer_destroy(o[1]);
    wg_optimizer_destroy(o[0]);
    finish(&f);
    finish(&plain);
}

/* ---- parameters added later --------------------------------------------------------------- */

static void test_flat_views_end_with_a_new_parameter_until_the_next_layout(void **state)
{
    (void)state;
    fixture f;
    wg_param *late;
    const int64_t n = 4;
    start_flat(&f);
    wg_tensor *old = wg_tensor_retain(wg_model_flat_value(f.model));
    wg_node recorded = wg_sum_all(wg_input(f.graph, old));
    assert_int_equal(wg_param_create(f.model, "late", WG_F32, 1, &n, NULL, &late), WG_OK);
    assert_null(wg_model_flat_value(f.model));
    assert_null(wg_model_flat_gradient(f.model));
    assert_int_equal(wg_param_flat_offset(f.layer.weight), -1);
    assert_int_equal(wg_tensor_set(bias(&f), 0, 9.0), WG_OK);
    assert_int_equal(wg_model_flatten(f.model), WG_OK);
    assert_int_equal(wg_param_flat_offset(late), 32);
    assert_true(at(wg_model_flat_value(f.model), 16) == 9.0);
    assert_int_equal(ask(recorded), WG_ERR_STALE);
    assert_int_equal(wg_tensor_set(bias(&f), 0, 1.0), WG_OK);
    assert_true(at(old, 16) == 9.0);
    wg_tensor_destroy(old);
    finish(&f);
}

/* A tensor that a graph or a user retained outlives the model, block and all. */
static void test_flat_parts_keep_the_block_alive(void **state)
{
    (void)state;
    fixture f;
    start_flat(&f);
    wg_tensor *kept = wg_tensor_retain(bias(&f));
    assert_int_equal(wg_tensor_set(kept, 1, 6.0), WG_OK);
    wg_model_destroy(f.model);
    f.model = NULL;
    assert_true(at(kept, 1) == 6.0);
    wg_tensor_destroy(kept);
    finish(&f);
}

/* ---- files and views ---------------------------------------------------------------------- */

static void test_flat_models_are_saved_and_loaded(void **state)
{
    (void)state;
    wgt_folder folder;
    char path[WGT_PATH_BYTES];
    fixture f;
    fixture other;
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "flat.safetensors", path);
    start_flat(&f);
    start_flat(&other);
    assert_int_equal(wg_tensor_set(wg_model_flat_value(f.model), 17, 5.0), WG_OK);
    assert_int_equal(wg_model_save(f.model, path), WG_OK);
    wg_node whole = wg_sum_all(wg_input(other.graph, wg_model_flat_value(other.model)));
    assert_int_equal(wg_model_load(other.model, path), WG_OK);
    assert_int_equal(ask(whole), WG_ERR_STALE);
    assert_true(at(wg_model_flat_value(other.model), 17) == 5.0);
    finish(&other);
    finish(&f);
    wgt_folder_remove(&folder);
}

static void test_flat_waits_for_views(void **state)
{
    (void)state;
    fixture f;
    wg_model *view;
    wg_model *second;
    start(&f);
    assert_int_equal(wg_model_share(f.model, f.ctx, &view), WG_OK);
    assert_int_equal(wg_model_share(f.model, f.ctx, &second), WG_OK);
    assert_int_equal(wg_model_flatten(f.model), WG_ERR_STATE);
    assert_int_equal(wg_model_flatten(view), WG_ERR_STATE);
    assert_null(wg_model_flat_value(view));
    wg_model_destroy(view);
    assert_int_equal(wg_model_flatten(f.model), WG_ERR_STATE);
    wg_model_destroy(second);
    assert_int_equal(wg_model_flatten(f.model), WG_OK);
    assert_int_equal(wg_model_share(f.model, f.ctx, &view), WG_OK);
    assert_ptr_equal(wg_tensor_data(wg_param_value(wg_model_param(view, 1))),
                     wg_tensor_data(bias(&f)));
    wg_model_destroy(view);
    finish(&f);
}

static wg_status flatten_within(const wg_step *step)
{
    assert_int_equal(wg_model_flatten(step->user), WG_ERR_STATE);
    return WG_OK;
}

static void test_flat_waits_for_a_step(void **state)
{
    (void)state;
    fixture f;
    wg_optimizer *o;
    start(&f);
    const wg_optimizer_definition definition = {
        .size = sizeof definition, .name = "mover", .step = flatten_within, .user = f.model};
    assert_int_equal(wg_optimizer_create(f.model, &definition, &o), WG_OK);
    assert_int_equal(backward(&f), WG_OK);
    assert_int_equal(wg_optimizer_step(o), WG_OK);
    assert_null(wg_param_gradient(f.layer.weight)); /* the callback ran */
    wg_optimizer_destroy(o);
    finish(&f);
}

/* ---- copies ------------------------------------------------------------------------------- */

static void check_copies(fixture *f)
{
    double values[N + 3];
    double back[N + 3];
    wg_param *wide;
    const int64_t three = 3;
    assert_int_equal(wg_param_create(f->model, "wide", WG_F64, 1, &three, NULL, &wide), WG_OK);
    for (int i = 0; i < N + 3; i++) {
        values[i] = 0.25 * i - 1.0;
    }
    values[N] = 0.1; /* not an f32 */
    wg_node y = wg_sum_all(record(f));
    assert_int_equal(wg_model_set_values(f->model, values, N + 3), WG_OK);
    assert_int_equal(ask(y), WG_ERR_STALE);
    assert_int_equal(wg_model_get_values(f->model, back, N + 3), WG_OK);
    assert_memory_equal(values, back, sizeof values);
    assert_true(at(bias(f), 1) == values[N - 1] && at(wg_param_value(wide), 0) == 0.1);
    assert_int_equal(wg_model_get_gradients(f->model, back, N + 3), WG_OK);
    for (int i = 0; i < N + 3; i++) {
        assert_true(back[i] == 0.0);
    }
    assert_int_equal(backward(f), WG_OK);
    assert_int_equal(wg_model_get_gradients(f->model, back, N + 3), WG_OK);
    for (int64_t i = 0; i < IN * OUT; i++) {
        assert_true(back[i] == at(wg_param_gradient(f->layer.weight), i) && back[i] != 0.0);
    }
    assert_true(back[N] == 0.0);
}

static void test_flat_copies_serve_every_model(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    check_copies(&f);
    finish(&f);
    start_flat(&f);
    check_copies(&f);
    finish(&f);
}

static void test_flat_set_gradients_are_stepped_by(void **state)
{
    (void)state;
    const wg_sgd_options sgd = {.size = sizeof sgd, .rate = 1.0};
    double gradients[N];
    fixture f;
    wg_optimizer *o;
    start(&f);
    for (int i = 0; i < N; i++) {
        gradients[i] = 0.5 * (i + 1);
    }
    assert_int_equal(wg_sgd_create(f.model, &sgd, &o), WG_OK);
    assert_int_equal(wg_param_set_frozen(f.layer.weight, true), WG_OK);
    assert_int_equal(wg_model_set_gradients(f.model, gradients, N), WG_OK);
    assert_null(wg_param_gradient(f.layer.weight));
    assert_int_equal(wg_optimizer_step(o), WG_OK);
    assert_true(at(bias(&f), 0) == -3.5 && at(bias(&f), 1) == -4.0);
    wg_optimizer_destroy(o);
    finish(&f);
}

/* ---- memory ------------------------------------------------------------------------------- */

/* Whether the k-th allocation of flattening was asked for; without it all stays as it was. */
static bool fails_at(size_t k, bool is_persistent, bool has_gradients)
{
    fixture f;
    start(&f);
    if (has_gradients) {
        assert_int_equal(backward(&f), WG_OK);
        wg_param_clear_gradient(f.layer.bias);
    }
    double before[N];
    double after[N];
    assert_int_equal(wg_model_get_values(f.model, before, N), WG_OK);
    const void *data = wg_tensor_data(weight(&f));
    wgt_allocator_fail(&f.allocator, k, is_persistent);
    const wg_status status = wg_model_flatten(f.model);
    wgt_allocator_fail(&f.allocator, 0, false);
    if (status != WG_OK) {
        assert_int_equal(status, WG_ERR_MEMORY);
        assert_ptr_equal(wg_tensor_data(weight(&f)), data);
        assert_null(wg_model_flat_value(f.model));
        assert_true((f.layer.bias->gradient != NULL) == has_gradients);
        assert_int_equal(wg_model_flatten(f.model), WG_OK);
    }
    assert_int_equal(wg_model_get_values(f.model, after, N), WG_OK);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(backward(&f), WG_OK);
    finish(&f);
    return status != WG_OK;
}

static void test_flat_survives_each_failed_allocation(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        size_t k = 1;
        while (fails_at(k, (way & 1) != 0, (way & 2) != 0)) {
            k++;
        }
        assert_int_equal(k - 1, (way & 2) != 0 ? 4 : 6);
    }
}

static void test_flat_set_gradients_survives_each_failed_allocation(void **state)
{
    (void)state;
    const double gradients[N] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (size_t k = 1; k <= 5; k++) {
        fixture f;
        start(&f);
        wgt_allocator_fail(&f.allocator, k, false);
        const wg_status status = wg_model_set_gradients(f.model, gradients, N);
        wgt_allocator_fail(&f.allocator, 0, false);
        assert_int_equal(status, k <= 4 ? WG_ERR_MEMORY : WG_OK);
        assert_true((wg_param_gradient(f.layer.weight) == NULL) == (k <= 4));
        assert_int_equal(wg_model_set_gradients(f.model, gradients, N), WG_OK);
        assert_true(at(wg_param_gradient(f.layer.bias), 1) == 8.0);
        finish(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flat_vector_is_the_parameters_memory),
        cmocka_unit_test(test_flat_again_is_nothing),
        cmocka_unit_test(test_flat_takes_empty_models_and_tensors),
        cmocka_unit_test(test_flat_refuses_mixed_dtypes),
        cmocka_unit_test(test_flat_leaves_recorded_graphs_alone),
        cmocka_unit_test(test_flat_write_changes_every_parameter),
        cmocka_unit_test(test_flat_sees_a_parameters_write_and_its_neighbours_do_not),
        cmocka_unit_test(test_flat_assignment_changes_the_vector),
        cmocka_unit_test(test_flat_versions_only_go_on),
        cmocka_unit_test(test_flat_gradients_land_in_the_block),
        cmocka_unit_test(test_flat_gradients_come_along),
        cmocka_unit_test(test_flat_gradient_is_what_the_step_reads),
        cmocka_unit_test(test_flat_training_is_the_same),
        cmocka_unit_test(test_flat_views_end_with_a_new_parameter_until_the_next_layout),
        cmocka_unit_test(test_flat_parts_keep_the_block_alive),
        cmocka_unit_test(test_flat_models_are_saved_and_loaded),
        cmocka_unit_test(test_flat_waits_for_views),
        cmocka_unit_test(test_flat_waits_for_a_step),
        cmocka_unit_test(test_flat_copies_serve_every_model),
        cmocka_unit_test(test_flat_set_gradients_are_stepped_by),
        cmocka_unit_test(test_flat_survives_each_failed_allocation),
        cmocka_unit_test(test_flat_set_gradients_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
