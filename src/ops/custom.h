/* The program's own ops: by definition, with kernels, or by formula.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: an op stands in its context's list from the moment it is whole until the context is
 * destroyed; its rows are in the context's table as long. */
#ifndef WGI_OPS_CUSTOM_H
#define WGI_OPS_CUSTOM_H

#include <wengert/custom.h>

#include "core/context.h"
#include "ops/formula.h"

/* A row that leads back to the op it belongs to. The row comes first. */
typedef struct wgi_defined_row {
    wgi_op row;
    const struct wg_op *owner;
} wgi_defined_row;

#define WGI_DEFINED_NAME 32

struct wg_op {
    wg_op *next; /* of the context */
    wg_context *ctx;
    char name[WGI_DEFINED_NAME];
    char backward_name[WGI_DEFINED_NAME + 10];
    int32_t n_inputs;
    int32_t n_outputs;
    wgi_formula *formula; /* NULL: a definition */
    wg_op_definition definition;
    uint16_t forward_id;  /* 0 for a formula */
    uint16_t backward_id; /* 0 where there is no kernel of the gradient */
    wgi_defined_row forward;
    wgi_defined_row backward;
};

/* Fills the rows of a definition; the row by which calls by name find a formula. */
void wgi_defined_rows(wg_op *op);
void wgi_formula_row(wg_op *op);

/* The words of an op's own attributes; the backward op has one more, whose bits are the inputs that
 * want a gradient. */
static inline size_t wgi_defined_words(const wg_op *op)
{
    return (op->definition.attribute_bytes + 7) / 8;
}

/* Gives back all ops of a context, and lets the program release what it gave them. */
void wgi_defined_free(wg_context *ctx);

#endif
