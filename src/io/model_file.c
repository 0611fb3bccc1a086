/* Models in files.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant of loading: no parameter is written before every parameter and every tensor of the file
 * has found its other half; from then on nothing can fail. */
#include "io/model_file.h"

#include "core/context.h"
#include "core/param.h"
#include "core/text.h"
#include "io/safetensors.h"

/* Names told of each kind of fault; more are counted. */
#define MAX_TOLD 3

/* ---- saving ------------------------------------------------------------------------------- */

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

/* ---- what does not fit -------------------------------------------------------------------- */

typedef enum fault {
    FAULT_MISSING = 0, /* the model has it, the file does not */
    FAULT_UNEXPECTED,
    FAULT_SHAPE,
    FAULT_DTYPE,
    N_FAULTS
} fault;

static const char *const fault_words[N_FAULTS] = {"missing", "unexpected", "shape", "dtype"};
static const wg_status fault_statuses[N_FAULTS] = {WG_ERR_NAME, WG_ERR_NAME, WG_ERR_SHAPE,
                                                   WG_ERR_DTYPE};

/* The faults of one kind. Invariant: text tells the first MAX_TOLD of the n. */
typedef struct told {
    size_t n;
    char buffer[208];
    wgi_text text;
} told;

typedef struct comparison {
    const wg_model *m;
    const wg_safetensors *file;
    told faults[N_FAULTS];
} comparison;

/* Adds a name to a kind of fault; detail may be "". */
static void tell(comparison *c, fault kind, const char *name, const char *detail)
{
    told *t = &c->faults[kind];
    char shown[WGI_SHOWN_NAME];
    if (t->n < MAX_TOLD) {
        wgi_text_add(&t->text, "%s%s%s", t->n == 0 ? "" : ", ", wgi_show_name(name, shown), detail);
    }
    t->n++;
}

static void compare_shape(comparison *c, const wg_param *p, const wgi_entry *entry)
{
    int64_t dims[WG_MAX_RANK];
    int32_t rank = wgi_entry_shape(c->file, entry, dims);
    const wg_tensor *value = wg_param_value(p);
    if (wgi_same_shape(rank, dims, wg_tensor_rank(value), wg_tensor_dims(value))) {
        return;
    }
    char stored[WGI_SHAPE_TEXT];
    char wanted[WGI_SHAPE_TEXT];
    char detail[120];
    wgi_text text = wgi_text_make(detail, sizeof detail);
    wgi_shape_text(rank, dims, stored, sizeof stored);
    wgi_shape_text(wg_tensor_rank(value), wg_tensor_dims(value), wanted, sizeof wanted);
    wgi_text_add(&text, " %s, wanted %s", stored, wanted);
    tell(c, FAULT_SHAPE, wg_param_name(p), detail);
}

static void compare_dtype(comparison *c, const wg_param *p, const wgi_entry *entry)
{
    wg_dtype wanted = wg_tensor_dtype(wg_param_value(p));
    if (wgi_stored_fits((wgi_stored)entry->stored, wanted)) {
        return;
    }
    char detail[64];
    wgi_text text = wgi_text_make(detail, sizeof detail);
    wgi_text_add(&text, " %s, wanted %s", wgi_stored_about((wgi_stored)entry->stored)->name,
                 wg_dtype_name(wanted));
    tell(c, FAULT_DTYPE, wg_param_name(p), detail);
}

static void compare_params(comparison *c)
{
    for (size_t i = 0; i < wg_model_count(c->m); i++) {
        const wg_param *p = wg_model_param(c->m, i);
        size_t found;
        if (wg_safetensors_find(c->file, wg_param_name(p), &found)) {
            compare_shape(c, p, &c->file->entries[found]);
            compare_dtype(c, p, &c->file->entries[found]);
        } else {
            tell(c, FAULT_MISSING, wg_param_name(p), "");
        }
    }
}

static void compare_tensors(comparison *c)
{
    for (size_t i = 0; i < wg_safetensors_count(c->file); i++) {
        const char *name = wg_safetensors_name(c->file, i);
        if (wg_model_find(c->m, name) == NULL) {
            tell(c, FAULT_UNEXPECTED, name, "");
        }
    }
}

/* Makes the message of all faults; WG_OK when there is none. */
static wg_status judge(comparison *c, const char *path)
{
    wg_status status = WG_OK;
    char buffer[WGI_ERROR_BYTES];
    wgi_text text = wgi_text_make(buffer, sizeof buffer);
    wgi_text_add(&text, "%.100s: it does not fit the model", path);
    for (int kind = 0; kind < N_FAULTS; kind++) {
        const told *t = &c->faults[kind];
        if (t->n == 0) {
            continue;
        }
        status = status == WG_OK ? fault_statuses[kind] : status;
        wgi_text_add(&text, "\n  %-10s  %s", fault_words[kind], t->text.data);
        if (t->n > MAX_TOLD) {
            wgi_text_add(&text, " and %zu more", t->n - MAX_TOLD);
        }
    }
    return status == WG_OK ? WG_OK : wgi_context_fail(wg_model_context(c->m), status, "%s", buffer);
}

static wg_status compare(const wg_model *m, const wg_safetensors *file, const char *path)
{
    comparison c = {.m = m, .file = file};
    for (int kind = 0; kind < N_FAULTS; kind++) {
        told *t = &c.faults[kind];
        t->text = wgi_text_make(t->buffer, sizeof t->buffer);
    }
    compare_params(&c);
    compare_tensors(&c);
    return judge(&c, path);
}

/* ---- loading ------------------------------------------------------------------------------ */

static void copy_values(wg_model *m, const wg_safetensors *file)
{
    for (size_t i = 0; i < wg_model_count(m); i++) {
        wg_param *p = wg_model_param(m, i);
        wg_tensor *value = wg_param_value(p);
        size_t found;
        if (wg_safetensors_find(file, wg_param_name(p), &found)) {
            wgi_entry_decode(file, &file->entries[found], wg_tensor_dtype(value),
                             wg_tensor_data_mutable(value));
        }
    }
}

wg_status wgi_model_load(wg_model *m, const wgi_file_calls *calls, const char *path)
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
    status = compare(m, file, path);
    if (status == WG_OK) {
        copy_values(m, file);
    }
    wg_safetensors_destroy(file);
    return status;
}

wg_status wg_model_load(wg_model *m, const char *path)
{
    if (m == NULL || path == NULL) {
        return wgi_context_fail(wg_model_context(m), WG_ERR_ARGUMENT, "model_load: path is NULL");
    }
    return wgi_model_load(m, &wgi_file_system, path);
}
