/* Formulas carried out on nodes, and the functions they may name.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Constants stay numbers as long as they can: a factor becomes wg_scale, anything else a tensor of
 * rank 0 that broadcasts. */
#include "ops/formula.h"

#include <math.h>

#include "ops/support.h"

/* One row for each function: its name, constructor, and what it makes of a constant. */
#define ONE(name)                                                                                  \
    {                                                                                              \
#name, (wg_##name), NULL, NULL                                                             \
    }
#define ONE_AS(name, constant)                                                                     \
    {                                                                                              \
#name, (wg_##name), NULL, (constant)                                                       \
    }
#define TWO(name)                                                                                  \
    {                                                                                              \
#name, NULL, (wg_##name), NULL                                                             \
    }

const wgi_formula_function wgi_formula_functions[] = {
    ONE_AS(exp, exp), ONE_AS(log, log), ONE_AS(sqrt, sqrt), ONE_AS(tanh, tanh), ONE(square),
    ONE(sigmoid),     ONE(relu),        ONE(neg),           TWO(gate),
};

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

/* x^n by repeated squaring, from the highest bit of n down. */
static wg_node power(const machine *m, wg_node x, int32_t exponent)
{
    const int32_t n = exponent < 0 ? -exponent : exponent;
    int32_t bit = 1;
    while (bit * 2 <= n) {
        bit *= 2;
    }
    wg_node y = x;
    for (bit /= 2; bit > 0; bit /= 2) {
        y = wg_square(y);
        y = (n & bit) != 0 ? wg_mul(y, x) : y;
    }
    return exponent < 0 ? wg_div(wg_number(m->graph, m->dtype, 1), y) : y;
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
        return power(m, node_of(m, x), s->index);
    case WGI_FORMULA_ROOT:
        return wg_sqrt(node_of(m, x));
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
    case WGI_FORMULA_ROOT:
    case WGI_FORMULA_CALL_ONE:
        m->stack[m->n - 1] = value_of(of_one(m, s, &m->stack[m->n - 1]));
        break;
    default:
        m->n--;
        m->stack[m->n - 1] = value_of(of_two(m, s, &m->stack[m->n - 1], &m->stack[m->n]));
        break;
    }
}

/* The operands are checked here, so that even a formula that is a variable and nothing else refuses
 * what is no node. */
static bool check_variables(const wgi_formula *formula, const char *op, const wg_node *variables,
                            wg_node *failed)
{
    for (int32_t i = 0; i < formula->n_variables; i++) {
        wgi_view view;
        if (!wgi_view_of(variables[i], &view)) {
            *failed = wgi_refuse_call(variables, formula->n_variables, op, WG_ERR_HANDLE,
                                      "variable %s is no node of this graph", formula->names[i]);
            return false;
        }
        if (!wgi_is_floating(view.dtype)) {
            *failed = wgi_refuse_call(variables, formula->n_variables, op, WG_ERR_DTYPE,
                                      "needs a floating dtype: %s (%s)",
                                      wg_dtype_name((wg_dtype)view.dtype), formula->names[i]);
            return false;
        }
    }
    return true;
}

wg_node wgi_formula_apply(const wgi_formula *formula, const char *op, const wg_node *variables)
{
    wg_node failed;
    if (!check_variables(formula, op, variables, &failed)) {
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
