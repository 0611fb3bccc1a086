/* History: named curves that grow while a program trains.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_HISTORY_H
#define WG_HISTORY_H

#include <wengert/pictures.h>
#include <wengert/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Curves by name, in the order in which they began; each is a list of points. */
typedef struct wg_history wg_history;

/** Creates an empty history. Errors: WG_ERR_ARGUMENT, WG_ERR_MEMORY. */
WG_NODISCARD WG_API wg_status wg_history_create(wg_context *ctx, wg_history **out);

/** NULL does nothing. */
WG_API void wg_history_destroy(wg_history *h);

/** Forgets all curves. NULL does nothing. */
WG_API void wg_history_clear(wg_history *h);

/**
 * Adds a point to the curve of that name, and begins it where there is none.
 *
 * name  1 to 63 bytes of printable ASCII, without quotes; copied
 * x     finite: a step or an epoch
 * y     any number, NaN and infinities too
 *
 * Errors, by which nothing has changed: WG_ERR_ARGUMENT, WG_ERR_NAME, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_history_add(wg_history *h, const char *name, double x, double y);

/** The number of curves; 0 for NULL. */
WG_API size_t wg_history_count(const wg_history *h);

/** The i-th curve, for wg_curve_write and for reading: valid until the history next changes.
 * Errors, *out zeroed: WG_ERR_ARGUMENT, WG_ERR_RANGE (no such curve). */
WG_API wg_status wg_history_series(const wg_history *h, size_t i, wg_series *out);

/** The same by name. Errors, *out zeroed: WG_ERR_ARGUMENT, WG_ERR_NAME (no such curve). */
WG_API wg_status wg_history_find(const wg_history *h, const char *name, wg_series *out);

/**
 * Draws curves, as wg_curve_write does: lines for a terminal, or an SVG document.
 *
 * names    n of them, at most WG_MAX_SERIES; NULL: all curves, the first WG_MAX_SERIES of them
 * options  NULL for the defaults
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (n), WG_ERR_NAME (no such curve), those of
 * wg_curve_write.
 */
WG_NODISCARD WG_API wg_status wg_history_draw(const wg_history *h, const char *const *names,
                                              size_t n, const wg_curve_options *options,
                                              const wg_writer *writer);

/**
 * Writes all curves as one table of comma-separated values: "x" and the names in the first line,
 * then a line for each x. Points of several curves with one x share a line; a curve that has none
 * there leaves its field empty. Of each curve the points come in their order, so that x goes down
 * only where it did so in every curve. Numbers have as many digits as give them back exactly.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_MEMORY, the writer's.
 */
WG_NODISCARD WG_API wg_status wg_history_write_csv(const wg_history *h, const wg_writer *writer);

/**
 * Makes a tensor, u8 [bytes], that holds the whole history: what wg_train puts into its
 * checkpoints, and a program may put into its own. The bytes are the same on every machine.
 *
 * out  owned by the caller; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_OVERFLOW, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_history_to_tensor(const wg_history *h, wg_tensor **out);

/** Replaces all curves by those of such a tensor, of any context. Errors, by which nothing has
 * changed: WG_ERR_ARGUMENT, WG_ERR_FORMAT (no history), WG_ERR_MEMORY. */
WG_NODISCARD WG_API wg_status wg_history_from_tensor(wg_history *h, const wg_tensor *t);

#ifdef __cplusplus
}
#endif
#endif
