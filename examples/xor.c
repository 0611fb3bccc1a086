/* XOR: what one neuron cannot do, and how much hidden units buy.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Weights and biases N(0,1), sigmoid output, 1/2 sum of squares over the four rows, rate 1, 4000
 * steps; solved when all four outputs are on the right side of 1/2. Of 4,000 starts each, networks
 * 2-1-1 to 2-4-1 solve 0, 73, 97, 99.9% with sigmoid hidden units, 0, 57, 93, 99.3% with tanh.
 * Usage: xor [--all]    10 starts of 2-1-1 and 2-3-1, one drawn in xor.svg; --all: the table */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CELLS 120 /* each way, what pictures have by default */

static const double x[8] = {0, 0, 0, 1, 1, 0, 1, 1};
static const double y[4] = {0, 1, 1, 0};

/* Many starts of one network, trained side by side: the first axis of every weight is the start. */
typedef struct networks {
    wg_graph *g;
    wg_param *w[4]; /* [starts, 2, hidden] and bias, [starts, hidden, 1] and bias */
    int64_t starts;
    int64_t hidden;
    bool is_tanh;
} networks;

/* The outputs [starts, rows, 1] for the inputs [rows, 2]. */
static wg_node apply(const networks *n, int64_t rows, const double *inputs)
{
    wg_node in = wg_constant(n->g, WG_F64, 2, (int64_t[]){rows, 2}, inputs);
    wg_node z = wg_add(wg_matmul(in, wg_use(n->g, n->w[0])), wg_use(n->g, n->w[1]));
    wg_node h = n->is_tanh ? wg_tanh(z) : wg_sigmoid(z);
    return wg_sigmoid(wg_add(wg_matmul(h, wg_use(n->g, n->w[2])), wg_use(n->g, n->w[3])));
}

/* The loss sums over all starts; each weight's gradient has parts of its own start alone. */
static wg_status train(const networks *n, wg_optimizer *sgd)
{
    wg_status s = WG_OK;
    for (int i = 0; s == WG_OK && i < 4000; i++) {
        wg_graph_reset(n->g);
        wg_node target = wg_constant(n->g, WG_F64, 2, (int64_t[]){4, 1}, y);
        s = wg_backward(wg_scale(wg_sum_all(wg_square(wg_sub(apply(n, 4, x), target))), .5));
        s = s == WG_OK ? wg_optimizer_step(sgd) : s;
    }
    wg_graph_reset(n->g);
    return s;
}

/* The part of the starts that solve XOR; NaN on failure. */
static double score(const networks *n)
{
    wg_node half = wg_number(n->g, WG_F64, .5);
    wg_node target = wg_constant(n->g, WG_F64, 2, (int64_t[]){4, 1}, y);
    wg_node answer = wg_heaviside(wg_sub(apply(n, 4, x), half), 1);
    wg_node misread = wg_sum(wg_square(wg_sub(answer, target)), (int32_t[]){1}, 1, false);
    return wg_item(wg_mean_all(wg_heaviside(wg_sub(half, misread), 1)));
}

/* Draws the first start: shades from 0 to 1, with the boundary at 1/2. */
static wg_status draw(const networks *n)
{
    static const wg_region_point points[4] = {{0, 0, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}};
    wg_regions r = {.size = sizeof r, .kind = WG_REGIONS_SHADES, .points = points, .n_points = 4};
    double centers[2 * CELLS * CELLS];
    r.x_low = r.y_low = -.5;
    r.x_high = r.y_high = 1.5;
    wg_status s = wg_regions_centers(&r, centers);
    r.values = wg_tensor_data(wg_value(apply(n, CELLS * CELLS, centers)));
    FILE *f = fopen("xor.svg", "w");
    wg_writer writer = wg_file_writer(f);
    s = s == WG_OK ? wg_regions_write(&r, &writer) : s;
    return f != NULL && fclose(f) == 0 ? s : WG_ERR_IO;
}

/* Whether as many starts solve XOR as are known to, within three standard errors. */
static bool experiment(networks n, double known)
{
    const wg_init normal = {.kind = WG_INIT_NORMAL, .b = 1};
    const wg_sgd_options options = {.size = sizeof options, .rate = 1};
    wg_model *model = NULL;
    wg_optimizer *sgd = NULL;
    wg_status s = wg_model_create(wg_graph_context(n.g), &model);
    for (int i = 0; s == WG_OK && i < 4; i++) {
        static const char *const names[4] = {"w1", "b1", "w2", "b2"};
        int64_t dims[3] = {n.starts, (int64_t[]){2, 1, n.hidden, 1}[i], i < 2 ? n.hidden : 1};
        s = wg_param_create(model, names[i], WG_F64, 3, dims, &normal, &n.w[i]);
    }
    s = s == WG_OK ? wg_sgd_create(model, &options, &sgd) : s;
    s = s == WG_OK ? train(&n, sgd) : s;
    double part = s == WG_OK ? score(&n) : NAN;
    double variance = fmax(part * (1 - part), known * (1 - known)) / (double)n.starts;
    printf("  2-%d-1 %7s  %5.1f%% of %d  (%.1f%%)\n", (int)n.hidden, n.is_tanh ? "tanh" : "sigmoid",
           100 * part, (int)n.starts, 100 * known);
    s = s == WG_OK && n.hidden == 3 && !n.is_tanh && n.starts == 10 ? draw(&n) : s;
    wg_optimizer_destroy(sgd);
    wg_graph_reset(n.g);
    wg_model_destroy(model);
    return s == WG_OK && fabs(part - known) <= 3 * sqrt(variance);
}

int main(int argc, char **argv)
{
    static const double known[2][4] = {{0, .73, .97, .999}, {0, .57, .93, .993}};
    bool is_all = argc > 1 && strcmp(argv[1], "--all") == 0;
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    bool ok = wg_context_create(NULL, &ctx) == WG_OK && wg_graph_create(ctx, &g) == WG_OK;
    printf("One neuron needs b < 0, w2 + b >= 0, w1 + b >= 0, w1 + w2 + b < 0. The middle two add\n"
           "up to w1 + w2 + 2b >= 0, the outer two to < 0. With hidden units:\n\n");
    for (int i = 0; i < 8; i += is_all ? 1 : 2) {
        networks n = {.g = g, .starts = is_all ? 4000 : 10, .hidden = i % 4 + 1, .is_tanh = i >= 4};
        ok = ok && experiment(n, known[i / 4][i % 4]);
    }
    fprintf(stderr, "%s%s", wg_context_error(ctx), wg_graph_error(g));
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return ok ? 0 : 1;
}
