/* Formulas of pointwise ops: text to instructions, instructions to nodes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_FORMULA_H
#define WGI_OPS_FORMULA_H

#include "core/context.h"

enum {
    WGI_FORMULA_VARIABLES = 8,
    WGI_FORMULA_NAME = 32,
    WGI_FORMULA_STEPS = 1024,
    WGI_FORMULA_BYTES = 4096,
    WGI_FORMULA_DEPTH = 64,
    WGI_FORMULA_STACK = 3 * WGI_FORMULA_DEPTH + 8
};

/* A function that a formula may name. */
typedef struct wgi_formula_function {
    const char *name;
    wg_node (*one)(wg_node x);            /* its constructor, of one operand */
    wg_node (*two)(wg_node a, wg_node b); /* or of two */
    double (*constant)(double x);         /* of a constant operand; NULL: recorded like others */
} wgi_formula_function;

extern const wgi_formula_function wgi_formula_functions[];
extern const size_t wgi_formula_n_functions;

typedef enum wgi_formula_code {
    WGI_FORMULA_VARIABLE, /* index: which */
    WGI_FORMULA_NUMBER,   /* number */
    WGI_FORMULA_CALL_ONE, /* index: the function */
    WGI_FORMULA_CALL_TWO,
    WGI_FORMULA_ADD,
    WGI_FORMULA_SUB,
    WGI_FORMULA_MUL,
    WGI_FORMULA_DIV,
    WGI_FORMULA_NEG,
    WGI_FORMULA_RAISE, /* to the power of number */
    WGI_FORMULA_POWER  /* to the power of the operand above */
} wgi_formula_code;

typedef struct wgi_formula_step {
    wgi_formula_code code;
    int32_t index;
    double number;
} wgi_formula_step;

/* Invariant: the steps, carried out in order on a stack, never take more than is there nor leave
 * more than WGI_FORMULA_STACK, and end with one value; no operator has constant operands alone. */
typedef struct wgi_formula {
    wgi_array steps; /* wgi_formula_step */
    int32_t n_variables;
    char names[WGI_FORMULA_VARIABLES][WGI_FORMULA_NAME];
    const char *name_of[WGI_FORMULA_VARIABLES];
} wgi_formula;

/* Reads a formula. WG_ERR_ARGUMENT, with the column in the context's error; WG_ERR_MEMORY. */
WGI_NODISCARD wg_status wgi_formula_make(wg_context *ctx, const char *op, const char *text,
                                         wgi_formula **out);

/* NULL does nothing. */
void wgi_formula_free(const wg_allocator *a, wgi_formula *formula);

int32_t wgi_formula_variables(const wgi_formula *formula);
const char *const *wgi_formula_names(const wgi_formula *formula);

/* Records the formula on as many nodes as it has variables. */
wg_node wgi_formula_apply(const wgi_formula *formula, const char *op, const wg_node *variables);

/* The bytes of the name that a text starts with: a letter or _, then letters, digits, _. */
size_t wgi_formula_name(const char *text);

#endif
