/* The messages of shape rules and kernels; rows by name.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a message never overruns the buffer that its contract names. */
#include "core/op.h"

#include <string.h>

#include "core/text.h"

wg_status wgi_fault_set(const wgi_args *args, wg_status status, const char *format, ...)
{
    if (args->fault == NULL) {
        return status;
    }
    wgi_text text = wgi_text_make(args->fault->text, sizeof args->fault->text);
    va_list list;
    va_start(list, format);
    wgi_text_add_list(&text, format, list);
    va_end(list);
    args->fault->status = status;
    return status;
}

wg_status wgi_infer_fail(wgi_infer *q, wg_status status, const char *format, ...)
{
    wgi_text text = wgi_text_make(q->detail, WGI_DETAIL_BYTES);
    va_list list;
    va_start(list, format);
    wgi_text_add_list(&text, format, list);
    va_end(list);
    return status;
}

void wgi_infer_hint(wgi_infer *q, const char *format, ...)
{
    wgi_text text = wgi_text_make(q->hint, WGI_DETAIL_BYTES);
    va_list list;
    va_start(list, format);
    wgi_text_add_list(&text, format, list);
    va_end(list);
}

bool wgi_row_find(const wgi_op_table *table, const char *name, uint32_t *place)
{
    for (uint32_t i = 0; i < wgi_row_count(table); i++) {
        if (strcmp(wgi_row_at(table, i)->name, name) == 0) {
            *place = i;
            return true;
        }
    }
    return false;
}
