/* Instruction sets: the hot files are built once for each, and one is picked at run time.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A hot file (X_hot.c, handed to wengert_hot_sources) names what it exports HOT(name); everything
 * else in it is static. It exports one table of functions, declared by WGI_HOT_DECLARE and picked
 * by WGI_HOT_PICK. A hot file includes no header with inline functions that it does not make
 * static: code of one instruction set must never be linked in place of another's. */
#ifndef WG_NATIVE_ISA_H
#define WG_NATIVE_ISA_H

typedef enum wgi_isa {
    WGI_ISA_BASE = 0, /* what every machine of the architecture has */
    WGI_ISA_AVX2,     /* with FMA */
    WGI_ISA_AVX512,   /* F, DQ, BW, VL */
    WGI_N_ISAS
} wgi_isa;

#if defined(__x86_64__)
#define WGI_HOT_DECLARE(type, name) extern const type name##_base, name##_avx2, name##_avx512
#define WGI_HOT_PICK(name, isa)                                                                    \
    ((isa) == WGI_ISA_AVX512 ? &name##_avx512 : (isa) == WGI_ISA_AVX2 ? &name##_avx2 : &name##_base)
#else
#define WGI_HOT_DECLARE(type, name) extern const type name##_base
#define WGI_HOT_PICK(name, isa) ((void)(isa), &name##_base)
#endif

/* The best set that this machine and the build have, or the one that the environment variable
 * WENGERT_ISA names (base, avx2, avx512) where that is less. */
wgi_isa wgi_isa_detect(void);

/* "base", "avx2", "avx512". */
const char *wgi_isa_name(wgi_isa isa);

#endif
