/* Normalisation. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_NORMALIZATION_H
#define WG_OPS_NORMALIZATION_H

#include <wengert/graph.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- y = (x - mean) / sqrt(variance + eps) * weight + bias, the variance being the mean of
 * (x - mean)^2. x is floating; weight and bias have its dtype and may be zero handles, which count
 * as ones and zeros. eps is number 0 of the op that is recorded. Output 1 of that are the means,
 * output 2 the factors 1 / sqrt(variance + eps), output 3 the variances ---------------------- */

/**
 * Normalises over the last n axes of x.
 *
 * x             rank >= n
 * n             >= 1; PyTorch's normalized_shape is the last n sizes of x
 * weight, bias  the last n axes of x's shape
 * eps           >= 0; 1e-5 in PyTorch
 * returns       x's shape
 *
 * Gradient: to x, weight and bias, by one fused op. Numerics: means and variances keep their digits
 * under an offset; a constant is normalised to 0; a NaN or an infinity makes the elements that
 * share its mean NaN. Errors: WG_ERR_RANGE (n), WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARGUMENT (eps).
 * Source: Ba, Kiros, Hinton 2016.
 */
WG_API wg_node wg_layer_norm(wg_node x, int32_t n, wg_node weight, wg_node bias, double eps);

/**
 * x / sqrt(mean of x^2 + eps) * weight, the mean being over the last n axes of x: wg_layer_norm
 * whose mean counts 0.
 *
 * weight  the last n axes of x's shape; a zero handle: all 1
 *
 * Gradient: to x and weight. Errors: as wg_layer_norm. Source: Zhang, Sennrich 2019.
 */
WG_API wg_node wg_rms_norm(wg_node x, int32_t n, wg_node weight, double eps);

/**
 * Normalises over the space and one of the groups into which the channels of x fall; as many groups
 * as channels are an instance norm.
 *
 * x             [N, C, ...]
 * groups        >= 1; divides C
 * weight, bias  [C]
 * eps           >= 0; 1e-5 in PyTorch
 * returns       x's shape
 *
 * Gradient: to x, weight and bias. Numerics: as wg_layer_norm. Errors: WG_ERR_SHAPE (rank below 2,
 * groups, weight, bias), WG_ERR_DTYPE, WG_ERR_ARGUMENT (eps). Source: Wu, He 2018.
 */
WG_API wg_node wg_group_norm(wg_node x, int64_t groups, wg_node weight, wg_node bias, double eps);

/** Options of wg_batch_norm. Set `size` to sizeof(wg_batch_norm_options); a zero elsewhere is the
 * default. */
typedef struct wg_batch_norm_options {
    size_t size;
    wg_param *running_mean; /**< [C], frozen, of x's dtype; NULL, with running_var: none */
    wg_param *running_var;  /**< likewise; 1 is a good start */
    double momentum;        /**< how much of a batch the running statistics take; 0: 0.1 */
    double eps;             /**< 0: 1e-5 */
} wg_batch_norm_options;

/**
 * Normalises each channel over the batch and the space, and tracks running statistics.
 *
 * In training mean and variance are those of x, and running_mean and running_var, where they are
 * given, take running + momentum (batch - running) by wg_assign: once for each recording and
 * refresh, at the end of the first successful wg_backward or wg_run; the batch's variance is then
 * the one with n - 1 in the divisor. In evaluation x is normalised by the running statistics.
 * Without them it is by its own in both.
 *
 * x             [N, C, ...]
 * weight, bias  [C]
 * options       NULL: the defaults; the parameters belong to a model and outlive the graph's step
 * returns       x's shape
 *
 * Gradient: to x, weight and bias; none to the statistics. Numerics: as wg_layer_norm. Errors:
 * WG_ERR_SHAPE (rank below 2, weight, bias, statistics, one element for each channel in training),
 * WG_ERR_DTYPE, WG_ERR_ARGUMENT (size, eps, momentum, one of the two statistics alone, or not
 * frozen). Source: Ioffe, Szegedy 2015; PyTorch's batch_norm.
 */
WG_API wg_node wg_batch_norm(wg_node x, wg_node weight, wg_node bias,
                             const wg_batch_norm_options *options);

/**
 * x / max(length, eps), the length being the Euclidean one along the axis. Floating.
 *
 * eps  > 0; 1e-12 in PyTorch; a number of the graph
 *
 * Gradient: a length below eps counts as a constant: dy / eps where x is 0. Numerics: lengths
 * neither overflow nor underflow. Errors: WG_ERR_RANGE (axis), WG_ERR_DTYPE, WG_ERR_ARGUMENT (eps).
 */
WG_API wg_node wg_l2_normalize(wg_node x, int32_t axis, double eps);

#ifdef __cplusplus
}
#endif
#endif
