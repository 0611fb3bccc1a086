/* Writing safetensors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: everything that the caller can have got wrong is found before the first byte is
 * written. The header is told twice by the same code, once to be counted, once to be written. */
#include <stdio.h>
#include <string.h>

#include "core/checked.h"
#include "core/context.h"
#include "core/memory.h"
#include "core/sort.h"
#include "core/tensor.h"
#include "core/utf8.h"
#include "io/safetensors.h"

/* Elements encoded at a time. */
#define CHUNK ((size_t)512)

/* A file being written. order[i] is the i-th entry of the file. */
typedef struct job {
    wg_context *ctx;
    const char *path;
    const wg_named_tensor *entries;
    size_t n;
    const wg_named_text *metadata;
    size_t n_metadata;
    size_t *order;
} job;

/* Where header text goes: to be counted, or through a writer. Invariant: a failure sticks. */
typedef struct sink {
    wgi_replacement *writer; /* NULL: only counted */
    size_t bytes;
    wg_status status;
} sink;

/* ---- what the caller gave ----------------------------------------------------------------- */

static wg_status fail_name(const job *w, wg_status status, const char *name, const char *what)
{
    char shown[WGI_SHOWN_NAME];
    return wgi_context_fail(w->ctx, status, "%.500s: '%s' %s", w->path, wgi_show_name(name, shown),
                            what);
}

static bool is_utf8(const char *text)
{
    size_t n = strlen(text);
    return wgi_utf8_valid(text, n) == n;
}

static wg_status check_entry(const job *w, const wg_named_tensor *e)
{
    if (e->name == NULL || e->tensor == NULL) {
        return wgi_context_fail(w->ctx, WG_ERR_ARGUMENT, "%.600s: a name or tensor is NULL",
                                w->path);
    }
    if (!is_utf8(e->name)) {
        return wgi_context_fail(w->ctx, WG_ERR_NAME, "%.600s: a name is not UTF-8", w->path);
    }
    if (strcmp(e->name, "__metadata__") == 0) {
        return fail_name(w, WG_ERR_NAME, e->name, "is reserved");
    }
    if (e->tensor->is_dead) {
        return fail_name(w, WG_ERR_STALE, e->name, "is a value past its reset");
    }
    return WG_OK;
}

static wg_status check_text(const job *w, const wg_named_text *t)
{
    if (t->name == NULL || t->text == NULL) {
        return wgi_context_fail(w->ctx, WG_ERR_ARGUMENT, "%.600s: a metadata text is NULL",
                                w->path);
    }
    if (!is_utf8(t->name) || !is_utf8(t->text)) {
        return wgi_context_fail(w->ctx, WG_ERR_NAME, "%.600s: a metadata text is not UTF-8",
                                w->path);
    }
    return WG_OK;
}

static wg_status check_all(const job *w)
{
    wg_status status = WG_OK;
    for (size_t i = 0; i < w->n && status == WG_OK; i++) {
        status = check_entry(w, &w->entries[i]);
    }
    for (size_t i = 0; i < w->n_metadata && status == WG_OK; i++) {
        status = check_text(w, &w->metadata[i]);
    }
    return status;
}

static bool is_entry_before(const void *user, size_t i, size_t j)
{
    const job *w = user;
    const wg_named_tensor *a = &w->entries[w->order[i]];
    const wg_named_tensor *b = &w->entries[w->order[j]];
    wgi_stored stored_a = wgi_stored_of(wg_tensor_dtype(a->tensor));
    wgi_stored stored_b = wgi_stored_of(wg_tensor_dtype(b->tensor));
    return stored_a != stored_b ? stored_a > stored_b : strcmp(a->name, b->name) < 0;
}

static bool is_name_before(const void *user, size_t i, size_t j)
{
    const job *w = user;
    return strcmp(w->entries[w->order[i]].name, w->entries[w->order[j]].name) < 0;
}

static bool is_key_before(const void *user, size_t i, size_t j)
{
    const job *w = user;
    return strcmp(w->metadata[w->order[i]].name, w->metadata[w->order[j]].name) < 0;
}

