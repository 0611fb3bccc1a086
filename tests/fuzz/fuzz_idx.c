/* Fuzzes the reader of IDX.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_case.h"

#include "data/idx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    fuzz_case f;
    wg_tensor *t;
    wgi_block block = {.data = (unsigned char *)(uintptr_t)data, .bytes = bytes};
    fuzz_start(&f, 8 * bytes + 1024); /* an i8 becomes an i64 */
    if (wgi_idx_read_block(&f.ctx, "fuzz", &block, &t) == WG_OK && wg_tensor_rank(t) < 1) {
        abort();
    }
    wg_tensor_destroy(t);
    fuzz_finish(&f);
    return 0;
}
