/* Lists of ops as text: reading.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Everything is recorded by calls by name, so that what a constructor refuses is refused here.
 * Invariant: nodes[k] is the entry of the graph that entry k of the text stands for; no leaf is
 * made before the bytes of its data are known to stand in the text or in what the caller allows. */
#include <wengert/model.h>
#include <wengert/tools.h>

#include <string.h>

#include "core/checked.h"
#include "core/context.h"
#include "io/list_scan.h"

#define MAX_ATTRIBUTES 16
#define STRING_BYTES 256
#define DEFAULT_BYTES ((size_t)1 << 30)

/* The attributes of one call, with what they point to. */
typedef struct call {
    wg_attribute attributes[MAX_ATTRIBUTES];
    size_t n_attributes;
    char names[MAX_ATTRIBUTES][64];
    char texts[MAX_ATTRIBUTES][STRING_BYTES];
    int64_t lists[MAX_ATTRIBUTES][WG_ATTRIBUTE_LIST_MAX];
} call;

typedef struct reader {
    wgi_scan scan;
    wg_graph *g;
    const wg_allocator *memory;
    const wg_model *model;
    size_t bytes_left; /* for leaves without data */
    wgi_array nodes;   /* uint32_t: see above */
    wgi_array inputs;  /* uint32_t: of the call being read */
    call *call;
} reader;

static bool fail_memory(reader *r)
{
    return wgi_scan_fail(&r->scan, r->scan.at, WG_ERR_MEMORY, "out of memory");
}

/* Fails at a place with the first line of the graph's error. */
static bool fail_graph(reader *r, const char *place, wg_status status)
{
    const char *text = wg_graph_error(r->g);
    const int n = (int)strcspn(text, "\n");
    return wgi_scan_fail(&r->scan, place, status, "%.*s", n, text);
}

/* ---- references --------------------------------------------------------------------------- */

/* "%3", an entry before this one: its node. */
static bool take_entry(reader *r, uint32_t *node)
{
    uint32_t entry;
    const char *place = r->scan.at;
    *node = 0;
    if (!wgi_scan_expect(&r->scan, '%') || !wgi_scan_u32(&r->scan, &entry)) {
        return false;
    }
    if (entry >= r->nodes.count) {
        return wgi_scan_fail(&r->scan, place, WG_ERR_FORMAT, "%%%u is not above this line",
                             (unsigned)entry);
    }
    *node = ((const uint32_t *)r->nodes.data)[entry];
    return true;
}

static bool push(reader *r, wgi_array *array, uint32_t value)
{
    uint32_t *next = wgi_array_push(r->memory, array, sizeof *next);
    if (next == NULL) {
        return fail_memory(r);
    }
    *next = value;
    return true;
}

/* Names a node; a name that found no memory, of which the node tells nothing, is missed here. */
static bool name_node(reader *r, wg_node n, const char *name)
{
    wg_node_info info;
    const bool is_known = wg_node_describe(wg_name(n, name), &info) == WG_OK && info.name != NULL &&
                          strncmp(info.name, name, strlen(info.name)) == 0;
    return is_known || fail_memory(r);
}

/* ---- leaves ------------------------------------------------------------------------------- */

static bool take_dtype(reader *r, wg_dtype *dtype)
{
    wgi_word word;
    if (!wgi_scan_word(&r->scan, &word)) {
        return false;
    }
    for (int d = WG_F32; d <= WG_U8; d++) {
        if (wgi_word_is(word, wg_dtype_name((wg_dtype)d))) {
            *dtype = (wg_dtype)d;
            return true;
        }
    }
    return wgi_scan_fail(&r->scan, word.text, WG_ERR_DTYPE, "a dtype expected");
}

/* A whole number that a bool or u8 holds. */
static bool take_byte(reader *r, wg_dtype dtype, unsigned char *out)
{
    int64_t value;
    const char *place = r->scan.at;
    if (!wgi_scan_i64(&r->scan, &value)) {
        return false;
    }
    if (value < 0 || value > (dtype == WG_BOOL ? 1 : 255)) {
        return wgi_scan_fail(&r->scan, place, WG_ERR_RANGE, "%lld is no %s", (long long)value,
                             wg_dtype_name(dtype));
    }
    *out = (unsigned char)value;
    return true;
}