/* Orders n things anew; `order` has room for them. */
static void sort_by(job *w, size_t n, bool (*is_before)(const void *, size_t, size_t))
{
    wgi_sort sort = {.is_before = is_before, .user = w, .data = w->order, .size = sizeof *w->order};
    for (size_t i = 0; i < n; i++) {
        w->order[i] = i;
    }
    wgi_sort_run(&sort, n);
}

static wg_status check_unique(job *w)
{
    sort_by(w, w->n_metadata, is_key_before);
    for (size_t i = 1; i < w->n_metadata; i++) {
        if (!is_key_before(w, i - 1, i)) {
            return fail_name(w, WG_ERR_NAME, w->metadata[w->order[i]].name,
                             "names two metadata texts");
        }
    }
    sort_by(w, w->n, is_name_before);
    for (size_t i = 1; i < w->n; i++) {
        if (!is_name_before(w, i - 1, i)) {
            return fail_name(w, WG_ERR_NAME, w->entries[w->order[i]].name, "names two tensors");
        }
    }
    return WG_OK;
}

/* ---- the header --------------------------------------------------------------------------- */

static void put(sink *to, const char *text, size_t bytes)
{
    if (to->status == WG_OK && !wgi_size_add(to->bytes, bytes, &to->bytes)) {
        to->status = WG_ERR_OVERFLOW;
    }
    if (to->status == WG_OK && to->writer != NULL) {
        to->status = wgi_replace_append(to->writer, text, bytes);
    }
}

static void put_text(sink *to, const char *text)
{
    put(to, text, strlen(text));
}

static void put_number(sink *to, uint64_t number)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    put(to, text, (size_t)n);
}

/* A string with the escapes that JSON asks for, the short ones where there are some. */
static void put_string(sink *to, const char *string)
{
    static const char special[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    put_text(to, "\"");
    for (const char *c = string; *c != '\0'; c++) {
        const char *found = strchr(special, *c);
        char escape[8];
        if (found != NULL) {
            snprintf(escape, sizeof escape, "\\%c", letters[found - special]);
            put_text(to, escape);
        } else if ((unsigned char)*c < 0x20) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*c);
            put_text(to, escape);
        } else {
            put(to, c, 1);
        }
    }
    put_text(to, "\"");
}

static void put_metadata(sink *to, const job *w)
{
    put_text(to, "\"__metadata__\":{");
    for (size_t i = 0; i < w->n_metadata; i++) {
        put_text(to, i == 0 ? "" : ",");
        put_string(to, w->metadata[i].name);
        put_text(to, ":");
        put_string(to, w->metadata[i].text);
    }
    put_text(to, "}");
}

/* One entry whose data begin at *at; moves *at to their end. */
static void put_entry(sink *to, const wg_named_tensor *entry, uint64_t *at)
{
    const wg_tensor *t = entry->tensor;
    put_string(to, entry->name);
    put_text(to, ":{\"dtype\":\"");
    put_text(to, wgi_stored_about(wgi_stored_of(wg_tensor_dtype(t)))->name);
    put_text(to, "\",\"shape\":[");
    for (int32_t i = 0; i < wg_tensor_rank(t); i++) {
        put_text(to, i == 0 ? "" : ",");
        put_number(to, (uint64_t)wg_tensor_dims(t)[i]);
    }
    put_text(to, "],\"data_offsets\":[");
    put_number(to, *at);
    put_text(to, ",");
    *at += wg_tensor_bytes(t);
    put_number(to, *at);
    put_text(to, "]}");
}

/* The header's text without its padding. */
static void put_header(sink *to, const job *w)
{
    uint64_t at = 0;
    put_text(to, "{");
    if (w->n_metadata > 0) {
        put_metadata(to, w);
    }
    for (size_t i = 0; i < w->n; i++) {
        put_text(to, i == 0 && w->n_metadata == 0 ? "" : ",");
        put_entry(to, &w->entries[w->order[i]], &at);
    }
    put_text(to, "}");
}

