/* Tangents by differences in wide precision.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tangent_oracle.h"

#include "core/dtype.h"

#define STEP 1e-9

/* Adds sign/(2h) times the elements of y, with the leaves moved by sign * h * v. */
static void add_moved(wg_shadow *s, wg_node y, const wg_node *xs, const double *const *vs, size_t n,
                      wgi_wide sign, wgi_wide *sum)
{
    const wgi_wide h = (wgi_wide)STEP;
    for (size_t k = 0; k < n; k++) {
        const double *x = wg_tensor_data(wg_value(xs[k]));
        wgi_wide *leaf = wg_tensor_data_mutable(wg_shadow_leaf(s, xs[k]));
        for (int64_t i = 0; i < wg_tensor_count(wg_value(xs[k])); i++) {
            leaf[i] = (wgi_wide)x[i] + sign * h * (wgi_wide)vs[k][i];
        }
    }
    const uint64_t step = wg_graph_step(wg_shadow_graph(s));
    assert_int_equal(wg_graph_refresh(wg_shadow_graph(s)), WG_OK);
    assert_int_equal(wg_graph_set_step(wg_shadow_graph(s), step), WG_OK);
    const wg_tensor *t = wg_value(wg_shadow_node(s, y));
    assert_non_null(t);
    const wgi_wide *values = wg_tensor_data(t);
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        sum[i] += sign * values[i] / (2 * h);
    }
}

void tangent_oracle(wg_node y, const wg_node *xs, const double *const *vs, size_t n, double *out)
{
    wg_node_info info;
    wg_shadow *s;
    assert_int_equal(wg_node_describe(y, &info), WG_OK);
    const size_t count = (size_t)info.count;
    wgi_wide *sum = calloc(count + 1, sizeof *sum);
    assert_non_null(sum);
    assert_int_equal(wg_shadow_create(y.graph, WG_F64, (wg_dtype)WGI_DTYPE_WIDE, &s), WG_OK);
    add_moved(s, y, xs, vs, n, 1, sum);
    add_moved(s, y, xs, vs, n, -1, sum);
    for (size_t i = 0; i < count; i++) {
        out[i] = (double)sum[i];
    }
    wg_shadow_destroy(s);
    free(sum);
}

double scaled_error(const double *a, const double *b, int64_t n)
{
    double scale = 1;
    double error = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(a[i]) || !isfinite(b[i])) {
            return HUGE_VAL;
        }
        scale = fmax(scale, fabs(b[i]));
        error = fmax(error, fabs(a[i] - b[i]));
    }
    return error / scale;
}

void values_of(wg_node n, double *out, int64_t count)
{
    const wg_tensor *t = wg_value(n);
    if (t == NULL) {
        fail_msg("%s", wg_graph_error(n.graph));
    }
    assert_int_equal(wg_tensor_dtype(t), WG_F64);
    assert_int_equal(wg_tensor_count(t), count);
    if (count > 0) {
        memcpy(out, wg_tensor_data(t), (size_t)count * sizeof *out);
    }
}

void fill_normal(double *values, size_t n, double size, uint64_t stream)
{
    wg_rng rng = wg_rng_make(20, stream);
    for (size_t i = 0; i < n; i++) {
        values[i] = size * wg_rng_normal(&rng);
    }
}
