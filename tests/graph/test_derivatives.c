/* Products with Jacobians and Hessians, whole ones, and gradients of samples.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tangent_oracle.h"

#include "graph/derivatives.h"

/* Two ways to one number in f64, each some hundred operations long. */
#define CLOSE 1e-13

enum {
    ROWS = 3,
    IN = 4,
    HIDDEN = 5,
    CLASSES = 3,
    N_LEAVES = 4,
    MOST = 64
};

static const int64_t leaf_counts[N_LEAVES] = {ROWS * IN, IN *HIDDEN, HIDDEN, HIDDEN *CLASSES};

/* A network of smooth ops with several kinds of fused rules, its leaves, and directions for them.
 */
typedef struct net {
    wg_node leaves[N_LEAVES];
    wg_node logits; /* [ROWS, CLASSES] */
    wg_node losses; /* [ROWS] */
    wg_node loss;
    double v[N_LEAVES][MOST];
    const double *directions[N_LEAVES];
    wg_node along[N_LEAVES];
} net;

static wg_node leaf_of(fixture *f, int32_t rank, const int64_t *dims, const double *values)
{
    wg_tensor *t = tensor_of(f, rank, dims, values);
    wg_node n = wg_variable(f->g, t);
    wg_tensor_destroy(t);
    return n;
}

static wg_node constant_of(fixture *f, wg_node like, const double *values)
{
    wg_node_info info;
    assert_int_equal(wg_node_describe(like, &info), WG_OK);
    return wg_constant(f->g, WG_F64, info.rank, info.dims, values);
}

static void record_net(fixture *f, net *n)
{
    static const int64_t dims[N_LEAVES][2] = {
        {ROWS, IN}, {IN, HIDDEN}, {HIDDEN, 0}, {HIDDEN, CLASSES}};
    static const int64_t labels[ROWS] = {2, 0, 1};
    static const int64_t rows = ROWS;
    static const int32_t last = 1;
    double values[MOST];
    for (uint64_t k = 0; k < N_LEAVES; k++) {
        fill_normal(values, (size_t)leaf_counts[k], 0.5, k);
        fill_normal(n->v[k], (size_t)leaf_counts[k], 1, 100 + k);
        n->leaves[k] = leaf_of(f, k == 2 ? 1 : 2, dims[k], values);
        n->directions[k] = n->v[k];
        n->along[k] = constant_of(f, n->leaves[k], n->v[k]);
    }
    wg_node h = wg_tanh(wg_add(wg_matmul(n->leaves[0], n->leaves[1]), n->leaves[2]));
    wg_node gated = wg_mul(h, wg_sigmoid(wg_square(h)));
    n->logits = wg_matmul(gated, n->leaves[3]);
    wg_node one = wg_one_hot(wg_constant(f->g, WG_I64, 1, &rows, labels), CLASSES, WG_F64);
    n->losses = wg_neg(wg_sum(wg_mul(one, wg_log_softmax(n->logits, 1)), &last, 1, false));
    wg_node head = wg_cross_entropy(n->logits, wg_constant(f->g, WG_I64, 1, &rows, labels));
    wg_node spread = wg_sqrt(
        wg_add(wg_mean_all(wg_square(wg_softmax(n->logits, 0))), wg_exp(wg_scale(head, -0.5))));
    n->loss = wg_add(wg_mul(head, spread), wg_mse(wg_log(wg_add(wg_exp(gated), wg_square(h))), h));
    assert_int_equal(wg_graph_status(f->g), WG_OK);
}

static void assert_all_near(wg_node n, const double *expected, int64_t count, double tolerance)
{
    double values[256];
    assert_true(count <= 256);
    values_of(n, values, count);
    const double error = scaled_error(values, expected, count);
    if (!(error <= tolerance)) {
        fail_msg("%g is above %g", error, tolerance);
    }
}

static void assert_same_bits(wg_node a, wg_node b)
{
    const wg_tensor *x = wg_value(a);
    const wg_tensor *y = wg_value(b);
    assert_non_null(x);
    assert_non_null(y);
    assert_int_equal(wg_tensor_bytes(x), wg_tensor_bytes(y));
    assert_memory_equal(wg_tensor_data(x), wg_tensor_data(y), wg_tensor_bytes(x));
}

