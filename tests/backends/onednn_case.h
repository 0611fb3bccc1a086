/* A product for the tests of the oneDNN backend: its operands, its kernel and the true answer.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The context is made by hand: the kernel needs its hooks and its own state, and nothing else. */
#ifndef WG_BACKENDS_ONEDNN_CASE_H
#define WG_BACKENDS_ONEDNN_CASE_H

#include "backends/onednn/engine.h"
#include "backends/onednn/onednn.h"
#include "core/context.h"
#include "ops/params.h"

#include "support/allocator.h"

#define WGT_SEED 20240817u

/* What the user writes: shapes as they are stored, rank 0 at the end of a list. */
typedef struct wgt_shapes {
    int32_t a_rank;
    int64_t a[WG_MAX_RANK];
    int32_t b_rank;
    int64_t b[WG_MAX_RANK];
    int32_t y_rank;
    int64_t y[WG_MAX_RANK];
} wgt_shapes;

/* A context with an opened backend. It must not move while it is open. */
typedef struct wgt_bench {
    wgt_allocator allocator;
    wg_context ctx;
    void *state;
} wgt_bench;

/* WG_OK, or what the backend's open gave; then wgt_bench_close only ends the record. */
wg_status wgt_bench_open(wgt_bench *bench);

/* Whether all memory and all objects of the library were given back. */
bool wgt_bench_close(wgt_bench *bench);

/* Operands and result. Invariant: the views' data are NULL exactly while !has_data. */
typedef struct wgi_judge_case {
    wgt_bench *bench;
    wgt_shapes shapes;
    wgi_matmul_attr attr;
    wgi_view in[2];
    wgi_view out[1];
    int32_t threads;
    bool is_thread_invariant;
    bool has_data;
    float *a;
    float *b;
    float *y;
} wgi_judge_case;

/* Swaps the last two sizes of what is transposed. No data: for questions alone. */
void wgi_judge_case_make(wgi_judge_case *c, wgt_bench *bench, const wgt_shapes *shapes,
                         bool is_a_transposed, bool is_b_transposed);

/* Operands from N(0,1)-like noise, the result full of NaN. */
void wgi_judge_case_fill(wgi_judge_case *c);
void wgi_judge_case_free(wgi_judge_case *c);

wgi_problem wgi_judge_case_problem(const wgi_judge_case *c);
const wgi_kernel *wgt_matmul(void);
const char *wgi_judge_case_accepts(const wgi_judge_case *c);
wg_status wgi_judge_case_prepare(const wgi_judge_case *c, wgi_prepared *out);

/* Runs with scratch between guards. Fails the test when a guard was touched. */
wg_status wgi_judge_case_run(const wgi_judge_case *c, const wgi_prepared *prepared);

/* accepts, prepare, run and destroy, all of which must succeed. */
void wgi_judge_case_compute(const wgi_judge_case *c);

/* Compares the result with plain loops in f64. */
void wgi_judge_case_check(const wgi_judge_case *c);

/* The fewest threads a case may allow: 1 where the library can be held to that, else 2. */
int32_t wgt_fewest_threads(void);

#endif
