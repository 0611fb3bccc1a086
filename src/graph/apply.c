/* Calls by name: from plain integers and named attributes to a constructor.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Everything that C's parameters could not hold is refused here, in the name of the op; what the
 * arguments mean is checked by the constructor. */
#include <wengert/tools.h>

#include <string.h>

#include "core/text.h"
#include "graph/record.h"

#define MAX_ATTRIBUTES 16

/* What a call by name is made of, while it is made. */
typedef struct apply {
    wg_graph *g;
    const wgi_op *op;
    wgi_argument arguments[MAX_ATTRIBUTES];
} apply;

static wg_status refuse(const apply *a, wg_status status, const char *what, const char *name)
{
    wgi_record_fail(a->g, status, a->op->name, "attribute '%.60s' %s", name, what);
    return status;
}

/* The library's own rows come first, so that a text means the same everywhere. */
static const wgi_op *find_op(const wg_context *ctx, const char *name)
{
    const wgi_op_table *table = ctx->ops;
    const wgi_op *const *own = ctx->own_forms.data;
    for (uint32_t i = 0; i < wgi_row_count(table); i++) {
        const wgi_op *op = wgi_row_at(table, i);
        if (op->call != NULL && strcmp(op->name, name) == 0) {
            return op;
        }
    }
    for (size_t i = 0; i < ctx->own_forms.count; i++) {
        if (strcmp(own[i]->name, name) == 0) {
            return own[i];
        }
    }
    return NULL;
}

/* ---- one attribute ------------------------------------------------------------------------ */

static bool is_list(wgi_attribute_kind kind)
{
    return kind == WGI_ATTR_AXES || kind == WGI_ATTR_DIMS || kind == WGI_ATTR_INTEGERS;
}

/* The place of a word among those that | separates; -1 where it is none of them. */
static int64_t choice_of(const char *choices, const char *word)
{
    const size_t n = strlen(word);
    int64_t place = 0;
    for (const char *at = choices; at != NULL; place++) {
        const char *end = strchr(at, '|');
        const size_t length = end != NULL ? (size_t)(end - at) : strlen(at);
        if (length == n && memcmp(at, word, n) == 0) {
            return place;
        }
        at = end != NULL ? end + 1 : NULL;
    }
    return -1;
}

static wg_status take_integer(const apply *a, const wgi_attribute *attribute, int64_t value,
                              wgi_argument *out)
{
    const bool is_wide = attribute->kind == WGI_ATTR_INTEGER;
    if (!is_wide && (value < INT32_MIN || value > INT32_MAX)) {
        return refuse(a, WG_ERR_RANGE, "does not fit 32 bits", attribute->name);
    }
    if (attribute->kind == WGI_ATTR_FLAG && value != 0 && value != 1) {
        return refuse(a, WG_ERR_RANGE, "must be 0 or 1", attribute->name);
    }
    out->integer = value;
    out->real = (double)value;
    return WG_OK;
}

static wg_status take_list(const apply *a, const wgi_attribute *attribute,
                           const wg_attribute *given, wgi_argument *out)
{
    static const int64_t nothing[1];
    const bool is_narrow = attribute->kind != WGI_ATTR_DIMS;
    if (given->length > (is_narrow ? WGI_CALL_LIST : INT32_MAX)) {
        return refuse(a, WG_ERR_RANGE, "is too long a list", attribute->name);
    }
    if (given->list == NULL && given->length > 0) {
        return refuse(a, WG_ERR_ARGUMENT, "has no list", attribute->name);
    }
    out->n = (int32_t)given->length;
    out->list = given->list != NULL ? given->list : nothing;
    for (int32_t i = 0; is_narrow && i < out->n; i++) {
        if (given->list[i] < INT32_MIN || given->list[i] > INT32_MAX) {
            return refuse(a, WG_ERR_RANGE, "does not fit 32 bits", attribute->name);
        }
        out->narrow[i] = (int32_t)given->list[i];
    }
    return WG_OK;
}

static wg_status take_text(const apply *a, const wgi_attribute *attribute,
                           const wg_attribute *given, wgi_argument *out)
{
    if (given->text == NULL) {
        return refuse(a, WG_ERR_ARGUMENT, "has no text", attribute->name);
    }
    out->text = given->text;
    if (attribute->kind == WGI_ATTR_CHOICE) {
        out->integer = choice_of(attribute->range, given->text);
        return out->integer >= 0 ? WG_OK
                                 : refuse(a, WG_ERR_RANGE, "is none of its words", attribute->name);
    }
    return WG_OK;
}

static wg_status take(const apply *a, const wgi_attribute *attribute, const wg_attribute *given,
                      wgi_argument *out)
{
    const wgi_attribute_kind kind = attribute->kind;
    const bool has_words = kind == WGI_ATTR_TEXT || kind == WGI_ATTR_CHOICE;
    out->is_given = true;
    if (is_list(kind) && given->kind == WG_ATTRIBUTE_LIST) {
        return take_list(a, attribute, given, out);
    }
    if (has_words && given->kind == WG_ATTRIBUTE_TEXT) {
        return take_text(a, attribute, given, out);
    }
    if (kind == WGI_ATTR_REAL && given->kind == WG_ATTRIBUTE_REAL) {
        out->real = given->real;
        return WG_OK;
    }
    if (kind == WGI_ATTR_REAL && given->kind == WG_ATTRIBUTE_INTEGER) {
        out->real = (double)given->integer;
        return WG_OK;
    }
    if (!is_list(kind) && kind != WGI_ATTR_TEXT && given->kind == WG_ATTRIBUTE_INTEGER) {
        return take_integer(a, attribute, given->integer, out);
    }
    return refuse(a, WG_ERR_ARGUMENT, "is of another kind", attribute->name);
}