/* ---- by hand ------------------------------------------------------------------------------ */

/* y = [x0 x1, x0 + x1^2, x0] at (2, 3): J = [3 2; 1 6; 1 0]. */
static wg_node hand_function(wg_node x)
{
    static const int64_t one = 1;
    wg_node x0 = wg_gather(x, wg_constant(x.graph, WG_I64, 0, NULL, &(int64_t){0}), 0);
    wg_node x1 = wg_gather(x, wg_constant(x.graph, WG_I64, 0, NULL, &one), 0);
    static const double units[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    const int64_t three = 3;
    wg_node y[] = {wg_mul(x0, x1), wg_add(x0, wg_square(x1)), x0};
    wg_node sum = wg_mul(y[0], wg_constant(x.graph, WG_F64, 1, &three, units[0]));
    sum = wg_add(sum, wg_mul(y[1], wg_constant(x.graph, WG_F64, 1, &three, units[1])));
    return wg_add(sum, wg_mul(y[2], wg_constant(x.graph, WG_F64, 1, &three, units[2])));
}

static void test_derivatives_by_hand(void **state)
{
    fixture *f = *state;
    const double at[] = {2, 3};
    wg_node x = vector_variable(f, 2, at);
    wg_node y = hand_function(x);
    wg_node u = vector_variable(f, 3, (const double[]){1, 10, 100});
    wg_node v = vector_variable(f, 2, (const double[]){1, -1});
    wg_node out;
    assert_int_equal(wg_vjp(&y, &u, 1, &x, 1, &out), WG_OK);
    assert_all_near(out, (const double[]){113, 62}, 2, 0);
    assert_int_equal(wg_jvp(&y, 1, &x, &v, 1, &out), WG_OK);
    assert_all_near(out, (const double[]){1, -5, 1}, 3, 0);
    assert_int_equal(wg_jacobian(y, x, &out), WG_OK);
    assert_int_equal(wg_node_rank(out), 2);
    assert_int_equal(wg_node_dim(out, 0), 3);
    assert_all_near(out, (const double[]){3, 2, 1, 6, 1, 0}, 6, 0);
    assert_int_equal(wg_hessian(wg_sum_all(wg_mul(y, u)), x, &out), WG_OK);
    assert_all_near(out, (const double[]){0, 1, 1, 20}, 4, 0);
    wg_node loss = wg_sum_all(wg_mul(y, u));
    assert_int_equal(wg_hvp(loss, &x, &v, 1, &out), WG_OK);
    assert_all_near(out, (const double[]){-1, -19}, 2, 0);
}

/* Several of each: inner nodes as xs, one y twice, an x that is y, and what depends on nothing. */
static void test_derivatives_of_several_nodes(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 2);
    wg_node other = scalar_variable(f, 5);
    wg_node h = wg_square(x);
    wg_node z = wg_mul(h, h);
    const wg_node ys[] = {z, h, z};
    const wg_node us[] = {wg_number(f->g, WG_F64, 1), wg_number(f->g, WG_F64, 10),
                          wg_number(f->g, WG_F64, 100)};
    const wg_node xs[] = {x, h, other, z};
    wg_node out[4];
    assert_int_equal(wg_vjp(ys, us, 3, xs, 4, out), WG_OK);
    assert_near(wg_item(out[0]), 101 * 32 + 10 * 4, 0);
    assert_near(wg_item(out[1]), 101 * 8 + 10, 0);
    assert_near(wg_item(out[2]), 0, 0);
    assert_near(wg_item(out[3]), 101, 0);
    const wg_node vs[] = {wg_number(f->g, WG_F64, 1), wg_number(f->g, WG_F64, 10), other,
                          wg_number(f->g, WG_F64, 1000)};
    wg_node late = wg_exp(other);
    const wg_node targets[] = {z, h, wg_stop_gradient(z), late};
    assert_int_equal(wg_jvp(targets, 4, xs, vs, 4, out), WG_OK);
    assert_near(wg_item(out[0]), 32 + 80 + 1000, 0);
    assert_near(wg_item(out[1]), 4 + 10, 0);
    assert_near(wg_item(out[2]), 0, 0);
    assert_near(wg_item(out[3]), 5 * exp(5), 1e-12 * 5 * exp(5));
    assert_int_equal(wg_vjp(&x, &us[1], 1, &late, 1, out), WG_OK); /* recorded after y */
    assert_near(wg_item(out[0]), 0, 0);
}

