/* The words every public header shares: version, status, dtypes, allocator, writer.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_BASE_H
#define WG_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WG_VERSION_MAJOR 0
#define WG_VERSION_MINOR 1
#define WG_VERSION_PATCH 0

#if defined(WG_STATIC) || !defined(__GNUC__)
#define WG_API
#else
#define WG_API __attribute__((visibility("default")))
#endif

#if defined(__GNUC__)
#define WG_NODISCARD __attribute__((warn_unused_result))
#define WG_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define WG_NODISCARD
#define WG_PRINTF(text, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** The highest rank of a tensor. */
#define WG_MAX_RANK 8

/**
 * Every status of the library: X(name, value, text). The values are pinned, in groups:
 * 1.. the caller's use, 16.. memory, 32.. files, 48.. the engine, 64.. the program around it.
 */
#define WG_STATUS_LIST(X)                                                                          \
    X(OK, 0, "success")                                                                            \
    X(ERR_ARGUMENT, 1, "an argument is missing or out of its domain")                              \
    X(ERR_HANDLE, 2, "a node is not one of this graph's")                                          \
    X(ERR_STALE, 3, "a node or its data is from before a reset or a change")                       \
    X(ERR_SHAPE, 4, "shapes do not fit")                                                           \
    X(ERR_DTYPE, 5, "dtypes do not fit")                                                           \
    X(ERR_RANGE, 6, "an axis, index or count is out of range")                                     \
    X(ERR_GRADIENT, 7, "there is no such gradient")                                                \
    X(ERR_STATE, 8, "the call is not allowed in this state")                                       \
    X(ERR_NAME, 9, "a name is missing, unknown or taken")                                          \
    X(ERR_MEMORY, 16, "out of memory")                                                             \
    X(ERR_OVERFLOW, 17, "a size does not fit")                                                     \
    X(ERR_IO, 32, "a file could not be read or written")                                           \
    X(ERR_FORMAT, 33, "a file is not of its format")                                               \
    X(ERR_ENGINE, 48, "the engine failed")                                                         \
    X(ERR_UNSUPPORTED, 49, "not supported by this build")                                          \
    X(ERR_INTERNAL, 50, "an invariant of the library does not hold")                               \
    X(ERR_CANCELLED, 64, "the run was cancelled")                                                  \
    X(ERR_CALLBACK, 65, "a callback of the program failed")

/** The outcome of a call; 0 is success. */
typedef enum wg_status {
#define WG_STATUS_ENUM(name, value, text) WG_##name = value,
    WG_STATUS_LIST(WG_STATUS_ENUM)
#undef WG_STATUS_ENUM
} wg_status;

/** "WG_ERR_SHAPE" for WG_ERR_SHAPE; "WG_ERR_?" for a value that is none. Never NULL. */
WG_API const char *wg_status_name(wg_status status);

/** One English clause for a status; never NULL. */
WG_API const char *wg_status_text(wg_status status);

/** Element types. Booleans are one byte, 0 or 1. The values are pinned. */
typedef enum wg_dtype {
    WG_F32 = 1,  /**< IEEE binary32 */
    WG_F64 = 2,  /**< IEEE binary64 */
    WG_I64 = 3,  /**< 64-bit signed; labels and indices */
    WG_BOOL = 4, /**< one byte, 0 or 1 */
    WG_U8 = 5    /**< 8-bit unsigned; raw data */
} wg_dtype;

/** "f32", "f64", "i64", "bool", "u8"; "?" for a value that is none. Never NULL. */
WG_API const char *wg_dtype_name(wg_dtype dtype);

/** Bytes of one element; 0 for a value that is no dtype. */
WG_API size_t wg_dtype_size(wg_dtype dtype);

/**
 * Where all memory of a context comes from.
 *
 * allocate  returns `bytes` (> 0) bytes aligned to `alignment` (a power of two), or NULL
 * release   takes back a block with the byte count it was asked for; never called with NULL
 * user      handed to both; must outlive the context
 *
 * Both are called by the thread that uses the context.
 */
typedef struct wg_allocator {
    void *(*allocate)(void *user, size_t bytes, size_t alignment);
    void (*release)(void *user, void *block, size_t bytes);
    void *user;
} wg_allocator;

/**
 * Where text and bytes go. `write` takes all `bytes` or returns a status other than WG_OK,
 * which ends the operation and is handed to its caller.
 */
typedef struct wg_writer {
    wg_status (*write)(void *user, const char *data, size_t bytes);
    void *user;
} wg_writer;

/** The version the library was built as, "0.1.0". */
WG_API const char *wg_version(void);

#ifdef __cplusplus
}
#endif
#endif
