/* Tables of text, from memory.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_DATA_CSV_H
#define WG_DATA_CSV_H

#include <wengert/data.h>

#include "core/file.h"

/* As wg_csv_read, through other calls to the system. */
WGI_NODISCARD wg_status wgi_csv_read(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                                     const wg_csv_options *options, wg_dataset **out);

/* As wg_csv_read of a file that holds these bytes, plain or gzip; `path` is for messages. */
WGI_NODISCARD wg_status wgi_csv_read_block(wg_context *ctx, const char *path,
                                           const wgi_block *block, const wg_csv_options *options,
                                           wg_dataset **out);

#endif
