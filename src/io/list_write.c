/* Lists of ops as text: writing.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Only what the public walk tells is written. Everything goes through a buffer whose first failed
 * write sticks. */
#include <wengert/model.h>
#include <wengert/tools.h>

#include <string.h>

#include "core/context.h"
#include "core/text.h"
#include "core/utf8.h"

/* What is added in one piece is shorter than the room that a flush leaves. */
#define BUFFER_BYTES 2048
#define FLUSH_BYTES 1024

typedef struct output {
    const wg_writer *writer;
    wg_status status;
    wgi_text text;
    char buffer[BUFFER_BYTES];
} output;

static void flush(output *o)
{
    if (o->status == WG_OK && o->text.used > 0) {
        o->status = o->writer->write(o->writer->user, o->text.data, o->text.used);
    }
    o->text = wgi_text_make(o->buffer, sizeof o->buffer);
}

static void flush_full(output *o)
{
    if (o->text.used > FLUSH_BYTES) {
        flush(o);
    }
}

/* ---- words -------------------------------------------------------------------------------- */

/* Bytes that print stand for themselves; of other bytes only those of a text that is UTF-8. */
static void put_byte(output *o, unsigned char c, bool is_utf8)
{
    if (c == '"' || c == '\\') {
        wgi_text_add(&o->text, "\\%c", c);
    } else if (c == '\n') {
        wgi_text_add(&o->text, "\\n");
    } else if (c == '\t') {
        wgi_text_add(&o->text, "\\t");
    } else if (c < 0x20 || c == 0x7F || (c > 0x7F && !is_utf8)) {
        wgi_text_add(&o->text, "\\x%02x", c);
    } else {
        wgi_text_add(&o->text, "%c", c);
    }
}

static void put_string(output *o, const char *string)
{
    const size_t n = strlen(string);
    const bool is_utf8 = wgi_utf8_valid(string, n) == n;
    wgi_text_add(&o->text, "\"");
    for (size_t i = 0; i < n; i++) {
        put_byte(o, (unsigned char)string[i], is_utf8);
        flush_full(o);
    }
    wgi_text_add(&o->text, "\"");
}

static void put_integers(output *o, const int64_t *list, size_t n)
{
    wgi_text_add(&o->text, "[");
    for (size_t i = 0; i < n; i++) {
        wgi_text_add(&o->text, "%s%lld", i > 0 ? ", " : "", (long long)list[i]);
        flush_full(o);
    }
    wgi_text_add(&o->text, "]");
}

/* The word at a place of those that | separates; its length. */
static const char *word_at(const char *words, int64_t place, int *length)
{
    const char *at = words;
    for (int64_t i = 0; i < place && at != NULL; i++) {
        at = strchr(at, '|');
        at = at != NULL ? at + 1 : NULL;
    }
    *length = at != NULL ? (int)strcspn(at, "|") : 0;
    return at;
}

/* ---- leaves ------------------------------------------------------------------------------- */

static void put_element(output *o, const wg_tensor *t, int64_t i)
{
    const wg_dtype dtype = wg_tensor_dtype(t);
    if (dtype == WG_F32 || dtype == WG_F64) {
        wgi_text_add_exact(&o->text, wg_tensor_get(t, i), dtype == WG_F32);
    } else if (dtype == WG_I64) {
        const int64_t *data = wg_tensor_data(t);
        wgi_text_add(&o->text, "%lld", (long long)data[i]);
    } else {
        wgi_text_add(&o->text, "%d", (int)wg_tensor_get(t, i));
    }
}

static wg_status put_data(output *o, wg_node n)
{
    const wg_tensor *t;
    wg_status status = wg_get(n, &t);
    if (status == WG_OK && wg_tensor_data(t) == NULL && wg_tensor_count(t) > 0) {
        status = WG_ERR_STALE;
    }
    if (status != WG_OK) {
        return status;
    }
    wgi_text_add(&o->text, " data [");
    for (int64_t i = 0; i < wg_tensor_count(t) && o->status == WG_OK; i++) {
        wgi_text_add(&o->text, i > 0 ? ", " : "");
        put_element(o, t, i);
        flush_full(o);
    }
    wgi_text_add(&o->text, "]");
    return WG_OK;
}

static wg_status put_leaf(output *o, wg_node n, const wg_node_info *info, bool has_data)
{
    wgi_text_add(&o->text, "%s ", info->op);
    if (info->param != NULL) {
        put_string(o, wg_param_name(info->param));
        wgi_text_add(&o->text, " ");
    }
    wgi_text_add(&o->text, "%s ", wg_dtype_name(info->dtype));
    put_integers(o, info->dims, (size_t)info->rank);
    return has_data ? put_data(o, n) : WG_OK;
}

/* ---- ops ---------------------------------------------------------------------------------- */

