/* Which instruction set this machine gets.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/isa.h"

#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"

static const char *const names[WGI_N_ISAS] = {"base", "avx2", "avx512"};

const char *wgi_isa_name(wgi_isa isa)
{
    return names[isa];
}

static wgi_isa best_of_machine(void)
{
    if (WGI_CPU_HAS_AVX512) {
        return WGI_ISA_AVX512;
    }
    return WGI_CPU_HAS_AVX2 ? WGI_ISA_AVX2 : WGI_ISA_BASE;
}

wgi_isa wgi_isa_detect(void)
{
    const wgi_isa best = best_of_machine();
    const char *wanted = getenv("WENGERT_ISA");
    for (int i = 0; wanted != NULL && i < (int)best; i++) {
        if (strcmp(wanted, names[i]) == 0) {
            return (wgi_isa)i;
        }
    }
    return best;
}
