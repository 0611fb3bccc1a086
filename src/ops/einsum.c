/* einsum: sums of products, by an equation that names the axes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: columns count from 1 and are where the reader stood; whatever the text is, no more of
 * it is read than up to its end. Labels: 'A' to 'Z', 'a' to 'z' in this order, then the axes that
 * an ellipsis stands for, counted from the last one. */
#include <string.h>

#include "ops/call.h"
#include "ops/contract.h"
#include "ops/samples.h"
#include "ops/support.h"

enum {
    ELLIPSIS = WGI_N_LABELS, /* in a term as it is written */
    MOST_MARKS = WG_MAX_RANK + 1
};

/* A term as it is written. */
typedef struct written {
    int32_t column;
    int32_t n;
    int32_t ellipsis; /* its place among the marks; -1: none */
    uint8_t marks[MOST_MARKS];
    int32_t columns[MOST_MARKS];
} written;

typedef struct reader {
    const wgi_draft *draft;
    const char *equation;
    const char *at;
    wg_node failed;
    int32_t n_terms;
    written terms[WGI_MOST_TERMS];
    bool has_output;
    written output;
} reader;

extern const wgi_op wgi_op_einsum;

/* ---- reading ------------------------------------------------------------------------------ */

static int32_t column_of(const reader *r)
{
    return (int32_t)(r->at - r->equation) + 1;
}