/* u and v are held fixed in the product, and can be differentiated after it. */
static void test_derivatives_of_products(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 3);
    wg_node cube = wg_mul(wg_square(x), x);
    wg_node dx;
    wg_node twice[2];
    assert_int_equal(wg_vjp(&cube, &cube, 1, &x, 1, &dx), WG_OK);
    assert_near(wg_item(dx), 27 * 27, 1e-12); /* u = x^3 by 3 x^2, not the slope of x^6 / 2 */
    const wg_node wants[] = {x, cube};
    assert_int_equal(wg_grad(dx, wants, 2, twice), WG_OK);
    assert_near(wg_item(twice[0]), 3 * 5 * 81, 1e-12); /* of 3 x^5 */
    assert_near(wg_item(twice[1]), 27, 1e-12);
    wg_node v = scalar_variable(f, 0.5);
    wg_node dy;
    assert_int_equal(wg_jvp(&cube, 1, &x, &v, 1, &dy), WG_OK);
    assert_int_equal(wg_jvp(&dy, 1, &x, &v, 1, &dx), WG_OK);
    assert_int_equal(wg_jvp(&dx, 1, &x, &v, 1, twice), WG_OK);
    assert_near(wg_item(dy), 13.5, 1e-13);
    assert_near(wg_item(dx), 18 * 0.25, 1e-13);
    assert_near(wg_item(twice[0]), 6 * 0.125, 1e-13);
    assert_int_equal(wg_backward(dy), WG_OK);
    assert_near(gradient_at(v, 0), 27, 1e-13);
}

/* ---- against differences ------------------------------------------------------------------ */

static void test_derivatives_jvp_is_the_tangent(void **state)
{
    fixture *f = *state;
    net n;
    double expected[MOST];
    record_net(f, &n);
    const wg_node ys[] = {n.loss, n.logits, n.losses};
    static const int64_t counts[] = {1, ROWS * CLASSES, ROWS};
    wg_node dy[3];
    assert_int_equal(wg_jvp(ys, 3, n.leaves, n.along, N_LEAVES, dy), WG_OK);
    for (size_t i = 0; i < 3; i++) {
        tangent_oracle(ys[i], n.leaves, n.directions, N_LEAVES, expected);
        assert_all_near(dy[i], expected, counts[i], CLOSE);
    }
}

static void test_derivatives_vjp_is_the_adjoint(void **state)
{
    fixture *f = *state;
    net n;
    double u[MOST];
    record_net(f, &n);
    fill_normal(u, ROWS * CLASSES, 1, 50);
    wg_node us[] = {constant_of(f, n.logits, u), constant_of(f, n.losses, u)};
    const wg_node ys[] = {n.logits, n.losses};
    wg_node dx[N_LEAVES];
    wg_node dy[2];
    double one[MOST];
    double other[MOST];
    assert_int_equal(wg_vjp(ys, us, 2, n.leaves, N_LEAVES, dx), WG_OK);
    assert_int_equal(wg_jvp(ys, 2, n.leaves, n.along, N_LEAVES, dy), WG_OK);
    double left = 0;
    double right = 0;
    double size = 0;
    for (size_t i = 0; i < 2; i++) {
        const int64_t count = i == 0 ? ROWS * CLASSES : ROWS;
        values_of(dy[i], one, count);
        for (int64_t k = 0; k < count; k++) {
            left += u[k] * one[k];
            size += fabs(u[k] * one[k]);
        }
    }
    for (size_t i = 0; i < N_LEAVES; i++) {
        values_of(dx[i], other, leaf_counts[i]);
        for (int64_t k = 0; k < leaf_counts[i]; k++) {
            right += n.v[i][k] * other[k];
        }
    }
    assert_near(left, right, CLOSE * size);
}

