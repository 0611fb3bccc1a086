/* Reading safetensors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the checks run in the format's order, each on ground that the ones before it have made
 * firm; nothing is allocated but the file itself and arrays smaller than it. */
#include <string.h>

#include "core/checked.h"
#include "core/context.h"
#include "core/memory.h"
#include "core/sort.h"
#include "core/utf8.h"
#include "io/safetensors.h"

#define LENGTH_BYTES ((size_t)8)

/* ---- length and text of the header -------------------------------------------------------- */

static wg_status fail(const wg_safetensors *file, const char *path, const char *what)
{
    return wgi_context_fail(file->ctx, WG_ERR_FORMAT, "%.600s: %s", path, what);
}

/* Finds where the data begin. */
static wg_status check_length(wg_safetensors *file, const char *path)
{
    if (file->block.bytes < LENGTH_BYTES) {
        return fail(file, path, "it is shorter than the 8 bytes of its header's length");
    }
    uint64_t n = 0;
    for (size_t i = LENGTH_BYTES; i > 0; i--) {
        n = n << 8 | file->block.data[i - 1];
    }
    if (n > WGI_SAFETENSORS_MAX_HEADER) {
        return fail(file, path, "its header claims more than 100000000 bytes");
    }
    if (n > file->block.bytes - LENGTH_BYTES) {
        return fail(file, path, "it ends within its header");
    }
    file->data = LENGTH_BYTES + (size_t)n;
    return WG_OK;
}

static wg_status parse(wg_safetensors *file, const char *path)
{
    const unsigned char *block = file->block.data;
    wgi_json j = wgi_json_make((const char *)block + LENGTH_BYTES, file->data - LENGTH_BYTES);
    if (wgi_safetensors_parse(&j, block, file)) {
        return WG_OK;
    }
    return wgi_context_fail(file->ctx, WG_ERR_FORMAT, "%.600s: byte %zu: %s", path,
                            (size_t)(j.at - (const char *)block), j.error);
}

static wg_status allocate(wg_safetensors *file, const char *path)
{
    const wg_allocator *memory = &file->ctx->memory;
    file->entries = wgi_alloc(memory, file->n_entries * sizeof *file->entries);
    file->by_name = wgi_alloc(memory, file->n_entries * sizeof *file->by_name);
    file->metadata = wgi_alloc(memory, file->n_metadata * sizeof *file->metadata);
    bool is_whole = file->n_entries == 0 || (file->entries != NULL && file->by_name != NULL);
    if (!is_whole || (file->n_metadata > 0 && file->metadata == NULL)) {
        return wgi_context_fail(file->ctx, WG_ERR_MEMORY, "%.600s: no memory for %zu tensors", path,
                                file->n_entries);
    }
    return WG_OK;
}

/* ---- names -------------------------------------------------------------------------------- */

static bool is_name_before(const void *user, size_t i, size_t j)
{
    const wg_safetensors *file = user;
    const wgi_entry *a = &file->entries[file->by_name[i]];
    const wgi_entry *b = &file->entries[file->by_name[j]];
    return strcmp(wgi_text_at(file, a->name), wgi_text_at(file, b->name)) < 0;
}

static bool is_key_before(const void *user, size_t i, size_t j)
{
    const wg_safetensors *file = user;
    return strcmp(wgi_text_at(file, file->metadata[i]), wgi_text_at(file, file->metadata[j])) < 0;
}

static bool is_data_before(const void *user, size_t i, size_t j)
{
    const wg_safetensors *file = user;
    const wgi_entry *a = &file->entries[i];
    const wgi_entry *b = &file->entries[j];
    if (a->begin != b->begin) {
        return a->begin < b->begin;
    }
    return a->end != b->end ? a->end < b->end : a->name < b->name;
}

static void decode_texts(wg_safetensors *file)
{
    for (size_t i = 0; i < file->n_entries; i++) {
        wgi_json_decode((char *)file->block.data + file->entries[i].name);
        wgi_json_decode((char *)file->block.data + file->entries[i].dtype);
    }
    for (size_t i = 0; i < file->n_metadata; i++) {
        wgi_json_decode((char *)file->block.data + file->metadata[i]);
        wgi_json_decode(wgi_metadata_value(file, i));
    }
}

