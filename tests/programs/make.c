/* The makers of calls: each finds operands for which its call is right and smooth.
 * SPDX-License-Identifier: Apache-2.0 */
#include "programs/generate.h"

#include <math.h>
#include <string.h>

/* ---- filters ------------------------------------------------------------------------------ */

static bool is_off_kinks(const wgt_generator *g, const wgt_facts *f)
{
    return wgt_is_float(g, f) && f->min_size >= WGT_MARGIN;
}

static bool is_far_from_zero(const wgt_generator *g, const wgt_facts *f)
{
    return wgt_is_float(g, f) && f->min_size >= 0.2;
}

static bool is_positive(const wgt_generator *g, const wgt_facts *f)
{
    return wgt_is_float(g, f) && f->min >= 0.2;
}

static bool is_moderate(const wgt_generator *g, const wgt_facts *f)
{
    return wgt_is_float(g, f) && f->max_size <= 2;
}

static bool is_filled(const wgt_generator *g, const wgt_facts *f)
{
    return wgt_is_float(g, f) && f->view.count > 0;
}

static bool is_vector_up(const wgt_generator *g, const wgt_facts *f)
{
    return wgt_is_float(g, f) && f->view.rank >= 1;
}

static bool is_matrix(const wgt_generator *g, const wgt_facts *f)
{
    return wgt_is_float(g, f) && f->view.rank == 2;
}

static bool is_matrix_up(const wgt_generator *g, const wgt_facts *f)
{
    return wgt_is_float(g, f) && f->view.rank >= 2;
}

static bool is_any_matrix_up(const wgt_generator *g, const wgt_facts *f)
{
    (void)g;
    return f->view.rank >= 2;
}

static bool is_i64(const wgt_generator *g, const wgt_facts *f)
{
    (void)g;
    return f->view.dtype == WG_I64;
}

static bool is_index(const wgt_generator *g, const wgt_facts *f)
{
    return is_i64(g, f) && f->view.rank <= 2 && f->view.count > 0 && f->min >= 0 && f->max < 4;
}

static bool is_bool(const wgt_generator *g, const wgt_facts *f)
{
    (void)g;
    return f->view.dtype == WG_BOOL;
}

static bool is_wide_of_integers(const wgt_generator *g, const wgt_facts *f)
{
    return is_off_kinks(g, f) && f->view.count > 0;
}

/* ---- shapes ------------------------------------------------------------------------------- */

static int32_t random_shape(wgt_generator *g, int64_t *dims)
{
    const int32_t rank = wgt_below(g, 4);
    for (int32_t i = 0; i < rank; i++) {
        dims[i] = wgt_once_in(g, 40) ? 0 : 1 + wgt_below(g, 4);
    }
    return rank;
}

/* A shape that broadcasts to that of the view: leading axes dropped, sizes made 1. */
static int32_t narrower_shape(wgt_generator *g, const wgi_view *view, int64_t *dims)
{
    const int32_t dropped = wgt_once_in(g, 3) ? wgt_below(g, view->rank + 1) : 0;
    for (int32_t i = dropped; i < view->rank; i++) {
        dims[i - dropped] = wgt_once_in(g, 3) ? 1 : view->dims[i];
    }
    return view->rank - dropped;
}

static bool do_broadcast(const wgi_view *a, const wgi_view *b)
{
    wgi_type type = {.dtype = a->dtype, .rank = a->rank};
    for (int32_t i = 0; i < a->rank; i++) {
        type.dims[i] = a->dims[i];
    }
    return wgi_broadcast(&type, b->rank, b->dims) == 0 && wgi_type_count(&type) == WG_OK &&
           type.count <= 64;
}

