/* Formulas carried out on nodes, and the functions they may name.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Constants stay numbers as long as they can: a factor becomes wg_scale, anything else a tensor of
 * rank 0 that broadcasts. */
#include "ops/formula.h"

#include <math.h>

#include "core/text.h"
#include "ops/support.h"

/* One row for each function: its name, constructor, and what it makes of a constant. */
#define ONE(op) {.name = #op, .one = (wg_##op)},
#define ONE_AS(op, of) {.name = #op, .one = (wg_##op), .constant = (of)},
#define TWO(op) {.name = #op, .two = (wg_##op)},

/* clang-format off */
const wgi_formula_function wgi_formula_functions[] = {
    ONE_AS(exp, exp)
    ONE_AS(exp2, exp2)
    ONE_AS(expm1, expm1)
    ONE_AS(log, log)
    ONE_AS(log2, log2)
    ONE_AS(log10, log10)
    ONE_AS(log1p, log1p)
    ONE_AS(sqrt, sqrt)
    ONE(rsqrt)
    ONE(square)
    ONE(reciprocal)
    ONE_AS(sin, sin)
    ONE_AS(cos, cos)
    ONE_AS(tan, tan)
    ONE_AS(asin, asin)
    ONE_AS(acos, acos)
    ONE_AS(atan, atan)
    ONE_AS(sinh, sinh)
    ONE_AS(cosh, cosh)
    ONE_AS(tanh, tanh)
    ONE_AS(erf, erf)
    ONE(sigmoid)
    ONE(relu)
    ONE(neg)
    ONE_AS(abs, fabs)
    ONE(sign)
    ONE_AS(floor, floor)
    ONE_AS(ceil, ceil)
    ONE(round)
    ONE_AS(trunc, trunc)
    ONE(frac)
    TWO(pow)
    TWO(maximum)
    TWO(minimum)
    TWO(atan2)
    TWO(hypot)
    TWO(fmod)
    TWO(remainder)
    TWO(xlogy)
    TWO(gate)
};
/* clang-format on */

const size_t wgi_formula_n_functions = sizeof wgi_formula_functions / sizeof *wgi_formula_functions;

/* ---- values ------------------------------------------------------------------------------- */

/* A number, or a node that is one. */
typedef struct value {
    bool is_number;
    double number;
    wg_node node;
} value;

typedef struct machine {
    wg_graph *graph;
    wg_dtype dtype;
    value stack[WGI_FORMULA_STACK];
    size_t n;
} machine;

static wg_node node_of(const machine *m, const value *v)
{
    return v->is_number ? wg_number(m->graph, m->dtype, v->number) : v->node;
}

static value value_of(wg_node node)
{
    return (value){.node = node};
}

static wg_node product(const machine *m, const value *a, const value *b)
{
    if (a->is_number != b->is_number) {
        const double factor = a->is_number ? a->number : b->number;
        return wg_scale(a->is_number ? b->node : a->node, factor);
    }
    return wg_mul(node_of(m, a), node_of(m, b));
}

/* The greatest whole exponent that becomes squares and products, which fuse; of f64 they lose some
 * units in the last place at most. */
#define MOST_SQUARED 64

/* x^n for n > 0 by repeated squaring, from the highest bit of n down. */
static wg_node power_by_squares(wg_node x, int32_t n)
{
    int32_t bit = 1;
    while (bit * 2 <= n) {
        bit *= 2;
    }
    wg_node y = x;
    for (bit /= 2; bit > 0; bit /= 2) {
        y = wg_square(y);
        y = (n & bit) != 0 ? wg_mul(y, x) : y;
    }
    return y;
}

static wg_node power(wg_node x, double exponent)
{
    const double size = fabs(exponent);
    if (size < 1 || size > MOST_SQUARED || size != floor(size)) {
        return wg_pow_number(x, exponent);
    }
    const wg_node y = power_by_squares(x, (int32_t)size);
    return exponent < 0 ? wg_reciprocal(y) : y;
}

/* ---- steps -------------------------------------------------------------------------------- */

static wg_node of_two(const machine *m, const wgi_formula_step *s, const value *a, const value *b)
{
    switch (s->code) {
    case WGI_FORMULA_ADD:
        return wg_add(node_of(m, a), node_of(m, b));
    case WGI_FORMULA_SUB:
        return wg_sub(node_of(m, a), node_of(m, b));
    case WGI_FORMULA_MUL:
        return product(m, a, b);
    case WGI_FORMULA_DIV:
        return wg_div(node_of(m, a), node_of(m, b));
    case WGI_FORMULA_POWER:
        return wg_pow(node_of(m, a), node_of(m, b));
    default:
        return wgi_formula_functions[s->index].two(node_of(m, a), node_of(m, b));
    }
}