/* ---- all of them -------------------------------------------------------------------------- */

static void take_default(const wgi_attribute *attribute, wgi_argument *out)
{
    *out = (wgi_argument){
        .integer = attribute->integer, .real = attribute->real, .text = attribute->text};
}

static int32_t place_of(const wgi_op *op, const char *name)
{
    for (int32_t i = 0; i < op->n_attributes; i++) {
        if (strcmp(op->attributes[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static wg_status take_all(apply *a, const wg_attribute *given, size_t n)
{
    const wgi_op *op = a->op;
    wg_status status = WG_OK;
    for (int32_t i = 0; i < op->n_attributes; i++) {
        take_default(&op->attributes[i], &a->arguments[i]);
    }
    for (size_t k = 0; k < n && status == WG_OK; k++) {
        const char *name = given[k].name != NULL ? given[k].name : "";
        const int32_t i = place_of(op, name);
        if (i < 0) {
            status = refuse(a, WG_ERR_NAME, "is none of the op's", name);
        } else if (a->arguments[i].is_given) {
            status = refuse(a, WG_ERR_ARGUMENT, "is given twice", name);
        } else {
            status = take(a, &op->attributes[i], &given[k], &a->arguments[i]);
        }
    }
    for (int32_t i = 0; i < op->n_attributes && status == WG_OK; i++) {
        if (!a->arguments[i].is_given && !op->attributes[i].is_optional) {
            status = refuse(a, WG_ERR_ARGUMENT, "must be given", op->attributes[i].name);
        }
    }
    return status;
}

/* ---- the call ----------------------------------------------------------------------------- */

static wg_status check_count(const apply *a, size_t n)
{
    const wgi_op *op = a->op;
    if (n >= (size_t)op->min_in && n <= (size_t)op->max_in) {
        return WG_OK;
    }
    wgi_record_fail(a->g, WG_ERR_ARGUMENT, op->name, "takes %d to %d inputs: %zu", (int)op->min_in,
                    (int)op->max_in, n);
    return WG_ERR_ARGUMENT;
}

/* How many outputs, from y on, the op has that made y; 1 of a leaf. A form may return a later one.
 */
static size_t outputs_of(wg_node y)
{
    const wgi_entry *r = wgi_record_at(&y.graph->list, y.index);
    return wgi_record_is_leaf(r) ? 1 : (size_t)(y.graph->ctx->ops->ops[r->op]->n_out - r->part);
}

/* n_outputs: in: the room; out: how many were written. */
static void write_outputs(wg_node y, uint32_t *outputs, size_t *n_outputs)
{
    const size_t n = outputs_of(y) < *n_outputs ? outputs_of(y) : *n_outputs;
    for (size_t i = 0; i < n; i++) {
        outputs[i] = y.index + (uint32_t)i;
    }
    *n_outputs = n;
}

static wg_status call_row(apply *a, const uint32_t *inputs, size_t n, wg_node *y)
{
    wg_node few[8];
    const wg_allocator *memory = &a->g->ctx->memory;
    const bool is_many = n > sizeof few / sizeof *few;
    wg_node *in = is_many ? wgi_alloc_zeroed(memory, n, sizeof *in) : few;
    if (in == NULL) {
        wgi_record_fail(a->g, WG_ERR_MEMORY, a->op->name, "out of memory");
        return WG_ERR_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        in[i] = (wg_node){a->g, inputs[i], a->g->epoch};
    }
    const wgi_call call = {
        .op = a->op, .graph = a->g, .in = in, .n_in = (int32_t)n, .arguments = a->arguments};
    *y = a->op->call(&call);
    if (is_many) {
        wgi_release(memory, in, n * sizeof *in);
    }
    return a->g->failure.status;
}

/* The graph's own errors; those of NULL have no graph to stand on. */
static wg_status find_row(apply *a, const char *name)
{
    wg_node passed;
    if (!wgi_can_record(a->g, &passed)) {
        return a->g->is_alive ? a->g->failure.status : WG_ERR_STALE;
    }
    a->op = find_op(a->g->ctx, name);
    if (a->op == NULL) {
        wgi_record_fail(a->g, WG_ERR_NAME, "apply", "there is no op '%.60s'", name);
        return WG_ERR_NAME;
    }
    return WG_OK;
}

wg_status wg_apply(wg_graph *g, const char *op, const uint32_t *inputs, size_t n_inputs,
                   const wg_attribute *attributes, size_t n_attributes, uint32_t *outputs,
                   size_t *n_outputs)
{
    apply a = {.g = g};
    wg_node y = {NULL, 0, 0};
    const size_t room = n_outputs != NULL ? *n_outputs : 0;
    if (n_outputs != NULL) {
        *n_outputs = 0;
    }
    if (g == NULL || op == NULL || (inputs == NULL && n_inputs > 0) ||
        (attributes == NULL && n_attributes > 0) || (outputs != NULL && n_outputs == NULL)) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = find_row(&a, op);
    status = status == WG_OK ? check_count(&a, n_inputs) : status;
    status = status == WG_OK ? take_all(&a, attributes, n_attributes) : status;
    status = status == WG_OK ? call_row(&a, inputs, n_inputs, &y) : status;
    if (status == WG_OK && outputs != NULL && wg_is_valid(y)) {
        *n_outputs = room;
        write_outputs(y, outputs, n_outputs);
    }
    return status;
}
