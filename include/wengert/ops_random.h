/* Fills and random ops. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_RANDOM_H
#define WG_OPS_RANDOM_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A tensor of one value, which is a number (index 0). Floating, i64 or bool. */
WG_API wg_node wg_full(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims, double v);

/** Uniform in [low, high) (numbers 0 and 1), floating. Element e of the k-th random op of a list is
 * a function of (context seed, stream, step, k, e) alone. No gradient. */
WG_API wg_node wg_uniform(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims,
                          double low, double high);

/**
 * Normal with a mean and a standard deviation (numbers 0 and 1), floating. Drawn as uniform is,
 * from (context seed, stream, step, op, element) alone, in f32, so that every dtype holds the same
 * values; none lies more than 6.66 deviations from the mean. No gradient: mean + std * wg_normal of
 * 0 and 1 has one.
 *
 * Errors: WG_ERR_ARGUMENT where mean or std is not finite in f32, or std negative.
 * Source: Box, Muller: A note on the generation of random normal deviates (1958).
 */
WG_API wg_node wg_normal(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims,
                         double mean, double std);

/** 1 with probability p (a number, index 0, in [0, 1]) and 0 otherwise: where a uniform draw is
 * below p. Floating or bool, the same draws in each. No gradient. */
WG_API wg_node wg_bernoulli(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims,
                            double p);

/**
 * 1 with the probability that p holds for the element, and 0 otherwise. Floating, of p's type. No
 * gradient.
 *
 * Errors: WG_ERR_RANGE when it runs, where a probability is NaN or outside of [0, 1].
 */
WG_API wg_node wg_bernoulli_of(wg_node p);

/**
 * Integers, each of [low, high) as likely as another, i64. Drawn from (context seed, stream, step,
 * op, element) alone.
 *
 * Errors: WG_ERR_RANGE where [low, high) is empty or holds more than 2^32 integers.
 */
WG_API wg_node wg_randint(wg_graph *g, int32_t rank, const int64_t *dims, int64_t low,
                          int64_t high);

/**
 * In training: zeroes each element with probability p (a number, index 0, in [0, 1)) and scales the
 * rest by 1/(1-p); in evaluation: x. Floating. Output 1 is the mask of factors, 0 or 1/(1-p), in
 * x's dtype (in training alone). What is dropped is exactly 0, were it infinite or NaN. Gradient:
 * gate(mask, dy).
 */
WG_API wg_node wg_dropout(wg_node x, double p);

/**
 * In training: zeroes each channel x[n, c] with probability p (a number, index 0, in [0, 1)) and
 * scales the rest by 1/(1-p); in evaluation: x. x: [N, C, ...], floating. Output 1 is the mask of
 * factors, [N, C, 1, ...]. What is dropped is exactly 0, were it infinite or NaN. Gradient:
 * gate(mask, dy).
 *
 * Source: Tompson et al.: Efficient object localization using convolutional networks (2015).
 */
WG_API wg_node wg_dropout_channels(wg_node x, double p);

#ifdef __cplusplus
}
#endif
#endif