static wg_node of_one(const machine *m, const wgi_formula_step *s, const value *x)
{
    switch (s->code) {
    case WGI_FORMULA_NEG:
        return wg_neg(node_of(m, x));
    case WGI_FORMULA_RAISE:
        return power(node_of(m, x), s->number);
    default:
        return wgi_formula_functions[s->index].one(node_of(m, x));
    }
}

static void carry_out(machine *m, const wgi_formula_step *s, const wg_node *variables)
{
    switch (s->code) {
    case WGI_FORMULA_VARIABLE:
        m->stack[m->n++] = value_of(variables[s->index]);
        break;
    case WGI_FORMULA_NUMBER:
        m->stack[m->n++] = (value){.is_number = true, .number = s->number};
        break;
    case WGI_FORMULA_NEG:
    case WGI_FORMULA_RAISE:
    case WGI_FORMULA_CALL_ONE:
        m->stack[m->n - 1] = value_of(of_one(m, s, &m->stack[m->n - 1]));
        break;
    default:
        m->n--;
        m->stack[m->n - 1] = value_of(of_two(m, s, &m->stack[m->n - 1], &m->stack[m->n]));
        break;
    }
}

/* ---- operands ----------------------------------------------------------------------------- */

/* A use of a formula, and the shape that its variables have come to. */
typedef struct use {
    const wgi_formula *formula;
    const char *op;
    const wg_node *variables;
    wgi_type shape;
} use;

static wg_node refuse(const use *u, wg_status status, const char *format, ...) WGI_PRINTF(3, 4);

static wg_node refuse(const use *u, wg_status status, const char *format, ...)
{
    char line[WGI_DETAIL_BYTES];
    wgi_text text = wgi_text_make(line, sizeof line);
    va_list list;
    va_start(list, format);
    wgi_text_add_list(&text, format, list);
    va_end(list);
    return wgi_refuse_call(u->variables, u->formula->n_variables, u->op, status, "%s", line);
}

static wg_node refuse_dtype(const use *u, int32_t i, const wgi_view *view)
{
    const char *name = u->formula->names[i];
    const char *dtype = wg_dtype_name((wg_dtype)view->dtype);
    if (!wgi_is_floating(view->dtype)) {
        return refuse(u, WG_ERR_DTYPE, "needs a floating dtype: %s (%s)", dtype, name);
    }
    return refuse(u, WG_ERR_DTYPE, "dtypes differ: %s (%s) vs %s (%s)",
                  wg_dtype_name((wg_dtype)u->shape.dtype), u->formula->names[0], dtype, name);
}

static wg_node refuse_shape(const use *u, int32_t i, const wgi_view *view)
{
    char have[WGI_SHAPE_TEXT];
    char more[WGI_SHAPE_TEXT];
    return refuse(u, WG_ERR_SHAPE, "shapes do not broadcast: %s (%s) to %s (those before it)",
                  wgi_shape_text(view->rank, view->dims, more, sizeof more), u->formula->names[i],
                  wgi_shape_text(u->shape.rank, u->shape.dims, have, sizeof have));
}

/* Checks one variable against those before it. */
static bool takes(use *u, int32_t i, wg_node *failed)
{
    const wg_node x = u->variables[i];
    wgi_view view;
    if (!wgi_view_of(x, &view) || x.graph != u->variables[0].graph) {
        *failed =
            refuse(u, WG_ERR_HANDLE, "variable %s is no node of this graph", u->formula->names[i]);
        return false;
    }
    u->shape.dtype = i == 0 ? view.dtype : u->shape.dtype;
    if (!wgi_is_floating(view.dtype) || view.dtype != u->shape.dtype) {
        *failed = refuse_dtype(u, i, &view);
        return false;
    }
    if (wgi_broadcast(&u->shape, view.rank, view.dims) != 0) {
        *failed = refuse_shape(u, i, &view);
        return false;
    }
    return true;
}

/* All that can be wrong with the variables is told here, in the name of the op that the program
 * knows; the ops that it is made of find nothing more to say. */
static bool takes_all(const wgi_formula *formula, const char *op, const wg_node *variables,
                      wg_node *failed)
{
    use u = {.formula = formula, .op = op, .variables = variables};
    for (int32_t i = 0; i < formula->n_variables; i++) {
        if (!takes(&u, i, failed)) {
            return false;
        }
    }
    return true;
}

wg_node wgi_formula_apply(const wgi_formula *formula, const char *op, const wg_node *variables)
{
    wg_node failed;
    if (!takes_all(formula, op, variables, &failed)) {
        return failed;
    }
    const wgi_formula_step *steps = formula->steps.data;
    machine m;
    m.graph = variables[0].graph;
    m.dtype = wg_node_dtype(variables[0]);
    m.n = 0;
    for (size_t i = 0; i < formula->steps.count; i++) {
        carry_out(&m, &steps[i], variables);
    }
    return node_of(&m, &m.stack[0]);
}
