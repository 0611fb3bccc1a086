/* Stays in modules: which part of a model recorded what.
 * SPDX-License-Identifier: Apache-2.0
 *
 * They stand beside the list and take no part in hash, comparison or plans. */
#include <string.h>

#include "core/module.h"
#include "core/text.h"
#include "graph/record.h"

static wgi_stay *stay_at(const wg_graph *g, uint32_t i)
{
    return (wgi_stay *)g->stays.data + i;
}

void wgi_stays_clear(wg_graph *g)
{
    g->stays.count = 0;
    g->stay = WGI_NONE;
}

wg_node wg_module_enter(const wg_module *module, wg_node x)
{
    wg_graph *g = x.graph;
    wg_node passed;
    if (module == NULL || !wgi_can_record(g, &passed)) {
        return x;
    }
    wgi_stay *stay =
        g->stays.count < WGI_NONE ? wgi_array_push(&g->ctx->memory, &g->stays, sizeof *stay) : NULL;
    if (stay == NULL) {
        return wgi_record_fail(g, WG_ERR_MEMORY, NULL, "module '%s': out of memory", module->name);
    }
    *stay = (wgi_stay){.module = module,
                       .outer = g->stay,
                       .first = wgi_list_count(&g->list),
                       .end = WGI_NONE,
                       .result = WGI_NONE};
    g->stay = (uint32_t)g->stays.count - 1;
    return x;
}

/* The innermost open stay in the module; WGI_NONE where there is none. */
static uint32_t find_open(const wg_graph *g, const wg_module *module)
{
    uint32_t i = g->stay;
    while (i != WGI_NONE && stay_at(g, i)->module != module) {
        i = stay_at(g, i)->outer;
    }
    return i;
}

wg_node wg_module_leave(const wg_module *module, wg_node y)
{
    wg_graph *g = y.graph;
    if (module == NULL || g == NULL || !g->is_alive) {
        return y;
    }
    const uint32_t found = find_open(g, module);
    while (found != WGI_NONE && g->stay != stay_at(g, found)->outer) {
        wgi_stay *stay = stay_at(g, g->stay);
        stay->end = wgi_list_count(&g->list);
        stay->result = g->stay == found && wgi_is_own(g, y) ? y.index : WGI_NONE;
        g->stay = stay->outer;
    }
    return y;
}

/* ---- questions ---------------------------------------------------------------------------- */

size_t wg_graph_scope_count(const wg_graph *g)
{
    return g != NULL && g->is_alive ? g->stays.count : 0;
}

wg_status wg_graph_scope(wg_graph *g, size_t i, wg_scope *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    memset(out, 0, sizeof *out);
    if (g == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (i >= wg_graph_scope_count(g)) {
        return WG_ERR_RANGE;
    }
    const wgi_stay *stay = stay_at(g, (uint32_t)i);
    out->module = stay->module;
    out->outer = stay->outer == WGI_NONE ? -1 : (int64_t)stay->outer;
    out->first = stay->first;
    out->end = stay->end == WGI_NONE ? wgi_list_count(&g->list) : stay->end;
    out->result =
        stay->result == WGI_NONE ? (wg_node){g, WGI_FAILED, g->epoch} : wgi_handle(g, stay->result);
    return WG_OK;
}

/* Stays are in order of entering, so the last that holds the entry is the innermost. */
static uint32_t find_around(const wg_graph *g, uint32_t node)
{
    uint32_t i = (uint32_t)g->stays.count;
    while (i > 0) {
        const wgi_stay *stay = stay_at(g, --i);
        if (stay->first <= node && node < stay->end) {
            return i;
        }
    }
    return WGI_NONE;
}

void wgi_stay_note(const wg_graph *g, uint32_t node, wgi_failure *f)
{
    const uint32_t i = node == WGI_NONE ? g->stay : find_around(g, node);
    f->where[0] = '\0';
    if (i != WGI_NONE) {
        const wg_module *module = stay_at(g, i)->module;
        wgi_text text = wgi_text_make(f->where, sizeof f->where);
        wgi_text_add(&text, "'%s' (%s)", module->name, module->kind);
    }
}
