/* Graphs made of the samples that ops bring along: what the generic drivers run.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Operands are a function of the seed, the op, the sample and the operand alone, so that two graphs
 * of one sample hold the same values; a failure prints the seed. */
#ifndef WG_TESTS_OPS_SAMPLE_GRAPH_H
#define WG_TESTS_OPS_SAMPLE_GRAPH_H

#include <wengert/graph.h>

#include "inspect/sample.h"

#define WGT_SAMPLE_SEED WGI_SAMPLE_SEED
#define WGT_MAX_LEAVES WGI_SAMPLE_LEAVES

typedef wgi_sample_graph wgt_sample_graph;

/* Prints what is wrong with a sample, where it is and how it was filled; returns 1, a failure. */
int wgt_sample_complain(const wgt_sample_graph *s, const char *format, ...) WGI_PRINTF(2, 3);

/* Does something with a sample; returns the number of failures, each of them printed. */
typedef int (*wgt_sample_visit)(wgt_sample_graph *s, void *user);

/* Visits each good sample of each op of the table, recorded in a graph of the context with the
 * floating dtype. The sum of the failures; a sample that does not record is one. */
int wgt_samples_visit(wg_context *ctx, wg_dtype dtype, wgt_sample_visit visit, void *user);

/* A context with a fixed seed, without some backends, and with the reference alone where
 * WENGERT_TEST_REFERENCE is set; fails the test where there is none. */
wg_context *wgt_context(uint32_t without);

/* The elements of a tensor as doubles in new memory, one more than there are, to be freed. */
double *wgt_doubles_of(const wg_tensor *t);

/* A tensor of random values in a context; `stream` picks them. Fails the test when it cannot. */
wg_tensor *wgt_random_tensor(wg_context *ctx, wg_dtype dtype, const wgi_sample_input *how,
                             uint64_t stream);

/* A context of wgt_context(0) with an empty graph. */
typedef struct wgt_stage {
    wg_context *ctx;
    wg_graph *g;
} wgt_stage;

wgt_stage wgt_stage_open(void);
void wgt_stage_close(wgt_stage *stage);

/* A variable of n values in the graph of a stage. */
wg_node wgt_stage_vector(const wgt_stage *stage, wg_dtype dtype, int64_t n, const double *values);

#endif
