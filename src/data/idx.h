/* IDX, from memory.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant of a checked view: `data` holds exactly the elements of `type`, stored as `stored`. */
#ifndef WG_DATA_IDX_H
#define WG_DATA_IDX_H

#include <wengert/data.h>

#include "core/file.h"
#include "core/shape.h"

/* The element types, by the third byte of a file. */
typedef enum wgi_idx_stored {
    WGI_IDX_U8 = 0x08,
    WGI_IDX_I8 = 0x09,
    WGI_IDX_I16 = 0x0B,
    WGI_IDX_I32 = 0x0C,
    WGI_IDX_F32 = 0x0D,
    WGI_IDX_F64 = 0x0E
} wgi_idx_stored;

typedef struct wgi_idx {
    wgi_type type; /* of the tensor that holds its values */
    wgi_idx_stored stored;
    const unsigned char *data; /* inside the block that was parsed */
} wgi_idx;

/* Checks all of a file that holds these bytes, inflated; `path` is for messages. WG_ERR_FORMAT,
 * WG_ERR_RANGE (its rank), WG_ERR_OVERFLOW. */
WGI_NODISCARD wg_status wgi_idx_parse(wg_context *ctx, const char *path, const wgi_block *block,
                                      wgi_idx *out);

/* Decodes n elements from element `at` on to the view's dtype. */
void wgi_idx_decode(const wgi_idx *idx, int64_t at, int64_t n, void *out);

/* As wg_idx_read of a file that holds these bytes, inflated. */
WGI_NODISCARD wg_status wgi_idx_read_block(wg_context *ctx, const char *path,
                                           const wgi_block *block, wg_tensor **out);

/* As wg_idx_read and wg_idx_read_dataset, through other calls to the system. */
WGI_NODISCARD wg_status wgi_idx_read(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                                     wg_tensor **out);
WGI_NODISCARD wg_status wgi_idx_read_dataset(wg_context *ctx, const wgi_file_calls *calls,
                                             const char *images_path, const char *labels_path,
                                             const wg_idx_options *options, wg_dataset **out);

#endif
