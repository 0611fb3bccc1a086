/* Fuzzes the reader of safetensors.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_case.h"

#include "io/safetensors.h"

/* Everything that a file that was accepted tells. */
static void use(const wg_safetensors *file)
{
    for (size_t i = 0; i < wg_safetensors_count(file); i++) {
        size_t found;
        wg_tensor *t;
        if (!wg_safetensors_find(file, wg_safetensors_name(file, i), &found) || found != i) {
            abort();
        }
        if (wg_safetensors_tensor(file, i, &t) == WG_OK) {
            wg_tensor_destroy(t);
        }
    }
    for (size_t i = 0; i < wg_safetensors_metadata_count(file); i++) {
        if (wg_safetensors_metadata(file, wg_safetensors_metadata_key(file, i)) == NULL) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    fuzz_case f;
    wg_safetensors *file;
    fuzz_start(&f, bytes + 1024);
    wgi_block block = {.data = wgi_alloc(&f.ctx.memory, bytes), .bytes = bytes};
    if (bytes > 0) {
        memcpy(block.data, data, bytes);
    }
    if (wgi_safetensors_read_block(&f.ctx, "fuzz", &block, &file) == WG_OK) {
        f.bound = 8 * bytes + 1024; /* an I8 becomes an i64 */
        use(file);
    }
    wg_safetensors_destroy(file);
    fuzz_finish(&f);
    return 0;
}