static void test_derivatives_hvp_is_the_tangent_of_the_gradient(void **state)
{
    fixture *f = *state;
    net n;
    double expected[MOST];
    record_net(f, &n);
    wg_node dx[N_LEAVES];
    wg_node hv[N_LEAVES];
    wg_node forward[N_LEAVES];
    assert_int_equal(wg_grad(n.loss, n.leaves, N_LEAVES, dx), WG_OK);
    assert_int_equal(wg_hvp(n.loss, n.leaves, n.along, N_LEAVES, hv), WG_OK);
    assert_int_equal(wg_jvp(dx, N_LEAVES, n.leaves, n.along, N_LEAVES, forward), WG_OK);
    for (size_t i = 0; i < N_LEAVES; i++) {
        double other[MOST];
        tangent_oracle(dx[i], n.leaves, n.directions, N_LEAVES, expected);
        assert_all_near(hv[i], expected, leaf_counts[i], CLOSE);
        values_of(forward[i], other, leaf_counts[i]);
        assert_all_near(hv[i], other, leaf_counts[i], CLOSE);
    }
}

/* Products in which a fused op's backward pass is itself differentiated, and again. */
static void test_derivatives_hvp_of_a_jvp(void **state)
{
    fixture *f = *state;
    net n;
    double expected[MOST];
    record_net(f, &n);
    wg_node dy;
    wg_node dx;
    assert_int_equal(wg_jvp(&n.loss, 1, n.leaves, n.along, N_LEAVES, &dy), WG_OK);
    assert_int_equal(wg_hvp(dy, &n.leaves[1], &n.along[1], 1, &dx), WG_OK);
    wg_node slope;
    assert_int_equal(wg_grad(dy, &n.leaves[1], 1, &slope), WG_OK);
    tangent_oracle(slope, &n.leaves[1], &n.directions[1], 1, expected);
    assert_all_near(dx, expected, leaf_counts[1], CLOSE);
}

/* ---- the dummy ---------------------------------------------------------------------------- */

/* Functions whose rules gate: where a branch is not taken its derivative is inf or NaN. */
static wg_node gated_function(wg_node x)
{
    wg_node zero = wg_scale(x, 0);
    wg_node safe = wg_where(wg_greater(x, zero), wg_log(x), zero);
    wg_node root = wg_where(wg_greater(x, zero), wg_sqrt(x), wg_square(x));
    return wg_add(wg_mul(wg_relu(x), safe), wg_add(root, wg_div(wg_exp(x), wg_add(root, x))));
}

static void test_derivatives_jvp_reads_no_dummy(void **state)
{
    fixture *f = *state;
    const double at[] = {-2, 0.5, 3, 0.125};
    const double dir[] = {1, -1, 0.5, 0};
    static const double dummies[] = {0, 1, -3.5, NAN, INFINITY};
    wg_node x = vector_variable(f, 4, at);
    wg_node v = vector_variable(f, 4, dir);
    wg_node y = gated_function(x);
    const wgi_pairs along = {.at = &x, .along = &v, .n = 1};
    wg_node first;
    double expected[4];
    tangent_oracle(y, &x, &(const double *){dir}, 1, expected);
    assert_int_equal(wg_jvp(&y, 1, &x, &v, 1, &first), WG_OK);
    assert_all_near(first, expected, 4, CLOSE);
    for (size_t i = 0; i < sizeof dummies / sizeof *dummies; i++) {
        wg_node dy;
        assert_int_equal(wgi_jvp(f->g, &y, 1, &along, dummies[i], &dy), WG_OK);
        assert_same_bits(first, dy);
    }
}

