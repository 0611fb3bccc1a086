/* The words of the table of ops.
 * SPDX-License-Identifier: Apache-2.0 */
#include "cli/render.h"

#include <stdio.h>
#include <string.h>

const char *wgc_type_name(wg_attribute_type type)
{
    static const char *const names[] = {
        [WG_TYPE_INTEGER] = "integer", [WG_TYPE_FLAG] = "flag",     [WG_TYPE_AXIS] = "axis",
        [WG_TYPE_DTYPE] = "dtype",     [WG_TYPE_CHOICE] = "choice", [WG_TYPE_REAL] = "real",
        [WG_TYPE_AXES] = "axes",       [WG_TYPE_DIMS] = "dims",     [WG_TYPE_INTEGERS] = "integers",
        [WG_TYPE_TEXT] = "text",
    };
    return (size_t)type < sizeof names / sizeof *names ? names[type] : "?";
}

const char *wgc_orders_name(wg_op_orders orders)
{
    return orders == WG_ORDERS_ANY ? "any" : orders == WG_ORDERS_OF_PARTS ? "parts" : "none";
}

bool wgc_next_word(const char **at, const char **word, size_t *n)
{
    if (*at == NULL) {
        return false;
    }
    *word = *at;
    *n = strcspn(*at, "|");
    *at = (*at)[*n] == '|' ? *at + *n + 1 : NULL;
    return true;
}

/* With the fewest digits that give the same number back. */
static void add_real(double x, wgc_text *out)
{
    char number[40];
    for (int digits = 6; digits <= 17; digits++) {
        double back = 0;
        snprintf(number, sizeof number, "%.*g", digits, x);
        if (sscanf(number, "%lf", &back) == 1 && back == x) {
            break;
        }
    }
    wgc_text_puts(out, number);
}

void wgc_render_default(const wg_attribute_info *a, wgc_text *out)
{
    const char *at = a->range;
    const char *word;
    size_t n;
    if (!a->is_optional || a->kind == WG_ATTRIBUTE_LIST) {
        return;
    }
    if (a->type == WG_TYPE_REAL) {
        add_real(a->real, out);
    } else if (a->type == WG_TYPE_TEXT) {
        wgc_text_puts(out, a->text != NULL ? a->text : "");
    } else if (a->type == WG_TYPE_DTYPE && a->integer != 0) {
        wgc_text_puts(out, wg_dtype_name((wg_dtype)a->integer));
    } else if (a->type == WG_TYPE_CHOICE) {
        for (int64_t i = 0; wgc_next_word(&at, &word, &n); i++) {
            if (i == a->integer) {
                wgc_text_add(out, word, n);
            }
        }
    } else {
        wgc_text_printf(out, "%lld", (long long)a->integer);
    }
}
