/* Reading the list from outside.
 * SPDX-License-Identifier: Apache-2.0 */
#include <wengert/tools.h>

#include <string.h>

#include "core/param.h"
#include "graph/record.h"

uint32_t wg_graph_count(const wg_graph *g)
{
    return g != NULL && g->is_alive ? wgi_list_count(&g->list) : 0;
}

wg_node wg_graph_node(wg_graph *g, uint32_t i)
{
    if (g == NULL || !g->is_alive || i >= wgi_list_count(&g->list)) {
        return (wg_node){g, WGI_FAILED, g != NULL ? g->epoch : 0};
    }
    return wgi_handle(g, i);
}

static void describe_leaf(const wg_graph *g, const wgi_entry *r, wg_node_info *out)
{
    const wgi_leaf *leaf = wgi_leaf_at(&g->list, r->in[0]);
    out->op = wgi_leaf_name(r->attr);
    out->is_leaf = true;
    out->is_smooth = true;
    out->param = leaf->param;
}

static void describe_op(const wg_graph *g, const wgi_entry *r, wg_node_info *out)
{
    const wgi_op *op = g->ctx->ops->ops[r->op];
    out->op = op->name;
    out->n_inputs = (r - r->part)->n_in;
    out->n_numbers = op->n_numbers;
    out->is_smooth = !(op->traits & WGI_KINKED);
    out->is_random = (op->traits & WGI_RANDOM) != 0;
    out->is_custom = (op->traits & WGI_OPAQUE) != 0;
}

/* An entry may be described on a graph that has an error, so that the error can be explained. */
wg_status wg_node_describe(wg_node n, wg_node_info *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    memset(out, 0, sizeof *out);
    if (!wg_is_valid(n)) {
        return n.graph == NULL || n.epoch == n.graph->epoch ? WG_ERR_HANDLE : WG_ERR_STALE;
    }
    const wg_graph *g = n.graph;
    const wgi_entry *r = wgi_record_at(&g->list, n.index);
    const wgi_site *site = wgi_list_site(&g->list, n.index);
    out->name = wgi_list_name(&g->list, n.index);
    out->file = site != NULL ? site->file : NULL;
    out->line = site != NULL ? site->line : 0;
    out->dtype = (wg_dtype)r->dtype;
    out->rank = r->rank;
    out->dims = wgi_dims_of(&g->list, r);
    out->count = r->count;
    out->output = r->part;
    out->wants_gradient = r->flags & WGI_WANTS_GRADIENT;
    if (wgi_record_is_leaf(r)) {
        describe_leaf(g, r, out);
    } else {
        describe_op(g, r, out);
    }
    return WG_OK;
}

double wg_node_flops(wg_node n)
{
    if (!wg_is_valid(n)) {
        return 0.0;
    }
    const wg_graph *g = n.graph;
    const wgi_entry *r = wgi_record_at(&g->list, n.index);
    const bool is_op = !wgi_record_is_leaf(r) && r->part == 0;
    return is_op ? wgi_record_flops(&g->list, r, g->ctx->ops->ops[r->op]) : 0.0;
}

wg_node wg_node_input(wg_node n, int32_t i)
{
    wg_node none = {n.graph, WGI_FAILED, n.epoch};
    if (!wg_is_valid(n)) {
        return none;
    }
    const wgi_entry *r = wgi_record_at(&n.graph->list, n.index);
    const wgi_entry *owner = r - r->part;
    if (wgi_record_is_leaf(owner) || i < 0 || i >= owner->n_in) {
        return none;
    }
    return wgi_handle(n.graph, wgi_inputs_of(&n.graph->list, owner)[i]);
}

/* ---- attributes --------------------------------------------------------------------------- */

_Static_assert(WG_ATTRIBUTE_LIST_MAX == WGI_CALL_LIST, "what is read can be given");
_Static_assert(WG_ATTRIBUTE_LIST_MAX >= WG_MAX_RANK, "every list that a record holds has room");

/* The record of the op that made an entry; NULL of a leaf and of an invalid node. */
static const wgi_entry *op_record_of(wg_node n)
{
    if (!wg_is_valid(n)) {
        return NULL;
    }
    const wgi_entry *r = wgi_record_at(&n.graph->list, n.index);
    return wgi_record_is_leaf(r) ? NULL : r - r->part;
}

