/* Functions: what they compute, what they capture, what they refuse.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tangent_oracle.h"

enum {
    ROWS = 3,
    IN = 4,
    CLASSES = 3,
    MOST = 16
};

/* A model that learns labels: inputs x, labels and w; outputs losses [ROWS], the loss, labels. */
typedef struct scene {
    wg_tensor *x;
    wg_tensor *labels;
    wg_tensor *w;
    wg_tensor *shift;
    wg_node inputs[3];
    wg_node outputs[3];
    double x_values[ROWS * IN];
    double w_values[IN * CLASSES];
} scene;

static const int64_t x_dims[] = {ROWS, IN};
static const int64_t w_dims[] = {IN, CLASSES};
static const int64_t row_dims[] = {ROWS};
static const int64_t label_values[ROWS] = {2, 0, 1};

static void record_scene(fixture *f, scene *s)
{
    static const int32_t last = 1;
    s->inputs[0] = wg_name(wg_variable(f->g, s->x), "x");
    s->inputs[1] = wg_name(wg_input(f->g, s->labels), "labels");
    s->inputs[2] = wg_name(wg_variable(f->g, s->w), "w");
    wg_node shift = wg_input(f->g, s->shift);
    wg_node z = wg_matmul(wg_tanh(wg_add(s->inputs[0], shift)), wg_scale(s->inputs[2], 0.75));
    wg_node one = wg_one_hot(s->inputs[1], CLASSES, WG_F64);
    s->outputs[0] = wg_neg(wg_sum(wg_mul(one, wg_log_softmax(z, 1)), &last, 1, false));
    s->outputs[1] = wg_name(wg_mean_all(wg_square(wg_exp(s->outputs[0]))), "loss");
    s->outputs[2] = s->inputs[1];
    assert_int_equal(wg_graph_status(f->g), WG_OK);
}

static void open_scene(fixture *f, scene *s)
{
    const int64_t in = IN;
    fill_normal(s->x_values, ROWS * IN, 0.5, 1);
    fill_normal(s->w_values, IN * CLASSES, 0.5, 2);
    s->x = tensor_of(f, 2, x_dims, s->x_values);
    s->w = tensor_of(f, 2, w_dims, s->w_values);
    s->shift = tensor_of(f, 1, &in, (const double[]){0.1, -0.2, 0.3, 0});
    assert_int_equal(wg_tensor_from(f->ctx, WG_I64, 1, row_dims, WG_I64, label_values, &s->labels),
                     WG_OK);
    record_scene(f, s);
}

static void close_scene(scene *s)
{
    wg_tensor_destroy(s->x);
    wg_tensor_destroy(s->labels);
    wg_tensor_destroy(s->w);
    wg_tensor_destroy(s->shift);
}

static wg_function *freeze(const wg_node *inputs, size_t n_in, const wg_node *outputs, size_t n_out)
{
    wg_function *f;
    const wg_status status = wg_function_create(inputs, n_in, outputs, n_out, &f);
    if (status != WG_OK) {
        fail_msg("%s", wg_graph_error(inputs[0].graph));
    }
    return f;
}

static void assert_done(const wg_function *f, wg_status status)
{
    if (status != WG_OK) {
        fail_msg("%s: %s", wg_status_name(status), wg_function_error(f));
    }
}

static wg_tensor *room_of(fixture *f, int32_t rank, const int64_t *dims)
{
    wg_tensor *t;
    assert_int_equal(wg_tensor_create(f->ctx, WG_F64, rank, dims, &t), WG_OK);
    return t;
}

static void assert_bits(const wg_tensor *t, const wg_tensor *expected)
{
    assert_non_null(expected);
    assert_int_equal(wg_tensor_bytes(t), wg_tensor_bytes(expected));
    assert_memory_equal(wg_tensor_data(t), wg_tensor_data(expected), wg_tensor_bytes(t));
}

/* ---- what they compute -------------------------------------------------------------------- */

