/* Contractions of operands whose axes have labels: what einsum and its kin record.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_CONTRACT_H
#define WGI_OPS_CONTRACT_H

#include "core/op.h"

/* The most operands, and one more than the largest label: those of the letters, then those of axes
 * that an ellipsis stands for. */
#define WGI_MOST_TERMS 16
#define WGI_N_LETTERS 52
#define WGI_N_LABELS (WGI_N_LETTERS + WG_MAX_RANK)

/* The labels of an operand's axes, or of the result's. */
typedef struct wgi_term {
    int32_t n;
    uint8_t labels[WG_MAX_RANK];
} wgi_term;

/* What is contracted. sizes: of each label; an axis of size 1 whose label has another size
 * broadcasts. Invariant: every label of the output is in an operand, and once in the output; an
 * operand's axes that share a label have one size. */
typedef struct wgi_contraction {
    const wgi_draft *draft; /* whose form refuses; its operands are live nodes of one graph */
    wgi_term terms[WGI_MOST_TERMS];
    wgi_term output;
    int64_t sizes[WGI_N_LABELS];
} wgi_contraction;

/* For each label of the output the sum over all others of the product of the operands, contracted
 * from left to right. The terms change. */
wg_node wgi_contract(wgi_contraction *c);

/* Whether the draft's operands are live nodes of one graph; else *out is the node to return. */
WGI_NODISCARD bool wgi_take_operands(const wgi_draft *draft, wg_node *out);

#endif
