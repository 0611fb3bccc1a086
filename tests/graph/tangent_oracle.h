/* Tangents by differences in wide precision: an oracle that no gradient rule takes part in.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TESTS_GRAPH_TANGENT_ORACLE_H
#define WG_TESTS_GRAPH_TANGENT_ORACLE_H

#include "graph_fixture.h"

/* The derivative of y (f64) as the n leaves xs (f64) move along vs: one double for each element of
 * y. Central differences at h = 1e-9 in binary128 err by about 1e-18. */
void tangent_oracle(wg_node y, const wg_node *xs, const double *const *vs, size_t n, double *out);

/* max |a - b| / max(1, max |b|). */
double scaled_error(const double *a, const double *b, int64_t n);

/* The value of a node (f64) in an array of so many elements. */
void values_of(wg_node n, double *out, int64_t count);

/* Draws n normal numbers, times `size`. */
void fill_normal(double *values, size_t n, double size, uint64_t stream);

#endif