static bool fail(reader *r, const char *what)
{
    r->failed =
        wgi_refuse(r->draft, WG_ERR_ARGUMENT, NULL, "column %d: %s", (int)column_of(r), what);
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static uint8_t label_of(char letter)
{
    return (uint8_t)(letter <= 'Z' ? letter - 'A' : letter - 'a' + 26);
}

static char letter_of(uint8_t label)
{
    return (char)(label < 26 ? 'A' + label : 'a' + label - 26);
}

static bool fail_letter(reader *r)
{
    const unsigned char c = (unsigned char)*r->at;
    if (c > ' ' && c < 127) {
        r->failed = wgi_refuse(r->draft, WG_ERR_ARGUMENT, NULL, "column %d: '%c' is no letter",
                               (int)column_of(r), c);
        return false;
    }
    r->failed = wgi_refuse(r->draft, WG_ERR_ARGUMENT, NULL, "column %d: byte %d is no letter",
                           (int)column_of(r), (int)c);
    return false;
}

static bool take_mark(reader *r, written *t, uint8_t mark)
{
    if (t->n == MOST_MARKS) {
        return fail(r, "the term has too many letters");
    }
    t->columns[t->n] = column_of(r);
    t->marks[t->n++] = mark;
    return true;
}

static bool take_ellipsis(reader *r, written *t)
{
    if (strncmp(r->at, "...", 3) != 0) {
        return fail(r, "an ellipsis has three dots");
    }
    if (t->ellipsis >= 0) {
        return fail(r, "the term has an ellipsis already");
    }
    t->ellipsis = t->n;
    const bool is_taken = take_mark(r, t, ELLIPSIS);
    r->at += is_taken ? 3 : 0;
    return is_taken;
}

/* Letters up to a comma, an arrow or the end. */
static bool read_term(reader *r, written *t)
{
    *t = (written){.column = column_of(r), .ellipsis = -1};
    while (*r->at != '\0' && *r->at != ',' && *r->at != '-') {
        if (*r->at == ' ') {
            r->at++;
        } else if (*r->at == '.') {
            if (!take_ellipsis(r, t)) {
                return false;
            }
        } else if (!is_letter(*r->at)) {
            return fail_letter(r);
        } else if (!take_mark(r, t, label_of(*r->at))) {
            return false;
        } else {
            r->at++;
        }
    }
    return true;
}

static bool read_output(reader *r)
{
    if (r->at[1] != '>') {
        return fail(r, "'-' begins no arrow");
    }
    r->at += 2;
    r->has_output = true;
    if (!read_term(r, &r->output)) {
        return false;
    }
    return *r->at == '\0' || fail(r, "the output is the end");
}

static bool read_equation(reader *r)
{
    bool has_more = true;
    while (has_more) {
        if (r->n_terms == r->draft->n_in) {
            return fail(r, "there are more terms than operands");
        }
        if (!read_term(r, &r->terms[r->n_terms++])) {
            return false;
        }
        has_more = *r->at == ',';
        r->at += has_more ? 1 : 0;
    }
    if (r->n_terms < r->draft->n_in) {
        return fail(r, "there are fewer terms than operands");
    }
    return *r->at == '\0' || read_output(r);
}

/* ---- meaning ------------------------------------------------------------------------------ */

/* The term with `n` axes in the ellipsis's place. */
static void expand(const written *t, int32_t n, wgi_term *out)
{
    out->n = 0;
    for (int32_t i = 0; i < t->n; i++) {
        if (t->marks[i] != ELLIPSIS) {
            out->labels[out->n++] = t->marks[i];
        }
        for (int32_t k = n; t->marks[i] == ELLIPSIS && k > 0; k--) {
            out->labels[out->n++] = (uint8_t)(WGI_N_LETTERS + k - 1);
        }
    }
}

/* Where the axis of a term is written. */
static int32_t column_of_axis(const written *t, int32_t axis, int32_t n_ellipsis)
{
    if (t->ellipsis < 0 || axis < t->ellipsis) {
        return t->columns[axis];
    }
    return axis < t->ellipsis + n_ellipsis ? t->columns[t->ellipsis]
                                           : t->columns[axis - n_ellipsis + 1];
}

static bool fail_size(reader *r, int32_t i, int32_t axis, int32_t column, const int64_t sizes[2])
{
    r->failed = wgi_refuse(
        r->draft, WG_ERR_SHAPE, NULL, "column %d: sizes differ: %lld (operand %d, axis %d) vs %lld",
        (int)column, (long long)sizes[0], (int)i, (int)axis, (long long)sizes[1]);
    return false;
}

/* Gives labels their sizes; within one operand nothing broadcasts. */
static bool bind_sizes(reader *r, wgi_contraction *c, int32_t i, const wgi_view *x)
{
    const written *t = &r->terms[i];
    const wgi_term *term = &c->terms[i];
    const int32_t n_ellipsis = t->ellipsis >= 0 ? x->rank - (t->n - 1) : 0;
    int64_t own[WGI_N_LABELS];
    memset(own, -1, sizeof(own));
    for (int32_t k = 0; k < term->n; k++) {
        const uint8_t label = term->labels[k];
        int64_t *size = &c->sizes[label];
        const bool is_repeated = own[label] >= 0;
        if (is_repeated ? own[label] != x->dims[k]
                        : *size >= 0 && *size != 1 && x->dims[k] != 1 && *size != x->dims[k]) {
            return fail_size(r, i, k, column_of_axis(t, k, n_ellipsis),
                             (int64_t[]){x->dims[k], is_repeated ? own[label] : *size});
        }
        own[label] = x->dims[k];
        *size = *size < 0 || *size == 1 ? x->dims[k] : *size;
    }
    return true;
}

static bool bind_operand(reader *r, wgi_contraction *c, int32_t i, int32_t *n_ellipsis)
{
    const written *t = &r->terms[i];
    const int32_t letters = t->n - (t->ellipsis >= 0 ? 1 : 0);
    wgi_view x;
    if (!wgi_view_of(r->draft->in[i], &x) || letters > x.rank ||
        (t->ellipsis < 0 && letters < x.rank)) {
        r->failed = wgi_refuse(r->draft, WG_ERR_SHAPE, NULL,
                               "column %d: %d letters for rank %d (operand %d)", (int)t->column,
                               (int)letters, (int)x.rank, (int)i);
        return false;
    }
    const int32_t own = x.rank - letters;
    *n_ellipsis = own > *n_ellipsis ? own : *n_ellipsis;
    expand(t, own, &c->terms[i]);
    return bind_sizes(r, c, i, &x);
}

/* The letters that are there once, in order, behind the axes of the ellipsis. */
static bool imply_output(reader *r, wgi_contraction *c, int32_t n_ellipsis)
{
    int32_t times[WGI_N_LABELS] = {0};
    wgi_term *out = &c->output;
    int32_t n = n_ellipsis;
    for (int32_t i = 0; i < r->n_terms; i++) {
        for (int32_t k = 0; k < c->terms[i].n; k++) {
            times[c->terms[i].labels[k]]++;
        }
    }
    for (int32_t k = n_ellipsis; k > 0; k--) {
        out->labels[out->n++] = (uint8_t)(WGI_N_LETTERS + k - 1);
    }
    for (uint8_t label = 0; label < WGI_N_LETTERS; label++) {
        n += times[label] == 1;
        if (times[label] == 1 && n <= WG_MAX_RANK) {
            out->labels[out->n++] = label;
        }
    }
    return n <= WG_MAX_RANK || fail(r, "the output has too many axes");
}

static bool fail_output(reader *r, int32_t i, const char *what)
{
    r->failed = wgi_refuse(r->draft, WG_ERR_ARGUMENT, NULL, "column %d: '%c' is %s",
                           (int)r->output.columns[i], letter_of(r->output.marks[i]), what);
    return false;
}

static bool check_output(reader *r, wgi_contraction *c, int32_t n_ellipsis)
{
    const written *t = &r->output;
    bool has_letter[WGI_N_LETTERS] = {false};
    for (int32_t i = 0; i < t->n; i++) {
        if (t->marks[i] == ELLIPSIS) {
            continue;
        }
        if (c->sizes[t->marks[i]] < 0) {
            return fail_output(r, i, "in no operand");
        }
        if (has_letter[t->marks[i]]) {
            return fail_output(r, i, "in the output twice");
        }
        has_letter[t->marks[i]] = true;
    }
    if (t->n - (t->ellipsis >= 0 ? 1 - n_ellipsis : 0) > WG_MAX_RANK) {
        return fail(r, "the output has too many axes");
    }
    expand(t, n_ellipsis, &c->output);
    return true;
}

static bool bind(reader *r, wgi_contraction *c)
{
    int32_t n_ellipsis = 0;
    memset(c->sizes, -1, sizeof(c->sizes));
    for (int32_t i = 0; i < r->n_terms; i++) {
        if (!bind_operand(r, c, i, &n_ellipsis)) {
            return false;
        }
    }
    return r->has_output ? check_output(r, c, n_ellipsis) : imply_output(r, c, n_ellipsis);
}

/* ---- constructor -------------------------------------------------------------------------- */

static bool check_dtypes(const wgi_draft *draft, wg_node *failed)
{
    const wg_dtype first = wg_node_dtype(draft->in[0]);
    for (int32_t i = 0; i < draft->n_in; i++) {
        const wg_dtype dtype = wg_node_dtype(draft->in[i]);
        if (!wgi_is_floating((int)dtype)) {
            *failed =
                wgi_refuse(draft, WG_ERR_DTYPE, "wg_cast it to f32 or f64",
                           "needs a floating dtype: %s (operand %d)", wg_dtype_name(dtype), (int)i);
            return false;
        }
        if (dtype != first) {
            *failed = wgi_refuse(draft, WG_ERR_DTYPE, "wg_cast one of them",
                                 "dtypes differ: %s (operand 0) vs %s (operand %d)",
                                 wg_dtype_name(first), wg_dtype_name(dtype), (int)i);
            return false;
        }
    }
    return true;
}

wg_node wg_einsum(const char *equation, const wg_node *operands, int32_t n)
{
    const wgi_draft draft = {
        .form = &wgi_op_einsum, .n_in = n > 0 && operands != NULL ? n : 0, .in = operands};
    reader r = {.draft = &draft, .equation = equation, .at = equation};
    wgi_contraction c = {.draft = &draft};
    wg_node failed;
    if (draft.n_in == 0) {
        return (wg_node){NULL, 0, 0};
    }
    if (!wgi_take_operands(&draft, &failed)) {
        return failed;
    }
    if (equation == NULL) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "the equation is NULL");
    }
    if (n > WGI_MOST_TERMS) {
        return wgi_refuse(&draft, WG_ERR_RANGE, NULL, "%d operands, more than %d", (int)n,
                          WGI_MOST_TERMS);
    }
    if (!check_dtypes(&draft, &failed)) {
        return failed;
    }
    return read_equation(&r) && bind(&r, &c) ? wgi_contract(&c) : r.failed;
}

