/* The catalogue of faults, planted in a hand-written gradient, caught and named.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The network: h = act(x w1 + b1), y = s(h w2 + b2), loss = mean over the samples of
 * 1/2 sum (y - t)^2. SAMPLES equals HIDDEN so that a sum over the wrong axis fits. */
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include <wengert/check.h>

enum {
    SAMPLES = 3,
    INPUTS = 4,
    HIDDEN = 3,
    OUTPUTS = 3
};
enum {
    W1 = 0,
    B1 = INPUTS * HIDDEN,
    W2 = B1 + HIDDEN,
    B2 = W2 + HIDDEN * OUTPUTS
};
enum {
    N = B2 + OUTPUTS
};

typedef enum fault {
    NO_FAULT,
    SIGN,
    FACTOR_TWO,
    FACTOR_HALF,
    SUM_FOR_MEAN,
    MEAN_FOR_SUM,
    CONSTANT_FACTOR,
    TRANSPOSED,
    MIRRORED,
    UNREDUCED_BROADCAST,
    BROADCAST_BACK,
    STALE_VALUE,
    WRONG_MASK,
    WRONG_AXIS,
    LOST_ACCUMULATION,
    MISSING,
    AT_ACTIVATION,
    NOT_TRANSPOSED,
    UPDATED_EARLY
} fault;

typedef struct network {
    fault fault;
    bool has_relu; /* hidden units: ReLU, else sigmoid */
    double x[SAMPLES][INPUTS];
    double t[SAMPLES][OUTPUTS];
    double z[SAMPLES][HIDDEN];
    double h[SAMPLES][HIDDEN];
    double y[SAMPLES][OUTPUTS];
    double up[SAMPLES][OUTPUTS]; /* dloss/dy */
} network;

