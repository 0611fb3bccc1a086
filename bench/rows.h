/* The tables of workloads, one for each file that has some; see bench.h for what a row is.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_BENCH_ROWS_H
#define WG_BENCH_ROWS_H

#include "bench/bench.h"

extern const bench_workload bench_rows_train[];     /* W1 to W4, W11, W12 and the tail of W2 */
extern const bench_workload bench_rows_models[];    /* W6, W7, W14 and the models' W13 */
extern const bench_workload bench_rows_scalars[];   /* W8 */
extern const bench_workload bench_rows_chain[];     /* W9 and the chain of W13 */
extern const bench_workload bench_rows_gradcheck[]; /* W10 */
extern const bench_workload bench_rows_ratio[];     /* W13 of networks */
extern const bench_workload bench_rows_record[];    /* recording, and running small nodes */
extern const bench_workload bench_rows_memory[];    /* what a memory limit costs */
#endif
