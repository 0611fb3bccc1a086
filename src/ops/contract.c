/* Contractions of operands whose axes have labels.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a factor's labels are distinct, are those of its node's axes in order, and none is
 * summed by a later step that this factor alone has. Nothing is copied that a matrix product can
 * read as it lies. */
#include "ops/contract.h"

#include <wengert/ops.h>

#include "ops/matmul.h"
#include "ops/support.h"

/* Sets of labels. */
typedef uint64_t label_set;

_Static_assert(WGI_N_LABELS <= 64, "a set of labels is 64 bits");

typedef struct factor {
    wg_node x;
    wgi_term term;
} factor;

static label_set bit(uint8_t label)
{
    return (label_set)1 << label;
}

static label_set labels_of(const wgi_term *t)
{
    label_set set = 0;
    for (int32_t i = 0; i < t->n; i++) {
        set |= bit(t->labels[i]);
    }
    return set;
}

/* Appends the labels of `from` that are in the set, in order. False where there is no room. */
static bool append(wgi_term *to, const wgi_term *from, label_set set)
{
    for (int32_t i = 0; i < from->n; i++) {
        if ((set & bit(from->labels[i])) == 0) {
            continue;
        }
        if (to->n == WG_MAX_RANK) {
            return false;
        }
        to->labels[to->n++] = from->labels[i];
    }
    return true;
}

static int32_t place_in(const wgi_term *t, uint8_t label)
{
    int32_t i = 0;
    while (i < t->n && t->labels[i] != label) {
        i++;
    }
    return i;
}

static bool is_same_term(const wgi_term *a, const wgi_term *b)
{
    bool is_same = a->n == b->n;
    for (int32_t i = 0; is_same && i < a->n; i++) {
        is_same = a->labels[i] == b->labels[i];
    }
    return is_same;
}

bool wgi_take_operands(const wgi_draft *draft, wg_node *out)
{
    for (int32_t i = 0; i < draft->n_in; i++) {
        wgi_view view;
        if (!wgi_view_of(draft->in[i], &view) || draft->in[i].graph != draft->in[0].graph) {
            *out = wgi_record(draft);
            return false;
        }
    }
    return true;
}

/* ---- steps that record nothing where there is nothing to do -------------------------------- */

static wg_node reshape_to(wg_node x, int32_t rank, const int64_t *dims)
{
    wgi_view view;
    if (wgi_view_of(x, &view) && wgi_same_shape(view.rank, view.dims, rank, dims)) {
        return x;
    }
    return wg_reshape(x, rank, dims);
}

/* The factor with its axes in the order of `order`, which has the same labels. */
static wg_node arrange(const factor *f, const wgi_term *order)
{
    int32_t axes[WG_MAX_RANK];
    for (int32_t i = 0; i < order->n; i++) {
        axes[i] = place_in(&f->term, order->labels[i]);
    }
    return is_same_term(&f->term, order) ? f->x : wg_permute(f->x, axes, order->n);
}

static void remove_axis(wgi_term *t, int32_t axis)
{
    t->n--;
    for (int32_t i = axis; i < t->n; i++) {
        t->labels[i] = t->labels[i + 1];
    }
}

static void sum_over(factor *f, label_set set)
{
    int32_t axes[WG_MAX_RANK];
    int32_t n = 0;
    for (int32_t i = 0; i < f->term.n; i++) {
        if ((set & bit(f->term.labels[i])) != 0) {
            axes[n++] = i;
        }
    }
    if (n == 0) {
        return;
    }
    f->x = wg_sum(f->x, axes, n, false);
    while (n > 0) {
        remove_axis(&f->term, axes[--n]);
    }
}

/* ---- one operand -------------------------------------------------------------------------- */

/* Axes that share a label become one, of their diagonal. */
static void take_diagonals(factor *f)
{
    for (int32_t i = 0; i < f->term.n; i++) {
        const uint8_t label = f->term.labels[i];
        for (int32_t j = i + 1; j < f->term.n; j++) {
            if (f->term.labels[j] == label) {
                f->x = wg_diagonal(f->x, 0, i, j);
                remove_axis(&f->term, j);
                remove_axis(&f->term, i);
                f->term.labels[f->term.n++] = label;
                i = -1;
                break;
            }
        }
    }
}

