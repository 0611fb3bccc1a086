/* NumPy's archives of arrays, from memory and to files.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant once read: every entry's view is checked, its data in `block` or in its own `inflated`;
 * names end in NUL inside `block`; by_name holds the entries' numbers in byte order of their names.
 * An entry takes less than 256 bytes, its two headers in the file 76 at least. */
#ifndef WG_IO_NPZ_H
#define WG_IO_NPZ_H

#include <wengert/io.h>

#include "core/file.h"
#include "io/npy.h"

/* A member as the central directory tells of it. Places are offsets into the block. */
typedef struct wgi_zip_member {
    uint32_t name; /* place of its text */
    uint32_t name_bytes;
    uint32_t local;        /* place of its local header */
    uint32_t data;         /* place of its data; set once the local header has been checked */
    uint32_t stored_bytes; /* of its data as they stand in the file */
    uint32_t bytes;        /* of its data inflated */
    uint32_t checksum;
    uint16_t flags;
    uint16_t method;
} wgi_zip_member;

typedef struct wgi_npz_entry {
    wgi_zip_member member;
    wgi_npy npy;
    wgi_block inflated; /* empty where the member is stored as it is */
} wgi_npz_entry;

struct wg_npz {
    wg_context *ctx;
    wgi_block block; /* the whole file */
    wgi_npz_entry *entries;
    uint32_t *by_name;
    size_t n;
};

/* What a part of an archive begins with. */
#define WGI_ZIP_LOCAL UINT32_C(0x04034B50)
#define WGI_ZIP_CENTRAL UINT32_C(0x02014B50)
#define WGI_ZIP_END UINT32_C(0x06054B50)
#define WGI_ZIP_LOCAL_BYTES ((size_t)30)
#define WGI_ZIP_CENTRAL_BYTES ((size_t)46)
#define WGI_ZIP_END_BYTES ((size_t)22)

/* Bits of a member's flags. */
#define WGI_ZIP_ENCRYPTED 0x0001U
#define WGI_ZIP_SIZES_FOLLOW 0x0008U
#define WGI_ZIP_UTF8 0x0800U

/* Reads the directory of file->block and all local headers into entries, whose views are left for
 * later. WG_ERR_FORMAT, WG_ERR_UNSUPPORTED, WG_ERR_MEMORY. */
WGI_NODISCARD wg_status wgi_npz_directory(wg_npz *file, const char *path);

/* As wg_npz_read, through other calls to the system. */
WGI_NODISCARD wg_status wgi_npz_read(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                                     wg_npz **out);

/* As wg_npz_read of a file that holds these bytes. Takes the block over, also when it fails. */
WGI_NODISCARD wg_status wgi_npz_read_block(wg_context *ctx, const char *path, wgi_block *block,
                                           wg_npz **out);

/* As wg_npz_write, through other calls to the system. */
WGI_NODISCARD wg_status wgi_npz_write(wg_context *ctx, const wgi_file_calls *calls,
                                      const char *path, const wg_named_tensor *entries, size_t n);

#endif
