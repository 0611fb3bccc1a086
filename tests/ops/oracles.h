/* Oracles of the pointwise ops: what each is to answer, from long double.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TESTS_OPS_ORACLES_H
#define WG_TESTS_OPS_ORACLES_H

#include <wengert/graph.h>

#define WGT_N_UNARIES 12

/* An op of one operand; wgt_unaries is the table of them, save cast. */
typedef struct wgt_unary {
    const char *name;
    wg_node (*record)(wg_node x);
    long double (*value)(long double x);
    /* The derivative, of x and the wgt_rounded y. */
    long double (*slope)(long double x, long double y);
    double slope_ulps;
    double slope_scale; /* the size of what the slope is a difference of; 0: of no difference */
} wgt_unary;

extern const wgt_unary wgt_unaries[WGT_N_UNARIES];

/* x in the dtype, and the distance from |x| to the next number of it. */
double wgt_rounded(wg_dtype dtype, long double x);
double wgt_ulp_of(wg_dtype dtype, double x);

/* Both NaN, or the same with the same sign, or finite and at most so many ulp apart: ulp of the
 * expected value, or of `scale` where that is larger. */
bool wgt_agrees_at(wg_dtype dtype, double found, double expected, double ulps, double scale);
bool wgt_agrees(wg_dtype dtype, double found, double expected, double ulps);

#endif
