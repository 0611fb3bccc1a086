/* The table of ops as JSON.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One field stands on a line, so that two versions can be compared; what is unknown is null. */
#include "cli/render.h"

#include <math.h>
#include <string.h>

static void add_string(wgc_text *out, const char *string)
{
    wgc_text_puts(out, "\"");
    for (const char *c = string; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            wgc_text_printf(out, "\\%c", *c);
        } else if (*c == '\n') {
            wgc_text_puts(out, "\\n");
        } else if ((unsigned char)*c < 0x20) {
            wgc_text_printf(out, "\\u%04x", (unsigned)*c);
        } else {
            wgc_text_add(out, c, 1);
        }
    }
    wgc_text_puts(out, "\"");
}

/* A field of an op; NULL and "" are null. */
static void add_field(wgc_text *out, const char *name, const char *string)
{
    wgc_text_printf(out, "      \"%s\": ", name);
    if (string != NULL && *string != '\0') {
        add_string(out, string);
    } else {
        wgc_text_puts(out, "null");
    }
    wgc_text_puts(out, ",\n");
}

static void add_number_field(wgc_text *out, const char *name, int64_t value)
{
    wgc_text_printf(out, "      \"%s\": %lld,\n", name, (long long)value);
}

static void add_bool_field(wgc_text *out, const char *name, bool value)
{
    wgc_text_printf(out, "      \"%s\": %s,\n", name, value ? "true" : "false");
}

/* ---- parts of an op ----------------------------------------------------------------------- */

/* "wg_node wg_scale(wg_node x, double factor)": its parameters, each with its type. */
static void add_arguments(wgc_text *out, const char *signature)
{
    const char *at = strchr(signature, '(');
    wgc_text_puts(out, "      \"arguments\": [");
    for (int i = 0; at != NULL && *at != '\0' && strcmp(at, "(void)") != 0; i++) {
        const char *begin = at + 1 + strspn(at + 1, " ");
        const size_t n = strcspn(begin, ",)");
        size_t type = n;
        while (type > 0 && begin[type - 1] != ' ' && begin[type - 1] != '*') {
            type--;
        }
        wgc_text name = {0};
        wgc_text_add(&name, begin, type - (type > 0 && begin[type - 1] == ' ' ? 1 : 0));
        wgc_text_puts(out, i > 0 ? ", {\"type\": " : "{\"type\": ");
        add_string(out, wgc_text_string(&name));
        wgc_text_free(&name);
        wgc_text_add(&name, begin + type, n - type);
        wgc_text_puts(out, ", \"name\": ");
        add_string(out, wgc_text_string(&name));
        wgc_text_puts(out, "}");
        wgc_text_free(&name);
        at = begin[n] == ',' ? begin + n : NULL;
    }
    wgc_text_puts(out, "],\n");
}

static void add_inputs(wgc_text *out, const wg_op_info *info)
{
    wgc_text_puts(out, "      \"inputs\": [");
    for (int32_t i = 0; i < info->n_input_names; i++) {
        wgc_text_puts(out, i > 0 ? ", " : "");
        add_string(out, info->input_names[i]);
    }
    wgc_text_puts(out, "],\n");
    add_number_field(out, "min_inputs", info->min_inputs);
    add_number_field(out, "max_inputs", info->max_inputs);
}

static void add_traits(wgc_text *out, uint32_t traits)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        {WG_OP_POINTWISE, "pointwise"}, {WG_OP_BROADCASTS, "broadcasts"},
        {WG_OP_REDUCTION, "reduction"}, {WG_OP_CONTRACTION, "contraction"},
        {WG_OP_LAYOUT, "layout"},       {WG_OP_FILL, "fill"},
        {WG_OP_RANDOM, "random"},       {WG_OP_COMMUTATIVE, "commutative"},
        {WG_OP_KINKED, "kinked"},       {WG_OP_STOP, "stop"},
    };
    bool is_first = true;
    wgc_text_puts(out, "      \"traits\": [");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((traits & names[i].bit) != 0) {
            wgc_text_puts(out, is_first ? "" : ", ");
            add_string(out, names[i].name);
            is_first = false;
        }
    }
    wgc_text_puts(out, "],\n");
}

/* Numbers as they are, words and what JSON has no number for as strings. */
static void add_default(wgc_text *out, const wg_attribute_info *a)
{
    wgc_text value = {0};
    wgc_render_default(a, &value);
    const bool is_word = a->type == WG_TYPE_TEXT || a->type == WG_TYPE_CHOICE ||
                         (a->type == WG_TYPE_DTYPE && a->integer != 0) ||
                         (a->type == WG_TYPE_REAL && !isfinite(a->real));
    if (!a->is_optional || a->kind == WG_ATTRIBUTE_LIST) {
        wgc_text_puts(out, "null");
    } else if (is_word) {
        add_string(out, wgc_text_string(&value));
    } else {
        wgc_text_puts(out, wgc_text_string(&value));
    }
    wgc_text_free(&value);
}

