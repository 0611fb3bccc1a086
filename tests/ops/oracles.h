/* Oracles of the pointwise ops: what each is to answer, from long double.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: every pointwise op has one, in one of the three tables or as a test of its own that
 * wgt_has_oracle names; drivers refuse an op of which that is not so. */
#ifndef WG_TESTS_OPS_ORACLES_H
#define WG_TESTS_OPS_ORACLES_H

#include <wengert/graph.h>

/* An op of one operand that gives a number. Values are to be within 2 ulp. */
typedef struct wgt_unary {
    const char *name;
    wg_node (*record)(wg_node x);
    long double (*value)(long double x);
    /* The derivative, of x and the wgt_rounded y. */
    long double (*slope)(long double x, long double y);
    double slope_ulps;
    double slope_scale; /* the size of what the slope is a difference of; 0: of no difference */
} wgt_unary;

extern const wgt_unary wgt_unaries[];
extern const size_t wgt_n_unaries;

/* What an answer of two operands depends on: they, and the wgt_rounded y. */
typedef struct wgt_point {
    wg_dtype dtype; /* that the op rounds to on its way */
    long double a;
    long double b;
    long double y;
} wgt_point;

/* An op of two operands that gives a number. */
typedef struct wgt_binary {
    const char *name;
    wg_node (*record)(wg_node a, wg_node b);
    long double (*value)(long double a, long double b);
    long double (*slope_a)(const wgt_point *p); /* NULL: differences judge it */
    long double (*slope_b)(const wgt_point *p);
    double ulps; /* 0: of the nearest number of the dtype */
    double slope_ulps;
} wgt_binary;

extern const wgt_binary wgt_binaries[];
extern const size_t wgt_n_binaries;

/* An op that gives a bool, of one operand (then b is 0) or two. */
typedef struct wgt_truth {
    const char *name;
    wg_node (*one)(wg_node x);
    wg_node (*two)(wg_node a, wg_node b);
    bool (*value)(double a, double b);
    bool is_logical; /* takes bools */
} wgt_truth;

extern const wgt_truth wgt_truths[];
extern const size_t wgt_n_truths;

/* Whether the tables have an op of that name, or it is the derivative of one of theirs, or
 * known to be tested elsewhere. */
bool wgt_has_oracle(const char *name);

/* x in the dtype, and the distance from |x| to the next number of it. */
double wgt_rounded(wg_dtype dtype, long double x);
double wgt_ulp_of(wg_dtype dtype, double x);

/* How many ulp y is off; infinity where it is of another kind than what is expected. */
double wgt_ulps_off(wg_dtype dtype, double y, long double expected);

/* Both NaN, or the same with the same sign, or finite and at most so many ulp apart: ulp of the
 * expected value, or of `scale` where that is larger. */
bool wgt_agrees_at(wg_dtype dtype, double found, double expected, double ulps, double scale);
bool wgt_agrees(wg_dtype dtype, double found, double expected, double ulps);

#endif