/* A node that broadcasts with step a and passes the filter, or a new leaf that does. */
static int32_t partner_of(wgt_generator *g, int32_t a, wgt_filter filter, wgi_sample_fill fill)
{
    const wgi_view view = wgt_facts_of(g, a).view;
    for (int attempt = 0; attempt < 4; attempt++) {
        const int32_t b = wgt_pick(g, filter);
        if (b >= 0) {
            const wgi_view other = wgt_facts_of(g, b).view;
            if (do_broadcast(&view, &other)) {
                return b;
            }
        }
    }
    int64_t dims[WG_MAX_RANK];
    const int32_t rank = narrower_shape(g, &view, dims);
    return wgt_new_leaf(g, rank, dims, fill);
}

static bool have_same_shape(wgt_generator *g, int32_t a, int32_t b)
{
    const wgi_view x = wgt_facts_of(g, a).view;
    const wgi_view y = wgt_facts_of(g, b).view;
    return wgi_same_shape(x.rank, x.dims, y.rank, y.dims);
}

/* A floating node of the shape of step a, or a new leaf of it. */
static int32_t twin_of(wgt_generator *g, int32_t a, wgi_sample_fill fill)
{
    for (int attempt = 0; attempt < 4; attempt++) {
        const int32_t b = wgt_pick(g, wgt_is_float);
        if (b >= 0 && have_same_shape(g, a, b)) {
            return b;
        }
    }
    const wgi_view view = wgt_facts_of(g, a).view;
    return wgt_new_leaf(g, view.rank, view.dims, fill);
}

/* ---- leaves and fills --------------------------------------------------------------------- */

static int32_t make_leaf(wgt_generator *g, wgt_call call)
{
    static const wgi_sample_fill fills[] = {WGI_NONZERO, WGI_POSITIVE, WGI_UNIT, WGI_NONZERO};
    wgt_step s = {
        .call = call,
        .dtype = (int32_t)g->p->dtype,
        .fill = fills[wgt_below(g, 4)],
        .stream = wg_rng_u64(&g->rng),
    };
    s.rank = random_shape(g, s.dims);
    return wgt_try(g, &s);
}

/* As make_leaf; also indices and booleans. */
static int32_t make_constant(wgt_generator *g, wgt_call call)
{
    if (wgt_once_in(g, 3)) {
        return make_leaf(g, call);
    }
    const bool is_index = wgt_once_in(g, 2);
    wgt_step s = {
        .call = wgt_once_in(g, 2) ? WGT_CALL_constant : WGT_CALL_input,
        .dtype = is_index ? WG_I64 : WG_BOOL,
        .fill = is_index ? WGI_INDEX : WGI_BOOLS,
        .limit = 1 + wgt_below(g, 4),
        .stream = wg_rng_u64(&g->rng),
    };
    s.rank = random_shape(g, s.dims);
    return wgt_try(g, &s);
}

static int32_t make_full(wgt_generator *g, wgt_call call)
{
    const int32_t dtypes[] = {(int32_t)g->p->dtype, (int32_t)g->p->dtype, WG_I64, WG_BOOL};
    wgt_step s = {
        .call = call,
        .dtype = dtypes[wgt_below(g, 4)],
        .numbers = {-2 + 0.75 * wgt_below(g, 7)},
    };
    s.rank = random_shape(g, s.dims);
    return wgt_try(g, &s);
}

static int32_t make_uniform(wgt_generator *g, wgt_call call)
{
    wgt_step s = {.call = call, .dtype = (int32_t)g->p->dtype, .numbers = {-1, 1.5}};
    s.rank = random_shape(g, s.dims);
    return wgt_try(g, &s);
}

/* Indices below this are in bounds as values. */
enum {
    LIMIT = (int)WGT_LARGEST
};

static int32_t new_indices(wgt_generator *g, int32_t rank, const int64_t *dims, int64_t limit)
{
    wgt_step s = {
        .call = WGT_CALL_input,
        .dtype = WG_I64,
        .rank = rank,
        .fill = WGI_INDEX,
        .limit = limit < LIMIT ? limit : LIMIT,
        .stream = wg_rng_u64(&g->rng),
    };
    for (int32_t i = 0; i < rank; i++) {
        s.dims[i] = dims[i];
    }
    return wgt_try(g, &s);
}

/* ---- pointwise and contractions ----------------------------------------------------------- */

