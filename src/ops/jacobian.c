/* Whole Jacobians and Hessians, and the gradients of single samples.
 * SPDX-License-Identifier: Apache-2.0
 *
 * They stand among the ops, not in the graph, for they record ops by name: unit vectors, stacks. Of
 * derivatives they know the public calls alone. Invariant: a failure is the graph's, and nothing of
 * `out` is valid then. */
#include <wengert/derivatives.h>

#include "ops/support.h"

/* The unit vector of element i in the shape of a node. */
static wg_node unit(wg_graph *g, const wgi_view *like, int64_t i)
{
    const wg_node at = wg_full(g, WG_I64, 0, NULL, (double)i);
    const wg_node row = wg_one_hot(at, like->count, (wg_dtype)like->dtype);
    return wg_reshape(row, like->rank, like->dims);
}

/* A handle that passes the failure of a node's graph on. */
static wg_node invalid(wg_node of)
{
    return (wg_node){.graph = of.graph, .index = UINT32_MAX, .epoch = of.epoch};
}

/* A type as it stands: the list may move what a view of a node points to. */
static bool type_of(wg_node n, wgi_type *type)
{
    wgi_view v;
    if (!wgi_view_of(n, &v)) {
        return false;
    }
    *type = (wgi_type){.dtype = v.dtype, .rank = v.rank, .count = v.count};
    for (int32_t i = 0; i < v.rank; i++) {
        type->dims[i] = v.dims[i];
    }
    return true;
}

static wgi_view view_of_type(const wgi_type *type)
{
    return (wgi_view){
        .dtype = type->dtype, .rank = type->rank, .dims = type->dims, .count = type->count};
}

/* Products of one call: rows[k][i] is the i-th product of output k. */
typedef struct products {
    wg_graph *g;
    int64_t n;
    size_t n_out;
    wg_node *rows;
    wg_node *last; /* n_out of them: those of one product */
} products;

static wg_status open_products(products *p, const char *call)
{
    p->rows = NULL;
    if (p->n_out <= SIZE_MAX / (WG_MAX_PRODUCTS + 1)) {
        p->rows = wgi_node_room(p->g, ((size_t)p->n + 1) * p->n_out);
    }
    if (p->rows == NULL) {
        return wgi_fail_call(p->g, WG_ERR_MEMORY, call, NULL, "out of memory");
    }
    p->last = p->rows + (size_t)p->n * p->n_out;
    return WG_OK;
}

static void keep_product(products *p, int64_t i)
{
    for (size_t k = 0; k < p->n_out; k++) {
        p->rows[k * (size_t)p->n + (size_t)i] = p->last[k];
    }
}

/* One vector-Jacobian product for each element of y. */
static wg_status take_rows(products *p, wg_node y, const wg_node *xs)
{
    wgi_type type;
    wg_status status = type_of(y, &type) ? WG_OK : wg_graph_status(p->g);
    const wgi_view view = view_of_type(&type);
    for (int64_t i = 0; i < p->n && status == WG_OK; i++) {
        const wg_node u = unit(p->g, &view, i);
        status = wg_graph_status(p->g);
        if (status == WG_OK) {
            status = wg_vjp(&y, &u, 1, xs, p->n_out, p->last);
        }
        keep_product(p, i);
    }
    return status;
}

/* One Jacobian-vector product for each element of x. */
static wg_status take_columns(products *p, wg_node y, wg_node x)
{
    wgi_type type;
    wg_status status = type_of(x, &type) ? WG_OK : wg_graph_status(p->g);
    const wgi_view view = view_of_type(&type);
    for (int64_t i = 0; i < p->n && status == WG_OK; i++) {
        const wg_node v = unit(p->g, &view, i);
        status = wg_graph_status(p->g);
        if (status == WG_OK) {
            status = wg_jvp(&y, 1, &x, &v, 1, p->last);
        }
        keep_product(p, i);
    }
    return status;
}

/* The products of output k, one below the other: [n] + dims. */
static wg_node stack_of(const products *p, size_t k, const wgi_type *type)
{
    int64_t dims[WG_MAX_RANK + 1] = {0};
    if (p->n > 0) {
        return wg_stack(p->rows + k * (size_t)p->n, (int32_t)p->n, 0);
    }
    for (int32_t i = 0; i < type->rank; i++) {
        dims[i + 1] = type->dims[i];
    }
    return wg_full(p->g, (wg_dtype)type->dtype, type->rank + 1, dims, 0.0);
}

/* ---- Jacobians ---------------------------------------------------------------------------- */

typedef struct pair {
    wg_node y;
    wg_node x;
    wgi_type y_type;
    wgi_type x_type;
} pair;

static wg_status check_pair(const char *call, const char *hint, pair *p)
{
    wg_graph *g = p->y.graph;
    wg_status status = wgi_check_operand(g, call, "y", p->y);
    if (status == WG_OK) {
        status = wgi_check_operand(g, call, "x", p->x);
    }
    if (status != WG_OK) {
        return status;
    }
    if (!type_of(p->y, &p->y_type) || !type_of(p->x, &p->x_type)) {
        return WG_ERR_INTERNAL;
    }
    if (p->y_type.dtype != p->x_type.dtype) {
        return wgi_fail_call(
            g, WG_ERR_DTYPE, call, "wg_cast one of them", "dtypes differ: %s (y) vs %s (x)",
            wg_dtype_name((wg_dtype)p->y_type.dtype), wg_dtype_name((wg_dtype)p->x_type.dtype));
    }
    if (p->y_type.rank + p->x_type.rank > WG_MAX_RANK) {
        return wgi_fail_call(g, WG_ERR_RANGE, call, NULL,
                             "the ranks are more than %d together: %d (y) and %d (x)", WG_MAX_RANK,
                             (int)p->y_type.rank, (int)p->x_type.rank);
    }
    if (p->y_type.count > WG_MAX_PRODUCTS && p->x_type.count > WG_MAX_PRODUCTS) {
        return wgi_fail_call(
            g, WG_ERR_RANGE, call, hint, "both have more than %d elements: %lld (y) and %lld (x)",
            WG_MAX_PRODUCTS, (long long)p->y_type.count, (long long)p->x_type.count);
    }
    return WG_OK;
}

