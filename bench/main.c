/* The library's own benchmark: every workload, and the files that the networks start from.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "bench/network.h"
#include "bench/rows.h"
#include "bench/trained.h"

int main(int argc, char **argv)
{
    static const bench_workload *const tables[] = {
        bench_rows_train,  bench_rows_models,    bench_rows_scalars,
        bench_rows_chain,  bench_rows_gradcheck, bench_rows_ratio,
        bench_rows_record, bench_rows_memory,    NULL,
    };
    if (argc == 3 && strcmp(argv[1], "--write-data") == 0) {
        return bench_network_write_all(argv[2]) && bench_model_write_all(argv[2]) ? EXIT_SUCCESS
                                                                                  : EXIT_FAILURE;
    }
    return bench_main(argc, argv, tables);
}
