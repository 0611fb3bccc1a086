/* Short forms for the samples of op rows.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_SAMPLES_H
#define WGI_OPS_SAMPLES_H

#include "core/op.h"

/* An input of a rank, filled as wgi_sample_fill says. */
#define WGI_IN_0(how)                                                                              \
    {                                                                                              \
        .rank = 0, .fill = (how)                                                                   \
    }
#define WGI_IN_1(i, how)                                                                           \
    {                                                                                              \
        .rank = 1, .dims = {(i)}, .fill = (how)                                                    \
    }
#define WGI_IN_2(i, j, how)                                                                        \
    {                                                                                              \
        .rank = 2, .dims = {(i), (j)}, .fill = (how)                                               \
    }
#define WGI_IN_3(i, j, k, how)                                                                     \
    {                                                                                              \
        .rank = 3, .dims = {(i), (j), (k)}, .fill = (how)                                          \
    }
#define WGI_IN_4(i, j, k, l, how)                                                                  \
    {                                                                                              \
        .rank = 4, .dims = {(i), (j), (k), (l)}, .fill = (how)                                     \
    }

/* A vector of integers in [0, below) under a dtype. */
#define WGI_IN_TYPED(i, type, below)                                                               \
    {                                                                                              \
        .rank = 1, .dims = {(i)}, .fill = WGI_INDEX, .dtype = (type), .limit = (below)             \
    }

/* The very node that operand `first` is; the shape must be the same. */
#define WGI_IN_SAME_1(i, how, first)                                                               \
    {                                                                                              \
        .rank = 1, .dims = {(i)}, .fill = (how), .same_as = (first) + 1                            \
    }
#define WGI_IN_SAME_2(i, j, how, first)                                                            \
    {                                                                                              \
        .rank = 2, .dims = {(i), (j)}, .fill = (how), .same_as = (first) + 1                       \
    }

/* The build function of a sample, `call` over g, dtype and in, and its text. */
#define WGI_BUILD(function, call)                                                                  \
    static const char function##_text[] = #call;                                                   \
    static wg_node function(wg_graph *g, wg_dtype dtype, const wg_node *in)                        \
    {                                                                                              \
        (void)g, (void)dtype, (void)in;                                                            \
        return call;                                                                               \
    }

/* The same without a text, for calls that only their own file knows, and the good sample of one. */
#define WGI_BUILD_UNTOLD(function, call)                                                           \
    static wg_node function(wg_graph *g, wg_dtype dtype, const wg_node *in)                        \
    {                                                                                              \
        (void)g, (void)dtype, (void)in;                                                            \
        return call;                                                                               \
    }
#define WGI_GOOD_UNTOLD(title, function, n, ...)                                                   \
    {                                                                                              \
        .name = (title), .n_in = (n), .in = {__VA_ARGS__}, .build = function                       \
    }

/* The samples of a row; the head of a form's row, with the names of its operands. */
#define WGI_SAMPLES(good, wrong)                                                                   \
    .samples = (good), .n_samples = (int32_t)(sizeof(good) / sizeof((good)[0])), .bad = (wrong),   \
    .n_bad = (int32_t)(sizeof(wrong) / sizeof((wrong)[0]))
#define WGI_FORM_OF(title, least, most, ...)                                                       \
    .name = (title), .min_in = (least), .max_in = (most), .n_out = 1, .operands = {__VA_ARGS__}

/* A good sample, one on a kink, and a bad one. The inputs come last, in braces of their own. */
#define WGI_GOOD(title, function, n, ...)                                                          \
    {                                                                                              \
        .name = (title), .n_in = (n), .in = {__VA_ARGS__}, .build = function,                      \
        .text = function##_text                                                                    \
    }
#define WGI_KINK(title, function, n, ...)                                                          \
    {                                                                                              \
        .name = (title), .n_in = (n), .in = {__VA_ARGS__}, .build = function,                      \
        .text = function##_text, .is_non_smooth = true                                             \
    }
#define WGI_BAD(title, function, expected_status, message, n, ...)                                 \
    {                                                                                              \
        .name = (title), .n_in = (n), .in = {__VA_ARGS__}, .build = function,                      \
        .text = function##_text, .status = (expected_status), .error = (message)                   \
    }

/* The same of calls without operands. */
#define WGI_GOOD_0(title, function)                                                                \
    {                                                                                              \
        .name = (title), .build = function, .text = function##_text                                \
    }
#define WGI_BAD_0(title, function, expected_status, message)                                       \
    {                                                                                              \
        .name = (title), .build = function, .text = function##_text, .status = (expected_status),  \
        .error = (message)                                                                         \
    }

#endif
