/* Files: tensors by name, as safetensors, and arrays of NumPy.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_IO_H
#define WG_IO_H

#include <wengert/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A file that has been read and found valid: tensors in order of their data, and metadata. */
typedef struct wg_safetensors wg_safetensors;

/**
 * Reads a safetensors file and checks all of it.
 *
 * path  a regular file
 * out   owned by the caller; NULL on failure
 *
 * Known are BOOL, I8 to I64, U8 to U64, F16, BF16, F32 and F64. The header is taken strictly: JSON
 * of exactly the format's form, no duplicate or unknown key, no NUL in a string, whole and gapless
 * data. No allocation exceeds the file's size and a constant.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_IO, WG_ERR_FORMAT, WG_ERR_DTYPE (any other dtype), WG_ERR_SHAPE
 * (a rank above WG_MAX_RANK), WG_ERR_OVERFLOW (a U64 above 2^63-1), WG_ERR_MEMORY; wg_context_error
 * names the tensor.
 */
WG_NODISCARD WG_API wg_status wg_safetensors_read(wg_context *ctx, const char *path,
                                                  wg_safetensors **out);

/** Destroys a file; tensors made from it stay. NULL does nothing. */
WG_API void wg_safetensors_destroy(wg_safetensors *file);

/** The number of tensors; 0 for NULL. */
WG_API size_t wg_safetensors_count(const wg_safetensors *file);

/** The name of the i-th tensor, UTF-8; NULL where there is none. Valid as long as the file. */
WG_API const char *wg_safetensors_name(const wg_safetensors *file, size_t i);

/** The dtype as stored, "BF16"; NULL where there is none. Static text. */
WG_API const char *wg_safetensors_dtype(const wg_safetensors *file, size_t i);

/** Finds a tensor by name. Returns false, with *out 0, where there is none. */
WG_API bool wg_safetensors_find(const wg_safetensors *file, const char *name, size_t *out);

/**
 * Makes the i-th tensor: F16, BF16 and F32 as f32, F64 as f64, BOOL as bool, U8 as u8, all other
 * integers as i64, every value exact.
 *
 * out  owned by the caller; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (no such tensor), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_safetensors_tensor(const wg_safetensors *file, size_t i,
                                                    wg_tensor **out);

/** The number of metadata entries; 0 for NULL. */
WG_API size_t wg_safetensors_metadata_count(const wg_safetensors *file);

/** The i-th key in byte order; NULL where there is none. Valid as long as the file. */
WG_API const char *wg_safetensors_metadata_key(const wg_safetensors *file, size_t i);

/** The value of a key; NULL where there is none. Valid as long as the file. */
WG_API const char *wg_safetensors_metadata(const wg_safetensors *file, const char *key);

/** A metadata entry to be written. */
typedef struct wg_named_text {
    const char *name; /**< UTF-8, unique */
    const char *text; /**< UTF-8 */
} wg_named_text;

/**
 * Writes tensors as safetensors: ordered by dtype (wider first), then by name; the header padded to
 * a multiple of 8. The file is written whole to a temporary one beside `path`, synced and renamed
 * over it: a reader sees the old file or the new one.
 *
 * entries   n of them, of unique names but "__metadata__"; may be NULL when n is 0
 * metadata  n_metadata of them, in that order; may be NULL when n_metadata is 0
 *
 * On an error the old file is as it was and the temporary one is gone; only where the last act
 * failed, the sync of the folder, is the new file already in its place.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_NAME (taken, reserved, not UTF-8), WG_ERR_STALE (a tensor without
 * its data), WG_ERR_RANGE (the header is over 100,000,000 bytes), WG_ERR_IO, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_safetensors_write(wg_context *ctx, const char *path,
                                                   const wg_named_tensor *entries, size_t n,
                                                   const wg_named_text *metadata,
                                                   size_t n_metadata);

/* ---- arrays of NumPy ---------------------------------------------------------------------- */

/**
 * Reads an array that NumPy saved (.npy, versions 1.0, 2.0 and 3.0), of either byte order and of C
 * or Fortran order: float16 and float32 as f32, float64 as f64, bool as bool, uint8 as u8, all
 * other integers as i64, every value exact.
 *
 * path  a regular file
 * out   row-major, owned by the caller; NULL on failure
 *
 * The header is taken strictly, and never evaluated: a dictionary of exactly descr, fortran_order
 * and shape, of 10,000 bytes at most; the file ends with the data. No allocation exceeds eight
 * times the file's size and a constant.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_IO, WG_ERR_FORMAT (wg_context_error tells the byte:
 * "x.npy:16: a key that is not known"), WG_ERR_DTYPE (any other dtype, objects and structures
 * among them), WG_ERR_SHAPE (a rank above WG_MAX_RANK), WG_ERR_OVERFLOW (a shape whose bytes do not
 * fit, a uint64 above 2^63-1), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_npy_read(wg_context *ctx, const char *path, wg_tensor **out);

/**
 * Writes a tensor as NumPy's save does, version 1.0, little endian, to a temporary file that is
 * renamed over `path` as wg_safetensors_write does.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_STALE (a tensor without its data), WG_ERR_IO, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_npy_write(wg_context *ctx, const char *path,
                                           const wg_tensor *tensor);

/** An archive of arrays (.npz) that has been read and found valid. */
typedef struct wg_npz wg_npz;

/**
 * Reads an archive that NumPy's savez or savez_compressed wrote, and checks all of it: the ZIP
 * archive's directory, that no members overlap, checksums, and each array as wg_npy_read does. A
 * member that is no array is refused.
 *
 * path  a regular file
 * out   owned by the caller; NULL on failure
 *
 * Deflated members are inflated here, to what the directory says at most, and kept.
 * Errors: as wg_npy_read; WG_ERR_UNSUPPORTED (encrypted, in several parts, ZIP64, compressed in
 * another way; deflated without zlib), WG_ERR_RANGE (a member inflates to more than the directory
 * says).
 */
WG_NODISCARD WG_API wg_status wg_npz_read(wg_context *ctx, const char *path, wg_npz **out);

/** Destroys an archive; tensors made from it stay. NULL does nothing. */
WG_API void wg_npz_destroy(wg_npz *file);

/** The number of arrays; 0 for NULL. */
WG_API size_t wg_npz_count(const wg_npz *file);

/** The name of the i-th array, UTF-8, without ".npy"; NULL where there is none. Valid as long as
 * the archive. */
WG_API const char *wg_npz_name(const wg_npz *file, size_t i);

/** Finds an array by name. Returns false, with *out 0, where there is none. */
WG_API bool wg_npz_find(const wg_npz *file, const char *name, size_t *out);

/**
 * Makes the i-th tensor, of the dtypes of wg_npy_read.
 *
 * out  owned by the caller; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (no such array), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_npz_tensor(const wg_npz *file, size_t i, wg_tensor **out);

/**
 * Writes tensors as NumPy's savez does, in the order given, uncompressed, to a temporary file that
 * is renamed over `path` as wg_safetensors_write does. The bytes depend on names and tensors alone.
 *
 * entries  n of them, names without ".npy"; may be NULL when n is 0
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_NAME (empty, over 65,531 bytes, taken, not UTF-8), WG_ERR_STALE
 * (a tensor without its data), WG_ERR_RANGE (65,535 arrays or 4 GiB, or more), WG_ERR_IO,
 * WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_npz_write(wg_context *ctx, const char *path,
                                           const wg_named_tensor *entries, size_t n);

#ifdef __cplusplus
}
#endif
#endif
