/* The tiles of one width and every height; convolution_loops.h includes it once for each width.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: SHAPED(name, rows) (the name of a shape), WIDTH, ROWS_MAX and what convolution_tile.h
 * takes are the caller's. */

#define SHAPE(name) SHAPED(name, 1)
#define ROWS 1
#include "backends/native/convolution_tile.h"

#define SHAPE(name) SHAPED(name, 2)
#define ROWS 2
#include "backends/native/convolution_tile.h"

#define SHAPE(name) SHAPED(name, 3)
#define ROWS 3
#include "backends/native/convolution_tile.h"

#define SHAPE(name) SHAPED(name, 4)
#define ROWS 4
#include "backends/native/convolution_tile.h"

#if ROWS_MAX >= 5
#define SHAPE(name) SHAPED(name, 5)
#define ROWS 5
#include "backends/native/convolution_tile.h"
#endif

#if ROWS_MAX >= 6
#define SHAPE(name) SHAPED(name, 6)
#define ROWS 6
#include "backends/native/convolution_tile.h"
#endif

#if ROWS_MAX >= 7
#define SHAPE(name) SHAPED(name, 7)
#define ROWS 7
#include "backends/native/convolution_tile.h"
#endif

#if ROWS_MAX >= 8
#define SHAPE(name) SHAPED(name, 8)
#define ROWS 8
#include "backends/native/convolution_tile.h"
#endif

#undef SHAPED
#undef WIDTH