static bool take_element(reader *r, wg_dtype dtype, void *data, int64_t i)
{
    double x = 0;
    switch (dtype) {
    case WG_F32:
        if (!wgi_scan_real(&r->scan, &x)) {
            return false;
        }
        ((float *)data)[i] = (float)x;
        return true;
    case WG_F64:
        return wgi_scan_real(&r->scan, (double *)data + i);
    case WG_I64:
        return wgi_scan_i64(&r->scan, (int64_t *)data + i);
    default:
        return take_byte(r, dtype, (unsigned char *)data + i);
    }
}

static bool take_data(reader *r, wg_tensor *t)
{
    const wg_dtype dtype = wg_tensor_dtype(t);
    void *data = wg_tensor_data_mutable(t);
    if (!wgi_scan_expect(&r->scan, '[')) {
        return false;
    }
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        if ((i > 0 && !wgi_scan_expect(&r->scan, ',')) || !take_element(r, dtype, data, i)) {
            return false;
        }
    }
    return wgi_scan_expect(&r->scan, ']');
}

/* Whether the bytes of a leaf may be had: an element stands in two bytes of the text at least. */
static bool is_allowed(reader *r, const char *place, const wgi_type *type, bool has_data)
{
    const size_t bytes = wgi_type_bytes(type);
    if (has_data) {
        return (uint64_t)type->count <= (uint64_t)(r->scan.end - r->scan.at) ||
               wgi_scan_fail(&r->scan, place, WG_ERR_FORMAT, "the text ends before the data");
    }
    if (bytes > r->bytes_left) {
        return wgi_scan_fail(&r->scan, place, WG_ERR_OVERFLOW,
                             "leaves without data need more than is allowed");
    }
    r->bytes_left -= bytes;
    return true;
}

/* A tensor of the dtype and shape that stand here, with its data; the caller's. */
static bool take_tensor(reader *r, wg_tensor **out)
{
    int64_t dims[WG_ATTRIBUTE_LIST_MAX];
    wg_dtype dtype;
    size_t rank;
    wgi_type type;
    wgi_word word;
    const char *place = r->scan.at;
    if (!take_dtype(r, &dtype) ||
        !wgi_scan_integers(&r->scan, dims, WG_ATTRIBUTE_LIST_MAX, &rank)) {
        return false;
    }
    wg_status status = wgi_type_make((int)dtype, (int32_t)rank, dims, &type);
    if (status != WG_OK) {
        return wgi_scan_fail(&r->scan, place, status, "%s", wg_status_text(status));
    }
    const bool has_data = wgi_scan_peek(&r->scan) == 'd';
    if (has_data && (!wgi_scan_word(&r->scan, &word) || !wgi_word_is(word, "data"))) {
        return wgi_scan_fail(&r->scan, word.text, WG_ERR_FORMAT, "data or a name expected");
    }
    if (!is_allowed(r, place, &type, has_data)) {
        return false;
    }
    status = wg_tensor_create(wg_graph_context(r->g), dtype, (int32_t)rank, dims, out);
    if (status != WG_OK) {
        return wgi_scan_fail(&r->scan, place, status, "%s", wg_status_text(status));
    }
    return !has_data || take_data(r, *out);
}

static bool has_same_type(const wg_tensor *a, const wg_tensor *b)
{
    return wg_tensor_dtype(a) == wg_tensor_dtype(b) && wg_tensor_rank(a) == wg_tensor_rank(b) &&
           memcmp(wg_tensor_dims(a), wg_tensor_dims(b),
                  (size_t)wg_tensor_rank(a) * sizeof(int64_t)) == 0;
}