static void test_derivatives_jvp_runs_no_dummy(void **state)
{
    fixture *f = *state;
    net n;
    wg_node dy[2];
    wg_plan_need need[2];
    record_net(f, &n);
    const wgi_pairs along = {.at = n.leaves, .along = n.along, .n = N_LEAVES};
    assert_int_equal(wg_jvp(&n.loss, 1, n.leaves, n.along, N_LEAVES, &dy[0]), WG_OK);
    assert_int_equal(wgi_jvp(f->g, &n.loss, 1, &along, NAN, &dy[1]), WG_OK);
    assert_all_near(dy[1], (const double[]){wg_item(dy[0])}, 1, 0);
    wg_node x = scalar_variable(f, 1.5);
    wg_node v = scalar_variable(f, 2);
    wg_node y = wg_exp(x);
    assert_int_equal(wg_jvp(&y, 1, &x, &v, 1, &dy[0]), WG_OK);
    assert_int_equal(wg_plan_memory(&dy[0], 1, WG_PLAN_RUN, &need[0]), WG_OK);
    assert_int_equal(need[0].ops, 2); /* the exponential and the gate */
}

/* An exact 0 in v stops at an infinite slope, as in an upstream gradient. */
static void test_derivatives_gate_exact_zeros(void **state)
{
    fixture *f = *state;
    wg_node x = vector_variable(f, 2, (const double[]){0, 4});
    wg_node v = vector_variable(f, 2, (const double[]){0, 1});
    wg_node y = wg_sqrt(x);
    wg_node dy;
    assert_int_equal(wg_jvp(&y, 1, &x, &v, 1, &dy), WG_OK);
    assert_all_near(dy, (const double[]){0, 0.25}, 2, 0);
}

/* The mask of one run is that of its derivatives. */
static void test_derivatives_of_dropout(void **state)
{
    fixture *f = *state;
    double ones[MOST];
    for (int i = 0; i < MOST; i++) {
        ones[i] = 1;
    }
    wg_node x = vector_variable(f, MOST, ones);
    wg_node y = wg_dropout(x, 0.5);
    wg_node v = vector_variable(f, MOST, ones);
    wg_node out[2];
    assert_int_equal(wg_jvp(&y, 1, &x, &v, 1, &out[0]), WG_OK);
    assert_int_equal(wg_vjp(&y, &v, 1, &x, 1, &out[1]), WG_OK);
    const wg_node all[] = {y, out[0], out[1]};
    assert_int_equal(wg_run(all, 3), WG_OK);
    assert_same_bits(y, out[0]);
    assert_same_bits(y, out[1]);
}

/* ---- whole ones --------------------------------------------------------------------------- */

/* Column k of a Jacobian [m, count] against the tangent along unit vector k. */
static void judge_columns(wg_node j, wg_node y, const wg_node *x, int64_t m, int64_t count)
{
    double values[256];
    double unit[MOST] = {0};
    double column[MOST];
    double expected[MOST];
    assert_true(m * count <= 256);
    values_of(j, values, m * count);
    for (int64_t k = 0; k < count; k++) {
        unit[k] = 1;
        tangent_oracle(y, x, &(const double *){unit}, 1, expected);
        unit[k] = 0;
        for (int64_t i = 0; i < m; i++) {
            column[i] = values[i * count + k];
        }
        assert_true(scaled_error(column, expected, m) <= CLOSE);
    }
}

/* By rows and by columns: 9 outputs, 20, 5 and 15 inputs. */
static void test_derivatives_jacobian_of_a_network(void **state)
{
    fixture *f = *state;
    net n;
    record_net(f, &n);
    for (size_t k = 1; k < N_LEAVES; k++) {
        wg_node j;
        assert_int_equal(wg_jacobian(n.logits, n.leaves[k], &j), WG_OK);
        assert_int_equal(wg_node_rank(j), k == 2 ? 3 : 4);
        assert_int_equal(wg_node_dim(j, 0), ROWS);
        assert_int_equal(wg_node_dim(j, 1), CLASSES);
        assert_int_equal(wg_node_dim(j, 2), k == 1 ? IN : HIDDEN);
        judge_columns(j, n.logits, &n.leaves[k], ROWS * CLASSES, leaf_counts[k]);
    }
}

