/* The one place for compiler extensions.
 * SPDX-License-Identifier: Apache-2.0
 *
 * WGI_INLINE is for functions in loops that are vectorised only where no call is left in them. */
#ifndef WG_CORE_COMPILER_H
#define WG_CORE_COMPILER_H

#if defined(__GNUC__)
#define WGI_LIKELY(x) __builtin_expect(!!(x), 1)
#define WGI_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define WGI_COLD __attribute__((cold, noinline))
#define WGI_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define WGI_NODISCARD __attribute__((warn_unused_result))
#define WGI_INLINE static inline __attribute__((always_inline))
#else
#define WGI_LIKELY(x) (x)
#define WGI_UNLIKELY(x) (x)
#define WGI_COLD
#define WGI_PRINTF(text, first)
#define WGI_NODISCARD
#define WGI_INLINE static inline
#endif

/* Whether this machine, and its operating system, has the instruction sets of the hot files. */
#if defined(__GNUC__) && defined(__x86_64__)
#define WGI_CPU_HAS_AVX2 (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#define WGI_CPU_HAS_AVX512                                                                         \
    (WGI_CPU_HAS_AVX2 && __builtin_cpu_supports("avx512f") &&                                      \
     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&                   \
     __builtin_cpu_supports("avx512vl"))
#else
#define WGI_CPU_HAS_AVX2 0
#define WGI_CPU_HAS_AVX512 0
#endif

/* The wide floating type, IEEE binary128: the oracle of the tests and of the command's
 * certificates, never in the library that programs link. */
#if defined(WGI_WIDE)
#if defined(__SIZEOF_FLOAT128__) && !defined(__aarch64__)
__extension__ typedef __float128 wgi_wide;
#define WGI_WIDE_IS_FLOAT128 1
#else
typedef long double wgi_wide;
#endif
#endif

#endif
