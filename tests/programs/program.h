/* Random programs: lists of calls that can be made on any graph, and printed as C.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A program is a function of its seed. Step i makes node i from nodes before it; no call of it can
 * fail, every value is finite and at most WGT_LARGEST in size, and no value lies within WGT_MARGIN
 * of a kink, so that differences, and runs in which values differ by their rounding, see the same
 * smooth function. */
#ifndef WG_TESTS_PROGRAMS_PROGRAM_H
#define WG_TESTS_PROGRAMS_PROGRAM_H

#include <wengert/derivatives.h>
#include <wengert/ops.h>

#include "core/op.h"

enum {
    WGT_MAX_STEPS = 160,
    WGT_MAX_DIMS = 4
};

#define WGT_LARGEST 8.0
#define WGT_MARGIN 1e-3

/* X(name, form): the call wg_<name> and the form of its arguments. */
#define WGT_CALLS(X)                                                                               \
    X(variable, leaf)                                                                              \
    X(input, leaf)                                                                                 \
    X(constant, constant)                                                                          \
    X(full, full)                                                                                  \
    X(uniform, uniform)                                                                            \
    X(neg, unary)                                                                                  \
    X(exp, unary)                                                                                  \
    X(log, unary)                                                                                  \
    X(square, unary)                                                                               \
    X(sqrt, unary)                                                                                 \
    X(sigmoid, unary)                                                                              \
    X(tanh, unary)                                                                                 \
    X(relu, unary)                                                                                 \
    X(stop_gradient, unary)                                                                        \
    X(sum_all, unary)                                                                              \
    X(mean_all, unary)                                                                             \
    X(transpose, unary)                                                                            \
    X(add, binary)                                                                                 \
    X(sub, binary)                                                                                 \
    X(mul, binary)                                                                                 \
    X(div, binary)                                                                                 \
    X(gate, binary)                                                                                \
    X(greater, binary)                                                                             \
    X(matmul, binary)                                                                              \
    X(mse, binary)                                                                                 \
    X(half_sum_squares, binary)                                                                    \
    X(cross_entropy, binary)                                                                       \
    X(where, ternary)                                                                              \
    X(scale, numbered)                                                                             \
    X(heaviside, numbered)                                                                         \
    X(dropout, numbered)                                                                           \
    X(sum, reduce)                                                                                 \
    X(mean, reduce)                                                                                \
    X(reshape, shaped)                                                                             \
    X(broadcast_to, shaped)                                                                        \
    X(sum_to, shaped)                                                                              \
    X(permute, permuted)                                                                           \
    X(softmax, along)                                                                              \
    X(log_softmax, along)                                                                          \
    X(gather, gather)                                                                              \
    X(scatter_add, scatter)                                                                        \
    X(one_hot, one_hot)                                                                            \
    X(cast, cast)                                                                                  \
    X(output, output)                                                                              \
    X(grad, grad)                                                                                  \
    X(vjp, vjp)                                                                                    \
    X(jvp, jvp)                                                                                    \
    X(jacobian, jacobian)

typedef enum wgt_call {
#define WGT_CALL_ENUM(name, form) WGT_CALL_##name,
    WGT_CALLS(WGT_CALL_ENUM)
#undef WGT_CALL_ENUM
    WGT_N_CALLS,
    WGT_CALL_sample = WGT_N_CALLS /* of any row of the table, as one of its samples makes it */
} wgt_call;

/* One call. What a form does not use is 0. */
typedef struct wgt_step {
    wgt_call call;
    int32_t in[WGI_SAMPLE_INPUTS]; /* earlier steps */
    int32_t dtype;                 /* of a leaf, fill or result of a cast */
    int32_t rank;
    int64_t dims[WGT_MAX_DIMS]; /* a shape; axes; the number of classes or the size */
    int32_t axis;               /* or the output's number */
    bool keepdims;
    double numbers[2];
    wgi_sample_fill fill; /* of a leaf */
    int64_t limit;
    uint64_t stream;
    int32_t row; /* of a sample */
    int32_t sample;
    int32_t stops;  /* whether a gradient stops in it */
    int32_t rounds; /* whether it makes integers of reals, which may be indices later */
} wgt_step;

typedef struct wgt_program {
    uint64_t seed;
    wg_dtype dtype; /* most nodes' */
    int32_t loss;   /* a step of one element in that dtype, or -1: nothing learns */
    int32_t n_steps;
    wgt_step steps[WGT_MAX_STEPS];
} wgt_program;

/* A program recorded in a graph. */
typedef struct wgt_recorded {
    wg_graph *g;
    const wgt_program *program;
    int32_t n_nodes;
    wg_node nodes[WGT_MAX_STEPS];
    int32_t n_tensors;
    wg_tensor *tensors[WGT_MAX_STEPS];
} wgt_recorded;

/* Records the steps in an empty graph; returns the graph's status. */
wg_status wgt_program_record(const wgt_program *p, wg_graph *g, wgt_recorded *out);

/* Records one step more, whose operands are r's nodes; the node is added to them. */
wg_node wgt_step_record(wgt_recorded *r, const wgt_step *step);

/* The node that the call of a sample makes of r's nodes. */
wg_node wgt_sample_record(const wgt_recorded *r, const wgt_step *step);

/* Releases the leaves and resets the graph. */
void wgt_recorded_clear(wgt_recorded *r);

/* Makes the program of a seed in a graph of an eager context, which is left empty. */
void wgt_program_make(uint64_t seed, wg_graph *scratch, wgt_program *out);

/* Prints a C program that records the same and differentiates it. */
void wgt_program_print(const wgt_program *p);

#endif