/* Where it was recorded and elsewhere, with the graph and with the graph gone. */
static void test_function_computes_what_was_recorded(void **state)
{
    fixture *f = *state;
    scene s;
    open_scene(f, &s);
    wg_function *fn = freeze(s.inputs, 3, s.outputs, 3);
    wg_tensor *out[] = {room_of(f, 1, row_dims), room_of(f, 0, NULL), NULL};
    assert_int_equal(wg_tensor_create(f->ctx, WG_I64, 1, row_dims, &out[2]), WG_OK);
    for (int turn = 0; turn < 3; turn++) {
        const wg_tensor *const in[] = {s.x, s.labels, s.w};
        assert_int_equal(wg_graph_refresh(f->g), WG_OK);
        assert_done(fn, wg_function_call(fn, in, out));
        for (int i = 0; i < 3; i++) {
            assert_bits(out[i], wg_value(s.outputs[i]));
        }
        for (int64_t i = 0; i < ROWS * IN; i++) {
            assert_int_equal(wg_tensor_set(s.x, i, 0.25 * s.x_values[i] + turn), WG_OK);
        }
    }
    const double last = wg_tensor_get(out[1], 0);
    wg_graph_destroy(f->g);
    assert_int_equal(wg_graph_create(f->ctx, &f->g), WG_OK);
    const wg_tensor *const in[] = {s.x, s.labels, s.w};
    assert_done(fn, wg_function_call(fn, in, out));
    record_scene(f, &s);
    assert_bits(out[1], wg_value(s.outputs[1]));
    assert_true(wg_tensor_get(out[1], 0) != last);
    wg_function_destroy(fn);
    for (int i = 0; i < 3; i++) {
        wg_tensor_destroy(out[i]);
    }
    close_scene(&s);
}

/* The nodes of the same products. */
static void test_function_vjp_is_that_of_nodes(void **state)
{
    fixture *f = *state;
    scene s;
    open_scene(f, &s);
    wg_function *fn = freeze(s.inputs, 3, s.outputs, 3);
    const wg_node xs[] = {s.inputs[0], s.inputs[2]};
    wg_tensor *u0 = tensor_of(f, 1, row_dims, (const double[]){1, -2, 0.5});
    wg_tensor *u1 = tensor_of(f, 0, NULL, (const double[]){3});
    wg_tensor *dx = room_of(f, 2, x_dims);
    wg_tensor *dw = room_of(f, 2, w_dims);
    wg_tensor *loss = room_of(f, 0, NULL);
    wg_tensor *const gradients[] = {dx, NULL, dw};
    wg_tensor *const outputs[] = {NULL, loss, NULL};
    const wg_tensor *const in[] = {s.x, s.labels, s.w};
    wg_node nodes[2];
    const wg_node us[] = {wg_input(f->g, u0), wg_input(f->g, u1)};
    assert_int_equal(wg_vjp(s.outputs, us, 2, xs, 2, nodes), WG_OK);
    assert_done(fn,
                wg_function_vjp(fn, in, (const wg_tensor *[]){u0, u1, NULL}, outputs, gradients));
    assert_bits(dx, wg_value(nodes[0]));
    assert_bits(dw, wg_value(nodes[1]));
    assert_bits(loss, wg_value(s.outputs[1]));
    /* An upstream gradient that is left out is 0. */
    assert_int_equal(wg_vjp(&s.outputs[1], &us[1], 1, xs, 2, nodes), WG_OK);
    assert_done(fn,
                wg_function_vjp(fn, in, (const wg_tensor *[]){NULL, u1, NULL}, NULL, gradients));
    assert_bits(dw, wg_value(nodes[1]));
    /* All left out at once are 1, and the gradients may be asked for one at a time. */
    const wg_node both[] = {s.outputs[0], s.outputs[1]};
    const wg_node ones[] = {wg_add(wg_scale(us[0], 0), wg_number(f->g, WG_F64, 1)),
                            wg_number(f->g, WG_F64, 1)};
    assert_int_equal(wg_vjp(both, ones, 2, xs, 2, nodes), WG_OK);
    assert_done(fn, wg_function_vjp(fn, in, NULL, NULL, (wg_tensor *[]){NULL, NULL, dw}));
    assert_bits(dw, wg_value(nodes[1]));
    wg_function_destroy(fn);
    wg_tensor *all[] = {u0, u1, dx, dw, loss};
    for (int i = 0; i < 5; i++) {
        wg_tensor_destroy(all[i]);
    }
    close_scene(&s);
}