static double sigmoid(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

static double loss_of(const double *p, size_t n, void *user)
{
    network *net = user;
    double loss = 0.0;
    (void)n;
    for (size_t s = 0; s < SAMPLES; s++) {
        for (size_t j = 0; j < HIDDEN; j++) {
            double z = p[B1 + j];
            for (size_t i = 0; i < INPUTS; i++) {
                z += net->x[s][i] * p[W1 + i * HIDDEN + j];
            }
            net->z[s][j] = z;
            net->h[s][j] = !net->has_relu ? sigmoid(z) : z > 0.0 ? z : 0.0;
        }
        for (size_t k = 0; k < OUTPUTS; k++) {
            double z = p[B2 + k];
            for (size_t j = 0; j < HIDDEN; j++) {
                z += net->h[s][j] * p[W2 + j * OUTPUTS + k];
            }
            net->y[s][k] = sigmoid(z);
            net->up[s][k] = (net->y[s][k] - net->t[s][k]) / SAMPLES;
            loss += 0.5 * SAMPLES * net->up[s][k] * net->up[s][k];
        }
    }
    return loss;
}

static double hidden_slope(const network *net, size_t s, size_t j)
{
    if (net->has_relu) {
        bool is_on = net->z[s][j] > 0.0;
        return net->fault == WRONG_MASK && s == 1 ? !is_on : is_on;
    }
    return net->h[s][j] * (1.0 - net->h[s][j]);
}

/* The gradients of the second layer; delta2 is what the first is made of. */
static void backward_2(const network *net, double *g, double delta2[SAMPLES][OUTPUTS])
{
    for (size_t s = 0; s < SAMPLES; s++) {
        for (size_t k = 0; k < OUTPUTS; k++) {
            double a = net->fault == AT_ACTIVATION ? sigmoid(net->y[s][k]) : net->y[s][k];
            delta2[s][k] = net->up[s][k] * a * (1.0 - a);
            g[B2 + k] += delta2[s][k];
            for (size_t j = 0; j < HIDDEN; j++) {
                double h = net->h[net->fault == STALE_VALUE && s > 0 ? s - 1 : s][j];
                size_t at = net->fault == TRANSPOSED ? k * HIDDEN + j : j * OUTPUTS + k;
                if (net->fault == LOST_ACCUMULATION) {
                    g[W2 + at] = 0.0;
                }
                g[W2 + at] += h * delta2[s][k];
            }
        }
    }
}

static void backward_1(const network *net, const double *p, double *g,
                       double delta2[SAMPLES][OUTPUTS])
{
    for (size_t s = 0; s < SAMPLES; s++) {
        for (size_t j = 0; j < HIDDEN; j++) {
            double sum = 0.0;
            for (size_t k = 0; k < OUTPUTS; k++) {
                size_t at = net->fault == NOT_TRANSPOSED ? k * OUTPUTS + j : j * OUTPUTS + k;
                double w = p[W2 + at] - (net->fault == UPDATED_EARLY ? 0.7 * g[W2 + at] : 0.0);
                sum += w * delta2[s][k];
            }
            double delta = sum * hidden_slope(net, s, j);
            if (net->fault != UNREDUCED_BROADCAST || s == 0) {
                g[B1 + (net->fault == WRONG_AXIS ? s : j)] += delta;
            }
            for (size_t i = 0; i < INPUTS; i++) {
                size_t at = net->fault == MIRRORED ? j * INPUTS + i : i * HIDDEN + j;
                g[W1 + at] += net->x[s][i] * delta;
            }
        }
    }
}

static void scale(double *g, size_t count, double factor)
{
    for (size_t i = 0; i < count; i++) {
        g[i] *= factor;
    }
}

/* Every row becomes the sum over the rows: reduced, and wrongly broadcast back. */
static void broadcast_back(double *g, size_t rows, size_t columns)
{
    for (size_t k = 0; k < columns; k++) {
        double sum = 0.0;
        for (size_t i = 0; i < rows; i++) {
            sum += g[i * columns + k];
        }
        for (size_t i = 0; i < rows; i++) {
            g[i * columns + k] = sum;
        }
    }
}

static void spoil(const network *net, double *g)
{
    switch (net->fault) {
    case SIGN:
        scale(g + W1, B1 - W1, -1.0);
        break;
    case FACTOR_TWO:
        scale(g + B2, OUTPUTS, 2.0);
        break;
    case FACTOR_HALF:
        scale(g + B2, OUTPUTS, 0.5);
        break;
    case SUM_FOR_MEAN:
        scale(g, N, SAMPLES);
        break;
    case MEAN_FOR_SUM:
        scale(g + W2, B2 - W2, 1.0 / SAMPLES);
        break;
    case CONSTANT_FACTOR:
        scale(g + W1, B1 - W1, 1.7);
        break;
    case BROADCAST_BACK:
        broadcast_back(g + W2, HIDDEN, OUTPUTS);
        break;
    case MISSING:
        scale(g + B1, HIDDEN, 0.0);
        break;
    default:
        break;
    }
}

static void gradient_of(const double *p, double *g, size_t n, void *user)
{
    network *net = user;
    double delta2[SAMPLES][OUTPUTS];
    (void)loss_of(p, n, net);
    memset(g, 0, n * sizeof(double));
    backward_2(net, g, delta2);
    backward_1(net, p, g, delta2);
    spoil(net, g);
}

/* Numbers without pattern in (-1, 1). */
static double number(size_t i)
{
    double x = sin(12.9898 * (double)(i + 1)) * 43758.5453;
    return 2.0 * (x - floor(x)) - 1.0;
}

static void fill(network *net, double *p)
{
    size_t at = 0;
    memset(net, 0, sizeof(*net));
    for (size_t s = 0; s < SAMPLES; s++) {
        for (size_t i = 0; i < INPUTS; i++) {
            net->x[s][i] = number(at++);
        }
        for (size_t k = 0; k < OUTPUTS; k++) {
            net->t[s][k] = number(at++) * 0.5 + 0.5;
        }
    }
    for (size_t i = 0; i < N; i++) {
        p[i] = number(at++);
    }
}

static const wg_check_block blocks[] = {
    {"w1", 2, {INPUTS, HIDDEN}, W1},
    {"b1", 1, {HIDDEN}, B1},
    {"w2", 2, {HIDDEN, OUTPUTS}, W2},
    {"b2", 1, {OUTPUTS}, B2},
};

typedef struct outcome {
    wg_check_report report;
    wg_check_result results[4];
} outcome;

static outcome check_fault(fault f, bool has_relu, bool has_layers)
{
    network net;
    network here;
    double p[N];
    outcome out;
    fill(&net, p);
    net.has_relu = has_relu;
    (void)loss_of(p, N, &net);
    here = net;
    wg_check_layer above = {2,         SAMPLES,   HIDDEN,     OUTPUTS, false,
                            here.h[0], here.y[0], here.up[0], NULL};
    wg_check_layer layers[] = {
        {0, SAMPLES, INPUTS, HIDDEN, false, here.x[0], here.h[0], NULL, &above}, above};
    const size_t counts[] = {SAMPLES};
    wg_check_options o = {.size = sizeof(o), .blocks = blocks, .n_blocks = 4};
    o.results = out.results;
    o.counts = counts;
    o.n_counts = 1;
    o.layers = layers;
    o.n_layers = has_layers ? 2 : 0;
    net.fault = f;
    assert_int_equal(wg_check_function(loss_of, gradient_of, p, N, &net, &o, &out.report), 0);
    return out;
}

static void test_check_faults_passes_the_right_gradient(void **state)
{
    (void)state;
    for (int relu = 0; relu < 2; relu++) {
        outcome out = check_fault(NO_FAULT, relu == 1, relu == 0);
        assert_int_equal(out.report.verdict, WG_CHECK_RIGHT);
        assert_int_equal(out.report.counts.right, N);
        assert_int_equal(out.report.finding.diagnosis, WG_CHECK_NO_DIAGNOSIS);
        for (size_t k = 0; k < 4; k++) {
            assert_int_equal(out.results[k].verdict, WG_CHECK_RIGHT);
        }
    }
}

/* A fault, the block that it spoils first, and its name there. */
typedef struct expectation {
    fault fault;
    size_t block;
    wg_check_diagnosis name;
    bool has_relu;
} expectation;

static const expectation catalogue[] = {
    {SIGN, 0, WG_CHECK_SIGN, false},
    {FACTOR_TWO, 3, WG_CHECK_FACTOR, false},
    {FACTOR_HALF, 3, WG_CHECK_FACTOR, false},
    {SUM_FOR_MEAN, 0, WG_CHECK_SUM_FOR_MEAN, false},
    {SUM_FOR_MEAN, 3, WG_CHECK_SUM_FOR_MEAN, true},
    {MEAN_FOR_SUM, 2, WG_CHECK_MEAN_FOR_SUM, false},
    {CONSTANT_FACTOR, 0, WG_CHECK_FACTOR, false},
    {TRANSPOSED, 2, WG_CHECK_TRANSPOSED, false},
    {MIRRORED, 0, WG_CHECK_TRANSPOSED, false},
    {UNREDUCED_BROADCAST, 1, WG_CHECK_UNKNOWN, false},
    {BROADCAST_BACK, 2, WG_CHECK_CONSTANT, false},
    {STALE_VALUE, 2, WG_CHECK_UNKNOWN, false},
    {WRONG_MASK, 0, WG_CHECK_UNKNOWN, true},
    {WRONG_AXIS, 1, WG_CHECK_UNKNOWN, false},
    {LOST_ACCUMULATION, 2, WG_CHECK_UNKNOWN, false},
    {MISSING, 1, WG_CHECK_MISSING, false},
    {AT_ACTIVATION, 2, WG_CHECK_AT_ACTIVATION, false},
    {NOT_TRANSPOSED, 0, WG_CHECK_WEIGHTS_NOT_TRANSPOSED, false},
    {UPDATED_EARLY, 0, WG_CHECK_UPDATED_EARLY, false},
};

static void test_check_faults_are_caught_and_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(catalogue) / sizeof(catalogue[0]); i++) {
        const expectation *e = &catalogue[i];
        outcome out = check_fault(e->fault, e->has_relu, !e->has_relu);
        assert_int_equal(out.report.verdict, WG_CHECK_WRONG);
        assert_int_equal(out.results[e->block].verdict, WG_CHECK_WRONG);
        assert_int_equal(out.results[e->block].diagnosis, e->name);
    }
}

