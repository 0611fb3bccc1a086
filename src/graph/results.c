/* Results: the tensors that values, constants and variables' gradients are handed out as.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Data lie in an arena that is rewound; the tensors around them are shells that are used again, so
 * that a repeated step allocates nothing. */
#include <string.h>

#include "graph/graph.h"

static wg_tensor *shell_at(const wgi_array *shells, size_t i)
{
    return ((wg_tensor **)shells->data)[i];
}

/* A spare shell that nobody else holds, or a new one. */
static wg_tensor *spare_shell(wg_graph *g, wgi_shells *shells, const wgi_type *type)
{
    while (shells->spare.count > 0) {
        wg_tensor *t = shell_at(&shells->spare, --shells->spare.count);
        if (atomic_load(&t->references) == 1) {
            t->type = *type;
            return t;
        }
        wg_tensor_destroy(t);
    }
    wg_tensor *t = NULL;
    return wgi_tensor_shell(g->ctx, type, &t) == WG_OK ? t : NULL;
}

wg_tensor *wgi_shell_take(wg_graph *g, wgi_shells *shells, wgi_arena *arena, const wgi_type *type)
{
    const wg_allocator *a = &g->ctx->memory;
    void *data = wgi_arena_alloc(a, arena, wgi_type_bytes(type));
    if (data == NULL || !wgi_array_reserve(a, &shells->live, 1, sizeof(wg_tensor *))) {
        return NULL;
    }
    wg_tensor *t = spare_shell(g, shells, type);
    if (t != NULL) {
        t->data = data;
        t->is_dead = false;
        *(wg_tensor **)wgi_array_next(&shells->live, sizeof t) = t;
    }
    return t;
}

/* Moves all of one array behind another; those that find no room are let go. */
static void move_shells(wg_context *ctx, wgi_array *to, wgi_array *from)
{
    bool has_room = wgi_array_reserve(&ctx->memory, to, from->count, sizeof(wg_tensor *));
    for (size_t i = 0; i < from->count; i++) {
        wg_tensor *t = shell_at(from, i);
        if (has_room) {
            *(wg_tensor **)wgi_array_next(to, sizeof t) = t;
        } else {
            wg_tensor_destroy(t);
        }
    }
    from->count = 0;
}

static void kill_shells(const wgi_array *shells)
{
    for (size_t i = 0; i < shells->count; i++) {
        wg_tensor *t = shell_at(shells, i);
        t->data = NULL;
        t->is_dead = true;
        t->version++;
    }
}

void wgi_shells_retire(wg_context *ctx, wgi_shells *shells)
{
    if (shells->live.count == 0 && shells->resting.count == 0) {
        return;
    }
    kill_shells(&shells->live);
    move_shells(ctx, &shells->spare, &shells->resting);
    /* Room for those that now go to rest, so that no later retirement has to ask for it; where
     * there is none, move_shells lets go of what finds no place. */
    bool has_room =
        wgi_array_reserve(&ctx->memory, &shells->spare, shells->live.count, sizeof(wg_tensor *));
    (void)has_room;
    wgi_array rested = shells->resting;
    shells->resting = shells->live;
    shells->live = rested;
}

void wgi_shells_free(wg_context *ctx, wgi_shells *shells)
{
    wgi_array *all[] = {&shells->live, &shells->resting, &shells->spare};
    kill_shells(&shells->live);
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < all[k]->count; i++) {
            wg_tensor_destroy(shell_at(all[k], i));
        }
        wgi_array_free(&ctx->memory, all[k], sizeof(wg_tensor *));
    }
}

void wgi_results_drop(wg_graph *g)
{
    const uint32_t *present = g->present.data;
    for (size_t i = 0; i < g->present.count; i++) {
        ((wg_tensor **)g->value_of.data)[present[i]] = NULL;
    }
    g->present.count = 0;
    for (uint32_t i = 0; i < g->list.leaves.count; i++) {
        wgi_leaf_at(&g->list, i)->gradient = NULL;
    }
    wgi_shells_retire(g->ctx, &g->result_shells);
    wgi_arena_rewind(&g->ctx->memory, &g->results);
}

wg_tensor *wgi_value_present(const wg_graph *g, uint32_t node)
{
    const wgi_entry *r = wgi_record_at(&g->list, node);
    if (wgi_record_is_leaf(r)) {
        return wgi_leaf_at(&g->list, r->in[0])->tensor;
    }
    return node < g->value_of.count ? ((wg_tensor **)g->value_of.data)[node] : NULL;
}

bool wgi_values_reserve(wg_graph *g, size_t extra)
{
    const wg_allocator *a = &g->ctx->memory;
    size_t n = wgi_list_count(&g->list);
    if (g->value_of.count < n) {
        size_t missing = n - g->value_of.count;
        if (!wgi_array_reserve(a, &g->value_of, missing, sizeof(wg_tensor *))) {
            return false;
        }
        memset((wg_tensor **)g->value_of.data + g->value_of.count, 0,
               missing * sizeof(wg_tensor *));
        g->value_of.count = n;
    }
    return wgi_array_reserve(a, &g->present, extra, sizeof(uint32_t));
}

void wgi_value_put(wg_graph *g, uint32_t node, wg_tensor *value)
{
    ((wg_tensor **)g->value_of.data)[node] = value;
    *(uint32_t *)wgi_array_next(&g->present, sizeof node) = node;
}