static void test_function_jvp_and_hvp_are_tangents(void **state)
{
    fixture *f = *state;
    scene s;
    double v[MOST];
    double expected[MOST];
    open_scene(f, &s);
    fill_normal(v, IN * CLASSES, 1, 3);
    wg_function *fn = freeze(s.inputs, 3, s.outputs, 3);
    wg_function *loss = freeze(s.inputs, 3, &s.outputs[1], 1);
    wg_tensor *direction = tensor_of(f, 2, w_dims, v);
    wg_tensor *dy = room_of(f, 1, row_dims);
    wg_tensor *hv = room_of(f, 2, w_dims);
    const wg_tensor *const in[] = {s.x, s.labels, s.w};
    const wg_tensor *const along[] = {NULL, NULL, direction};
    assert_done(fn, wg_function_jvp(fn, in, along, NULL, (wg_tensor *[]){dy, NULL, NULL}));
    tangent_oracle(s.outputs[0], &s.inputs[2], &(const double *){v}, 1, expected);
    assert_true(scaled_error(wg_tensor_data(dy), expected, ROWS) <= 1e-13);
    assert_done(loss, wg_function_hvp(loss, in, along, (wg_tensor *[]){NULL, NULL, hv}));
    wg_node dw;
    assert_int_equal(wg_grad(s.outputs[1], &s.inputs[2], 1, &dw), WG_OK);
    tangent_oracle(dw, &s.inputs[2], &(const double *){v}, 1, expected);
    assert_true(scaled_error(wg_tensor_data(hv), expected, IN * CLASSES) <= 1e-13);
    wg_function_destroy(fn);
    wg_function_destroy(loss);
    wg_tensor_destroy(direction);
    wg_tensor_destroy(dy);
    wg_tensor_destroy(hv);
    close_scene(&s);
}

/* A function may end in gradients, ops of many operands and of several outputs. */
static void test_function_of_gradients(void **state)
{
    fixture *f = *state;
    const double at[] = {2, 3, -1, 0.5, 1};
    const int64_t five = 5;
    wg_node x = vector_variable(f, five, at);
    wg_node cube = wg_mul(wg_square(x), x);
    wg_node j;
    wg_node dx;
    assert_int_equal(wg_jacobian(cube, x, &j), WG_OK);
    assert_int_equal(wg_grad(wg_sum_all(cube), &x, 1, &dx), WG_OK);
    wg_node part =
        wg_output(wg_cross_entropy(wg_reshape(x, 2, (const int64_t[]){1, 5}),
                                   wg_reshape(wg_softmax(x, 0), 2, (const int64_t[]){1, 5})),
                  1);
    const wg_node outputs[] = {j, dx, part, wg_reshape(x, 2, (const int64_t[]){5, 1}), x};
    wg_function *fn = freeze(&x, 1, outputs, 5);
    assert_int_equal(wg_run(outputs, 5), WG_OK);
    wg_tensor *out[5];
    for (size_t i = 0; i < 5; i++) {
        wg_function_slot slot;
        assert_int_equal(wg_function_output(fn, i, &slot), WG_OK);
        out[i] = room_of(f, slot.rank, slot.dims);
    }
    wg_tensor *in = tensor_of(f, 1, &five, at);
    assert_done(fn, wg_function_call(fn, (const wg_tensor *[]){in}, out));
    for (int i = 0; i < 5; i++) {
        assert_bits(out[i], wg_value(outputs[i]));
        wg_tensor_destroy(out[i]);
    }
    wg_function_destroy(fn);
    /* x goes to x - f'(x): the output is the input's tensor. */
    wg_node next = wg_sub(x, dx);
    fn = freeze(&x, 1, &next, 1);
    assert_done(fn, wg_function_call(fn, (const wg_tensor *[]){in}, (wg_tensor *[]){in}));
    for (int i = 0; i < 5; i++) {
        assert_near(wg_tensor_get(in, i), at[i] - 3 * at[i] * at[i], 1e-15);
    }
    wg_function_destroy(fn);
    wg_tensor_destroy(in);
}

/* ---- what they capture -------------------------------------------------------------------- */

/* The one element of the first output at one input. */
static double call_at(fixture *f, wg_function *fn, const wg_tensor *in)
{
    wg_tensor *out = room_of(f, 0, NULL);
    assert_done(fn, wg_function_call(fn, &in, &out));
    const double v = wg_tensor_get(out, 0);
    wg_tensor_destroy(out);
    return v;
}

