/* What a list carries beside its ops: outputs, extra roots, numbers, assignments, expectations.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "core/param.h"
#include "core/text.h"
#include "graph/record.h"

/* The record of the op that made an entry. */
static const wgi_entry *owner_of(const wg_graph *g, uint32_t index)
{
    const wgi_entry *r = wgi_record_at(&g->list, index);
    return r - r->part;
}

static int32_t count_outputs(const wg_graph *g, const wgi_entry *owner)
{
    return wgi_record_is_leaf(owner) ? 1 : g->ctx->ops->ops[owner->op]->n_out;
}

static int32_t count_numbers(const wg_graph *g, const wgi_entry *owner)
{
    return wgi_record_is_leaf(owner) ? 0 : g->ctx->ops->ops[owner->op]->n_numbers;
}

wg_node wg_output(wg_node n, int32_t i)
{
    wg_graph *g;
    uint32_t index;
    if (wgi_resolve(n, &g, &index) != WG_OK) {
        return n;
    }
    const wgi_entry *r = wgi_record_at(&g->list, index);
    const wgi_entry *owner = owner_of(g, index);
    if (i < 0 || i >= count_outputs(g, owner)) {
        return wgi_record_fail(g, WG_ERR_RANGE, "output", "there is no output %d", (int)i);
    }
    return wgi_handle(g, index - r->part + (uint32_t)i);
}

wg_status wg_keep(wg_node n)
{
    wg_graph *g;
    uint32_t index;
    wg_status status = wgi_resolve(n, &g, &index);
    if (status != WG_OK) {
        return status;
    }
    uint32_t *keep = wgi_array_push(&g->ctx->memory, &g->keeps, sizeof *keep);
    if (keep == NULL) {
        return wgi_run_fail(g, WG_ERR_MEMORY, "keep", "out of memory");
    }
    *keep = index;
    return WG_OK;
}

wg_status wg_number_set(wg_node n, int32_t i, double value)
{
    wg_graph *g;
    uint32_t index;
    wg_status status = wgi_resolve(n, &g, &index);
    if (status != WG_OK) {
        return status;
    }
    const wgi_entry *owner = owner_of(g, index);
    if (i < 0 || i >= count_numbers(g, owner)) {
        return wgi_run_fail(g, WG_ERR_RANGE, "number_set", "there is no number %d", (int)i);
    }
    wgi_staged_number *s = wgi_array_push(&g->ctx->memory, &g->staged, sizeof *s);
    if (s == NULL) {
        return wgi_run_fail(g, WG_ERR_MEMORY, "number_set", "out of memory");
    }
    *s = (wgi_staged_number){.index = owner->number + (uint32_t)i, .value = value};
    return WG_OK;
}

double wg_node_number(wg_node n, int32_t i)
{
    wg_graph *g;
    uint32_t index;
    if (wgi_resolve(n, &g, &index) != WG_OK) {
        return (double)NAN;
    }
    const wgi_entry *owner = owner_of(g, index);
    if (i < 0 || i >= count_numbers(g, owner)) {
        return (double)NAN;
    }
    return ((const wgi_number_entry *)g->list.numbers.data)[owner->number + (uint32_t)i].value;
}

static wg_status check_assign(wg_graph *g, const wg_param *p, uint32_t index)
{
    const wgi_entry *r = wgi_record_at(&g->list, index);
    const wgi_type *type = &p->value->type;
    if (p->ctx != g->ctx || p->is_shared) {
        return wgi_run_fail(g, WG_ERR_ARGUMENT, "assign", "'%s' cannot be written here", p->name);
    }
    if (type->dtype != r->dtype) {
        return wgi_run_fail(g, WG_ERR_DTYPE, "assign", "'%s' is %s, the node %s", p->name,
                            wg_dtype_name((wg_dtype)type->dtype),
                            wg_dtype_name((wg_dtype)r->dtype));
    }
    if (!wgi_same_shape(type->rank, type->dims, r->rank, wgi_dims_of(&g->list, r))) {
        return wgi_run_fail(g, WG_ERR_SHAPE, "assign", "'%s' has another shape", p->name);
    }
    return WG_OK;
}

wg_status wg_assign(wg_param *p, wg_node n)
{
    wg_graph *g;
    uint32_t index;
    wg_status status = p == NULL ? WG_ERR_ARGUMENT : wgi_resolve(n, &g, &index);
    if (status == WG_OK) {
        status = check_assign(g, p, index);
    }
    if (status != WG_OK) {
        return status;
    }
    wgi_assign *entry = wgi_array_push(&g->ctx->memory, &g->assigns, sizeof *entry);
    if (entry == NULL) {
        return wgi_run_fail(g, WG_ERR_MEMORY, "assign", "out of memory");
    }
    *entry = (wgi_assign){.param = p, .node = index};
    return WG_OK;
}

static bool fits(const wg_graph *g, const wgi_entry *r, int32_t rank, const int64_t *dims)
{
    const int64_t *have = wgi_dims_of(&g->list, r);
    bool same = r->rank == rank;
    for (int32_t i = 0; same && have != NULL && i < rank; i++) {
        same = dims[i] == -1 || dims[i] == have[i];
    }
    return same;
}

wg_node wg_expect_shape(wg_node n, int32_t rank, const int64_t *dims)
{
    wg_graph *g;
    uint32_t index;
    if (wgi_resolve(n, &g, &index) != WG_OK) {
        return n;
    }
    if (rank < 0 || rank > WG_MAX_RANK || (rank > 0 && dims == NULL)) {
        return wgi_record_fail(g, WG_ERR_ARGUMENT, "expect_shape", "no shape to expect");
    }
    const wgi_entry *r = wgi_record_at(&g->list, index);
    if (fits(g, r, rank, dims)) {
        return n;
    }
    char want[WGI_SHAPE_TEXT];
    wg_node failed = wgi_record_fail(g, WG_ERR_SHAPE, "expect_shape", "expected %s",
                                     wgi_shape_text(rank, dims, want, sizeof want));
    g->failure.n_operands = 1;
    g->failure.operands[0] = index;
    return failed;
}
