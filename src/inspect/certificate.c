/* Certificates: an op's gradients on its samples, against differences.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each sample becomes a graph whose loss is sum(r * y) with random weights r. What the context's
 * backends give in f64 is judged against wide differences, the first time as it is, the second time
 * as the loss sum(q * gradient) with random q. */
#include <wengert/certificate.h>

#include <math.h>
#include <string.h>

#include <wengert/inspect.h>
#include <wengert/ops.h>

#include "core/context.h"
#include "core/text.h"
#include "inspect/judge.h"
#include "inspect/sample.h"

#define SECOND_STREAM 77

/* A gradient in f64 on the machine may be so far from the wide one: room for the rounding of a
 * thousand additions. */
#define MOST_ULPS 4096.0

/* What is being certified. */
typedef struct work {
    wg_context *ctx;
    wg_graph *g;
    wg_certificate *out;
} work;

bool wg_certificate_is_wide(void)
{
#if defined(WGI_WIDE)
    return true;
#else
    return false;
#endif
}

size_t wg_certificate_count(const wg_context *ctx)
{
    return ctx != NULL ? wgi_row_count(ctx->ops) : 0;
}

const char *wg_certificate_name(const wg_context *ctx, size_t i)
{
    return i < wg_certificate_count(ctx) ? wgi_row_at(ctx->ops, (uint32_t)i)->name : NULL;
}

/* ---- one loss ----------------------------------------------------------------------------- */

/* The gradients of the leaves from `first` on, one array after another. */
static wg_status read_gradients(const wgi_sample_graph *s, wg_node loss, size_t first, double *out)
{
    wg_node gradients[WGI_SAMPLE_LEAVES];
    const size_t n = s->n_leaves - first;
    wg_status status = wg_grad(loss, s->leaves + first, n, gradients);
    status = status == WG_OK ? wg_run(gradients, n) : status;
    for (size_t i = 0; i < n && status == WG_OK; i++) {
        const wg_tensor *t = wg_value(gradients[i]);
        wgi_convert(WG_F64, out, (int)wg_tensor_dtype(t), wg_tensor_data(t), wg_tensor_count(t));
        out += wg_tensor_count(t);
    }
    return status;
}

static int64_t elements_from(const wgi_sample_graph *s, size_t first)
{
    int64_t n = 0;
    for (size_t i = first; i < s->n_leaves; i++) {
        wgi_view x;
        n += wgi_view_of(s->leaves[i], &x) ? x.count : 0;
    }
    return n;
}

/* Of an op that stops gradients the weights alone are differenced: differences see what flows
 * through. */
static size_t first_leaf(const wgi_sample_graph *s)
{
    return (s->op->traits & WGI_STOP) != 0 ? s->n_leaves - 1 : 0;
}

static wg_status judge_wide(const work *w, const wgi_sample_graph *s, wg_node loss,
                            wgi_verdict *out)
{
    const wg_allocator *memory = &w->ctx->memory;
    const size_t first = first_leaf(s);
    const size_t n = (size_t)elements_from(s, first) + 1;
    double *given = wgi_alloc_zeroed(memory, n, sizeof *given);
    if (given == NULL) {
        return WG_ERR_MEMORY;
    }
    wg_status status = read_gradients(s, loss, first, given);
    if (status == WG_OK) {
        *out = wgi_judge(&(wgi_judge_case){.g = w->g,
                                           .loss = loss,
                                           .xs = s->leaves + first,
                                           .n_xs = s->n_leaves - first,
                                           .given = given});
        out->n_wrong += out->n_wrong == 0 && !(out->given_ulps <= MOST_ULPS);
        status = out->status;
    }
    wgi_release(memory, given, n * sizeof *given);
    return status;
}

