/* Fuzzes the reader of NumPy's arrays.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_case.h"

#include "io/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    fuzz_case f;
    wg_tensor *t;
    wgi_block block = {.data = (unsigned char *)(uintptr_t)data, .bytes = bytes};
    fuzz_start(&f, 8 * bytes + 1024); /* an i1 becomes an i64 */
    if ((wgi_npy_read_block(&f.ctx, "fuzz", &block, &t) == WG_OK) != (t != NULL)) {
        abort();
    }
    wg_tensor_destroy(t);
    fuzz_finish(&f);
    return 0;
}
