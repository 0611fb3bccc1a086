/* Models in files.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant of loading: no parameter is written before every parameter and every tensor of the file
 * has been judged; from then on nothing can fail. */
#include "io/model_file.h"

#include "core/context.h"
#include "core/param.h"
#include "io/model_match.h"

wg_status wgi_model_save(const wg_model *m, const wgi_file_calls *calls, const char *path)
{
    wg_context *ctx = wg_model_context(m);
    size_t n = wg_model_count(m);
    wg_named_tensor *entries = wgi_alloc_zeroed(&ctx->memory, n, sizeof *entries);
    if (entries == NULL && n > 0) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "%.600s: no memory to save %zu parameters",
                                path, n);
    }
    for (size_t i = 0; i < n; i++) {
        wg_param *p = wg_model_param(m, i);
        entries[i] = (wg_named_tensor){.name = wg_param_name(p), .tensor = wg_param_value(p)};
    }
    wg_status status = wgi_safetensors_write(ctx, calls, path, entries, n, NULL, 0);
    wgi_release(&ctx->memory, entries, n * sizeof *entries);
    return status;
}

wg_status wg_model_save(const wg_model *m, const char *path)
{
    if (m == NULL || path == NULL) {
        return wgi_context_fail(wg_model_context(m), WG_ERR_ARGUMENT, "model_save: path is NULL");
    }
    return wgi_model_save(m, &wgi_file_system, path);
}

/* ---- loading ------------------------------------------------------------------------------ */

wg_status wgi_model_load(wg_model *m, const wgi_file_calls *calls, const char *path,
                         const wg_model_load_options *options, wg_model_load_report *report)
{
    wg_context *ctx = wg_model_context(m);
    if (wg_model_count(m) > 0 && wg_model_param(m, 0)->is_shared) {
        return wgi_context_fail(ctx, WG_ERR_STATE, "model_load: the model is a shared view");
    }
    wg_safetensors *file;
    wg_status status = wgi_safetensors_read(ctx, calls, path, &file);
    if (status != WG_OK) {
        return status;
    }
    wgi_match match = wgi_match_make(m, file, path, options);
    status = wgi_match_check(&match);
    if (status == WG_OK) {
        wgi_match_take(&match);
    }
    if (report != NULL) {
        *report = match.report;
    }
    wg_safetensors_destroy(file);
    return status;
}

wg_status wg_model_load_with(wg_model *m, const char *path, const wg_model_load_options *options,
                             wg_model_load_report *report)
{
    if (report != NULL) {
        *report = (wg_model_load_report){0};
    }
    if (m == NULL || path == NULL) {
        return wgi_context_fail(wg_model_context(m), WG_ERR_ARGUMENT, "model_load: path is NULL");
    }
    if (options != NULL && options->size != sizeof *options) {
        return wgi_context_fail(wg_model_context(m), WG_ERR_ARGUMENT,
                                "model_load: wants options of this version's size");
    }
    return wgi_model_load(m, &wgi_file_system, path, options, report);
}

wg_status wg_model_load(wg_model *m, const char *path)
{
    return wg_model_load_with(m, path, NULL, NULL);
}
