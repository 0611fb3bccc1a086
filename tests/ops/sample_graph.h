/* Graphs made of the samples that ops bring along: what the generic drivers run.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Operands are a function of the seed, the op, the sample and the operand alone, so that two graphs
 * of one sample hold the same values; a failure prints the seed. */
#ifndef WG_TESTS_OPS_SAMPLE_GRAPH_H
#define WG_TESTS_OPS_SAMPLE_GRAPH_H

#include <wengert/graph.h>

#include "core/op.h"

#define WGT_SAMPLE_SEED 20240229

/* An op takes at most three operands in a sample; the weights are one leaf more. */
#define WGT_MAX_LEAVES (WGI_SAMPLE_INPUTS + 1)

/* One sample recorded in a graph. Floating operands are variables, the others inputs. Where y is
 * floating and differentiable, loss = sum(r * y) with random weights r, themselves a variable; else
 * both are zero handles. `leaves` are the variables, each once, r the last of them. */
typedef struct wgt_sample_graph {
    wg_graph *g;
    const wgi_op *op;
    const wgi_sample *sample;
    wg_dtype dtype;
    int32_t n_tensors;
    wg_tensor *tensors[WGT_MAX_LEAVES];
    wg_node in[WGI_SAMPLE_INPUTS];
    wg_node y;
    wg_node r;
    wg_node loss;
    size_t n_leaves;
    wg_node leaves[WGT_MAX_LEAVES];
} wgt_sample_graph;

/* Records a sample in an empty graph; returns the graph's status. */
wg_status wgt_sample_build(wgt_sample_graph *s, wg_graph *g, const wgi_op *op,
                           const wgi_sample *sample, wg_dtype dtype);

/* Releases the operands and resets the graph. */
void wgt_sample_clear(wgt_sample_graph *s);

/* Prints what is wrong with a sample, where it is and how it was filled; returns 1, a failure. */
int wgt_sample_complain(const wgt_sample_graph *s, const char *format, ...) WGI_PRINTF(2, 3);

/* Does something with a sample; returns the number of failures, each of them printed. */
typedef int (*wgt_sample_visit)(wgt_sample_graph *s, void *user);

/* Visits each good sample of each op of the table, recorded in a graph of the context with the
 * floating dtype. The sum of the failures; a sample that does not record is one. */
int wgt_samples_visit(wg_context *ctx, wg_dtype dtype, wgt_sample_visit visit, void *user);

/* A context with a fixed seed, without some backends; fails the test where there is none. */
wg_context *wgt_context(uint32_t without);

/* A tensor of random values in a context; `stream` picks them. Fails the test when it cannot. */
wg_tensor *wgt_random_tensor(wg_context *ctx, wg_dtype dtype, const wgi_sample_input *how,
                             uint64_t stream);

#endif
