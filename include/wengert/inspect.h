/* Checking the gradients of a graph, and telling what a model is made of.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_INSPECT_H
#define WG_INSPECT_H

#include <wengert/check.h>
#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of a check. Set `size` to sizeof(wg_gradcheck_options); zeros are the defaults. */
typedef struct wg_gradcheck_options {
    size_t size;
    uint64_t seed;     /**< of samples and directions */
    size_t elements;   /**< checked per tensor, drawn at random; 0: as wg_check_options says */
    size_t directions; /**< random directions tested besides; 0: 4 where elements were left out */
    double tolerance;  /**< of the directional tests, relative; 0: 1e-9 */
} wg_gradcheck_options;

/** What a check found. Fixed size, no pointers but static text. */
typedef struct wg_gradcheck_report {
    wg_check_report check; /**< elements, verdict, diagnosis; blocks are the leaves */
    size_t n_tensors;      /**< leaves that want a gradient and that the loss depends on */
    double f32_value;      /**< |loss on the graph's own backends and dtypes - loss in f64| over
                                max(1, |loss|) */
    double f32_gradient;   /**< the largest distance of the gradients, per tensor max |a - b| over
                                max(1, max |b|) */
    const char *kink_op;   /**< the op on whose kink the first non-smooth element sits; or NULL */
} wg_gradcheck_report;

/**
 * Checks the gradients of `loss` with respect to every variable and parameter, by running the graph
 * in f64 on copies: neither graph nor model changes, and no callback is wanted. Elements are judged
 * as wg_check_run judges them; what differences cannot decide is settled by a derivative that is
 * carried forward node by node, from each op's own kernel and not from its gradient rule.
 *
 * Hooks are left out. Where an op of the program's has no kernel in f64 the verdict is
 * WG_CHECK_UNDECIDABLE.
 *
 * loss     one element, f32 or f64
 * options  or NULL
 * report   filled; zeroed on failure. A wrong gradient is no failure: see report->check.verdict
 *
 * Errors: WG_ERR_ARGUMENT, those of wg_shadow_create and wg_backward.
 */
WG_NODISCARD WG_API wg_status wg_gradcheck(wg_node loss, const wg_gradcheck_options *options,
                                           wg_gradcheck_report *report);

/** Writes a report as text. Errors: WG_ERR_ARGUMENT, the writer's. */
WG_NODISCARD WG_API wg_status wg_gradcheck_write(const wg_gradcheck_report *report,
                                                 const wg_writer *writer);

/**
 * Compares a gradient that the caller computed for `param` with the graph's own, run in f64:
 * diagnosed as wg_check_compare does, to 1e-5 of the largest element where `mine` is f32 and 1e-9
 * where it is f64.
 *
 * mine     the parameter's shape, floating
 * Errors: WG_ERR_ARGUMENT (also where the loss does not depend on param), WG_ERR_SHAPE,
 * WG_ERR_DTYPE, those of wg_shadow_create and wg_backward.
 */
WG_NODISCARD WG_API wg_status wg_compare_gradient(wg_node loss, const wg_param *param,
                                                  const wg_tensor *mine, wg_check_report *report);

/* ---- summaries ---------------------------------------------------------------------------- */

/** Options of a summary. Set `size` to sizeof(wg_summary_options); zeros are the defaults. */
typedef struct wg_summary_options {
    size_t size;
    int32_t depth; /**< modules this deep at most, 1 is the outermost; 0: all */
} wg_summary_options;

/**
 * Writes what a graph's list is made of as a table: for each module that recorded something
 * (wg_module_enter), indented below the one around it, its kind, the shape of its result, its
 * parameters, multiply-adds and memory, those of the modules inside of it included; then the sums
 * over the whole list.
 *
 *     layer   kind    output     parameters  multiply-adds   memory
 *     hidden  linear  [32, 128]     100,480      3,211,264  32.8 kB
 *     out     linear  [32, 10]        1,290         40,960   2.6 kB
 *     parameters 101,770 (407.1 kB), all of them learn
 *     one forward pass: 3,252,224 multiply-adds, values of 51.7 kB
 *
 * Parameters count where they are first used. Multiply-adds are those of wg_node_flops. Memory is
 * that of all values recorded: plans need less, as they fuse, drop and share. A module that was
 * entered several times in the same place has one row, with the number of times and the last
 * result.
 *
 * g        without error; nothing is run
 * options  NULL for the defaults
 *
 * Errors: WG_ERR_ARGUMENT (g, writer, size of another version), WG_ERR_RANGE (depth), the graph's,
 * WG_ERR_MEMORY, the writer's.
 */
WG_NODISCARD WG_API wg_status wg_summary_write(wg_graph *g, const wg_summary_options *options,
                                               const wg_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