static wgt_filter filter_of_unary(wgt_generator *g, wgt_call call)
{
    switch (call) {
    case WGT_CALL_log:
    case WGT_CALL_sqrt:
        return is_positive;
    case WGT_CALL_exp:
        return is_moderate;
    case WGT_CALL_relu:
        return is_off_kinks;
    case WGT_CALL_mean_all:
        return is_filled;
    case WGT_CALL_transpose:
        return is_any_matrix_up;
    case WGT_CALL_stop_gradient:
        return wgt_is_any;
    case WGT_CALL_neg:
    case WGT_CALL_sum_all:
        return wgt_once_in(g, 4) ? is_i64 : wgt_is_float;
    default:
        return wgt_is_float;
    }
}

static int32_t make_unary(wgt_generator *g, wgt_call call)
{
    const int32_t x = wgt_pick(g, filter_of_unary(g, call));
    const wgt_step s = {.call = call, .in = {x}};
    return x < 0 ? -1 : wgt_try(g, &s);
}

/* Two i64 operands, or none. */
static int32_t make_integer(wgt_generator *g, wgt_call call)
{
    const int32_t a = wgt_pick(g, is_i64);
    const int32_t b = wgt_pick(g, is_i64);
    if (a < 0 || b < 0) {
        return -1;
    }
    const wgi_view x = wgt_facts_of(g, a).view;
    const wgi_view y = wgt_facts_of(g, b).view;
    const wgt_step s = {.call = call, .in = {a, b}};
    return do_broadcast(&x, &y) ? wgt_try(g, &s) : -1;
}

/* Compares against a number of which no element is near. */
static int32_t make_greater(wgt_generator *g)
{
    const int32_t a = wgt_pick(g, is_off_kinks);
    if (a < 0) {
        return -1;
    }
    const wgt_step zero = {.call = WGT_CALL_full, .dtype = (int32_t)g->p->dtype};
    const int32_t b = wgt_try(g, &zero);
    const bool is_first = wgt_once_in(g, 2);
    const wgt_step s = {.call = WGT_CALL_greater, .in = {is_first ? a : b, is_first ? b : a}};
    return wgt_try(g, &s);
}

/* The shape of a right operand for a: [k, n], or with a's batch axes before it. */
static int32_t make_matmul(wgt_generator *g)
{
    const int32_t a = wgt_pick(g, is_matrix_up);
    if (a < 0) {
        return -1;
    }
    const wgi_view x = wgt_facts_of(g, a).view;
    for (int attempt = 0; attempt < 4; attempt++) {
        const int32_t b = wgt_pick(g, is_matrix);
        if (b >= 0 && wgt_facts_of(g, b).view.dims[0] == x.dims[x.rank - 1]) {
            const wgt_step s = {.call = WGT_CALL_matmul, .in = {a, b}};
            return wgt_try(g, &s);
        }
    }
    int64_t dims[WG_MAX_RANK];
    const bool has_batch = wgt_once_in(g, 3);
    const int32_t batch = has_batch ? x.rank - 2 : 0;
    for (int32_t i = 0; i < batch; i++) {
        dims[i] = wgt_once_in(g, 2) ? 1 : x.dims[i];
    }
    dims[batch] = x.dims[x.rank - 1];
    dims[batch + 1] = 1 + wgt_below(g, 4);
    const wgt_step s = {.call = WGT_CALL_matmul,
                        .in = {a, wgt_new_leaf(g, batch + 2, dims, WGI_NONZERO)}};
    return wgt_try(g, &s);
}

/* Targets are labels or probabilities, new ones. */
static int32_t make_cross_entropy(wgt_generator *g)
{
    const int32_t x = wgt_pick(g, is_matrix);
    if (x < 0) {
        return -1;
    }
    const wgi_view view = wgt_facts_of(g, x).view;
    if (view.count == 0) {
        return -1;
    }
    const int32_t t = wgt_once_in(g, 2) ? new_indices(g, 1, view.dims, view.dims[1])
                                        : twin_of(g, x, WGI_PROBABILITY);
    const wgt_step s = {.call = WGT_CALL_cross_entropy, .in = {x, t}};
    return wgt_try(g, &s);
}

