/* Handles: which are live, and what may still be said of those that failed.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/text.h"
#include "graph/graph.h"

wg_status wgi_handle_fault(const wg_graph *g, wg_node n, char *detail)
{
    wgi_text text = wgi_text_make(detail, WGI_DETAIL_BYTES);
    if (n.graph == NULL) {
        wgi_text_add(&text, "is a zero handle");
        return WG_ERR_HANDLE;
    }
    if (n.graph != g) {
        wgi_text_add(&text, "is of another graph");
        return WG_ERR_HANDLE;
    }
    if (n.epoch != g->epoch) {
        wgi_text_add(&text, "is from before a reset");
        return WG_ERR_STALE;
    }
    if (n.index >= wgi_list_count(&g->list)) {
        wgi_text_add(&text, "has no entry in the list");
        return WG_ERR_HANDLE;
    }
    return WG_OK;
}

wg_status wgi_resolve(wg_node n, wg_graph **g, uint32_t *index)
{
    *g = NULL;
    *index = WGI_NONE;
    if (n.graph == NULL) {
        return WG_ERR_HANDLE;
    }
    if (!n.graph->is_alive) {
        return WG_ERR_STALE;
    }
    if (n.graph->failure.status != WG_OK) {
        return n.graph->failure.status;
    }
    char detail[WGI_DETAIL_BYTES];
    wg_status status = wgi_handle_fault(n.graph, n, detail);
    if (status != WG_OK) {
        return wgi_run_fail(n.graph, status, NULL, "the node %s", detail);
    }
    *g = n.graph;
    *index = n.index;
    return WG_OK;
}

bool wg_is_valid(wg_node n)
{
    return wgi_is_entry(n);
}

/* Whether the handle is that of the first failure of its graph's epoch. */
static bool is_first_failure(wg_node n)
{
    return n.graph != NULL && n.graph->is_alive && n.epoch == n.graph->epoch &&
           n.index == WGI_FAILED_FIRST && n.graph->failure.status != WG_OK;
}

static void copy_name(char dst[64], const char *name)
{
    size_t length = strlen(name);
    length = length < 63 ? length : 63;
    memcpy(dst, name, length);
    dst[length] = '\0';
}

wg_node wg_name(wg_node n, const char *name)
{
    if (name == NULL) {
        return n;
    }
    if (is_first_failure(n)) {
        copy_name(n.graph->failure.name, name);
        return n;
    }
    if (wgi_is_entry(n)) {
        /* A name that finds no memory is left out: it changes no result. */
        wgi_node_name *entry =
            wgi_array_push(&n.graph->ctx->memory, &n.graph->list.names, sizeof *entry);
        if (entry != NULL) {
            entry->node = n.index;
            copy_name(entry->text, name);
        }
    }
    return n;
}

/* Stamps an entry that is not the first without a site: one that was stamped already keeps its
 * site, and those passed over get none. A stamp that finds no memory is left out: it changes no
 * result. */
WGI_COLD static void stamp_late(wg_graph *g, uint32_t index, wgi_site site)
{
    wgi_array *sites = &g->list.sites;
    if (index >= sites->count) {
        size_t missing = (size_t)index + 1 - sites->count;
        if (!wgi_array_reserve(&g->ctx->memory, sites, missing, sizeof(wgi_site))) {
            return;
        }
        memset((wgi_site *)sites->data + sites->count, 0, missing * sizeof(wgi_site));
        sites->count += missing;
    }
    if (wgi_list_site(&g->list, index) == NULL) {
        ((wgi_site *)sites->data)[index] = site;
    }
}

WGI_COLD static void stamp_failure(wg_node n, wgi_site site)
{
    if (is_first_failure(n) && n.graph->failure.site.file == NULL) {
        n.graph->failure.site = site;
    }
}

wg_node wg_at(wg_node n, const char *file, int line)
{
    const wgi_site site = {.file = file, .line = line};
    if (WGI_UNLIKELY(!wgi_is_entry(n) || file == NULL)) {
        stamp_failure(n, site);
        return n;
    }
    wgi_array *sites = &n.graph->list.sites;
    if (WGI_LIKELY(n.index == sites->count && sites->count < sites->capacity)) {
        *(wgi_site *)wgi_array_next(sites, sizeof site) = site;
    } else {
        stamp_late(n.graph, n.index, site);
    }
    return n;
}

wg_dtype wg_node_dtype(wg_node n)
{
    return wgi_is_entry(n) ? (wg_dtype)wgi_record_at(&n.graph->list, n.index)->dtype : (wg_dtype)0;
}

int32_t wg_node_rank(wg_node n)
{
    return wgi_is_entry(n) ? wgi_record_at(&n.graph->list, n.index)->rank : -1;
}

int64_t wg_node_dim(wg_node n, int32_t axis)
{
    if (!wgi_is_entry(n)) {
        return -1;
    }
    const wgi_entry *r = wgi_record_at(&n.graph->list, n.index);
    int32_t i = wgi_axis(axis, r->rank);
    return i >= 0 ? wgi_dims_of(&n.graph->list, r)[i] : -1;
}