static void add_choices(wgc_text *out, const char *words)
{
    const char *at = words;
    const char *word;
    size_t n;
    wgc_text_puts(out, ", \"choices\": [");
    while (wgc_next_word(&at, &word, &n)) {
        wgc_text_puts(out, word > words ? ", \"" : "\"");
        wgc_text_add(out, word, n);
        wgc_text_puts(out, "\"");
    }
    wgc_text_puts(out, "]");
}

static void add_attribute(wgc_text *out, const wg_attribute_info *a)
{
    static const char *const kinds[] = {"?", "integer", "real", "list", "text"};
    wgc_text_printf(out, "        {\"name\": \"%s\", \"type\": \"%s\", \"kind\": \"%s\"", a->name,
                    wgc_type_name(a->type), kinds[a->kind]);
    wgc_text_printf(out, ", \"optional\": %s, \"default\": ", a->is_optional ? "true" : "false");
    add_default(out, a);
    if (a->type == WG_TYPE_CHOICE) {
        add_choices(out, a->range);
    } else if (a->range != NULL) {
        wgc_text_puts(out, ", \"range\": ");
        add_string(out, a->range);
    }
    wgc_text_puts(out, "}");
}

static void add_attributes(wgc_text *out, size_t i)
{
    wg_attribute_info a;
    wgc_text_puts(out, "      \"attributes\": [");
    for (int32_t k = 0; wg_op_attribute(i, k, &a) == WG_OK; k++) {
        wgc_text_puts(out, k > 0 ? ",\n" : "\n");
        add_attribute(out, &a);
    }
    wgc_text_puts(out, "],\n");
}

static void add_parameters(wgc_text *out, const wgc_doc *doc)
{
    wgc_text_puts(out, "      \"parameters\": [");
    for (int i = 0; i < doc->n_parameters; i++) {
        wgc_text_puts(out, i > 0 ? ",\n" : "\n");
        wgc_text_puts(out, "        {\"names\": ");
        add_string(out, wgc_text_string(&doc->parameters[i].names));
        wgc_text_puts(out, ", \"text\": ");
        add_string(out, wgc_text_string(&doc->parameters[i].text));
        wgc_text_puts(out, "}");
    }
    wgc_text_puts(out, "],\n");
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void add_said(wgc_text *out, const wgc_doc *doc)
{
    static const char *const names[WGC_N_SECTIONS] = {
        [WGC_FORMULA] = "formula",   [WGC_RULE] = "rule",     [WGC_GRADIENT] = "gradient",
        [WGC_NUMERICS] = "numerics", [WGC_ERRORS] = "errors", [WGC_SOURCE] = "source",
    };
    add_field(out, "family", wgc_text_string(&doc->family->name));
    add_field(out, "function", wgc_text_string(&doc->function));
    add_field(out, "signature", wgc_text_string(&doc->signature));
    add_arguments(out, wgc_text_string(&doc->signature));
    for (int s = 0; s < WGC_N_SECTIONS; s++) {
        add_field(out, names[s], wgc_text_string(&doc->section[s]));
    }
    add_parameters(out, doc);
    add_field(out, "doc", wgc_text_string(&doc->whole));
}

static void add_op(wgc_text *out, size_t i, const wgc_docs *docs)
{
    wg_op_info info;
    if (wg_op_describe(i, &info) != WG_OK) {
        return;
    }
    const wgc_doc *doc = wgc_docs_find(docs, info.name);
    wgc_text_puts(out, i > 0 ? ",\n    {\n" : "\n    {\n");
    add_field(out, "name", info.name);
    add_bool_field(out, "is_form", info.is_form);
    add_bool_field(out, "is_internal", info.is_internal);
    if (doc != NULL) {
        add_said(out, doc);
    }
    add_inputs(out, &info);
    add_number_field(out, "outputs", info.n_outputs);
    add_number_field(out, "numbers", info.n_numbers);
    add_attributes(out, i);
    add_traits(out, info.traits);
    wgc_text_printf(out, "      \"orders\": \"%s\"\n    }", wgc_orders_name(info.orders));
}

static void add_families(wgc_text *out, const wgc_docs *docs)
{
    wgc_text_puts(out, "  \"families\": [");
    for (const wgc_family *f = docs->families; f != NULL; f = f->next) {
        wgc_text_puts(out, f == docs->families ? "\n    {\"name\": " : ",\n    {\"name\": ");
        add_string(out, wgc_text_string(&f->name));
        wgc_text_puts(out, ", \"title\": ");
        add_string(out, wgc_text_string(&f->title));
        wgc_text_puts(out, "}");
    }
    wgc_text_puts(out, "],\n");
}

void wgc_render_json(const wgc_docs *docs, wgc_text *out)
{
    wgc_text_printf(out, "{\n  \"format\": %d,\n  \"library\": \"wengert\",\n", WGC_JSON_FORMAT);
    wgc_text_printf(out, "  \"version\": \"%s\",\n", wg_version());
    add_families(out, docs);
    wgc_text_puts(out, "  \"ops\": [");
    for (size_t i = 0; i < wg_op_count(); i++) {
        add_op(out, i, docs);
    }
    wgc_text_puts(out, "]\n}\n");
}