/* The reports carry what the names need: the factor, the n, the axis, the rate. */
static void test_check_faults_are_measured(void **state)
{
    (void)state;
    outcome out = check_fault(FACTOR_HALF, false, false);
    assert_true(fabs(out.results[3].factor - 0.5) < 1e-6);
    out = check_fault(CONSTANT_FACTOR, false, false);
    assert_true(fabs(out.results[0].factor - 1.7) < 1e-6);
    out = check_fault(SUM_FOR_MEAN, false, false);
    assert_int_equal(out.results[1].n, SAMPLES);
    out = check_fault(MEAN_FOR_SUM, false, false);
    assert_int_equal(out.results[2].n, SAMPLES);
    out = check_fault(BROADCAST_BACK, false, false);
    assert_int_equal(out.results[2].axis, 0);
    out = check_fault(UPDATED_EARLY, false, true);
    assert_true(fabs(out.results[0].rate - 0.7) < 1e-6);
    assert_int_equal(out.report.finding.diagnosis, WG_CHECK_UPDATED_EARLY);
    assert_string_equal(out.report.finding_block, "w1");
}

/* A fault in one layer leaves the blocks that do not depend on it right. */
static void test_check_faults_stay_in_their_blocks(void **state)
{
    (void)state;
    outcome out = check_fault(TRANSPOSED, false, true);
    assert_int_equal(out.results[0].verdict, WG_CHECK_RIGHT);
    assert_int_equal(out.results[1].verdict, WG_CHECK_RIGHT);
    assert_int_equal(out.results[3].verdict, WG_CHECK_RIGHT);
    out = check_fault(UNREDUCED_BROADCAST, false, true);
    assert_int_equal(out.report.counts.wrong, out.results[1].counts.wrong);
}

