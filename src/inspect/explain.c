/* Explanations: a graph written out as on a blackboard.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Everything is read through the public walk; values and gradients come from a shadow in f64, so
 * that the graph which is explained stays as it is. Entries are named by their names, else by the
 * place in the list, n7. */
#include <wengert/explain.h>

#include <math.h>
#include <string.h>

#include "core/context.h"
#include "core/dtype.h"
#include "core/text.h"
#include "inspect/way.h"

enum {
    SHOWN = 8,
    PRINTED = 64,
    LABEL = 72,
    LOCALS = 4,
    MOST_WITH_PATHS = 512
};

typedef struct explainer {
    const wg_writer *writer;
    const wg_allocator *memory;
    wg_node loss;
    wg_shadow *shadow;
    uint32_t count;  /* entries up to the loss */
    uint8_t *on_way; /* whether the loss depends on an entry */
    double *locals;  /* LOCALS for each entry: derivatives by its inputs; NaN where not shown */
    wg_node *nodes;  /* those on the way that are floating, the loss first */
    wg_node *gradients;
    size_t n_nodes;
} explainer;

static const char *label(wg_node n, char buffer[LABEL])
{
    wg_node_info info;
    wgi_text text = wgi_text_make(buffer, LABEL);
    if (wg_node_describe(n, &info) == WG_OK && info.name != NULL) {
        wgi_text_add(&text, "%s", info.name);
    } else {
        wgi_text_add(&text, "n%u", (unsigned)n.index);
    }
    return buffer;
}

static void add_value(wgi_text *text, const wg_tensor *t, int64_t most)
{
    int64_t n = wg_tensor_count(t);
    if (wg_tensor_rank(t) == 0) {
        wgi_text_add_number(text, wg_tensor_get(t, 0), 8);
        return;
    }
    wgi_text_add(text, "{");
    for (int64_t i = 0; i < n && i < most; i++) {
        wgi_text_add(text, "%s", i > 0 ? ", " : "");
        wgi_text_add_number(text, wg_tensor_get(t, i), 8);
    }
    wgi_text_add(text, "%s}", n > most ? ", ..." : "");
}

/* ---- one node ----------------------------------------------------------------------------- */