/* The parameter of that name and the type of t, as a node. */
static bool use_param(reader *r, const char *place, const char *name, const wg_tensor *t,
                      wg_node *out)
{
    wg_param *p = wg_model_find(r->model, name);
    if (p == NULL) {
        return wgi_scan_fail(&r->scan, place, WG_ERR_NAME, "the model has no parameter '%.100s'",
                             name);
    }
    if (!has_same_type(wg_param_value(p), t)) {
        return wgi_scan_fail(&r->scan, place, WG_ERR_SHAPE, "the model's '%.100s' is another type",
                             name);
    }
    *out = wg_use(r->g, p);
    return true;
}

static bool take_param(reader *r, const char *place, wg_node *out)
{
    char name[STRING_BYTES];
    wg_tensor *t = NULL;
    bool is_good = wgi_scan_string(&r->scan, name, sizeof name) && take_tensor(r, &t);
    if (is_good && r->model != NULL) {
        is_good = use_param(r, place, name, t, out);
    } else if (is_good) {
        *out = wg_variable(r->g, t);
        is_good = !wg_is_valid(*out) || name_node(r, *out, name);
    }
    wg_tensor_destroy(t);
    return is_good;
}

static bool take_leaf(reader *r, wgi_word kind, wg_node *out)
{
    wg_tensor *t = NULL;
    if (wgi_word_is(kind, "param")) {
        return take_param(r, kind.text, out);
    }
    const bool is_good = take_tensor(r, &t);
    if (is_good && wgi_word_is(kind, "constant")) {
        *out = wg_constant(r->g, wg_tensor_dtype(t), wg_tensor_rank(t), wg_tensor_dims(t),
                           wg_tensor_data(t));
    } else if (is_good && wgi_word_is(kind, "variable")) {
        *out = wg_variable(r->g, t);
    } else if (is_good) {
        *out = wg_input(r->g, t);
    }
    wg_tensor_destroy(t);
    return is_good;
}

static bool is_leaf(wgi_word word)
{
    return wgi_word_is(word, "input") || wgi_word_is(word, "variable") ||
           wgi_word_is(word, "param") || wgi_word_is(word, "constant");
}

/* ---- ops ---------------------------------------------------------------------------------- */

static bool copy_word(reader *r, wgi_word word, char *out, size_t room)
{
    if (word.n >= room) {
        return wgi_scan_fail(&r->scan, word.text, WG_ERR_NAME, "a word of more than %zu letters",
                             room - 1);
    }
    memcpy(out, word.text, word.n);
    out[word.n] = '\0';
    return true;
}

/* The type of an op's attribute; integers where the table does not know it. */
static wg_attribute_type type_of(const char *op, const char *name)
{
    size_t i;
    wg_attribute_info info;
    for (int32_t k = 0; wg_op_find(op, &i) && wg_op_attribute(i, k, &info) == WG_OK; k++) {
        if (strcmp(info.name, name) == 0) {
            return info.type;
        }
    }
    return WG_TYPE_INTEGER;
}

static bool take_list(reader *r, size_t k)
{
    wg_attribute *a = &r->call->attributes[k];
    a->kind = WG_ATTRIBUTE_LIST;
    a->list = r->call->lists[k];
    return wgi_scan_integers(&r->scan, r->call->lists[k], WG_ATTRIBUTE_LIST_MAX, &a->length);
}

static bool take_text(reader *r, size_t k)
{
    wg_attribute *a = &r->call->attributes[k];
    a->kind = WG_ATTRIBUTE_TEXT;
    a->text = r->call->texts[k];
    return wgi_scan_string(&r->scan, r->call->texts[k], STRING_BYTES);
}

/* A choice's word, as text. */
static bool take_choice(reader *r, size_t k)
{
    wgi_word word;
    wg_attribute *a = &r->call->attributes[k];
    a->kind = WG_ATTRIBUTE_TEXT;
    a->text = r->call->texts[k];
    return wgi_scan_number(&r->scan, &word) && copy_word(r, word, r->call->texts[k], STRING_BYTES);
}

