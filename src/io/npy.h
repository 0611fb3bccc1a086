/* NumPy's arrays, from memory and to any sink.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant of a checked view: `data` holds exactly the elements of `type`, each of `stored` in the
 * byte order that is_big tells, each of a value that the type's dtype holds. */
#ifndef WG_IO_NPY_H
#define WG_IO_NPY_H

#include <wengert/io.h>

#include "core/file.h"
#include "core/shape.h"
#include "io/element.h"

typedef struct wgi_npy {
    wgi_type type; /* of the tensor that holds its values */
    wgi_stored stored;
    bool is_big;     /* big endian */
    bool is_fortran; /* the first index runs fastest */
    const unsigned char *data;
} wgi_npy;

/* Parses a header into a view whose data are not checked yet. WG_ERR_FORMAT, WG_ERR_DTYPE,
 * WG_ERR_SHAPE (a rank above WG_MAX_RANK), WG_ERR_OVERFLOW; `path` is for messages. */
WGI_NODISCARD wg_status wgi_npy_parse_header(wg_context *ctx, const char *path,
                                             const wgi_block *block, wgi_npy *out);

/* Checks all of a file that holds these bytes. */
WGI_NODISCARD wg_status wgi_npy_parse(wg_context *ctx, const char *path, const wgi_block *block,
                                      wgi_npy *out);

/* Makes the tensor of a checked view. WG_ERR_MEMORY. */
WGI_NODISCARD wg_status wgi_npy_tensor(wg_context *ctx, const wgi_npy *npy, wg_tensor **out);

/* As wg_npy_read of a file that holds these bytes. */
WGI_NODISCARD wg_status wgi_npy_read_block(wg_context *ctx, const char *path,
                                           const wgi_block *block, wg_tensor **out);

/* As wg_npy_read and wg_npy_write, through other calls to the system. */
WGI_NODISCARD wg_status wgi_npy_read(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                                     wg_tensor **out);
WGI_NODISCARD wg_status wgi_npy_write(wg_context *ctx, const wgi_file_calls *calls,
                                      const char *path, const wg_tensor *tensor);

/* Takes a file's bytes piece by piece. */
typedef wg_status (*wgi_npy_sink)(void *user, const void *data, size_t bytes);

/* The file of a living tensor, header and data; the sink's first failure ends it. */
WGI_NODISCARD wg_status wgi_npy_emit(const wg_tensor *tensor, wgi_npy_sink sink, void *user);

/* How many bytes it has; false where they do not fit. */
WGI_NODISCARD bool wgi_npy_bytes(const wg_tensor *tensor, size_t *out);

#endif