static void test_derivatives_hessian_is_symmetric(void **state)
{
    fixture *f = *state;
    net n;
    enum {
        COUNT = HIDDEN * CLASSES
    };
    static double h[COUNT * COUNT];
    record_net(f, &n);
    wg_node node;
    wg_node dx;
    assert_int_equal(wg_hessian(n.loss, n.leaves[3], &node), WG_OK);
    assert_int_equal(wg_node_rank(node), 4);
    assert_int_equal(wg_grad(n.loss, &n.leaves[3], 1, &dx), WG_OK);
    judge_columns(node, dx, &n.leaves[3], COUNT, COUNT);
    values_of(node, h, COUNT * COUNT);
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < COUNT; i++) {
        for (int k = 0; k < COUNT; k++) {
            largest = fmax(largest, fabs(h[i * COUNT + k]));
            worst = fmax(worst, fabs(h[i * COUNT + k] - h[k * COUNT + i]));
        }
    }
    assert_true(largest > 1e-3);
    assert_true(worst <= 1e-12 * largest);
}

/* The ranks add up to the most there is, all of them x's or all y's. */
static void test_derivatives_jacobians_of_rank_8(void **state)
{
    fixture *f = *state;
    const int64_t dims[] = {1, 2, 1, 1, 1, 1, 1, 1};
    wg_node x = leaf_of(f, 8, dims, (const double[]){2, 3});
    wg_node j;
    assert_int_equal(wg_jacobian(wg_sum_all(wg_square(x)), x, &j), WG_OK);
    assert_int_equal(wg_node_rank(j), 8);
    assert_all_near(j, (const double[]){4, 6}, 2, 0);
    wg_node one = scalar_variable(f, 5);
    assert_int_equal(wg_jacobian(wg_mul(x, one), one, &j), WG_OK);
    assert_int_equal(wg_node_rank(j), 8);
    assert_all_near(j, (const double[]){2, 3}, 2, 0);
}

/* A Jacobian is a node as any other. */
static void test_derivatives_through_a_jacobian(void **state)
{
    fixture *f = *state;
    wg_node x = vector_variable(f, 2, (const double[]){2, 3});
    wg_node y = wg_mul(wg_square(x), x);
    wg_node j;
    wg_node slope;
    assert_int_equal(wg_jacobian(y, x, &j), WG_OK); /* diag(3 x^2) */
    assert_int_equal(wg_grad(wg_sum_all(wg_square(j)), &x, 1, &slope), WG_OK);
    assert_all_near(slope, (const double[]){36 * 8, 36 * 27}, 2, CLOSE);
}

static void test_derivatives_of_nothing(void **state)
{
    fixture *f = *state;
    static const int64_t dims[] = {0, 3};
    wg_node x = leaf_of(f, 2, dims, (const double[]){0});
    wg_node y = wg_sum(x, &(int32_t){0}, 1, false);
    wg_node j;
    wg_node unused = scalar_variable(f, 1);
    assert_int_equal(wg_jacobian(y, x, &j), WG_OK);
    assert_int_equal(wg_node_rank(j), 3);
    assert_int_equal(wg_node_dim(j, 0), 3);
    assert_int_equal(wg_node_dim(j, 1), 0);
    assert_all_near(j, NULL, 0, 0);
    assert_int_equal(wg_jacobian(y, unused, &j), WG_OK);
    assert_all_near(j, (const double[]){0, 0, 0}, 3, 0);
    assert_int_equal(wg_per_sample_gradients(wg_sum(x, &(int32_t){1}, 1, false), &x, 1, &j), WG_OK);
    assert_int_equal(wg_node_rank(j), 3);
    assert_int_equal(wg_node_dim(j, 0), 0);
}

/* ---- samples ------------------------------------------------------------------------------ */