/* Length, text and padding, so that the data begin at a multiple of 8. */
static wg_status write_header(const job *w, wgi_replacement *writer, size_t bytes)
{
    size_t padded = (bytes + 7) / 8 * 8;
    unsigned char length[8];
    for (int i = 0; i < 8; i++) {
        length[i] = (unsigned char)((uint64_t)padded >> (8 * i) & 0xFF);
    }
    sink to = {.writer = writer};
    put(&to, (const char *)length, sizeof length);
    put_header(&to, w);
    put(&to, "       ", padded - bytes);
    return to.status;
}

/* ---- the data ----------------------------------------------------------------------------- */

static wg_status write_data(wgi_replacement *writer, const wg_tensor *t)
{
    unsigned char chunk[CHUNK * 8];
    wg_dtype dtype = wg_tensor_dtype(t);
    size_t size = wg_dtype_size(dtype);
    size_t n = (size_t)wg_tensor_count(t);
    const unsigned char *data = wg_tensor_data(t);
    wg_status status = WG_OK;
    for (size_t at = 0; at < n && status == WG_OK; at += CHUNK) {
        size_t count = n - at < CHUNK ? n - at : CHUNK;
        wgi_stored_encode(dtype, data + at * size, count, chunk);
        status = wgi_replace_append(writer, chunk, count * size);
    }
    return status;
}

static wg_status write_all(const job *w, wgi_replacement *writer, size_t header_bytes)
{
    wg_status status = write_header(w, writer, header_bytes);
    for (size_t i = 0; i < w->n && status == WG_OK; i++) {
        status = write_data(writer, w->entries[w->order[i]].tensor);
    }
    return status;
}

/* Writes what has been checked. */
static wg_status write_file(job *w, const wgi_file_calls *calls)
{
    sort_by(w, w->n, is_entry_before);
    sink count = {.writer = NULL};
    put_header(&count, w);
    if (count.status != WG_OK || count.bytes > WGI_SAFETENSORS_MAX_HEADER - 7) {
        return wgi_context_fail(w->ctx, WG_ERR_RANGE,
                                "%.600s: its header would be over 100000000 bytes", w->path);
    }
    wgi_replacement writer;
    wg_status status = wgi_replace_begin(&writer, w->ctx, calls, w->path);
    if (status != WG_OK) {
        return status;
    }
    status = write_all(w, &writer, count.bytes);
    if (status != WG_OK) {
        wgi_replace_abandon(&writer);
        return status;
    }
    return wgi_replace_commit(&writer);
}

static wg_status run(job *w, const wgi_file_calls *calls)
{
    size_t n_order = w->n > w->n_metadata ? w->n : w->n_metadata;
    size_t bytes;
    if (!wgi_size_mul(n_order, sizeof *w->order, &bytes)) {
        return wgi_context_fail(w->ctx, WG_ERR_OVERFLOW, "%.600s: too many tensors", w->path);
    }
    w->order = wgi_alloc(&w->ctx->memory, bytes);
    if (w->order == NULL && n_order > 0) {
        return wgi_context_fail(w->ctx, WG_ERR_MEMORY, "%.600s: no memory to write it", w->path);
    }
    wg_status status = check_unique(w);
    if (status == WG_OK) {
        status = write_file(w, calls);
    }
    wgi_release(&w->ctx->memory, w->order, bytes);
    return status;
}

wg_status wgi_safetensors_write(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                                const wg_named_tensor *entries, size_t n,
                                const wg_named_text *metadata, size_t n_metadata)
{
    if (ctx == NULL || path == NULL || (entries == NULL && n > 0) ||
        (metadata == NULL && n_metadata > 0)) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "safetensors: an argument is missing");
    }
    job w = {
        .ctx = ctx,
        .path = path,
        .entries = entries,
        .n = n,
        .metadata = metadata,
        .n_metadata = n_metadata,
    };
    wg_status status = check_all(&w);
    return status == WG_OK ? run(&w, calls) : status;
}

wg_status wg_safetensors_write(wg_context *ctx, const char *path, const wg_named_tensor *entries,
                               size_t n, const wg_named_text *metadata, size_t n_metadata)
{
    return wgi_safetensors_write(ctx, &wgi_file_system, path, entries, n, metadata, n_metadata);
}
