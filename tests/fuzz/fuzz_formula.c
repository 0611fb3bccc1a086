/* Fuzzes the reader of formulas.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_case.h"

#include "ops/formula.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    fuzz_case f;
    wgi_formula *formula = NULL;
    char *text = calloc(bytes + 1, 1);
    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, bytes);
    fuzz_start(&f, 2 * WGI_FORMULA_STEPS * sizeof(wgi_formula_step));
    const wg_status status = wgi_formula_make(&f.ctx, "fuzz", text, &formula);
    if (status == WG_OK && (formula->steps.count == 0 || formula->n_variables == 0)) {
        abort();
    }
    wgi_formula_free(&f.ctx.memory, formula);
    fuzz_finish(&f);
    free(text);
    return 0;
}
