/* The judge of gradients: rules in the wide dtype against differences in the wide dtype.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The reference kernels and the rules run in IEEE binary128 on a shadow of the graph, so that
 * nothing but the rules can make the two disagree. A central difference with h = 2^-37 errs by
 * h^2 f'''/6, about 1e-23, and by 2^-113 |L|/h, about 1e-23; both are far below the tolerance of
 * 4 ulp of f64, which rules need that hold a factor such as 1/3 as a double.
 *
 * A library without the wide kernels answers WG_ERR_STATE. */
#ifndef WG_INSPECT_JUDGE_H
#define WG_INSPECT_JUDGE_H

#include <wengert/graph.h>

#define WGI_JUDGE_ULPS 0x1p-50
#define WGI_JUDGE_FLOOR 1e-19

/* What was found. The worst element is that with the largest error over its tolerance. */
typedef struct wgi_verdict {
    wg_status status; /* of the runs; the rest is 0 unless it is WG_OK */
    int64_t n_judged;
    int64_t n_undecided; /* differences that are NaN, as those of the mean of nothing; not judged */
    int64_t n_wrong;
    size_t leaf;     /* of the worst: its place in xs */
    int64_t element; /* of the worst */
    double analytic;
    double numeric;
    double error_over_tolerance;
    double given_ulps; /* the largest error of the gradients given, in ulp of f64 at the size of the
                          largest element of their leaf */
} wgi_verdict;

/* Whose gradients are judged: those of a floating loss of one element with respect to floating
 * leaves. At most about max_elements of each leaf are differenced, spread over it; 0: all. The
 * tolerance is relative to the largest element of a leaf's gradient, or to least_scale where that
 * is larger: where gradients that passed larger ones on the way have cancelled. */
typedef struct wgi_judge_case {
    wg_graph *g;
    wg_node loss;
    const wg_node *xs;
    size_t n_xs;
    int64_t max_elements;
    double least_scale;
    const double
        *given; /* the gradients to judge, one array after another; NULL: the rules', wide */
} wgi_judge_case;

wgi_verdict wgi_judge(const wgi_judge_case *c);

/* Copies the gradients that the rules give in the wide dtype, as doubles, one array after another;
 * `out` has room for all elements of xs. */
wg_status wgi_wide_gradients(const wgi_judge_case *c, double *out);

/* max |a - b| / max(1, max |b|) over n elements; equal infinities and two NaN agree, anything else
 * that is not finite gives infinity. */
double wgi_scaled_error(const double *a, const double *b, int64_t n);

#endif
