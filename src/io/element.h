/* Elements as files store them: little endian, in more dtypes than tensors have.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_IO_ELEMENT_H
#define WG_IO_ELEMENT_H

#include <wengert/base.h>

#include "core/compiler.h"

/* The dtypes of safetensors, in its order: a file holds the later ones first. */
typedef enum wgi_stored {
    WGI_STORED_NONE = 0,
    WGI_STORED_BOOL,
    WGI_STORED_U8,
    WGI_STORED_I8,
    WGI_STORED_I16,
    WGI_STORED_U16,
    WGI_STORED_F16,
    WGI_STORED_BF16,
    WGI_STORED_I32,
    WGI_STORED_U32,
    WGI_STORED_F32,
    WGI_STORED_F64,
    WGI_STORED_I64,
    WGI_STORED_U64,
    WGI_N_STORED
} wgi_stored;

/* What is known of one. */
typedef struct wgi_stored_info {
    const char *name; /* "BF16" */
    size_t bytes;     /* of an element */
    wg_dtype natural; /* the tensor dtype that holds all its values */
    int digits;       /* bits of its largest whole number; 0 for floating dtypes and BOOL */
} wgi_stored_info;

/* Of any value below WGI_N_STORED but NONE. */
const wgi_stored_info *wgi_stored_about(wgi_stored stored);

/* How a tensor of this dtype is stored. */
wgi_stored wgi_stored_of(wg_dtype dtype);

/* The first element of n that the natural dtype has no value for (a U64 above 2^63-1, a BOOL that
 * is neither 0 nor 1); n where there is none. */
size_t wgi_stored_find_bad(wgi_stored stored, const unsigned char *data, size_t n);

/* Whether every value of `stored` has its equal in a floating dtype; floating to floating always
 * has at least its nearest. */
bool wgi_stored_fits(wgi_stored stored, wg_dtype dtype);

/* Converts n good elements, starting anywhere, to `dtype`, first to the natural one, then as
 * wg_cast does. */
void wgi_stored_decode(wgi_stored stored, const unsigned char *data, size_t n, wg_dtype dtype,
                       void *out);

/* Stores n elements of a tensor's data. */
void wgi_stored_encode(wg_dtype dtype, const void *data, size_t n, unsigned char *out);

#endif
