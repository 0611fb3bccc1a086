/* The tiles of one width, of 1 to 6 rows.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: TILES(rows) (a tile's name), COLUMNS and what recurrence_loops.h takes are the
 * caller's. */
#define TILE TILES(1)
#define ROWS 1
#include "backends/native/recurrence_tile.h"
#define TILE TILES(2)
#define ROWS 2
#include "backends/native/recurrence_tile.h"
#define TILE TILES(3)
#define ROWS 3
#include "backends/native/recurrence_tile.h"
#define TILE TILES(4)
#define ROWS 4
#include "backends/native/recurrence_tile.h"
#define TILE TILES(5)
#define ROWS 5
#include "backends/native/recurrence_tile.h"
#define TILE TILES(6)
#define ROWS 6
#include "backends/native/recurrence_tile.h"

#undef TILES
#undef COLUMNS