/* What the table tells of an attribute; false where it does not know the op. */
static bool find_attribute(const char *op, const char *name, wg_attribute_info *out)
{
    size_t i;
    bool is_found = false;
    for (int32_t k = 0; wg_op_find(op, &i) && !is_found && wg_op_attribute(i, k, out) == WG_OK;
         k++) {
        is_found = strcmp(out->name, name) == 0;
    }
    return is_found;
}

static void put_integer(output *o, const char *op, const wg_attribute *a)
{
    wg_attribute_info info;
    const bool is_known = find_attribute(op, a->name, &info);
    int length = 0;
    const char *word = NULL;
    if (is_known && info.type == WG_TYPE_DTYPE) {
        word = wg_dtype_name((wg_dtype)a->integer);
        length = (int)strlen(word);
    } else if (is_known && info.type == WG_TYPE_CHOICE) {
        word = word_at(info.range, a->integer, &length);
    }
    if (word != NULL) {
        wgi_text_add(&o->text, "%.*s", length, word);
    } else {
        wgi_text_add(&o->text, "%lld", (long long)a->integer);
    }
}

static void put_attribute(output *o, const char *op, const wg_attribute *a)
{
    wgi_text_add(&o->text, " %s=", a->name);
    switch (a->kind) {
    case WG_ATTRIBUTE_REAL:
        wgi_text_add_exact(&o->text, a->real, false);
        break;
    case WG_ATTRIBUTE_LIST:
        put_integers(o, a->list, a->length);
        break;
    case WG_ATTRIBUTE_TEXT:
        put_string(o, a->text);
        break;
    case WG_ATTRIBUTE_INTEGER:
        put_integer(o, op, a);
        break;
    }
    flush_full(o);
}

static void put_op(output *o, wg_node n, const wg_node_info *info)
{
    int64_t list[WG_ATTRIBUTE_LIST_MAX];
    wg_attribute attribute;
    wgi_text_add(&o->text, "%s(", info->op);
    for (int32_t i = 0; i < info->n_inputs; i++) {
        wgi_text_add(&o->text, "%s%%%u", i > 0 ? ", " : "", (unsigned)wg_node_input(n, i).index);
        flush_full(o);
    }
    wgi_text_add(&o->text, ")");
    for (int32_t i = 0; wg_node_attribute(n, i, list, &attribute) == WG_OK; i++) {
        put_attribute(o, info->op, &attribute);
    }
}

/* A parameter's own name stands before its dtype; a node's, if it has another, at the end. */
static void put_name(output *o, const wg_node_info *info)
{
    const char *own = info->param != NULL ? wg_param_name(info->param) : NULL;
    if (info->name != NULL && (own == NULL || strcmp(own, info->name) != 0)) {
        wgi_text_add(&o->text, " ");
        put_string(o, info->name);
    }
}

static wg_status put_entry(output *o, wg_node n, bool has_data)
{
    wg_node_info info;
    wg_status status = wg_node_describe(n, &info);
    wgi_text_add(&o->text, "%%%u = ", (unsigned)n.index);
    if (info.output > 0) {
        wgi_text_add(&o->text, "%%%u.%d", (unsigned)n.index - (unsigned)info.output,
                     (int)info.output);
    } else if (info.is_leaf) {
        status = status == WG_OK ? put_leaf(o, n, &info, has_data) : status;
    } else {
        put_op(o, n, &info);
    }
    put_name(o, &info);
    wgi_text_add(&o->text, "\n");
    flush_full(o);
    return status;
}

/* An op of the program has no name that a reader would know, and attributes that are bytes. */
static wg_status check_ops(wg_graph *g)
{
    for (uint32_t i = 0; i < wg_graph_count(g); i++) {
        wg_node_info info;
        if (wg_node_describe(wg_graph_node(g, i), &info) == WG_OK && info.is_custom) {
            return wgi_context_fail(wg_graph_context(g), WG_ERR_NAME,
                                    "graph_write: %%%u is '%s', an op of the program's own",
                                    (unsigned)i, info.op);
        }
    }
    return WG_OK;
}

wg_status wg_graph_write(wg_graph *g, const wg_list_writing *options, const wg_writer *writer)
{
    if (g == NULL || writer == NULL || writer->write == NULL ||
        (options != NULL && options->size != sizeof *options)) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = wg_graph_status(g);
    status = status == WG_OK ? check_ops(g) : status;
    output o = {.writer = writer};
    if (status != WG_OK) {
        return status;
    }
    o.text = wgi_text_make(o.buffer, sizeof o.buffer);
    wgi_text_add(&o.text, "wengert-list %d\n", WG_LIST_VERSION);
    const bool has_data = options != NULL && options->has_data;
    for (uint32_t i = 0; i < wg_graph_count(g) && status == WG_OK && o.status == WG_OK; i++) {
        status = put_entry(&o, wg_graph_node(g, i), has_data);
    }
    if (status == WG_OK) {
        flush(&o);
    }
    return o.status != WG_OK ? o.status : status;
}