/* Parameters, constants and numbers are what they were; a parameter may be an input instead. */
static void test_function_captures_by_value(void **state)
{
    fixture *f = *state;
    const double two = 2;
    const double five = 5;
    wg_model *m;
    wg_param *p;
    assert_int_equal(wg_model_create(f->ctx, &m), WG_OK);
    assert_int_equal(wg_param_create(m, "p", WG_F64, 0, NULL, NULL, &p), WG_OK);
    assert_int_equal(wg_tensor_set(wg_param_value(p), 0, 10), WG_OK);
    wg_tensor *in = tensor_of(f, 0, NULL, &two);
    wg_tensor *data = tensor_of(f, 0, NULL, &five);
    wg_node x = wg_variable(f->g, in);
    wg_node other = wg_scale(wg_scale(x, 3), 7);
    wg_node scaled = wg_scale(x, 4);
    wg_node y = wg_add(wg_mul(scaled, wg_use(f->g, p)), wg_input(f->g, data));
    wg_node slope;
    assert_int_equal(wg_grad(wg_mul(y, other), &x, 1, &slope), WG_OK);
    wg_function *fn = freeze(&x, 1, &y, 1);
    wg_function *second = freeze(&x, 1, &slope, 1);
    const wg_node of_p = wg_use(f->g, p);
    wg_function *third = freeze(&of_p, 1, &y, 1);
    wg_function_slot slot;
    assert_int_equal(wg_function_input(third, 0, &slot), WG_OK);
    assert_string_equal(slot.name, "p");
    assert_int_equal(wg_number_set(scaled, 0, 100), WG_OK);
    assert_int_equal(wg_tensor_set(wg_param_value(p), 0, 1000), WG_OK);
    assert_int_equal(wg_tensor_set(data, 0, 10000), WG_OK);
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    assert_near(wg_item(y), 210000, 0);
    assert_near(call_at(f, fn, in), 85, 0);
    assert_near(call_at(f, second, in), 21 * 85 + 42 * 40, 0);
    assert_near(call_at(f, third, in), 21, 0); /* 4 x of then, times 2, and 5 */
    wg_function_destroy(fn);
    wg_function_destroy(second);
    wg_function_destroy(third);
    wg_tensor_destroy(in);
    wg_tensor_destroy(data);
    wg_graph_destroy(f->g);
    f->g = NULL;
    wg_model_destroy(m);
}

/* What the outputs do not need is not copied, or run: an index out of range does no harm there. */
static void test_function_takes_what_it_needs(void **state)
{
    fixture *f = *state;
    enum {
        LARGE = 1 << 17
    };
    const int64_t bad = 9;
    wg_node x = wg_name(scalar_variable(f, 3), "x");
    wg_node large = wg_full(f->g, WG_F64, 1, (const int64_t[]){LARGE}, 1);
    wg_tensor *t = room_of(f, 1, (const int64_t[]){LARGE});
    wg_node unused = wg_add(wg_input(f->g, t), large);
    wg_node late = wg_gather(wg_reshape(x, 1, (const int64_t[]){1}),
                             wg_constant(f->g, WG_I64, 0, NULL, &bad), 0);
    for (int i = 0; i < 2000; i++) {
        unused = wg_scale(unused, 1.5);
    }
    assert_true(wg_is_valid(late) && wg_is_valid(unused));
    wg_node y = wg_square(wg_scale(x, 2));
    const size_t bytes = f->counter.live_bytes;
    wg_function *fn = freeze(&x, 1, &y, 1);
    assert_true(f->counter.live_bytes - bytes < 16384);
    wg_tensor *in = tensor_of(f, 0, NULL, (const double[]){5});
    assert_near(call_at(f, fn, in), 100, 0);
    wg_function_destroy(fn);
    wg_tensor_destroy(in);
    wg_tensor_destroy(t);
}

/* ---- random ops --------------------------------------------------------------------------- */

