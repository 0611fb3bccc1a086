/* Recording a program.
 * SPDX-License-Identifier: Apache-2.0 */
#include "programs/program.h"

#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include <string.h>

/* The calls' functions under their forms. */
typedef union function {
    wg_node (*leaf)(wg_graph *g, wg_tensor *t);
    wg_node (*constant)(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims,
                        const void *data);
    wg_node (*full)(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims, double v);
    wg_node (*uniform)(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims, double low,
                       double high);
    wg_node (*unary)(wg_node x);
    wg_node (*binary)(wg_node a, wg_node b);
    wg_node (*ternary)(wg_node a, wg_node b, wg_node c);
    wg_node (*numbered)(wg_node x, double v);
    wg_node (*reduce)(wg_node x, const int32_t *axes, int32_t n, bool keepdims);
    wg_node (*shaped)(wg_node x, int32_t rank, const int64_t *dims);
    wg_node (*permuted)(wg_node x, const int32_t *axes, int32_t n);
    wg_node (*along)(wg_node x, int32_t axis);
    wg_node (*gather)(wg_node x, wg_node indices, int32_t axis);
    wg_node (*scatter)(wg_node dy, wg_node indices, int32_t axis, int64_t size);
    wg_node (*one_hot)(wg_node indices, int64_t classes, wg_dtype dtype);
    wg_node (*cast)(wg_node x, wg_dtype dtype);
    wg_node (*output)(wg_node n, int32_t i);
    wg_status (*grad)(wg_node y, const wg_node *xs, size_t n, wg_node *out);
    wg_status (*vjp)(const wg_node *ys, const wg_node *us, size_t n_ys, const wg_node *xs,
                     size_t n_xs, wg_node *out);
    wg_status (*jvp)(const wg_node *ys, size_t n_ys, const wg_node *xs, const wg_node *vs,
                     size_t n_xs, wg_node *out);
    wg_status (*jacobian)(wg_node y, wg_node x, wg_node *out);
} function;

static const function functions[] = {
#define WGT_CALL_FUNCTION(name, form) {.form = wg_##name},
    WGT_CALLS(WGT_CALL_FUNCTION)
#undef WGT_CALL_FUNCTION
};

/* One recorder for each form. */
typedef struct request {
    wgt_recorded *r;
    const wgt_step *step;
    const function *call;
    wg_node in[3];
} request;

static wg_tensor *leaf_tensor(const request *q)
{
    wgi_sample_input how = {.rank = q->step->rank, .fill = q->step->fill, .limit = q->step->limit};
    memcpy(how.dims, q->step->dims, sizeof how.dims);
    return wgt_random_tensor(wg_graph_context(q->r->g), (wg_dtype)q->step->dtype, &how,
                             q->step->stream);
}

static wg_node record_leaf(const request *q)
{
    wg_tensor *t = leaf_tensor(q);
    q->r->tensors[q->r->n_tensors++] = t;
    return q->call->leaf(q->r->g, t);
}

static wg_node record_constant(const request *q)
{
    wg_tensor *t = leaf_tensor(q);
    const wg_node n = q->call->constant(q->r->g, wg_tensor_dtype(t), wg_tensor_rank(t),
                                        wg_tensor_dims(t), wg_tensor_data(t));
    wg_tensor_destroy(t);
    return n;
}

static wg_node record_full(const request *q)
{
    const wgt_step *s = q->step;
    return q->call->full(q->r->g, (wg_dtype)s->dtype, s->rank, s->dims, s->numbers[0]);
}

static wg_node record_uniform(const request *q)
{
    const wgt_step *s = q->step;
    return q->call->uniform(q->r->g, (wg_dtype)s->dtype, s->rank, s->dims, s->numbers[0],
                            s->numbers[1]);
}

static wg_node record_unary(const request *q)
{
    return q->call->unary(q->in[0]);
}

static wg_node record_binary(const request *q)
{
    return q->call->binary(q->in[0], q->in[1]);
}