/* ---- samples ------------------------------------------------------------------------------ */

#define EINSUM(name, equation, count) WGI_BUILD(name, wg_einsum(equation, in, count))

EINSUM(product, "ij,jk->ik", 2)
EINSUM(product_implied, "ij,jk", 2)
EINSUM(product_transposed, "ik,jk->ij", 2)
EINSUM(product_turned, "ki,kj->ji", 2)
EINSUM(product_batched, "bij,bjk->bik", 2)
EINSUM(product_far, "abij,jkbc->aick", 2)
EINSUM(product_ellipsis, "...ij,jk...->...ki", 2)
EINSUM(product_implied_ellipsis, "...ij,...j", 2)
EINSUM(chain, "ij,jk,kl->il", 3)
EINSUM(bilinear, "bi,oij,bj->bo", 3)
EINSUM(dot, "i,i->", 2)
EINSUM(dot_of_matrices, "ij,ji->", 2)
EINSUM(outer, "i,j->ij", 2)
EINSUM(outer_turned, "i,j->ji", 2)
EINSUM(scaled, "j,ij->ij", 2)
EINSUM(traced, "ii->", 1)
EINSUM(diagonal, "ii->i", 1)
EINSUM(diagonal_within, "iji->j", 1)
EINSUM(diagonal_thrice, "iii->i", 1)
EINSUM(turned, "ijk->kij", 1)
EINSUM(summed, "ijk->j", 1)
EINSUM(summed_ellipsis, "i...->i", 1)
EINSUM(summed_both, "ij,k->", 2)
EINSUM(rank_0, ",i->i", 2)
EINSUM(same, "i,i,i->i", 3)
EINSUM(spaced, " i j , j k -> i k ", 2)