/* The same where there are no wide kernels. */
static wg_status judge_narrow(wg_node loss, wgi_verdict *out)
{
    const wg_gradcheck_options options = {.size = sizeof options, .elements = WG_CHECK_ALL};
    wg_gradcheck_report report;
    const wg_status status = wg_gradcheck(loss, &options, &report);
    *out = (wgi_verdict){
        .status = status,
        .n_judged = (int64_t)report.check.counts.right + (int64_t)report.check.counts.wrong,
        .n_undecided = (int64_t)report.check.counts.undecidable,
        .n_wrong = (int64_t)report.check.counts.wrong,
        .given_ulps = report.check.distance * 0x1p52,
    };
    return status == WG_ERR_GRADIENT ? WG_OK : status;
}

static wg_status judge_loss(const work *w, const wgi_sample_graph *s, wg_node loss,
                            wgi_verdict *out)
{
    *out = (wgi_verdict){.status = WG_OK};
    return wg_certificate_is_wide() ? judge_wide(w, s, loss, out) : judge_narrow(loss, out);
}

/* ---- both orders -------------------------------------------------------------------------- */

/* Keeps the worst; its sample too where it is of first order, or wrong. */
static void note(const work *w, const wgi_sample_graph *s, const wgi_verdict *v, double *worst)
{
    wg_certificate *out = w->out;
    const bool is_worse = v->n_judged > 0 && !(v->given_ulps <= *worst);
    out->n_wrong += v->n_wrong;
    if (is_worse) {
        *worst = v->given_ulps;
    }
    if ((is_worse && worst == &out->first_order && out->n_wrong == 0) || v->n_wrong > 0) {
        wgi_text name = wgi_text_make(out->worst, sizeof out->worst);
        wgi_text_add(&name, "%.63s", s->sample->name);
    }
}

/* sum_i sum(q_i * dloss/dx_i) with random constants q_i. */
static wg_status gradient_product(const wgi_sample_graph *s, wg_node *out)
{
    wg_node gradients[WGI_SAMPLE_LEAVES];
    *out = wg_number(s->g, wg_node_dtype(s->loss), 0.0);
    wg_status status = wg_grad(s->loss, s->leaves, s->n_leaves, gradients);
    for (size_t i = 0; i < s->n_leaves && status == WG_OK; i++) {
        wgi_view x;
        wg_tensor *q = NULL;
        wgi_sample_input how = {.fill = WGI_NONZERO};
        if (!wgi_view_of(s->leaves[i], &x)) {
            return WG_ERR_HANDLE;
        }
        how.rank = x.rank;
        for (int32_t k = 0; k < x.rank; k++) {
            how.dims[k] = x.dims[k];
        }
        status = wgi_sample_tensor(wg_graph_context(s->g), (wg_dtype)x.dtype, &how,
                                   SECOND_STREAM + i, &q);
        const wg_node product = wg_sum_all(wg_mul(gradients[i], wg_input(s->g, q)));
        wg_tensor_destroy(q);
        *out = wg_add(*out, wg_cast(product, wg_node_dtype(s->loss)));
    }
    return status == WG_OK ? wg_graph_status(s->g) : status;
}

static wg_status certify_orders(const work *w, const wgi_sample_graph *s)
{
    wgi_verdict v;
    wg_node product;
    wg_status status = judge_loss(w, s, s->loss, &v);
    if (status == WG_OK) {
        w->out->n_elements += v.n_judged;
        note(w, s, &v, &w->out->first_order);
        status = gradient_product(s, &product);
    }
    status = status == WG_OK ? judge_loss(w, s, product, &v) : status;
    if (status == WG_OK) {
        note(w, s, &v, &w->out->second_order);
    }
    return status;
}

/* ---- f32 against f64 ---------------------------------------------------------------------- */

static void note_distance(work *w, const wg_tensor *narrow, const wg_tensor *wide)
{
    double error = 0;
    double scale = 1;
    for (int64_t i = 0; i < wg_tensor_count(wide); i++) {
        const double a = wg_tensor_get(narrow, i);
        const double b = wg_tensor_get(wide, i);
        const bool agree = a == b || (isnan(a) && isnan(b));
        scale = isfinite(b) ? fmax(scale, fabs(b)) : scale;
        error = agree ? error : isfinite(a) && isfinite(b) ? fmax(error, fabs(a - b)) : HUGE_VAL;
    }
    w->out->f32_distance = fmax(w->out->f32_distance, error / scale);
}

