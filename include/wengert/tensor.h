/* Tensors and host random streams.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TENSOR_H
#define WG_TENSOR_H

#include <wengert/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A dtype, a shape and contiguous row-major data, owned or borrowed. Reference-counted: create
 * and retain each want one wg_tensor_destroy. Graphs retain what they record.
 */
typedef struct wg_tensor wg_tensor;

/**
 * Creates a tensor of zeros.
 *
 * rank  0 to WG_MAX_RANK; dims may be NULL when it is 0
 * dims  each >= 0; a size of 0 is legal
 * out   owned by the caller; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_DTYPE, WG_ERR_RANGE (rank, negative dim), WG_ERR_OVERFLOW
 * (the byte count does not fit), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_tensor_create(wg_context *ctx, wg_dtype dtype, int32_t rank,
                                               const int64_t *dims, wg_tensor **out);

/**
 * Wraps memory of the caller's. `data` must hold the shape's elements, stay alive until the last
 * run of every graph that recorded it, and stay unchanged between recording (or a refresh) and
 * the last run before the next refresh or reset. NULL is legal where the tensor has no elements.
 * Errors: as wg_tensor_create.
 */
WG_NODISCARD WG_API wg_status wg_tensor_borrow(wg_context *ctx, wg_dtype dtype, int32_t rank,
                                               const int64_t *dims, void *data, wg_tensor **out);

/**
 * Creates a tensor from a copy of `data` of dtype `source`, converted element by element as
 * wg_cast does. Errors: as wg_tensor_create.
 */
WG_NODISCARD WG_API wg_status wg_tensor_from(wg_context *ctx, wg_dtype dtype, int32_t rank,
                                             const int64_t *dims, wg_dtype source, const void *data,
                                             wg_tensor **out);

/** Adds a reference and returns t; NULL gives NULL. */
WG_API wg_tensor *wg_tensor_retain(wg_tensor *t);

/** Drops a reference; the last one frees the tensor. NULL does nothing. */
WG_API void wg_tensor_destroy(wg_tensor *t);

/** The dtype; 0 for NULL. */
WG_API wg_dtype wg_tensor_dtype(const wg_tensor *t);

/** The rank; 0 for NULL. */
WG_API int32_t wg_tensor_rank(const wg_tensor *t);

/** The dims, `rank` of them, valid as long as the tensor; NULL for NULL. */
WG_API const int64_t *wg_tensor_dims(const wg_tensor *t);

/** The number of elements; 0 for NULL. */
WG_API int64_t wg_tensor_count(const wg_tensor *t);

/** The number of bytes; 0 for NULL. */
WG_API size_t wg_tensor_bytes(const wg_tensor *t);

/** The data for reading; NULL for NULL, for a value past its reset, or where there is none. */
WG_API const void *wg_tensor_data(const wg_tensor *t);

/**
 * The data for writing; bumps the version, so that graphs that recorded the tensor refuse new
 * computations from it until they are refreshed. NULL as wg_tensor_data, and for values of graphs.
 */
WG_API void *wg_tensor_data_mutable(wg_tensor *t);

/** Element i in row-major order, as a double; NaN where there is none. */
WG_API double wg_tensor_get(const wg_tensor *t, int64_t i);

/** Sets element i; bumps the version. Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE, WG_ERR_STATE. */
WG_API wg_status wg_tensor_set(wg_tensor *t, int64_t i, double value);

/** Copies the elements of src, same shape, converted as wg_cast does. Errors: WG_ERR_ARGUMENT,
 * WG_ERR_SHAPE, WG_ERR_STATE (dst is a graph's value), WG_ERR_STALE (src is past its reset). */
WG_API wg_status wg_tensor_copy(wg_tensor *dst, const wg_tensor *src);

/**
 * A random stream that the caller owns and can save: the four numbers are its whole state.
 * Draws are Philox 4x32-10 (Salmon et al. 2011) in counter mode, the same on every machine.
 */
typedef struct wg_rng {
    uint64_t seed;
    uint64_t stream;
    uint64_t position; /**< the next 32-bit word to be drawn */
    uint64_t reserved; /**< 0 */
} wg_rng;

/** A stream at its start. Streams of one seed and different numbers are independent. */
WG_API wg_rng wg_rng_make(uint64_t seed, uint64_t stream);

/** The next 64 random bits; 0 for NULL. */
WG_API uint64_t wg_rng_u64(wg_rng *rng);

/** Uniform in [0, 1), 53 bits; NaN for NULL. */
WG_API double wg_rng_uniform(wg_rng *rng);

/** Standard normal, by Box and Muller's transform of two uniforms; NaN for NULL. */
WG_API double wg_rng_normal(wg_rng *rng);

/** Uniform in [0, bound), without bias; 0 where bound is 0 or rng is NULL. */
WG_API uint64_t wg_rng_below(wg_rng *rng, uint64_t bound);

/** Shuffles `n` indices in place (Fisher-Yates). NULL does nothing. */
WG_API void wg_rng_shuffle(wg_rng *rng, int64_t *indices, size_t n);

/** A tensor and its name, in lists that go to files and come from them. */
typedef struct wg_named_tensor {
    const char *name; /**< UTF-8 */
    const wg_tensor *tensor;
} wg_named_tensor;

#ifdef __cplusplus
}
#endif
#endif
