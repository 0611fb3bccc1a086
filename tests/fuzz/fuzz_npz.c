/* Fuzzes the reader of NumPy's archives.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_case.h"

#include "io/npz.h"

/* Deflating saves at most so much; a member's i1 becomes an i64. */
#define INFLATION ((size_t)1040)

static void use(const wg_npz *file)
{
    for (size_t i = 0; i < wg_npz_count(file); i++) {
        size_t found;
        wg_tensor *t;
        if (!wg_npz_find(file, wg_npz_name(file, i), &found) || found != i ||
            wg_npz_tensor(file, i, &t) != WG_OK) {
            abort();
        }
        wg_tensor_destroy(t);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    fuzz_case f;
    wg_npz *file;
    fuzz_start(&f, 8 * INFLATION * bytes + ((size_t)1 << 17));
    wgi_block block = {.data = wgi_alloc(&f.ctx.memory, bytes), .bytes = bytes};
    if (bytes > 0) {
        memcpy(block.data, data, bytes);
    }
    if (wgi_npz_read_block(&f.ctx, "fuzz", &block, &file) == WG_OK) {
        use(file);
    }
    wg_npz_destroy(file);
    fuzz_finish(&f);
    return 0;
}
