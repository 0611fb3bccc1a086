/* Fuzzes the reader of tables. The first byte chooses the options.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_case.h"

#include "core/inflate.h"
#include "data/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    fuzz_case f;
    wg_dataset *d;
    if (bytes == 0) {
        return 0;
    }
    wg_csv_options o = {
        .size = sizeof o,
        .header = (wg_csv_header)(data[0] % 3),
        .labels = (wg_csv_labels)(data[0] / 3 % 5),
        .label_column = data[0] / 15 % 4,
        .separator = (char)(data[0] / 60 % 2 == 0 ? ',' : ' '),
    };
    wgi_block block = {.data = (unsigned char *)(uintptr_t)(data + 1), .bytes = bytes - 1};
    if (wgi_gzip_is(&block)) {
        return 0; /* fuzz_gz's */
    }
    fuzz_start(&f, 4 * bytes + 2048);
    if (wgi_csv_read_block(&f.ctx, "fuzz", &block, &o, &d) == WG_OK) {
        for (int64_t i = 0; i < wg_dataset_class_count(d); i++) {
            if (wg_dataset_class_name(d, i)[0] == '\0') {
                abort();
            }
        }
    }
    wg_dataset_destroy(d);
    fuzz_finish(&f);
    return 0;
}