static wg_status compare_node(work *w, const wg_shadow *shadow, wg_node n)
{
    const wg_tensor *narrow = NULL;
    const wg_tensor *wide = NULL;
    wg_status status = wg_get(n, &narrow);
    status = status == WG_OK ? wg_get(wg_shadow_node(shadow, n), &wide) : status;
    if (status == WG_OK) {
        note_distance(w, narrow, wide);
    }
    return status;
}

static wg_status compare_dtypes(work *w, const wgi_sample_graph *s)
{
    wg_shadow *shadow = NULL;
    wg_node nodes[WGI_SAMPLE_LEAVES + 1] = {s->y};
    size_t n = 1;
    wg_status status = WG_OK;
    if (s->loss.graph != NULL) {
        status = wg_grad(s->loss, s->leaves, s->n_leaves, nodes + 1);
        n += s->n_leaves;
    }
    status = status == WG_OK ? wg_shadow_create(w->g, WG_F32, WG_F64, &shadow) : status;
    for (size_t i = 0; i < n && status == WG_OK; i++) {
        status = compare_node(w, shadow, nodes[i]);
    }
    wg_shadow_destroy(shadow);
    return status;
}

/* ---- all samples -------------------------------------------------------------------------- */

static wg_status certify_sample(work *w, const wgi_op *op, const wgi_sample *sample)
{
    wgi_sample_graph s;
    wg_status status = wgi_sample_build(&s, w->g, op, sample, WG_F64);
    w->out->n_samples++;
    w->out->n_kinks += sample->is_non_smooth;
    if (status == WG_OK && s.loss.graph != NULL && !sample->is_non_smooth) {
        status = certify_orders(w, &s);
    }
    wgi_sample_clear(&s);
    if (status == WG_OK) {
        status = wgi_sample_build(&s, w->g, op, sample, WG_F32);
        status = status == WG_OK ? compare_dtypes(w, &s) : status;
        wgi_sample_clear(&s);
    }
    return status;
}

static void conclude(wg_certificate *c)
{
    c->verdict = c->n_wrong > 0      ? WG_CHECK_WRONG
                 : c->n_elements > 0 ? WG_CHECK_RIGHT
                                     : WG_CHECK_UNDECIDABLE;
    c->first_order = c->first_order < 0 ? (double)NAN : c->first_order;
    c->second_order = c->second_order < 0 ? (double)NAN : c->second_order;
}

static wg_status certify(work *w, const wgi_op *op)
{
    wgi_text name = wgi_text_make(w->out->op, sizeof w->out->op);
    wgi_text_add(&name, "%s", op->name);
    w->out->first_order = -1;
    w->out->second_order = -1;
    wg_status status = wg_graph_create(w->ctx, &w->g);
    for (int32_t i = 0; i < op->n_samples && status == WG_OK; i++) {
        status = certify_sample(w, op, &op->samples[i]);
        if (status != WG_OK) {
            status = wgi_context_fail(w->ctx, status, "certificate: %s, sample '%s': %s", op->name,
                                      op->samples[i].name, wg_status_text(status));
        }
    }
    wg_graph_destroy(w->g);
    conclude(w->out);
    return status;
}

wg_status wg_certificate_make(wg_context *ctx, const char *op, wg_certificate *out)
{
    if (out != NULL) {
        memset(out, 0, sizeof *out);
    }
    if (ctx == NULL || op == NULL || out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    uint32_t place;
    if (!wgi_row_find(ctx->ops, op, &place)) {
        return wgi_context_fail(ctx, WG_ERR_NAME, "there is no op '%.60s'", op);
    }
    work w = {.ctx = ctx, .out = out};
    const wg_status status = certify(&w, wgi_row_at(ctx->ops, place));
    if (status != WG_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}
