/* What the tests of files share: small builders of files and tensors.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TESTS_IO_FILE_CASE_H
#define WG_TESTS_IO_FILE_CASE_H

#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include <wengert/io.h>

#include "core/memory.h"
#include "io/safetensors.h"
#include "support/files.h"
#include "support/plain_context.h"

#define CORPUS WENGERT_SOURCE_DIR "/tests/corpus/safetensors"

/* The most that reading may allocate at once beyond the file's size. */
#define SLACK ((size_t)1024)

/* Reads a copy of these bytes from memory. */
static inline wg_status read_bytes(wgt_plain *p, const void *data, size_t bytes,
                                   wg_safetensors **out)
{
    wgi_block block = {.data = wgi_alloc(&p->ctx.memory, bytes), .bytes = bytes};
    if (block.data == NULL && bytes > 0) {
        *out = NULL;
        return WG_ERR_MEMORY;
    }
    if (bytes > 0) {
        memcpy(block.data, data, bytes);
    }
    return wgi_safetensors_read_block(&p->ctx, "t", &block, out);
}

/* Length, header and zeros for data. */
static inline wg_status read_header(wgt_plain *p, const char *header, size_t data_bytes,
                                    wg_safetensors **out)
{
    size_t n = strlen(header);
    unsigned char *bytes = calloc(1, 8 + n + data_bytes);
    assert_non_null(bytes);
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)((uint64_t)n >> (8 * i) & 0xFF);
    }
    memcpy(bytes + 8, header, n);
    wg_status status = read_bytes(p, bytes, 8 + n + data_bytes, out);
    free(bytes);
    return status;
}

static inline unsigned char *read_seed(const char *name, size_t *bytes)
{
    char path[WGT_PATH_BYTES];
    wgt_folder_join(CORPUS, name, path);
    unsigned char *data = wgt_file_read(path, bytes);
    assert_non_null(data);
    return data;
}

#endif
