/* Compiles the kernels of one op file once more for i64, and for bytes: u8, and bools as they are
 * stored. To be included after for_each_real.h, as that is; `real` and K(name) mean what they do
 * there. No guard: one include per op file.
 * SPDX-License-Identifier: Apache-2.0 */
#define WGI_REAL_PASS

#define real int64_t
#define K(name) name##_i64
#include WGI_KERNEL_FILE
#undef real
#undef K

#define real uint8_t
#define K(name) name##_u8
#include WGI_KERNEL_FILE
#undef real
#undef K

#undef WGI_REAL_PASS