/* Each row has the bits of that sample's gradient asked for alone, in a graph of its own run. */
static void test_derivatives_per_sample_gradients(void **state)
{
    fixture *f = *state;
    net n;
    static double all[N_LEAVES][ROWS * MOST];
    wg_node out[N_LEAVES];
    record_net(f, &n);
    assert_int_equal(wg_per_sample_gradients(n.losses, n.leaves, N_LEAVES, out), WG_OK);
    for (size_t k = 0; k < N_LEAVES; k++) {
        assert_int_equal(wg_node_rank(out[k]), wg_node_rank(n.leaves[k]) + 1);
        assert_int_equal(wg_node_dim(out[k], 0), ROWS);
        values_of(out[k], all[k], ROWS * leaf_counts[k]);
    }
    for (int64_t b = 0; b < ROWS; b++) {
        double one[MOST];
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
        record_net(f, &n);
        wg_node u = wg_one_hot(wg_constant(f->g, WG_I64, 0, NULL, &b), ROWS, WG_F64);
        assert_int_equal(wg_vjp(&n.losses, &u, 1, n.leaves, N_LEAVES, out), WG_OK);
        wg_node picked = wg_gather(n.losses, wg_constant(f->g, WG_I64, 0, NULL, &b), 0);
        wg_node slope[N_LEAVES];
        assert_int_equal(wg_grad(picked, n.leaves, N_LEAVES, slope), WG_OK);
        for (size_t k = 0; k < N_LEAVES; k++) {
            const double *row = all[k] + b * leaf_counts[k];
            values_of(out[k], one, leaf_counts[k]);
            assert_memory_equal(one, row, (size_t)leaf_counts[k] * sizeof *one);
            assert_all_near(slope[k], row, leaf_counts[k], 0);
        }
    }
}

/* ---- plans, contexts, refusals ------------------------------------------------------------ */

static void test_derivatives_again_find_their_plan(void **state)
{
    fixture *f = *state;
    net n;
    for (int i = 0; i < 8; i++) {
        wg_node out[3];
        const wg_stats before = stats_of(f);
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
        record_net(f, &n); /* its leaves are new tensors each time */
        const size_t calls = f->counter.n_calls;
        assert_int_equal(wg_hessian(n.loss, n.leaves[2], &out[0]), WG_OK);
        assert_int_equal(wg_jacobian(n.logits, n.leaves[2], &out[1]), WG_OK);
        assert_int_equal(wg_per_sample_gradients(n.losses, &n.leaves[1], 1, &out[2]), WG_OK);
        assert_int_equal(wg_run(out, 3), WG_OK);
        assert_int_equal(stats_of(f).plan_hits - before.plan_hits, i > 0);
        assert_int_equal(stats_of(f).plan_misses - before.plan_misses, i == 0);
        assert_true(i < 2 || f->counter.n_calls == calls);
    }
}

static void test_derivatives_in_an_eager_context(void **state)
{
    fixture *f = *state;
    net n;
    fixture eager = {.counter = {0}};
    const wg_config config = {.size = sizeof config, .seed = 7, .eager = true};
    assert_int_equal(wg_context_create(&config, &eager.ctx), WG_OK);
    assert_int_equal(wg_graph_create(eager.ctx, &eager.g), WG_OK);
    double planned[2][256];
    fixture *both[] = {f, &eager};
    for (int i = 0; i < 2; i++) {
        wg_node out[2];
        record_net(both[i], &n);
        assert_int_equal(wg_jacobian(n.logits, n.leaves[2], &out[0]), WG_OK);
        assert_int_equal(wg_hvp(n.loss, &n.leaves[3], &n.along[3], 1, &out[1]), WG_OK);
        values_of(out[0], planned[i], ROWS * CLASSES * HIDDEN);
        values_of(out[1], planned[i] + ROWS * CLASSES * HIDDEN, leaf_counts[3]);
    }
    const size_t n_same = ROWS * CLASSES * HIDDEN + HIDDEN * CLASSES;
    assert_memory_equal(planned[0], planned[1], n_same * sizeof(double));
    wg_graph_destroy(eager.g);
    wg_context_destroy(eager.ctx);
}

static void expect_text(fixture *f, wg_status status, wg_status expected, const char *text)
{
    assert_int_equal(status, expected);
    assert_int_equal(wg_graph_status(f->g), expected);
    if (strncmp(wg_graph_error(f->g), text, strlen(text)) != 0) {
        fail_msg("%s\nin place of %s", wg_graph_error(f->g), text);
    }
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
}

