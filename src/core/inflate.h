/* Inflating, through zlib where the build has it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_CORE_INFLATE_H
#define WG_CORE_INFLATE_H

#include "core/file.h"

/* Whether bytes begin as gzip does. */
bool wgi_gzip_is(const wgi_block *block);

/* Inflates all members of a gzip file, checksums held, into a block of exactly their size. `path`
 * is for messages. WG_ERR_FORMAT (broken, cut short, anything behind the end), WG_ERR_RANGE (more
 * than max_bytes), WG_ERR_UNSUPPORTED (no zlib), WG_ERR_MEMORY; *out is empty then. Takes no more
 * than the result and a constant. */
WGI_NODISCARD wg_status wgi_gzip_inflate(wg_context *ctx, const char *path, const wgi_block *in,
                                         size_t max_bytes, wgi_block *out);

/* As wgi_gzip_inflate, of one deflated stream without header and checksum that fills `in`. */
WGI_NODISCARD wg_status wgi_raw_inflate(wg_context *ctx, const char *path, const wgi_block *in,
                                        size_t max_bytes, wgi_block *out);

/* Reads a file of at most max_bytes as wgi_file_read does and, where it is gzip, inflates it, to at
 * most max_bytes. *out is empty at a failure. */
WGI_NODISCARD wg_status wgi_file_read_inflated(wg_context *ctx, const wgi_file_calls *calls,
                                               const char *path, size_t max_bytes, wgi_block *out);

#endif
