/* Two spirals, one turning inside the other, told apart by a small network; its regions as SVG.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Lang and Witbrock 1988 gave this problem to networks because no few lines cut it. 193 points on
 * each arm, three turns; 2-32-32-2, tanh, cross entropy, Adam at rate .003, 1,500 full batches: all
 * 386 points right, and all 386 that lie halfway between them. Written: decision_boundary.svg. */
#include <wengert/stdio.h>
#include <wengert/wengert.h>

#include <math.h>

enum {
    ARM = 193,
    POINTS = 2 * ARM,
    STEPS = 1500,
    LAYERS = 3,
    CELLS = 120 /* each way, what pictures have by default */
};

/* Points of both arms in turn: for the picture, as rows of x and y, and their arms. */
typedef struct spirals {
    wg_region_point points[POINTS];
    double x[2 * POINTS];
    int64_t arm[POINTS];
} spirals;

static void generate(double offset, spirals *d)
{
    for (int i = 0; i < POINTS; i++) {
        double angle = (i / 2 + offset) * 3.14159265358979323846 / 32;
        double radius = (i % 2 == 0 ? 1 : -1) * (1 - angle / 20.4); /* half a turn apart */
        d->x[2 * i] = radius * sin(angle);
        d->x[2 * i + 1] = radius * cos(angle);
        d->points[i] = (wg_region_point){d->x[2 * i], d->x[2 * i + 1], i % 2};
        d->arm[i] = i % 2;
    }
}

/* [n, 2] -> [n, 2] */
static wg_node logits_of(const wg_linear *layers, wg_graph *g, int64_t n, const double *x)
{
    wg_node h = wg_constant(g, WG_F64, 2, (int64_t[]){n, 2}, x);
    for (int i = 0; i < LAYERS; i++) {
        h = wg_linear_apply(&layers[i], i == 0 ? h : wg_tanh(h));
    }
    return h;
}

static wg_status train(const wg_linear *layers, wg_graph *g, wg_optimizer *adam, const spirals *d)
{
    wg_status s = WG_OK;
    for (int i = 0; !s && i < STEPS; i++) {
        wg_graph_reset(g);
        wg_node arm = wg_constant(g, WG_I64, 1, (int64_t[]){POINTS}, d->arm);
        wg_node loss = wg_cross_entropy(logits_of(layers, g, POINTS, d->x), arm);
        s = wg_backward(loss);
        if (i % 250 == 0) {
            printf("step %4d  loss %.4f\n", i, wg_item(loss));
        }
        s = s ? s : wg_optimizer_step(adam);
    }
    return s;
}

/* Whether at least 99% of the points are told right. */
static bool judge(const wg_linear *layers, wg_graph *g, const spirals *d, const char *what)
{
    wg_graph_reset(g);
    wg_node arm = wg_constant(g, WG_I64, 1, (int64_t[]){POINTS}, d->arm);
    wg_node is_right = wg_equal(wg_argmax(logits_of(layers, g, POINTS, d->x), 1, false), arm);
    double n_right = wg_item(wg_sum_all(wg_cast(is_right, WG_F64)));
    printf("%s: %g of %d right\n", what, n_right, POINTS);
    return n_right >= .99 * POINTS;
}

/* How likely the second arm is at each cell, as a shade, and the points. */
static wg_status draw(const wg_linear *layers, wg_graph *g, const spirals *d)
{
    static double centers[2 * CELLS * CELLS];
    wg_regions r = {sizeof r, WG_REGIONS_SHADES, -1.1, 1.1, -1.1, 1.1, .points = d->points};
    r.n_points = POINTS;
    wg_status s = wg_regions_centers(&r, centers);
    wg_node shades = wg_softmax(logits_of(layers, g, CELLS * CELLS, centers), 1);
    r.values = wg_tensor_data(wg_value(wg_select(shades, 1, 1)));
    FILE *f = fopen("decision_boundary.svg", "w");
    wg_writer to = wg_file_writer(f);
    s = s ? s : wg_regions_write(&r, &to);
    return f != NULL && fclose(f) == 0 ? s : WG_ERR_IO;
}

int main(void)
{
    static spirals d[2]; /* to learn from, and between them */
    const wg_init he = {.kind = WG_INIT_HE_NORMAL};
    wg_linear_options o = {.size = sizeof o, .dtype = WG_F64, .init = &he};
    wg_adam_options a = {.size = sizeof a, .rate = .003};
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_model *m = NULL;
    wg_linear layers[LAYERS];
    wg_optimizer *adam = NULL;
    generate(0, &d[0]);
    generate(.5, &d[1]);
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : wg_linear_create(m, "first", 2, 32, &o, &layers[0]);
    s = s ? s : wg_linear_create(m, "second", 32, 32, &o, &layers[1]);
    s = s ? s : wg_linear_create(m, "out", 32, 2, &o, &layers[2]);
    s = s ? s : wg_adam_create(m, &a, &adam);
    s = s ? s : train(layers, g, adam, &d[0]);
    bool ok = !s && judge(layers, g, &d[0], "learned") && judge(layers, g, &d[1], "between");
    ok = ok && draw(layers, g, &d[0]) == WG_OK;
    fprintf(stderr, "%s%s", wg_context_error(ctx), wg_graph_error(g));
    wg_optimizer_destroy(adam);
    wg_graph_destroy(g);
    wg_model_destroy(m);
    wg_context_destroy(ctx);
    return ok ? 0 : 1;
}