wg_status wg_print(wg_node n, const wg_writer *writer)
{
    const wg_tensor *t;
    wg_node_info info;
    if (writer == NULL || writer->write == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = wg_get(n, &t);
    if (status == WG_OK) {
        status = wg_node_describe(n, &info);
    }
    if (status != WG_OK) {
        return status;
    }
    char name[LABEL];
    char shape[WGI_SHAPE_TEXT];
    char line[1536];
    wgi_text text = wgi_text_make(line, sizeof line);
    wgi_text_add(&text, "%s: %s %s %s = ", label(n, name), info.op, wg_dtype_name(info.dtype),
                 wgi_shape_text(info.rank, info.dims, shape, sizeof shape));
    add_value(&text, t, PRINTED);
    wgi_text_add(&text, "\n");
    return writer->write(writer->user, line, text.used);
}

/* ---- local derivatives -------------------------------------------------------------------- */

/* The inputs of one op as tensors of our own, one of which is moved. */
typedef struct probe {
    wg_context *ctx;
    wg_tensor *in[4];
    wg_tensor *out;
    size_t n_in;
} probe;

static void probe_free(probe *p)
{
    for (size_t i = 0; i < p->n_in; i++) {
        wg_tensor_destroy(p->in[i]);
    }
    wg_tensor_destroy(p->out);
}

static wg_status probe_make(probe *p, wg_node n, int32_t n_inputs)
{
    memset(p, 0, sizeof *p);
    p->ctx = wg_graph_context(n.graph);
    const wg_tensor *t;
    wg_status status = wg_get(n, &t);
    if (status == WG_OK) {
        status = wgi_copy_of(p->ctx, t, &p->out);
    }
    for (int32_t i = 0; status == WG_OK && i < n_inputs; i++) {
        status = wg_get(wg_node_input(n, i), &t);
        if (status == WG_OK) {
            status = wgi_copy_of(p->ctx, t, &p->in[i]);
            p->n_in += status == WG_OK;
        }
    }
    return status;
}

static wg_status probe_at(explainer *e, const probe *p, wg_node n, int32_t i, double x, double *y)
{
    wg_tensor *out[] = {p->out};
    wg_status status = wg_tensor_set(p->in[i], 0, x);
    if (status == WG_OK) {
        status = wg_shadow_apply(e->shadow, n, (const wg_tensor *const *)p->in, p->n_in, out, 1);
    }
    *y = wg_tensor_get(p->out, 0);
    return status;
}

/* Central differences of the op's own kernel: exact enough for the digits that are shown. */
static wg_status local_derivative(explainer *e, const probe *p, wg_node n, int32_t i, double *d)
{
    double x = wg_tensor_get(p->in[i], 0);
    double h = 6e-6 * fmax(1.0, fabs(x));
    double above;
    double below;
    wg_status status = probe_at(e, p, n, i, x + h, &above);
    if (status == WG_OK) {
        status = probe_at(e, p, n, i, x - h, &below);
    }
    if (status == WG_OK) {
        status = wg_tensor_set(p->in[i], 0, x);
        *d = (above - below) / (2 * h);
        *d = fabs(*d) < 1e-9 ? 0 : *d;
    }
    return status;
}

/* Only between single floating numbers, and for ops of one output, is there a number to show. */
static bool has_local(wg_node n, const wg_node_info *info)
{
    wg_node_info next;
    wg_node after = wg_graph_node(n.graph, n.index + 1);
    bool has_parts = wg_node_describe(after, &next) == WG_OK && next.output > 0;
    bool ok = !info->is_leaf && info->count == 1 && info->n_inputs <= 4 && info->output == 0 &&
              !has_parts && wgi_is_floating((int)info->dtype);
    for (int32_t i = 0; ok && i < info->n_inputs; i++) {
        wg_node_info in;
        ok = wg_node_describe(wg_node_input(n, i), &in) == WG_OK && in.count == 1 &&
             wgi_is_floating((int)in.dtype);
    }
    return ok;
}

static wg_status add_locals(explainer *e, wgi_text *text, wg_node n, const wg_node_info *info)
{
    probe p;
    char y[LABEL];
    char x[LABEL];
    if (!has_local(n, info)) {
        return WG_OK;
    }
    wg_status status = probe_make(&p, n, info->n_inputs);
    for (int32_t i = 0; status == WG_OK && i < info->n_inputs; i++) {
        double d = (double)NAN;
        status = local_derivative(e, &p, n, i, &d);
        e->locals[(size_t)n.index * LOCALS + (size_t)i] = d;
        wgi_text_add(text, "%sd%s/d%s = ", i > 0 ? ", " : "    ", label(n, y),
                     label(wg_node_input(n, i), x));
        wgi_text_add_number(text, d, 6);
    }
    probe_free(&p);
    return status;
}

/* ---- forward and backward ----------------------------------------------------------------- */

static wg_status write_forward(explainer *e, uint32_t i)
{
    char line[1024];
    char name[LABEL];
    wg_node n = wg_graph_node(wg_shadow_graph(e->shadow), i);
    wg_node_info info;
    const wg_tensor *t;
    wg_status status = wg_node_describe(n, &info);
    if (status == WG_OK) {
        status = wg_get(n, &t);
    }
    if (status != WG_OK) {
        return status;
    }
    wgi_text text = wgi_text_make(line, sizeof line);
    wgi_text_add(&text, "  %s = ", label(n, name));
    if (!info.is_leaf) {
        wgi_text_add(&text, "%s(", info.op);
        for (int32_t k = 0; k < info.n_inputs; k++) {
            wgi_text_add(&text, "%s%s", k > 0 ? ", " : "", label(wg_node_input(n, k), name));
        }
        wgi_text_add(&text, ") = ");
    }
    add_value(&text, t, SHOWN);
    status = add_locals(e, &text, n, &info);
    wgi_text_add(&text, "\n");
    return status == WG_OK ? e->writer->write(e->writer->user, line, text.used) : status;
}

/* Visits the uses of x in list order and writes each as "df/dy * dy/dx", in names or in numbers.
 * Returns how many there are, or -1 where one has no local derivative to show. */
static int add_paths(const explainer *e, wgi_text *text, wg_node x, bool in_numbers)
{
    int n_paths = 0;
    char f[LABEL];
    char y[LABEL];
    char name[LABEL];
    for (size_t k = e->n_nodes; k > 0; k--) {
        wg_node user = e->nodes[k - 1];
        wg_node input;
        for (int32_t i = 0; wg_is_valid(input = wg_node_input(user, i)); i++) {
            if (input.index != x.index) {
                continue;
            }
            double d =
                i < LOCALS ? e->locals[(size_t)user.index * LOCALS + (size_t)i] : (double)NAN;
            if (isnan(d)) {
                return -1;
            }
            wgi_text_add(text, "%s", n_paths++ > 0 ? " + " : "");
            if (in_numbers) {
                wgi_text_add_number(text, wg_item(e->gradients[k - 1]), 8);
                wgi_text_add(text, " * ");
                wgi_text_add_number(text, d, 6);
            } else {
                wgi_text_add(text, "d%s/d%s * d%s/d%s", label(e->nodes[0], f), label(user, y),
                             label(user, y), label(x, name));
            }
        }
    }
    return n_paths;
}

/* "df/dq * dq/dx = -4 * 1 = ", where every use of x has a local derivative. */
static void add_chain(const explainer *e, wgi_text *text, wg_node x)
{
    char chain[768];
    if (e->n_nodes > MOST_WITH_PATHS) {
        return;
    }
    wgi_text names = wgi_text_make(chain, sizeof chain);
    if (add_paths(e, &names, x, false) > 0) {
        wgi_text_add(&names, " = ");
        (void)add_paths(e, &names, x, true);
        wgi_text_add(text, "%s = ", chain);
    }
}

static wg_status write_gradient(explainer *e, size_t k)
{
    char line[1536];
    char y[LABEL];
    char x[LABEL];
    const wg_tensor *t;
    wg_status status = wg_get(e->gradients[k], &t);
    if (status != WG_OK) {
        return status;
    }
    wgi_text text = wgi_text_make(line, sizeof line);
    wgi_text_add(&text, "  d%s/d%s = ", label(e->nodes[0], y), label(e->nodes[k], x));
    add_chain(e, &text, e->nodes[k]);
    add_value(&text, t, SHOWN);
    wgi_text_add(&text, "\n");
    return e->writer->write(e->writer->user, line, text.used);
}

static bool is_shown(const explainer *e, uint32_t i)
{
    wg_node n = wg_graph_node(wg_shadow_graph(e->shadow), i);
    return e->on_way[i] && wgi_is_floating((int)wg_node_dtype(n));
}

static wg_status make_gradients(explainer *e)
{
    wg_graph *g = wg_shadow_graph(e->shadow);
    for (uint32_t i = 0; i < e->count; i++) {
        e->n_nodes += is_shown(e, i);
    }
    e->nodes = wgi_alloc_zeroed(e->memory, e->n_nodes, sizeof *e->nodes);
    e->gradients = wgi_alloc_zeroed(e->memory, e->n_nodes, sizeof *e->gradients);
    if (e->nodes == NULL || e->gradients == NULL) {
        return WG_ERR_MEMORY;
    }
    size_t k = 0;
    for (uint32_t i = e->count; i > 0; i--) {
        if (is_shown(e, i - 1)) {
            e->nodes[k++] = wg_graph_node(g, i - 1);
        }
    }
    wg_node loss = wg_graph_node(g, e->loss.index);
    wg_status status = wg_grad(loss, e->nodes, e->n_nodes, e->gradients);
    return status == WG_OK ? wg_run(e->gradients, e->n_nodes) : status;
}

static wg_status write_all(explainer *e)
{
    wg_status status = wgi_write(e->writer, "forward\n");
    for (uint32_t i = 0; status == WG_OK && i < e->count; i++) {
        if (e->on_way[i]) {
            status = write_forward(e, i);
        }
    }
    if (status == WG_OK) {
        status = wgi_write(e->writer, "backward\n");
    }
    for (size_t k = 0; status == WG_OK && k < e->n_nodes; k++) {
        status = write_gradient(e, k);
    }
    return status;
}

/* Names are not part of a shadow; they are carried over. A name that finds no memory would make
 * another text of it. */
static wg_status carry_names(explainer *e)
{
    for (uint32_t i = 0; i < e->count; i++) {
        wg_node_info info;
        wg_node n = wg_graph_node(e->loss.graph, i);
        if (wg_node_describe(n, &info) == WG_OK && info.name != NULL) {
            wg_node own = wg_name(wg_shadow_node(e->shadow, n), info.name);
            if (wg_node_describe(own, &info) != WG_OK || info.name == NULL) {
                return WG_ERR_MEMORY;
            }
        }
    }
    return WG_OK;
}

static wg_status explain(explainer *e)
{
    wg_status status = wg_shadow_create(e->loss.graph, WG_F32, WG_F64, &e->shadow);
    if (status != WG_OK) {
        return status;
    }
    e->count = e->loss.index + 1;
    size_t n_locals = (size_t)e->count * LOCALS;
    e->on_way = wgi_alloc_zeroed(e->memory, e->count, 1);
    e->locals = wgi_alloc_zeroed(e->memory, n_locals, sizeof *e->locals);
    if (e->on_way == NULL || e->locals == NULL) {
        return WG_ERR_MEMORY;
    }
    for (size_t i = 0; i < n_locals; i++) {
        e->locals[i] = (double)NAN;
    }
    status = carry_names(e);
    if (status == WG_OK) {
        wgi_mark_way(wg_shadow_node(e->shadow, e->loss), e->on_way);
        status = make_gradients(e);
    }
    return status == WG_OK ? write_all(e) : status;
}

wg_status wg_explain(wg_node loss, const wg_writer *writer)
{
    if (writer == NULL || writer->write == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_node_info info;
    wg_status status = wg_node_describe(loss, &info);
    if (status != WG_OK) {
        return status;
    }
    if (info.count != 1) {
        return WG_ERR_SHAPE;
    }
    if (!wgi_is_floating((int)info.dtype)) {
        return WG_ERR_DTYPE;
    }
    explainer e = {.writer = writer, .loss = loss};
    e.memory = &wg_graph_context(loss.graph)->memory;
    status = explain(&e);
    wgi_release(e.memory, e.nodes, e.n_nodes * sizeof *e.nodes);
    wgi_release(e.memory, e.gradients, e.n_nodes * sizeof *e.gradients);
    wgi_release(e.memory, e.on_way, e.count);
    wgi_release(e.memory, e.locals, (size_t)e.count * LOCALS * sizeof *e.locals);
    wg_shadow_destroy(e.shadow);
    return status;
}