/* Brings entries, names and keys into their orders. */
static void sort_all(wg_safetensors *file)
{
    wgi_sort by_data = {.is_before = is_data_before,
                        .user = file,
                        .data = file->entries,
                        .size = sizeof *file->entries};
    wgi_sort by_name = {.is_before = is_name_before,
                        .user = file,
                        .data = file->by_name,
                        .size = sizeof *file->by_name};
    wgi_sort by_key = {.is_before = is_key_before,
                       .user = file,
                       .data = file->metadata,
                       .size = sizeof *file->metadata};
    wgi_sort_run(&by_data, file->n_entries);
    for (size_t i = 0; i < file->n_entries; i++) {
        file->by_name[i] = (uint32_t)i;
    }
    wgi_sort_run(&by_name, file->n_entries);
    wgi_sort_run(&by_key, file->n_metadata);
}

static wg_status fail_duplicate(const wg_safetensors *file, const char *path, const char *kind,
                                uint32_t place)
{
    char shown[WGI_SHOWN_NAME];
    return wgi_context_fail(file->ctx, WG_ERR_FORMAT, "%.600s: %s '%s' stands twice", path, kind,
                            wgi_show_name(wgi_text_at(file, place), shown));
}

static wg_status check_duplicates(const wg_safetensors *file, const char *path)
{
    for (size_t i = 1; i < file->n_entries; i++) {
        if (!is_name_before(file, i - 1, i)) {
            return fail_duplicate(file, path, "tensor", file->entries[file->by_name[i]].name);
        }
    }
    for (size_t i = 1; i < file->n_metadata; i++) {
        if (!is_key_before(file, i - 1, i)) {
            return fail_duplicate(file, path, "metadata key", file->metadata[i]);
        }
    }
    return WG_OK;
}

/* Reads the header's text into entries. */
static wg_status read_header(wg_safetensors *file, const char *path)
{
    const unsigned char *text = file->block.data + LENGTH_BYTES;
    size_t n = file->data - LENGTH_BYTES;
    if (wgi_utf8_valid(text, n) != n) {
        return fail(file, path, "its header is not UTF-8");
    }
    wg_status status = parse(file, path);
    if (status == WG_OK) {
        status = allocate(file, path);
    }
    if (status == WG_OK) {
        status = parse(file, path);
    }
    if (status != WG_OK) {
        return status;
    }
    decode_texts(file);
    sort_all(file);
    return check_duplicates(file, path);
}

/* ---- data --------------------------------------------------------------------------------- */

static wg_status fail_entry(const wg_safetensors *file, const char *path, const wgi_entry *entry,
                            wg_status status, const char *what)
{
    char shown[WGI_SHOWN_NAME];
    return wgi_context_fail(file->ctx, status, "%.500s: tensor '%s': %s", path,
                            wgi_show_name(wgi_text_at(file, entry->name), shown), what);
}

static wg_status fail_dtype(const wg_safetensors *file, const char *path, const wgi_entry *entry)
{
    char shown[WGI_SHOWN_NAME];
    char name[WGI_SHOWN_NAME];
    return wgi_context_fail(file->ctx, WG_ERR_DTYPE, "%.500s: tensor '%s': dtype '%s' is not known",
                            path, wgi_show_name(wgi_text_at(file, entry->name), shown),
                            wgi_show_name(wgi_text_at(file, entry->dtype), name));
}

/* The bytes that shape and dtype ask for; false where they do not fit. */
static bool count_bytes(const wg_safetensors *file, const wgi_entry *entry, uint64_t *out)
{
    int64_t dims[WG_MAX_RANK];
    int32_t rank = wgi_entry_shape(file, entry, dims);
    int64_t count = 1;
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] < 0 || !wgi_dim_mul(count, dims[i], &count)) {
            return false;
        }
    }
    if (!wgi_dim_mul(count, (int64_t)wgi_stored_about((wgi_stored)entry->stored)->bytes, &count)) {
        return false;
    }
    *out = (uint64_t)count;
    return true;
}