/* Without what the layers tell, the names that need it are not guessed; the faults stay caught. */
static void test_check_faults_without_layers_are_not_guessed(void **state)
{
    (void)state;
    const fault faults[] = {AT_ACTIVATION, NOT_TRANSPOSED, UPDATED_EARLY};
    const size_t spoiled[] = {2, 0, 0};
    for (size_t i = 0; i < 3; i++) {
        outcome out = check_fault(faults[i], false, false);
        assert_int_equal(out.report.verdict, WG_CHECK_WRONG);
        assert_int_equal(out.results[spoiled[i]].diagnosis, WG_CHECK_UNKNOWN);
    }
}

static void test_check_faults_refuses_layers_that_do_not_fit(void **state)
{
    (void)state;
    network net;
    double p[N];
    wg_check_report r;
    fill(&net, p);
    const wg_check_layer good = {2,        SAMPLES,  HIDDEN,    OUTPUTS, false,
                                 net.h[0], net.y[0], net.up[0], NULL};
    for (int i = 0; i < 9; i++) {
        wg_check_layer layer = good;
        layer.block = i == 0 ? 4 : i == 1 ? 0 : 2;
        layer.rows = i == 2 ? 0 : SAMPLES;
        layer.inputs = i == 3 ? 0 : i == 4 ? SIZE_MAX : HIDDEN;
        layer.outputs = i == 5 ? 0 : OUTPUTS;
        layer.input = i == 6 ? NULL : good.input;
        layer.activation = i == 7 ? NULL : good.activation;
        layer.upstream = i == 8 ? NULL : good.upstream;
        wg_check_options o = {.size = sizeof(o), .blocks = blocks, .n_blocks = 4};
        o.layers = &layer;
        o.n_layers = 1;
        assert_int_equal(wg_check_function(loss_of, gradient_of, p, N, &net, &o, &r),
                         WG_CHECK_ERR_SHAPE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_faults_passes_the_right_gradient),
        cmocka_unit_test(test_check_faults_are_caught_and_named),
        cmocka_unit_test(test_check_faults_are_measured),
        cmocka_unit_test(test_check_faults_stay_in_their_blocks),
        cmocka_unit_test(test_check_faults_without_layers_are_not_guessed),
        cmocka_unit_test(test_check_faults_refuses_layers_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