/* Axes that broadcast go: the others have their label. */
static void drop_broadcast(const wgi_contraction *c, factor *f)
{
    wgi_view view;
    int64_t dims[WG_MAX_RANK] = {0};
    wgi_term kept = {.n = 0};
    if (!wgi_view_of(f->x, &view)) {
        return;
    }
    for (int32_t i = 0; i < f->term.n; i++) {
        const uint8_t label = f->term.labels[i];
        if (view.dims[i] == c->sizes[label]) {
            dims[kept.n] = view.dims[i];
            kept.labels[kept.n++] = label;
        }
    }
    f->term = kept;
    f->x = reshape_to(f->x, kept.n, dims);
}

/* ---- two factors -------------------------------------------------------------------------- */

/* What is contracted of two factors: the labels of both that stay, of both that are summed, and of
 * one alone. */
typedef struct pair {
    const wgi_contraction *c;
    factor a;
    factor b;
    label_set batch;
    label_set inner;
    label_set left;
    label_set right;
} pair;

static wg_node fail_rank(const pair *p)
{
    return wgi_refuse(p->c->draft, WG_ERR_SHAPE, "another order of the operands",
                      "a product of two operands has more than %d axes", WG_MAX_RANK);
}

/* The factor in the order of the result, with size 1 where it lacks a label. */
static wg_node spread_to(const pair *p, const factor *f, const wgi_term *result)
{
    const label_set own = labels_of(&f->term);
    int64_t dims[WG_MAX_RANK] = {0};
    wgi_term order = {.n = 0};
    (void)append(&order, result, own);
    for (int32_t i = 0; i < result->n; i++) {
        const uint8_t label = result->labels[i];
        dims[i] = (own & bit(label)) != 0 ? p->c->sizes[label] : 1;
    }
    return reshape_to(arrange(f, &order), result->n, dims);
}

/* No label is summed: the result has the order of the factor that has all labels, if one has. */
static factor multiply(const pair *p)
{
    factor y = {.term = {.n = 0}};
    bool has_room = true;
    if (p->left == 0 && p->right != 0) {
        y.term = p->b.term;
    } else {
        has_room = append(&y.term, &p->a.term, p->batch | p->left) &&
                   append(&y.term, &p->b.term, p->right);
    }
    y.x = has_room ? wg_mul(spread_to(p, &p->a, &y.term), spread_to(p, &p->b, &y.term))
                   : fail_rank(p);
    return y;
}

/* Both have the same labels: products of elements, summed. */
static factor multiply_and_sum(const pair *p)
{
    factor y = {.x = wg_mul(p->a.x, arrange(&p->b, &p->a.term)), .term = p->a.term};
    sum_over(&y, p->inner);
    return y;
}

static int64_t size_of(const pair *p, const wgi_term *t, label_set set)
{
    int64_t size = 1;
    for (int32_t i = 0; i < t->n; i++) {
        size *= (set & bit(t->labels[i])) != 0 ? p->c->sizes[t->labels[i]] : 1;
    }
    return size;
}

/* A factor as matrices: [batch, rows, columns] of labels, or [batch, columns, rows] and is_swapped;
 * `batch` and `inner`, the labels that the other factor has too, have its order. */
typedef struct matrices {
    wg_node x;
    bool is_swapped;
} matrices;

static matrices matrices_of(const pair *p, const factor *f, const wgi_term *rows,
                            const wgi_term *columns, const wgi_term *batch)
{
    wgi_term plain = *batch;
    wgi_term swapped = *batch;
    (void)(append(&plain, rows, ~(label_set)0) && append(&plain, columns, ~(label_set)0));
    (void)(append(&swapped, columns, ~(label_set)0) && append(&swapped, rows, ~(label_set)0));
    const bool is_swapped = !is_same_term(&f->term, &plain) && is_same_term(&f->term, &swapped);
    const wg_node x = is_swapped ? f->x : arrange(f, &plain);
    const int64_t dims[] = {size_of(p, batch, ~(label_set)0),
                            size_of(p, is_swapped ? columns : rows, ~(label_set)0),
                            size_of(p, is_swapped ? rows : columns, ~(label_set)0)};
    const int32_t skipped = batch->n == 0 ? 1 : 0;
    return (matrices){reshape_to(x, 3 - skipped, dims + skipped), is_swapped};
}

