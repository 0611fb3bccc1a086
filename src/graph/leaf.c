/* Leaves: tensors, parameters and constants as nodes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A leaf retains its tensor until the reset and remembers the version it was recorded with. */
#include <string.h>

#include "core/param.h"
#include "graph/graph.h"
#include "graph/record.h"

static const char *const leaf_names[] = {"input", "variable", "param", "constant", "gradient"};

const char *wgi_leaf_name(uint32_t kind)
{
    return kind < sizeof leaf_names / sizeof *leaf_names ? leaf_names[kind] : "leaf";
}

wg_node wgi_leaf_append(wg_graph *g, wgi_leaf_kind kind, wg_tensor *t, wg_param *p)
{
    const wg_allocator *a = &g->ctx->memory;
    if (g->is_scratch) {
        return wgi_record_fail(g, WG_ERR_INTERNAL, wgi_leaf_name(kind), "a rule records no leaves");
    }
    uint32_t node = wgi_list_count(&g->list);
    uint32_t place = (uint32_t)g->list.leaves.count;
    bool learns = kind == WGI_LEAF_VARIABLE || (p != NULL && !p->is_frozen);
    uint8_t flags = learns && g->is_training ? WGI_WANTS_GRADIENT : 0;
    if (!wgi_array_reserve(a, &g->list.leaves, 1, sizeof(wgi_leaf)) ||
        !wgi_list_add_leaf(a, &g->list, kind, place, flags, &t->type)) {
        return wgi_record_fail(g, WG_ERR_MEMORY, wgi_leaf_name(kind), "out of memory");
    }
    wgi_leaf *leaf = wgi_array_next(&g->list.leaves, sizeof *leaf);
    leaf->node = node;
    leaf->kind = kind;
    leaf->tensor = wg_tensor_retain(t);
    leaf->param = p;
    leaf->gradient = NULL;
    leaf->version = wgi_tensor_version(t);
    return wgi_handle(g, node);
}

static wg_node tensor_leaf(wg_graph *g, wg_tensor *t, wgi_leaf_kind kind)
{
    const char *name = wgi_leaf_name(kind);
    wg_node passed;
    if (!wgi_can_record(g, &passed)) {
        return passed;
    }
    if (t == NULL) {
        return wgi_record_fail(g, WG_ERR_ARGUMENT, name, "the tensor is NULL");
    }
    if (t->is_value && t->is_dead) {
        return wgi_record_fail(g, WG_ERR_STALE, name, "the value is from before a reset");
    }
    if (t->ctx != g->ctx) {
        return wgi_record_fail(g, WG_ERR_ARGUMENT, name, "the tensor is of another context");
    }
    if (kind == WGI_LEAF_VARIABLE && !wgi_is_floating(t->type.dtype)) {
        return wgi_record_fail(g, WG_ERR_DTYPE, name, "a variable is floating, not %s",
                               wg_dtype_name((wg_dtype)t->type.dtype));
    }
    return wgi_leaf_append(g, kind, t, NULL);
}

wg_node wg_input(wg_graph *g, wg_tensor *t)
{
    return tensor_leaf(g, t, WGI_LEAF_INPUT);
}

wg_node wg_variable(wg_graph *g, wg_tensor *t)
{
    return tensor_leaf(g, t, WGI_LEAF_VARIABLE);
}

wg_node wg_constant(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims,
                    const void *data)
{
    wg_node passed;
    if (!wgi_can_record(g, &passed)) {
        return passed;
    }
    wgi_type type;
    wg_status status = wgi_type_make((int)dtype, rank, dims, &type);
    if (status != WG_OK) {
        return wgi_record_fail(g, status, "constant", "%s", wg_status_text(status));
    }
    if (data == NULL && type.count > 0) {
        return wgi_record_fail(g, WG_ERR_ARGUMENT, "constant", "the data are NULL");
    }
    wg_tensor *t = wgi_shell_take(g, &g->constant_shells, &g->constants, &type);
    if (t == NULL) {
        return wgi_record_fail(g, WG_ERR_MEMORY, "constant", "out of memory");
    }
    if (type.count > 0) {
        memcpy(t->data, data, wgi_type_bytes(&type));
    }
    return wgi_leaf_append(g, WGI_LEAF_CONSTANT, t, NULL);
}

/* ---- parameters: one node each ------------------------------------------------------------ */

static size_t param_hash(const wg_param *p)
{
    return (size_t)(((uintptr_t)p >> 4) * (uintptr_t)0x9E3779B1U);
}

/* The slot of a parameter in a table of power-of-two size: its own or the free one. */
static uint32_t *find_slot(const wg_graph *g, const wgi_array *table, const wg_param *p)
{
    uint32_t *slots = table->data;
    size_t mask = table->count - 1;
    size_t i = param_hash(p) & mask;
    while (slots[i] != 0) {
        const wgi_entry *r = wgi_record_at(&g->list, slots[i] - 1);
        if (wgi_leaf_at(&g->list, r->in[0])->param == p) {
            break;
        }
        i = (i + 1) & mask;
    }
    return &slots[i];
}

/* Keeps the table at most half full. */
static bool grow_table(wg_graph *g)
{
    if (g->param_slot.count >= 2 * (g->n_params + 1)) {
        return true;
    }
    const wg_allocator *a = &g->ctx->memory;
    size_t n = g->param_slot.count > 0 ? 2 * g->param_slot.count : 16;
    wgi_array larger = {NULL, 0, 0};
    if (!wgi_array_reserve(a, &larger, n, sizeof(uint32_t))) {
        return false;
    }
    memset(larger.data, 0, n * sizeof(uint32_t));
    larger.count = n;
    for (uint32_t i = 0; i < g->list.leaves.count; i++) {
        const wgi_leaf *leaf = wgi_leaf_at(&g->list, i);
        if (leaf->kind == WGI_LEAF_PARAM) {
            *find_slot(g, &larger, leaf->param) = leaf->node + 1;
        }
    }
    wgi_array_free(a, &g->param_slot, sizeof(uint32_t));
    g->param_slot = larger;
    return true;
}

wg_node wg_use(wg_graph *g, wg_param *p)
{
    wg_node passed;
    if (!wgi_can_record(g, &passed)) {
        return passed;
    }
    if (p == NULL) {
        return wgi_record_fail(g, WG_ERR_ARGUMENT, "use", "the parameter is NULL");
    }
    if (p->ctx != g->ctx) {
        return wgi_record_fail(g, WG_ERR_ARGUMENT, "use", "'%s' is of another context", p->name);
    }
    if (!grow_table(g)) {
        return wgi_record_fail(g, WG_ERR_MEMORY, "use", "out of memory");
    }
    uint32_t *slot = find_slot(g, &g->param_slot, p);
    if (*slot != 0) {
        return wgi_handle(g, *slot - 1);
    }
    wg_node n = wgi_leaf_append(g, WGI_LEAF_PARAM, p->value, p);
    if (wgi_is_entry(n)) {
        *slot = n.index + 1;
        g->n_params++;
    }
    return n;
}
