/* What the losses share: checks of their operands, and reductions.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_LOSS_INTERNAL_H
#define WG_OPS_LOSS_INTERNAL_H

#include "core/op.h"

#include <wengert/ops.h>

/* The attribute by which callers by name choose. */
#define WGI_REDUCTION_WORDS "mean|sum|none"
#define WGI_REDUCTION_ATTRIBUTE                                                                    \
    {                                                                                              \
        .name = "reduction", .kind = WGI_ATTR_CHOICE, .range = WGI_REDUCTION_WORDS,                \
        .is_optional = true                                                                        \
    }

/* Whether a loss may begin: the reduction is one, operands 0 and 1 of the draft are floating, of
 * one dtype and of one shape. Names are those of the operands. False where the graph has been
 * failed, and *failed is then the node to return. */
WGI_NODISCARD bool wgi_loss_begin(const wgi_draft *draft, const char *const names[2],
                                  wg_reduction reduction, wg_node *failed);

/* Whether a further operand of the form's row is a node of the graph and of operand 0's dtype; its
 * type then. False as above. */
WGI_NODISCARD bool wgi_loss_operand(const wgi_draft *draft, wg_node operand, const char *name,
                                    wgi_view *out, wg_node *failed);

/* The same of an operand that may be missing and else has the shape and dtype of operand 0. */
WGI_NODISCARD bool wgi_loss_option(const wgi_draft *draft, wg_node option, const char *name,
                                   wg_node *failed);

WGI_NODISCARD bool wgi_loss_reduction(const wgi_draft *draft, wg_reduction reduction,
                                      wg_node *failed);

/* The losses of all elements, as the caller wants them. */
wg_node wgi_reduce(wg_node losses, wg_reduction reduction);

/* p y, and 0 where p is 0 even if y is infinite; a NaN stays. */
wg_node wgi_times_log(wg_node p, wg_node y);

#endif