#define NORMAL_1(i) WGI_IN_1(i, WGI_NORMAL)
#define NORMAL_2(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define NORMAL_3(i, j, k) WGI_IN_3(i, j, k, WGI_NORMAL)
#define NORMAL_4(i, j, k, l) WGI_IN_4(i, j, k, l, WGI_NORMAL)

static const wgi_sample samples[] = {
    WGI_GOOD("product", product, 2, NORMAL_2(2, 3), NORMAL_2(3, 4)),
    WGI_GOOD("implied", product_implied, 2, NORMAL_2(2, 3), NORMAL_2(3, 4)),
    WGI_GOOD("transposed", product_transposed, 2, NORMAL_2(2, 3), NORMAL_2(4, 3)),
    WGI_GOOD("turned", product_turned, 2, NORMAL_2(3, 2), NORMAL_2(3, 4)),
    WGI_GOOD("batched", product_batched, 2, NORMAL_3(2, 3, 4), NORMAL_3(2, 4, 2)),
    WGI_GOOD("batch of a broadcasts", product_batched, 2, NORMAL_3(1, 3, 4), NORMAL_3(2, 4, 2)),
    WGI_GOOD("inner axis broadcasts", product, 2, NORMAL_2(2, 1), NORMAL_2(3, 4)),
    WGI_GOOD("far", product_far, 2, NORMAL_4(2, 2, 3, 2), NORMAL_4(2, 3, 2, 2)),
    WGI_GOOD("ellipsis", product_ellipsis, 2, NORMAL_3(2, 3, 4), NORMAL_3(4, 2, 2)),
    WGI_GOOD("ellipsis of one", product_ellipsis, 2, NORMAL_3(2, 3, 4), NORMAL_2(4, 2)),
    WGI_GOOD("ellipsis, implied", product_implied_ellipsis, 2, NORMAL_3(2, 3, 4), NORMAL_1(4)),
    WGI_GOOD("chain", chain, 3, NORMAL_2(2, 3), NORMAL_2(3, 2), NORMAL_2(2, 4)),
    WGI_GOOD("bilinear", bilinear, 3, NORMAL_2(2, 3), NORMAL_3(2, 3, 4), NORMAL_2(2, 4)),
    WGI_GOOD("dot", dot, 2, NORMAL_1(4), NORMAL_1(4)),
    WGI_GOOD("square", dot, 2, NORMAL_1(4), WGI_IN_SAME_1(4, WGI_NORMAL, 0)),
    WGI_GOOD("dot of matrices", dot_of_matrices, 2, NORMAL_2(2, 3), NORMAL_2(3, 2)),
    WGI_GOOD("outer", outer, 2, NORMAL_1(2), NORMAL_1(3)),
    WGI_GOOD("outer, turned", outer_turned, 2, NORMAL_1(2), NORMAL_1(3)),
    WGI_GOOD("scaled", scaled, 2, NORMAL_1(3), NORMAL_2(2, 3)),
    WGI_GOOD("trace", traced, 1, NORMAL_2(3, 3)),
    WGI_GOOD("diagonal", diagonal, 1, NORMAL_2(3, 3)),
    WGI_GOOD("diagonal within", diagonal_within, 1, NORMAL_3(3, 2, 3)),
    WGI_GOOD("diagonal of a cube", diagonal_thrice, 1, NORMAL_3(2, 2, 2)),
    WGI_GOOD("permuted", turned, 1, NORMAL_3(2, 3, 4)),
    WGI_GOOD("summed", summed, 1, NORMAL_3(2, 3, 4)),
    WGI_GOOD("ellipsis, summed", summed_ellipsis, 1, NORMAL_3(2, 3, 2)),
    WGI_GOOD("both summed", summed_both, 2, NORMAL_2(2, 3), NORMAL_1(2)),
    WGI_GOOD("rank 0", rank_0, 2, WGI_IN_0(WGI_NORMAL), NORMAL_1(3)),
    WGI_GOOD("products of elements", same, 3, NORMAL_1(3), NORMAL_1(3), NORMAL_1(1)),
    WGI_GOOD("spaces", spaced, 2, NORMAL_2(2, 3), NORMAL_2(3, 4)),
    WGI_GOOD("size 1", product, 2, NORMAL_2(1, 1), NORMAL_2(1, 1)),
    WGI_GOOD("nothing summed", product, 2, NORMAL_2(2, 0), NORMAL_2(0, 3)),
    WGI_GOOD("size 0", product, 2, NORMAL_2(0, 2), NORMAL_2(2, 3)),
};