/* The first call draws what the graph does, the next one anew; a step that is set comes again. */
static void test_function_draws_anew_in_each_call(void **state)
{
    fixture *f = *state;
    enum {
        COUNT = 64
    };
    const int64_t n = COUNT;
    double ones[COUNT];
    for (int i = 0; i < COUNT; i++) {
        ones[i] = 1;
    }
    wg_tensor *in = tensor_of(f, 1, &n, ones);
    wg_node x = wg_variable(f->g, in);
    wg_node before = wg_uniform(f->g, WG_F64, 1, &n, 0, 1); /* takes the first ordinal */
    wg_node y = wg_dropout(x, 0.5);
    assert_true(wg_is_valid(before));
    assert_int_equal(wg_graph_set_step(f->g, 17), WG_OK);
    wg_function *fn = freeze(&x, 1, &y, 1);
    wg_tensor *out[] = {room_of(f, 1, &n), room_of(f, 1, &n), room_of(f, 1, &n)};
    assert_int_equal(wg_function_step(fn), 17);
    assert_done(fn, wg_function_call(fn, (const wg_tensor *[]){in}, &out[0]));
    assert_bits(out[0], wg_value(y));
    assert_int_equal(wg_function_step(fn), 18);
    assert_done(fn, wg_function_vjp(fn, (const wg_tensor *[]){in}, NULL, &out[1], &out[2]));
    assert_bits(out[2], out[1]); /* the mask, twice */
    assert_true(memcmp(wg_tensor_data(out[0]), wg_tensor_data(out[1]), sizeof ones) != 0);
    assert_int_equal(wg_function_set_step(fn, 17), WG_OK);
    assert_done(fn, wg_function_jvp(fn, (const wg_tensor *[]){in}, (const wg_tensor *[]){in}, NULL,
                                    &out[2]));
    assert_bits(out[2], out[0]);
    wg_function_destroy(fn);
    wg_tensor_destroy(in);
    for (int i = 0; i < 3; i++) {
        wg_tensor_destroy(out[i]);
    }
}

static void test_function_evaluates_as_recorded(void **state)
{
    fixture *f = *state;
    const double v = 2;
    wg_tensor *in = tensor_of(f, 0, NULL, &v);
    assert_int_equal(wg_graph_set_training(f->g, false), WG_OK);
    wg_node x = wg_variable(f->g, in);
    wg_node y = wg_square(wg_dropout(x, 0.9));
    wg_function *fn = freeze(&x, 1, &y, 1);
    wg_tensor *dx = room_of(f, 0, NULL);
    assert_near(call_at(f, fn, in), 4, 0);
    assert_done(fn, wg_function_vjp(fn, (const wg_tensor *[]){in}, NULL, NULL, &dx));
    assert_near(wg_tensor_get(dx, 0), 4, 0);
    wg_function_destroy(fn);
    wg_tensor_destroy(in);
    wg_tensor_destroy(dx);
}

/* ---- repeated calls ----------------------------------------------------------------------- */

static void test_function_again_allocates_nothing(void **state)
{
    fixture *f = *state;
    scene s;
    size_t calls = 0;
    uint64_t misses = 0;
    open_scene(f, &s);
    wg_function *fn = freeze(s.inputs, 3, s.outputs, 3);
    wg_function *loss = freeze(s.inputs, 3, &s.outputs[1], 1);
    wg_tensor *out[] = {room_of(f, 1, row_dims), room_of(f, 0, NULL), NULL};
    wg_tensor *dx[] = {room_of(f, 2, x_dims), NULL, room_of(f, 2, w_dims)};
    const wg_tensor *const in[] = {s.x, s.labels, s.w};
    const wg_tensor *const us[] = {out[0], NULL, NULL};
    const wg_tensor *const vs[] = {NULL, NULL, s.w};
    for (int i = 0; i < 10; i++) {
        calls = i == 2 ? f->counter.n_calls : calls;
        misses = i == 1 ? stats_of(f).plan_misses : misses;
        assert_done(fn, wg_function_call(fn, in, out));
        assert_done(fn, wg_function_vjp(fn, in, NULL, out, dx));
        assert_done(fn, wg_function_vjp(fn, in, us, NULL, dx));
        assert_done(fn, wg_function_jvp(fn, in, vs, NULL, out));
        assert_done(loss, wg_function_hvp(loss, in, vs, dx));
        assert_done(loss, wg_function_call(loss, in, &out[1]));
    }
    assert_int_equal(f->counter.n_calls, calls);
    assert_int_equal(stats_of(f).plan_misses, misses);
    wg_function_destroy(fn);
    wg_function_destroy(loss);
    wg_tensor_destroy(out[0]);
    wg_tensor_destroy(out[1]);
    wg_tensor_destroy(dx[0]);
    wg_tensor_destroy(dx[2]);
    close_scene(&s);
}

