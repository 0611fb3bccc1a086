/* Modules: the names under which parameters are made, and the way back where making fails.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is taken out of a model stays in memory until the model goes: graphs and structs of the
 * caller's may still point to it. */
#include <string.h>

#include "core/context.h"
#include "core/text.h"
#include "model/model.h"

/* Bytes of the longest kind of a module, without its terminator. */
#define MAX_KIND 63

static wg_module *module_at(const wg_model *m, size_t i)
{
    return ((wg_module **)m->modules.data)[i];
}

static void free_module(const wg_allocator *memory, wg_module *module)
{
    wgi_release_text(memory, module->name);
    wgi_release_text(memory, module->kind);
    wgi_release(memory, module, sizeof *module);
}

void wgi_modules_free(wg_model *m)
{
    const wg_allocator *memory = &m->ctx->memory;
    for (size_t i = 0; i < m->modules.count; i++) {
        free_module(memory, module_at(m, i));
    }
    while (m->removed_modules != NULL) {
        wg_module *next = m->removed_modules->next;
        free_module(memory, m->removed_modules);
        m->removed_modules = next;
    }
    wgi_array_free(memory, &m->modules, sizeof(wg_module *));
    wgi_array_free(memory, &m->frames, sizeof(wgi_frame));
}

bool wgi_model_join(const wg_model *m, const char *name, char out[WGI_MAX_NAME + 1])
{
    if (!wgi_is_name(name, WGI_MAX_NAME) ||
        m->path_bytes + (m->path_bytes > 0) + strlen(name) > WGI_MAX_NAME) {
        return false;
    }
    wgi_text text = wgi_text_make(out, WGI_MAX_NAME + 1);
    wgi_text_add(&text, "%s%s%s", m->path, m->path_bytes > 0 ? "." : "", name);
    return true;
}

/* ---- beginning ---------------------------------------------------------------------------- */

static wg_module *create(const wg_model *m, const char *name, const char *kind)
{
    const wg_allocator *memory = &m->ctx->memory;
    wg_module *module = wgi_alloc_zeroed(memory, 1, sizeof *module);
    if (module == NULL) {
        return NULL;
    }
    module->name = wgi_copy_text(memory, name);
    module->kind = wgi_copy_text(memory, kind);
    if (module->name == NULL || module->kind == NULL) {
        free_module(memory, module);
        return NULL;
    }
    return module;
}

static void begin(wg_model *m, wg_module *module)
{
    *(wgi_frame *)wgi_array_next(&m->frames, sizeof(wgi_frame)) =
        (wgi_frame){.path_bytes = m->path_bytes,
                    .n_params = m->params.count,
                    .n_modules = m->modules.count,
                    .rng = m->rng};
    *(wg_module **)wgi_array_next(&m->modules, sizeof(wg_module *)) = module;
    m->path_bytes = strlen(module->name);
    memcpy(m->path, module->name, m->path_bytes + 1);
}

wg_status wg_module_begin(wg_model *m, const char *name, const char *kind, const wg_module **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (m == NULL) {
        return WG_ERR_ARGUMENT;
    }
    char whole[WGI_MAX_NAME + 1];
    if (!wgi_model_join(m, name, whole)) {
        return wgi_context_fail(m->ctx, WG_ERR_NAME,
                                "module: a name is 1 to %d bytes of printable ASCII, with those "
                                "of the modules around it",
                                WGI_MAX_NAME);
    }
    if (!wgi_is_name(kind, MAX_KIND)) {
        return wgi_context_fail(m->ctx, WG_ERR_NAME,
                                "module '%s': a kind is 1 to %d bytes of printable ASCII", whole,
                                MAX_KIND);
    }
    const wg_allocator *memory = &m->ctx->memory;
    wg_module *module = NULL;
    if (wgi_array_reserve(memory, &m->frames, 1, sizeof(wgi_frame)) &&
        wgi_array_reserve(memory, &m->modules, 1, sizeof(wg_module *))) {
        module = create(m, whole, kind);
    }
    if (module == NULL) {
        return wgi_context_fail(m->ctx, WG_ERR_MEMORY, "module '%s': out of memory", whole);
    }
    begin(m, module);
    if (out != NULL) {
        *out = module;
    }
    return WG_OK;
}

/* ---- ending ------------------------------------------------------------------------------- */

static void go_back(wg_model *m, const wgi_frame *frame)
{
    wgi_model_cut(m, frame->n_params);
    while (m->modules.count > frame->n_modules) {
        wg_module *module = module_at(m, --m->modules.count);
        module->next = m->removed_modules;
        m->removed_modules = module;
    }
    m->rng = frame->rng;
}

wg_status wg_module_end(wg_model *m, wg_status status)
{
    if (m == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (m->frames.count == 0) {
        return wgi_context_fail(m->ctx, WG_ERR_STATE, "module: none has begun");
    }
    const wgi_frame *frame = (const wgi_frame *)m->frames.data + --m->frames.count;
    m->path_bytes = frame->path_bytes;
    m->path[m->path_bytes] = '\0';
    if (status != WG_OK) {
        go_back(m, frame);
    }
    return status;
}

wg_status wgi_model_settled(const wg_model *m, const char *who)
{
    if (m->frames.count == 0) {
        return WG_OK;
    }
    return wgi_context_fail(m->ctx, WG_ERR_STATE, "%s: module '%s' has begun and not ended", who,
                            m->path);
}

/* ---- questions ---------------------------------------------------------------------------- */

const char *wg_module_name(const wg_module *module)
{
    return module == NULL ? "" : module->name;
}

const char *wg_module_kind(const wg_module *module)
{
    return module == NULL ? "" : module->kind;
}

size_t wg_model_module_count(const wg_model *m)
{
    return m == NULL ? 0 : m->modules.count;
}

const wg_module *wg_model_module(const wg_model *m, size_t i)
{
    return i < wg_model_module_count(m) ? module_at(m, i) : NULL;
}

/* ---- freezing ----------------------------------------------------------------------------- */

bool wgi_is_below(const char *name, const char *path)
{
    const size_t n = path == NULL ? 0 : strlen(path);
    return n == 0 || (strncmp(name, path, n) == 0 && (name[n] == '\0' || name[n] == '.'));
}

wg_status wg_model_set_frozen(wg_model *m, const char *path, bool is_frozen)
{
    if (m == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (m->is_shared && !is_frozen) {
        return wgi_context_fail(m->ctx, WG_ERR_STATE, "model: a shared one stays frozen");
    }
    size_t n = 0;
    for (size_t i = 0; i < m->params.count; i++) {
        wg_param *p = ((wg_param **)m->params.data)[i];
        if (wgi_is_below(p->name, path)) {
            p->is_frozen = is_frozen || p->is_buffer;
            n++;
        }
    }
    const bool is_all = path == NULL || path[0] == '\0';
    return n > 0 || is_all ? WG_OK
                           : wgi_context_fail(m->ctx, WG_ERR_NAME,
                                              "model: no parameter stands at or below '%s'", path);
}