static int32_t make_binary(wgt_generator *g, wgt_call call)
{
    const bool is_same_shape = call == WGT_CALL_mse || call == WGT_CALL_half_sum_squares;
    switch (call) {
    case WGT_CALL_greater:
        return make_greater(g);
    case WGT_CALL_matmul:
        return make_matmul(g);
    case WGT_CALL_cross_entropy:
        return make_cross_entropy(g);
    default:
        break;
    }
    if ((call == WGT_CALL_add || call == WGT_CALL_sub || call == WGT_CALL_mul) &&
        wgt_once_in(g, 5)) {
        return make_integer(g, call);
    }
    const int32_t a = wgt_pick(g, is_same_shape ? is_filled : wgt_is_float);
    if (a < 0) {
        return -1;
    }
    const wgt_filter filter = call == WGT_CALL_div ? is_far_from_zero : wgt_is_float;
    wgt_step s = {.call = call, .in = {a}};
    s.in[1] = is_same_shape ? twin_of(g, a, WGI_NONZERO) : partner_of(g, a, filter, WGI_NONZERO);
    return wgt_try(g, &s);
}

/* A condition that there is, between two floating nodes that fit it. */
static int32_t make_ternary(wgt_generator *g, wgt_call call)
{
    const int32_t a = wgt_pick(g, wgt_is_float);
    const int32_t c = wgt_pick(g, is_bool);
    if (a < 0 || c < 0) {
        return -1;
    }
    const int32_t b = twin_of(g, a, WGI_NONZERO);
    const wgi_view x = wgt_facts_of(g, a).view;
    const wgi_view condition = wgt_facts_of(g, c).view;
    const wgt_step s = {.call = call, .in = {c, a, b}};
    return do_broadcast(&x, &condition) ? wgt_try(g, &s) : -1;
}

/* Dropout draws, so that its value must be in bounds whatever it draws. */
static int32_t make_numbered(wgt_generator *g, wgt_call call)
{
    const int32_t x = wgt_pick(g, call == WGT_CALL_scale     ? wgt_is_float
                                  : call == WGT_CALL_dropout ? is_moderate
                                                             : is_off_kinks);
    wgt_step s = {.call = call, .in = {x}, .numbers = {0.25 * (1 + wgt_below(g, 3))}};
    if (call == WGT_CALL_dropout) {
        s.numbers[0] = 0.25 * wgt_below(g, 3);
    }
    return x < 0 ? -1 : wgt_try(g, &s);
}

/* ---- shapes and reductions ---------------------------------------------------------------- */

static int32_t make_reduce(wgt_generator *g, wgt_call call)
{
    const int32_t x = wgt_pick(g, call == WGT_CALL_mean ? is_filled : wgt_is_float);
    if (x < 0) {
        return -1;
    }
    wgt_step s = {.call = call, .in = {x}, .keepdims = wgt_once_in(g, 2)};
    const int32_t rank = wgt_facts_of(g, x).view.rank;
    for (int32_t i = 0; i < rank; i++) {
        if (wgt_once_in(g, 2)) {
            s.dims[s.rank++] = wgt_once_in(g, 2) ? i : i - rank;
        }
    }
    return wgt_try(g, &s);
}

/* [-1], [-1, 1], [1, count], or the axes in one and the last. */
static void choose_reshape(wgt_generator *g, const wgi_view *x, wgt_step *s)
{
    s->rank = 2;
    switch (wgt_below(g, 4)) {
    case 0:
        s->rank = 1;
        s->dims[0] = x->count > 0 ? -1 : 0;
        break;
    case 1:
        s->dims[0] = x->count > 0 ? -1 : 0;
        s->dims[1] = 1;
        break;
    case 2:
        s->dims[0] = 1;
        s->dims[1] = x->count;
        break;
    default:
        s->dims[1] = x->rank > 0 ? x->dims[x->rank - 1] : 1;
        s->dims[0] = s->dims[1] > 0 ? x->count / s->dims[1] : 0;
        break;
    }
}