EINSUM(bad_letter, "i1,jk", 2)
EINSUM(bad_dots, "i..j", 1)
EINSUM(bad_ellipses, "...i...", 1)
EINSUM(bad_arrow, "ij-ji", 1)
EINSUM(bad_end, "ij->i,j", 1)
EINSUM(bad_output, "ij->ik", 1)
EINSUM(bad_twice, "ij->ii", 1)
EINSUM(bad_long, "abcdefghij", 1)
EINSUM(bad_more, "ij,jk->ik", 1)
EINSUM(bad_fewer, "ii->", 2)
EINSUM(bad_byte, "i\tj", 1)
EINSUM(bad_diagonal, "ii->i", 1)
WGI_BUILD(no_equation, wg_einsum(NULL, in, 1))

static const wgi_sample bad[] = {
    WGI_BAD("letter", bad_letter, WG_ERR_ARGUMENT, "einsum: column 2: '1' is no letter", 2,
            NORMAL_2(2, 3), NORMAL_2(3, 4)),
    WGI_BAD("byte", bad_byte, WG_ERR_ARGUMENT, "einsum: column 2: byte 9 is no letter", 1,
            NORMAL_2(2, 3)),
    WGI_BAD("dots", bad_dots, WG_ERR_ARGUMENT, "einsum: column 2: an ellipsis has three dots", 1,
            NORMAL_2(2, 3)),
    WGI_BAD("ellipses", bad_ellipses, WG_ERR_ARGUMENT,
            "einsum: column 5: the term has an ellipsis already", 1, NORMAL_2(2, 3)),
    WGI_BAD("arrow", bad_arrow, WG_ERR_ARGUMENT, "einsum: column 3: '-' begins no arrow", 1,
            NORMAL_2(2, 3)),
    WGI_BAD("end", bad_end, WG_ERR_ARGUMENT, "einsum: column 6: the output is the end", 1,
            NORMAL_2(2, 3)),
    WGI_BAD("unknown", bad_output, WG_ERR_ARGUMENT, "einsum: column 6: 'k' is in no operand", 1,
            NORMAL_2(2, 3)),
    WGI_BAD("twice", bad_twice, WG_ERR_ARGUMENT, "einsum: column 6: 'i' is in the output twice", 1,
            NORMAL_2(2, 3)),
    WGI_BAD("long", bad_long, WG_ERR_ARGUMENT, "einsum: column 10: the term has too many letters",
            1, NORMAL_2(2, 3)),
    WGI_BAD("more terms", bad_more, WG_ERR_ARGUMENT,
            "einsum: column 4: there are more terms than operands", 1, NORMAL_2(2, 3)),
    WGI_BAD("fewer terms", bad_fewer, WG_ERR_ARGUMENT,
            "einsum: column 3: there are fewer terms than operands", 2, NORMAL_2(3, 3),
            NORMAL_2(3, 3)),
    WGI_BAD("diagonal of nothing and one", bad_diagonal, WG_ERR_SHAPE,
            "einsum: column 2: sizes differ: 1 (operand 0, axis 1) vs 0", 1, NORMAL_2(0, 1)),
    WGI_BAD("rank", product, WG_ERR_SHAPE, "einsum: column 4: 2 letters for rank 1 (operand 1)", 2,
            NORMAL_2(2, 3), NORMAL_1(3)),
    WGI_BAD("sizes", product, WG_ERR_SHAPE,
            "einsum: column 4: sizes differ: 4 (operand 1, axis 0) vs 3", 2, NORMAL_2(2, 3),
            NORMAL_2(4, 2)),
    WGI_BAD("ellipsis sizes", product_ellipsis, WG_ERR_SHAPE,
            "einsum: column 9: sizes differ: 5 (operand 1, axis 2) vs 2", 2, NORMAL_3(2, 3, 4),
            NORMAL_3(4, 2, 5)),
    WGI_BAD("diagonal", traced, WG_ERR_SHAPE,
            "einsum: column 2: sizes differ: 3 (operand 0, axis 1) vs 1", 1, NORMAL_2(1, 3)),
    WGI_BAD("no equation", no_equation, WG_ERR_ARGUMENT, "einsum: the equation is NULL", 1,
            NORMAL_2(1, 3)),
    WGI_BAD("dtype", dot, WG_ERR_DTYPE, "einsum: needs a floating dtype: i64 (operand 0)", 2,
            WGI_IN_TYPED(3, WG_I64, 2), WGI_IN_TYPED(3, WG_I64, 2)),
};

static const wgi_attribute attributes[] = {{.name = "equation", .kind = WGI_ATTR_TEXT}};

WGI_CALL(call, wg_einsum(wgi_call_text(c, 0), c->in, c->n_in))

const wgi_op wgi_op_einsum = {
    WGI_FORM_OF("einsum", 1, WGI_MOST_TERMS, "a", "b", "c", "d"),
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};
