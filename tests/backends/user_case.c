/* A user's backend that notes what it is asked and fails on demand, and a network for it to serve.
 * SPDX-License-Identifier: Apache-2.0 */
#include "user_case.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- kernels ------------------------------------------------------------------------------ */

static const char *accepts(const wg_kernel_call *call)
{
    user_witness *w = call->user;
    w->n_asked++;
    assert_null(call->numbers);
    assert_null(call->message);
    for (int32_t i = 0; i < call->n_inputs; i++) {
        assert_null(call->inputs[i].data);
    }
    if (call->outputs[0].dtype != WG_F32) {
        return "f32 alone";
    }
    return call->outputs[0].count < w->least ? "too small" : NULL;
}

/* Notes a run and, where it is to fail, spoils the outputs first. */
static wg_status begin(const wg_kernel_call *call)
{
    user_witness *w = call->user;
    w->n_runs++;
    w->threads = call->threads;
    w->is_thread_invariant = call->is_thread_invariant;
    assert_string_equal(call->message, "");
    for (int32_t i = 0; i < call->n_inputs; i++) {
        assert_ptr_not_equal(call->inputs[i].data, call->outputs[0].data);
    }
    if (w->answer != WG_OK) {
        memset(call->outputs[0].data, 0x7f, (size_t)call->outputs[0].count * sizeof(float));
        (void)snprintf(call->message, call->message_bytes, "%s",
                       w->message != NULL ? w->message : "");
    }
    return w->answer;
}

static bool flag(const wg_kernel_call *call, const char *name)
{
    int64_t value = -1;
    assert_int_equal(wg_kernel_integer(call->attributes, name, &value), WG_OK);
    assert_true(value == 0 || value == 1);
    return value == 1;
}

/* y = a b for matrices, either of which may be read transposed. */
static wg_status run_matmul(const wg_kernel_call *call)
{
    const wg_view *a = &call->inputs[0];
    const wg_view *b = &call->inputs[1];
    const wg_mutable_view *y = &call->outputs[0];
    const bool is_a_turned = flag(call, "transpose_a");
    const bool is_b_turned = flag(call, "transpose_b");
    const wg_status status = begin(call);
    if (status != WG_OK) {
        return status;
    }
    ((user_witness *)call->user)->n_transposed += is_a_turned || is_b_turned;
    const int64_t depth = a->dims[is_a_turned ? 0 : 1];
    for (int64_t i = 0; i < y->dims[0]; i++) {
        for (int64_t j = 0; j < y->dims[1]; j++) {
            double sum = 0.0;
            for (int64_t k = 0; k < depth; k++) {
                const int64_t at_a = is_a_turned ? k * a->dims[1] + i : i * a->dims[1] + k;
                const int64_t at_b = is_b_turned ? j * b->dims[1] + k : k * b->dims[1] + j;
                sum += (double)((const float *)a->data)[at_a] * ((const float *)b->data)[at_b];
            }
            ((float *)y->data)[i * y->dims[1] + j] = (float)sum;
        }
    }
    return WG_OK;
}

static const char *accepts_matmul(const wg_kernel_call *call)
{
    return call->outputs[0].rank != 2 ? "matrices alone" : accepts(call);
}

wg_status user_run_relu(const wg_kernel_call *call)
{
    const wg_status status = begin(call);
    const float *x = call->inputs[0].data;
    float *y = call->outputs[0].data;
    for (int64_t i = 0; status == WG_OK && i < call->outputs[0].count; i++) {
        y[i] = x[i] < 0.0F ? 0.0F : x[i];
    }
    return status;
}

/* Operands of the result's own shape alone. */
static const char *accepts_add(const wg_kernel_call *call)
{
    const bool is_alike = call->inputs[0].count == call->outputs[0].count &&
                          call->inputs[1].count == call->outputs[0].count;
    return is_alike ? accepts(call) : "broadcasts";
}

static wg_status run_add(const wg_kernel_call *call)
{
    const wg_status status = begin(call);
    const float *a = call->inputs[0].data;
    const float *b = call->inputs[1].data;
    for (int64_t i = 0; status == WG_OK && i < call->outputs[0].count; i++) {
        ((float *)call->outputs[0].data)[i] = a[i] + b[i];
    }
    return status;
}

static wg_status run_scale(const wg_kernel_call *call)
{
    const wg_status status = begin(call);
    assert_int_equal(call->n_numbers, 1);
    const float *x = call->inputs[0].data;
    for (int64_t i = 0; status == WG_OK && i < call->outputs[0].count; i++) {
        ((float *)call->outputs[0].data)[i] = (float)call->numbers[0] * x[i];
    }
    return status;
}

void user_note_release(void *user)
{
    ((user_witness *)user)->n_releases++;
}

/* ---- contexts ----------------------------------------------------------------------------- */

static void fill_kernels(user_fixture *f, wg_kernel_definition kernels[USER_KERNELS])
{
    const wg_kernel_definition all[USER_KERNELS] = {
        {"relu", accepts, user_run_relu, user_note_release, &f->relu},
        {"matmul", accepts_matmul, run_matmul, user_note_release, &f->matmul},
        {"add", accepts_add, run_add, user_note_release, &f->add},
        {"scale", accepts, run_scale, user_note_release, &f->scale},
    };
    memcpy(kernels, all, sizeof all);
}