/* The i-th attribute that records of the op hold; NULL where there is none. */
static const wgi_attribute *held_attribute(const wgi_op *op, int32_t i)
{
    for (int32_t k = 0; k < op->n_attributes && i >= 0; k++) {
        if (op->attributes[k].place.how != WGI_HELD_NOWHERE && i-- == 0) {
            return &op->attributes[k];
        }
    }
    return NULL;
}

int32_t wg_node_attribute_count(wg_node n)
{
    int32_t count = 0;
    const wgi_entry *r = op_record_of(n);
    while (r != NULL && held_attribute(n.graph->ctx->ops->ops[r->op], count) != NULL) {
        count++;
    }
    return count;
}

static int64_t read_integer(const char *at, size_t bytes)
{
    int32_t narrow;
    int64_t wide;
    memcpy(&narrow, at, sizeof narrow);
    if (bytes == sizeof narrow) {
        return narrow;
    }
    memcpy(&wide, at, sizeof wide);
    return wide;
}

/* The places of the bits that are set. */
static size_t read_bits(const char *at, int64_t *list)
{
    uint32_t bits;
    size_t n = 0;
    memcpy(&bits, at, sizeof bits);
    for (int32_t i = 0; i < 32; i++) {
        if ((bits >> i & 1u) != 0) {
            list[n++] = i;
        }
    }
    return n;
}

/* Lists in the record have room for WG_MAX_RANK. */
static size_t read_list(const wgi_held *held, const char *record, int64_t *list)
{
    const size_t size = held->how == WGI_HELD_I32_LIST ? sizeof(int32_t) : sizeof(int64_t);
    const int64_t n = read_integer(record + held->length_offset, held->length_bytes);
    for (int64_t i = 0; i < n && i < WG_MAX_RANK; i++) {
        list[i] = read_integer(record + held->offset + (size_t)i * size, size);
    }
    return (size_t)n;
}

static void read_held(const wg_graph *g, const wgi_entry *r, const wgi_held *held, int64_t *list,
                      wg_attribute *out)
{
    const char *record = wgi_attrs_of(&g->list, r);
    const wgi_number_entry *numbers = g->list.numbers.data;
    switch (held->how) {
    case WGI_HELD_I32:
        out->integer = read_integer(record + held->offset, sizeof(int32_t));
        break;
    case WGI_HELD_I64:
        out->integer = read_integer(record + held->offset, sizeof(int64_t));
        break;
    case WGI_HELD_NUMBER:
        out->kind = WG_ATTRIBUTE_REAL;
        out->real = numbers[r->number + held->offset].value;
        break;
    case WGI_HELD_BITS:
        out->kind = WG_ATTRIBUTE_LIST;
        out->length = read_bits(record + held->offset, list);
        break;
    case WGI_HELD_I32_LIST:
    case WGI_HELD_I64_LIST:
        out->kind = WG_ATTRIBUTE_LIST;
        out->length = read_list(held, record, list);
        break;
    case WGI_HELD_NOWHERE:
        break;
    }
}

wg_status wg_node_attribute(wg_node n, int32_t i, int64_t *list, wg_attribute *out)
{
    int64_t unwanted[WG_ATTRIBUTE_LIST_MAX];
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    memset(out, 0, sizeof *out);
    if (!wg_is_valid(n)) {
        return n.graph == NULL || n.epoch == n.graph->epoch ? WG_ERR_HANDLE : WG_ERR_STALE;
    }
    const wgi_entry *r = op_record_of(n);
    const wgi_attribute *a = r != NULL ? held_attribute(n.graph->ctx->ops->ops[r->op], i) : NULL;
    if (a == NULL) {
        return WG_ERR_RANGE;
    }
    out->name = a->name;
    out->kind = WG_ATTRIBUTE_INTEGER;
    read_held(n.graph, r, &a->place, list != NULL ? list : unwanted, out);
    out->list = out->kind == WG_ATTRIBUTE_LIST ? list : NULL;
    return WG_OK;
}