static void test_function_in_an_eager_context(void **state)
{
    fixture *f = *state;
    wg_allocator hooks = wgt_allocator_hooks(&f->counter);
    fixture eager = {.counter = {0}};
    const wg_config config = {.size = sizeof config, .allocator = &hooks, .seed = 7, .eager = true};
    assert_int_equal(wg_context_create(&config, &eager.ctx), WG_OK);
    assert_int_equal(wg_graph_create(eager.ctx, &eager.g), WG_OK);
    fixture *both[] = {f, &eager};
    wg_tensor *dx[2];
    for (int i = 0; i < 2; i++) {
        scene s;
        open_scene(both[i], &s);
        wg_function *fn = freeze(s.inputs, 3, s.outputs, 3);
        dx[i] = room_of(both[i], 2, x_dims);
        const wg_tensor *const in[] = {s.x, s.labels, s.w};
        assert_done(fn, wg_function_vjp(fn, in, NULL, NULL, (wg_tensor *[]){dx[i], NULL, NULL}));
        wg_function_destroy(fn);
        close_scene(&s);
    }
    assert_true(eager.ctx != NULL && wg_is_valid(wg_number(eager.g, WG_F64, 1)));
    assert_bits(dx[1], dx[0]);
    wg_tensor_destroy(dx[0]);
    wg_tensor_destroy(dx[1]);
    wg_graph_destroy(eager.g);
    wg_context_destroy(eager.ctx);
}

/* ---- what they tell and refuse ------------------------------------------------------------ */

static void test_function_describes_its_slots(void **state)
{
    fixture *f = *state;
    scene s;
    wg_function_slot slot;
    open_scene(f, &s);
    wg_function *fn = freeze(s.inputs, 3, s.outputs, 3);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    assert_int_equal(wg_function_input_count(fn), 3);
    assert_int_equal(wg_function_output_count(fn), 3);
    assert_int_equal(wg_function_input(fn, 0, &slot), WG_OK);
    assert_string_equal(slot.name, "x");
    assert_int_equal(slot.dtype, WG_F64);
    assert_int_equal(slot.rank, 2);
    assert_int_equal(slot.dims[0], ROWS);
    assert_int_equal(slot.dims[1], IN);
    assert_int_equal(slot.count, ROWS * IN);
    assert_int_equal(wg_function_output(fn, 0, &slot), WG_OK);
    assert_null(slot.name);
    assert_int_equal(wg_function_output(fn, 1, &slot), WG_OK);
    assert_string_equal(slot.name, "loss");
    assert_null(slot.dims);
    assert_int_equal(wg_function_output(fn, 2, &slot), WG_OK);
    assert_int_equal(slot.dtype, WG_I64);
    assert_int_equal(wg_function_output(fn, 3, &slot), WG_ERR_RANGE);
    assert_int_equal(slot.count, 0);
    wg_function_destroy(fn);
    close_scene(&s);
}

static void expect_call(const wg_function *fn, wg_status status, wg_status expected,
                        const char *text)
{
    assert_int_equal(status, expected);
    if (strncmp(wg_function_error(fn), text, strlen(text)) != 0) {
        fail_msg("%s\nin place of %s", wg_function_error(fn), text);
    }
}

