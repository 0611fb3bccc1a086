/* Graphs made of the samples that ops bring along: what checks of every op run.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Operands are a function of the seed, the op, the sample and the operand alone, so that two graphs
 * of one sample hold the same values. */
#ifndef WG_INSPECT_SAMPLE_H
#define WG_INSPECT_SAMPLE_H

#include <wengert/graph.h>

#include "core/op.h"

#define WGI_SAMPLE_SEED 20240229

/* The weights are one leaf more than the operands. */
#define WGI_SAMPLE_LEAVES (WGI_SAMPLE_INPUTS + 1)

/* One sample recorded in a graph. Floating operands are variables, the others inputs. Where y is
 * floating and differentiable, loss = sum(r * y) with random weights r, themselves a variable; else
 * both are zero handles. `leaves` are the variables, each once, r the last of them. */
typedef struct wgi_sample_graph {
    wg_graph *g;
    const wgi_op *op;
    const wgi_sample *sample;
    wg_dtype dtype;
    int32_t n_tensors;
    wg_tensor *tensors[WGI_SAMPLE_LEAVES];
    wg_node in[WGI_SAMPLE_INPUTS];
    wg_node y;
    wg_node r;
    wg_node loss;
    size_t n_leaves;
    wg_node leaves[WGI_SAMPLE_LEAVES];
} wgi_sample_graph;

/* A tensor of random values in a context; `stream` picks them. Errors: WG_ERR_MEMORY. */
WGI_NODISCARD wg_status wgi_sample_tensor(wg_context *ctx, wg_dtype dtype,
                                          const wgi_sample_input *how, uint64_t stream,
                                          wg_tensor **out);

/* Records a sample in an empty graph; returns the graph's status. */
wg_status wgi_sample_build(wgi_sample_graph *s, wg_graph *g, const wgi_op *op,
                           const wgi_sample *sample, wg_dtype dtype);

/* Releases the operands and resets the graph. */
void wgi_sample_clear(wgi_sample_graph *s);

#endif