/* Axes of size 1 widened, and axes before them. */
static void choose_broadcast(wgt_generator *g, const wgi_view *x, wgt_step *s)
{
    const int32_t more = x->rank < 3 ? wgt_below(g, 2) : 0;
    s->rank = x->rank + more;
    for (int32_t i = 0; i < s->rank; i++) {
        const bool is_free = i < more || x->dims[i - more] == 1;
        s->dims[i] = is_free ? 1 + wgt_below(g, 3) : x->dims[i - more];
    }
}

static int32_t make_shaped(wgt_generator *g, wgt_call call)
{
    const int32_t x = wgt_pick(g, call == WGT_CALL_sum_to ? wgt_is_float : wgt_is_any);
    if (x < 0) {
        return -1;
    }
    wgt_step s = {.call = call, .in = {x}};
    const wgi_view view = wgt_facts_of(g, x).view;
    if (call == WGT_CALL_reshape) {
        choose_reshape(g, &view, &s);
    } else if (call == WGT_CALL_broadcast_to) {
        choose_broadcast(g, &view, &s);
    } else {
        s.rank = narrower_shape(g, &view, s.dims);
    }
    return wgt_try(g, &s);
}

static int32_t make_permuted(wgt_generator *g, wgt_call call)
{
    const int32_t x = wgt_pick(g, wgt_is_any);
    if (x < 0) {
        return -1;
    }
    wgt_step s = {.call = call, .in = {x}, .rank = wgt_facts_of(g, x).view.rank};
    for (int32_t i = 0; i < s.rank; i++) {
        s.dims[i] = i;
    }
    wg_rng_shuffle(&g->rng, s.dims, (size_t)s.rank);
    return wgt_try(g, &s);
}

static int32_t make_along(wgt_generator *g, wgt_call call)
{
    const int32_t x = wgt_pick(g, is_vector_up);
    if (x < 0) {
        return -1;
    }
    const wgt_step s = {
        .call = call, .in = {x}, .axis = wgt_below(g, wgt_facts_of(g, x).view.rank)};
    return wgt_try(g, &s);
}

/* ---- indices ------------------------------------------------------------------------------ */

static int32_t make_gather(wgt_generator *g, wgt_call call)
{
    const int32_t x = wgt_pick(g, is_vector_up);
    if (x < 0) {
        return -1;
    }
    const wgi_view view = wgt_facts_of(g, x).view;
    wgt_step s = {.call = call, .in = {x}, .axis = wgt_below(g, view.rank)};
    const int64_t size = view.dims[s.axis];
    if (size == 0) {
        return -1;
    }
    const int32_t found = wgt_pick(g, is_index);
    const bool fits = found >= 0 && wgt_facts_of(g, found).max < (double)size;
    const int64_t dims[] = {1 + wgt_below(g, 4), 2};
    s.in[1] = fits ? found : new_indices(g, wgt_below(g, 3), dims, size);
    return wgt_try(g, &s);
}

static int32_t make_scatter(wgt_generator *g, wgt_call call)
{
    const int32_t x = wgt_pick(g, wgt_is_float);
    if (x < 0) {
        return -1;
    }
    const wgi_view view = wgt_facts_of(g, x).view;
    const int32_t rank = wgt_below(g, view.rank + 1);
    wgt_step s = {.call = call, .in = {x}, .dims = {1 + wgt_below(g, 4)}};
    s.axis = wgt_below(g, view.rank - rank + 1);
    s.in[1] = new_indices(g, rank, view.dims + s.axis, s.dims[0]);
    return s.in[1] < 0 ? -1 : wgt_try(g, &s);
}

static int32_t make_one_hot(wgt_generator *g, wgt_call call)
{
    const int32_t x = wgt_pick(g, is_index);
    const wgt_step s = {.call = call, .in = {x}, .dims = {4}, .dtype = (int32_t)g->p->dtype};
    return x < 0 ? -1 : wgt_try(g, &s);
}

