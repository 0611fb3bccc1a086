/* wengert ops: the ops that there are.
 * SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "cli/render.h"

#include <stdio.h>
#include <string.h>

/* "x, weight", "x ..." where there may be more than have names. */
static void describe_inputs(const wg_op_info *info, wgc_text *out)
{
    for (int32_t i = 0; i < info->n_input_names; i++) {
        wgc_text_printf(out, "%s%s", i > 0 ? ", " : "", info->input_names[i]);
    }
    wgc_text_puts(out, info->max_inputs > info->n_input_names ? " ..." : "");
}

/* "axis, keepdims=0". */
static void describe_attributes(size_t i, wgc_text *out)
{
    wg_attribute_info a;
    for (int32_t k = 0; wg_op_attribute(i, k, &a) == WG_OK; k++) {
        wgc_text value = {0};
        wgc_render_default(&a, &value);
        wgc_text_printf(out, "%s%s", k > 0 ? ", " : "", a.name);
        if (a.is_optional) {
            wgc_text_printf(out, "=%s", wgc_text_string(&value));
        }
        wgc_text_free(&value);
    }
}

static void print_row(size_t i)
{
    wg_op_info info;
    wgc_text inputs = {0};
    wgc_text attributes = {0};
    if (wg_op_describe(i, &info) != WG_OK) {
        return;
    }
    describe_inputs(&info, &inputs);
    describe_attributes(i, &attributes);
    printf("%-26s %-8s %-24s %7d  %-8s %s\n", info.name,
           info.is_form       ? "form"
           : info.is_internal ? "internal"
                              : "op",
           wgc_text_string(&inputs), (int)info.n_outputs, wgc_orders_name(info.orders),
           wgc_text_string(&attributes));
    wgc_text_free(&inputs);
    wgc_text_free(&attributes);
}

static int print_table(void)
{
    printf("%-26s %-8s %-24s %7s  %-8s %s\n", "name", "kind", "inputs", "outputs", "gradient",
           "attributes");
    for (size_t i = 0; i < wg_op_count(); i++) {
        print_row(i);
    }
    return 0;
}

static int print_pieces(const char *const *pieces)
{
    for (size_t i = 0; pieces[i] != NULL; i++) {
        fputs(pieces[i], stdout);
    }
    return 0;
}

int wgc_ops(int argc, char **argv)
{
    if (argc == 1) {
        return print_table();
    }
    if (argc == 2 && strcmp(argv[1], "--json") == 0) {
        return print_pieces(wgc_ops_json);
    }
    if (argc == 2 && strcmp(argv[1], "--markdown") == 0) {
        return print_pieces(wgc_ops_markdown);
    }
    return wgc_misuse(argv[0], argc == 2 ? argv[1] : argv[2]);
}