static bool take_value(reader *r, const char *op, size_t k)
{
    wg_dtype dtype = WG_F32;
    wg_attribute *a = &r->call->attributes[k];
    const char first = wgi_scan_peek(&r->scan);
    const wg_attribute_type type = type_of(op, a->name);
    const bool is_number = (first >= '0' && first <= '9') || first == '-';
    if (first == '[') {
        return take_list(r, k);
    }
    if (first == '"') {
        return take_text(r, k);
    }
    if (type == WG_TYPE_REAL) {
        a->kind = WG_ATTRIBUTE_REAL;
        return wgi_scan_real(&r->scan, &a->real);
    }
    if (type == WG_TYPE_DTYPE && !is_number) {
        const bool is_good = take_dtype(r, &dtype);
        a->kind = WG_ATTRIBUTE_INTEGER;
        a->integer = (int64_t)dtype;
        return is_good;
    }
    if (type == WG_TYPE_CHOICE && !is_number) {
        return take_choice(r, k);
    }
    a->kind = WG_ATTRIBUTE_INTEGER;
    return wgi_scan_i64(&r->scan, &a->integer);
}

static bool take_attribute(reader *r, const char *op)
{
    wgi_word word;
    const size_t k = r->call->n_attributes;
    if (!wgi_scan_word(&r->scan, &word)) {
        return false;
    }
    if (k == MAX_ATTRIBUTES) {
        return wgi_scan_fail(&r->scan, word.text, WG_ERR_NAME, "more attributes than any op has");
    }
    r->call->attributes[k] = (wg_attribute){.name = r->call->names[k]};
    r->call->n_attributes++;
    return copy_word(r, word, r->call->names[k], sizeof r->call->names[k]) &&
           wgi_scan_expect(&r->scan, '=') && take_value(r, op, k);
}

static bool take_inputs(reader *r)
{
    uint32_t node;
    r->inputs.count = 0;
    if (!wgi_scan_expect(&r->scan, '(')) {
        return false;
    }
    if (wgi_scan_take(&r->scan, ')')) {
        return true;
    }
    do {
        if (!take_entry(r, &node) || !push(r, &r->inputs, node)) {
            return false;
        }
    } while (wgi_scan_take(&r->scan, ','));
    return wgi_scan_expect(&r->scan, ')');
}

static bool take_op(reader *r, wgi_word word, wg_node *out)
{
    char op[64];
    uint32_t output = 0;
    size_t n_outputs = 1;
    r->call->n_attributes = 0;
    if (!copy_word(r, word, op, sizeof op) || !take_inputs(r)) {
        return false;
    }
    while (!wgi_scan_is_line_end(&r->scan) && wgi_scan_peek(&r->scan) != '"') {
        if (!take_attribute(r, op)) {
            return false;
        }
    }
    const wg_status status =
        wg_apply(r->g, op, r->inputs.data, r->inputs.count, r->call->attributes,
                 r->call->n_attributes, &output, &n_outputs);
    if (status != WG_OK || n_outputs == 0) {
        return fail_graph(r, word.text, status != WG_OK ? status : WG_ERR_FORMAT);
    }
    *out = wg_graph_node(r->g, output);
    return true;
}

/* "%4.1": an output of an op above. */
static bool take_part(reader *r, wg_node *out)
{
    uint32_t node;
    uint32_t part;
    if (!take_entry(r, &node) || !wgi_scan_expect(&r->scan, '.') ||
        !wgi_scan_u32(&r->scan, &part)) {
        return false;
    }
    *out = wg_output(wg_graph_node(r->g, node), part <= INT32_MAX ? (int32_t)part : -1);
    return true;
}

/* ---- lines -------------------------------------------------------------------------------- */

static bool take_definition(reader *r, wg_node *out)
{
    wgi_word word;
    if (wgi_scan_peek(&r->scan) == '%') {
        return take_part(r, out);
    }
    if (!wgi_scan_word(&r->scan, &word)) {
        return false;
    }
    return is_leaf(word) ? take_leaf(r, word, out) : take_op(r, word, out);
}

static bool take_name(reader *r, wg_node n)
{
    char name[STRING_BYTES];
    if (wgi_scan_peek(&r->scan) == '"' &&
        (!wgi_scan_string(&r->scan, name, sizeof name) || !name_node(r, n, name))) {
        return false;
    }
    return wgi_scan_is_line_end(&r->scan) ||
           wgi_scan_fail(&r->scan, r->scan.at, WG_ERR_FORMAT, "the end of the line expected");
}

