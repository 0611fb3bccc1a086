/* XOR: what one neuron cannot do, and how much hidden units buy.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Weights and biases N(0,1), sigmoid output, 1/2 sum of squares over the four rows, rate 1, 4000
 * steps; solved when all four outputs are on the right side of 1/2. Of 4,000 starts each, networks
 * 2-1-1 to 2-4-1 solve 0, 73, 97, 99.9% with sigmoid hidden units, 0, 57, 93, 99.3% with tanh.
 *
 * Usage: xor [--all]    10 starts of 2-1-1 and 2-3-1, the latter drawn in xor.svg; or the table */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>

enum {
    CELLS = 60
};

static const double x[8] = {0, 0, 0, 1, 1, 0, 1, 1};
static const double y[4] = {0, 1, 1, 0};

/* Many starts of one network, trained side by side: the first axis of every weight is the start. */
typedef struct networks {
    wg_graph *g;
    wg_param *w[4]; /* [starts, 2, hidden] and bias, [starts, hidden, 1] and bias */
    int64_t starts;
    bool is_tanh;
} networks;

static wg_status create(wg_model *model, int64_t hidden, networks *n)
{
    static const char *const names[4] = {"w1", "b1", "w2", "b2"};
    const int64_t dims[4][3] = {
        {n->starts, 2, hidden}, {n->starts, 1, hidden}, {n->starts, hidden, 1}, {n->starts, 1, 1}};
    wg_init normal = {.kind = WG_INIT_NORMAL, .b = 1};
    wg_status s = WG_OK;
    for (int i = 0; s == WG_OK && i < 4; i++) {
        s = wg_param_create(model, names[i], WG_F64, 3, dims[i], &normal, &n->w[i]);
    }
    return s;
}

/* The outputs [starts, rows, 1] for the inputs [rows, 2]. */
static wg_node apply(const networks *n, int64_t rows, const double *inputs)
{
    wg_node in = wg_constant(n->g, WG_F64, 2, (int64_t[]){rows, 2}, inputs);
    wg_node z = wg_add(wg_matmul(in, wg_use(n->g, n->w[0])), wg_use(n->g, n->w[1]));
    wg_node h = n->is_tanh ? wg_tanh(z) : wg_sigmoid(z);
    return wg_sigmoid(wg_add(wg_matmul(h, wg_use(n->g, n->w[2])), wg_use(n->g, n->w[3])));
}

/* The loss is the sum over all starts: of each weight's gradient only its own start has a part. */
static wg_status train(const networks *n, wg_optimizer *sgd)
{
    wg_status s = WG_OK;
    for (int i = 0; s == WG_OK && i < 4000; i++) {
        wg_graph_reset(n->g);
        wg_node target = wg_constant(n->g, WG_F64, 2, (int64_t[]){4, 1}, y);
        wg_node error = wg_sub(apply(n, 4, x), target);
        s = wg_backward(wg_scale(wg_sum_all(wg_square(error)), .5));
        s = s == WG_OK ? wg_optimizer_step(sgd) : s;
    }
    wg_graph_reset(n->g);
    return s;
}

/* Counts the starts that solve XOR, one of which is *which; 0 on failure. */
static int64_t count(const networks *n, int64_t *which)
{
    const wg_tensor *out = wg_value(apply(n, 4, x));
    int64_t solved = 0;
    for (int64_t i = 0; i < n->starts; i++) {
        int right = 0;
        for (int64_t k = 0; k < 4; k++) {
            right += wg_tensor_get(out, 4 * i + k) >= .5 ? y[k] == 1 : y[k] == 0;
        }
        *which = right == 4 ? i : *which;
        solved += right == 4;
    }
    return solved;
}

static wg_status draw(const networks *n, int64_t which, const char *path)
{
    static const wg_region_point points[4] = {{0, 0, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}};
    wg_regions regions = {.size = sizeof regions, .kind = WG_REGIONS_SHADES, .x_low = -.5,
    .x_high = 1.5, .y_low = -.5, .y_high = 1.5, .columns = CELLS, .rows = CELLS, .points = points, .n_points = 4, .title = "XOR"};
    double centers[2 * CELLS * CELLS];
    wg_status s = wg_regions_centers(&regions, centers);
    const wg_tensor *out = wg_value(apply(n, CELLS * CELLS, centers));
    const double *values = wg_tensor_data(out);
    regions.values = values + 
    FILE *f = fopen(path, "w");
    wg_writer writer = wg_file_writer(f);
    s = wg_regions_write(&regions, &writer);
    return f == NULL || fclose(f) != 0 ? WG_ERR_IO : s;
}

static int experiment(wg_graph *g, int64_t hidden, bool is_tanh, int64_t starts, double expected)
{
    networks n = {.g = g, .starts = starts, .is_tanh = is_tanh};
    wg_sgd_options options = {.size = sizeof options, .rate = 1};
    wg_model *m = NULL;
    wg_optimizer *sgd = NULL;
    int64_t which = -1;
    wg_status s = wg_model_create(wg_graph_context(g), &m);
    s = s == WG_OK ? create(m, hidden, &n) : s;
    s = s == WG_OK ? wg_sgd_create(m, &options, &sgd) : s;
    s = s == WG_OK ? train(&n, sgd) : s;
    double part = s == WG_OK ? (double)count(&n, &which) / (double)starts : NAN;
    double error = sqrt(expected * (1 - expected) / (double)starts);
    printf("  2-%d-1  %-7s  %6.1f%%  (%g)\n", (int)hidden, is_tanh ? "tanh" : "sigmoid", 100 * part, 100 * expected);
    fflush(stdout);
    wg_optimizer_destroy(sgd);
    wg_graph_reset(g);
    wg_model_destroy(m);
    return fabs(part - expected) <= 3 * error ? 0 : 1;
}
int main(int argc, char **argv)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    int n_wrong = 0;
    wg_config c = {.size = sizeof c, .seed = 1969};
    wg_status s = wg_context_create(&c, &ctx);
    s = s == WG_OK ? wg_graph_create(ctx, &g) : s;
    static const double e[2][4] = {{0,.73,.97,.999},{0,.57,.93,.993}};
    if (argc > 1) {
        for (int i = 0; i < 8; i++) n_wrong += experiment(g, i % 4 + 1, i / 4, 4000, e[i/4][i%4]);
    } else {
    n_wrong += experiment(g, 1, false, 10, 0) + experiment(g, 3, false, 10, .97);
    }
    printf("%d wrong %s\n", n_wrong, wg_graph_error(g));
    return 0;
}