static wgi_term only(const wgi_term *t, label_set set)
{
    wgi_term part = {.n = 0};
    (void)append(&part, t, set);
    return part;
}

/* A matrix product, of the factors in the other order where that is the order of the output. */
static factor multiply_matrices(const pair *p)
{
    const wgi_term batch = only(&p->a.term, p->batch);
    const wgi_term inner = only(&p->a.term, p->inner);
    const wgi_term left = only(&p->a.term, p->left);
    const wgi_term right = only(&p->b.term, p->right);
    factor y = {.term = batch};
    factor other = {.term = batch};
    if (!append(&y.term, &left, p->left) || !append(&y.term, &right, p->right)) {
        y.x = fail_rank(p);
        return y;
    }
    (void)(append(&other.term, &right, p->right) && append(&other.term, &left, p->left));
    const matrices a = matrices_of(p, &p->a, &left, &inner, &batch);
    const matrices b = matrices_of(p, &p->b, &inner, &right, &batch);
    if (is_same_term(&other.term, &p->c->output)) {
        y.term = other.term;
        y.x = wgi_matmul(b.x, a.x, !b.is_swapped, !a.is_swapped);
    } else {
        y.x = wgi_matmul(a.x, b.x, a.is_swapped, b.is_swapped);
    }
    int64_t dims[WG_MAX_RANK] = {0};
    for (int32_t i = 0; i < y.term.n; i++) {
        dims[i] = p->c->sizes[y.term.labels[i]];
    }
    y.x = reshape_to(y.x, y.term.n, dims);
    return y;
}

/* `kept`: the labels of the output and of the operands still to come. */
static factor contract_pair(const wgi_contraction *c, const factor *a, const factor *b,
                            label_set kept)
{
    const label_set in_a = labels_of(&a->term);
    const label_set in_b = labels_of(&b->term);
    const pair p = {
        .c = c,
        .a = *a,
        .b = *b,
        .batch = in_a & in_b & kept,
        .inner = in_a & in_b & ~kept,
        .left = in_a & ~in_b,
        .right = in_b & ~in_a,
    };
    if (p.inner == 0) {
        return multiply(&p);
    }
    return p.left == 0 && p.right == 0 ? multiply_and_sum(&p) : multiply_matrices(&p);
}

/* The labels of the output and of all factors but one. */
static label_set labels_beside(const wgi_contraction *c, const factor *factors, int32_t i)
{
    label_set set = labels_of(&c->output);
    for (int32_t k = 0; k < c->draft->n_in; k++) {
        set |= k != i ? labels_of(&factors[k].term) : 0;
    }
    return set;
}

wg_node wgi_contract(wgi_contraction *c)
{
    factor factors[WGI_MOST_TERMS];
    const int32_t n = c->draft->n_in;
    for (int32_t i = 0; i < n; i++) {
        factors[i] = (factor){c->draft->in[i], c->terms[i]};
        take_diagonals(&factors[i]);
        drop_broadcast(c, &factors[i]);
    }
    for (int32_t i = 0; i < n; i++) {
        sum_over(&factors[i], ~labels_beside(c, factors, i));
    }
    for (int32_t i = 1; i < n; i++) {
        label_set kept = labels_of(&c->output);
        for (int32_t k = i + 1; k < n; k++) {
            kept |= labels_of(&factors[k].term);
        }
        factors[0] = contract_pair(c, &factors[0], &factors[i], kept);
    }
    return wg_is_valid(factors[0].x) ? arrange(&factors[0], &c->output) : factors[0].x;
}