/* "%3 = ...": the entries are counted from 0, so that a line that is lost is seen. */
static bool take_line(reader *r)
{
    uint32_t entry;
    wg_node n = {NULL, 0, 0};
    const char *place = r->scan.at;
    if (!wgi_scan_expect(&r->scan, '%') || !wgi_scan_u32(&r->scan, &entry)) {
        return false;
    }
    if (entry != r->nodes.count) {
        return wgi_scan_fail(&r->scan, place, WG_ERR_FORMAT, "%%%zu expected", r->nodes.count);
    }
    if (!wgi_scan_expect(&r->scan, '=') || !take_definition(r, &n)) {
        return false;
    }
    if (!wg_is_valid(n)) {
        return fail_graph(r, place, wg_graph_status(r->g));
    }
    return take_name(r, n) && push(r, &r->nodes, n.index);
}

static bool take_header(reader *r)
{
    static const char title[] = "wengert-list ";
    uint32_t version;
    const size_t n = sizeof title - 1;
    if ((size_t)(r->scan.end - r->scan.at) < n || memcmp(r->scan.at, title, n) != 0) {
        return wgi_scan_fail(&r->scan, r->scan.at, WG_ERR_FORMAT, "'wengert-list' expected");
    }
    r->scan.at += n;
    const char *place = r->scan.at;
    if (!wgi_scan_u32(&r->scan, &version)) {
        return false;
    }
    if (version != WG_LIST_VERSION) {
        return wgi_scan_fail(&r->scan, place, WG_ERR_FORMAT, "version %u is not known here",
                             (unsigned)version);
    }
    return wgi_scan_is_line_end(&r->scan) ||
           wgi_scan_fail(&r->scan, r->scan.at, WG_ERR_FORMAT, "the end of the line expected");
}

/* The graph has nothing that a reset could take from its user. */
static void empty_again(wg_graph *g)
{
    const uint64_t step = wg_graph_step(g);
    (void)wg_graph_reset(g);
    (void)wg_graph_set_step(g, step);
}

static wg_status read_all(reader *r)
{
    wg_context *ctx = wg_graph_context(r->g);
    bool is_good = take_header(r);
    while (is_good && wgi_scan_next_line(&r->scan)) {
        is_good = take_line(r);
    }
    if (is_good) {
        return WG_OK;
    }
    size_t line;
    size_t column;
    wgi_scan_place(&r->scan, &line, &column);
    empty_again(r->g);
    return wgi_context_fail(ctx, r->scan.status, "list: line %zu, column %zu: %s", line, column,
                            r->scan.error);
}

wg_status wg_graph_read(wg_graph *g, const char *text, size_t bytes, const wg_list_reading *options)
{
    if (g == NULL || text == NULL || (options != NULL && options->size != sizeof *options)) {
        return WG_ERR_ARGUMENT;
    }
    wg_context *ctx = wg_graph_context(g);
    const wg_status status = wg_graph_status(g);
    if (status == WG_ERR_STALE) {
        return status;
    }
    if (status != WG_OK || wg_graph_count(g) > 0) {
        return wgi_context_fail(ctx, WG_ERR_STATE, "list: the graph is not empty");
    }
    const size_t max_bytes = options != NULL ? options->max_bytes : 0;
    reader r = {
        .scan = {.start = text, .at = text, .end = text + bytes},
        .g = g,
        .memory = &ctx->memory,
        .model = options != NULL ? options->model : NULL,
        .bytes_left = max_bytes > 0 ? max_bytes : DEFAULT_BYTES,
        .call = wgi_alloc(&ctx->memory, sizeof *r.call),
    };
    if (r.call == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "list: out of memory");
    }
    const wg_status result = read_all(&r);
    wgi_release(r.memory, r.call, sizeof *r.call);
    wgi_array_free(r.memory, &r.nodes, sizeof(uint32_t));
    wgi_array_free(r.memory, &r.inputs, sizeof(uint32_t));
    return result;
}
