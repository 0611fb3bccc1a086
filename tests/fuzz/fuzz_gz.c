/* Fuzzes the reader of gzipped tables.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_case.h"

#include "data/csv.h"

#define CAP ((size_t)1 << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    fuzz_case f;
    wg_dataset *d;
    wg_csv_options o = {.size = sizeof o, .max_bytes = CAP};
    wgi_block block = {.data = (unsigned char *)(uintptr_t)data, .bytes = bytes};
    fuzz_start(&f, 4 * (CAP + bytes) + 2048);
    (void)wgi_csv_read_block(&f.ctx, "fuzz", &block, &o, &d);
    wg_dataset_destroy(d);
    fuzz_finish(&f);
    return 0;
}
