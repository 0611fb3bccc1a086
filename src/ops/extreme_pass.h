/* How reference kernels compare elements that may be NaN.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of an op file's pass over the floating types: no guard, once in each. */

static inline bool K(is_nan)(real x)
{
    const real same = x;
    return x != same;
}

/* Whether a takes b's place as the extreme so far: the first of equals stays, and nothing takes
 * that of a NaN. */
static inline bool K(exceeds)(real a, real b, bool is_min)
{
    return !K(is_nan)(b) && (K(is_nan)(a) || (is_min ? a < b : a > b));
}

/* Whether an element is the extreme, NaN being one. */
static inline bool K(is_same)(real element, real extreme)
{
    return element == extreme || (K(is_nan)(element) && K(is_nan)(extreme));
}