/* Checks one entry that should begin where the one before it ended. */
static wg_status check_entry(const wg_safetensors *file, const char *path, const wgi_entry *entry,
                             uint64_t expected)
{
    uint64_t bytes;
    if (entry->begin != expected) {
        return fail_entry(file, path, entry, WG_ERR_FORMAT,
                          "it does not begin where the data before it end");
    }
    if (entry->end < entry->begin) {
        return fail_entry(file, path, entry, WG_ERR_FORMAT, "it ends before it begins");
    }
    if (entry->stored == WGI_STORED_NONE) {
        return fail_dtype(file, path, entry);
    }
    if (entry->is_deep != 0) {
        return fail_entry(file, path, entry, WG_ERR_SHAPE, "its rank is above 8");
    }
    if (!count_bytes(file, entry, &bytes)) {
        return fail_entry(file, path, entry, WG_ERR_FORMAT, "the product of its shape overflows");
    }
    if (entry->end - entry->begin != bytes) {
        return fail_entry(file, path, entry, WG_ERR_FORMAT,
                          "its offsets do not hold its shape and dtype");
    }
    return WG_OK;
}

static wg_status check_entries(const wg_safetensors *file, const char *path)
{
    uint64_t expected = 0;
    for (size_t i = 0; i < file->n_entries; i++) {
        wg_status status = check_entry(file, path, &file->entries[i], expected);
        if (status != WG_OK) {
            return status;
        }
        expected = file->entries[i].end;
    }
    if (expected != file->block.bytes - file->data) {
        return wgi_context_fail(file->ctx, WG_ERR_FORMAT,
                                "%.600s: the tensors end at byte %llu of the data, the file at %zu",
                                path, (unsigned long long)expected, file->block.bytes - file->data);
    }
    return WG_OK;
}

/* Checks values that a tensor cannot hold, so that making tensors can fail for memory alone. */
static wg_status check_values(const wg_safetensors *file, const char *path)
{
    for (size_t i = 0; i < file->n_entries; i++) {
        const wgi_entry *entry = &file->entries[i];
        size_t n = wgi_entry_count(entry);
        if (wgi_stored_find_bad((wgi_stored)entry->stored, wgi_entry_data(file, entry), n) == n) {
            continue;
        }
        return entry->stored == WGI_STORED_U64
                   ? fail_entry(file, path, entry, WG_ERR_OVERFLOW, "a value is above 2^63-1")
                   : fail_entry(file, path, entry, WG_ERR_FORMAT, "a value is neither 0 nor 1");
    }
    return WG_OK;
}

static wg_status read_all(wg_safetensors *file, const char *path)
{
    wg_status status = check_length(file, path);
    if (status == WG_OK) {
        status = read_header(file, path);
    }
    if (status == WG_OK) {
        status = check_entries(file, path);
    }
    return status == WG_OK ? check_values(file, path) : status;
}

/* ---- files -------------------------------------------------------------------------------- */

wg_status wgi_safetensors_read_block(wg_context *ctx, const char *path, wgi_block *block,
                                     wg_safetensors **out)
{
    *out = NULL;
    wg_safetensors *file = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *file);
    if (file == NULL) {
        wgi_block_release(ctx, block);
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "%.600s: no memory to read it", path);
    }
    file->ctx = ctx;
    file->block = *block;
    *block = (wgi_block){0};
    wg_status status = read_all(file, path);
    if (status != WG_OK) {
        wg_safetensors_destroy(file);
        return status;
    }
    *out = file;
    return WG_OK;
}

wg_status wgi_safetensors_read(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                               wg_safetensors **out)
{
    *out = NULL;
    wgi_block block;
    wg_status status = wgi_file_read(ctx, calls, path, SIZE_MAX, &block);
    return status == WG_OK ? wgi_safetensors_read_block(ctx, path, &block, out) : status;
}

wg_status wg_safetensors_read(wg_context *ctx, const char *path, wg_safetensors **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || path == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "safetensors: an argument is missing");
    }
    return wgi_safetensors_read(ctx, &wgi_file_system, path, out);
}

void wg_safetensors_destroy(wg_safetensors *file)
{
    if (file == NULL) {
        return;
    }
    const wg_allocator *memory = &file->ctx->memory;
    wgi_release(memory, file->entries, file->n_entries * sizeof *file->entries);
    wgi_release(memory, file->by_name, file->n_entries * sizeof *file->by_name);
    wgi_release(memory, file->metadata, file->n_metadata * sizeof *file->metadata);
    wgi_block_release(file->ctx, &file->block);
    wgi_release(memory, file, sizeof *file);
}