static void test_derivatives_say_what_does_not_fit(void **state)
{
    fixture *f = *state;
    const double v[] = {1, 2, 3};
    wg_node out;
    wg_node x = vector_variable(f, 3, v);
    wg_node u = vector_variable(f, 2, v);
    expect_text(f, wg_vjp(&x, &u, 1, &x, 1, &out), WG_ERR_SHAPE,
                "vjp: u is f64 [2], its y f64 [3]");
    x = vector_variable(f, 3, v);
    u = wg_cast(x, WG_F32);
    expect_text(f, wg_jvp(&x, 1, &x, &u, 1, &out), WG_ERR_DTYPE,
                "jvp: v is f32 [3], its x f64 [3]");
    assert_false(wg_is_valid(out));
    x = vector_variable(f, 3, v);
    u = wg_cast(x, WG_I64);
    expect_text(f, wg_hvp(u, &x, &x, 1, &out), WG_ERR_DTYPE, "hvp: loss is not floating");
    x = vector_variable(f, 3, v);
    expect_text(f, wg_jacobian(wg_cast(x, WG_F32), x, &out), WG_ERR_DTYPE,
                "jacobian: dtypes differ: f32 (y) vs f64 (x)");
    x = wg_full(f->g, WG_F64, 2, (const int64_t[]){65, 64}, 1);
    expect_text(f, wg_hessian(wg_sum_all(wg_square(x)), x, &out), WG_ERR_RANGE,
                "hessian: both have more than 4096 elements: 4160 (y) and 4160 (x)\n"
                "  hint: wg_hvp, without the whole");
    x = wg_full(f->g, WG_F64, 5, (const int64_t[]){1, 1, 1, 1, 1}, 1);
    expect_text(f, wg_jacobian(wg_square(x), x, &out), WG_ERR_RANGE,
                "jacobian: the ranks are more than 8 together: 5 (y) and 5 (x)");
    x = vector_variable(f, 3, v);
    expect_text(f, wg_per_sample_gradients(wg_sum_all(x), &x, 1, &out), WG_ERR_SHAPE,
                "per_sample_gradients: losses are of rank 1, not 0");
    x = wg_full(f->g, WG_F64, 1, (const int64_t[]){5000}, 1);
    expect_text(f, wg_per_sample_gradients(wg_square(x), &x, 1, &out), WG_ERR_RANGE,
                "per_sample_gradients: 5000 samples are more than 4096");
    x = wg_full(f->g, WG_F64, 8, (const int64_t[]){1, 1, 1, 1, 1, 1, 1, 1}, 1);
    expect_text(f, wg_per_sample_gradients(wg_reshape(x, 1, (const int64_t[]){1}), &x, 1, &out),
                WG_ERR_RANGE, "per_sample_gradients: x has rank 8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_derivatives_by_hand),
        GRAPH_TEST(test_derivatives_of_several_nodes),
        GRAPH_TEST(test_derivatives_of_products),
        GRAPH_TEST(test_derivatives_jvp_is_the_tangent),
        GRAPH_TEST(test_derivatives_vjp_is_the_adjoint),
        GRAPH_TEST(test_derivatives_hvp_is_the_tangent_of_the_gradient),
        GRAPH_TEST(test_derivatives_hvp_of_a_jvp),
        GRAPH_TEST(test_derivatives_jvp_reads_no_dummy),
        GRAPH_TEST(test_derivatives_jvp_runs_no_dummy),
        GRAPH_TEST(test_derivatives_gate_exact_zeros),
        GRAPH_TEST(test_derivatives_of_dropout),
        GRAPH_TEST(test_derivatives_jacobian_of_a_network),
        GRAPH_TEST(test_derivatives_hessian_is_symmetric),
        GRAPH_TEST(test_derivatives_jacobians_of_rank_8),
        GRAPH_TEST(test_derivatives_through_a_jacobian),
        GRAPH_TEST(test_derivatives_of_nothing),
        GRAPH_TEST(test_derivatives_per_sample_gradients),
        GRAPH_TEST(test_derivatives_again_find_their_plan),
        GRAPH_TEST(test_derivatives_in_an_eager_context),
        GRAPH_TEST(test_derivatives_say_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
