/* The loops over lines for each dtype.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/lines_hot.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "backends/native/math_f32.h"
#include "backends/native/math_f64.h"

#define LANES WGI_LINE_LANES

/* `place` is as wide as `real`, so that both fill vectors alike. */
#define real float
#define place int32_t
#define K(name) name##_f32
#include "backends/native/lines_loops.h"
#undef real
#undef place
#undef K

#define real double
#define place int64_t
#define K(name) name##_f64
#include "backends/native/lines_loops.h"
#undef real
#undef place
#undef K

#define RUNS(type)                                                                                 \
    {                                                                                              \
        [WGI_LINE_PROD] = prod_##type, [WGI_LINE_AMAX] = amax_##type,                              \
        [WGI_LINE_AMIN] = amin_##type, [WGI_LINE_VARIANCE] = variance_##type,                      \
        [WGI_LINE_STD] = std_##type, [WGI_LINE_NORM] = norm_##type,                                \
        [WGI_LINE_LOGSUMEXP] = logsumexp_##type, [WGI_LINE_CENTER] = center_##type                 \
    }

const wgi_lines_hot HOT(wgi_lines_hot) = {
    .f32 = RUNS(f32),
    .f64 = RUNS(f64),
    .f32_max = find_max_f32,
    .f32_min = find_min_f32,
    .f64_max = find_max_f64,
    .f64_min = find_min_f64,
};