/* ---- dtypes, outputs, gradients ----------------------------------------------------------- */

/* To the other floating dtype and back, to the program's own from integers and booleans, or to
 * integers where no element is near one. */
static int32_t make_cast(wgt_generator *g, wgt_call call)
{
    const int32_t own = (int32_t)g->p->dtype;
    const int32_t x = wgt_pick(g, wgt_is_any);
    if (x < 0) {
        return -1;
    }
    const wgt_facts f = wgt_facts_of(g, x);
    wgt_step s = {.call = call, .in = {x}, .dtype = own};
    if (f.view.dtype != own) {
        return wgt_try(g, &s);
    }
    if (wgt_once_in(g, 3) && is_wide_of_integers(g, &f)) {
        s.dtype = WG_BOOL;
        return wgt_try(g, &s);
    }
    s.dtype = own == WG_F32 ? WG_F64 : WG_F32;
    s.in[0] = wgt_try(g, &s);
    s.dtype = own;
    return s.in[0] < 0 ? -1 : wgt_try(g, &s);
}

/* Output 1 of an op that has two; its value is in bounds where that of output 0 is. */
static int32_t make_output(wgt_generator *g, wgt_call call)
{
    const int32_t n = g->p->n_steps;
    const int32_t i = wgt_below(g, n);
    const wgt_call made_by = g->p->steps[i].call;
    const wgt_step s = {.call = call, .in = {i}, .axis = 1};
    return made_by == WGT_CALL_dropout || made_by == WGT_CALL_cross_entropy ? wgt_try(g, &s) : -1;
}

/* A floating step y and one before it, x; false where there are none, or enough derivatives. */
static bool pick_derivative(wgt_generator *g, int32_t *y, int32_t *x)
{
    const int32_t n = g->p->n_steps;
    *y = wgt_pick(g, wgt_is_float);
    *x = wgt_below(g, n);
    const wgt_facts f = wgt_facts_of(g, *x);
    if (*y <= *x || !wgt_is_float(g, &f) || g->n_grads >= 3) {
        return false;
    }
    g->n_grads++;
    return true;
}

static int32_t make_grad(wgt_generator *g, wgt_call call)
{
    wgt_step s = {.call = call};
    return pick_derivative(g, &s.in[0], &s.in[1]) ? wgt_try(g, &s) : -1;
}

static int32_t make_vjp(wgt_generator *g, wgt_call call)
{
    wgt_step s = {.call = call};
    if (!pick_derivative(g, &s.in[0], &s.in[2])) {
        return -1;
    }
    s.in[1] = twin_of(g, s.in[0], WGI_NONZERO);
    return s.in[1] < 0 ? -1 : wgt_try(g, &s);
}

static int32_t make_jvp(wgt_generator *g, wgt_call call)
{
    wgt_step s = {.call = call};
    if (!pick_derivative(g, &s.in[0], &s.in[1])) {
        return -1;
    }
    s.in[2] = twin_of(g, s.in[1], WGI_NONZERO);
    return s.in[2] < 0 ? -1 : wgt_try(g, &s);
}

/* Of few products, and of no higher rank than other calls make. */
static int32_t make_jacobian(wgt_generator *g, wgt_call call)
{
    wgt_step s = {.call = call};
    if (!pick_derivative(g, &s.in[0], &s.in[1])) {
        return -1;
    }
    const wgi_view y = wgt_facts_of(g, s.in[0]).view;
    const wgi_view x = wgt_facts_of(g, s.in[1]).view;
    return y.rank + x.rank > 3 || (y.count > 8 && x.count > 8) ? -1 : wgt_try(g, &s);
}

static int32_t (*const makers[])(wgt_generator *g, wgt_call call) = {
#define WGT_CALL_MAKER(name, form) make_##form,
    WGT_CALLS(WGT_CALL_MAKER)
#undef WGT_CALL_MAKER
};

int32_t wgt_make(wgt_generator *g, wgt_call call)
{
    return makers[call](g, call);
}