static void test_function_says_what_does_not_fit(void **state)
{
    fixture *f = *state;
    scene s;
    open_scene(f, &s);
    wg_function *fn = freeze(s.inputs, 3, s.outputs, 3);
    wg_tensor *out[] = {room_of(f, 1, row_dims), NULL, NULL};
    const wg_tensor *const in[] = {s.x, s.labels, s.w};
    const wg_tensor *const turned[] = {s.w, s.labels, s.w};
    const wg_tensor *const typed[] = {s.x, out[0], s.w};
    const wg_tensor *const missing[] = {s.x, NULL, s.w};
    expect_call(fn, wg_function_call(fn, turned, out), WG_ERR_SHAPE,
                "function_call: input 0 'x' is f64 [4, 3], not f64 [3, 4]");
    expect_call(fn, wg_function_call(fn, typed, out), WG_ERR_DTYPE,
                "function_call: input 1 'labels' is f64 [3], not i64 [3]");
    expect_call(fn, wg_function_call(fn, missing, out), WG_ERR_ARGUMENT,
                "function_call: input 1 is NULL");
    expect_call(fn, wg_function_call(fn, in, (wg_tensor *[]){NULL, NULL, NULL}), WG_ERR_ARGUMENT,
                "function_call: nothing is asked for");
    expect_call(fn, wg_function_vjp(fn, in, NULL, NULL, (wg_tensor *[]){NULL, s.labels, NULL}),
                WG_ERR_DTYPE, "function_vjp: gradient 1 is asked for, of i64");
    expect_call(fn, wg_function_hvp(fn, in, in, (wg_tensor *[]){NULL, NULL, s.w}), WG_ERR_SHAPE,
                "function_hvp: needs one output, of one element");
    expect_call(fn, wg_function_jvp(fn, in, turned, NULL, out), WG_ERR_SHAPE,
                "function_jvp: v 0 'x' is f64 [4, 3], not f64 [3, 4]");
    const int64_t bad[] = {0, 7, 0};
    wg_tensor *labels;
    assert_int_equal(wg_tensor_from(f->ctx, WG_I64, 1, row_dims, WG_I64, bad, &labels), WG_OK);
    assert_int_equal(wg_tensor_set(out[0], 1, 42), WG_OK);
    expect_call(fn, wg_function_call(fn, (const wg_tensor *[]){s.x, labels, s.w}, out),
                WG_ERR_RANGE, "function_call: one_hot: index 7 at 1 is outside [0, 3)");
    assert_near(wg_tensor_get(out[0], 1), 42, 0); /* as it was */
    assert_int_equal(wg_function_step(fn), 0);
    assert_done(fn, wg_function_call(fn, in, out));
    assert_string_equal(wg_function_error(fn), "");
    wg_function_destroy(fn);
    wg_tensor_destroy(labels);
    wg_tensor_destroy(out[0]);
    close_scene(&s);
}

static void expect_refused(const wg_node *inputs, size_t n_in, wg_node output, wg_status expected,
                           const char *text)
{
    wg_function *fn = (wg_function *)(uintptr_t)1;
    assert_int_equal(wg_function_create(inputs, n_in, &output, 1, &fn), expected);
    assert_null(fn);
    if (strncmp(wg_graph_error(inputs[0].graph), text, strlen(text)) != 0) {
        fail_msg("%s\nin place of %s", wg_graph_error(inputs[0].graph), text);
    }
}

static void test_function_refuses_what_it_cannot_freeze(void **state)
{
    fixture *f = *state;
    wg_graph *other;
    assert_int_equal(wg_graph_create(f->ctx, &other), WG_OK);
    wg_tensor *data = tensor_of(f, 0, NULL, (const double[]){1});
    wg_node x = scalar_variable(f, 2);
    wg_node inner = wg_square(x);
    wg_node y = wg_add(inner, wg_input(f->g, data));
    wg_node foreign = wg_number(other, WG_F64, 1);
    expect_refused((const wg_node[]){x, inner}, 2, y, WG_ERR_ARGUMENT,
                   "function: input 1 is no leaf but the result of an op");
    expect_refused((const wg_node[]){x, x}, 2, y, WG_ERR_ARGUMENT,
                   "function: input 1 is there twice");
    expect_refused(&x, 1, foreign, WG_ERR_HANDLE, "function: the nodes are of several graphs");
    assert_int_equal(wg_tensor_set(data, 0, 3), WG_OK);
    expect_refused(&x, 1, y, WG_ERR_STALE, "function: a leaf changed since it was recorded");
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    wg_function *fn = freeze(&x, 1, &y, 1);
    wg_function_destroy(fn);
    wg_tensor_destroy(data);
    wg_graph_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_function_computes_what_was_recorded),
        GRAPH_TEST(test_function_vjp_is_that_of_nodes),
        GRAPH_TEST(test_function_jvp_and_hvp_are_tangents),
        GRAPH_TEST(test_function_of_gradients),
        GRAPH_TEST(test_function_captures_by_value),
        GRAPH_TEST(test_function_takes_what_it_needs),
        GRAPH_TEST(test_function_draws_anew_in_each_call),
        GRAPH_TEST(test_function_evaluates_as_recorded),
        GRAPH_TEST(test_function_again_allocates_nothing),
        GRAPH_TEST(test_function_in_an_eager_context),
        GRAPH_TEST(test_function_describes_its_slots),
        GRAPH_TEST(test_function_says_what_does_not_fit),
        GRAPH_TEST(test_function_refuses_what_it_cannot_freeze),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