static wg_node record_ternary(const request *q)
{
    return q->call->ternary(q->in[0], q->in[1], q->in[2]);
}

static wg_node record_numbered(const request *q)
{
    return q->call->numbered(q->in[0], q->step->numbers[0]);
}

static wg_node record_reduce(const request *q)
{
    int32_t axes[WGT_MAX_DIMS];
    for (int32_t i = 0; i < q->step->rank; i++) {
        axes[i] = (int32_t)q->step->dims[i];
    }
    return q->call->reduce(q->in[0], axes, q->step->rank, q->step->keepdims);
}

static wg_node record_shaped(const request *q)
{
    return q->call->shaped(q->in[0], q->step->rank, q->step->dims);
}

static wg_node record_permuted(const request *q)
{
    int32_t axes[WGT_MAX_DIMS];
    for (int32_t i = 0; i < q->step->rank; i++) {
        axes[i] = (int32_t)q->step->dims[i];
    }
    return q->call->permuted(q->in[0], axes, q->step->rank);
}

static wg_node record_along(const request *q)
{
    return q->call->along(q->in[0], q->step->axis);
}

static wg_node record_gather(const request *q)
{
    return q->call->gather(q->in[0], q->in[1], q->step->axis);
}

static wg_node record_scatter(const request *q)
{
    return q->call->scatter(q->in[0], q->in[1], q->step->axis, q->step->dims[0]);
}

static wg_node record_one_hot(const request *q)
{
    return q->call->one_hot(q->in[0], q->step->dims[0], (wg_dtype)q->step->dtype);
}

static wg_node record_cast(const request *q)
{
    return q->call->cast(q->in[0], (wg_dtype)q->step->dtype);
}

static wg_node record_output(const request *q)
{
    return q->call->output(q->in[0], q->step->axis);
}

static wg_node record_grad(const request *q)
{
    wg_node dx = {NULL, 0, 0};
    (void)!q->call->grad(q->in[0], &q->in[1], 1, &dx);
    return dx;
}

static wg_node record_vjp(const request *q)
{
    wg_node dx = {NULL, 0, 0};
    (void)!q->call->vjp(&q->in[0], &q->in[1], 1, &q->in[2], 1, &dx);
    return dx;
}

static wg_node record_jvp(const request *q)
{
    wg_node dy = {NULL, 0, 0};
    (void)!q->call->jvp(&q->in[0], 1, &q->in[1], &q->in[2], 1, &dy);
    return dy;
}

static wg_node record_jacobian(const request *q)
{
    wg_node j = {NULL, 0, 0};
    (void)!q->call->jacobian(q->in[0], q->in[1], &j);
    return j;
}

static wg_node (*const recorders[])(const request *q) = {
#define WGT_CALL_RECORDER(name, form) record_##form,
    WGT_CALLS(WGT_CALL_RECORDER)
#undef WGT_CALL_RECORDER
};

wg_node wgt_step_record(wgt_recorded *r, const wgt_step *step)
{
    if (step->call == WGT_CALL_sample) {
        return r->nodes[r->n_nodes++] = wgt_sample_record(r, step);
    }
    request q = {.r = r, .step = step, .call = &functions[step->call]};
    for (int k = 0; k < 3 && r->n_nodes > 0; k++) {
        q.in[k] = r->nodes[step->in[k]];
    }
    return r->nodes[r->n_nodes++] = recorders[step->call](&q);
}

wg_status wgt_program_record(const wgt_program *p, wg_graph *g, wgt_recorded *out)
{
    memset(out, 0, sizeof *out);
    out->g = g;
    out->program = p;
    for (int32_t i = 0; i < p->n_steps; i++) {
        (void)wgt_step_record(out, &p->steps[i]);
    }
    return wg_graph_status(g);
}

void wgt_recorded_clear(wgt_recorded *r)
{
    for (int32_t i = 0; i < r->n_tensors; i++) {
        wg_tensor_destroy(r->tensors[i]);
    }
    r->n_tensors = 0;
    r->n_nodes = 0;
    (void)wg_graph_reset(r->g);
}