/* The first n of relu, matmul, add, scale. */
wg_status user_backend_add(user_fixture *f, const char *name, size_t n)
{
    wg_kernel_definition kernels[USER_KERNELS];
    fill_kernels(f, kernels);
    const wg_backend_definition definition = {
        .size = sizeof definition, .name = name, .kernels = kernels, .n_kernels = n};
    return wg_backend_add(f->ctx, &definition);
}

void user_start_with(user_fixture *f, bool is_eager, bool is_thread_invariant)
{
    memset(f, 0, sizeof *f);
    wgt_allocator_start(&f->allocator);
    wgt_sink_start(&f->log);
    const wg_writer log = wgt_sink_writer(&f->log);
    const wg_allocator hooks = wgt_allocator_hooks(&f->allocator);
    const wg_config config = {.size = sizeof config,
                              .allocator = &hooks,
                              .seed = 3,
                              .threads = 2,
                              .eager = is_eager,
                              .thread_invariant = is_thread_invariant,
                              .log = &log};
    assert_int_equal(wg_context_create(&config, &f->ctx), WG_OK);
    assert_int_equal(wg_graph_create(f->ctx, &f->g), WG_OK);
}

void user_start(user_fixture *f)
{
    user_start_with(f, false, false);
}

void user_finish(user_fixture *f)
{
    wg_graph_destroy(f->g);
    wg_context_destroy(f->ctx);
    wgt_sink_finish(&f->log);
    assert_true(wgt_allocator_is_clean(&f->allocator));
    wgt_allocator_finish(&f->allocator);
}

uint64_t user_runs_of(const user_fixture *f, const char *kernel)
{
    wg_kernel_use use;
    uint64_t runs = 0;
    for (size_t i = 0; wg_context_kernel_use(f->ctx, i, &use) == WG_OK; i++) {
        runs += strcmp(use.kernel, kernel) == 0 ? use.runs : 0;
    }
    return runs;
}

wg_stats user_stats_of(const user_fixture *f)
{
    wg_stats stats;
    assert_int_equal(wg_context_stats(f->ctx, &stats), WG_OK);
    return stats;
}

/* ---- a network ---------------------------------------------------------------------------- */

void user_net_open(user_fixture *f, user_net *n)
{
    float x[USER_ROWS * USER_N];
    float w[USER_N * USER_N];
    for (int i = 0; i < USER_ROWS * USER_N; i++) {
        x[i] = (float)sin(1.0 + i);
    }
    for (int i = 0; i < USER_N * USER_N; i++) {
        w[i] = (float)cos(2.0 + i);
    }
    assert_int_equal(
        wg_tensor_from(f->ctx, WG_F32, 2, (const int64_t[]){USER_ROWS, USER_N}, WG_F32, x, &n->x),
        WG_OK);
    assert_int_equal(
        wg_tensor_from(f->ctx, WG_F32, 2, (const int64_t[]){USER_N, USER_N}, WG_F32, w, &n->w),
        WG_OK);
}

/* loss = mean((relu(relu(tanh(x w)) w + x))^2): values that are read once, between pointwise ops,
 * so that a plan would work in place. */
void user_net_record(user_fixture *f, user_net *n)
{
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    const wg_node x = wg_variable(f->g, n->x);
    n->w_node = wg_variable(f->g, n->w);
    const wg_node h = wg_relu(wg_tanh(wg_matmul(x, n->w_node)));
    n->y = wg_name(wg_relu(wg_add(wg_matmul(h, n->w_node), x)), "y");
    n->loss = wg_mean_all(wg_square(n->y));
}

void user_net_close(user_net *n)
{
    wg_tensor_destroy(n->x);
    wg_tensor_destroy(n->w);
}

void user_net_gradient(const user_net *n, float out[USER_N * USER_N])
{
    memcpy(out, wg_tensor_data(wg_gradient(n->w_node)), USER_N * USER_N * sizeof *out);
}

/* What the library's own kernels answer. */
static double plain_answer(float gradient[USER_N * USER_N])
{
    user_fixture f;
    user_net n;
    user_start(&f);
    user_net_open(&f, &n);
    user_net_record(&f, &n);
    assert_int_equal(wg_backward(n.loss), WG_OK);
    const double loss = wg_item(n.loss);
    user_net_gradient(&n, gradient);
    user_net_close(&n);
    user_finish(&f);
    return loss;
}

/* f32 sums of at most 4 products, in another order. */
void user_net_expect(const user_net *n)
{
    float want[USER_N * USER_N];
    float got[USER_N * USER_N];
    assert_true(fabs(wg_item(n->loss) - plain_answer(want)) < 1e-6);
    user_net_gradient(n, got);
    float largest = 0.0F;
    for (int i = 0; i < USER_N * USER_N; i++) {
        largest = fmaxf(largest, fabsf(want[i]));
        assert_true(fabsf(got[i] - want[i]) < 1e-6F);
    }
    assert_true(largest > 0.1F);
}
