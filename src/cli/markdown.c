/* The table of ops as Markdown: a chapter for each family, in the order of its header.
 * SPDX-License-Identifier: Apache-2.0 */
#include "cli/render.h"

#include <ctype.h>
#include <string.h>

static bool is_in_word(const char *text, const char *c)
{
    return c > text && isalnum((unsigned char)c[-1]) && isalnum((unsigned char)c[1]);
}

/* Text in which Markdown would see marks is kept as it is; what stands in backticks is so anyway.
 */
static void add_plain(wgc_text *out, const char *text)
{
    bool is_code = false;
    for (const char *c = text; *c != '\0'; c++) {
        is_code = is_code != (*c == '`');
        if (!is_code && (strchr("\\*<", *c) != NULL || (*c == '_' && !is_in_word(text, c)))) {
            wgc_text_puts(out, "\\");
        }
        wgc_text_add(out, c, 1);
    }
}

static void add_said(wgc_text *out, const char *title, const wgc_text *said)
{
    if (said->used > 0) {
        wgc_text_printf(out, "*%s:* ", title);
        add_plain(out, wgc_text_string(said));
        wgc_text_puts(out, "\n\n");
    }
}

static void add_parameters(wgc_text *out, const wgc_doc *doc)
{
    for (int i = 0; i < doc->n_parameters; i++) {
        wgc_text_printf(out, "- `%s`: ", wgc_text_string(&doc->parameters[i].names));
        add_plain(out, wgc_text_string(&doc->parameters[i].text));
        wgc_text_puts(out, "\n");
    }
    wgc_text_puts(out, doc->n_parameters > 0 ? "\n" : "");
}

static void add_attribute(wgc_text *out, const wg_attribute_info *a)
{
    wgc_text value = {0};
    wgc_render_default(a, &value);
    wgc_text_printf(out, "`%s` (%s", a->name, wgc_type_name(a->type));
    if (a->range != NULL) {
        wgc_text_puts(out, a->type == WG_TYPE_CHOICE ? ": " : " in ");
        add_plain(out, a->range);
    }
    if (!a->is_optional) {
        wgc_text_puts(out, ")");
    } else if (value.used == 0) {
        wgc_text_puts(out, ", may be left out)");
    } else {
        wgc_text_printf(out, ", default %s)", wgc_text_string(&value));
    }
    wgc_text_free(&value);
}

static void add_attributes(wgc_text *out, size_t i, const wg_op_info *info)
{
    wg_attribute_info a;
    if (info->n_attributes == 0) {
        return;
    }
    wgc_text_puts(out, "*By name:* ");
    for (int32_t k = 0; wg_op_attribute(i, k, &a) == WG_OK; k++) {
        wgc_text_puts(out, k > 0 ? ", " : "");
        add_attribute(out, &a);
    }
    wgc_text_puts(out, ".\n\n");
}

static void add_facts(wgc_text *out, const wg_op_info *info)
{
    static const char *const orders[] = {
        [WG_ORDERS_NONE] = "Not differentiable",
        [WG_ORDERS_ANY] = "Differentiable to any order",
        [WG_ORDERS_OF_PARTS] = "Recorded as other ops, differentiable as they are",
    };
    wgc_text_puts(out, orders[info->orders]);
    if (info->n_outputs > 1) {
        wgc_text_printf(out, "; %d outputs", (int)info->n_outputs);
    }
    wgc_text_puts(out, (info->traits & WG_OP_KINKED) != 0 ? "; not smooth everywhere" : "");
    wgc_text_puts(out, (info->traits & WG_OP_RANDOM) != 0 ? "; random" : "");
    wgc_text_puts(out, ".\n\n");
}

static void add_op(wgc_text *out, size_t i, const wg_op_info *info, const wgc_doc *doc)
{
    wgc_text_printf(out, "### %s\n\n```c\n", info->name);
    wgc_text_puts(out, wgc_text_string(&doc->signature));
    wgc_text_puts(out, "\n```\n\n");
    add_plain(out, wgc_text_string(&doc->section[WGC_FORMULA]));
    if (doc->section[WGC_RULE].used > 0) {
        wgc_text_puts(out, " ");
        add_plain(out, wgc_text_string(&doc->section[WGC_RULE]));
    }
    wgc_text_puts(out, "\n\n");
    add_parameters(out, doc);
    add_said(out, "Gradient", &doc->section[WGC_GRADIENT]);
    add_said(out, "Numerics", &doc->section[WGC_NUMERICS]);
    add_said(out, "Errors", &doc->section[WGC_ERRORS]);
    add_said(out, "Source", &doc->section[WGC_SOURCE]);
    add_attributes(out, i, info);
    add_facts(out, info);
}

/* The functions of a family that are ops. */
static void add_family(wgc_text *out, const wgc_family *family, const wgc_docs *docs)
{
    bool is_first = true;
    for (const wgc_doc *doc = docs->docs; doc != NULL; doc = doc->next) {
        wg_op_info info;
        size_t i;
        if (doc->family != family || !wg_op_find(wgc_text_string(&doc->function) + 3, &i) ||
            wg_op_describe(i, &info) != WG_OK || info.is_internal) {
            continue;
        }
        if (is_first) {
            wgc_text_puts(out, "## ");
            add_plain(out, wgc_text_string(&family->title));
            wgc_text_puts(out, "\n\n");
            is_first = false;
        }
        add_op(out, i, &info, doc);
    }
}

void wgc_render_markdown(const wgc_docs *docs, wgc_text *out)
{
    size_t n_public = 0;
    for (size_t i = 0; i < wg_op_count(); i++) {
        wg_op_info info;
        n_public += wg_op_describe(i, &info) == WG_OK && !info.is_internal ? 1 : 0;
    }
    wgc_text_puts(out, "# Ops\n\n<!-- Made from the headers by `make ops-doc`; "
                       "not to be edited. -->\n\n");
    wgc_text_printf(out, "The %zu ops and forms of the library, by header.\n", n_public);
    wgc_text_puts(
        out, "*Floating* is f32 or f64; *broadcasts* is NumPy's rule; gate(dy, d) is dy d, and "
             "exactly 0\nwhere dy is exactly 0. *By name* are the attributes of `wg_apply`, of "
             "the text form of lists,\nand of the bindings. `wengert ops --json` has all this "
             "for programs.\n\n");
    for (const wgc_family *f = docs->families; f != NULL; f = f->next) {
        add_family(out, f, docs);
    }
    if (out->used > 1 && out->data[out->used - 2] == '\n') {
        out->data[--out->used] = '\0';
    }
}