/* From [n, m] of columns, or [m, n] of rows, to y.dims + x.dims. */
static wg_node shape_jacobian(const pair *p, wg_node stacked, bool is_by_columns)
{
    int64_t dims[WG_MAX_RANK];
    const int64_t flat[] = {p->x_type.count, p->y_type.count};
    for (int32_t i = 0; i < p->y_type.rank; i++) {
        dims[i] = p->y_type.dims[i];
    }
    for (int32_t i = 0; i < p->x_type.rank; i++) {
        dims[p->y_type.rank + i] = p->x_type.dims[i];
    }
    if (is_by_columns) {
        stacked = wg_transpose(wg_reshape(stacked, 2, flat));
    }
    return wg_reshape(stacked, p->y_type.rank + p->x_type.rank, dims);
}

static wg_node record_jacobian(const pair *p, const char *call)
{
    wg_graph *g = p->y.graph;
    const bool is_by_columns = p->x_type.count < p->y_type.count;
    products all = {.g = g, .n_out = 1};
    all.n = is_by_columns ? p->x_type.count : p->y_type.count;
    wg_node j = invalid(p->y);
    if (open_products(&all, call) != WG_OK) {
        return j;
    }
    if ((is_by_columns ? take_columns(&all, p->y, p->x) : take_rows(&all, p->y, &p->x)) == WG_OK) {
        /* One product is not stacked, as its rank may be the most there is. */
        j = all.n == 1 ? all.rows[0] : stack_of(&all, 0, is_by_columns ? &p->y_type : &p->x_type);
        j = shape_jacobian(p, j, is_by_columns);
    }
    return j;
}

static wg_status make_jacobian(const char *call, const char *hint, pair *p, wg_node *out)
{
    wg_status status = check_pair(call, hint, p);
    *out = invalid(p->y);
    if (status == WG_OK) {
        *out = record_jacobian(p, call);
        status = wg_graph_status(p->y.graph);
    }
    return status;
}

wg_status wg_jacobian(wg_node y, wg_node x, wg_node *out)
{
    pair p = {.y = y, .x = x};
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    return make_jacobian("jacobian", "wg_vjp or wg_jvp, without the whole", &p, out);
}

wg_status wg_hessian(wg_node loss, wg_node x, wg_node *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_graph *g = loss.graph;
    pair p = {.y = loss, .x = x};
    *out = invalid(loss);
    wg_status status = wgi_check_operand(g, "hessian", "loss", loss);
    if (status == WG_OK) {
        status = wgi_check_operand(g, "hessian", "x", x);
    }
    if (status == WG_OK) {
        status = wg_grad(loss, &x, 1, &p.y);
    }
    return status == WG_OK ? make_jacobian("hessian", "wg_hvp, without the whole", &p, out)
                           : status;
}

/* ---- samples ------------------------------------------------------------------------------ */

static const char *const samples_call = "per_sample_gradients";

static wg_status check_samples(wg_node losses, const wg_node *xs, size_t n, wgi_type *type)
{
    wg_graph *g = losses.graph;
    wg_status status = wgi_check_operand(g, samples_call, "losses", losses);
    for (size_t i = 0; i < n && status == WG_OK; i++) {
        wgi_type x;
        status = wgi_check_operand(g, samples_call, "x", xs[i]);
        if (status == WG_OK && type_of(xs[i], &x) && x.rank == WG_MAX_RANK) {
            status =
                wgi_fail_call(g, WG_ERR_RANGE, samples_call, NULL,
                              "x has rank %d, with the samples' axis one too many", (int)x.rank);
        }
    }
    if (status != WG_OK || !type_of(losses, type)) {
        return status;
    }
    if (type->rank != 1) {
        return wgi_fail_call(g, WG_ERR_SHAPE, samples_call, "one loss for each sample",
                             "losses are of rank 1, not %d", (int)type->rank);
    }
    if (type->count > WG_MAX_PRODUCTS) {
        return wgi_fail_call(g, WG_ERR_RANGE, samples_call, "smaller batches",
                             "%lld samples are more than %d", (long long)type->count,
                             WG_MAX_PRODUCTS);
    }
    return WG_OK;
}

static wg_status record_samples(products *p, wg_node losses, const wg_node *xs, wg_node *out)
{
    wg_status status = take_rows(p, losses, xs);
    for (size_t k = 0; k < p->n_out && status == WG_OK; k++) {
        wgi_type type;
        out[k] = type_of(xs[k], &type) ? stack_of(p, k, &type) : invalid(losses);
        status = wg_graph_status(p->g);
    }
    return status;
}

wg_status wg_per_sample_gradients(wg_node losses, const wg_node *xs, size_t n, wg_node *out)
{
    wgi_type type = {0};
    if (xs == NULL || n == 0 || out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = check_samples(losses, xs, n, &type);
    products p = {.g = losses.graph, .n = type.count, .n_out = n};
    if (status == WG_OK) {
        status = open_products(&p, samples_call);
        if (status == WG_OK) {
            status = record_samples(&p, losses, xs, out);
        }
    }
    for (size_t k = 0; status != WG_OK && k < n; k++) {
        out[k] = invalid(losses);
    }
    return status;
}
