/* Who serves a product: a fixed table, so that bits never depend on a measurement.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/onednn/routes.h"

#include <stddef.h>

#define NEVER INT64_MAX
#define ANY INT64_MAX

#define N_K 4

/* The gradient of weights x^T dy is 2 to 8% faster as what it is. Making its primitive takes some
 * 30 ms, which small ones do not earn back in thousands of steps. */
#define MIN_WEIGHTS_SIDE 64
#define MIN_WEIGHTS_MULTIPLY_ADDS ((int64_t)1 << 26)

enum {
    NN = 0,
    TN = 1,
    NT = 2,
    TT = 3
}; /* which of a and b is transposed */

/* Rows of one kind stand together, by rising n. */
typedef struct route {
    int transposes;
    int64_t threads; /* 2: two or more */
    int64_t n;       /* the most columns that it is for */
    int64_t m[N_K];  /* rows from which oneDNN is faster, by k */
} route;

static const int64_t k_limits[N_K] = {16, 64, 256, ANY};

static const route routes[] = {
#define ROUTE(transposes, threads, n, k16, k64, k256, more)                                        \
    {transposes, threads, n, {k16, k64, k256, more}},
#include "backends/onednn/routes.def"
#undef ROUTE
};

static const route *route_of(const wgi_onednn_shape *s, int64_t threads)
{
    const int transposes = (s->is_a_transposed ? TN : NN) + (s->is_b_transposed ? NT : NN);
    const route *r = routes;
    while (r->transposes != transposes || r->threads != (threads > 1 ? 2 : 1) || s->n > r->n) {
        r++;
    }
    return r;
}

const char *wgi_onednn_route_away(const wgi_onednn_shape *s, int64_t threads)
{
    if (s->m == 1 || s->n == 1 || s->k == 1) {
        return "a vector: native is faster";
    }
    const route *r = route_of(s, threads);
    int k = 0;
    while (s->k > k_limits[k]) {
        k++;
    }
    return s->m < r->m[k] ? "native is faster at these sizes" : NULL;
}

wgi_onednn_form wgi_onednn_route_form(const wgi_onednn_shape *s, bool is_batched)
{
    const bool is_gradient = s->is_a_transposed && !s->is_b_transposed && !is_batched;
    const bool is_large =
        s->m >= MIN_WEIGHTS_SIDE && s->n >= MIN_WEIGHTS_SIDE &&
        (double)s->m * (double)s->n * (double)s->k >= (double)MIN_WEIGHTS_MULTIPLY_ADDS;
    return is_gradient && is_large ? WGI_ONEDNN_WEIGHTS : WGI_ONEDNN_MATMUL;
}
